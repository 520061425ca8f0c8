"""Certificates with several exponentials and logarithms, by a theorem that awaits publication (docs/closed-forms.md proves it).

Its hypotheses: the roots generate a field of the full degree over Q(x); in it, the u' of the exponentials exp(u) and the v'/v of the
logarithms log(v) are each linearly independent over the rational numbers; each irreducible polynomial P over the rational
numbers that may be 0 at the number and its kernels is none of P(X), g(Y^n) up to a monomial, g(<m, Z>); and the number is none of the
algebraic ones at which P(X, Y, 0) can be 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from flint import acb

from optbench.arithmetic.sympy_polynomials import Polynomial, by_powers, degree, derivative, generators, rank
from optbench.verify.elimination import rational_factors, vanishing_part
from optbench.verify.independence import check_kernels
from optbench.verify.kernel_field import Kernel, KernelField
from optbench.verify.ranges import Refused
from optbench.verify.stationary import StationaryPoint

MAX_EXPONENTS = 100  # of P(X, Y, 0), of which all pairs are looked at
_KEYS = frozenset(("theorem", "number", "kernels", "roots", "polynomials"))


def check(certificate: Mapping[str, Any], point: StationaryPoint) -> None:
    """Demand that a certificate shows that a stationary point is not in L."""
    if set(certificate) != _KEYS:
        raise Refused("a certificate has other fields than its theorem")
    field = KernelField(certificate["roots"], certificate["kernels"], point.x)
    equation = vanishing_part(field, field.read(point.equation).top)
    field.check_named(equation)
    kernels = named(field, certificate)
    check_kernels(field, kernels)
    known = rational_factors(field, equation)
    field.check_listed(certificate["polynomials"], known)
    moving = [k for k in kernels if field.moves(k.argument)]
    constants = [k for k in kernels if k not in moving]
    for p in known:
        check_form(p, moving)
        _check_not_algebraic(field, p, moving, constants)


def named(field: KernelField, certificate: Mapping[str, Any]) -> list[Kernel]:
    """Return the kernels that a certificate names."""
    return [k for k in field.kernels if k.name in certificate["kernels"]]


def check_form(p: Polynomial, moving: Sequence[Kernel]) -> None:
    """Demand that p is neither in x alone, nor g(Y^n) up to a monomial, nor g(<m, Z>)."""
    exponentials = [k.name for k in moving if k.kind == "exp" and degree(p, k.name)]
    logarithms = [k.name for k in moving if k.kind == "log" and degree(p, k.name)]
    if not exponentials and not logarithms:
        raise Refused("it may be algebraic")
    if degree(p, "x") or (exponentials and logarithms):
        return
    if exponentials and rank(_directions(p, exponentials)) < 2:
        raise Refused("it may be one of the numbers at which a product of powers of exponentials is algebraic")
    if logarithms and rank([derivative(p, name) for name in logarithms]) < 2:
        raise Refused("it may be one of the numbers at which a sum of logarithms is algebraic")


def _directions(p: Polynomial, names: Sequence[str]) -> list[Polynomial]:
    """The differences of the exponents of some generators, as linear forms."""
    first, *rest = by_powers(p, names)
    t = generators(names)
    return [sum(((a - b) * t[name] for name, a, b in zip(names, powers, first, strict=True)), 0 * t[names[0]]) for powers in rest]


def _check_not_algebraic(field: KernelField, p: Polynomial, moving: Sequence[Kernel], constants: Sequence[Kernel]) -> None:
    """Demand that the number is not algebraic: for P(X, Y, 0) = sum of p_I(X)*Y^I, some p_I is not 0, and all Y^I are different."""
    exponentials = [k for k in moving if k.kind == "exp"]
    logarithms = [k.name for k in moving if k.kind == "log"]
    at_zero = by_powers(p, logarithms).get((0,) * len(logarithms))
    if at_zero is None:
        raise Refused("all terms have logarithms, so that algebraic solutions are not told apart")
    powers = by_powers(at_zero, [k.name for k in (*exponentials, *constants)])
    if len(powers) > MAX_EXPONENTS:
        raise Refused("its polynomial has too many terms")
    if all(map(field.may_vanish, powers.values())):
        raise Refused("it may be algebraic")
    arguments = [field.value(k.argument) for k in (*exponentials, *constants)]
    for first, second in combinations(powers, 2):
        if first[: len(exponentials)] != second[: len(exponentials)]:
            apart = sum(((a - b) * u for a, b, u in zip(first, second, arguments, strict=True)), acb(0))
            if apart.contains(0):
                raise Refused("it may be an algebraic number at which two products of exponentials are equal")
