import math

from scipy.optimize import minimize_scalar

print(minimize_scalar(lambda x: x * math.log(x) - math.sqrt(x), bounds=(0, 10), method="bounded"))
