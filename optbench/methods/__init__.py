"""Numerical methods, one file each: `gradient_descent.py` is the method `gradient-descent`.

A method is mathematics only: a generator of iterates over an `Objective`, written once for one variable and for many
against a `Space`. `method.py` has the protocol and finds the methods, `space.py` the vector operations, `line_search.py`
and `bracket.py` what several methods share. Whoever runs a method counts, times, limits and judges it.
"""
