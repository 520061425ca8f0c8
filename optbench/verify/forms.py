"""The inferences of a proof in balls: mean-value forms and cuts, positive definite matrices, Newton tests.

Enclosures have exact ends and are rounded outward at the precision in force (`flint.ctx`). The formulas are those of
docs/certificates.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, arb_mat

from optbench.arithmetic.ball_enclosure import Enclosure, bounded
from optbench.arithmetic.ball_operators import add, multiply, whole_power

Box = Sequence[tuple[float, float]]


def interval(low: float | arb, high: float | arb) -> Enclosure:
    """Return the enclosure with these exact ends."""
    return Enclosure(arb(low), arb(high), True)


def offset(part: tuple[float, float], centre: float) -> Enclosure:
    """Return an enclosure of x - c for x in an interval."""
    return bounded(arb(part[0]) - arb(centre), arb(part[1]) - arb(centre), True)


def lower_bound(value: Enclosure, slopes: Sequence[Enclosure], box: Box, centre: Sequence[float]) -> arb:
    """Return a lower bound over the box of a function with this value at the centre and these slopes over the box."""
    terms = [multiply(g, offset(part, c)) for g, part, c in zip(slopes, box, centre, strict=True)]
    return add(value, *terms).lower


def quadratic_bound(
    value: Enclosure, slopes: Sequence[Enclosure], hessian: Sequence[Sequence[Enclosure]], box: Box, centre: Sequence[float]
) -> arb:
    """Return a lower bound over the box of f(c) + g(c)*d + d*H*d/2, for d = x - c and any enclosed Hessian H."""
    offsets = [offset(part, c) for part, c in zip(box, centre, strict=True)]
    terms = [value, *(multiply(g, d) for g, d in zip(slopes, offsets, strict=True))]
    for i, d in enumerate(offsets):
        square = multiply(_half(hessian[i][i]), whole_power(d, 2))
        terms += [square, *(multiply(hessian[i][j], multiply(d, offsets[j])) for j in range(i))]
    return add(*terms).lower


def _half(e: Enclosure) -> Enclosure:
    return Enclosure(e.lower / 2, e.upper / 2, e.everywhere)


def kept(value: arb, slopes: Sequence[Enclosure], box: Box, centre: Sequence[float], most: arb) -> list[Enclosure | None]:
    """Return for each coordinate where in the box a function with this form can be at most `most`; None for nowhere.

    `value` is a lower bound of the function at the centre.
    """
    offsets = [offset(part, c) for part, c in zip(box, centre, strict=True)]
    terms = [multiply(g, d).lower for g, d in zip(slopes, offsets, strict=True)]
    result: list[Enclosure | None] = []
    for i, (slope, d) in enumerate(zip(slopes, offsets, strict=True)):
        rest = value
        for j, term in enumerate(terms):
            rest = rest if i == j else (rest + term).lower()
        room = (most - rest).upper()
        part = _solutions(slope, d, arb.pos_inf() if room.is_nan() else room)
        result.append(None if part is None else add(part, interval(centre[i], centre[i])))
    return result


def _solutions(slope: Enclosure, d: Enclosure, room: arb) -> Enclosure | None:
    """Enclose the t in d with g*t <= room for some g of the slopes."""
    lacks = bool(room < 0)
    low, high = d.lower, d.upper
    if slope.lower > 0 and not lacks:
        high = min(high, (room / slope.lower).upper())
    if slope.upper < 0 and not lacks:
        low = max(low, (room / slope.upper).lower())
    if not lacks:
        return Enclosure(low, high, True)
    right, left = bool(d.upper > 0 and slope.lower < 0), bool(d.lower < 0 and slope.upper > 0)  # where g*t can be negative
    first = (room / slope.lower).lower() if right else arb(0)
    last = (room / slope.upper).upper() if left else arb(0)
    right, left = right and bool(first <= d.upper), left and bool(last >= d.lower)
    if not left and not right:
        return None
    return Enclosure(d.lower if left else max(first, d.lower), d.upper if right else min(last, d.upper), True)


# ---- matrices ------------------------------------------------------------------------------------------------------------------


def positive_definite(matrix: Sequence[Sequence[Enclosure]], active: Sequence[int]) -> bool:
    """Whether every symmetric matrix in the enclosure is positive definite on the active coordinates.

    Scaled to about 1 on the diagonal, its middle less the row sums of its radius has a Cholesky decomposition: what is
    subtracted makes up for any matrix within the radius, since a diagonally dominant matrix is not negative. Which powers
    of 2 scale best is tried.
    """
    n = len(active)
    entries = [[matrix[i][j] for j in active] for i in active]
    if not all(e.is_bounded for row in entries for e in row):
        return False
    middle = [[((e.lower + e.upper) / 2).mid() for e in row] for row in entries]
    if not all(middle[i][i] > 0 for i in range(n)):
        return False
    spread = [
        [max((e.upper - m).upper(), (m - e.lower).upper()) for e, m in zip(*rows, strict=True)]
        for rows in zip(entries, middle, strict=True)
    ]
    halves = zip(*(_halved_exponents(middle[i][i]) for i in range(n)), strict=True)
    return n == 0 or any(_is_definite(middle, spread, [arb((1, -h)) for h in found]) for found in dict.fromkeys(halves))


def _halved_exponents(number: arb) -> tuple[int, int, int]:
    """Half of an exact number's binary logarithm, rounded to the nearest whole number, and where that is no single one down and up."""
    mantissa, exponent = (int(part) for part in number.man_exp())
    last = mantissa.bit_length() + exponent
    low, high = (last - 1) // 2, last // 2
    return (low if low % 2 == 0 and mantissa == 1 else high), low, high


