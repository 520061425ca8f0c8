"""Each hypothesis of the theorems on closed forms is checked by `verify`, and has a forged certificate that only this check refuses.

The forgeries are made by the prover with its own checks taken away, for equations whose root has a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from flint import ctx, fmpz_poly
from planted_equations import Root
from test_absence import TRAPS, at
from test_absence_planted import ALL, MUTATIONS, TRUE_OF, ends, planted

from optbench.arithmetic.sympy_polynomials import count_real_roots, degree
from optbench.exact.absence import field as prover_field
from optbench.exact.absence import galois as prover_galois
from optbench.exact.absence import several_kernels as prover
from optbench.exact.absence import stationary as proved
from optbench.exact.absence import verdict
from optbench.language.build import symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse
from optbench.verify import Refused, galois, independence, one_kernel, parametric, several_kernels
from optbench.verify.elimination import rational_factors
from optbench.verify.kernel_field import KernelField
from optbench.verify.stationary import StationaryPoint

X = symbol("x")


@pytest.fixture(autouse=True)
def _precision() -> Iterator[None]:
    with ctx.workprec(300):
        yield


@pytest.fixture
def forging(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prover proves anything."""
    for name in ("_check_field", "_check_independent", "_check_form", "_check_not_algebraic", "_check_no_constant_solution"):
        monkeypatch.setattr(prover, name, _nothing)


def _nothing(*_: object) -> None: ...


class Forged(NamedTuple):
    certificate: Mapping[str, Any]
    point: StationaryPoint

    def check(self) -> None:
        module = one_kernel if self.certificate["theorem"] == "lin1983" else several_kernels
        module.check(self.certificate, self.point)


def forged(root: str, equation: str) -> Forged:
    """What the prover says of an equation around its root."""
    read = at(root, equation)
    facts = verdict._not_in_l(read)
    certificate = facts.get("certificate") or facts["unreviewed"]["certificate"]
    return Forged(certificate, StationaryPoint(read.point.equation, read.point.box.lower.union(read.point.box.upper)))


# ---- several kernels --------------------------------------------------------------------------------------------------------------

