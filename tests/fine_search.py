"""A fine numerical search for minima, and what of an exact answer it refutes; all in arithmetic of its own.

Points are drawn at many scales and along curves, the best of them improved by steps that adapt their length; under an
equality one coordinate is found by bisection. What looks like a contradiction in floats is decided by mpmath.

>>> from random_problems import Random, Range
>>> everywhere = Range(-np.inf, np.inf, False, False)
>>> found = searched(Random(("^", ("-", "x", 2), 2), {"x": everywhere}, []))
>>> bool(found.values[0] < 1e-12)
True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np
from random_problems import Comparison, Random, Range, evaluated, names, precisely

from optbench.exact.answer import ExactAnswer
from optbench.exact.numbers.formula import enclosure
from optbench.language.build import number, substitute
from optbench.language.elaborate import parse
from optbench.language.graph import Node, symbols
from optbench.result import Assurance, Status

DIGITS = 60
MANY = 400  # digits with which values count as equal
FAMILY = range(-16, 17)  # values of a whole number that stands in an answer


class Search(NamedTuple):
    """Feasible points, the lowest first: one row of `points` a point, one column an unknown."""

    points: Any
    values: Any


# ---- searching -----------------------------------------------------------------------------------------------------------


def searched(problem: Random, count: int = 20_000, seed: int = 1) -> Search:
    """Return the best points of a search."""
    source = np.random.default_rng(seed)
    points = _drawn(problem, count, source)
    equalities = [c for c in problem.constraints if c.relation == "==" and names(c.left) | names(c.right)]
    if equalities:
        points = np.concatenate([_onto(problem, equalities[0], points[:2500], name) for name in problem.ranges] or [points[:0]])
    found = _sorted(problem, points, len(equalities) > 1)
    if equalities or not len(found.values):
        return found
    best = _improved(problem, found, source)
    return Search(np.concatenate([best.points, found.points[:2000]]), np.concatenate([best.values, found.values[:2000]]))


def _sorted(problem: Random, points: Any, none: bool = False) -> Search:
    values = np.full(len(points), np.nan) if none else feasible_values(problem, points)
    order = np.argsort(values)[: int(np.isfinite(values).sum())]
    return Search(points[order], values[order])


def feasible_values(problem: Random, points: Any) -> Any:
    """The objective at the rows of an array, nan where a point is not feasible or something not defined."""
    at = {name: points[:, i] for i, name in enumerate(problem.ranges)}
    kept = np.ones(len(points), dtype=bool)
    for name, r in problem.ranges.items():
        x = at[name]
        kept &= (x >= r.low if r.low_closed else x > r.low) & (x <= r.high if r.high_closed else x < r.high)
    for c in problem.constraints:
        left, right = evaluated(c.left, at), evaluated(c.right, at)
        with np.errstate(invalid="ignore"):
            kept &= _holds(c.relation, left, right)
    values = np.broadcast_to(evaluated(problem.objective, at), len(points))
    return np.where(kept, values, np.nan)


def _holds(relation: str, left: Any, right: Any) -> Any:
    if relation == "==":
        return np.abs(left - right) <= 1e-9 * (1 + np.abs(right))
    return {"<=": np.less_equal, ">=": np.greater_equal, "<": np.less, ">": np.greater}[relation](left, right)


def _drawn(problem: Random, count: int, source: Any) -> Any:
    columns = [_coordinates(r, count, source) for r in problem.ranges.values()]
    points = np.stack(columns, axis=1)
    if len(columns) > 1:
        _follow_curves(points, source)
    return points


def _coordinates(r: Range, count: int, source: Any) -> Any:
    near, far = source.uniform(-4, 4, count), source.choice([-1, 1], count) * 10 ** source.uniform(-8, 8, count)
    simple = source.choice([0.0, 1.0, -1.0, 2.0, 0.5, -0.5, np.pi, np.pi / 2, -np.pi / 2], count)
    kind = source.integers(0, 10, count)
    x = np.where(kind < 5, near, np.where(kind < 8, far, simple))
    if np.isfinite(r.low) and np.isfinite(r.high):
        inside = source.uniform(r.low, r.high, count)
        small = np.minimum(10 ** source.uniform(-9, 0, count), 1) * (r.high - r.low)
        return np.select([kind < 5, kind == 5, kind == 6, kind == 7, kind == 8], [inside, r.low + small, r.high - small, r.low, r.high], x)
    if np.isfinite(r.low):
        return np.where(x < r.low, r.low + np.abs(x), x)
    return np.where(x > r.high, r.high - np.abs(x), x) if np.isfinite(r.high) else x


def _follow_curves(points: Any, source: Any) -> None:
    """Put a third of the points onto curves: an unknown is a power of another one, times a number, plus a number."""
    count, unknowns = points.shape
    third = slice(0, count // 3)
    n = count // 3
    for i in range(1, unknowns):
        other = points[third, source.integers(0, i)]
        with np.errstate(all="ignore"):
            power = np.abs(other) ** source.choice([-2, -1, -0.5, 0.5, 1, 1, 2, 3], n)
            y = source.choice([-1, 1], n) * source.choice([1, 1, 1, 0.5, 2, 10], n) * power + source.choice(
                [0, 0, 1, -1], n
            ) * source.uniform(0, 2, n)
        points[third, i] = np.where(np.isfinite(y) & (np.abs(y) < 1e12), y, points[third, i])


def _improved(problem: Random, found: Search, source: Any) -> Search:
    """Steps at random around the best points that lie apart, all points at once."""
    starts = _apart(found, 14)
    points, values = found.points[starts].copy(), found.values[starts].copy()
    steps, tries = np.full(len(points), 0.3), 24
    for _ in range(70):
        scale = np.maximum(np.abs(points), 1e-3)[:, None, :] * steps[:, None, None]
        moves = scale * source.standard_normal((len(points), tries, points.shape[1]))
        moves *= source.random(moves.shape) < 0.7
        candidates = (points[:, None, :] + moves).reshape(-1, points.shape[1])
        new = feasible_values(problem, candidates).reshape(len(points), tries)
        new = np.where(np.isnan(new), np.inf, new)
        best = new.argmin(axis=1)
        rows = np.arange(len(points))
        better = new[rows, best] < values
        points[better] = candidates.reshape(len(points), tries, -1)[rows, best][better]
        values[better] = new[rows, best][better]
        steps = np.where(better, steps * 1.2, steps * 0.65)
        steps = np.where(steps < 1e-12, 0.1, steps)
    order = np.argsort(values)
    return Search(points[order], values[order])


def _apart(found: Search, count: int) -> list[int]:
    chosen: list[int] = []
    for i in range(min(len(found.values), 3000)):
        if all(np.abs(found.points[i] - found.points[j]).max() > 0.3 for j in chosen):
            chosen.append(i)
        if len(chosen) == count:
            break
    return chosen


def _onto(problem: Random, c: Comparison, points: Any, name: str) -> Any:
    """Points of an equality: one coordinate is found between two values at which the sides differ in opposite ways."""
    column = list(problem.ranges).index(name)
    if name not in names(c.left) | names(c.right):
        return points[:0]
    r = problem.ranges[name]
    low, high = max(r.low, -1e6), min(r.high, 1e6)
    away = np.concatenate([[0.0], 10.0 ** np.linspace(-6, 6, 25)])
    grid = np.unique(
        np.clip(np.concatenate([np.linspace(max(low, -6), min(high, 6), 25), away, -away, low + away, high - away]), low, high)
    )

    def difference(x: Any, rows: Any) -> Any:
        moved = rows.copy()
        moved[..., column] = x
        at = {n: moved[..., i] for i, n in enumerate(problem.ranges)}
        return evaluated(c.left, at) - evaluated(c.right, at)

    rows = np.repeat(points[:, None, :], len(grid), axis=1)
    d = np.broadcast_to(difference(grid[None, :], rows), rows.shape[:2])
    with np.errstate(invalid="ignore", over="ignore"):
        i, j = np.nonzero(d[:, :-1] * d[:, 1:] <= 0)
    if len(i) > 20_000:
        i, j = i[:20_000], j[:20_000]
    a, b, rows = grid[j].copy(), grid[j + 1].copy(), points[i]
    da = np.broadcast_to(difference(a, rows), a.shape)
    for _ in range(60):
        middle = (a + b) / 2
        dm = np.broadcast_to(difference(middle, rows), a.shape)
        with np.errstate(invalid="ignore", over="ignore"):
            same = dm * da > 0
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    result = rows.copy()
    result[:, column] = np.where(np.abs(b) < 1e-15, 0.0, b)
    return result


# ---- judging -------------------------------------------------------------------------------------------------------------


def refutations(problem: Random, answer: ExactAnswer, search: Search | None = None) -> list[str]:
    """Return what is wrong with an exact answer, as sentences; they begin with "perhaps" where the search may be too weak."""
    if answer.assurance is not Assurance.EXACT:
        return []
    with mpmath.workdps(DIGITS):
        found = searched(problem) if search is None else search
        if answer.status is Status.INFEASIBLE:
            return _infeasible(problem, found)
        if answer.status is Status.UNBOUNDED:
            return _unbounded(found)
        assert answer.value_exact is not None
        value = number_of(parse(answer.value_exact).node)
        wrong = _below(problem, found, value) + _enclosure(answer, value)
        with mpmath.workdps(MANY):
            sharp = number_of(parse(answer.value_exact).node)
        if answer.status is Status.NOT_ATTAINED:
            return wrong + _reached(problem, found, sharp) + _far(found, value)
        points = list(listed(problem, answer))
        return wrong + _points(problem, answer, points, value) + (_others(problem, found, points, sharp) if answer.complete else [])


def number_of(formula: Node) -> Any:
    """The value of a formula with the digits of mpmath, and some more."""
    for more in (10, 60, 250):  # where terms cancel
        low, high = map(mpmath.mpf, enclosure(formula, mpmath.mp.dps + more))
        if high - low <= mpmath.mpf(10) ** (5 - mpmath.mp.dps) * (1 + abs(low)):
            break
    return (low + high) / 2


def listed(problem: Random, answer: ExactAnswer) -> Iterator[dict[str, Any]]:
    """The solutions of an answer as numbers, some members of each family; only those in the ranges of families."""
    for solution in answer.solutions:
        if solution.exact is None or solution.kind == "limit":
            continue
        formulas = {name: parse(solution.exact[name]).node for name in problem.ranges}
        extra = sorted({s for f in formulas.values() for s in symbols(f)}, key=lambda s: s.name)
        if not extra:
            yield {name: number_of(f) for name, f in formulas.items()}
            continue
        for k in FAMILY:
            yield {name: number_of(substitute(f, dict.fromkeys(extra, number(k)))) for name, f in formulas.items()}


def exact_value(problem: Random, at: Mapping[str, Any]) -> Any:
    """The objective at a point that is feasible as far as the digits tell; raise ValueError where it is not."""
    slack = mpmath.mpf(10) ** (12 - mpmath.mp.dps)
    away = mpmath.mpf("1e-9") if any(c.relation == "==" for c in problem.constraints) else 0  # roots are known to some digits only
    for name, r in problem.ranges.items():
        s = slack * (1 + abs(at[name]))
        low_ok = at[name] >= r.low - s if r.low_closed else at[name] > r.low + away
        high_ok = at[name] <= r.high + s if r.high_closed else at[name] < r.high - away
        if not (low_ok and high_ok):
            raise ValueError(f"{name} is out of its range")
    for c in problem.constraints:
        left, right = precisely(c.left, at), precisely(c.right, at)
        d, s = left - right, slack * 10_000 * (1 + abs(left) + abs(right))
        if not {"<=": d <= s, ">=": d >= -s, "==": abs(d) <= s, "<": d < -away - s, ">": d > away + s}[c.relation]:
            raise ValueError(f"{c} does not hold")
    return precisely(problem.objective, at)


def _exactly(problem: Random, row: Sequence[Any]) -> Any:
    """The objective at a point, moved onto an equality; None where it is not feasible."""
    at = {name: mpmath.mpf(x) for name, x in zip(problem.ranges, row, strict=True)}
    for c in problem.constraints:
        if c.relation == "==" and names(c.left) | names(c.right):
            moved = _moved(c, at)
            if moved is None:
                return None
            at = moved
    try:
        return exact_value(problem, at)
    except (ValueError, OverflowError, ZeroDivisionError, TypeError):
        return None


def _moved(c: Comparison, at: dict[str, Any]) -> dict[str, Any] | None:
    """Newton's steps in the unknown in which the equality changes fastest."""
    step = mpmath.mpf(10) ** -20

    def difference(name: str, x: Any) -> Any:
        moved = {**at, name: x}
        return precisely(c.left, moved) - precisely(c.right, moved)

    try:
        slopes = {n: (difference(n, at[n] + step) - difference(n, at[n] - step)) / (2 * step) for n in names(c.left) | names(c.right)}
        name = max(slopes, key=lambda n: abs(slopes[n]))
        x = mpmath.findroot(lambda t: difference(name, t), (at[name], at[name] + mpmath.mpf(10) ** -12), solver="secant", tol=1e-90)
    except (ValueError, OverflowError, ZeroDivisionError, TypeError):
        return None
    return {**at, name: x if abs(x) > 1e-20 else mpmath.mpf(0)} if abs(x - at[name]) < 1e-4 * (1 + abs(x)) else None


