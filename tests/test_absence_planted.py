"""No number with a formula is ever said to have none: equations with a planted root, in many disguises.

A verdict is worth nothing if one of a thousand is false. So the equations of `planted_equations` are judged at their planted
root, as equations and as derivatives of objectives; and each hypothesis of the theorems is shown to matter: without its check,
some planted root is said to have no formula.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import pytest
from flint import acb, ctx
from planted_equations import DIGITS, LAMBERT_ROOTS, ROOTS, Root, equation, value

from optbench.api import define
from optbench.exact.absence import elimination, several_kernels, verdict, with_lambertw
from optbench.exact.absence.field import Refused
from optbench.exact.absence.stationary import StationaryPoint
from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts
from optbench.language.build import symbol
from optbench.language.elaborate import parse
from optbench.result import Assurance, Status

ALL = ROOTS | LAMBERT_ROOTS
TRUE_OF: dict[str, frozenset[str]] = dict.fromkeys(ROOTS, frozenset()) | dict.fromkeys(LAMBERT_ROOTS, frozenset({"L"}))
TRUE_OF["quintic"] = frozenset({"radicals"})
FEW, MANY = 9, 120  # equations for each root; 62 roots
OBJECTIVES = 2


def planted(name: str, seeds: range) -> Iterator[str]:
    """Equations with this root, the same ones each time."""
    return (equation(random.Random(f"{name} {seed}"), ALL[name]) for seed in seeds)


def ends(root: Root, apart: str) -> tuple[str, str]:
    """Decimal texts around the root."""
    with mpmath.workdps(DIGITS):
        x, half = value(root.formula), mpmath.mpf(apart)
        low, high = (mpmath.nstr(end, 80, min_fixed=-100, max_fixed=100) for end in (x - half, x + half))
        return low, high


def claimed(text: str, root: Root) -> frozenset[str]:
    """The classes that the root of an equation is said not to be in, with or without a referee."""
    point = StationaryPoint(parse(text).node, symbol("x"), ends(root, "1e-60"))
    try:
        with ctx.workprec(verdict.BITS):
            judged = verdict._Equation(point)
            facts = verdict._not_in_l(judged) if judged.kernels else {}
    except Refused:
        return frozenset()
    return frozenset(facts.get("none_in", ())) | frozenset(facts.get("unreviewed", {}).get("none_in", ()))


def claimed_of_minimiser(objective: str, root: Root) -> frozenset[str]:
    """The classes that an enclosed minimiser is said not to be in, by the verdict on a whole answer."""
    enclosed = ExactSolution(
        {"x": float(value(root.formula))}, None, {"x": ends(root, "1e-20")}, "interior", False, FormulaFacts("not_found")
    )
    answer = ExactAnswer("univariate", Status.LOCALLY_OPTIMAL, Assurance.LOCAL, solutions=(enclosed,))
    facts = verdict.judged(define(objective), answer).solutions[0].closed_form
    assert facts is not None
    return frozenset(facts.none_in) | frozenset((facts.unreviewed or {}).get("none_in", ()))


def false_claims(seeds: range) -> Iterator[tuple[str, str]]:
    """The roots and equations about which something false is said."""
    return ((name, text) for name, root in ALL.items() for text in planted(name, seeds) if claimed(text, root) - TRUE_OF[name])


@pytest.mark.parametrize("name", ALL)
def test_the_planted_number_is_a_root(name: str) -> None:
    with mpmath.workdps(DIGITS):
        x = value(ALL[name].formula)
        for text in planted(name, range(FEW)):
            assert abs(value(text, x)) < mpmath.mpf("1e-100"), text


def test_a_planted_formula_is_never_denied() -> None:
    assert FEW * len(ALL) >= 500
    assert not list(false_claims(range(FEW)))


@pytest.mark.slow
def test_a_planted_formula_is_never_denied_in_many_equations() -> None:
    assert not list(false_claims(range(FEW, MANY)))


@pytest.mark.parametrize("name", ALL)
def test_a_minimiser_with_a_formula_is_never_denied_one(name: str) -> None:
    """(g^2)' = 2*g*g' is 0 at the planted root of g, with a factor more that is not."""
    for text in planted(name, range(OBJECTIVES)):
        assert claimed_of_minimiser(f"({text})^2", ALL[name]) <= TRUE_OF[name], text


def test_a_reducible_polynomial_says_nothing_of_lambert_w() -> None:
    """(1 + a)*exp(a) = 3 with a = sqrt(x) becomes a product, of which the other factor has a smooth rational point."""
    name = "(lambertw(3*e) - 1)^2"
    assert claimed("(sqrt(x) + 1)*exp(sqrt(x)) - 3", ALL[name]) == {"L"}


# ---- each hypothesis matters --------------------------------------------------------------------------------------------------


def accepts(*_: object) -> None:
    """A check that accepts everything."""


def with_z_not_0(*asked: Any, eliminated: Callable[..., elimination.Relation] = elimination.eliminated) -> elimination.Relation:
    """The relation, with a z that passes for another number than 0."""
    return eliminated(*asked)._replace(z=acb(1))


MUTATIONS: dict[str, tuple[object, str, object]] = {
    "the roots generate a field": (several_kernels, "_check_field", accepts),
    "square roots are independent": (several_kernels, "_independent_modulo_squares", lambda elements: True),
    "kernels are independent": (several_kernels, "_check_independent", accepts),
    "the polynomial has no special form": (several_kernels, "_check_form", accepts),
    "algebraic exceptions are excluded": (several_kernels, "_check_not_algebraic", accepts),
    "both variables occur": (verdict, "degree", lambda *_: 1),
    "z is not 0": (elimination, "eliminated", with_z_not_0),
    "Lambert's form is an exception": (with_lambertw, "is_lambert_form", lambda *_: False),
    "P is absolutely irreducible": (with_lambertw, "_is_irreducible", lambda *_: True),
}


@pytest.mark.parametrize("hypothesis", MUTATIONS)
def test_without_this_hypothesis_some_planted_formula_is_denied(hypothesis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the planted equations would show it if the check were wrong."""
    monkeypatch.setattr(*MUTATIONS[hypothesis])
    assert next(false_claims(range(FEW)), None)
