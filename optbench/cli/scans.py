"""`--scan`: the same problem for several values of its parameters.

>>> [dict(point) for point in points(["n=10,20", "a=0..1:0.5"])][:2]
[{'n': Fraction(10, 1), 'a': Fraction(0, 1)}, {'n': Fraction(10, 1), 'a': Fraction(1, 2)}]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

from optbench.cli.arguments import Flags, problem_of
from optbench.errors import UsageError, printable
from optbench.language.text import number_text
from optbench.problem.problem import Problem

MOST_POINTS = 10_000
_EXAMPLES = "as n=10,100,1000 or a=0..1:0.1"
Point = Mapping[str, Fraction]


def points(scans: Sequence[str]) -> list[Point]:
    """Return the points of a scan, the last parameter changing first; raise `UsageError` for what can't be read."""
    ranges = [_values(text) for text in scans]
    names = [name for name, _ in ranges]
    if len(set(names)) < len(names):
        raise UsageError(f"--scan has {max(names, key=names.count)} twice.")
    count = 1
    for _, values in ranges:
        count *= len(values)
    if count > MOST_POINTS:
        raise UsageError(f"--scan has {count:,} points; at most {MOST_POINTS:,} are run.")
    return [dict(zip(names, values, strict=True)) for values in product(*(values for _, values in ranges))]


def _values(text: str) -> tuple[str, list[Fraction]]:
    name, _, given = (part.strip() for part in text.partition("="))
    if not name.isidentifier() or not given:
        raise UsageError(f"--scan takes a parameter and its values, {_EXAMPLES}, not '{printable(text)}'.")
    found = re.fullmatch(r"(.+?)\.\.(.+?)\s*:\s*(.+)", given)
    if found is None:
        return name, [_number(part, text) for part in given.split(",")]
    low, high, step = (_number(part, text) for part in found.groups())
    if step <= 0 or low > high:
        raise UsageError(f"--scan goes upwards, from the lower end by a positive step, {_EXAMPLES}, not '{printable(text)}'.")
    count = int((high - low) / step) + 1
    if count > MOST_POINTS:
        raise UsageError(f"--scan has {count:,} points; at most {MOST_POINTS:,} are run.")
    return name, [low + k * step for k in range(count)]


def _number(text: str, whole: str) -> Fraction:
    if not re.fullmatch(r"\s*[+-]?(\d{1,30}\.?\d{0,30}|\.\d{1,30})([eE][+-]?\d{1,2})?\s*", text):
        raise UsageError(f"--scan takes numbers, {_EXAMPLES}, not '{printable(text.strip()[:60])}' in '{printable(whole[:200])}'.")
    return Fraction(text.strip())


def at(what: str, flags: Flags, point: Point) -> Problem:
    """Return the problem at a point, named after it; raise `UsageError` where it does not depend on a scanned parameter."""
    given = given_at(point)
    problem = problem_of(what, replace(flags, parameters=(*flags.parameters, *given)))
    return replace(problem, name=f"{problem.name or problem.objective_text} [{', '.join(given)}]")


def check_dependence(what: str, flags: Flags, scan: Sequence[Point]) -> None:
    """Raise `UsageError` for a parameter whose values make no difference to the problem."""
    check_difference(lambda point: at(what, flags, point), scan)


def check_difference(problem_at: Callable[[Point], Problem], scan: Sequence[Point]) -> None:
    """Raise `UsageError` for a parameter whose values make no difference."""
    first = scan[0]
    for name in first:
        other = next((p for p in scan if p[name] != first[name]), None)
        if other is not None and _content(problem_at(first)) == _content(problem_at({**first, name: other[name]})):
            raise UsageError(f"--scan {name}: the problem does not depend on {name}.")


def given_at(point: Point) -> list[str]:
    """Return a point as the values of parameters that `--param` takes."""
    return [f"{name}={number_text(value, decimals=True)}" for name, value in point.items()]


def _content(problem: Problem) -> tuple[object, ...]:
    """What a problem asks, without its parameters' own texts."""
    variables = [(v.symbol, v.ranges, v.starts) for v in problem.variables]
    return problem.objective, variables, [c.condition for c in problem.constraints], {s.name: list(v) for s, v in problem.data.items()}
