"""Convex problems: a minimiser found numerically, its coordinates recognised as formulas, and these proved to be it.

Nothing numerical is trusted. Newton's method on an augmented Lagrange function, with kinks rounded off, finds the minimiser
to a few digits and which conditions and kinks hold there; Newton's method on the equations of Karush, Kuhn and Tucker in
balls then gives hundreds of bits. From these each coordinate is recognised as a rational or algebraic number, as a
logarithm or exponential of one, or as a solution of a stationarity equation that is left with one unknown. A point of
such formulas is the answer only if `convexity` proves that it is a global minimiser: the function and the conditions are
convex, and the conditions for a minimum hold exactly.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> solve(validated(ProblemDraft("minimize", Text("exp(x + y) + x^2 + y^2")), open_names=True)).solutions[0].exact
{'x': '-lambertw(1)/2', 'y': '-lambertw(1)/2'}

Sources: R. T. Rockafellar, Augmented Lagrangians and applications of the proximal point algorithm in convex programming,
Math. Oper. Res. 1 (1976) 97-116; A. K. Lenstra, H. W. Lenstra, L. Lovász, Factoring polynomials with rational
coefficients, Math. Ann. 261 (1982) 515-534.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import exp, gcd, isfinite
from typing import Any, NamedTuple

from flint import arb, arb_mat, ctx, fmpz_mat, fmpz_poly

from optbench.arithmetic import NoReading
from optbench.arithmetic.balls import Enclosure, as_fraction, evaluator, value_of
from optbench.arithmetic.floats import function
from optbench.exact import lambert, polynomial
from optbench.exact.answer import ExactAnswer, NotApplicable
from optbench.exact.convexity import ConvexProgram, box_of, certify, choices_of, convex_program, pivots
from optbench.exact.identities import normal, simplified
from optbench.exact.pieces import simplest
from optbench.exact.quadratic_program import satisfies, with_value
from optbench.exact.reach import check_reach
from optbench.exact.several import Point, conditions, optimal
from optbench.exact.sums import Sum, TooLarge, plain_sum, sign_of, sum_node
from optbench.language.build import add, call, constant, divide, multiply, negate, number, power, rebuild, substitute, subtract, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.domain import natural_domain
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, symbols, topological
from optbench.problem.problem import Problem

NAME = "convex"
MAX_UNKNOWNS = 10
MAX_NODES = 600
BITS = 400  # precision of the coordinates from which formulas are recognised
_SURE = 300  # bits of them that are right
_OUTER, _INNER = 40, 60  # steps of the augmented Lagrangian, and of Newton's method in each
_POLISHING = 40  # steps of Newton's method in balls
_PINNED = 100  # coordinates up to this are set to a simple number where the minimiser is not the only one
_FREE = 60  # bits that a multiplier which should be 0 may have wrong
_NEAR = 1e-5  # a kink as close as this is taken for one
_ACTIVE = 1e-6  # a condition as close as this is taken for one that holds tightly

Send = Callable[[dict[str, Any]], None]


def solve(problem: Problem, digits: int = 30, send: Send | None = None) -> ExactAnswer:
    """Return the proved minimum of a convex problem; raise `NotApplicable` where it is not convex or no formula is found."""
    check_reach(replace(problem, constraints=()), MAX_UNKNOWNS, MAX_NODES)
    return minimised(problem, convex_program(problem), NAME, digits)


def minimised(problem: Problem, program: ConvexProgram, name: str, digits: int, logarithmic: bool = False) -> ExactAnswer:
    """Return the proved minimum of a problem by its convex program, which is one in the logarithms of the unknowns where
    `logarithmic`; raise `NotApplicable` where none is found."""
    try:
        x = _Numerical(program, box_of(problem), logarithmic).minimiser()
        for point in _points(_polished(program, problem.symbols, x)):
            proof = certify(program, point) if satisfies(problem, conditions(problem), point) else None
            if proof is not None and (not logarithmic or all(sign_of(v) == 1 for v in point.values())):
                return optimal(with_value(problem, point), name, [point], proof.unique, digits, [proof.kind])
    except (GraphError, NotDifferentiable, NoReading, OverflowError) as error:
        raise NotApplicable(str(error)) from None
    raise NotApplicable("no formula for the minimiser was found and verified")


# ---- the minimiser in floating point -------------------------------------------------------------------------------------------

_ROUNDING = symbol("rounding'")


class _Near(NamedTuple):
    """A minimiser in many bits; near it the smooth function has it as a stationary point where the equalities hold."""

    at: dict[Symbol, arb]
    smooth: Node
    equalities: list[Node]
    bits: int  # of the coordinates that are right


class _Values(NamedTuple):
    """A function, its gradient and its second derivatives at a point."""

    value: float
    slope: list[float]
    curve: list[list[float]]


class _Numerical:
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

    def _compiled(self, functions: Sequence[Node]) -> Callable[[Sequence[float], float], list[_Values]]:
        n = self.n
        outputs: list[Node] = []
        for f in functions:
            slopes = gradient(f, self.unknowns)
            outputs += [f, *slopes, *(h for g in slopes for h in gradient(g, self.unknowns))]
        run = function(outputs, [*self.unknowns, _ROUNDING])
        size = 1 + n + n * n

        def evaluate(x: Sequence[float], rounding: float) -> list[_Values]:
            flat = run(*x, rounding)
            parts = [flat[k : k + size] for k in range(0, len(flat), size)]
            return [_Values(p[0], list(p[1 : n + 1]), [list(p[k : k + n]) for k in range(n + 1, size, n)]) for p in parts]

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
            inner = _Numerical(ConvexProgram(size, [add(f, margin) for f in short], []), self.box, False)
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
        left = _newton_step(self._lagrange(x, multipliers, weight, rounding))
        is_close = max(map(abs, left)) < 1e-2 * (1 + max(map(abs, x)))
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
            step = _newton_step(now)
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

    def _lagrange(self, x: Sequence[float], multipliers: Sequence[float], weight: float, rounding: float) -> _Values:
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
        return _Values(value, slope, curve)


def _newton_step(at: _Values) -> list[float]:
    """-(H + d)^-1 g, with d as small as lets the factor exist."""
    size = max((abs(e) for row in at.curve for e in row), default=0.0) or 1.0
    shift = 1e-14 * size
    while True:
        found = _descent(at, shift)
        if found is not None:
            return found
        shift *= 100


def _descent(at: _Values, shift: float) -> list[float] | None:
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


# ---- many digits ---------------------------------------------------------------------------------------------------------------


def _polished(program: ConvexProgram, unknowns: Sequence[Symbol], x: Sequence[float]) -> _Near:
    """The minimiser in many bits, from the conditions and kinks that are close at x."""
    at = dict(zip(unknowns, x, strict=True))
    smooth, level = _resolved(program.objective, at)
    for g in program.inequalities:
        inner, more = _resolved(g, at)
        if _number_at(inner, at) > -_ACTIVE:
            level += [inner, *more]
    level += [_resolved(h, at)[0] for h in program.equalities]
    found = _stationary(smooth, level, at)
    pins = (subtract(s, _simple_near(v)) for s, v in at.items() if abs(v) < _PINNED)
    while found is None and (pin := next(pins, None)) is not None:
        found = _stationary(smooth, [*level, pin], at, True)
    return found or _Near({s: arb(v) for s, v in at.items()}, smooth, level, 12)


def _simple_near(value: float) -> Fraction:
    """A simple number of the same sign next to a number."""
    ends = sorted((Fraction(value) * Fraction(4, 5), Fraction(value) * Fraction(5, 4)))
    return simplest(*ends) if abs(value) > 1e-3 else Fraction(0)


def _stationary(smooth: Node, level: Sequence[Node], at: Mapping[Symbol, float], pinned: bool = False) -> _Near | None:
    """The stationary point next to a point on the set where functions are 0; with `pinned` the last one is not needed."""
    unknowns = list(at)
    slopes = {h: [_number_at(g, at) for g in gradient(h, unknowns)] for h in dict.fromkeys(level)}
    kept = [list(slopes)[i] for i in sorted(i for i, _ in pivots(list(slopes.values())))]
    duals = [symbol(f"multiplier{k}'") for k in range(len(kept))]
    lagrangian = add(smooth, *(multiply(m, h) for m, h in zip(duals, kept, strict=True)))
    guess = _dual_guess([_number_at(g, at) for g in gradient(smooth, unknowns)], [slopes[h] for h in kept])
    found = _newton_in_balls([*gradient(lagrangian, unknowns), *kept], [*unknowns, *duals], [*at.values(), *guess])
    room = _PINNED if pinned else 1e-2
    if found is None or any(abs(float(v) - a) > room * (1 + abs(a)) for v, a in zip(found, at.values(), strict=False)):
        return None
    if pinned and abs(found[-1]) > arb(2) ** (_FREE - _SURE):
        return None
    return _Near(dict(zip(unknowns, found, strict=False)), smooth, kept, _SURE)


def _number_at(node: Node, at: Mapping[Symbol, float]) -> float:
    return function([node], list(at))(*at.values())[0]


def _resolved(root: Node, at: Mapping[Symbol, float]) -> tuple[Node, list[Node]]:
    """The expression without its kinks, and what is 0 at those that lie close to the point."""
    done: dict[Node, Node] = {}
    level: list[Node] = []
    for node in topological(root):
        done[node] = node
        if isinstance(node, Call):
            done[node] = _resolved_call(rebuild(node, tuple(done[a] for a in node.args)), at, level)
    return done[root], level


def _resolved_call(node: Node, at: Mapping[Symbol, float], level: list[Node]) -> Node:
    if not isinstance(node, Call) or not symbols(node):
        return node
    if node.function in ("sqrt", "hypot") and abs(_number_at(node, at)) < _NEAR:
        squares = node.args if node.function == "hypot" else _terms(node.args[0])
        level.extend(a.args[0] if isinstance(a, Call) and a.function == "power" else a for a in squares)
        return number(0)
    if node.function == "hypot":
        return call("sqrt", add(*(power(a, 2) for a in node.args)))
    if node.function == "minimum":
        return negate(_best([negate(a) for a in node.args], at, level))
    choices = choices_of(node)
    return node if choices is None else _best(choices, at, level)


def _best(choices: Sequence[Node], at: Mapping[Symbol, float], level: list[Node]) -> Node:
    values = [_number_at(u, at) for u in choices]
    best = values.index(max(values))
    level.extend(
        subtract(u, choices[best]) for i, (u, v) in enumerate(zip(choices, values, strict=True)) if i != best and v > values[best] - _NEAR
    )
    return choices[best]


def _terms(node: Node) -> tuple[Node, ...]:
    return node.args if isinstance(node, Call) and node.function == "add" else (node,)


def _dual_guess(slope: Sequence[float], rows: Sequence[Sequence[float]]) -> list[float]:
    """The multipliers with the least sum of squares of slope + sum of m_k*row_k."""
    gram = [[sum(a * b for a, b in zip(r, q, strict=True)) for q in rows] for r in rows]
    right = [sum(a * b for a, b in zip(r, slope, strict=True)) for r in rows]
    return _newton_step(_Values(0.0, right, gram)) if rows else []


def _newton_in_balls(equations: Sequence[Node], unknowns: Sequence[Symbol], start: Sequence[float]) -> list[arb] | None:
    """A solution in `BITS` bits, None where Newton's method does not lead there."""
    m = len(unknowns)
    run = evaluator([*equations, *(g for e in equations for g in gradient(e, unknowns))], unknowns)
    with ctx.workprec(BITS):
        z = [arb(v) for v in start]
        for _ in range(_POLISHING):
            values = run([Enclosure(v, v, True) for v in z], BITS)
            if not all(v.is_bounded for v in values):
                return None
            middles = [((v.lower + v.upper) / 2).mid() for v in values]
            try:
                step = arb_mat(m, m, middles[m:]).solve(arb_mat(m, 1, middles[:m]))
            except ZeroDivisionError:
                return None
            z = [(a - step[i, 0]).mid() for i, a in enumerate(z)]
            if all(abs(step[i, 0]) < arb(2) ** -_SURE * (1 + abs(a)) for i, a in enumerate(z)):
                return z
    return None


