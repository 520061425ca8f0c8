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
from optbench.methods.method import Facts, Method
from optbench.methods.options import read_options
from optbench.methods.registry import get, names
from optbench.problem.problem import MethodChoice, Problem
from optbench.workbench.auto import FEW, MANY, Step, seen, with_smooth_form
from optbench.workbench.epigraph import Epigraph
from optbench.workbench.function import Function, importable
from optbench.workbench.programs import programs

_PANEL = ("gradient-descent", "newton", "bfgs", "nelder-mead")
_PANEL_IN_ONE_VARIABLE = ("gradient-descent", "newton", "bfgs", "brent", "nelder-mead")
_PANEL_WITH_CONSTRAINTS = ("casadi-ipopt", "casadi-sqpmethod")  # without CasADi `auto` is SciPy's
SMOOTH_FORM = "epigraph form"
_LINEAR = ["normal-equations", "qr"]  # beside the others, for linear least squares


@dataclass(frozen=True)
class Entrant:
    """A method with its options, and the reason why it does not run, if there is one."""

    method: Method
    options: Any
    refusal: str | None
    label: str  # the method's name, with the options that were given where it runs more than once
    because: str | None = None  # why `auto` chose it
    then: tuple[Step, ...] = ()  # what `auto` tries next
    stage: str | None = None  # see `Attempt.stage`
    form: Epigraph | None = None  # the smooth form that it works on, if it does


def entrants(problem: Problem, function: Function, chosen: Sequence[MethodChoice]) -> list[Entrant]:
    """Return the methods of the comparison in order; raise `UsageError` for unknown methods and options."""
    found: dict[tuple[str, Any], Entrant] = {}
    mistakes: list[Mistake] = []
    facts = facts_of(problem, function)
    for choice in chosen or _panel(facts):
        try:
            if choice.name == "auto":
                step, *then = _suited(problem, function, facts, in_passing=not chosen)
                chosen_by_auto = _of_step(problem, function, facts, step, choice.options)
                key = (chosen_by_auto.label if step.smooth_form else step.method, chosen_by_auto.options)
                because = f"{step.because} (it saw {_seen(problem, function, facts)})"
                found[key] = replace(found.get(key, chosen_by_auto), because=because, then=tuple(then))
                continue
            for name in _names(choice.name):
                entrant = _entrant(problem, function, facts, name, choice)
                found.setdefault((name, entrant.options), entrant)
        except UsageError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise UsageError(*dict.fromkeys(mistakes))
    often = Counter(name for name, _ in found)
    return [entrant if often[name] > 1 or entrant.stage else replace(entrant, label=name) for (name, _), entrant in found.items()]


def default_methods(problem: Problem, function: Function) -> list[MethodChoice]:
    """Return what runs where nothing is asked for."""
    return _panel(facts_of(problem, function))


def labelled(chosen: Sequence[MethodChoice]) -> dict[str, MethodChoice]:
    """Return methods by their labels, which have the options that were given; patterns are written out, and `auto` stays.

    Raise `UsageError` for unknown methods and options.
    """
    found: dict[tuple[str, Any], tuple[str, MethodChoice]] = {}
    for choice in chosen:
        if choice.name == "auto":
            found.setdefault(("auto", None), ("auto", choice))
            continue
        for name in _names(choice.name):
            method, refusal = method_of(name)
            options = method.options() if refusal else read_options(method, dict(choice.options))
            found.setdefault((name, options), (_label(name, choice, options), choice._replace(name=name)))
    return dict(found.values())


def expected(problem: Problem, chosen: Sequence[MethodChoice]) -> list[Entrant]:
    """Return the methods that a comparison would have, as far as it can be told without a look at the function."""
    known = Facts(
        dimension=problem.dimension,
        has_constraints=bool(problem.constraints),
        has_integers=any(v.symbol.integer for v in problem.variables),
    )
    return [_expected(label, choice) for label, choice in labelled(chosen or _panel(known)).items()]


def _expected(label: str, choice: MethodChoice) -> Entrant:
    if choice.name == "auto":
        method, refusal = Method("auto", "What auto would have chosen.", "none"), None
    else:
        method, refusal = method_of(choice.name)
    options = method.options() if refusal or choice.name == "auto" else read_options(method, dict(choice.options))
    return Entrant(method, options, refusal, label)


def _entrant(problem: Problem, function: Function, facts: Facts, name: str, choice: MethodChoice) -> Entrant:
    method, refusal = method_of(name)
    if refusal:
        return Entrant(method, method.options(), refusal, _label(name, choice, method.options()))
    options = read_options(method, dict(choice.options))
    return Entrant(method, options, _refusal(problem, function, facts, method, options), _label(name, choice, options))


def entrant(problem: Problem, function: Function, step: Step, label: str, stage: str, options: Any = ()) -> Entrant:
    """Return a later step of `auto`, with the method's usual options but for those that are given as pairs of texts."""
    found = _of_step(problem, function, facts_of(problem, function), step, options)
    return replace(found, label=label, because=step.because, stage=stage)


def _of_step(problem: Problem, function: Function, facts: Facts, step: Step, options: Any = ()) -> Entrant:
    choice = MethodChoice(step.method, options)
    form = function.smooth_form if step.smooth_form else None
    if form is None:
        return _entrant(problem, function, facts, step.method, choice)
    found = _entrant(form.problem, form.function, facts_of(form.problem, form.function), step.method, choice)
    return replace(found, label=f"{found.label} ({SMOOTH_FORM})", stage=SMOOTH_FORM, form=form)


