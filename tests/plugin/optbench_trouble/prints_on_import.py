import os
from dataclasses import replace

from optbench_trouble.running import HALVING

print("printed by Python")
os.write(1, b"printed past Python\n")
METHOD = replace(HALVING, name="prints-on-import")
