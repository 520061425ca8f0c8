"""Polynomials whose roots can't be written with radicals: proofs by how they factor modulo primes.

For an irreducible polynomial f of degree n with rational coefficients, one root can be written with radicals if and only if the
Galois group is solvable (Galois 1831). The degrees of the factors of f modulo a prime that divides neither the
discriminant nor the leading coefficient are a cycle type of the group (Dedekind). Each of the rules below needs a few cycle
types and shows that no solvable group has them; `solvable` is decided by SymPy's group up to degree 6, else it stays open.

>>> from flint import fmpz_poly
>>> proof = not_solvable(fmpz_poly([-1, -1, 0, 0, 0, 1]))
>>> proof.rule, proof.patterns
('prime-degree', [(2, [2, 3])])

Sources: B. Huppert, Endliche Gruppen I (Springer 1967), II.3.2 and II.3.6; C. Jordan 1873, in H. Wielandt, Finite Permutation
Groups (Academic Press 1964), theorem 13.9; L. Kronecker, for the rule of real roots; R. Dedekind, for cycle types.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

from flint import fmpz, fmpz_poly, nmod_poly

from optbench.exact.absence.substitutions import decompositions, dickson, is_power, reciprocal
from optbench.language.rootof import real_roots

PRIMES = 200  # that are tried, at most
MAX_DEGREE = 200

Pattern = tuple[int, list[int]]  # a prime, and the degrees of the factors modulo it, ascending


class NotSolvable(NamedTuple):
    """A proof that no root can be written with radicals."""

    rule: str
    patterns: list[Pattern]
    real_roots: int | None = None  # for the rule of real roots
    quotient: list[int] | None = None  # for a polynomial g with f = g(h): its coefficients, constant first ...
    inner: list[int] | None = None  # ... and those of h


def not_solvable(f: fmpz_poly) -> NotSolvable | None:
    """Return a proof for an irreducible polynomial with integer coefficients, or None where no rule applies."""
    n = f.degree()
    if n < 5 or n > MAX_DEGREE:
        return None
    found: list[Pattern] = []
    for pattern in islice(patterns(f), PRIMES):
        found.append(pattern)
        proof = by_one_pattern(n, pattern) or by_cycle(n, found)
        if proof is not None:
            return proof
    return by_real_roots(f) or by_quotient(f)


def patterns(f: fmpz_poly) -> Iterator[Pattern]:
    """Yield the degrees of the factors modulo primes, for those that divide neither discriminant nor leading coefficient."""
    coefficients = [int(c) for c in f.coeffs()]
    for p in filter(_is_prime, count(2)):
        if coefficients[-1] % p:
            _, factors = nmod_poly([c % p for c in coefficients], p).factor()
            if all(exponent == 1 for _, exponent in factors):  # so p does not divide the discriminant
                yield p, sorted(int(g.degree()) for g, _ in factors)


# ---- the rules -----------------------------------------------------------------------------------------------------------


def by_one_pattern(n: int, pattern: Pattern) -> NotSolvable | None:
    """The rules that one cycle type is enough for."""
    degrees = pattern[1]
    if n >= 5 and _is_prime(n) and not _is_affine(n, degrees):
        return NotSolvable("prime-degree", [pattern])
    if not _is_prime_power(n) and degrees == [1, n - 1]:
        return NotSolvable("doubly-transitive", [pattern])
    if any(_is_prime(q) and n / 2 < q < n - 2 for q in degrees):
        return NotSolvable("long-prime-cycle", [pattern])
    return None


def _is_affine(n: int, degrees: Sequence[int]) -> bool:
    """Whether a cycle type is one of x -> a*x + b modulo the prime n: one cycle, no point moved, or one fixed and equal ones."""
    rest = list(degrees)
    if rest == [n] or rest == [1] * n:
        return True
    return rest[0] == 1 and len(set(rest[1:])) == 1


def by_cycle(n: int, found: Sequence[Pattern]) -> NotSolvable | None:
    """A primitive group of degree n >= 5 with a q-cycle, q prime and q <= n - 3 or q = 2, 3, contains the alternating group."""
    primitive = _primitive(n, found)
    cycle = next((p for p in found if has_prime_cycle(n, p[1])), None)
    if n < 5 or primitive is None or cycle is None:
        return None
    return NotSolvable("prime-cycle", [*primitive, *([] if cycle in primitive else [cycle])])


def _primitive(n: int, found: Sequence[Pattern]) -> list[Pattern] | None:
    """Cycle types from which it follows that a transitive group is primitive; none where its degree is enough."""
    if _is_prime(n):
        return []
    return next(([p] for p in found if p[1] == [1, n - 1] or any(_is_prime(q) and n / 2 < q < n for q in p[1])), None)


def has_prime_cycle(n: int, degrees: Sequence[int]) -> bool:
    """Whether some power of a permutation of this cycle type is a single cycle of a length that Jordan's theorem takes.

    That is the power by all other lengths, if one length is q and q divides no other.
    """
    return any(_is_prime(q) and (q <= n - 3 or q in (2, 3)) and sum(d % q == 0 for d in degrees) == 1 for q in degrees)


def by_real_roots(f: fmpz_poly) -> NotSolvable | None:
    """Kronecker: a solvable equation of prime degree with two real roots has real roots only."""
    n = f.degree()
    if n < 5 or not _is_prime(n):
        return None
    real = len(real_roots(tuple(int(c) for c in f.coeffs())))
    return NotSolvable("real-roots", [], real_roots=real) if 2 <= real < n else None


def by_quotient(f: fmpz_poly) -> NotSolvable | None:
    """If f = g(h), the group of g is a quotient of that of f."""
    for g, h in decompositions(f):
        proof = not_solvable(g) if g.degree() >= 5 else None
        if proof is not None:
            return proof._replace(quotient=[int(c) for c in g.coeffs()], inner=[int(c) for c in h.coeffs()])
    return None


# ---- solvable equations ------------------------------------------------------------------------------------------------------


def is_solvable(f: fmpz_poly) -> bool | None:
    """Whether the roots of an irreducible polynomial can be written with radicals; None where that is not known.

    Degrees up to 4 can; so can f = g(h) where g can and h has degree 4 at most or is a power, x^m*g(x + c/x) where g can, and
    what Dickson's polynomials solve; SymPy finds the groups of degrees 5 and 6.
    """
    n = int(f.degree())
    if n <= 4 or dickson(f) is not None:
        return True
    if any((h.degree() <= 4 or is_power(h)) and is_solvable(g) for g, h in decompositions(f)):
        return True
    turned = reciprocal(f)
    if turned is not None and is_solvable(turned.g):
        return True
    return _group_is_solvable(f) if n <= 6 else None


def _group_is_solvable(f: fmpz_poly) -> bool | None:
    import sympy
    from sympy.polys.numberfields.galoisgroups import galois_group

    x = sympy.Symbol("x")
    leading = int(f[int(f.degree())])
    monic = [int(c) * leading ** (int(f.degree()) - 1 - k) for k, c in enumerate(list(f.coeffs())[:-1])] + [1]  # of leading*x
    try:
        group, _ = galois_group(sympy.Poly(monic[::-1], x))
        return bool(group.is_solvable)
    except Exception:  # whatever SymPy fails with, the group is not known
        return None


def _is_prime(n: int) -> bool:
    return n > 1 and bool(fmpz(n).is_prime())


def _is_prime_power(n: int) -> bool:
    return len(fmpz(n).factor()) == 1