FORGERIES = {  # the trap: the check that refuses it, and what it says
    "C1": (independence, "check_field", "roots are not shown to be independent"),
    "C2": (independence, "check_field", "roots are not shown to be independent"),
    "C4": (independence, "_are_independent", "depend on each other"),
    "C4'": (independence, "_are_independent", "depend on each other"),
    "acos + asin": (independence, "_are_independent", "depend on each other"),
    "dependent logarithms": (independence, "_are_independent", "depend on each other"),
    "C7": (several_kernels, "check_form", "may be algebraic"),
    "two logarithms": (several_kernels, "_check_not_algebraic", "all terms have logarithms"),
    "e in the coefficients": (several_kernels, "_check_not_algebraic", "two products of exponentials are equal"),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.usefixtures("forging")
def test_a_trap_of_several_kernels_is_refused_by_one_check_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, check, words = FORGERIES[name]
    equation, root = TRAPS[name]
    forgery = forged(root, equation)
    with pytest.raises(Refused, match=words):
        forgery.check()
    drop(monkeypatch, module, check)
    forgery.check()


def drop(monkeypatch: pytest.MonkeyPatch, module: ModuleType, check: str) -> None:
    monkeypatch.setattr(module, check, lambda *_: True)


@pytest.mark.usefixtures("forging")
def test_nested_roots_are_refused() -> None:
    with pytest.raises(Refused, match="nested roots"):
        forged(*reversed(TRAPS["C3"])).check()


@pytest.mark.parametrize(
    ("equation", "root", "words"),
    [
        ("exp(2*x)*exp(sqrt(2)*x) - 3", "log(3)/(2 + sqrt(2))", "product of powers of exponentials"),
        ("log(x) + log(x + 1) - 1", "(-1 + sqrt(1 + 4*e))/2", "sum of logarithms"),
        ("(x - 1)*(exp(x) + x) + log(x)", "mpf(1)", "may be algebraic"),
        ("exp(x) - exp(x^2) + x - 1", "mpf(1)", "two products of exponentials are equal"),
    ],
)
@pytest.mark.usefixtures("forging")
def test_an_excluded_form_is_refused(equation: str, root: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        forged(root, equation).check()


def test_a_constant_next_to_a_logarithm_is_refused() -> None:
    """x*log(x) = e has the root e, and x*y0 - y1 neither a form nor an algebraic zero that is left out."""
    kernels = {"y0": "log(x)", "y1": "exp(1)"}
    certificate = {"theorem": "kernels", "number": {}, "kernels": kernels, "roots": {}, "polynomials": ["x*y0 - y1"]}
    with pytest.raises(Refused, match="constant such as e next to logarithms"):
        several_kernels.check(certificate, number("e", "x*log(x) - e"))


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 30), marks=pytest.mark.slow)], ids=["few", "many"])
def test_what_a_prover_without_hypotheses_says_of_planted_roots_is_refused(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    for mutation in MUTATIONS.values():
        monkeypatch.setattr(*mutation)
    lies = [
        (name, lie) for name, root in ALL.items() for text in planted(name, seeds) for lie in claims(text, root) if not lie.is_true(name)
    ]
    assert len(lies) > 20 * len(seeds)
    for _, lie in lies:
        with pytest.raises(Refused):
            lie.check()


class Claim(NamedTuple):
    none_in: Sequence[str]
    certificate: Mapping[str, Any]
    check_: Callable[[Mapping[str, Any], StationaryPoint], None]
    point: StationaryPoint

    def is_true(self, root: str) -> bool:
        return set(self.none_in) <= TRUE_OF[root]

    def check(self) -> None:
        self.check_(self.certificate, self.point)


def claims(text: str, root: Root) -> Iterator[Claim]:
    """What the prover says of the root of an equation, with the certificates that it has for it."""
    asked = proved.StationaryPoint(parse(text).node, X, ends(root, "1e-60"))
    try:
        equation = verdict._Equation(asked)
        facts = verdict._not_in_l(equation) if equation.kernels else {}
    except prover_field.Refused:
        return
    point = StationaryPoint(asked.equation, asked.box.lower.union(asked.box.upper))
    if "certificate" in facts:
        yield Claim(facts["none_in"], facts["certificate"], one_kernel.check, point)
    beyond = facts.get("unreviewed", {})
    if "certificate" in beyond:
        yield Claim(beyond["none_in"], beyond["certificate"], several_kernels.check, point)
    elif beyond:
        yield Claim(beyond["none_in"], facts["certificate"], both, point)


def both(certificate: Mapping[str, Any], point: StationaryPoint) -> None:
    one_kernel.check(certificate, point)
    one_kernel.check_beyond_w(certificate, point)


# ---- one kernel -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "root", "polynomial", "words"),
    [
        ("exp(x) - x^2 - 1", "mpf(0)", "z^2 - w + 1", "exponent or the logarithm may be 0"),
        ("(x + 1)^2*exp(x) - 1", "mpf(0)", "z^2*w + 2*z*w + w - 1", "exponent or the logarithm may be 0"),
        ("exp(x) - 3", "log(3)", "w - 3", "not both variables"),
        ("exp(2*x) - 5*exp(x) + 6", "log(2)", "w - 2", "not both variables"),
        ("x*exp(x) - 2*exp(x)", "mpf(2)", "z - 2", "exponentials and logarithms of the equation are not those"),
        ("exp(x) + x - 2", "2 - lambertw(exp(2)).real", "w + z - 3", "polynomials of the certificate are not those"),
    ],
)
def test_lin_with_a_hypothesis_that_fails_is_refused(equation: str, root: str, polynomial: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        one_kernel.check(by_lin("exp(x)", polynomial), number(root, equation))


def by_lin(kernel: str, *polynomials: str, **changes: Any) -> dict[str, Any]:
    z = "argument" if kernel.startswith("exp") else "value"
    return {"theorem": "lin1983", "number": {}, "kernel": kernel, "z": z, "roots": {}, "polynomials": polynomials, **changes}


def number(root: str, equation: str) -> StationaryPoint:
    box = at(root, equation).point.box
    return StationaryPoint(parse(equation).node, box.lower.union(box.upper))


@pytest.mark.parametrize(
    ("polynomial", "is_beyond"),
    [("w + z - 3", False), ("w*z^2 - 5", False), ("w^2 - 3*z - 4", False), ("w^2 + z^2 - 5", True), ("w^3 + w*z - 7", True)],
)
def test_what_lambert_w_solves_is_not_said_to_be_beyond_it(polynomial: str, is_beyond: bool) -> None:
    """exp(x) = 3 - x, x^2*exp(x) = 5 and exp(2*x) = 3*x + 4 have solutions with W."""
    read = KernelField({}, {})
    assert one_kernel._is_beyond_w(read, read.polynomial(polynomial)) == is_beyond


@pytest.mark.parametrize(
    ("polynomial", "is_irreducible"),
    [
        ("w^2 - 2*z^2", False),
        ("w^2 + z^2", False),
        ("w^2 + z^2 - 1", True),
        ("z*w - 1", True),
        ("(z + i)*w + z^2 + 1", False),
        ("(z + i)*w + z^2 - 1", True),
    ],
)
def test_absolute_irreducibility(polynomial: str, is_irreducible: bool) -> None:
    read = KernelField({}, {})
    assert one_kernel._is_absolutely_irreducible(read, read.polynomial(polynomial)) == is_irreducible


# ---- functions of parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("x^2/2 - p*exp(x)", None),
        ("exp(p*x - 1)/p - p*x^2 + x", "a parameter stands inside of a kernel|kernel or a parameter"),
        ("p*(exp(x) - x^3/3 - x) + x^2/2", "may not depend on the parameters"),
        ("exp(x)*p - x", "product of powers of exponentials|may be algebraic"),
        ("exp(2*x) - p*x*e", "an exponential is constant"),
    ],
)
def test_functions_of_a_parameter(objective: str, words: str | None) -> None:
    [slope] = gradient(parse(objective, Scope({"x": X, "p": symbol("p0")})).node, [X])
    read = KernelField({}, {})
    try:
        factors = rational_factors(read, read.read(slope).top)
    except Refused:
        factors = []
    kernels = {k.name: f"{k.kind}({k.argument.top})" for k in read.kernels}
    listed = [str(f).replace("**", "^") for f in factors if degree(f, "x") or any(degree(f, n) for n in kernels)]
    certificate = {"theorem": "function", "kernels": kernels, "roots": {}, "polynomials": listed}
    if words is None:
        parametric.check(certificate, slope)
    else:
        with pytest.raises(Refused, match=words):
            parametric.check(certificate, slope)


