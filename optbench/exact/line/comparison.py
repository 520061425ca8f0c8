"""Which of several candidates have the least value: by enclosures at growing precision, ties by identities and by symmetry."""

from __future__ import annotations

from fractions import Fraction

from optbench.arithmetic.balls import as_fraction, compare, value_of
from optbench.exact.answer import NotApplicable
from optbench.exact.line.enclosed import EnclosedRoot, EnclosedValue, real_enclosure
from optbench.exact.line.equation import shown
from optbench.exact.line.search import Candidate, Search
from optbench.exact.numbers.identities import is_zero, normal, simplified
from optbench.exact.numbers.sums import TooLarge
from optbench.language.build import add, negate, substitute, subtract
from optbench.language.graph import GraphError, Node
from optbench.problem.interval import INFINITY, MINUS_INFINITY

_CLOSE = 1024  # bits in which values agree that may be equal


def least(search: Search, candidates: list[Candidate]) -> list[Candidate]:
    """Return all candidates that may have the smallest value, that of the first being one of them."""
    best: list[Candidate] = []
    for candidate in candidates:
        order = _order(search, candidate, best[0]) if best else -1
        if order == 1:
            continue
        if order == -1:
            best = [candidate, *(b for b in best[1:] if _order(search, candidate, b) != -1)]
        else:
            best.append(candidate)
    search.undecided = any(_order(search, best[0], b) is None for b in best[1:])
    if search.undecided and not all(b.attained for b in best):
        raise _undecided(best[0], best[-1])
    return best


def _undecided(a: Candidate, b: Candidate) -> NotApplicable:
    return NotApplicable(f"it can't be decided which value is smaller, that at {shown_point(a.at)} or that at {shown_point(b.at)}")


def shown_point(at: Node | EnclosedRoot) -> str:
    """Return a point as a sentence shows it."""
    return shown(at) if isinstance(at, Node) else f"{float(real_enclosure(at, 53).lower):.9g}"


def _order(search: Search, a: Candidate, b: Candidate) -> int | None:
    """The sign of the difference of two values, None where that is not decided."""
    if a.value is b.value:
        return 0
    if a.value in (INFINITY, MINUS_INFINITY) or b.value in (INFINITY, MINUS_INFINITY):
        return _sign(_rank(a.value) - _rank(b.value))
    if isinstance(a.value, Node) and isinstance(b.value, Node):
        return _order_of_formulas(search, a, b, a.value, b.value)
    for bits in (64, 256, 1024):
        left, right = real_enclosure(a.value, bits), real_enclosure(b.value, bits)
        if left.upper < right.lower or right.upper < left.lower:
            return -1 if left.upper < right.lower else 1
        if bits == 64 and _mirrored(search, a, b):
            return 0
    return None


def _order_of_formulas(search: Search, a: Candidate, b: Candidate, left: Node, right: Node) -> int | None:
    order = compare(left, right, 256)
    if order is None and (is_zero(subtract(left, right)) or _mirrored(search, a, b)):
        order = 0
    if order is None:
        order = compare(simplified(left), simplified(right))
    if order is None and not _are_close(left, right):
        raise _undecided(a, b)
    return order


def _are_close(left: Node, right: Node) -> bool:
    """Whether two numbers are known to be equal in hundreds of digits."""
    boxes = [value_of(n, _CLOSE) for n in (left, right)]
    if any(b.empty or not b.is_bounded or not b.everywhere for b in boxes):
        return False
    low, high = min(as_fraction(b.lower) for b in boxes), max(as_fraction(b.upper) for b in boxes)
    return (high - low) * (1 << (_CLOSE - 8)) <= max(abs(low), abs(high), Fraction(1))


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _rank(value: Node | EnclosedValue) -> int:
    return 1 if value is INFINITY else -1 if value is MINUS_INFINITY else 0


def _mirrored(search: Search, a: Candidate, b: Candidate) -> bool:
    """Whether the function is even and the points are opposite."""
    x, f = search.variable, search.minimand
    if not (a.attained and b.attained):
        return False
    try:
        even = normal(substitute(f, {x: negate(x)})) == normal(f)
    except (TooLarge, GraphError):
        return False
    return even and _are_opposite(a.at, b.at)


def _are_opposite(a: Node | EnclosedRoot, b: Node | EnclosedRoot) -> bool:
    """Whether a + b = 0, for zeros of the derivative of an even function.

    The opposite of such a zero is another one. So a root that is alone in its bracket is the opposite of a zero that has an
    enclosure whose mirror image lies in the bracket.
    """
    if isinstance(a, Node) and isinstance(b, Node):
        return is_zero(add(a, b)) is True
    if isinstance(a, Node) or isinstance(b, Node):
        return False
    box, bracket = a.enclosure(64), b.bracket
    return bracket.low < -as_fraction(box.upper) and -as_fraction(box.lower) < bracket.high