def _suited(problem: Problem, function: Function, facts: Facts, in_passing: bool) -> list[Step]:
    """What `auto` tries in turn, beginning with what is applicable; where nothing is, the first says why."""
    form = None if problem.free_parameters else function.smooth_form
    form_facts = None if form is None else _with_convexity(facts_of(form.problem, form.function), form.function)
    steps = with_smooth_form(_with_convexity(_with_hessian(facts, function), function), form_facts, in_passing)
    for place, step in enumerate(steps):
        if _of_step(problem, function, facts, step).refusal is None:
            return steps[place:]
    return steps


def _seen(problem: Problem, function: Function, facts: Facts) -> str:
    if not problem.data:
        facts = facts._replace(rows_missing_because="there are no data")
    return seen(facts, not problem.free_parameters and function.is_seen_convex)


def _panel(facts: Facts) -> list[MethodChoice]:
    """What runs where nothing is asked for: a few methods that fit, and the one that `auto` picks."""
    if facts.has_integers:
        names: Sequence[str] = ()  # what handles them is what `auto` picks
    elif facts.has_constraints:
        names = _PANEL_WITH_CONSTRAINTS
    elif facts.dimension == 1:
        names = _PANEL_IN_ONE_VARIABLE
    else:
        names = [name for name in _PANEL if name != "nelder-mead" or facts.dimension <= MANY]
        names += _LINEAR if facts.linear_residuals and not facts.has_bounds else []
    return [*map(MethodChoice, names), MethodChoice("auto")]


def _with_hessian(facts: Facts, function: Function) -> Facts:
    """The facts with what is known of second derivatives, where `auto` may want them."""
    wanted = 1 < facts.dimension <= FEW and not facts.has_constraints and not function.problem.free_parameters
    return facts._replace(hessian_missing_because=function.hessian_missing_because) if wanted else facts


def _with_convexity(facts: Facts, function: Function) -> Facts:
    """The facts without that of a quadratic program where its solvers would refuse it."""
    asked = facts.quadratic and not facts.linear and not function.problem.free_parameters and programs(facts)
    return facts._replace(quadratic=False) if asked and function.not_convex_because else facts


def _label(name: str, choice: MethodChoice, options: Any) -> str:
    given = [(option, getattr(options, option.replace("-", "_"), value)) for option, value in choice.options]
    return f"{name}:{','.join(f'{option}={value}' for option, value in given)}" if given else name


def _names(pattern: str) -> list[str]:
    """The names that a pattern stands for. Other packages are asked for theirs only where it is none of ours."""
    if pattern in names():
        return [pattern]
    from optbench.methods.plugins import found
    from optbench.workbench.admission import examine

    known = list(dict.fromkeys([*names(), *found()]))  # ours first
    matching = known if pattern == "all" else [name for name in known if fnmatchcase(name, pattern)]
    if not matching and any(c in pattern for c in "*?["):
        raise UsageError(f"No method matches '{printable(pattern)}'; `optbench methods` lists them.")
    if not matching:
        raise UsageError(
            f"There is no method {printable(pattern)}.{nearest(pattern, [*known, 'auto', 'all'])} `optbench methods` lists them."
        )
    examine([name for name in matching if name not in names()])
    return matching


def method_of(name: str) -> tuple[Method, str | None]:
    """Return the method of that name, and the reason why it can't be used at all, if there is one."""
    if name in names():
        return get(name), None
    from optbench.workbench.admission import admitted

    return admitted(name)


def facts_of(problem: Problem, function: Function) -> Facts:
    """Return what decides which methods are applicable; second derivatives are not made for it."""
    return Facts(
        dimension=problem.dimension,
        has_bounds=function.has_bounds,
        is_boxed=function.is_boxed,
        has_constraints=bool(problem.constraints),
        constraint_count=function.constraint_count,
        has_equations=any(function.equalities),
        sum_of_squares=function.squares is not None,
        rows_missing_because=function.row_sum if isinstance(function.row_sum, str) else None,
        linear=function.is_linear,
        quadratic=function.is_quadratic,
        linear_residuals=function.residuals_are_linear,
        has_integers=any(v.symbol.integer for v in problem.variables),
        smooth=function.is_smooth,
        gradient_missing_because=function.gradient_missing_because,
        constraint_gradient_missing_because=function.constraint_gradient_missing_because,
        missing_libraries=frozenset(name for name in _LIBRARIES if not importable(name)),
    )


_LIBRARIES = ("scipy", "casadi")  # that `auto` asks about; others are looked for where a method needs them


def _refusal(problem: Problem, function: Function, facts: Facts, method: Method, options: Any = None) -> str | None:
    """Why the method does not run; second derivatives are made only for a method that needs them and nothing else stops."""
    free = [p.name for p in problem.free_parameters]
    if free:
        names = f"parameter {free[0]} has" if len(free) == 1 else f"parameters {', '.join(free)} have"
        return f"needs numbers, and the {names} no value"
    library = (method.library or "").partition(".")[0]
    if library and library not in _LIBRARIES and not importable(library):
        facts = facts._replace(missing_libraries=facts.missing_libraries | {library})
    refusal = method.refuses(facts, options)
    if refusal is None and "hessian" in method.uses and getattr(options, "hessian", "exact") == "exact":
        refusal = method.refuses(facts._replace(hessian_missing_because=function.hessian_missing_because))
    if refusal is None and method.quadratic_only and function.not_convex_because:
        return f"needs a convex function, and {function.not_convex_because}"
    return refusal


def plain_options(options: Any) -> dict[str, Any]:
    """The options of a method as JSON values."""
    from dataclasses import asdict

    return {name: float(value) if isinstance(value, Fraction) else value for name, value in asdict(options).items()}
