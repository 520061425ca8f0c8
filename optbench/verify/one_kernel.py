"""Certificates by Lin's theorem: one exponential or one logarithm in the equation of a number x.

Assume Schanuel's conjecture. If P is irreducible with both variables, P(z, exp(z)) = 0, and z is not 0, then z is not in L (Lin
1983). Here z = u(x) for the kernel exp(u), and z = log(v(x)) for log(v): were x in L, so would be z. The
equation and the polynomial of u or v are freed of x, of roots and of i by resultants, which vanish at the number, and so does
one of their irreducible factors; every factor that may be 0 there has to have both variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

from optbench.arithmetic.sympy_polynomials import Polynomial, by_powers, degree, derivative, factors
from optbench.verify.elimination import vanishing, vanishing_part, without, without_i, without_roots
from optbench.verify.kernel_field import Kernel, KernelField
from optbench.verify.ranges import Refused
from optbench.verify.stationary import StationaryPoint

_KEYS = frozenset(("theorem", "number", "kernel", "z", "roots", "polynomials"))
_KERNEL = "y0"
REACH = 6  # whole numbers up to this are tried as coordinates of a smooth point


def check(certificate: Mapping[str, Any], point: StationaryPoint) -> None:
    """Demand that a certificate shows that a stationary point is not in L."""
    if set(certificate) != _KEYS:
        raise Refused("a certificate has other fields than its theorem")
    field = KernelField(certificate["roots"], {_KERNEL: certificate["kernel"]}, point.x)
    known = vanishing(field, without_i(field, _relation(field, point)))
    if certificate["z"] != {"exp": "argument", "log": "value"}[_kernel(field).kind]:
        raise Refused("z is not what the kernel makes it")
    field.check_listed(certificate["polynomials"], known)
    if any(degree(p, name) < 1 for p in known for name in "zw"):
        raise Refused("a polynomial has not both variables")
    if field.may_vanish(field.generators["z"]):
        raise Refused("the exponent or the logarithm may be 0")


def _kernel(field: KernelField) -> Kernel:
    return next(k for k in field.kernels if k.name == _KERNEL)


def _relation(field: KernelField, point: StationaryPoint) -> Polynomial:
    """A polynomial in z, w = exp(z) and i that is 0 at the number."""
    equation = vanishing_part(field, field.read(point.equation).top)
    field.check_named(equation)
    kernel = _kernel(field)
    argument, value = ("z", "w") if kernel.kind == "exp" else ("w", "z")
    field.name_value(argument, field.value(kernel.argument))
    field.name_value(value, field.polynomial_value(field.generators[_KERNEL]))
    link = field.generators[argument] * kernel.argument.bottom - kernel.argument.top
    equation, link = without_roots(field, equation), without_roots(field, link)
    return without(field, equation.compose(field.generators[_KERNEL], field.generators[value]), link, "x")


# ---- not even with Lambert's W ---------------------------------------------------------------------------------------------------


def check_beyond_w(certificate: Mapping[str, Any], point: StationaryPoint) -> None:
    """Demand that a stationary point, which is not in L by a certificate that was checked, is not in L_W.

    By a theorem of our own that awaits publication (docs/closed-forms.md): z is no algebraic number, and P, irreducible over the
    complex numbers with P(z, exp(z)) = 0, is neither (X - g)^r*Y^s - k nor Y^s - k*(X - g)^r, up to a constant.
    """
    field = KernelField(certificate["roots"], {_KERNEL: certificate["kernel"]}, point.x)
    with_i = _relation(field, point)
    known = vanishing(field, without_i(field, with_i))
    if not any(_is_beyond_w(field, p) for p in [with_i, *(known if len(known) == 1 else [])]):
        raise Refused("it is not seen that Lambert's W does not help")


def _is_beyond_w(field: KernelField, p: Polynomial) -> bool:
    has_both = all(degree(p, name) for name in "zw")
    return has_both and _is_absolutely_irreducible(field, p) and not _is_lambert_form(field, p)


def _is_lambert_form(field: KernelField, p: Polynomial) -> bool:
    coefficients = by_powers(p, ["w"])
    if len(coefficients) != 2 or (0,) not in coefficients:
        return False
    return any(not degree(a, "z") and _is_power_of_line(field, b) for a, b in permutations(coefficients.values()))


def _is_power_of_line(field: KernelField, f: Polynomial) -> bool:
    """Whether f is c*(z - g)^r, for which f/f' has the slope 1/r: r*f*f'' = (r - 1)*f'^2."""
    r, slope = degree(f, "z"), derivative(f, "z")
    return not field.without_i_squared(r * f * derivative(slope, "z") - (r - 1) * slope**2)


def _is_absolutely_irreducible(field: KernelField, p: Polynomial) -> bool:
    """Whether p is of degree 1 in one variable, with coprime coefficients; or, without i, irreducible with a smooth rational point.

    Two conjugate factors would meet in the rational point, which would not be smooth.
    """
    if any(degree(p, name) == 1 and _are_coprime(field, list(by_powers(p, [name]).values()), other) for name, other in ("zw", "wz")):
        return True
    return (
        not degree(p, "i") and len(factors(p)) == 1 and any(derivative(p, n).compose(at) for at in _rational_points(field, p) for n in "zw")
    )


def _are_coprime(field: KernelField, coefficients: Sequence[Polynomial], name: str) -> bool:
    """Whether two polynomials in one variable and i have no common root, as their products with their conjugates have none."""
    i = field.generators["i"]
    norms = [field.without_i_squared(c * c.compose(i, -i)) for c in coefficients]
    return len(norms) == 2 and not degree(norms[0].gcd(norms[1]), name)


def _rational_points(field: KernelField, p: Polynomial) -> Iterator[list[tuple[Polynomial, Polynomial]]]:
    """Yield some zeros of p, as what stands for the variables there."""
    for fixed, free in ("zw", "wz"):
        for a in range(-REACH, REACH + 1):
            line = p.compose(field.generators[fixed], a * field.one)
            for factor in factors(line) if line else []:
                if degree(factor, free) == 1:
                    powers = by_powers(factor, [free])
                    b = -powers.get((0,), 0 * field.one) / powers[(1,)].LC
                    yield [(field.generators[fixed], a * field.one), (field.generators[free], b)]