# ---- formulas ------------------------------------------------------------------------------------------------------------------


def _points(near: _Near) -> Iterator[Point]:
    """Yield points of formulas that lie where the minimiser is, each once."""
    tried = set()
    for point in _guesses(near):
        if None not in point.values() and tuple(point.values()) not in tried:
            tried.add(tuple(point.values()))
            yield {s: node for s, node in point.items() if node is not None}


def _guesses(near: _Near) -> Iterator[Mapping[Node, Node | None]]:
    found: dict[Node, Node | None] = {s: _algebraic(v, near.bits) for s, v in near.at.items()}
    yield found
    if near.bits >= _SURE:
        yield {s: node or _transcendental(near.at[s]) for s, node in found.items()}  # type: ignore[index]
        yield _by_equations(near) or dict.fromkeys(near.at)


def _algebraic(value: arb, bits: int) -> Node | None:
    """A rational number, or a root of a polynomial with small whole coefficients."""
    with ctx.workprec(BITS):
        width = arb(2) ** -bits * (1 + abs(value))
        rational = simplest(as_fraction((value - width).lower()), as_fraction((value + width).upper()))
        if 2 * max(abs(rational.numerator).bit_length(), rational.denominator.bit_length()) < bits - 60 or bits < _SURE:
            return number(rational)
        for degree in (2, 3, 4, 6, 8):
            relation = _relation([value**k for k in range(degree + 1)])
            if relation is not None:
                return _root_near(relation, value)
    return None


