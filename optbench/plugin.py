"""What a package needs that brings a method of its own to optbench: `docs/plugins.md` has a whole example.

These names stay, and what is said of them in their docstrings; all else in optbench may change with any version.

A method is a `Method`: facts about it, and its `algorithm`, a generator of iterates that ends with an `Outcome`; or, for
a solver of a library, its `adapter`. It sees the problem as an `Objective` (`Constrained`, `LeastSquares` or `RowSum`
where its facts ask for more), whose `space` has the operations on points. `Scope` is where it looks, and `Options` with
`option` declare what the user may choose. `projected_gradient`, `settled` and `Progress` are what our own methods end by.

>>> from optbench.plugin import Method, Outcome
>>> def halving(objective, x, value, options):
...     for _ in range(60):
...         x = objective.project(x / 2)
...         yield x, objective.value(x)
...     return Outcome(True, "it is as near to 0 as a double gets")
>>> METHOD = Method("halving", "Halve the point.", "nobody", halving)
"""

from optbench.methods.method import (
    Accept,
    Adapter,
    Constrained,
    Facts,
    Iterates,
    LeastSquares,
    Method,
    Objective,
    Outcome,
    Progress,
    RowSum,
    Scope,
    projected_gradient,
    settled,
)
from optbench.methods.options import Options, option
from optbench.methods.space import Matrix, Point, Space

__all__ = [
    "Accept",
    "Adapter",
    "Constrained",
    "Facts",
    "Iterates",
    "LeastSquares",
    "Matrix",
    "Method",
    "Objective",
    "Options",
    "Outcome",
    "Point",
    "Progress",
    "RowSum",
    "Scope",
    "Space",
    "option",
    "projected_gradient",
    "settled",
]
