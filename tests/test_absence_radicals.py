"""Roots written with radicals: each formula is the root asked for, to 60 digits and exactly; and what is solved at all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import mpmath
import pytest
from flint import arb, ctx, fmpz_poly
from planted_equations import DIGITS, value
from solvable_polynomials import FAMILIES, X, dickson, is_irreducible, solvable

from optbench.exact.absence import galois, radicals, substitutions, verdict
from optbench.exact.numbers import algebraic
from optbench.exact.numbers.formula import facts
from optbench.language.build import number
from optbench.language.elaborate import parse
from optbench.language.graph import Node
from optbench.language.rootof import real_roots
from optbench.language.text import text


def written(f: fmpz_poly) -> list[tuple[arb, Node | None]]:
    """The real roots, and formulas for them."""
    return [(root, radicals.written(f, root)) for root in real_roots([int(c) for c in f.coeffs()])]


def check(f: fmpz_poly, root: arb, formula: Node) -> None:
    """The formula is this root: numerically and exactly."""
    check_numerically(f, root, formula)
    assert is_exactly_a_root(f, formula), f


def check_numerically(f: fmpz_poly, root: arb, formula: Node) -> None:
    """To 150 digits, from its text."""
    with mpmath.workdps(DIGITS):
        x = value(text(formula))
        assert abs(mpmath.polyval([int(c) for c in f.coeffs()][::-1], x)) < mpmath.mpf("1e-150"), f
        assert root.overlaps(arb(mpmath.nstr(x, 60))), f
    assert facts(formula).kind in ("rational", "radicals")


def is_exactly_a_root(f: fmpz_poly, formula: Node) -> bool:
    """By the separation bound of f(x), or where that is out of reach by eliminating all roots in the formula.

    Neither does it where a square root is taken of long expressions with cos(acos(w)/3), nor for the four fifth roots of a
    quintic; these are roots by construction.
    """
    decided = algebraic.is_zero(radicals._value(f, formula))
    if decided is not None or "acos" in text(formula) or text(formula).count("^(1/5)") > 2:
        return decided is not False
    with ctx.workprec(1000):
        return bool(f % verdict.minimal_polynomial(formula)[0] == 0)


# ---- formulas -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_a_formula_is_the_root(family: str) -> None:
    for f in solvable(family):
        if f.degree() <= 10:
            for root, formula in written(f):
                if formula is not None:
                    check(f, root, formula)


@pytest.mark.parametrize("family", ["frobenius_quintics", "dihedral_quintics", "lehmer_quintics"])
def test_all_roots_of_solvable_quintics_are_written(family: str) -> None:
    for f in solvable(family):
        for root, formula in written(f):
            assert formula is not None, f
            check_numerically(f, root, formula)


@pytest.mark.parametrize("coefficients", [[-1, -1, 0, 0, 0, 1], [2, 5, -3, 0, 1, 3], [1, -4, 0, 0, 0, 1]])
def test_no_formula_is_made_of_quintics_that_are_not_solvable(coefficients: list[int]) -> None:
    f = fmpz_poly(coefficients)
    assert galois.not_solvable(f)
    assert all(formula is None for _, formula in written(f))


def _small(degree: int, largest: int) -> Iterator[fmpz_poly]:
    for coefficients in product(range(-largest, largest + 1), repeat=degree):
        f = fmpz_poly([*coefficients, 1])
        if is_irreducible(f):
            yield f


@pytest.mark.parametrize(("degree", "largest"), [(2, 4), (3, 2), (4, 1)])
def test_all_roots_of_degree_4_and_less_are_written(degree: int, largest: int) -> None:
    for f in _small(degree, largest):
        for root, formula in written(f):
            assert formula is not None, f
            check(f, root, formula)


def test_random_quartics_are_written() -> None:
    """With coefficients that put the separation bound out of reach."""
    choose = random.Random(4)
    for f in (fmpz_poly([choose.randint(-20, 20) for _ in range(4)] + [choose.randint(1, 9)]) for _ in range(40)):
        if is_irreducible(f):
            for root, formula in written(f):
                assert formula is not None, f
                check_numerically(f, root, formula)


SOLVED = {
    "power": X**7 - 3,
    "shifted power": (X - 2) ** 5 - 3,
    "negative shifted power": (2 * X + 1) ** 7 + 5,
    "quartic in a square": X**8 - 9 * X**2 + 1,
    "quadratic in a cube": X**6 - 3 * X**3 + 1,
    "composition with a quadratic": (X**2 - 3 * X) ** 3 - 2 * (X**2 - 3 * X) - 5,
    "quadratic of a cubic": (X**3 - 3 * X) ** 2 - 3,
    "reciprocal": X**6 - 3 * X**5 + X**4 - X**3 + X**2 - 3 * X + 1,
    "reciprocal, degree 8": X**8 - 4 * X**7 + X**5 - 3 * X**4 + X**3 - 4 * X + 1,
    "skew reciprocal": X**6 + 3 * X**5 + X**4 + X**3 - X**2 + 3 * X - 1,
    "reciprocal with 2": X**6 - 5 * X**5 + X**4 + 3 * X**3 + 2 * X**2 - 20 * X + 8,
    "Dickson": dickson(5, 1) - 3,
    "Dickson, negative": dickson(7, -2) - 3,
    "shifted Dickson": dickson(5, 1)(X - 3) + 7,
    "Dickson of a square": (dickson(5, -1) - 3)(X**2),
}


@pytest.mark.parametrize("kind", SOLVED)
def test_these_are_solved(kind: str) -> None:
    f = SOLVED[kind]
    assert is_irreducible(f)
    found = written(f)
    assert found
    assert galois.is_solvable(f)
    for root, formula in found:
        assert formula is not None
        check(f, root, formula)


def test_solvable_polynomials_may_be_beyond_what_is_written() -> None:
    """The sum of cos(2*pi/13) and its inverse: a cyclic group of order 6."""
    f = fmpz_poly([-1, 3, 6, -4, -5, 1, 1])
    assert galois.is_solvable(f)
    assert all(formula is None for _, formula in written(f))


# ---- no other root, no other number ---------------------------------------------------------------------------------------------


def test_roots_that_nearly_coincide_have_different_formulas() -> None:
    """M. Mignotte's polynomials: of x^4 = 2*(a*x - 1)^2 two roots near 1/a are 1e-120 apart for a = 1e40."""
    f = X**4 - 2 * (10**40 * X - 1) ** 2
    zeros = real_roots([int(c) for c in f.coeffs()])
    found = [radicals.written(f, zero) for zero in zeros]
    shown = [text(formula) for formula in found if formula is not None]
    assert len(shown) == len(set(shown))
    with mpmath.workdps(DIGITS):
        for zero, formula in zip(zeros, found, strict=True):
            assert formula is None or zero.overlaps(arb(mpmath.nstr(value(text(formula)), 200)))


