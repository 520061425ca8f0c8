"""One unknown: the zeros of a smooth function on an interval with the proof that they are all, and limits at its ends.

`equation` asks the solvers in order of cost, `pieces` cuts a range where a function is not smooth.
"""
