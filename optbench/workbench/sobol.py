"""The Sobol sequence: points that fill the unit cube more evenly than random ones, for starts of local methods.

`points` gives the first points of the sequence, shifted at random but reproducibly; `sobol` gives one point by its index.
Every block of 2^m points that begins at a multiple of 2^m keeps, shifted or not, exactly one point in each of the 2^m
equal slices of every axis.

Direction numbers: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci.
Comput. 30 (2008), the set new-joe-kuo-6. Order: Antonov and Saleev, "An economic method of computing LP-tau sequences",
USSR Comput. Math. Math. Phys. 19 (1979).

>>> points(4, 2)
[(0.0, 0.0), (0.5, 0.5), (0.75, 0.25), (0.25, 0.75)]
"""

from __future__ import annotations

from operator import xor

DIMENSIONS = 64  # with direction numbers; above, points are pseudo-random
_BITS = 32
_UNIT = 2.0**-_BITS


def points(count: int, dimension: int, seed: int | None = None) -> list[tuple[float, ...]]:
    """Return the first `count` points of the sequence in [0, 1)^dimension, under a random digital shift.

    The shift flips the same 32 random bits of a coordinate in every point; without a `seed` there is none, and the first
    point is the origin. Equal arguments give equal points, and a larger `count` only appends. Above 64 dimensions the
    points are independent and uniform instead, from `random.Random(seed)`, seed 0 without one.
    Assumes 0 <= count < 2^32 and dimension >= 1.
    """
    if dimension > DIMENSIONS:
        return _uniform(count, dimension, seed or 0)
    directions = _directions(dimension, count.bit_length())
    state = _shift(dimension, seed)
    result = []
    for index in range(count):
        result.append(tuple(digits * _UNIT for digits in state))
        lowest_zero = (~index & (index + 1)).bit_length() - 1  # the one bit in which the next Gray code differs
        state = list(map(xor, state, directions[lowest_zero]))
    return result


def sobol(index: int, dimension: int) -> tuple[float, ...]:
    """Return point `index`, counted from 0, of the unshifted sequence.

    Assumes 0 <= index < 2^32 and 1 <= dimension <= 64.

    >>> sobol(3, 2)
    (0.25, 0.75)
    """
    gray = index ^ (index >> 1)
    state = [0] * dimension
    for bit, direction in enumerate(_directions(dimension, gray.bit_length())):
        if gray >> bit & 1:
            state = list(map(xor, state, direction))
    return tuple(digits * _UNIT for digits in state)


def _uniform(count: int, dimension: int, seed: int) -> list[tuple[float, ...]]:
    from random import Random

    uniform = Random(seed).random
    return [tuple(uniform() for _ in range(dimension)) for _ in range(count)]


def _shift(dimension: int, seed: int | None) -> list[int]:
    if seed is None:
        return [0] * dimension
    from random import Random

    random = Random(seed)
    return [random.getrandbits(_BITS) for _ in range(dimension)]


def _directions(dimension: int, bits: int) -> list[tuple[int, ...]]:
    """Return, for each bit of the Gray code, the direction number of every axis, as whole numbers of 2^-32."""
    rows = [[int(number) for number in row.split()] for row in _TABLE.split(",")[:dimension]]
    axes = [[m << (_BITS - k) for k, m in enumerate(_odd_numbers(row[0], row[1:], bits), 1)] for row in rows]
    return list(zip(*axes, strict=True))


def _odd_numbers(polynomial: int, m: list[int], bits: int) -> list[int]:
    """Return m_1 to m_bits from the first ones (Joe and Kuo 2008, eq. 2; m_k is m[k - 1])."""
    degree = polynomial.bit_length() - 1
    if degree == 0:  # the first axis has no polynomial: van der Corput's sequence
        return [1] * bits
    for k in range(degree, bits):
        term = m[k - degree]
        for i in range(1, degree + 1):
            if polynomial >> (degree - i) & 1:
                term ^= m[k - i] << i
        m.append(term)
    return m[:bits]


# One axis an entry: its primitive polynomial over GF(2), the coefficient of x^i in bit i, then m_1, ..., m_degree.
_TABLE = """
1 1, 3 1, 7 1 3, 11 1 3 1, 13 1 1 1, 19 1 1 3 3, 25 1 3 5 13, 37 1 1 5 5 17, 41 1 1 5 5 5, 47 1 1 7 11 19,
55 1 1 5 1 1, 59 1 1 1 3 11, 61 1 3 5 5 31, 67 1 3 3 9 7 49, 91 1 1 1 15 21 21, 97 1 3 1 13 27 49,
103 1 1 1 15 7 5, 109 1 3 1 15 13 25, 115 1 1 5 5 19 61, 131 1 3 7 11 23 15 103, 137 1 3 7 13 13 15 69,
143 1 1 3 13 7 35 63, 145 1 3 5 9 1 25 53, 157 1 3 1 13 9 35 107, 167 1 3 1 5 27 61 31, 171 1 1 5 11 19 41 61,
185 1 3 5 3 3 13 69, 191 1 1 7 13 1 19 1, 193 1 3 7 5 13 19 59, 203 1 1 3 9 25 29 41, 211 1 3 5 13 23 1 55,
213 1 3 7 3 13 59 17, 229 1 3 1 3 5 53 69, 239 1 1 5 5 23 33 13, 241 1 1 7 7 1 61 123, 247 1 1 7 9 13 61 49,
253 1 3 3 5 3 55 33, 285 1 3 1 15 31 13 49 245, 299 1 3 5 15 31 59 63 97, 301 1 3 1 11 11 11 77 249,
333 1 3 1 11 27 43 71 9, 351 1 1 7 15 21 11 81 45, 355 1 3 7 3 25 31 65 79, 357 1 3 1 1 19 11 3 205,
361 1 1 5 9 19 21 29 157, 369 1 3 7 11 1 33 89 185, 391 1 3 3 3 15 9 79 71, 397 1 3 7 11 15 39 119 27,
425 1 1 3 1 11 31 97 225, 451 1 1 1 3 23 43 57 177, 463 1 3 7 7 17 17 37 71, 487 1 3 1 5 27 63 123 213,
501 1 1 3 5 11 43 53 133, 529 1 3 5 5 29 17 47 173 479, 539 1 3 3 11 3 1 109 9 69, 545 1 1 1 5 17 39 23 5 343,
557 1 3 1 5 25 15 31 103 499, 563 1 1 1 11 11 17 63 105 183, 601 1 1 5 11 9 29 97 231 363,
607 1 1 5 15 19 45 41 7 383, 617 1 3 7 7 31 19 83 137 221, 623 1 1 1 3 23 15 111 223 83,
631 1 1 5 13 31 15 55 25 161, 637 1 1 3 13 25 47 39 87 257
"""