def test_a_ball_that_holds_two_roots_is_not_enough() -> None:
    assert radicals.written(X**2 - 2, arb(0, 3)) is None


def test_a_number_that_is_close_to_a_root_is_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a fraction that agrees with sqrt(2) to 99 digits."""
    with mpmath.workdps(120):
        close = Fraction(int(mpmath.sqrt(2) * 10**99), 10**99)
    monkeypatch.setattr(radicals, "_candidates", lambda f, root: [number(close)])
    f = X**2 - 2
    assert [formula for _, formula in written(f)] == [None, None]


# ---- substitutions ---------------------------------------------------------------------------------------------------------------


def test_a_reciprocal_polynomial_is_one_in_x_plus_c_over_x() -> None:
    choose = random.Random(3)
    for c in (1, -1, 2, -3):
        for m in (2, 3, 4):
            g = fmpz_poly([choose.randint(-5, 5) for _ in range(m)] + [choose.choice((1, 2))])
            f = sum((int(g[k]) * (X**2 + c) ** k * X ** (m - k) for k in range(m + 1)), fmpz_poly([0]))
            found = substitutions.reciprocal(f)
            assert found is not None
            assert found == (g, c) or f == sum(
                (int(a) * (X**2 + found.c) ** k * X ** (m - k) for k, a in enumerate(found.g.coeffs())), 0 * X
            )


@pytest.mark.parametrize("f", [X**6 - 3 * X**5 + X**4 - X**3 + X**2 - 3 * X + 2, X**5 - X - 1, X**8 + 2 * X + 1])
def test_others_are_not_reciprocal(f: fmpz_poly) -> None:
    assert substitutions.reciprocal(f) is None


@pytest.mark.parametrize("f", [X**5 - 5 * X + 12, X**7 - 7 * X + 3, X**6 - 2, X**5 - X - 1])
def test_others_are_no_dickson_polynomials(f: fmpz_poly) -> None:
    assert substitutions.dickson(f) is None


def test_a_formula_in_a_result_reads_back() -> None:
    [(_, formula), *_] = written(SOLVED["quartic in a square"])
    assert formula is not None
    assert parse(text(formula)).node is formula
