"""The explanation of an answer, the way a good teacher gives it: a lesson of sections, and its renderings.

`lesson` makes the sections from a result that has an account (`optbench.account`); `terminal`, `markdown` and `latex` render
them, one file each, all from the same `model`. `glossary` says what statuses, verdicts and exit codes mean.
"""
