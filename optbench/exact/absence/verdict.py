"""The verdict on the closed form of each solution: what is known of it beyond whether the strategies found a formula.

A root of a polynomial is written with radicals, or proved to have none (Galois), or neither. For a stationary point of one
unknown without a formula the derivative is read as an equation with one exponential or logarithm, if it is one, and Lin's
theorem says that no formula exists. Each `none` carries a certificate that `optbench verify` checks without this code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpz_poly

from optbench.arithmetic.balls import value_of
from optbench.exact.absence import elimination, galois, radicals, several_kernels, with_lambertw
from optbench.exact.absence.field import Field, Kernel, Refused, Root, degree, quotient_text, shown
from optbench.exact.absence.stationary import StationaryPoint, stationary_point
from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts
from optbench.exact.numbers.algebraic import is_algebraic
from optbench.exact.numbers.formula import facts_of_point
from optbench.language.build import substitute, subtract, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.elaborate import parse
from optbench.language.graph import Call, Node, topological
from optbench.language.rootof import real_root
from optbench.language.text import text
from optbench.problem.problem import Problem

MAX_SOLUTIONS = 8
BITS = 250
_SOLVABLE = "it can be written with radicals (its Galois group is solvable), but the formula was not constructed"
_OPEN = "whether it can be written with radicals is not known, since no rule applies to its Galois group"


def judged(problem: Problem, answer: ExactAnswer) -> ExactAnswer:
    """Return the answer with a verdict on the closed form of each of the first solutions."""
    if problem.free_parameters:
        return _with_functions(problem, answer)
    with ctx.workprec(BITS):
        first = tuple(_judged(problem, s) for s in answer.solutions[:MAX_SOLUTIONS])
    return replace(answer, solutions=(*first, *answer.solutions[MAX_SOLUTIONS:]))


def _with_functions(problem: Problem, answer: ExactAnswer) -> ExactAnswer:
    """The answer in parameters: without a formula, or with formulas by Lambert's W, an argument may say that no simpler one exists."""
    if not answer.solutions:
        return replace(answer, closed_form=_of_functions(problem))
    if not any(s.closed_form is not None and s.closed_form.kind == "lambertw" for s in answer.solutions):
        return answer
    facts = _of_functions(problem)
    if facts is None:
        return answer
    return replace(answer, solutions=tuple(_beyond_functions(s, facts) for s in answer.solutions))


def _beyond_functions(solution: ExactSolution, facts: FormulaFacts) -> ExactSolution:
    known = solution.closed_form
    if known is None or known.kind != "lambertw":
        return solution
    return replace(solution, closed_form=replace(known, unreviewed=facts.unreviewed))


def _of_functions(problem: Problem) -> FormulaFacts | None:
    """What is known of formulas for the stationary points as functions of the parameters; None where nothing is."""
    try:
        if problem.dimension != 1 or problem.constraints:
            raise Refused("there are several unknowns, or constraints")
        [unknown] = problem.symbols
        field = Field(unknown, [symbol(p.name) for p in problem.free_parameters])
        [slope] = gradient(problem.minimand, [unknown])
        polynomial = field.read(slope).top
        kernels = [k for k in field.kernels if degree(polynomial, k.name) > 0]
        factors = several_kernels.check_no_function(field, polynomial, kernels)
    except (Refused, NotDifferentiable):
        return None
    certificate = {
        "theorem": "function",
        "kernels": {k.name: f"{k.kind}({quotient_text(k.argument)})" for k in kernels},
        "roots": _roots(field),
        "polynomials": [shown(factor) for factor in factors],
    }
    unreviewed = {"none_in": ["EL"], "theorem": "function", "assumes": [], "certificate": certificate}
    reason = "no strategy found formulas in the parameters for the zeros of the derivative"
    return FormulaFacts("not_found", reason=reason, unreviewed=unreviewed)


def _judged(problem: Problem, solution: ExactSolution) -> ExactSolution:
    known = solution.closed_form
    if known is None or solution.kind == "limit" or solution.family is not None:
        return solution
    try:
        if solution.exact is None:
            return replace(solution, closed_form=_without_formula(problem, solution))
        if any("rootof" in f for f in solution.exact.values()):
            solution = _with_root_objects(solution, known)
            known = solution.closed_form or known
        if known.kind == "lambertw":
            return replace(solution, closed_form=_beyond_elementary(problem, solution, known))
    except Refused as reason:
        if solution.exact is None:
            return replace(solution, closed_form=replace(known, reason=_joined(known.reason, str(reason))))
    return solution


