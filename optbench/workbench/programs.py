"""The kinds of problems for which there are solvers of their own: linear and quadratic programs, and those in whole numbers.

>>> from optbench.methods.method import Facts
>>> [name for name, _ in programs(Facts(dimension=3, linear=True, quadratic=True, has_integers=True))]
['casadi-highs', 'casadi-bonmin']
>>> programs(Facts(dimension=400, quadratic=True, has_bounds=True))[0]
('casadi-osqp', 'it is a convex quadratic program')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optbench.methods.method import Facts

if TYPE_CHECKING:
    from optbench.workbench.function import Function

_DENSE = 500  # variables from which operator splitting gains on dense matrices
_MANY = 1_000  # constraints from which operator splitting takes too many steps, and interior points with sparse matrices do not
_FEW = 100  # variables up to which a step of Newton's method along the bounds does as well


def programs(facts: Facts) -> list[tuple[str, str]]:
    """Return the solvers that suit the kind of problem, the best one first, and why; none for other kinds.

    Without whole numbers they may be refused for what is not seen here: a Hessian with a negative eigenvalue.
    """
    found = []
    if facts.linear and facts.has_integers:
        found.append(("casadi-highs", "it is a linear program with whole numbers: branch and cut"))
    elif facts.linear and (facts.has_constraints or facts.dimension > 1):
        found.append(("casadi-highs", "it is a linear program: the simplex method ends at a vertex"))
    if facts.has_integers:
        found.append(("casadi-bonmin", "it has whole numbers: branch and bound over local searches with exact derivatives"))
    elif facts.quadratic and (facts.has_constraints or facts.dimension > (_FEW if facts.has_bounds else _DENSE)):
        if facts.constraint_count > _MANY:
            found.append(
                ("casadi-ipopt", f"it is a quadratic program with {facts.constraint_count:,} constraints: an interior-point method")
            )
        found.append(("casadi-osqp", "it is a convex quadratic program"))
        found.append(("casadi-daqp", "an active-set method solves a convex quadratic program to rounding"))
    return found if "casadi" not in facts.missing_libraries or facts.has_integers else []


def not_convex_because(function: Function) -> str | None:
    """Return why a quadratic program is not seen to be convex, or None: its Hessian has no negative eigenvalue beyond rounding."""
    if function.hessian_missing_because:
        return function.hessian_missing_because
    import numpy as np

    from optbench.arithmetic.casadi_definiteness import is_positive_semidefinite

    x = function.space.clip(function.space.full(0.0), function.lower, function.upper)
    entries = function.lagrangian_hessian(x, 1.0, np.zeros(function.constraint_count))
    convex = is_positive_semidefinite(function.lagrangian_sparsity, np.asarray(entries))
    return None if convex else "its Hessian has a negative eigenvalue"
