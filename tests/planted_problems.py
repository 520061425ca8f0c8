"""Problems made around a point that is known to be the global minimiser, with the least value: planted optima.

>>> planted = polynomial_in_one_unknown(random.Random(1))
>>> substituted_number(planted.asked.objective, planted.at["x"]) == planted.value
True
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from random_problems import Random, Range, Tree, number, substituted, total

INF = float("inf")
EVERYWHERE = Range(-INF, INF, False, False)


class Planted(NamedTuple):
    """A problem with its minimum, and where it is."""

    asked: Random
    value: Tree
    at: Mapping[str, Tree]


def line_of(points: Sequence[Fraction], factor: Fraction, x: Tree) -> Tree:
    """A polynomial whose derivative is factor*(x - p1)*(x - p2)*..., expanded, as a function of x."""
    slope = [factor]
    for p in points:
        slope = [a - p * b for a, b in zip([Fraction(0), *slope], [*slope, Fraction(0)], strict=True)]
    return total([("*", c / (k + 1), ("^", x, k + 1)) for k, c in enumerate(slope)])


def small(source: random.Random) -> Fraction:
    return Fraction(source.randint(-6, 6), source.choice((1, 1, 2, 3)))


def polynomial_in_one_unknown(source: random.Random) -> Planted:
    """Given stationary points: the minimum is the least of the values there."""
    points = sorted({small(source) for _ in range(source.choice((1, 3, 3, 5)))})
    points = points if len(points) % 2 else points[:-1]
    f = line_of(points, Fraction(source.randint(1, 5)), "x")
    values = {p: substituted_number(f, p) for p in points}
    best = min(points, key=lambda p: values[p])
    return Planted(Random(f, {"x": EVERYWHERE}, []), values[best], {"x": best})


def substituted_number(f: Tree, x: Fraction) -> Fraction:
    """The value of a polynomial, exactly."""
    if not isinstance(f, tuple):
        return x if f == "x" else Fraction(f)
    left, right = (substituted_number(a, x) for a in f[1:])
    return {"+": lambda: left + right, "*": lambda: left * right, "^": lambda: left ** int(right)}[f[0]]()


def polynomial_in_two_unknowns(source: random.Random) -> Planted:
    """A sum of two polynomials in one unknown each, after a linear change of unknowns."""
    parts = [polynomial_in_one_unknown(source) for _ in range(2)]
    (a, b), (c, d) = source.choice((((1, 1), (1, -1)), ((1, 2), (0, 1)), ((2, 1), (1, 1)), ((1, 0), (3, 1))))
    u, v = (total([("*", Fraction(p), "x"), ("*", Fraction(q), "y")]) for p, q in ((a, b), (c, d)))
    f = ("+", substituted(parts[0].asked.objective, {"x": u}), substituted(parts[1].asked.objective, {"x": v}))
    p, q, det = parts[0].at["x"], parts[1].at["x"], a * d - b * c
    at = {"x": (d * p - b * q) / det, "y": (a * q - c * p) / det}
    return Planted(Random(f, {"x": EVERYWHERE, "y": EVERYWHERE}, []), parts[0].value + parts[1].value, at)


def squares(source: random.Random) -> Planted:
    """A sum of squares of expressions that are all 0 at a point."""
    at = {"x": small(source), "y": small(source)}
    u = ("-", ("+", ("*", small(source) or 1, "x"), "y"), Fraction(0))
    v = source.choice((("*", "x", "y"), ("^", "x", 2), ("-", "x", "y"), ("+", ("^", "x", 2), ("^", "y", 2))))
    shift = small(source)
    terms = [("^", ("-", w, exact_value(w, at)), 2) for w in (u, v)]
    return Planted(Random(total([*terms, shift]), {"x": EVERYWHERE, "y": EVERYWHERE}, []), shift, at)


def exact_value(f: Tree, at: Mapping[str, Fraction]) -> Fraction:
    if not isinstance(f, tuple):
        return at[f] if isinstance(f, str) else Fraction(f)
    left, right = (exact_value(a, at) for a in f[1:])
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "^": lambda: left ** int(right)}[f[0]]()


def exponentials(source: random.Random) -> Planted:
    """c1*exp(b1*(x - p)) + c2*exp(-b2*(x - p)) with c1*b1 = c2*b2, convex, with a line perhaps."""
    p, shift = small(source), small(source)
    b1, b2, c = (Fraction(source.randint(1, 4)) for _ in range(3))
    moved = ("-", "x", p)
    if source.random() < 0.4:
        f = total([("*", c, ("exp", ("*", b1, moved))), ("*", -c * b1, "x"), shift])
        return Planted(Random(f, {"x": EVERYWHERE}, []), c - c * b1 * p + shift, {"x": p})
    f = total([("*", c * b2, ("exp", ("*", b1, moved))), ("*", c * b1, ("exp", ("*", -b2, moved))), shift])
    return Planted(Random(f, {"x": EVERYWHERE}, []), c * b2 + c * b1 + shift, {"x": p})


def waves(source: random.Random) -> Planted:
    """-sum of c_k*cos(k*(x - p)) with c_k > 0: least at p, where all cosines are 1."""
    p = ("*", Fraction(source.randint(-5, 6), source.choice((1, 2, 3, 4, 6))), "pi")
    terms = [(Fraction(source.randint(1, 4)), k) for k in source.choice(((1,), (1, 2), (1, 3), (2, 1), (1, 2, 3)))]
    f = total([("*", -c, ("cos", ("*", k, ("-", "x", p)))) for c, k in terms])
    here = Range(-20, 20, True, True) if source.random() < 0.5 else EVERYWHERE
    return Planted(Random(f, {"x": here}, []), -sum(c for c, _ in terms), {"x": p})


def waves_in_two_unknowns(source: random.Random) -> Planted:
    """The same in x + y and x - y."""
    c, d = (Fraction(source.randint(1, 4)) for _ in range(2))
    p, q = (("*", Fraction(source.randint(-3, 3), source.choice((1, 2, 3))), "pi") for _ in range(2))
    u, v = ("-", ("+", "x", "y"), p), ("-", ("-", "x", "y"), q)
    f = total([("*", -c, ("cos", u)), ("*", -d, ("cos", v))])
    at = {"x": ("*", Fraction(1, 2), ("+", p, q)), "y": ("*", Fraction(1, 2), ("-", p, q))}
    return Planted(Random(f, {"x": EVERYWHERE, "y": EVERYWHERE}, []), -c - d, at)


def bounded_lines(source: random.Random) -> Planted:
    """A linear function on a box: the least corner."""
    slopes = {name: number(source) for name in "xyz"}
    ranges = {name: Range(float(a := source.randint(-4, 4)), float(a + source.randint(1, 5)), True, True) for name in "xyz"}
    at = {name: Fraction(int(r.low if slopes[name] > 0 else r.high)) for name, r in ranges.items()}
    f = total([("*", c, name) for name, c in slopes.items()])
    return Planted(Random(f, ranges, []), sum(c * at[name] for name, c in slopes.items()), at)


def weighted_means(source: random.Random) -> Planted:
    """a*x^p*y^q + b/x^r + c/y^s: by the inequality of means, with all terms planted equal in the right shares."""
    r, s = source.randint(1, 3), source.randint(1, 3)
    x, y = (Fraction(source.randint(1, 4), source.randint(1, 3)) for _ in range(2))
    a = Fraction(source.randint(1, 3))
    b, c = a * x * y * x**r / r, a * x * y * y**s / s  # both partial derivatives vanish at (x, y)
    f = total([("*", a, ("*", "x", "y")), ("*", b, ("^", "x", -r)), ("*", c, ("^", "y", -s))])
    positive = Range(0, INF, False, False)
    value = a * x * y * (1 + Fraction(1, r) + Fraction(1, s))
    return Planted(Random(f, {"x": positive, "y": positive}, []), value, {"x": x, "y": y})


FAMILIES: dict[str, tuple[Callable[[random.Random], Planted], float]] = {  # with the share that must be found
    "polynomial_in_one_unknown": (polynomial_in_one_unknown, 1.0),
    "polynomial_in_two_unknowns": (polynomial_in_two_unknowns, 0.9),
    "squares": (squares, 0.9),
    "exponentials": (exponentials, 0.9),
    "waves": (waves, 0.8),
    "waves_in_two_unknowns": (waves_in_two_unknowns, 0.8),
    "bounded_lines": (bounded_lines, 1.0),
    "weighted_means": (weighted_means, 1.0),
}
