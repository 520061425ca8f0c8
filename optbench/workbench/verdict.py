"""The verdict: what was proved and what was found, joined into one result that claims no more than either allows.

A proved answer stands unless a point that was found contradicts it; then both are shown and nothing is claimed. A
formula without proof stands beside the numbers as long as no method found a lower value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from optbench.arithmetic import NoReading
from optbench.language.graph import Symbol
from optbench.problem.problem import Problem
from optbench.result import Assurance, Attempt, AttemptStatus, Certificate, ClosedForm, Fit, Optimality, Result, Solution, Status
from optbench.workbench.function import Function
from optbench.workbench.judgement import Judgement, judge
from optbench.workbench.proof import disagreement, joined

if TYPE_CHECKING:
    from optbench.arithmetic.ball_enclosure import Enclosure
    from optbench.certify.answer import CertifiedAnswer
    from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts

_TIE = 1e-9  # relative difference of values below which the better known point is preferred
_FROM_THE_START = (None, "epigraph form", "continued")  # stages of an attempt that does not look elsewhere
_CLEAN = 1e-9  # violation of the constraints up to which values are compared
_ROUNDING = 1e-12  # violation of the constraints that rounding explains
_CLEARLY = 1e-3  # relative difference of values that such a violation does not explain, not even in a cusp of the feasible set
_LONG_FORMULA = 200  # characters of a point's formulas up to which the sentence repeats them
_SIX_DIGITS = 1e-6  # relative difference of values, above 1, and violation, up to which a method has reached the optimum
_PUBLISHED = 1e-6  # relative difference from a published value that is worth a warning


class Finding(NamedTuple):
    """A row of the comparison and what was found at its point."""

    row: Attempt
    judgement: Judgement | None


def empty_domain(problem: Problem) -> Result | None:
    """Return the result of a problem that is defined nowhere on its range, as far as the ranges show it."""
    for name, (interval, _) in problem.domains.items():
        if interval.is_empty:
            sentence = f"The problem is infeasible: on the range of {name} the function is defined nowhere."
            return Result(None, Status.INFEASIBLE, Assurance.EXACT, sentence)
    return None


def verdict(
    problem: Problem, function: Function, exact: ExactAnswer | None, certified: CertifiedAnswer | None, findings: Sequence[Finding]
) -> Result:
    """Return the result without its frame (problem, options, environment)."""
    best = best_of(findings)
    answer = joined(problem, exact, certified)
    disagreements = _contradictions(problem, function, answer, findings)
    if sentence := disagreement(problem, exact, certified):
        disagreements = [sentence, *disagreements]
    if answer is not None and answer.assurance.is_proof and not disagreements:
        result = _proved(problem, function, _with_a_point(function, answer, best))
    elif answer is not None and not disagreements and (formula := _formula(problem, function, answer, best)) is not None:
        result = formula
    else:
        result = _found(problem, function, best, findings, answer)
    if certified is not None and not disagreements:
        result = _with_certificate(problem, result, certified)
    rows = [_with_errors(f.row, result) for f in findings]
    warnings = [*disagreements, *_published(problem, result)]
    if certified is not None and certified.not_written is not None:
        warnings.append(f"There is no certificate: {certified.not_written}.")
    if result.assurance.is_proof and _published(problem, result):
        disagreements = warnings
    return replace(result, attempts=rows, warnings=warnings, disagreements=list(disagreements), fit=_fit(problem, function, result))


def _fit(problem: Problem, function: Function, result: Result) -> Fit | None:
    """The statistics of a regression at the first solution."""
    point = result.solutions[0].point if result.solutions else None
    if point is None or not problem.data:
        return None
    from optbench.workbench.regression import fit

    is_minimum = result.status in (Status.OPTIMAL, Status.LOCALLY_OPTIMAL)
    return fit(problem, function, _flat([point[v.name] for v in problem.variables]), is_minimum=is_minimum)


# ---- what was found ----------------------------------------------------------------------------------------------------------


def best_of(findings: Sequence[Finding]) -> Finding | None:
    """The lowest value, and among values that tie the one that is known best; what violates a constraint comes last.

    Of points that are known as well and differ in value by rounding only, the one that a given start has led to comes before
    those of further starts: two terms of a model that are alike can be exchanged, and the user's start has named them.
    """
    known = [(f, f.judgement) for f in findings if f.judgement is not None and f.judgement.assurance is not Assurance.NONE]
    known = [(f, j) for f, j in known if j.optimality.infeasibility <= _CLEAN] or known
    if not known:
        return None
    lowest = min(j.value for _, j in known)
    tied = [(f, j) for f, j in known if j.value <= lowest + _TIE * max(1.0, abs(lowest))]
    rank = min(j.assurance.rank for _, j in tied)
    equals = [(f, j) for f, j in tied if j.assurance.rank == rank]
    least = min(j.value for _, j in equals)
    same = [(f, j) for f, j in equals if j.value <= least + _TIE * abs(least)]
    return min(same, key=lambda found: (found[0].row.stage not in _FROM_THE_START, found[1].optimality.stationarity or 0.0))[0]


def _found(problem: Problem, function: Function, best: Finding | None, findings: Sequence[Finding], answer: ExactAnswer | None) -> Result:
    if best is None or best.judgement is None:
        closed_form = None if answer is None else _closed_form_of(problem, answer.closed_form)
        return Result(None, Status.UNKNOWN, Assurance.NONE, _nothing(findings), closed_form=closed_form)
    judged = best.judgement
    status = Status.LOCALLY_OPTIMAL if judged.assurance is Assurance.LOCAL else Status.FEASIBLE
    point = function.named(function.space.coordinates(judged.x))
    optimality = _of_the_objective(problem, judged.optimality)
    closed_form = _not_found(answer)
    solution = Solution(point, kind=judged.kind, optimality=optimality, closed_form=closed_form, multipliers=judged.multipliers)
    value = problem.sign * judged.value + 0.0  # never -0
    shown = f"{value:.9g}{_where([point])}"
    if status is Status.LOCALLY_OPTIMAL:
        sentence = f"The best {_extremum(problem)} found is {shown}: {judged.checked or 'local'}; nothing is proved of other points."
    else:
        fallen = " The function may be unbounded." if best.row.status is AttemptStatus.DIVERGED else ""
        best_of_all = "lowest" if problem.sense == "minimize" else "highest"
        reason = f"it is not shown to be even a local {_extremum(problem)}, since {judged.reason}"
        sentence = f"The {best_of_all} value found is {shown}; {reason}.{fallen}"
    return Result(None, status, judged.assurance, sentence, value, solutions=[solution], closed_form=closed_form)


def _nothing(findings: Sequence[Finding]) -> str:
    tried = [f.row for f in findings if f.row.status is not AttemptStatus.NOT_APPLICABLE]
    if not tried:
        return "Nothing was found: no method is applicable; the reasons are under the table."
    if all(row.status in (AttemptStatus.LIMIT, AttemptStatus.KILLED) for row in tried) and not any(f.judgement for f in findings):
        return "Nothing was found before the limits were reached; the reasons are under the table."
    if any(row.status is AttemptStatus.DIVERGED and row.value is None and row.iterations for row in tried):
        return "Nothing was found: methods diverged, so the function may be unbounded; that is not proved."
    least = min((f.judgement.optimality.infeasibility for f in findings if f.judgement is not None), default=math.inf)
    if 0 < least < math.inf:
        return f"Nothing was found: no method satisfied the constraints; they may be infeasible, which is not proved. {_violated(least)}"
    return "Nothing was found: no method reached a point at which the function is defined and the constraints hold."


def _violated(least: float) -> str:
    return f"The least violation met is {least:.3g}."


def _not_found(answer: ExactAnswer | None) -> ClosedForm:
    reason = "the exact stage did not run or did not finish" if answer is None else answer.reason
    return ClosedForm("not_found", reason=reason)


# ---- what was proved ---------------------------------------------------------------------------------------------------------


def _with_a_point(function: Function, answer: ExactAnswer, best: Finding | None) -> ExactAnswer:
    """The answer with the best point found, where a proof of the value alone names none and that point has this value."""
    if answer.status is not Status.OPTIMAL or answer.solutions or answer.value is None or best is None or best.judgement is None:
        return answer
    judged = best.judgement
    distance = abs(function.problem.sign * judged.value - answer.value)
    if distance > _SIX_DIGITS * max(1.0, abs(answer.value)) or judged.optimality.infeasibility > _SIX_DIGITS:
        return answer
    from optbench.exact.answer import ExactSolution, FormulaFacts

    point = function.named(function.space.coordinates(judged.x))
    facts = FormulaFacts("not_found", reason=answer.reason)
    return replace(answer, solutions=(ExactSolution(point, None, None, judged.kind, False, facts),))


def _proved(problem: Problem, function: Function, answer: ExactAnswer) -> Result:
    solutions = [_solution(problem, function, s) for s in answer.solutions]
    return Result(
        None,
        answer.status,
        answer.assurance,
        _proved_sentence(problem, answer),
        answer.value,
        answer.value_exact,
        None if answer.value_enclosure is None else list(answer.value_enclosure),
        solutions,
        answer.complete,
        solutions[0].closed_form if solutions else None,
    )


def _formula(problem: Problem, function: Function, answer: ExactAnswer, best: Finding | None) -> Result | None:
    """A formula without proof, if its point holds up and no method found a lower value."""
    if answer.value_exact is None or answer.value is None or not answer.solutions:
        return None
    judged = _judged(function, answer.solutions[0])
    if judged is None or judged.assurance is not Assurance.LOCAL:
        return None
    if best is not None and best.judgement is not None and best.judgement.value < judged.value - _TIE * max(1.0, abs(judged.value)):
        return None
    solutions = [_solution(problem, function, answer.solutions[0])]
    points = [s.point for s in solutions if s.point is not None]
    sentence = f"A local {_extremum(problem)} is {answer.value:.9g}{_where(points)}, by a formula; that it is global is not proved."
    found = Result(None, Status.LOCALLY_OPTIMAL, Assurance.LOCAL, sentence, answer.value, answer.value_exact, None, solutions)
    return replace(found, closed_form=solutions[0].closed_form)


def _judged(function: Function, solution: ExactSolution) -> Judgement | None:
    if solution.point is None:
        return None
    x = [solution.point[v.name] for v in function.problem.variables]
    return judge(function, function.space.point(_flat(x)))


def _flat(values: Any) -> list[float]:
    return [leaf for part in values for leaf in _flat(part)] if isinstance(values, list) else [float(values)]


def _solution(problem: Problem, function: Function, exact: ExactSolution) -> Solution:
    judged = None if exact.kind == "limit" else _judged(function, exact)
    optimality = None if judged is None else _of_the_objective(problem, judged.optimality)
    return Solution(
        exact.point,
        exact.exact,
        None if exact.enclosure is None else {name: list(ends) for name, ends in exact.enclosure.items()},
        exact.kind,
        exact.unique,
        exact.family,
        multipliers={} if judged is None else judged.multipliers,
        optimality=optimality,
        closed_form=_closed_form(problem, exact),
    )


def _closed_form(problem: Problem, exact: ExactSolution) -> ClosedForm | None:
    """The facts of a point; where the function is only approached there is none."""
    return None if exact.kind == "limit" else _closed_form_of(problem, exact.closed_form)


def _closed_form_of(problem: Problem, facts: FormulaFacts | None) -> ClosedForm | None:
    if facts is None:
        return None
    scope = "function_of_parameter" if problem.free_parameters else "number"
    return ClosedForm(
        facts.verdict,
        facts.kind,
        list(facts.none_in),
        scope if facts.verdict != "not_found" or facts.unreviewed else None,
        facts.theorem,
        list(facts.assumes),
        facts.review,
        facts.certificate,
        facts.unreviewed,
        facts.reason,
    )


def _of_the_objective(problem: Problem, optimality: Optimality) -> Optimality:
    """Curvature is that of the function as the user wrote it."""
    if problem.sense == "minimize" or optimality.curvature not in ("positive", "negative"):
        return optimality
    return replace(optimality, curvature="negative" if optimality.curvature == "positive" else "positive")


# ---- what is certified -------------------------------------------------------------------------------------------------------


def _with_certificate(problem: Problem, result: Result, certified: CertifiedAnswer) -> Result:
    """The result with the facts of certification, and with its enclosure where there is no better one."""
    if not certified.boxes:
        return result
    result = replace(result, certificate=_certificate(certified))
    if result.assurance.is_proof or certified.value_enclosure is None or result.value is None:
        return result
    gap = _distance_to_bound(problem, result.value, certified.value_enclosure)
    sentence = result.sentence.replace("nothing is proved of other points", f"no other point is better by more than {gap}, proved")
    return replace(result, value_enclosure=list(certified.value_enclosure), sentence=sentence)


def _distance_to_bound(problem: Problem, value: float, ends: tuple[str, str]) -> str:
    """By how much the global value may be better, rounded up."""
    from fractions import Fraction

    from optbench.arithmetic.ball_enclosure import between, decimals

    low, high = map(Fraction, ends)
    distance = Fraction(value) - low if problem.sense == "minimize" else high - Fraction(value)
    return decimals(between(0, max(distance, Fraction(0))), 2)[1]


def _certificate(certified: CertifiedAnswer) -> Certificate:
    return Certificate(
        certified.closed,
        certified.gap,
        certified.boxes,
        certified.boxes_open,
        [[list(ends) for ends in box] for box in certified.possible],
        None,
        list(certified.assumes),
        False,
        certified.file,
    )


# ---- words -----------------------------------------------------------------------------------------------------------------------


def _extremum(problem: Problem) -> str:
    return "minimum" if problem.sense == "minimize" else "maximum"


def _proved_sentence(problem: Problem, answer: ExactAnswer) -> str:
    extremum = _extremum(problem)
    points = [s.point for s in answer.solutions if s.point is not None]
    if problem.free_parameters and answer.value_exact is not None and answer.status is not Status.UNBOUNDED:
        return _sentence_on_formulas(problem, answer)
    if answer.status is Status.OPTIMAL:
        others = "" if answer.complete else " Other points may have the same value."
        shown = f"{_decimal(answer)}{_where(points)}{', and periodically' if any(s.family for s in answer.solutions) else ''}"
        if answer.assurance is Assurance.CERTIFIED:
            return f"The {extremum} is {shown}: proved global{_to_digits(answer)}; {_formula_of(answer)}.{others}"
        return f"The {extremum} is {shown}: exact, and proved global.{others}"
    bound = "infimum" if problem.sense == "minimize" else "supremum"
    reason = f" {answer.reason[0].upper()}{answer.reason[1:]}." if answer.reason else ""
    if answer.status is Status.NOT_ATTAINED:
        return f"There is no {extremum}: the {bound} {_decimal(answer)} is not attained.{reason}"
    if answer.status is Status.UNBOUNDED:
        return f"There is no {extremum}: the function is unbounded {'below' if problem.sense == 'minimize' else 'above'}.{reason}"
    return f"The problem is infeasible: {answer.reason or 'no point satisfies all conditions'}."


def _decimal(answer: ExactAnswer) -> str:
    """The value to nine digits; those of its enclosure where it is too large or too small for a double."""
    from decimal import Decimal

    assert answer.value is not None
    if answer.value_enclosure is not None and (answer.value == 0 or math.isinf(answer.value)):
        low, high = map(Decimal, answer.value_enclosure)
        if low > 0 or high < 0:
            shown = f"{Decimal(f'{low if low > 0 else high:.9g}').normalize():g}"
            bounded = low.is_finite() and high.is_finite()
            return shown if bounded else f"{'more' if low > 0 else 'less'} than {shown}"
    return f"{answer.value:.9g}"


def _formula_of(answer: ExactAnswer) -> str:
    """What is known of a formula where there is none."""
    facts = [s.closed_form for s in answer.solutions]
    if facts and all(f is not None and f.verdict == "none" for f in facts):
        conditional = any(f is not None and f.assumes for f in facts)
        if any(f is not None and "L" in f.none_in for f in facts):
            condition = ", if Schanuel's conjecture is true" if conditional else ""
            return f"no formula with roots, exp and log exists{condition}"
        return "no formula with radicals exists"
    return "no closed form was found"


def _sentence_on_formulas(problem: Problem, answer: ExactAnswer) -> str:
    """The sentence for a value that depends on parameters; the reason says for which of them it is proved."""
    extremum, proved = _extremum(problem), f"exact, and proved {answer.reason}"
    if answer.status is Status.NOT_ATTAINED:
        bound = "infimum" if problem.sense == "minimize" else "supremum"
        return f"There is no {extremum}: the {bound} {answer.value_exact} is not attained: {proved}."
    points = [", ".join(f"{name} = {formula}" for name, formula in s.exact.items()) for s in answer.solutions if s.exact is not None]
    few = 0 < len(points) <= 3 and all(len(p) <= _LONG_FORMULA for p in points)
    where = "" if not few else " at " + (" and ".join(points) if len(points) < 3 else f"{points[0]}; {points[1]}; {points[2]}")
    others = "" if answer.complete else " Other points may have the same value."
    return f"The {extremum} is {answer.value_exact}{where}: {proved.replace(' proved ', ' proved global ', 1)}.{others}"


def _to_digits(answer: ExactAnswer) -> str:
    """', to 30 digits': as many as both ends of the enclosure share, give or take one in the last place."""
    if answer.value_enclosure is None:
        return ""
    from fractions import Fraction

    low, high = map(Fraction, answer.value_enclosure)
    if low == high or not low * high > 0:
        return ""
    return f", to {len(str(int(abs(low) / (high - low))))} digits"


def _where(points: Sequence[Mapping[str, Any]]) -> str:
    """' at x = 1, y = 2' for one point or a few; nothing for points of many coordinates."""
    if not points or len(points) > 3 or any(len(p) > 4 or any(isinstance(c, list) for c in p.values()) for p in points):
        return ""
    shown = [", ".join(f"{name} = {c:.9g}" for name, c in p.items()) for p in points]
    return " at " + (" and ".join(shown) if len(shown) < 3 else f"{shown[0]}; {shown[1]}; {shown[2]}")


# ---- comparisons -----------------------------------------------------------------------------------------------------------------


def _with_errors(row: Attempt, result: Result) -> Attempt:
    """The row with its true errors, where the optimum is proved."""
    if not result.assurance.is_proof or result.value is None or row.value is None:
        return row
    points = [s.point for s in result.solutions if s.point is not None and (s.exact is not None or s.enclosure is not None)]
    error_point = None
    if points and row.point is not None and result.status is Status.OPTIMAL:
        error_point = min(_distance(row.point, p) for p in points)
    if math.isinf(row.value) or math.isinf(result.value):  # beyond doubles, which then tell no difference
        return replace(row, value=None) if math.isinf(row.value) else row
    error_value = abs(row.value - result.value)
    reached = error_value <= _SIX_DIGITS * max(1.0, abs(result.value)) and (row.infeasibility or 0.0) <= _SIX_DIGITS
    return replace(
        row, error_value=error_value, error_point=error_point, reached_optimum=reached if result.status is Status.OPTIMAL else None
    )


def _distance(point: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    pairs = [(a, b) for name in point for a, b in zip(_flat(point[name]), _flat(other[name]), strict=True)]
    return max((abs(a - b) for a, b in pairs), default=0.0)


def _contradictions(problem: Problem, function: Function, answer: ExactAnswer | None, findings: Sequence[Finding]) -> list[str]:
    """Sentences on points that were found and that a proved answer excludes."""
    if answer is None or not answer.assurance.is_proof:
        return []
    sentences = []
    for row, judgement in findings:
        if judgement is not None and judgement.assurance is not Assurance.NONE and _excludes(problem, function, answer, judgement):
            shown = problem.sign * judgement.value
            sentences.append(
                f"Answers disagree: {row.method} found the value {shown:.17g}, which the proved answer of {answer.strategy} excludes."
            )
    return sentences


def _excludes(problem: Problem, function: Function, answer: ExactAnswer, judgement: Judgement) -> bool:
    """Whether a point that was found can't be where the answer is right.

    Points of doubles satisfy constraints up to rounding only, and gain value by that; so one that isn't proved to
    satisfy them counts only where its violation does not explain the difference, and next to it is one that satisfies them.
    """
    bound = math.inf if answer.status is Status.INFEASIBLE else -math.inf if answer.value is None else problem.sign * answer.value
    if judgement.value >= bound - 1e-15 * max(1.0, abs(bound)):
        return False
    if problem.has_arrays:
        return judgement.value < bound - _TIE * max(1.0, abs(bound))
    if not _is_feasible(problem, function, judgement):
        clearly = bound == math.inf or judgement.value < bound - _CLEARLY * max(1.0, abs(bound))
        return judgement.optimality.infeasibility <= _ROUNDING and clearly and _is_next_to_feasible(function, judgement)
    return bound == math.inf or _lies_below(problem, function, judgement, answer)


def _is_feasible(problem: Problem, function: Function, judgement: Judgement) -> bool:
    """Whether enclosures prove that the point satisfies all constraints as it is."""
    if not problem.constraints:
        return True
    from optbench.arithmetic.balls import decide

    box = _box(problem, function, judgement)
    return all(decide(c.condition, box, 200) is True for c in problem.constraints)


def _is_next_to_feasible(function: Function, judgement: Judgement) -> bool:
    from optbench.certify.answer import NotApplicable
    from optbench.certify.near_feasible import close_by
    from optbench.language.derivative import NotDifferentiable

    try:
        return close_by(function.problem, function.space.coordinates(judgement.x)) is not None
    except (NotApplicable, NotDifferentiable, NoReading):
        return True  # nothing is known that speaks against it


def _lies_below(problem: Problem, function: Function, judgement: Judgement, answer: ExactAnswer) -> bool:
    """Whether the minimand at a point is below the proved optimum; what doubles suspect is decided with enclosures."""
    from fractions import Fraction

    from optbench.arithmetic.balls import enclose, exactly

    assert answer.value is not None
    box = _box(problem, function, judgement)
    proved = Fraction(answer.value_enclosure[0 if problem.sense == "minimize" else 1]) if answer.value_enclosure else Fraction(answer.value)
    return bool(enclose([problem.minimand], box, 200)[0].upper < exactly(int(problem.sign) * proved, 200).lower)


def _box(problem: Problem, function: Function, judgement: Judgement) -> dict[Symbol, Enclosure]:
    from fractions import Fraction

    from optbench.arithmetic.balls import exactly

    return {s: exactly(Fraction(c), 200) for s, c in zip(problem.symbols, function.space.coordinates(judgement.x), strict=True)}


def _published(problem: Problem, result: Result) -> list[str]:
    """A warning where the answer differs from the published one."""
    known = problem.known.value if problem.known else None
    if known is None or result.value is None:
        return []
    difference = problem.sign * (result.value - known)
    room = _PUBLISHED * max(1.0, abs(known))
    if result.assurance.is_proof and abs(difference) > room:
        return [f"The published value {known:.9g} differs from the proved one."]
    if difference > room:
        return [f"The published value {known:.9g} is better than what was found."]
    return [f"The value found is better than the published one, {known:.9g}."] if difference < -room else []
