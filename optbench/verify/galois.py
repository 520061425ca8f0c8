"""Certificates that a root of a polynomial can't be written with radicals, by how the polynomial factors modulo primes.

f is irreducible over the rational numbers, of degree n. Modulo a prime that divides neither the leading coefficient nor the
discriminant, the degrees of its factors are a cycle type in its Galois group (Dedekind). Each rule below names cycle
types, or numbers of real roots, that no solvable group has; docs/closed-forms.md has their sources. If f = g(h), the group of g is a
quotient of that of f, so the rule may be shown for g.

>>> check_rule({"rule": "prime-degree", "patterns": [[2, [2, 3]]]}, [-1, -1, 0, 0, 0, 1])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

from flint import fmpz, fmpz_poly

from optbench.arithmetic.sympy_polynomials import count_real_roots, degrees_modulo, is_irreducible
from optbench.verify.ranges import Refused

MAX_DEGREE = 200
MAX_DIGITS = 2_000  # of a coefficient
MAX_PATTERNS = 10
MAX_PRIME = 10_000

Pattern = Sequence[int]  # degrees of factors, ascending
_KEYS = frozenset(("theorem", "number", "polynomial", "rule", "patterns", "real_roots", "outer", "inner"))


def polynomial_of(certificate: Mapping[str, Any]) -> list[int]:
    """Return the coefficients of the polynomial, constant first, which is irreducible and primitive; raise `Refused` for others."""
    if not set(certificate) <= _KEYS:
        raise Refused("a certificate has a field that is not of its theorem")
    f = _coefficients(certificate["polynomial"])
    if f[-1] < 0 or gcd(*f) != 1 or not is_irreducible(f):
        raise Refused("the polynomial is not irreducible, or not in its lowest terms")
    return f


def check_rule(certificate: Mapping[str, Any], f: Sequence[int]) -> None:
    """Demand that the rule of a certificate shows that no root of the irreducible polynomial f can be written with radicals."""
    g = _outer(certificate, f)
    rule, n = certificate["rule"], len(g) - 1
    patterns = [_pattern(p, degrees, g) for p, degrees in _few(certificate["patterns"])]
    if rule == "real-roots":
        holds = not patterns and certificate.get("real_roots") == count_real_roots(g) and _by_real_roots(n, certificate["real_roots"])
    else:
        holds = "real_roots" not in certificate and rule in _RULES and _RULES[rule](n, patterns)
    if not holds:
        raise Refused("the rule does not show that the Galois group is not solvable")


def _outer(certificate: Mapping[str, Any], f: Sequence[int]) -> Sequence[int]:
    """The polynomial that the rule is about: f, or g with f = g(h)."""
    if "outer" not in certificate and "inner" not in certificate:
        return f
    g, h = _coefficients(certificate["outer"]), _coefficients(certificate["inner"])
    if (len(g) - 1) * (len(h) - 1) != len(f) - 1 or fmpz_poly(g)(fmpz_poly(h)) != fmpz_poly(list(f)):
        raise Refused("the polynomial is not composed of the two that the certificate names")
    return g


def _coefficients(written: Sequence[str]) -> list[int]:
    if not 2 <= len(written) <= MAX_DEGREE + 1 or any(len(c) > MAX_DIGITS for c in written):
        raise Refused("a polynomial is too large, or none")
    found = [int(c) for c in written]
    if not found[-1]:
        raise Refused("a leading coefficient is 0")
    return found


def _few(patterns: Sequence[Any]) -> Sequence[Any]:
    if len(patterns) > MAX_PATTERNS:
        raise Refused("a certificate has too many patterns")
    return patterns


def _pattern(p: int, degrees: Pattern, f: Sequence[int]) -> Pattern:
    """The degrees of the factors of f modulo p, which are those of the certificate."""
    if type(p) is not int or p > MAX_PRIME or degrees_modulo(f, p) != list(degrees):
        raise Refused(f"the polynomial does not factor modulo {p} as the certificate says")
    return degrees


# ---- the rules -----------------------------------------------------------------------------------------------------------------


def _by_prime_degree(n: int, patterns: Sequence[Pattern]) -> bool:
    """A solvable transitive group of prime degree is one of maps a*x + b: no other element fixes two points."""
    return n >= 5 and _is_prime(n) and len(patterns) == 1 and not _is_affine(n, list(patterns[0]))


def _is_affine(n: int, pattern: list[int]) -> bool:
    return pattern in ([n], [1] * n) or (pattern[0] == 1 and pattern[1:] == [pattern[-1]] * (len(pattern) - 1))


def _is_doubly_transitive(n: int, patterns: Sequence[Pattern]) -> bool:
    """A solvable primitive group has the power of a prime as its degree; an (n-1)-cycle with a fixed point makes it doubly transitive."""
    return n >= 6 and len(fmpz(n).factor()) > 1 and list(map(list, patterns)) == [[1, n - 1]]


def _has_long_prime_cycle(n: int, patterns: Sequence[Pattern]) -> bool:
    """A cycle of prime length q > n/2 makes the group primitive, and with q < n - 2 it contains the alternating group (Jordan)."""
    return len(patterns) == 1 and any(_is_prime(q) and 2 * q > n and q < n - 2 for q in patterns[0])


def _has_prime_cycle(n: int, patterns: Sequence[Pattern]) -> bool:
    """A primitive group of degree n >= 5 with a q-cycle, q prime and q <= n - 3 or q = 2, 3, contains the alternating group (Jordan)."""
    if n < 5 or not 1 <= len(patterns) <= 2:
        return False
    primitive, cycle = patterns[0], patterns[-1]
    return (_is_prime(n) or _makes_primitive(n, primitive)) and any(_leaves_cycle(n, q, cycle) for q in cycle)


def _makes_primitive(n: int, pattern: Pattern) -> bool:
    return list(pattern) == [1, n - 1] or any(_is_prime(q) and n < 2 * q < 2 * n for q in pattern)


def _leaves_cycle(n: int, q: int, pattern: Pattern) -> bool:
    """Whether a power of the permutation is a q-cycle that Jordan's theorem takes: q divides one length only, and is that length."""
    return _is_prime(q) and (q <= n - 3 or q in (2, 3)) and sum(length % q == 0 for length in pattern) == 1


def _by_real_roots(n: int, real: int) -> bool:
    """A solvable equation of prime degree n >= 5 with two real roots has real roots only (Kronecker)."""
    return n >= 5 and _is_prime(n) and 2 <= real < n


def _is_prime(n: int) -> bool:
    return n > 1 and bool(fmpz(n).is_prime())


_RULES: Mapping[str, Callable[[int, Sequence[Pattern]], bool]] = {
    "prime-degree": _by_prime_degree,
    "doubly-transitive": _is_doubly_transitive,
    "long-prime-cycle": _has_long_prime_cycle,
    "prime-cycle": _has_prime_cycle,
}
