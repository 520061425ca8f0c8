from sympy import Symbol, diff, log, solve, sqrt

x = Symbol("x", positive=True)
f = x * log(x) - sqrt(x)
print(solve(diff(f, x), x))
