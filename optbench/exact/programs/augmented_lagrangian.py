"""A minimiser of a convex program in floating point: Newton's method on an augmented Lagrange function, kinks rounded off.

Nothing is proved here. `Numerical.minimiser` gives a few digits of a minimiser, if the search succeeds.

>>> from optbench.arithmetic.balls import between
>>> from optbench.exact.programs.convex_program import ConvexProgram
>>> from optbench.language.elaborate import parse
>>> box = {symbol(name): between(float("-inf"), float("inf")) for name in "xy"}
>>> program = ConvexProgram(parse("exp(x) - x + abs(y - 2)").node, [parse("x + y - 3").node], [])
>>> [round(v, 6) + 0.0 for v in Numerical(program, box, False).minimiser()]
[0.0, 2.0]

Source: R. T. Rockafellar, Augmented Lagrangians and applications of the proximal point algorithm in convex programming,
Math. Oper. Res. 1 (1976) 97-116.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import exp, isfinite
from typing import NamedTuple

from optbench.arithmetic.balls import Enclosure
from optbench.arithmetic.floats import function
from optbench.exact.answer import NotApplicable
from optbench.exact.programs.convex_program import ConvexProgram, choices_of
from optbench.language.build import add, call, divide, multiply, negate, power, rebuild, substitute, subtract, symbol
from optbench.language.derivative import gradient
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, Node, Symbol, symbols, topological

_OUTER, _INNER = 40, 60  # steps of the augmented Lagrangian, and of Newton's method in each


_ROUNDING = symbol("rounding'")


class Values(NamedTuple):
    """A function, its gradient and its second derivatives at a point."""

    value: float
    slope: list[float]
    curve: list[list[float]]


class Numerical:
    """The search for a minimiser of a convex program."""

    def __init__(self, program: ConvexProgram, box: Mapping[Symbol, Enclosure], logarithmic: bool) -> None:
        self.program, self.box, self.logarithmic = program, box, logarithmic
        self.unknowns = list(box)
        self.n = len(self.unknowns)
        self.count = len(program.inequalities)
        functions = [program.objective, *program.inequalities, *program.equalities]
        self.evaluate = self._compiled([_rounded(self._in_logarithms(f, i > 0)) for i, f in enumerate(functions)])

    def minimiser(self) -> list[float]:
        """Return the minimiser to a few digits; raise `NotApplicable` where the search fails."""
        for start in self._starts():
            found = self._augmented(start)
            if found is not None:
                return [exp(y) for y in found] if self.logarithmic else found
        raise NotApplicable("the minimum was not found numerically")

    def _in_logarithms(self, node: Node, is_condition: bool) -> Node:
        """The function of y = log(x); a condition f <= 1 as log(f) <= 0."""
        if not self.logarithmic:
            return node
        inside = substitute(node, {s: call("exp", s) for s in self.unknowns})
        return call("log", add(inside, 1)) if is_condition else call("log", inside)

    def _compiled(self, functions: Sequence[Node]) -> Callable[[Sequence[float], float], list[Values]]:
        n = self.n
        outputs: list[Node] = []
        for f in functions:
            slopes = gradient(f, self.unknowns)
            outputs += [f, *slopes, *(h for g in slopes for h in gradient(g, self.unknowns))]
        run = function(outputs, [*self.unknowns, _ROUNDING])
        size = 1 + n + n * n

        def evaluate(x: Sequence[float], rounding: float) -> list[Values]:
            flat = run(*x, rounding)
            parts = [flat[k : k + size] for k in range(0, len(flat), size)]
            return [Values(p[0], list(p[1 : n + 1]), [list(p[k : k + n]) for k in range(n + 1, size, n)]) for p in parts]

        return evaluate

    def _starts(self) -> Iterator[list[float]]:
        """Points at which everything may be defined."""
        if self.logarithmic:
            yield [0.0] * self.n
            return
        choices = [_inside(float(side.lower), float(side.upper)) for side in self.box.values()]
        for k in range(8):
            yield [c[(k + 3 * i * (k > 3)) % len(c)] for i, c in enumerate(choices)]
        yield from self._starts_in_domain(choices)

    def _starts_in_domain(self, choices: Sequence[Sequence[float]]) -> Iterator[list[float]]:
        """Points that keep a distance from where the natural domain ends."""
        defined = natural_domain(self.program.objective, *self.program.inequalities)
        short = [subtract(c.args[1], c.args[0]) for c in defined if isinstance(c, Call) and c.function in ("greater", "greater_equal")]
        size = multiply(Fraction(1, 1000), add(*(power(s, 2) for s in self.unknowns)))
        for margin in (Fraction(1), Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000)) if short else ():
            inner = Numerical(ConvexProgram(size, [add(f, margin) for f in short], []), self.box, False)
            found = inner._augmented([c[0] for c in choices])
            if found is not None:
                yield found

    def _augmented(self, start: list[float]) -> list[float] | None:
        """Rockafellar's method of multipliers, kinks rounded off ever less."""
        x, multipliers, weight, rounding = start, [0.0] * (self.count + len(self.program.equalities)), 10.0, 0.1
        if not self._is_defined(x, rounding):
            return None
        for _ in range(_OUTER):
            step = self._newton(x, multipliers, weight, rounding)
            if step is None:
                return None
            moved = max(abs(a - b) / (1 + abs(a)) for a, b in zip(step, x, strict=True))
            x = step
            values = [v.value for v in self.evaluate(x, rounding)[1:]]
            multipliers = self._multipliers(values, multipliers, weight)
            violation = max((abs(v) if i >= self.count else v for i, v in enumerate(values)), default=0.0)
            if rounding < 1e-9 and violation < 1e-9 and moved < 1e-9:
                break
            weight, rounding = min(2 * weight, 1e6), max(rounding / 4, 1e-10)
        is_close = _is_close(self._lagrange(x, multipliers, weight, rounding), x)
        return x if violation < 1e-6 and moved < 1e-5 and is_close else None

    def _is_defined(self, x: Sequence[float], rounding: float) -> bool:
        return all(isfinite(v.value) and all(map(isfinite, v.slope)) for v in self.evaluate(x, rounding))

    def _multipliers(self, values: Sequence[float], multipliers: Sequence[float], weight: float) -> list[float]:
        new = [m + weight * v for m, v in zip(multipliers, values, strict=True)]
        return [max(0.0, m) if i < self.count else m for i, m in enumerate(new)]

    def _newton(self, x: list[float], multipliers: Sequence[float], weight: float, rounding: float) -> list[float] | None:
        """A minimiser of the augmented Lagrange function, by damped steps."""
        now = self._lagrange(x, multipliers, weight, rounding)
        for _ in range(_INNER):
            if max(map(abs, now.slope)) < 1e-11 * (1 + abs(now.value)):
                break
            step = newton_step(now)
            longest = 10 * (1 + max(map(abs, x)))
            step = [b * min(1.0, longest / max(map(abs, step))) for b in step]
            slope = sum(a * b for a, b in zip(step, now.slope, strict=True))
            length = 1.0
            while length > 1e-12:
                there = [a + length * b for a, b in zip(x, step, strict=True)]
                new = self._lagrange(there, multipliers, weight, rounding)
                if isfinite(new.value) and all(map(isfinite, new.slope)) and new.value <= now.value + 1e-4 * length * slope:
                    break
                length /= 2
            else:
                break
            x, now = there, new
            if max(map(abs, x)) > 1e12:
                return None
        return x

    def _lagrange(self, x: Sequence[float], multipliers: Sequence[float], weight: float, rounding: float) -> Values:
        objective, *others = self.evaluate(x, rounding)
        value, slope, curve = objective.value, list(objective.slope), [list(row) for row in objective.curve]
        for i, (m, v) in enumerate(zip(multipliers, others, strict=True)):
            factor = m + weight * v.value
            if i < self.count and factor <= 0:
                value -= m * m / (2 * weight)
                continue
            value += v.value * (m + weight * v.value / 2)
            for j in range(self.n):
                slope[j] += factor * v.slope[j]
                for k in range(self.n):
                    curve[j][k] += factor * v.curve[j][k] + weight * v.slope[j] * v.slope[k]
        return Values(value, slope, curve)


