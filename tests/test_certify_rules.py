"""No rule loses a minimiser: boxes around planted ones, on edges, kinks and ends of ranges, in the search and in the checker.

A planted problem is a sum of terms that are nowhere negative and 0 at one point with few binary digits; its constraints
hold there, often with equality. So that point is a global minimiser, exactly, whatever box it is looked at in.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from certificates import asked
from flint import arb, ctx

from optbench.certify.boxes import Batch
from optbench.certify.examination import Examination
from optbench.certify.feasible import as_it_is
from optbench.certify.model import Model
from optbench.certify.reductions import in_entries
from optbench.certify.search import Search
from optbench.certify.stage import PRECISION
from optbench.language.text import text
from optbench.problem.problem import Problem
from optbench.verify import Refused
from optbench.verify.part import Part
from optbench.verify.replay import _STEPS, Left, _Box

Point = Sequence[Fraction]


class Planted(NamedTuple):
    """A problem, a point at which it has its least value 0, and the ranges, ends included."""

    problem: Problem
    at: Point
    ranges: Sequence[tuple[Fraction, Fraction]]


def number(source: random.Random) -> Fraction:
    return Fraction(source.randint(-16, 16), source.choice((1, 2, 4, 8)))


def written(q: Fraction) -> str:
    return f"({q.numerator}/{q.denominator})"


def vanishing(source: random.Random, names: Sequence[str], at: Point) -> str:
    """A polynomial that is 0 at the point."""
    moved = {n: f"({n} - {written(a)})" for n, a in zip(names, at, strict=True)}
    terms = []
    for _ in range(source.choice((1, 1, 2, 3))):
        n, other = source.choice(names), source.choice(names)
        kind = source.choice(("{d}", "{d}", "{d}*{o}", "{d}^2", "{d}^3", "{d}*(1 + {o})", "{x}^2 - {a}^2", "{x}*{y} - {a}*{b}"))
        a, b = (written(at[names.index(v)]) for v in (n, other))
        terms.append(f"{written(number(source) or Fraction(1))}*({kind.format(d=moved[n], o=other, x=n, y=other, a=a, b=b)})")
    return " + ".join(terms)


OUTER = (
    *("({p})^2", "({p})^2", "({p})^2", "({p})^4", "abs({p})", "abs({p})", "max({p}, 0)", "relu({p})"),
    *("1 - cos({p})", "exp({p}) - 1 - ({p})", "log(1 + ({p})^2)", "cosh({p}) - 1", "sqrt(1 + ({p})^2) - 1", "({p})*atan({p})"),
    *("({p})*tanh({p})", "sin({p})^2", "({p})^2/(1 + ({p})^2)", "1 - exp(-({p})^2)", "erf(({p})^2)"),
    # with kinks, and slopes that are infinite
    *("max({p}, 2*({p}), -({p})/3)", "sqrt(abs({p}))", "cbrt(({p})^2)", "abs({p})^(3/2)", "sqrt(({p})^2)", "hypot({p}, {q})"),
    *("min(abs({p}), 1)", "min(({p})^2, 1, 2 + ({q})^2)", "if({p} < 0, -({p}), ({p})^2)"),
    # that end where the least value is
    *("sqrt({p})", "sqrt({p}) + 2*({p})", "acos(1 - ({p})) + ({p})", "({p})^(1/3) + ({p})", "acosh(1 + ({p})) + ({p})/2"),
    # with jumps
    *("ceil({p}) - ({p})", "({p}) % 1", "floor(({p})^2)", "abs(sign({p}))"),
    *("if({p} <= 0, ({p})^2, 1 + ({p}))", "if({p} < 0, 2 - ({p}), {p})"),
)


def planted(source: random.Random) -> Planted:
    names = ["x", "y", "z"][: source.choice((1, 1, 2, 2, 3))]
    at = [number(source) for _ in names]
    ranges = [(a - source.choice((0, 0, 1, 3, Fraction(1, 8))), a + source.choice((0, 1, 2, Fraction(1, 4), 5))) for a in at]
    terms = [
        source.choice(OUTER).format(p=vanishing(source, names, at), q=vanishing(source, names, at)) for _ in range(source.choice((1, 2, 3)))
    ]
    for n, (low, high), a in zip(names, ranges, at, strict=True):
        if low == a and source.random() < 0.7:
            terms.append(f"{source.choice((1, 2, '1/3'))}*({n} - {written(low)})")
        if high == a and source.random() < 0.7:
            terms.append(f"({written(high)} - {n})*(1 + {n}^2)")
    terms += [f"({n} - {written(a)})^2" for n, a in zip(names, at, strict=True) if n not in split_words(" ".join(terms))]
    constraints = []
    for _ in range(source.choice((0, 0, 0, 1, 1, 2))):
        g, kind = vanishing(source, names, at), source.choice(("{g} <= 0", "{g} >= 0", "{g} == 0", "{g} <= 1/2", "{g} > -1/2"))
        constraints.append(kind.format(g=g))
        if kind == "{g} >= 0" or (kind == "{g} == 0" and source.random() < 0.5):
            terms.append(f"{source.choice((1, 3, '1/2'))}*({g})")  # so that it is the constraint which keeps it from being lower
    problem = asked(" + ".join(terms), *constraints, **{n: f"[{low}, {high}]" for n, (low, high) in zip(names, ranges, strict=True)})
    return Planted(problem, at, ranges)


def box_around(source: random.Random, given: Planted) -> np.ndarray[Any, Any]:
    """A box in the range with the point in it, often on its edge, at times as narrow as doubles allow."""
    low, high = [], []
    for (first, last), a in zip(given.ranges, given.at, strict=True):
        near = source.choice((0, 2.0**-52, 2.0**-30, 2.0**-10, 0.25, 1.0, 1e9))
        low.append(max(float(first), float(a) - source.choice((0, near, near * source.random()))))
        high.append(min(float(last), float(a) + source.choice((0, near, near * source.random()))))
    return np.array([low, high])


def holds(box: Any, at: Point) -> bool:
    return all(Fraction(low) <= a <= Fraction(high) for a, low, high in zip(at, *box, strict=True))


@pytest.mark.parametrize("seed", range(8))
def test_no_step_of_the_search_loses_a_minimiser(seed: int) -> None:
    assert_search_keeps(random.Random(f"search {seed}"), 25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_step_of_the_search_loses_a_minimiser_of_many(seed: int) -> None:
    assert_search_keeps(random.Random(f"search many {seed}"), 100)


def assert_search_keeps(source: random.Random, count: int) -> None:
    with ctx.workprec(PRECISION), np.errstate(all="ignore"):
        for _ in range(count):
            given = planted(source)
            model = Model(in_entries(given.problem))
            search = Search(model, None, numbers=20)  # type: ignore[arg-type]
            search.feasible = as_it_is(model, np.array(given.at, dtype=float)) if source.random() < 0.8 else None
            if source.random() < 0.5:
                search.use_multipliers(np.array([source.choice((0.0, 0.5, 2.0)) for _ in model.rows]))
            boxes = np.stack([box_around(source, given) for _ in range(20)], axis=2)
            n = len(given.at)
            batch = Batch(boxes, np.full(20, -np.inf), np.zeros((n, 20), bool), np.zeros(20, bool), np.arange(20))
            for _ in range(3):  # what is left is looked at again
                look = Examination(search, batch)
                batch = look.run()
                kept = [holds(batch.box[:, :, k], given.at) for k in range(batch.count)]
                assert sum(kept) >= 20, (given, set(range(20)) - set(batch.node[kept].tolist()), boxes.tolist())
                batch = batch.chosen(np.array(kept, dtype=bool))
                assert (batch.bound <= 0).all(), given


# ---- the checker: any facts whatever ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_no_step_of_the_checker_loses_a_minimiser(seed: int) -> None:
    assert_checker_keeps(random.Random(f"checker {seed}"), 25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_step_of_the_checker_loses_a_minimiser_of_many(seed: int) -> None:
    assert_checker_keeps(random.Random(f"checker many {seed}"), 100)


def assert_checker_keeps(source: random.Random, count: int) -> None:
    for _ in range(count):
        given = planted(source)
        part = part_of(given)
        part.multipliers = [[1.0, *(source.choice((0.0, 0.5, 2.0)) for _ in part.rows)] for _ in range(2)]
        for _ in range(12):
            box = box_around(source, given)
            step, facts = step_at_random(source, given, box)
            assert_step_keeps(part, given, box.T.tolist(), step, facts)


def part_of(given: Planted) -> Part:
    problem = in_entries(given.problem)
    names = {s.name: f"u{k}" for k, s in enumerate(problem.symbols)}

    def renamed(words: str) -> str:
        for old, new in names.items():
            words = "".join(new if w == old else w for w in split_words(words))
        return words

    unknowns = [{"lower": str(a), "upper": str(b), "lower_closed": True, "upper_closed": True, "integer": False} for a, b in given.ranges]
    return Part(
        {
            "minimand": renamed(text(problem.minimand)),
            "constraints": [renamed(text(c.condition)) for c in problem.constraints],
            "unknowns": unknowns,
            "root": [[float(a) for a, _ in given.ranges], [float(b) for _, b in given.ranges]],
            "multipliers": [],
        }
    )


def split_words(words: str) -> list[str]:
    """The words of a text, and what is between them."""
    found, word = [], ""
    for c in words + " ":
        if c.isalnum():
            word += c
        else:
            found += [word, c]
            word = ""
    return found


def step_at_random(source: random.Random, given: Planted, box: Any) -> tuple[str, list[Any]]:
    n, step = len(given.at), source.choice(sorted(set(_STEPS) - {"left", "split"}))
    low, high = box
    inside = [source.choice((a, b, a + (b - a) * source.random(), float(c))) for a, b, c in zip(low, high, given.at, strict=True)]
    centre = [c + source.choice((0, 0, 0, 0, 1.0, -3.0)) for c in inside]
    new = [
        [source.choice((a, x)) for a, x in zip(low, inside, strict=True)],
        [source.choice((b, x)) for b, x in zip(high, inside, strict=True)],
    ]
    i = source.randrange(n)
    match step.split(" by ")[0] if step.startswith(("above", "bound")) else step:
        case "above" | "bound":
            return step, [] if step.endswith("values") else [centre] if step.endswith("slopes") else [centre, source.randrange(2)]
        case "cut":
            return step, [centre, new, source.randrange(2)]
        case "cut off":
            return step, [centre, source.randrange(2)]
        case "infeasible by slopes" | "no stationary point":
            return step, [centre]
        case "newton":
            return step, [centre, new]
        case "end":
            end = source.choice((float(given.ranges[i][0]), float(given.ranges[i][1])))
            return step, [i, [[end if j == i else a for j, a in enumerate(low)], [end if j == i else b for j, b in enumerate(high)]]]
        case "monotone":
            return step, [i]
        case "concave":
            return step, [i, source.choice(([1, 2], [1, -1], [-1, 2], [-1, -1]))]
    return step, []


def assert_step_keeps(part: Part, given: Planted, box: list[list[float]], step: str, facts: list[Any]) -> None:
    waiting: dict[int, Any] = {}
    with ctx.workprec(128):
        box_ = _Box(part, arb(0), 0, [tuple(ends) for ends in box], [False] * len(box), waiting, Left())  # type: ignore[misc]
        try:
            _STEPS[step](box_, *facts)
        except Refused:
            return
    what = (given, box, step, facts)
    if step == "concave":
        assert any(holds(list(zip(*b, strict=True)), given.at) for b, _ in waiting.values()), what
    elif step.startswith("bound"):
        assert box_.bound <= 0, what
    else:
        assert not box_.over, what
        assert holds(list(zip(*box_.box, strict=True)), given.at), what
