"""The cycle types of all solvable transitive groups of small degree, without a library of groups.

Such a group is imprimitive, and then inside of a wreath product of two smaller ones, or primitive, and then, by Galois, of
prime power degree and inside of the affine group of a vector space. So all their elements are found in a few largest groups.

>>> sorted(sorted(types) for types in largest(4))
[[(1, 1, 1, 1), (1, 1, 2), (1, 3), (2, 2), (4,)], [(1, 1, 1, 1), (1, 1, 2), (2, 2), (4,)]]
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache
from itertools import product
from typing import TypeVar

CycleType = tuple[int, ...]  # ascending
Types = frozenset[CycleType]
Permutation = tuple[int, ...]
Point = TypeVar("Point", bound=Hashable)

DEGREES = [*range(2, 16), *range(17, 25)]  # those whose primitive solvable groups are inside of the groups below


def cycle_type(permutation: Permutation) -> CycleType:
    """The lengths of the cycles."""
    seen: set[int] = set()
    lengths = []
    for start in range(len(permutation)):
        length, k = 0, start
        while k not in seen:
            seen.add(k)
            length, k = length + 1, permutation[k]
        if length:
            lengths.append(length)
    return tuple(sorted(lengths))


@cache
def largest(n: int) -> frozenset[Types]:
    """The sets of cycle types of groups that hold all solvable transitive groups of degree n."""
    if n == 1:
        return frozenset({frozenset({(1,)})})
    imprimitive = {wreath(inner, outer) for k in range(2, n) if n % k == 0 for inner in largest(k) for outer in largest(n // k)}
    return frozenset(imprimitive | {frozenset(map(cycle_type, group)) for group in _primitive(n)})


def wreath(inner: Types, outer: Types) -> Types:
    """The types in a wreath product: an element permutes the blocks, and its power that returns to a block is any of the inner group."""
    return frozenset(
        tuple(sorted(length * k for length, chosen in zip(cycles, choice, strict=True) for k in chosen))
        for cycles in outer
        for choice in product(inner, repeat=len(cycles))
    )


# ---- primitive groups ---------------------------------------------------------------------------------------------------------


def _primitive(n: int) -> list[list[Permutation]]:
    """The largest solvable primitive groups: of AGL(1, p), AGL(2, 2) = S4, AGL(2, 3) and the semilinear maps of 8 elements."""
    if n in (4, 9):
        return [_affine_of_plane(2 if n == 4 else 3)]
    if n == 8:
        return [_semilinear_of_8()]
    return [_affine_of_line(n)] if all(n % k for k in range(2, n)) else []


def _affine_of_line(p: int) -> list[Permutation]:
    return [tuple((a * x + b) % p for x in range(p)) for a in range(1, p) for b in range(p)]


def _affine_of_plane(p: int) -> list[Permutation]:
    points = list(product(range(p), repeat=2))
    found = []
    for a, b, c, d, e, f in product(range(p), repeat=6):
        if (a * d - b * c) % p:
            found.append(_as_permutation(points, lambda v, m=(a, b, c, d, e, f): _image(p, m, v)))
    return found


def _image(p: int, m: Sequence[int], v: tuple[int, int]) -> tuple[int, int]:
    a, b, c, d, e, f = m
    return (a * v[0] + b * v[1] + e) % p, (c * v[0] + d * v[1] + f) % p


def _semilinear_of_8() -> list[Permutation]:
    """x -> a*x^(2^k) + b over the field of 8 elements; the irreducible solvable subgroups of GL(3, 2) are in its part with b = 0."""
    return [
        _as_permutation(range(8), lambda x, a=a, k=k, b=b: _times_8(a, _to_power_of_2(x, k)) ^ b)
        for a in range(1, 8)
        for k in range(3)
        for b in range(8)
    ]


def _times_8(a: int, b: int) -> int:
    """A product of polynomials over 2 elements modulo t^3 + t + 1, as bits."""
    result = 0
    for k in range(3):
        result ^= (a << k) if b >> k & 1 else 0
    for k in (4, 3):
        result ^= (0b1011 << (k - 3)) if result >> k & 1 else 0
    return result


def _to_power_of_2(x: int, k: int) -> int:
    for _ in range(k):
        x = _times_8(x, x)
    return x


def _as_permutation(points: Sequence[Point], image: Callable[[Point], Point]) -> Permutation:
    places = {point: k for k, point in enumerate(points)}
    return tuple(places[image(point)] for point in points)


# ---- all subgroups, by brute force ----------------------------------------------------------------------------------------------


def generated(generators: Iterable[Permutation]) -> frozenset[Permutation]:
    """The group that some permutations generate."""
    generators = list(generators)
    group = {tuple(range(len(generators[0])))}
    new = list(group)
    while new:
        new = list({tuple(g[k] for k in h) for h in new for g in generators} - group)
        group.update(new)
    return frozenset(group)