def _infeasible(problem: Random, found: Search) -> list[str]:
    """Feasible points; those far out or very close to 0 may be feasible by rounding only, as exp(-1/x) <= 0 is."""
    moderate = np.all((found.points == 0) | ((np.abs(found.points) > 1e-2) & (np.abs(found.points) < 1e3)), axis=1)
    for certain in (True, False):
        for row in found.points[moderate == certain][:20]:
            if (value := _exactly(problem, row)) is not None:
                return [f"{'' if certain else 'perhaps '}feasible at {list(row)}, where the value is {mpmath.nstr(value, 8)}"]
    return []


def _unbounded(found: Search) -> list[str]:
    if not len(found.values):
        return ["perhaps there is no feasible point"]
    return [] if found.values[0] < -30 else [f"perhaps bounded: the lowest value found is {found.values[0]:g} at {found.points[0]}"]


def _below(problem: Random, found: Search, value: Any) -> list[str]:
    margin = 1e-9 * (1 + abs(float(value)))
    for row, v in zip(found.points[:60], found.values[:60], strict=False):
        if v >= float(value) - (0 if value == 0 else margin):
            break
        exact = _exactly(problem, row)
        if exact is not None and exact < value - mpmath.mpf(10) ** -25 * (1 + abs(value)):
            return [f"lower: {mpmath.nstr(exact, 15)} < {mpmath.nstr(value, 15)} at {list(row)}"]
    return []


