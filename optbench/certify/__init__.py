"""Certified global minima: branch and bound with intervals, and a record of the proof that another program can check.

`stage` takes a problem apart (monotone outer functions, independent sums), `search` does one part: boxes are bounded,
contracted and split until what is left holds every global minimum. `record` writes down why each box went.
"""
