"""Which methods run: those that are asked for, by name or pattern, what `auto` picks, or a small panel that fits.

`auto` looks at a few facts of the problem (smoothness, size, bounds, constraints, sum of squares) and says why it chose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

from optbench.errors import Mistake, UsageError, nearest, printable
from optbench.methods.method import Facts, Method, get, names, read_options
from optbench.problem.problem import MethodChoice, Problem
from optbench.workbench.function import Function, importable

_PANEL = ("gradient-descent", "newton", "bfgs", "nelder-mead")
_PANEL_IN_ONE_VARIABLE = ("gradient-descent", "newton", "bfgs", "brent", "nelder-mead")
_PANEL_WITH_CONSTRAINTS = ("casadi-ipopt", "casadi-sqpmethod")  # without CasADi `auto` is SciPy's
_LINEAR = ["normal-equations", "qr"]  # beside the others, for linear least squares
_MANY = 100  # variables from which a simplex has no chance
_DENSE = 500  # variables from which dense matrices cost more than they bring
_FEW = 30  # variables up to which derivatives of second order are cheap


@dataclass(frozen=True)
class Entrant:
    """A method with its options, and the reason why it does not run, if there is one."""

    method: Method
    options: Any
    refusal: str | None
    label: str  # the method's name, with the options that were given where it runs more than once
    because: str | None = None  # why `auto` chose it


def entrants(problem: Problem, function: Function, chosen: Sequence[MethodChoice]) -> list[Entrant]:
    """Return the methods of the comparison in order; raise `UsageError` for unknown methods and options."""
    found: dict[tuple[str, Any], Entrant] = {}
    mistakes: list[Mistake] = []
    facts = facts_of(problem, function)
    for choice in chosen or _panel(facts):
        try:
            because = None
            if choice.name == "auto":
                name, because = auto(_with_hessian(facts, function))
                choice = MethodChoice(name, choice.options)
            for name in _names(choice.name):
                entrant = _entrant(problem, function, facts, name, choice)
                known = found.get((name, entrant.options), entrant)
                found[name, entrant.options] = replace(known, because=known.because or because)
        except UsageError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise UsageError(*dict.fromkeys(mistakes))
    often = Counter(name for name, _ in found)
    return [entrant if often[name] > 1 else replace(entrant, label=name) for (name, _), entrant in found.items()]


def _entrant(problem: Problem, function: Function, facts: Facts, name: str, choice: MethodChoice) -> Entrant:
    method = get(name)
    options = read_options(method, dict(choice.options))
    return Entrant(method, options, _refusal(problem, function, facts, method), _label(name, choice, options))


def _panel(facts: Facts) -> list[MethodChoice]:
    """What runs where nothing is asked for: a few methods that fit, and the one that `auto` picks."""
    if facts.has_constraints:
        names: Sequence[str] = _PANEL_WITH_CONSTRAINTS
    elif facts.dimension == 1:
        names = _PANEL_IN_ONE_VARIABLE
    else:
        names = [name for name in _PANEL if name != "nelder-mead" or facts.dimension <= _MANY]
        names += _LINEAR if facts.linear_residuals and not facts.has_bounds else []
    return [*map(MethodChoice, names), MethodChoice("auto")]


def _with_hessian(facts: Facts, function: Function) -> Facts:
    """The facts with what is known of second derivatives, where `auto` may want them."""
    wanted = 1 < facts.dimension <= _FEW and not facts.has_constraints and not function.problem.free_parameters
    return facts._replace(hessian_missing_because=function.hessian_missing_because) if wanted else facts


def auto(facts: Facts) -> tuple[str, str]:
    """Return the method that suits a problem best, and why: the first rule that applies."""
    n = facts.dimension
    has_gradient = facts.gradient_missing_because is None
    has_casadi = "casadi" not in facts.missing_libraries
    size = "one variable" if n == 1 else f"{n:,} variables"
    if facts.linear and has_casadi and (facts.has_constraints or n > 1):
        return "casadi-highs", "it is a linear program: the simplex method ends at a vertex"
    if facts.has_constraints and facts.smooth and has_gradient and facts.constraint_gradient_missing_because is None:
        if has_casadi:
            return "casadi-ipopt", "it is smooth and has constraints: an interior-point method with exact derivatives"
        return "scipy-slsqp", "it is smooth and has constraints: sequential quadratic programming (CasADi is not installed)"
    if facts.has_constraints:
        return "scipy-cobyqa", "it has constraints and is not smooth: a trust region on models without derivatives"
    if n == 1:
        return "brent", "it has one variable: a bracket closes around a minimum without derivatives"
    if not has_gradient and n <= _MANY:
        return "nelder-mead", f"it has no gradient and {size}: a simplex needs values only"
    if not has_gradient:
        return "scipy-powell", f"it has no gradient and {size}: searches along lines need values only"
    if not facts.smooth and n <= _DENSE:
        return "bfgs", "it has kinks or jumps: BFGS with a weak line search copes with them"
    if facts.linear_residuals and not facts.has_bounds and n <= _DENSE:
        return "qr", "it is a linear least-squares problem: one factorisation solves it"
    if facts.sum_of_squares and facts.smooth and n <= _DENSE:
        return "levenberg-marquardt", "it is a sum of squares"
    if n <= _FEW and facts.hessian_missing_because is None:
        return "newton", f"it is smooth and has {size}: second derivatives are cheap"
    if n <= _DENSE:
        return "bfgs", f"it is smooth and has {size}: gradients are cheap, and a dense approximation of the Hessian fits"
    return "lbfgs", f"it is {'smooth' if facts.smooth else 'not smooth'} and has {size}: memory for a few vectors only"


def _label(name: str, choice: MethodChoice, options: Any) -> str:
    given = [(option, getattr(options, option.replace("-", "_"))) for option, _ in choice.options]
    return f"{name}:{','.join(f'{option}={value}' for option, value in given)}" if given else name


def _names(pattern: str) -> list[str]:
    if pattern == "all":
        return list(names())
    if any(c in pattern for c in "*?["):
        matching = [name for name in names() if fnmatchcase(name, pattern)]
        if not matching:
            raise UsageError(f"No method matches '{printable(pattern)}'; `optbench methods` lists them.")
        return matching
    if pattern not in names():
        raise UsageError(
            f"There is no method {printable(pattern)}.{nearest(pattern, [*names(), 'auto', 'all'])} `optbench methods` lists them."
        )
    return [pattern]


def facts_of(problem: Problem, function: Function) -> Facts:
    """Return what decides which methods are applicable; second derivatives are not made for it."""
    return Facts(
        dimension=problem.dimension,
        has_bounds=function.has_bounds,
        is_boxed=function.is_boxed,
        has_constraints=bool(problem.constraints),
        has_equations=any(function.equalities),
        sum_of_squares=function.squares is not None,
        linear=function.is_linear,
        linear_residuals=function.residuals_are_linear,
        has_integers=any(v.symbol.integer for v in problem.variables),
        smooth=function.is_smooth,
        gradient_missing_because=function.gradient_missing_because,
        constraint_gradient_missing_because=function.constraint_gradient_missing_because,
        missing_libraries=frozenset(name for name in _LIBRARIES if not importable(name)),
    )


_LIBRARIES = ("scipy", "casadi")


def _refusal(problem: Problem, function: Function, facts: Facts, method: Method) -> str | None:
    """Why the method does not run; second derivatives are made only for a method that needs them and nothing else stops."""
    free = [p.name for p in problem.free_parameters]
    if free:
        names = f"parameter {free[0]} has" if len(free) == 1 else f"parameters {', '.join(free)} have"
        return f"needs numbers, and the {names} no value"
    refusal = method.refuses(facts)
    if refusal is None and "hessian" in method.uses:
        refusal = method.refuses(facts._replace(hessian_missing_because=function.hessian_missing_because))
    return refusal


def plain_options(options: Any) -> dict[str, Any]:
    """The options of a method as JSON values."""
    from dataclasses import asdict

    return {name: float(value) if isinstance(value, Fraction) else value for name, value in asdict(options).items()}