def _enclosure(answer: ExactAnswer, value: Any) -> list[str]:
    assert answer.value_enclosure is not None
    low, high = map(mpmath.mpf, answer.value_enclosure)
    slack = mpmath.mpf(10) ** (5 - mpmath.mp.dps) * (1 + abs(value))
    return [] if low - slack <= value <= high + slack else ["the enclosure of the value does not hold it"]


def _reached(problem: Random, found: Search, value: Any) -> list[str]:
    equalities = any(c.relation == "==" for c in problem.constraints)
    near = [i for i in range(min(300, len(found.values))) if found.values[i] <= float(value) + 1e-9 * (1 + abs(float(value)))]
    with mpmath.workdps(MANY):
        for row in [found.points[i] for i in near if np.abs(found.points[i]).max() < 20][:20]:
            for at in [*([] if equalities or _is_tiny(row) else [row]), *_rounded(row)]:
                around = (_exactly(problem, [x * (1 + d) or d for x in at]) for d in (0.001, -0.001, 0.003, -0.003))
                if _touches(_exactly(problem, at), value) and not any(_touches(v, value) for v in around):
                    return [f"reached at {list(map(str, at))}"]
    return []


def _is_tiny(row: Any) -> bool:
    """Whether a coordinate is so small that its powers count as 0."""
    return bool(np.any((row != 0) & (np.abs(row) < 1e-5)))