def _is_definite(middle: list[list[arb]], spread: list[list[arb]], scale: Sequence[arb]) -> bool:
    n = len(scale)
    scaled = [[middle[i][j] * scale[i] * scale[j] for j in range(n)] for i in range(n)]
    for i in range(n):
        scaled[i][i] -= sum((spread[i][j] * scale[i] * scale[j] for j in range(n)), arb(0)).upper()
    return _has_cholesky_factor(scaled)


def _has_cholesky_factor(matrix: list[list[arb]]) -> bool:
    n = len(matrix)
    factor = [[arb(0)] * n for _ in range(n)]
    for j in range(n):
        pivot = matrix[j][j] - sum((factor[j][k] ** 2 for k in range(j)), arb(0))
        if not pivot > 0:
            return False
        factor[j][j] = pivot.sqrt()
        for i in range(j + 1, n):
            factor[i][j] = (matrix[i][j] - sum((factor[i][k] * factor[j][k] for k in range(j)), arb(0))) / factor[j][j]
    return True


def newton_image(
    values: Sequence[Enclosure], matrix: Sequence[Sequence[Enclosure]], box: Sequence[Enclosure], centre: Sequence[arb]
) -> list[Enclosure] | None:
    """Return K(X) = c - Y*F(c) + (I - Y*F'(X))*(X - c), Y about the inverse of the middle; None where that can't be computed.

    Every zero of F in X lies in K(X), and if K(X) lies inside of X, there is exactly one (R. Krawczyk, Computing 4, 1969).
    """
    n = len(values)
    entries = [e for row in matrix for e in row]
    if not all(e.is_bounded for e in (*entries, *values)):
        return None
    try:
        inverse = arb_mat(n, n, [((e.lower + e.upper) / 2).mid() for e in entries]).inv()
    except ZeroDivisionError:
        return None
    inverse = arb_mat(n, n, [inverse[i, j].mid() for i in range(n) for j in range(n)])
    defect = _minus(inverse, matrix)
    step = [_row([inverse[i, k] for k in range(n)], values) for i in range(n)]
    offsets = [bounded(b.lower - c, b.upper - c, True) for b, c in zip(box, centre, strict=True)]
    image = []
    for i in range(n):
        spread = add(*(multiply(defect[i][j], offsets[j]) for j in range(n)))
        image.append(add(Enclosure(centre[i], centre[i], True), Enclosure(-step[i].upper, -step[i].lower, True), spread))
    return image


def _minus(inverse: arb_mat, matrix: Sequence[Sequence[Enclosure]]) -> list[list[Enclosure]]:
    """I - Y*H."""
    n = len(matrix)
    result = []
    for i in range(n):
        products = [_row([inverse[i, k] for k in range(n)], [matrix[k][j] for k in range(n)]) for j in range(n)]
        result.append([bounded(int(i == j) - p.upper, int(i == j) - p.lower, True) for j, p in enumerate(products)])
    return result


def _row(factors: Sequence[arb], entries: Sequence[Enclosure]) -> Enclosure:
    return add(*(multiply(Enclosure(f, f, True), e) for f, e in zip(factors, entries, strict=True)))


def strictly_inside(inner: Sequence[Enclosure], outer: Sequence[Enclosure]) -> bool:
    """Whether each inner interval lies in the interior of the outer one."""
    return all(bool(a.lower > b.lower) and bool(a.upper < b.upper) for a, b in zip(inner, outer, strict=True))
