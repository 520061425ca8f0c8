"""Pictures of a function with its answer: what they show (`model`), and who draws them (`braille`, `svg`, `paper`).

`sampling` and `contours` look at a function that is given as a callable of floats, `drawn` makes a picture of that, and
each drawer takes a picture and nothing else. Only `paper` needs more than the standard library.
"""
