"""Certificates that stationary points, as functions of parameters, are not elementary (from Ax 1971; docs/closed-forms.md proves it).

The hypotheses are those of several kernels, with the parameters in the coefficients of P, and in no kernel. There is no
conjecture; the only exceptions are solutions that are the same for all parameters. Such a one is a common zero of all coefficients
of P by the parameters. Those without kernels tell which real numbers that can be, and the others are not all 0 there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any

from flint import arb

from optbench.arithmetic.sympy_polynomials import Polynomial, by_powers, degree, factors, terms
from optbench.language.graph import Node
from optbench.language.rootof import real_roots
from optbench.verify.elimination import rational_factors
from optbench.verify.independence import check_kernels
from optbench.verify.kernel_field import KERNELS, PARAMETERS, Kernel, KernelField
from optbench.verify.ranges import Refused
from optbench.verify.several_kernels import check_form, named

_KEYS = frozenset(("theorem", "kernels", "roots", "polynomials"))


def check(certificate: Mapping[str, Any], slope: Node) -> None:
    """Demand that a certificate shows that no real zero of the slope is an elementary function of the parameters."""
    if set(certificate) != _KEYS:
        raise Refused("a certificate has other fields than its theorem")
    field = KernelField(certificate["roots"], certificate["kernels"])
    equation = field.read(slope).top
    field.check_named(equation)
    kernels = named(field, certificate)
    if any(degree(p, name) for r in field.roots if r.radicand for p in r.radicand for name in PARAMETERS):
        raise Refused("a parameter stands in a root")
    if not all(field.moves(k.argument) for k in kernels):
        raise Refused("an exponential is constant")
    check_kernels(field, kernels)
    known = [p for p in rational_factors(field, equation) if any(degree(p, name) for name in ("x", *KERNELS))]
    field.check_listed(certificate["polynomials"], known)
    for p in known:
        check_form(p, kernels)
        _check_not_constant(certificate, p, kernels)


def _check_not_constant(certificate: Mapping[str, Any], p: Polynomial, kernels: Sequence[Kernel]) -> None:
    """Demand that no real number is a zero for all parameters."""
    coefficients = [_without_exponentials(c, kernels) for c in by_powers(p, PARAMETERS).values()]
    plain = [c for c in coefficients if not any(degree(c, name) for name in KERNELS)]
    if not plain:
        raise Refused("it is not seen that all solutions depend on the parameters")
    for x in _real_zeros(reduce(lambda a, b: a.gcd(b), plain)):
        field = KernelField(certificate["roots"], certificate["kernels"], x)
        if all(map(field.may_vanish, coefficients)):
            raise Refused("some solutions may not depend on the parameters")


def _without_exponentials(p: Polynomial, kernels: Sequence[Kernel]) -> Polynomial:
    """p, divided by the powers of exponentials, which are never 0, that all of its terms have."""
    t = dict(zip(map(str, p.ring.symbols), p.ring.gens, strict=True))
    least = {k.name: min(powers.get(k.name, 0) for powers, _ in terms(p)) for k in kernels if k.kind == "exp"}
    return p.exquo(prod((t[name] ** n for name, n in least.items()), start=p.ring.one))


def _real_zeros(p: Polynomial) -> Iterator[arb]:
    """Yield the real zeros of a polynomial in x."""
    for factor in factors(p):
        powers = by_powers(factor, ["x"])
        whole = [int(powers[(k,)].LC) if (k,) in powers else 0 for k in range(degree(factor, "x") + 1)]
        yield from real_roots(whole)