def _relation(values: Sequence[arb]) -> list[int] | None:
    """Small whole numbers, not all 0, with sum of c_k*values_k = 0 as far as the digits tell (Lenstra, Lenstra, Lovász)."""
    n = len(values)
    scaled = [int(as_fraction((v * arb(2) ** _SURE).mid()) // 1) for v in values]
    reduced = fmpz_mat([[int(i == j) for j in range(n)] + [v] for i, v in enumerate(scaled)]).lll()
    row = [int(reduced[0, j]) for j in range(n + 1)]
    size = max(abs(c) for c in row)
    return row[:n] if size.bit_length() * n < _SURE // 2 and any(row[:n]) else None


def _root_near(coefficients: Sequence[int], value: arb) -> Node | None:
    """The root of a polynomial that is a value, in roots where it is a polynomial of degree 1 or 2 in a power."""
    for factor, _ in fmpz_poly(list(coefficients)).factor()[1]:
        whole = [int(c) for c in factor.coeffs()]
        step = reduce(gcd, (k for k, c in enumerate(whole) if c and k), 0)
        if step > 1 and len(whole) > 3 and len(whole) - 1 > step:
            inner = _root_near(whole[::step], value**step)
            found = [] if inner is None else [_kth_root(inner, step), negate(_kth_root(inner, step))]
        else:
            t = symbol("t")
            terms: Sum = {frozenset({(t, Fraction(k))} if k else ()): Fraction(c) for k, c in enumerate(whole) if c}
            found = polynomial.real_roots(terms, t) or []
        for root in found:
            if _is_near(root, value):
                return root
    return None


def _is_near(node: Node, value: arb) -> bool:
    """Whether a formula has a value in all digits that are right."""
    enclosure = value_of(node, BITS)
    if enclosure.empty or not enclosure.is_bounded:
        return False
    with ctx.workprec(BITS):
        return bool(abs((enclosure.lower + enclosure.upper) / 2 - value) < arb(2) ** (_FREE - _SURE) * (1 + abs(value)))


def _constants(count: int = 5) -> dict[Node, arb]:
    """1, pi and some logarithms."""
    nodes: list[Node] = [number(1), *[constant("pi"), *(call("log", p) for p in (2, 3, 5, 7))][:count]]
    return {node: value_of(node, BITS).lower for node in nodes}


def _transcendental(value: arb) -> Node | None:
    """A sum of rational multiples of 1, pi and logarithms, the exponential of one, or the logarithm of an algebraic number."""
    with ctx.workprec(BITS):
        known = _constants()
        found = _combination(value, known)
        if found is not None:
            return found
        exponent = _combination(abs(value).log(), known)
        if exponent is not None:
            size = simplified(call("exp", exponent))
            return size if value > 0 else negate(size)
        if abs(value) < 50:
            inside = _algebraic(value.exp(), _SURE)
            return None if inside is None else call("log", inside)
    return None


def _combination(value: arb, known: Mapping[Node, arb]) -> Node | None:
    """The value as a sum of rational multiples of known numbers."""
    relation = _relation([value, *known.values()])
    if relation is None or not relation[0]:
        return None
    return add(*(multiply(Fraction(-c, relation[0]), node) for c, node in zip(relation[1:], known, strict=True) if c))


# ---- equations with one unknown ------------------------------------------------------------------------------------------------


def _by_equations(near: _Near) -> Point | None:
    """The minimiser from stationarity equations, where these can be solved one unknown at a time."""
    left = list(near.at)
    formulas: dict[Node, Node] = {}
    smooth, level = near.smooth, list(near.equalities)
    while (explicit := next(filter(None, (_explicit(h, left) for h in level)), None)) is not None:
        solved, formula, used = explicit
        left.remove(solved)
        level.remove(used)
        smooth, *level = (substitute(node, {solved: formula}) for node in (smooth, *level))
        formulas = {**{s: substitute(f, {solved: formula}) for s, f in formulas.items()}, solved: formula}
    equations = _equations(smooth, level, left)
    while left:
        step = _one_unknown(equations, left, near) or _linear_relation(left, near)
        if step is None:
            return None
        solved, formula = step
        left.remove(solved)
        equations = [substitute(e, {solved: formula}) for e in equations]
        formulas = {**{s: substitute(f, {solved: formula}) for s, f in formulas.items()}, solved: formula}
    return {s: simplified(formulas[s]) for s in near.at}


def _explicit(equality: Node, left: Sequence[Symbol]) -> tuple[Symbol, Node, Node] | None:
    """An unknown that stands in an equality with a constant factor only, what it is, and the equality."""
    for s in left:
        [slope] = gradient(equality, [s])
        slope = simplified(slope)
        if s in symbols(equality) and not symbols(slope) and slope is not number(0):
            formula = simplified(subtract(s, divide(equality, slope)))
            if s not in symbols(formula):
                return s, formula, equality
    return None


def _equations(smooth: Node, level: Sequence[Node], left: Sequence[Symbol]) -> list[Node]:
    """Equations that the unknowns satisfy at a stationary point on the set where functions are 0."""
    if not left:
        return []
    slopes = gradient(smooth, left)
    if not level:
        return slopes
    if len(level) > 1:
        return list(level)
    across = gradient(level[0], left)
    pairs = [(i, j) for i in range(len(left)) for j in range(i)]
    return [*level, *(subtract(multiply(slopes[i], across[j]), multiply(slopes[j], across[i])) for i, j in pairs)]


def _one_unknown(equations: Sequence[Node], left: Sequence[Symbol], near: _Near) -> tuple[Symbol, Node] | None:
    for equation in equations:
        inside = symbols(equation)
        if len(inside) == 1 and inside[0] in left:
            root = _root_of(equation, inside[0], near.at[inside[0]])
            if root is not None:
                return inside[0], root
    return None


def _linear_relation(left: Sequence[Symbol], near: _Near) -> tuple[Symbol, Node] | None:
    """One unknown as a rational multiple of another plus a number, as far as the digits tell."""
    with ctx.workprec(BITS):
        for i, s in enumerate(left):
            rational = _algebraic(near.at[s], _SURE)
            if isinstance(rational, Number):
                return s, rational
            for t in left[:i]:
                for known in (_constants(0), _constants()):
                    found = _combination(near.at[s], {t: near.at[t], **known})
                    if found is not None and symbols(found):
                        return s, found
    return None


def _root_of(equation: Node, unknown: Symbol, value: arb) -> Node | None:
    """A formula for the root of an equation that is a value."""
    for form in dict.fromkeys(_forms(equation, unknown)):
        for root in _roots(form, unknown):
            if _is_near(root, value):
                return root
    return None


def _forms(equation: Node, unknown: Symbol) -> Iterator[Node]:
    yield equation
    try:
        top = normal(equation).top
    except (TooLarge, GraphError):
        return
    yield sum_node(top)
    logarithms, rest = _split_logarithms(top, unknown)
    if logarithms and unknown not in symbols(rest):
        up = [power(a, number(c)) for c, a in logarithms if c > 0]
        down = [power(a, number(-c)) for c, a in logarithms if c < 0]
        yield subtract(multiply(*up), multiply(call("exp", negate(rest)), *down))


def _split_logarithms(top: Sum, unknown: Symbol) -> tuple[list[tuple[Fraction, Node]], Node]:
    """The multiples of logarithms that hold the unknown, and the rest of a sum."""
    logarithms, rest = [], {}
    for monomial, c in top.items():
        atoms = [atom for atom, e in monomial if e == 1 and isinstance(atom, Call) and atom.function == "log" and unknown in symbols(atom)]
        if len(monomial) == 1 and atoms:
            logarithms.append((c, atoms[0].args[0]))
        else:
            rest[monomial] = c
    return logarithms, plain_sum(rest) if rest else number(0)


def _roots(form: Node, unknown: Symbol) -> Iterator[Node]:
    """Candidates for the roots: of a polynomial in x, exp(x) or log(x), and by Lambert's W in a power of x."""
    yield from _polynomial_roots(form, unknown)
    yield from lambert.solutions(form, unknown)
    for inside in ("log", "exp"):
        for root in _polynomial_roots(substitute(form, {unknown: call(inside, unknown)}), unknown):
            yield call(inside, root)
    for k in (2, 3, 4):
        inner = _kth_root(unknown, k)
        for root in lambert.solutions(simplified(substitute(form, {unknown: inner})), unknown):
            yield _kth_root(root, k)
            yield negate(_kth_root(root, k))


def _kth_root(node: Node, k: int) -> Node:
    return call("sqrt", node) if k == 2 else power(node, number(Fraction(1, k)))


def _polynomial_roots(form: Node, unknown: Symbol) -> Iterator[Node]:
    try:
        top = normal(form).top
        if not top:
            return
        yield from polynomial.real_roots(top, unknown) or []
        yield from _roots_with_constants(top, unknown)
    except (TooLarge, GraphError, ZeroDivisionError):
        return


def _roots_with_constants(top: Sum, unknown: Symbol) -> Iterator[Node]:
    """Roots of a polynomial of degree 1 or 2 in a power of the unknown, whose coefficients are any numbers."""
    groups: dict[Fraction, Sum] = {}
    for monomial, factor in top.items():
        powers = dict(monomial)
        exponent = powers.pop(unknown, Fraction(0))
        if any(unknown in symbols(atom) for atom in powers):
            return
        groups.setdefault(exponent, {})[frozenset(powers.items())] = factor
    exponents = sorted(groups)
    if not 2 <= len(exponents) <= 3:
        return
    coefficients = [plain_sum(groups[e]) for e in exponents]
    step = exponents[1] - exponents[0]
    if len(exponents) == 2:
        powers_of = [negate(divide(coefficients[0], coefficients[1]))]
    elif exponents[2] - exponents[1] == step:
        c, b, a = coefficients
        width = call("sqrt", subtract(power(b, 2), multiply(4, a, c)))
        powers_of = [divide(add(negate(b), signed), multiply(2, a)) for signed in (width, negate(width))]
    else:
        return
    for inner in powers_of:
        outer = simplified(power(inner, 1 / step))
        yield outer
        yield negate(outer)
