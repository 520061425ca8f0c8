"""The verdicts on closed forms in a result: each certificate is checked, and so is that the verdict says what it proves.

`TABLE` has what a certificate of each theorem proves; `none_in`, `assumes` and `review` beside the certificate must be that.

>>> TABLE["lin1983"].assumes
('Schanuel',)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flint import ctx

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.arithmetic.balls import as_fraction, enclose, value_of
from optbench.arithmetic.sympy_polynomials import Polynomial
from optbench.language.build import subtract, symbol
from optbench.language.derivative import gradient
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Symbol
from optbench.verify import galois, one_kernel, parametric, several_kernels
from optbench.verify.elimination import rational_factors, vanishing_part
from optbench.verify.kernel_field import KernelField
from optbench.verify.ranges import Refused, fraction
from optbench.verify.stationary import Asked, X, check_next_to, stationary_point

MAX_FORMULA = 10_000  # characters


class Proves(NamedTuple):
    """What a certificate of a theorem proves, and of which verdict and class it may be the reason."""

    none_in: tuple[str, ...]
    assumes: tuple[str, ...]
    review: str | None  # None for arguments that await publication
    scope: str
    verdicts: tuple[tuple[str, str | None], ...]  # and classes


TABLE: Mapping[str, Proves] = {
    "galois": Proves(("radicals",), (), "literature", "number", (("none", "algebraic_root"),)),
    "lin1983": Proves(("L",), ("Schanuel",), "literature", "number", (("none", None), ("found", "lambertw"))),
    "kernels": Proves(("L",), ("Schanuel",), None, "number", (("not_found", None),)),
    "kernel-lambertw": Proves(("L_W",), ("Schanuel",), None, "number", (("none", None),)),
    "function": Proves(("EL",), (), None, "function_of_parameter", (("not_found", None), ("found", "lambertw"))),
}


class Finding(NamedTuple):
    """That there is no closed form in a class of numbers."""

    at: Mapping[str, Any]  # the point; empty for stationary points as functions of parameters
    none_in: tuple[str, ...]
    theorem: str
    assumes: tuple[str, ...]
    review: str | None


def findings(asked: Asked, solution: Mapping[str, Any] | None, form: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the certificates of a verdict prove; raise `Refused` where one does not hold, or the verdict says something else."""
    yield from _reviewed(asked, solution, form)
    if form["unreviewed"] is not None:
        yield from _unreviewed(asked, solution, form)


def _reviewed(asked: Asked, solution: Mapping[str, Any] | None, form: Mapping[str, Any]) -> Iterator[Finding]:
    certificate, claimed = form["certificate"], [form["theorem"], form["none_in"], form["assumes"], form["review"]]
    if certificate is None:
        if claimed != [None, [], [], None] or form["verdict"] not in ("found", "not_found"):
            raise Refused("a verdict claims what no certificate proves")
        return
    theorem = _theorem(form, form, certificate)
    if TABLE[theorem].review is None or TABLE[theorem].review != form["review"]:
        raise Refused("the review of a theorem is not what the verdict says")
    yield _checked(asked, solution, form, theorem, certificate)


def _unreviewed(asked: Asked, solution: Mapping[str, Any] | None, form: Mapping[str, Any]) -> Iterator[Finding]:
    claim = form["unreviewed"]
    theorem = _theorem(form, claim, claim.get("certificate"))
    if TABLE[theorem].review is not None or not set(claim) <= {"theorem", "none_in", "assumes", "certificate"}:
        raise Refused("an argument that awaits publication is none")
    certificate = form["certificate"] if theorem == "kernel-lambertw" else claim["certificate"]  # W's goes on from Lin's, as `TABLE` says
    yield _checked(asked, solution, form, theorem, certificate)


def _theorem(form: Mapping[str, Any], claim: Mapping[str, Any], certificate: Mapping[str, Any] | None) -> str:
    """The theorem of a claim, which says what the theorem proves, in a verdict that goes with it."""
    theorem = str(claim["theorem"])
    if theorem not in TABLE or (certificate is None) != (theorem == "kernel-lambertw"):
        raise Refused("a claim has a theorem that is not known, or no certificate")
    proves = TABLE[theorem]
    if certificate is not None and certificate["theorem"] != theorem:
        raise Refused("a certificate is of another theorem than the verdict")
    if (claim["none_in"], claim["assumes"]) != (list(proves.none_in), list(proves.assumes)):
        raise Refused("a verdict claims more or less than its certificate proves")
    if form["scope"] != proves.scope or (form["verdict"], form["class"]) not in proves.verdicts:
        raise Refused("a verdict is not one that its certificate goes with")
    return theorem


