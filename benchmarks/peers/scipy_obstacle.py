"""The obstacle problem on a grid of n by n points, by SciPy's L-BFGS-B with a hand-written gradient: prints CPU seconds and value."""

import json
import sys
import time

import numpy as np
from scipy.optimize import minimize

n = int(sys.argv[1])
h = 1 / (n + 1)
t = np.arange(1, n + 1) * h
low = np.outer(np.sin(3.2 * t), np.sin(3.3 * t)).ravel()


def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
    u = flat.reshape(n, n)
    down, right = u[1:] - u[:-1], u[:, 1:] - u[:, :-1]
    edges = np.sum(u[0] ** 2) + np.sum(u[-1] ** 2) + np.sum(u[:, 0] ** 2) + np.sum(u[:, -1] ** 2)
    value = np.sum(down**2) / 2 + np.sum(right**2) / 2 + edges / 4 - h**2 * np.sum(u)
    g = np.full((n, n), -(h**2))
    g[1:] += down
    g[:-1] -= down
    g[:, 1:] += right
    g[:, :-1] -= right
    for line in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        g[line] += u[line] / 2
    return value, g.ravel()


began = time.process_time()
options = {"maxiter": 10**6, "maxfun": 10**6, "ftol": 0.0, "gtol": 1e-8}
bounds = np.column_stack([low, np.full(n * n, 2000.0)])
found = minimize(value_and_gradient, np.ones(n * n), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
print(json.dumps({"seconds": [time.process_time() - began], "value": float(found.fun)}))