# ---- Galois -----------------------------------------------------------------------------------------------------------------------

SOLVABLE = {
    "S4": [-1, -1, 0, 0, 1],
    "S3": [-1, -1, 0, 1],
    "D5": [12, -5, 0, 0, 0, 1],
    "a fifth root": [-2, 0, 0, 0, 0, 1],
    "cyclic of degree 5": [1, 3, -3, -4, 1, 1],
    "a cubic in a square": [-2, 0, 36, 0, -12, 0, 1],
    "a seventh root": [-3, 0, 0, 0, 0, 0, 0, 1],
    "of sqrt(2) + cbrt(3)": [1, -36, 12, -6, -6, 0, 1],
    "a quartic in a square": [-1, 0, -1, 0, 0, 0, 0, 0, 1],
    "a cube of a cubic": [1, 0, 0, 3, 0, 0, 3, 0, 0, 2],
}
RULES = ("prime-degree", "doubly-transitive", "long-prime-cycle", "prime-cycle", "real-roots")


@pytest.mark.parametrize("name", SOLVABLE)
def test_no_rule_applies_to_a_solvable_polynomial(name: str) -> None:
    f = SOLVABLE[name]
    seen = [[p, degrees] for p, degrees in islice(prover_galois.patterns(fmpz_poly(f)), 12)]
    for rule in RULES:
        for patterns in [*([p] for p in seen), *(list(pair) for pair in combinations(seen, 2)), []]:
            for real in ({}, {"real_roots": count_real_roots(f)}):
                with pytest.raises(Refused):
                    galois.check_rule({"rule": rule, "patterns": patterns, **real}, f)