def _checked(
    asked: Asked, solution: Mapping[str, Any] | None, form: Mapping[str, Any], theorem: str, certificate: Mapping[str, Any]
) -> Finding:
    none_in, assumes, review, *_ = TABLE[theorem]
    if theorem == "function":
        if not asked.parameters or (solution is not None and solution["kind"] != "interior"):
            raise Refused("an argument on stationary points as functions of parameters stands where there are none")
        parametric.check(certificate, asked.slope())
        return Finding({}, none_in, theorem, assumes, review)
    if solution is None:
        raise Refused("a certificate speaks of a solution, and there is none")
    _check_exact(asked, solution, form["verdict"], certificate)
    if theorem == "galois":
        _check_galois(asked, solution, certificate)
    else:
        _NUMBERS[theorem](certificate, stationary_point(asked, certificate["number"], solution))
    return Finding(solution["point"], none_in, theorem, assumes, review)


_NUMBERS = {"lin1983": one_kernel.check, "kernel-lambertw": one_kernel.check_beyond_w, "kernels": several_kernels.check}


# ---- formulas ------------------------------------------------------------------------------------------------------------------


def _check_exact(asked: Asked, solution: Mapping[str, Any], verdict: str, certificate: Mapping[str, Any]) -> None:
    """Demand that a solution has formulas just where its verdict goes with them, and that they are of its point."""
    exact = solution["exact"]
    if (exact is not None) != (verdict == "found" or "formula" in certificate["number"]):
        raise Refused("a solution has a formula where its verdict says that there is none, or none where there is one")
    for name, formula in (exact or {}).items():
        value = _value(formula)
        low, high = as_fraction(value.lower), as_fraction(value.upper)
        check_next_to(solution["point"][name], (low, high))
        ends = solution["enclosure"] and [fraction(end) for end in solution["enclosure"][name]]
        if ends and (high < ends[0] or ends[1] < low):
            raise Refused("a formula is not in the enclosure of the solution")
    if exact is not None and solution["kind"] == "interior" and not asked.constrained:
        _check_slopes(asked, exact)


def _check_slopes(asked: Asked, exact: Mapping[str, str]) -> None:
    """Demand that the slopes at the formulas may be 0, where the objective has slopes there."""
    symbols = {name: symbol(name) for name in asked.variables}
    box: dict[Symbol, Enclosure] = {symbols[name]: _value(formula) for name, formula in exact.items()}
    slopes = gradient(parse(asked.objective, Scope(dict(symbols))).node, list(symbols.values()))
    if not all(slope.contains_zero for slope in enclose(slopes, box, ctx.prec)):
        raise Refused("a formula is of no stationary point of the objective")


def _value(formula: str) -> Enclosure:
    if len(formula) > MAX_FORMULA:
        raise Refused("a formula is too long")
    value = value_of(parse(formula, Scope()).node, ctx.prec)
    if value.empty or not value.is_bounded:
        raise Refused("a formula has no value")
    return value


# ---- roots of polynomials ------------------------------------------------------------------------------------------------------


def _check_galois(asked: Asked, solution: Mapping[str, Any], certificate: Mapping[str, Any]) -> None:
    """Demand that the number is a root of the polynomial, whose Galois group is not solvable."""
    f, number = galois.polynomial_of(certificate), certificate["number"]
    if "formula" in number:
        field, equation = _equation_of_formula(number, solution)
    else:
        point = stationary_point(asked, number, solution)
        field = KernelField({}, {}, point.x)
        equation = vanishing_part(field, field.read(point.equation).top)
    known = rational_factors(field, equation)
    if known != [sum((c * field.generators["x"] ** k for k, c in enumerate(f)), 0 * field.one)]:
        raise Refused("the polynomial is not that of the number")
    galois.check_rule(certificate, f)


def _equation_of_formula(number: Mapping[str, Any], solution: Mapping[str, Any]) -> tuple[KernelField, Polynomial]:
    """The equation x = formula, for the formula of one of the unknowns."""
    if set(number) != {"formula"} or number["formula"] not in solution["exact"].values():
        raise Refused("the number is not one of the solution's")
    value = _value(number["formula"])
    field = KernelField({}, {}, value.lower.union(value.upper))
    return field, field.read(subtract(X, parse(number["formula"], Scope()).node)).top
