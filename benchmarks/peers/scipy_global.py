import math

from scipy.optimize import differential_evolution

print(differential_evolution(lambda x: x[0] * math.log(x[0]) - math.sqrt(x[0]), bounds=[(1e-300, 10)], seed=0))