def _touches(exact: Any, value: Any) -> bool:
    """Whether a value is equal to the infimum as far as the digits tell, as tanh(x) is to 1 for large x, too."""
    return exact is not None and exact - value <= mpmath.mpf(10) ** (20 - MANY) * (1 + abs(value))


def _far(found: Search, value: Any) -> list[str]:
    if not len(found.values):
        return ["perhaps there is no feasible point"]
    gap = found.values[0] - float(value)
    return (
        [] if gap < 0.05 * (1 + abs(float(value))) else [f"perhaps not approached: lowest found {found.values[0]:g} at {found.points[0]}"]
    )


def _points(problem: Random, answer: ExactAnswer, points: list[dict[str, Any]], value: Any) -> list[str]:
    wrong, family = [], any(len(symbols(parse(f).node)) for s in answer.solutions if s.exact for f in s.exact.values())
    if not points:
        wrong.append("no solution is listed")
    for at in points:
        try:
            found = exact_value(problem, at)
        except ValueError as error:
            if not (family and "range" in str(error)):
                wrong.append(f"the listed point {_shown(at)} is not feasible: {error}")
            continue
        if abs(found - value) > mpmath.mpf(10) ** -25 * (1 + abs(value)):
            wrong.append(f"the listed point {_shown(at)} has the value {mpmath.nstr(found, 15)}, not {mpmath.nstr(value, 15)}")
    for i, a in enumerate(points):
        if any(all(abs(a[n] - b[n]) < mpmath.mpf(10) ** -30 for n in a) for b in points[:i]):
            wrong.append(f"{_shown(a)} is listed twice")
    return wrong