@pytest.mark.parametrize(
    ("f", "certificate"),
    [
        ([-1, -1, 0, 0, 0, 1], {"rule": "prime-degree", "patterns": [[2, [2, 3]]]}),
        ([-1, -1, 0, 0, 0, 1], {"rule": "prime-cycle", "patterns": [[2, [2, 3]]]}),
        ([2, -4, 0, 0, 0, 1], {"rule": "real-roots", "patterns": [], "real_roots": 3}),
        ([3, -7, 0, 0, 0, 0, 0, 1], {"rule": "prime-degree", "patterns": [[13, [1, 2, 4]]]}),
        ([1, -1, 0, 0, 0, 0, 0, 0, 1], {"rule": "long-prime-cycle", "patterns": [[5, [1, 2, 5]]]}),
        ([-1, -1, 0, 0, 0, 0, 1], {"rule": "doubly-transitive", "patterns": [[5, [1, 5]]]}),
        ([-1, -1, 0, 0, 0, 0, 1], {"rule": "prime-cycle", "patterns": [[5, [1, 5]], [17, [1, 2, 3]]]}),
    ],
)
def test_each_rule_accepts_what_it_is_for_and_nothing_near(f: Sequence[int], certificate: Mapping[str, Any]) -> None:
    galois.check_rule(certificate, f)
    for near in nearby(certificate):
        with pytest.raises(Refused):
            galois.check_rule(near, f)


def nearby(certificate: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for p, degrees in certificate["patterns"]:
        yield {**certificate, "patterns": [[p + 2, degrees]]}
        yield {**certificate, "patterns": [[p, [degrees[0] + 1, *degrees[1:]]]]}
        yield {**certificate, "patterns": [[p, degrees[1:]]]}
        yield {**certificate, "patterns": []}
        yield {**certificate, "patterns": [[4, degrees]]}
    if "real_roots" in certificate:
        yield {**certificate, "real_roots": certificate["real_roots"] + 2}
        yield {**certificate, "real_roots": 1}
    yield {**certificate, "rule": "unheard-of"}
    yield {**certificate, "rule": "prime-degree" if certificate["rule"] == "doubly-transitive" else "doubly-transitive"}


def test_a_composed_polynomial_is_refused_where_it_is_not_composed_so() -> None:
    """x^10 - x^2 - 1 is g(x^2) with g = t^5 - t - 1."""
    f = [-1, 0, -1, *[0] * 7, 1]
    rule = {"rule": "prime-degree", "patterns": [[2, [2, 3]]]}
    galois.check_rule({**rule, "outer": ["-1", "-1", "0", "0", "0", "1"], "inner": ["0", "0", "1"]}, f)
    for outer, inner in ((["-1", "-2", "0", "0", "0", "1"], ["0", "0", "1"]), (["-1", "-1", "0", "0", "0", "1"], ["0", "1"])):
        with pytest.raises(Refused, match="not composed"):
            galois.check_rule({**rule, "outer": outer, "inner": inner}, f)


@pytest.mark.parametrize(
    "coefficients", [["-4", "0", "1"], ["1", "2", "1"], ["-2", "-2", "0", "0", "0", "2"], ["1", "1", "0", "0", "0", "-1"]]
)
def test_a_polynomial_that_is_not_irreducible_or_not_in_lowest_terms_is_refused(coefficients: list[str]) -> None:
    with pytest.raises(Refused, match="not irreducible"):
        galois.polynomial_of({"polynomial": coefficients})
