"""The expression language: text to an exact graph and back.

`parse` reads text into a graph (`graph`), `text` and `latex` print it, `gradient` derives it, `domain` says where it is
defined. `functions` is the one table of what can be called. Nothing here computes with rounded numbers.
"""
