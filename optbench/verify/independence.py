"""That roots generate a field of the full degree over Q(x), and which of its elements are linearly independent over Q.

The field is K = Q(x, i, a_1, a_2, ...) with a_k^n = w(x). Square roots multiply the degree by 2 each if no product of some w and of -1
(for i) is a square in Q(x) (Kummer); one more root, of odd degree n, by n if w is no p-th power for a prime p that divides n,
as n is coprime to the degree of the others. Then the products of x^k, i^e, and powers below n of the roots are a basis over Q of
the elements without denominators.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod

from flint import fmpz

from optbench.arithmetic.sympy_polynomials import Polynomial, by_powers, degree, derivative, is_power, rank, terms
from optbench.verify.kernel_field import Kernel, KernelField, Ratio, Root
from optbench.verify.ranges import Refused


def check_field(field: KernelField) -> None:
    """Demand that the roots are seen to generate a field of the full degree."""
    odd: list[Root] = []
    squares: list[Polynomial] = [-field.one]
    for root in field.roots:
        w = root.radicand
        if w is None or any(set(powers) - {"x"} for p in w for powers, _ in terms(p)):
            raise Refused("it has nested roots, or roots of polynomials, which are not shown to be independent")
        if root.degree == 2:
            squares.append(w.top * w.bottom)
        else:
            odd.append(root)
    some = (prod(chosen) for k in range(1, len(squares) + 1) for chosen in combinations(squares, k))
    if any(is_power(p, 2) for p in some) or len(odd) > 1 or not all(map(_has_full_degree, odd)):
        raise Refused("its roots are not shown to be independent")


def _has_full_degree(root: Root) -> bool:
    """Whether w^(1/n) has the degree n over Q(x), n odd."""
    assert root.radicand is not None
    top, bottom = root.radicand
    primes = [int(p) for p, _ in fmpz(root.degree).factor()]
    return root.degree % 2 == 1 and not any(is_power(top * bottom ** (p - 1), p) for p in primes)


def check_kernels(field: KernelField, kernels: Sequence[Kernel]) -> None:
    """Demand that the field is one, and that the kernels are independent in it, those of each kind and the constants."""
    check_field(field)
    moving = [k for k in kernels if field.moves(k.argument)]
    constants = [k.argument for k in kernels if not field.moves(k.argument)]
    exponents = [_derivative(field, k.argument) for k in moving if k.kind == "exp"]
    logarithms = [field.quotient(_derivative(field, k.argument), k.argument) for k in moving if k.kind == "log"]
    if constants and any(k.kind == "log" for k in kernels):
        raise Refused("it holds a constant such as e next to logarithms")
    if not all(_are_independent(field, group) for group in (exponents, logarithms, constants)):
        raise Refused("its exponentials or logarithms depend on each other")


def _derivative(field: KernelField, a: Ratio) -> Ratio:
    """(t/b)' = (t'*b - t*b')/b^2."""
    top, bottom = (_derivative_of_polynomial(field, p) for p in a)
    whole = Ratio(a.bottom, field.one)
    numerator = field.sum(field.product(top, whole), field.product(bottom, Ratio(-a.top, field.one)))
    return field.quotient(numerator, field.product(whole, whole))


def _derivative_of_polynomial(field: KernelField, p: Polynomial) -> Ratio:
    result = Ratio(derivative(p, "x"), field.one)
    for root in field.roots:
        inner = derivative(p, root.name)
        if inner:
            result = field.sum(result, field.product(Ratio(inner, field.one), _derivative_of_root(field, root)))
    return result


def _derivative_of_root(field: KernelField, root: Root) -> Ratio:
    """a' = a*w'/(n*w), which for w = t/b is a*(t'*b - t*b')/(n*t*b)."""
    assert root.radicand is not None
    t, b = root.radicand
    slope = derivative(t, "x") * b - t * derivative(b, "x")
    return field.quotient(Ratio(field.generators[root.name] * slope, field.one), Ratio(root.degree * t * b, field.one))


def _are_independent(field: KernelField, elements: Sequence[Ratio]) -> bool:
    """Whether elements of the field are linearly independent over Q, which multiplication by a common denominator does not change."""
    if not elements:
        return True
    tops = [prod((e.bottom for e in elements if e is not element), start=element.top) for element in elements]
    for root in field.roots:
        tops = _with_low_powers(field, tops, root)
    return rank([field.without_i_squared(p) for p in tops]) == len(elements)


def _with_low_powers(field: KernelField, polynomials: Sequence[Polynomial], root: Root) -> list[Polynomial]:
    """All of them times one power of b, without powers of a from n on, for a^n = t/b."""
    assert root.radicand is not None
    t, b = root.radicand
    n, most = root.degree, max(degree(p, root.name) for p in polynomials) // root.degree
    a = field.generators[root.name]
    parts = [by_powers(p, [root.name]).items() for p in polynomials]
    return [sum((c * a ** (k % n) * t ** (k // n) * b ** (most - k // n) for (k,), c in part), 0 * a) for part in parts]
