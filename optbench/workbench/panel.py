"""Which methods run: those that are asked for, by name or pattern, or a small panel that fits the problem."""

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
from optbench.workbench.function import Function

_PANEL = ("gradient-descent", "newton", "bfgs", "nelder-mead")
_PANEL_IN_ONE_VARIABLE = ("gradient-descent", "newton", "bfgs", "brent", "nelder-mead")
_MANY = 100  # variables from which a simplex has no chance


@dataclass(frozen=True)
class Entrant:
    """A method with its options, and the reason why it does not run, if there is one."""

    method: Method
    options: Any
    refusal: str | None
    label: str  # the method's name, with the options that were given where it runs more than once


def entrants(problem: Problem, function: Function, chosen: Sequence[MethodChoice]) -> list[Entrant]:
    """Return the methods of the comparison in order; raise `UsageError` for unknown methods and options."""
    found: dict[tuple[str, Any], Entrant] = {}
    mistakes: list[Mistake] = []
    for choice in chosen or [MethodChoice("auto")]:
        for name in _names(choice.name, problem):
            try:
                method = get(name)
                options = read_options(method, dict(choice.options))
                entrant = Entrant(method, options, _refusal(problem, function, method), _label(name, choice, options))
                found.setdefault((name, options), entrant)
            except UsageError as error:
                mistakes.extend(error.mistakes)
    if mistakes:
        raise UsageError(*dict.fromkeys(mistakes))
    often = Counter(name for name, _ in found)
    return [entrant if often[name] > 1 else replace(entrant, label=name) for (name, _), entrant in found.items()]


def _label(name: str, choice: MethodChoice, options: Any) -> str:
    given = [(option, getattr(options, option.replace("-", "_"))) for option, _ in choice.options]
    return f"{name}:{','.join(f'{option}={value}' for option, value in given)}" if given else name


def _names(pattern: str, problem: Problem) -> list[str]:
    if pattern == "all":
        return list(names())
    if pattern == "auto":
        panel = _PANEL_IN_ONE_VARIABLE if problem.dimension == 1 else _PANEL
        return [name for name in panel if name != "nelder-mead" or problem.dimension <= _MANY]
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


def _facts(problem: Problem, function: Function) -> Facts:
    return Facts(
        dimension=problem.dimension,
        has_bounds=function.has_bounds,
        has_constraints=bool(problem.constraints),
        has_integers=any(v.symbol.integer for v in problem.variables),
        smooth=function.is_smooth,
        gradient_missing_because=function.gradient_missing_because,
    )


def _refusal(problem: Problem, function: Function, method: Method) -> str | None:
    """Why the method does not run; second derivatives are made only for a method that needs them and nothing else stops."""
    free = [p.name for p in problem.free_parameters]
    if free:
        names = f"parameter {free[0]} has" if len(free) == 1 else f"parameters {', '.join(free)} have"
        return f"needs numbers, and the {names} no value"
    facts = _facts(problem, function)
    refusal = method.refuses(facts)
    if refusal is None and "hessian" in method.uses:
        refusal = method.refuses(facts._replace(hessian_missing_because=function.hessian_missing_because))
    return refusal


def plain_options(options: Any) -> dict[str, Any]:
    """The options of a method as JSON values."""
    from dataclasses import asdict

    return {name: float(value) if isinstance(value, Fraction) else value for name, value in asdict(options).items()}
