"""Numerical methods, one file each: `gradient_descent.py` is the method `gradient-descent`.

A method is mathematics only: a generator of iterates over an `Objective`, written once for one variable and for many
against a `Space`. `method.py` says what a method is and sees, `options.py` how its options are declared, `registry.py`
which there are; `space.py` has the vector operations, `line_search.py` and `bracket.py` what several methods share.
Whoever runs a method counts, times, limits and judges it.
"""