def _shown(at: Mapping[str, Any]) -> str:
    return ", ".join(f"{n} = {mpmath.nstr(x, 12)}" for n, x in at.items())


def _others(problem: Random, found: Search, points: list[dict[str, Any]], value: Any) -> list[str]:
    known = np.array([[float(p[n]) for n in problem.ranges] for p in points]).reshape(-1, len(problem.ranges))
    tolerance = 1e-9 * (1 + abs(float(value)))
    for row, v in zip(found.points[:300], found.values[:300], strict=False):
        if v > float(value) + tolerance:
            break
        if np.abs(row).max() > 9 or (len(known) and np.abs(known - row).max(axis=1).min() < 0.02):
            continue
        with mpmath.workdps(MANY):
            for at in [*([] if _is_tiny(row) else [row]), *_rounded(row)]:
                away = not len(known) or np.abs(known - np.array(at, dtype=float)).max(axis=1).min() > 0.01
                if away and _touches(_exactly(problem, at), value):
                    return [f"not complete: also at {list(map(str, at))}"]
        if v <= float(value) + 1e-13 * (1 + abs(float(value))):
            return [f"perhaps not complete: {v!r} at {list(row)}"]
    return []


def _rounded(row: Any) -> list[list[Any]]:
    """The same point with coordinates that are simple fractions, or simple multiples of pi."""
    plain = [mpmath.mpf(f.numerator) / f.denominator for f in (Fraction(float(x)).limit_denominator(12) for x in row)]
    angles = [f.numerator * mpmath.pi / f.denominator for f in (Fraction(float(x) / np.pi).limit_denominator(12) for x in row)]
    return [plain, angles]
