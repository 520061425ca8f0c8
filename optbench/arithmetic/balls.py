"""The rigorous reading of scalar expressions: enclosures of their values over boxes, which proofs stand on.

`enclose` and `evaluator` enclose expressions over a box, `decide` a condition; `value_of`, `compare` and `decimals` are
for expressions without symbols. The enclosure of f over a box contains f(x) for every x in the box at which f is
defined; `Enclosure.everywhere` says whether it is defined, and continuous, at all of them. Widths depend on how an
expression is written; that they contain the values does not. Arrays are expanded to scalars before
(`optbench.language.expand`).

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> f = parse("x*log(x) - sqrt(x)").node
>>> [value] = enclose([f], {symbol("x"): between(0, 1)})
>>> decimals(value, 4), value.everywhere
(('-1.368', '0'), False)

Source: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Computers 66
(2017) 1281-1292, on whose functions every bound rests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import (
    DEFAULT_PRECISION,
    NOWHERE,
    Enclosure,
    as_fraction,
    between,
    decimals,
    exactly,
    rounded,
)
from optbench.arithmetic.ball_functions import RULES, TAKES_EMPTY, root_of
from optbench.arithmetic.ball_monotone import Rule
from optbench.arithmetic.ball_operators import divide, multiply, power, power_to_whole, rational_power, times_log, whole_power
from optbench.arithmetic.product_pieces import Piece, Repeated, pieces_of
from optbench.language.build import constant, negate
from optbench.language.functions import TABLE
from optbench.language.graph import Call, GraphError, Node, Number, Symbol, topological

__all__ = ["Enclosure", "as_fraction", "between", "compare", "decide", "decimals", "enclose", "evaluator", "exactly", "value_of"]

_MAX_PRECISION = 100_000
_CACHED_PRECISIONS = 32
_BOUNDS = (constant("inf"), negate(constant("inf")))


def enclose(roots: Sequence[Node], box: Mapping[Symbol, Enclosure], precision: int = DEFAULT_PRECISION) -> list[Enclosure]:
    """Return an enclosure of each scalar expression over the box, computed with `precision` bits.

    Raises `GraphError` for arrays, for a symbol that the box does not name, and for a function that has no balls.
    """
    names = list(box)
    return evaluator(roots, names)([box[name] for name in names], precision)


def evaluator(roots: Sequence[Node], symbols: Sequence[Symbol]) -> Callable[[Sequence[Enclosure], int], list[Enclosure]]:
    """Return a function of one enclosure a symbol and a precision that encloses the expressions over that box.

    The graph is put in order once; what depends on no symbol is computed once a precision.
    """
    return _Program(roots, symbols).enclose


class _Program:
    """Expressions as a list of steps; `values[place]` is the enclosure of the node that has the place."""

    def __init__(self, roots: Sequence[Node], given: Sequence[Symbol]) -> None:
        order = topological(*roots)
        _check(order, set(given))
        places: dict[Node, int] = {}
        for node in (*given, *order):
            places.setdefault(node, len(places))
        moving = set(given)
        self.count = len(places)
        self.inputs = [places[s] for s in given]
        self.outputs = [places[root] for root in roots]
        self.numbers = [(places[n], n.value) for n in order if isinstance(n, Number)]
        self.fixed: list[_Step] = []
        self.moving: list[_Step] = []
        for node in order:
            if isinstance(node, Call):
                rule, args = _rule(node)
                depends = any(a in moving for a in node.args)
                if depends:
                    moving.add(node)  # type: ignore[arg-type]
                step = (places[node], rule, tuple(places[a] for a in args), node.function in TAKES_EMPTY)
                (self.moving if depends else self.fixed).append(step)
        self.constants: dict[int, list[Enclosure]] = {}

    def enclose(self, box: Sequence[Enclosure], precision: int = DEFAULT_PRECISION) -> list[Enclosure]:
        values = self._constants(precision).copy()
        with ctx.workprec(precision):
            for place, given in zip(self.inputs, box, strict=True):
                values[place] = rounded(given)
            _run(self.moving, values)
        return [values[place] for place in self.outputs]

    def _constants(self, precision: int) -> list[Enclosure]:
        if precision not in self.constants:
            values = [NOWHERE] * self.count
            for place, number in self.numbers:
                values[place] = exactly(number, precision)
            with ctx.workprec(precision):
                _run(self.fixed, values)
            if len(self.constants) >= _CACHED_PRECISIONS:
                self.constants.clear()
            self.constants[precision] = values
        return self.constants[precision]


_Step = tuple[int, Rule, tuple[int, ...], bool]


def _run(steps: Sequence[_Step], values: list[Enclosure]) -> None:
    for place, rule, places, takes_empty in steps:
        args = [values[p] for p in places]
        if takes_empty or not any(a is NOWHERE for a in args):
            values[place] = rule(*args)
        else:
            values[place] = NOWHERE


def _check(order: Sequence[Node], given: set[Symbol]) -> None:
    for node in order:
        if node.shape:
            raise GraphError("Enclosures are of scalars; write this expression out entry by entry first.")
        if isinstance(node, Symbol) and node not in given:
            raise GraphError(f"There is no range for {node.name}, so the expression can't be enclosed.")


# ---- which rule a call follows -------------------------------------------------------------------------------------------


def _rule(node: Call) -> tuple[Rule, Sequence[Node]]:
    """Return the rule of a call and the nodes that it reads."""
    if node.function == "multiply":
        return _product(node.args)
    if node.function == "power":
        return _power(node)
    if node.function == "rootof":
        return partial(root_of, *node.static), ()
    rule = RULES.get(TABLE[node.function].balls or "")
    if rule is None:
        raise GraphError(f"{node.function} has no rigorous enclosure here, so nothing can be proved with it.")
    return rule, node.args


def _power(node: Call) -> tuple[Rule, Sequence[Node]]:
    base, exponent = node.args
    if not isinstance(exponent, Number):
        return (power_to_whole if exponent.integer else power), node.args
    if exponent.integer:
        return partial(whole_power, n=int(exponent.value)), (base,)
    return partial(rational_power, exponent=exponent.value), (base,)


def _product(factors: Sequence[Node]) -> tuple[Rule, Sequence[Node]]:
    """Equal factors are a power, and a power with the logarithm of its base is one function (`product_pieces`)."""
    pieces = pieces_of(factors)
    if all(isinstance(piece, Repeated) and piece.count == 1 for piece in pieces):
        return multiply, factors
    rules = [(_rule_of_piece(piece), len(piece.parts)) for piece in pieces]
    return partial(_product_of_pieces, rules), [part for piece in pieces for part in piece.parts]


def _rule_of_piece(piece: Piece) -> Rule:
    if isinstance(piece, Repeated):
        return partial(whole_power, n=piece.count)
    return partial(_power_times_log, exponent=piece.exponent)


def _power_times_log(v: Enclosure, logarithm: Enclosure, exponent: Fraction) -> Enclosure:
    value = times_log(v)
    if value.empty:
        return NOWHERE
    value = divide(value, exactly(exponent, ctx.prec))
    return Enclosure(value.lower, value.upper, value.everywhere and logarithm.everywhere)


def _product_of_pieces(pieces: Sequence[tuple[Rule, int]], *args: Enclosure) -> Enclosure:
    factors, start = [], 0
    for rule, count in pieces:
        factors.append(rule(*args[start : start + count]))
        start += count
    return NOWHERE if any(f.empty for f in factors) else multiply(*factors)


# ---- conditions, and expressions without symbols ---------------------------------------------------------------------------


def decide(condition: Node, box: Mapping[Symbol, Enclosure], precision: int = DEFAULT_PRECISION) -> bool | None:
    """Return whether a condition holds over a box: True at all of its points, False at none, None where that is not known.

    A point at which the condition is undefined does not count for True, and a condition that is undefined throughout
    holds nowhere.
    """
    [truth] = enclose([condition], box, precision)
    if truth.empty or truth.upper == 0:
        return False
    return True if truth.lower == 1 else None


def value_of(node: Node, precision: int = DEFAULT_PRECISION) -> Enclosure:
    """Return the value of an expression without symbols, to a relative width below 2^-precision where that is reached.

    The working precision is doubled up to 8 times, to 100,000 bits at most; then the best enclosure is returned. Whether
    the expression is surely defined is its `everywhere`. Raises `GraphError` where there are symbols.
    """
    program = _Program([node], [])
    working = precision + 16
    best = Enclosure.nowhere()
    for attempt in range(9):
        [value] = program.enclose([], min(working, _MAX_PRECISION))
        if value.empty:
            return value
        best = value if not attempt else _both(best, value)
        if best.empty or working >= _MAX_PRECISION or _is_narrow(best, precision):
            break
        working *= 2
    return best


def _both(a: Enclosure, b: Enclosure) -> Enclosure:
    """What two enclosures of one value say together."""
    return Enclosure(max(a.lower, b.lower), min(a.upper, b.upper), a.everywhere or b.everywhere)


def _is_narrow(value: Enclosure, precision: int) -> bool:
    if not value.is_bounded:
        return value.is_thin
    with ctx.workprec(64):
        allowed = min(abs(value.lower).lower(), abs(value.upper).lower()) * arb(2) ** -precision
        return value.is_thin or (not value.contains_zero and bool(value.width <= allowed.lower()))


def compare(left: Node, right: Node, precision_limit: int = 4096) -> int | None:
    """Return the sign of left - right for expressions without symbols, or None where it is not decided.

    0 is returned only for one and the same expression, and for equal rational numbers: two enclosures never prove that
    values are equal. None also where one of them is not surely defined; inf and -inf themselves compare as bounds do.
    """
    if isinstance(left, Number) and isinstance(right, Number):
        return (left.value > right.value) - (left.value < right.value)
    program = _Program([left, right], [])
    precision = 64
    while precision <= precision_limit:
        a, b = program.enclose([], precision)
        if a.empty or b.empty:
            return None
        if all(e.everywhere or node in _BOUNDS for e, node in ((a, left), (b, right))):
            if left is right:
                return 0
            if a.upper < b.lower or b.upper < a.lower:
                return -1 if a.upper < b.lower else 1
        precision *= 2
    return None
