"""Equations with several exponentials and logarithms: no formula, by a theorem of our own that awaits publication.

Assume Schanuel's conjecture. Let K be a field of algebraic functions of x, u_1, ..., v_1, ... in K with the u_j' and the v_j'/v_j
each linearly independent over the rational numbers, and P an irreducible polynomial over the rational numbers, in which x and
some kernel occur, with P(a, exp(u(a)), log(v(a))) = 0. Then a is not in L, unless it is algebraic; and if it is, then with
P(X, Y, 0) = sum of p_I(X)*Y^I, not 0, all p_I(a) are 0 or <I - J, u(a)> = 0 for two of the exponents. Constants exp(b), with
algebraic b that are linearly independent over the rational numbers, may stand in the coefficients where there is no logarithm:
they are variables of P, and <I - J, u(a)> then has their exponents in it.

For solutions as functions of a parameter, which no kernel holds, there is no conjecture (from Ax 1971), and the only exception are
constant ones.

The statements and proofs are in docs/closed-forms.md. Each hypothesis is checked here: K is a field if the defining polynomials of
its roots are irreducible, which is seen for square roots and one odd root of rational functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from flint import acb, arb, ctx, fmpq, fmpq_mat, fmpz

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.exact.absence.elimination import Values, may_vanish, quotient_value, univariate, values_at, without_roots
from optbench.exact.absence.field import (
    CONTEXT,
    NAMES,
    PARAMETERS,
    Field,
    Kernel,
    Polynomial,
    Quotient,
    Refused,
    constant,
    degree,
    depends_on,
    difference,
    generator,
    power,
    product,
    ratio,
    total,
    whole,
)
from optbench.language.rootof import real_roots

MAX_TERMS = 60  # of P(X, Y, 0), of which all pairs are looked at
BITS = 250


def check_no_formula(field: Field, polynomial: Polynomial, kernels: Sequence[Kernel], values: Values) -> list[Polynomial]:
    """Return the irreducible polynomials of which one vanishes at the root; raise `Refused` where a hypothesis is not seen to hold."""
    _check_field(field)
    constants = [k for k in kernels if not field.moves(k.argument)]
    moving = [k for k in kernels if k not in constants]
    if constants and any(k.kind == "log" for k in kernels):
        raise Refused("it holds a constant such as e next to logarithms")
    _check_independent(field, moving, constants)
    factors = [f for f, _ in without_roots(field, polynomial).factor()[1] if may_vanish(f, values)]
    for factor in factors:
        _check_form(factor, moving)
        _check_not_algebraic(factor, moving, constants, values)
    if not factors:
        raise Refused("the elimination does not fit the root")
    return factors


def check_no_function(field: Field, polynomial: Polynomial, kernels: Sequence[Kernel]) -> list[Polynomial]:
    """Return the irreducible polynomials of the solutions as functions of parameters; raise `Refused` where a hypothesis fails."""
    _check_field(field)
    if any(depends_on(k.argument, PARAMETERS) or not field.moves(k.argument) for k in kernels):
        raise Refused("a parameter or a constant stands in an exponential or a logarithm")
    if any(r.radicand is not None and depends_on(r.radicand, PARAMETERS) for r in field.roots):
        raise Refused("a parameter stands in a root")
    _check_independent(field, kernels, [])
    found = []
    for factor, _ in without_roots(field, polynomial).factor()[1]:
        if all(degree(factor, name) < 1 for name in ("x", *(k.name for k in kernels))):
            continue  # parameters only
        _check_form(factor, kernels)
        _check_no_constant_solution(field, factor, kernels)
        found.append(factor)
    if not found:
        raise Refused("the equation has no solutions that depend on parameters")
    return found


def _check_no_constant_solution(field: Field, factor: Polynomial, kernels: Sequence[Kernel]) -> None:
    """No real x solves the equation for all parameters, as it would have to be a common zero of all coefficients."""
    coefficients = [_without_exponentials(c, kernels) for c in _coefficients(factor, PARAMETERS)]
    common = CONTEXT.constant(0)
    for c in coefficients:
        if all(degree(c, k.name) < 1 for k in kernels):
            common = common.gcd(c)
    if not common or any(_all_may_vanish(field, coefficients, zero) for zero in _real_zeros(common)):
        raise Refused("some solutions may not depend on a parameter")


def _coefficients(polynomial: Polynomial, names: Sequence[str]) -> list[Polynomial]:
    """The coefficients of the monomials in some generators."""
    places = {NAMES.index(name) for name in names}
    found: dict[tuple[int, ...], dict[tuple[int, ...], fmpq]] = {}
    for exponents, c in polynomial.to_dict().items():
        rest = tuple(0 if p in places else int(n) for p, n in enumerate(exponents))
        found.setdefault(tuple(int(exponents[p]) for p in places), {})[rest] = c
    return [CONTEXT.from_dict(terms) for terms in found.values()]


def _without_exponentials(polynomial: Polynomial, kernels: Sequence[Kernel]) -> Polynomial:
    """The polynomial divided by the largest monomial in exponentials, which are never 0."""
    terms = polynomial.to_dict()
    places = [NAMES.index(k.name) for k in kernels if k.kind == "exp"]
    least = {p: min(int(exponents[p]) for exponents in terms) for p in places}
    return CONTEXT.from_dict({tuple(int(n) - least.get(p, 0) for p, n in enumerate(exponents)): c for exponents, c in terms.items()})


def _real_zeros(polynomial: Polynomial) -> list[arb]:
    """The real zeros of a polynomial in x."""
    with ctx.workprec(BITS):
        return [zero for factor, _ in polynomial.factor()[1] for zero in real_roots(tuple(map(int, univariate(factor).coeffs())))]


def _all_may_vanish(field: Field, polynomials: Sequence[Polynomial], x: arb) -> bool:
    values = values_at(field, Enclosure(x.lower(), x.upper(), everywhere=True), BITS)
    return all(may_vanish(p, values) for p in polynomials)


# ---- the field --------------------------------------------------------------------------------------------------------------


def _check_field(field: Field) -> None:
    """The degrees multiply: square roots by their classes modulo squares (Kummer), an odd root since its degree is coprime."""
    squares: list[Polynomial] = [CONTEXT.constant(-1)] if field.uses_i else []
    odd = 0
    for root in field.roots:
        w = root.radicand
        if w is None or depends_on(w, tuple(n for n in NAMES if n != "x")):
            raise Refused("it has nested roots, or roots of polynomials, which are not shown to be independent")
        if root.degree == 2:
            squares.append(w.top * w.bottom)
        elif root.degree % 2 and not odd and not _is_power(w, root.degree):
            odd += 1
        else:
            raise Refused("its roots are not shown to be independent")
    if not _independent_modulo_squares(squares):
        raise Refused("its roots are not shown to be independent")


def _is_power(w: Quotient, n: int) -> bool:
    """Whether w is a p-th power of a rational function for a prime p that divides the odd number n; -1 is one."""
    exponents = _exponents(w.top * w.bottom ** (n - 1))
    return any(all(e % int(p) == 0 for name, e in exponents.items() if name != "-1") for p, _ in fmpz(n).factor())


def _exponents(f: Polynomial) -> dict[str, int]:
    """The exponents of the irreducible factors of a polynomial, and of the primes and the sign of its content."""
    content, factors = f.factor()
    found = {str(g / g.leading_coefficient()): int(e) for g, e in factors}
    for g, e in factors:
        content *= g.leading_coefficient() ** int(e)
    whole = int(content.p) * int(content.q)
    found |= {str(p): int(e) for p, e in fmpz(abs(whole)).factor()}
    return found | ({"-1": 1} if whole < 0 else {})


def _independent_modulo_squares(elements: Sequence[Polynomial]) -> bool:
    """Whether no product of some of them is a square."""
    rows = [{name for name, e in _exponents(f).items() if e % 2} for f in elements]
    for k in range(1, len(rows) + 1):
        for some in combinations(rows, k):
            odd: set[str] = set()
            for row in some:
                odd ^= row
            if not odd:
                return False
    return True


# ---- the kernels ------------------------------------------------------------------------------------------------------------


def _check_independent(field: Field, moving: Sequence[Kernel], constants: Sequence[Kernel]) -> None:
    exponents = [_derivative(field, k.argument) for k in moving if k.kind == "exp"]
    logarithms = [ratio(_derivative(field, k.argument), k.argument) for k in moving if k.kind == "log"]
    for group in (exponents, logarithms, [k.argument for k in constants]):
        if not _linearly_independent(field, group):
            raise Refused("its exponentials or logarithms depend on each other")


def _derivative(field: Field, a: Quotient) -> Quotient:
    top, bottom = (_derivative_of_polynomial(field, p) for p in a)
    return ratio(difference(product(top, whole(a.bottom)), product(bottom, whole(a.top))), whole(a.bottom**2))


def _derivative_of_polynomial(field: Field, p: Polynomial) -> Quotient:
    result = whole(p.derivative("x"))
    for root in field.roots:
        inner = p.derivative(root.name)
        if inner and root.radicand is not None:  # a' = a*w'/(n*w)
            w = root.radicand
            slope = ratio(product(_derivative(field, w), generator(root.name)), product(constant(root.degree), w))
            result = total(result, product(whole(inner), slope))
    return result


def _linearly_independent(field: Field, elements: Sequence[Quotient]) -> bool:
    """Whether elements of the field are linearly independent over the rational numbers, as their numerators over one denominator."""
    if not elements:
        return True
    rows = []
    for k, element in enumerate(elements):
        numerator = element.top
        for j, other in enumerate(elements):
            if j != k:
                numerator *= other.bottom
        rows.append(_normal(field, numerator))
    return _rank(rows) == len(rows)


def _normal(field: Field, p: Polynomial) -> Quotient:
    """A polynomial with a^n = w for each root, where these are rational functions: the normal form in the field."""
    roots = {root.name: root for root in field.roots}
    result = constant(0)
    for exponents, c in p.to_dict().items():
        term = constant(Fraction(int(c.p), int(c.q)))
        for name, n in zip(NAMES, map(int, exponents), strict=True):
            if name in roots:
                root = roots[name]
                assert root.radicand is not None
                term, n = product(term, power(root.radicand, n // root.degree)), n % root.degree
            term = product(term, power(generator(name), n))
        result = total(result, term)
    return result


def _rank(elements: Sequence[Quotient]) -> int:
    """The rank over the rational numbers of normal forms, whose denominators hold x only."""
    bottom = CONTEXT.constant(1)
    for element in elements:
        bottom = bottom * element.bottom / bottom.gcd(element.bottom)
    tops = [element.top * (bottom / element.bottom) for element in elements]
    monomials = sorted({m for top in tops for m in top.to_dict()})
    if not monomials:
        return 0
    return int(fmpq_mat([[top.to_dict().get(m, fmpq(0)) for m in monomials] for top in tops]).rank())


# ---- the polynomial ----------------------------------------------------------------------------------------------------------


def _check_form(factor: Polynomial, moving: Sequence[Kernel]) -> None:
    """The polynomial is not in X alone, nor g(Y^n) up to a monomial, nor g(<m, Z>)."""
    exponentials = [k.name for k in moving if k.kind == "exp" and degree(factor, k.name) > 0]
    logarithms = [k.name for k in moving if k.kind == "log" and degree(factor, k.name) > 0]
    if not exponentials and not logarithms:
        raise Refused("it may be algebraic")
    if degree(factor, "x") > 0 or (exponentials and logarithms):
        return
    if exponentials and _directions(factor, exponentials) < 2:
        raise Refused("it may be one of the numbers at which a power of exponentials is algebraic")
    if logarithms and _rank([whole(factor.derivative(name)) for name in logarithms]) < 2:
        raise Refused("it may be one of the numbers at which a sum of logarithms is algebraic")


def _directions(factor: Polynomial, names: Sequence[str]) -> int:
    """The rank of the differences of the exponents of some generators."""
    places = [NAMES.index(name) for name in names]
    first, *rest = ([int(e[p]) for p in places] for e in factor.to_dict())
    return int(fmpq_mat([[a - b for a, b in zip(row, first, strict=True)] for row in rest]).rank()) if rest else 0


def _check_not_algebraic(factor: Polynomial, moving: Sequence[Kernel], constants: Sequence[Kernel], values: Values) -> None:
    """Whether the root is none of the algebraic numbers at which the theorem makes exceptions."""
    exponentials = [k for k in moving if k.kind == "exp"]
    places = [NAMES.index(k.name) for k in exponentials]
    other = [NAMES.index(k.name) for k in constants]
    at_zero = {e: c for e, c in factor.to_dict().items() if all(e[NAMES.index(k.name)] == 0 for k in moving if k.kind == "log")}
    if not at_zero:
        raise Refused("all terms have logarithms, so that algebraic solutions are not told apart")
    coefficients: dict[tuple[int, ...], dict[tuple[int, ...], fmpq]] = {}
    for exponents, c in at_zero.items():
        key = tuple(int(exponents[p]) for p in [*places, *other])
        coefficients.setdefault(key, {})[tuple(n if NAMES[p] == "x" else 0 for p, n in enumerate(exponents))] = c
    if len(coefficients) > MAX_TERMS:
        raise Refused("its polynomial has too many terms")
    common = CONTEXT.constant(0)
    for terms in coefficients.values():
        common = common.gcd(CONTEXT.from_dict(terms))
    if may_vanish(common, values):
        raise Refused("it may be algebraic")
    arguments = [quotient_value(k.argument, values) for k in [*exponentials, *constants]]
    for first, second in combinations(coefficients, 2):
        if first[: len(places)] != second[: len(places)]:
            apart = sum(((a - b) * u for a, b, u in zip(first, second, arguments, strict=True)), acb(0))
            if apart.contains(0):
                raise Refused("it may be an algebraic number at which two exponentials are equal")
