"""Polynomials in SymPy against python-flint's: the same factors, resultants, ranks, roots and degrees, by other algorithms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from flint import fmpq_mat, fmpq_mpoly_ctx, fmpz_poly, nmod_poly
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optbench.arithmetic import sympy_polynomials as ours
from optbench.verify import elimination
from optbench.verify.kernel_field import KernelField

NAMES = ("x", "y", "z")
OURS = ours.generators(NAMES)
THEIRS = fmpq_mpoly_ctx.get(NAMES, "lex")
Terms = Mapping[tuple[int, int, int], int]

terms = st.dictionaries(st.tuples(*[st.integers(0, 2)] * 3), st.integers(-5, 5).filter(bool), min_size=1, max_size=4)
coefficients = st.lists(st.integers(-9, 9), min_size=2, max_size=7).filter(lambda c: c[-1] != 0)


def polynomial(chosen: Terms) -> Any:
    return sum((c * OURS["x"] ** a * OURS["y"] ** b * OURS["z"] ** d for (a, b, d), c in chosen.items()), 0 * OURS["x"])


def theirs(chosen: Terms) -> Any:
    exponents: Any = dict(chosen)
    return THEIRS.from_dict(exponents)


def known(p: Any) -> Any:
    """A polynomial of python-flint's, as one of ours without its content."""
    return ours.primitive(polynomial_of(p))


def polynomial_of(p: Any) -> Any:
    ring = OURS["x"].ring
    return ring.from_dict({tuple(map(int, e)): ring.domain(int(c.p)) / ring.domain(int(c.q)) for e, c in p.to_dict().items()})


@settings(max_examples=60, deadline=None)
@given(terms, terms)
def test_factors_are_those_of_flint(a: Terms, b: Terms) -> None:
    _, expected = (theirs(a) ** 2 * theirs(b)).factor()
    assert set(ours.factors(polynomial(a) ** 2 * polynomial(b) / 3)) == {known(f) for f, _ in expected if not f.is_constant()}


@settings(max_examples=60, deadline=None)
@given(terms, terms, st.sampled_from(NAMES))
def test_resultants_are_those_of_flint(a: Terms, b: Terms, name: str) -> None:
    p, q = polynomial(a), polynomial(b)
    assume(ours.degree(p, name) and ours.degree(q, name))
    assert ours.primitive(ours.resultant(p, q, name)) == known(theirs(a).resultant(theirs(b), name))


@settings(max_examples=60, deadline=None)
@given(terms.filter(lambda a: any(e[0] for e in a)), terms.map(lambda w: {(0, *e[1:]): c for e, c in w.items()}))
def test_a_product_of_conjugates_is_a_resultant(a: Terms, w: Terms) -> None:
    """A + B*sqrt(w) times A - B*sqrt(w), here with w in y and z."""
    field = KernelField({}, {})
    names = {"x": "a0", "y": "y0", "z": "y1"}
    p, radicand = (field.polynomial(named(str(polynomial(chosen)), names)) for chosen in (a, w))
    relation = field.generators["a0"] ** 2 - radicand
    expected = ours.resultant(p, relation, "a0")
    assume(not expected.is_ground)
    found = elimination._without_square_root(field, p, "a0", radicand, field.one)
    assert set(ours.factors(found)) == set(ours.factors(expected))


def named(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[xyz]", lambda found: names[found[0]], text).replace("**", "^")


@settings(max_examples=60, deadline=None)
@given(st.lists(terms, max_size=5))
def test_ranks_are_those_of_flint(rows: list[Terms]) -> None:
    monomials = sorted({m for row in rows for m in row})
    expected = fmpq_mat([[row.get(m, 0) for m in monomials] for row in rows]).rank() if rows else 0
    assert ours.rank([polynomial(row) for row in rows]) == expected


@settings(max_examples=60, deadline=None)
@given(terms, st.sampled_from((2, 3, 5)), st.fractions(-9, 9, max_denominator=9).filter(bool))
def test_powers_are_seen(a: Terms, n: int, c: Fraction) -> None:
    p = polynomial(a)
    assert ours.is_power(p**n * (c**n).numerator / (c**n).denominator, n)
    assert not ours.is_power(p**n * (OURS["x"] + 11) ** (n - 1), n)
    assert not ours.is_power(2 * p**n, n)


@settings(max_examples=60, deadline=None)
@given(coefficients)
def test_one_unknown(f: list[int]) -> None:
    theirs_ = fmpz_poly(f)
    _, factors = theirs_.factor()
    assert ours.is_irreducible(f) == ([m for _, m in factors] == [1])
    roots: Any = theirs_.complex_roots()
    real = {str(root) for root, _ in roots if root.imag == 0}
    assert ours.count_real_roots(f) == len(real)
    for p in (2, 3, 5, 7, 11):
        _, modular = nmod_poly([c % p for c in f], p).factor()
        good = f[-1] % p != 0 and all(m == 1 for _, m in modular)
        assert ours.degrees_modulo(f, p) == (sorted(g.degree() for g, _ in modular) if good else None)


@pytest.mark.parametrize("p", [-7, 0, 1, 4, 9, 15])
def test_what_is_no_prime_has_no_pattern(p: int) -> None:
    assert ours.degrees_modulo([1, 1, 1], p) is None
