"""Readings of the one graph: floats, numpy arrays, SymPy terms, rigorous enclosures.

`straight_line` turns a graph into a Python function that computes with a given arithmetic; `floats` and `numpy_arrays`
supply the arithmetic, as does `interval_reading`, which encloses over thousands of boxes at once; `balls` enclose with as
many digits as asked for. `sympy_terms` translates to and from SymPy. All rounding happens here.
"""


class NoReading(Exception):
    """An expression calls a function that this arithmetic does not have; the text is a sentence."""