def _joined(found: str | None, refused: str) -> str:
    because = f"that there is none is not proved, since {refused}"
    return f"{found}; {because}" if found else because


# ---- roots of polynomials ----------------------------------------------------------------------------------------------------


def _with_root_objects(solution: ExactSolution, known: FormulaFacts) -> ExactSolution:
    """A point that can't be written with radicals if one of its coordinates can't."""
    assert solution.exact is not None
    open_: list[str] = []
    written: dict[str, str] = dict(solution.exact)
    for name, formula in solution.exact.items():
        if "rootof" not in formula:
            continue
        node = parse(formula).node
        if not is_algebraic(node):
            written[name] = text(_with_radicals_inside(node))
            continue
        f, root = minimal_polynomial(node)
        proof = galois.not_solvable(f)
        if proof is not None:
            certificate = _galois_certificate(f, proof, {"formula": formula})
            return replace(solution, closed_form=_not_in_radicals(certificate))
        shown = radicals.written(f, root)
        if shown is not None:
            written[name] = text(shown)
        else:
            open_.append(_SOLVABLE if galois.is_solvable(f) else _OPEN)
    if open_:
        verdict = "not_found" if _OPEN not in open_ else known.verdict
        return replace(solution, closed_form=replace(known, verdict=verdict, reason=max(open_, key=lambda r: r == _OPEN)))
    return replace(solution, exact=written, closed_form=facts_of_point(parse(formula).node for formula in written.values()))


def _with_radicals_inside(node: Node) -> Node:
    """The same number, its root objects written with radicals where they can be."""
    objects = [part for part in topological(node) if isinstance(part, Call) and part.function == "rootof"]
    shown = {part: radicals.written(*minimal_polynomial(part)) for part in objects}
    return substitute(node, {part: formula for part, formula in shown.items() if formula is not None})


def minimal_polynomial(node: Node) -> tuple[fmpz_poly, arb]:
    """Return the irreducible polynomial of an algebraic number, and a ball around the number."""
    value = value_of(node, BITS)
    if not value.is_bounded:
        raise Refused("the number is not enclosed")
    ball = value.lower.union(value.upper)
    if isinstance(node, Call) and node.function == "rootof":
        f = fmpz_poly(list(node.static[0]))
        factors = [g for g, _ in f.factor()[1] if g(ball).contains(0)]
        if len(factors) != 1:
            raise Refused("the factor that holds the root could not be told")
        return factors[0], ball
    unknown = symbol("x'")
    field = Field(unknown)
    equation = field.read(subtract(unknown, node))
    if field.kernels:
        raise Refused("it is no algebraic number")
    return elimination.algebraic_polynomial(field, equation.top, elimination.values_at(field, value, BITS)), ball


def _not_in_radicals(certificate: Mapping[str, Any]) -> FormulaFacts:
    return FormulaFacts("none", "algebraic_root", none_in=("radicals",), theorem="galois", review="literature", certificate=certificate)


def _galois_certificate(f: fmpz_poly, proof: galois.NotSolvable, number: Mapping[str, Any]) -> dict[str, Any]:
    certificate: dict[str, Any] = {
        "theorem": "galois",
        "number": dict(number),
        "polynomial": [str(c) for c in f.coeffs()],
        "rule": proof.rule,
        "patterns": [[p, list(degrees)] for p, degrees in proof.patterns],
    }
    if proof.real_roots is not None:
        certificate["real_roots"] = proof.real_roots
    if proof.quotient is not None:
        certificate |= {"outer": [str(c) for c in proof.quotient], "inner": [str(c) for c in proof.inner or []]}
    return certificate


# ---- stationary points without a formula -------------------------------------------------------------------------------------


class _Equation:
    """The equation of a stationary point, read in a field, with the true values of all generators in balls."""

    def __init__(self, point: StationaryPoint) -> None:
        self.point = point
        self.field = Field(point.unknown)
        equation = self.field.read(point.equation)
        self.values = elimination.values_at(self.field, point.box, BITS)
        self.polynomial = elimination.vanishing_part(equation, self.values)
        self.kernels = [k for k in self.field.kernels if degree(self.polynomial, k.name) > 0]

    @property
    def roots(self) -> dict[str, str]:
        """What the certificate says of the names of roots."""
        return _roots(self.field)

    @property
    def number(self) -> dict[str, Any]:
        """What the certificate says of the number."""
        return {"unknown": self.point.unknown.name, "in": list(self.point.ends)}