def _is_close(at: Values, x: Sequence[float]) -> bool:
    """Whether Newton's step is short and promises little: at the end of a barrier the step is short all the same."""
    left = newton_step(at)
    promised = -sum(a * b for a, b in zip(left, at.slope, strict=True))
    return max(map(abs, left)) < 1e-2 * (1 + max(map(abs, x))) and promised < 1e-5 * (1 + abs(at.value))


def newton_step(at: Values) -> list[float]:
    """-(H + d)^-1 g, with d as small as lets the factor exist."""
    size = max((abs(e) for row in at.curve for e in row), default=0.0) or 1.0
    shift = 1e-14 * size
    while True:
        found = _descent(at, shift)
        if found is not None:
            return found
        shift *= 100


def _descent(at: Values, shift: float) -> list[float] | None:
    """-(H + shift)^-1 g by elimination, None where a pivot is not positive."""
    n = len(at.slope)
    rows = [[e + shift * (i == j) for j, e in enumerate(row)] + [-g] for i, (row, g) in enumerate(zip(at.curve, at.slope, strict=True))]
    for k in range(n):
        if not rows[k][k] > 0.1 * shift:
            return None
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    step = [0.0] * n
    for k in reversed(range(n)):
        step[k] = (rows[k][n] - sum(rows[k][j] * step[j] for j in range(k + 1, n))) / rows[k][k]
    return step


def _inside(low: float, high: float) -> list[float]:
    """Some numbers between two ends."""
    if isfinite(low) and isfinite(high):
        return [low + (high - low) * part for part in (0.5, 0.25, 0.75, 0.1, 0.9)]
    if isfinite(low):
        return [low + step for step in (1.0, 0.1, 3.0, 0.5, 10.0)]
    return [high - step for step in (1.0, 0.1, 3.0, 0.5, 10.0)] if isfinite(high) else [0.0, 1.0, -1.0, 0.3, -0.4, 5.0, -5.0]


def _rounded(root: Node) -> Node:
    """The function with its kinks rounded off: abs(u) as sqrt(u^2 + rounding^2)."""
    done: dict[Node, Node] = {}
    for node in topological(root):
        done[node] = node
        if isinstance(node, Call):
            done[node] = _rounded_call(rebuild(node, tuple(done[a] for a in node.args)))
    return done[root]


def _rounded_call(node: Node) -> Node:
    if not isinstance(node, Call) or not symbols(node):
        return node
    square = power(_ROUNDING, 2)
    match node.function:
        case "sqrt":
            return call("sqrt", add(node.args[0], square))
        case "hypot":
            return call("sqrt", add(*(power(a, 2) for a in node.args), square))
        case "minimum":
            return negate(_rounded_greatest([negate(a) for a in node.args]))
    choices = choices_of(node)
    return node if choices is None else _rounded_greatest(choices)


def _rounded_greatest(choices: Sequence[Node]) -> Node:
    """max(u, v) as (u + v + sqrt((u - v)^2 + rounding^2))/2."""

    def greater(u: Node, v: Node) -> Node:
        return divide(add(u, v, call("sqrt", add(power(subtract(u, v), 2), power(_ROUNDING, 2)))), 2)

    return reduce(greater, choices)
