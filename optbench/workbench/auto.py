"""Which methods suit a problem, the best one first, by what is seen of it.

`auto` runs the first; where that one does not arrive, the next goes on from the best point (`portfolio`).

>>> from optbench.methods.method import Facts
>>> [step.method for step in ladder(Facts(dimension=2, sum_of_squares=True))]
['levenberg-marquardt', 'newton', 'bfgs', 'nelder-mead']
>>> ladder(Facts(dimension=1))[0].because
'it has one variable: a bracket closes around a minimum without derivatives'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from optbench.methods.method import Facts
from optbench.workbench.programs import programs

MANY = 100  # variables from which a simplex has no chance
DENSE = 500  # variables from which dense matrices cost more than they bring
SMALL = 20  # variables, and half the constraints, up to which a dense quadratic program costs less than operator splitting
SMALL_NONLINEAR = 40  # and up to which a sequence of them costs less than building an interior point
FEW = 30  # variables up to which derivatives of second order are cheap


class Step(NamedTuple):
    """A method, and why it is taken: what follows "as"."""

    method: str
    because: str
    smooth_form: bool = False  # whether it works on the smooth form of a problem with kinks, see `epigraph`


def ladder(facts: Facts, in_passing: bool = False) -> list[Step]:
    """Return the methods to be tried in turn, each once; what is not applicable is left out by whoever runs them.

    `in_passing`: nobody asked for a method. Then none is taken first that is quicker, but not by as much as SciPy takes to load.
    """
    steps: dict[str, Step] = {}
    for step in _rules(facts, in_passing):
        steps.setdefault(step.method, step)
    return list(steps.values())


def seen(facts: Facts, convex: bool) -> str:
    """Return what `auto` saw of a problem, in words.

    >>> seen(Facts(dimension=3, has_bounds=True, sum_of_squares=True), convex=False)
    '3 variables, bounds; smooth, a sum of squares, not seen to be convex'
    """
    n = facts.dimension
    size = [f"{n:,} variable" if n == 1 else f"{n:,} variables"]
    size += ["bounds"] * facts.has_bounds + ["whole numbers"] * facts.has_integers
    size += ["equations" if facts.has_equations else "constraints"] * facts.has_constraints
    form = ["linear" if facts.linear else "quadratic" if facts.quadratic else "smooth" if facts.smooth else "with kinks or jumps"]
    form += ["a sum of squares"] * facts.sum_of_squares + ["linear residuals"] * facts.linear_residuals
    form += ["a sum over rows of data"] * (facts.rows_missing_because is None)
    form += ["no gradient"] * (facts.gradient_missing_because is not None)
    bend = f"convex{' but for the whole numbers' if facts.has_integers else ''}" if convex else "not seen to be convex"
    return f"{', '.join(size)}; {', '.join(form)}, {bend}"


def with_smooth_form(facts: Facts, form: Facts | None, in_passing: bool = False) -> list[Step]:
    """Return the ladder of a problem with kinks, with what suits its smooth form first, if it has one."""
    steps = ladder(facts, in_passing)
    if form is None or facts.dimension == 1:
        return steps
    first = ladder(form, in_passing)[0]
    words = "max, min and abs can be written as bounds on further unknowns (epigraph form), and so"
    return [Step(first.method, f"{words} {first.because}", smooth_form=True), *steps]


def _rules(facts: Facts, in_passing: bool) -> Iterator[Step]:
    has_casadi = "casadi" not in facts.missing_libraries
    is_program = facts.quadratic and not facts.linear and not facts.has_integers and facts.has_constraints
    if is_program and not in_passing and _is_small(facts, SMALL):
        yield _SLSQP
    yield from (Step(*found) for found in programs(facts))
    if facts.has_integers:
        return
    if facts.has_constraints:
        yield from _with_constraints(facts, has_casadi, in_passing)
    else:
        yield from _without_constraints(facts, has_casadi)


_SLSQP = Step("scipy-slsqp", "it is smooth, small, and has constraints: sequential quadratic programming with dense matrices")


def _is_small(facts: Facts, size: int) -> bool:
    return facts.dimension <= size and facts.constraint_count <= 2 * size


def _with_constraints(facts: Facts, has_casadi: bool, in_passing: bool) -> Iterator[Step]:
    n = facts.dimension
    if facts.smooth and facts.gradient_missing_because is None and facts.constraint_gradient_missing_because is None:
        if _is_small(facts, SMALL_NONLINEAR) and not in_passing:
            yield _SLSQP
        if has_casadi:
            yield Step("casadi-ipopt", "it is smooth and has constraints: an interior-point method with exact derivatives")
            yield Step("casadi-sqpmethod", "sequential quadratic programming takes another way to a point of Karush, Kuhn and Tucker")
        without = "" if has_casadi else " (CasADi is not installed)"
        if n <= DENSE:
            yield Step("scipy-slsqp", f"it is smooth and has constraints: sequential quadratic programming{without}")
        if n <= MANY:
            yield Step("scipy-trust-constr", "a trust region bounds each step")
    elif not facts.smooth and n <= FEW:
        yield Step("scipy-cobyqa", "it has constraints and is not smooth: a trust region on models without derivatives")
        yield Step("scipy-slsqp", "gradients exist nearly everywhere")
    if n <= FEW:
        yield Step("scipy-cobyqa", "a trust region on models needs no derivatives")
    else:
        yield Step("scipy-slsqp", "gradients exist nearly everywhere")


def _without_constraints(facts: Facts, has_casadi: bool) -> Iterator[Step]:
    n = facts.dimension
    has_gradient = facts.gradient_missing_because is None
    size = "one variable" if n == 1 else f"{n:,} variables"
    smooth = "smooth" if facts.smooth else "not smooth"
    if n == 1:
        yield Step("brent", "it has one variable: a bracket closes around a minimum without derivatives")
    if not has_gradient:
        if n <= MANY:
            yield Step("nelder-mead", f"it has no gradient and {size}: a simplex needs values only")
        yield Step("scipy-powell", f"it has no gradient and {size}: searches along lines need values only")
        return
    if not facts.smooth and n <= DENSE:
        yield Step("bfgs", "it has kinks or jumps: BFGS with a weak line search copes with them")
    if facts.linear_residuals and not facts.has_bounds and n <= DENSE:
        yield Step("qr", "it is a linear least-squares problem: one factorisation solves it")
    if facts.sum_of_squares and facts.smooth and n <= DENSE:
        yield Step("levenberg-marquardt", "it is a sum of squares")
    if n <= (MANY if facts.quadratic else FEW) and facts.hessian_missing_because is None and facts.smooth:
        yield Step("newton", f"it is smooth and has {size}: second derivatives are cheap")
    if n <= DENSE:
        yield Step("bfgs", f"it is {smooth} and has {size}: gradients are cheap, and a dense approximation of the Hessian fits")
    else:
        yield Step("lbfgs", f"it is {smooth} and has {size}: memory for a few vectors only")
        yield Step("scipy-l-bfgs-b", "another line search may get further")
    if n > FEW and facts.smooth and has_casadi:
        yield Step("casadi-ipopt", "an interior-point method with sparse second derivatives needs few iterations")
    if n <= MANY:
        yield Step("nelder-mead", "a simplex needs values only")