def _roots(field: Field) -> dict[str, str]:
    return {root.name: _root_text(root) for root in field.roots}


def _root_text(root: Root) -> str:
    if root.radicand is None:
        return text(real_root(elimination.coefficients(root), root.number))
    return f"({quotient_text(root.radicand)})^(1/{root.degree})"


def _equation(problem: Problem, solution: ExactSolution) -> _Equation:
    if problem.dimension != 1 or solution.kind != "interior" or solution.enclosure is None:
        raise Refused("it is no stationary point of one unknown" if problem.dimension == 1 else "there are several unknowns")
    [variable] = problem.variables
    low, high = map(Fraction, solution.enclosure[variable.name])
    return _Equation(stationary_point(problem.minimand, variable.symbol, low, high))


def _without_formula(problem: Problem, solution: ExactSolution) -> FormulaFacts:
    equation = _equation(problem, solution)
    if equation.kernels:
        facts = _not_in_l(equation)
        return FormulaFacts("none" if "none_in" in facts else "not_found", **facts)
    f = elimination.algebraic_polynomial(equation.field, equation.polynomial, equation.values)
    proof = galois.not_solvable(f)
    if proof is None:
        raise Refused("no rule applies to the Galois group of its polynomial")
    return _not_in_radicals(_galois_certificate(f, proof, equation.number))


def _not_in_l(equation: _Equation) -> dict[str, Any]:
    """The facts of a number that is not in L: by Lin's theorem for one kernel, else by an argument that awaits publication."""
    [first, *others] = equation.kernels
    if not others and equation.field.moves(first.argument):
        return _by_lin(equation, first)
    factors = several_kernels.check_no_formula(equation.field, equation.polynomial, equation.kernels, equation.values)
    certificate = {
        "theorem": "kernels",
        "number": equation.number,
        "kernels": {k.name: f"{k.kind}({quotient_text(k.argument)})" for k in equation.kernels},
        "roots": equation.roots,
        "polynomials": [shown(factor) for factor in factors],
    }
    return {"unreviewed": {"none_in": ["L"], "theorem": "kernels", "assumes": ["Schanuel"], "certificate": certificate}}


def _by_lin(equation: _Equation, kernel: Kernel) -> dict[str, Any]:
    """A number z with P(z, exp(z)) = 0 is not in L, if z is not 0 and P irreducible with both variables (Lin 1983)."""
    relation = elimination.eliminated(equation.field, equation.polynomial, kernel, equation.values)
    z, w = relation.names
    for factor in relation.factors:
        if min(degree(factor, z), degree(factor, w)) < 1:
            raise Refused("it may be algebraic, or the logarithm of an algebraic number")
    if relation.z.contains(0):
        raise Refused(f"the {'exponent' if kernel.kind == 'exp' else 'logarithm'} may be 0 at the point")
    certificate = {
        "theorem": "lin1983",
        "number": equation.number,
        "kernel": f"{kernel.kind}({quotient_text(kernel.argument)})",
        "z": "argument" if kernel.kind == "exp" else "value",
        "roots": equation.roots,
        "polynomials": [shown(factor, {z: "z", w: "w"}) for factor in relation.factors],
    }
    facts = {"none_in": ("L",), "theorem": "lin1983", "assumes": ("Schanuel",), "review": "literature", "certificate": certificate}
    relations = [relation.with_i, *relation.factors] if len(relation.factors) == 1 else [relation.with_i]
    if any(with_lambertw.has_none(p, z, w) for p in relations):
        facts["unreviewed"] = {"none_in": ["L_W"], "theorem": "kernel-lambertw", "assumes": ["Schanuel"]}
    return facts


def _beyond_elementary(problem: Problem, solution: ExactSolution, known: FormulaFacts) -> FormulaFacts:
    """A formula with Lambert's W, and that there is none without it."""
    facts = _not_in_l(_equation(problem, solution))
    return replace(known, **facts) if "none_in" in facts else known
