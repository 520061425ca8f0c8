"""The lesson on a result: its sections in the order in which a teacher would write them on the board."""

from __future__ import annotations

from collections.abc import Iterator

from optbench.account import Derivative, DerivativeStep
from optbench.report.explanation.answer import answer, comparison
from optbench.report.explanation.convergence import numerical_methods
from optbench.report.explanation.equation import curvature, equation
from optbench.report.explanation.model import Block, Display, Lesson, Line, Math, Paragraph, Piece, Section, display, say
from optbench.report.explanation.subject import Subject
from optbench.report.explanation.theorems import closed_form
from optbench.report.plain_words import VARIABLES, shortened
from optbench.result import Result, Status, VariableSummary

_RULES: dict[str, str | tuple[Piece, ...]] = {
    "sum": "term by term",
    "factor": "constant factor",
    "product": ("product rule: ", Math("(u*v)' = u'*v + u*v'", "(u v)' = u' v + u v'")),
    "quotient": ("quotient rule: ", Math("(u/v)' = (u'*v - u*v')/v^2", r"\left(\frac{u}{v}\right)' = \frac{u' v - u v'}{v^2}")),
    "reciprocal": ("reciprocal: ", Math("(1/v)' = -v'/v^2", r"\left(\frac{1}{v}\right)' = -\frac{v'}{v^2}")),
    "power": ("power rule: ", Math("(u^n)' = n*u^(n-1)*u'", "(u^n)' = n u^{n-1} u'")),
    "exponential": (Math("(a^u)' = a^u*log(a)*u'", r"(a^u)' = a^u \log(a)\, u'"),),
    "general_power": (Math("(u^v)' = u^v*(v*log(u))'", r"(u^v)' = u^v \left(v \log u\right)'"),),
    "known": "known derivative",
    "choice": "piece by piece",
}


def lesson(result: Result) -> Lesson:
    """Return the explanation of a valid problem's result, which has an account."""
    subject = Subject.of(result)
    sections = (
        Section("The function", tuple(_function(subject))),
        Section("The derivative" if subject.is_on_line else "The partial derivatives", tuple(_derivative(subject))),
        Section(_where_words(subject), tuple(equation(subject))),
        Section("The second derivative", tuple(curvature(subject))),
        Section("Ends, limits, and the comparison", tuple(comparison(subject))),
        Section(_answer_words(result), tuple(answer(subject))),
        Section("Is there a closed form?", tuple(closed_form(subject))),
        Section("What numerical methods do instead", tuple(numerical_methods(subject))),
    )
    title = ("How to ", subject.problem.sense, " ", subject.notation.maths(shortened(subject.problem.objective)))
    return Lesson(title, tuple(section for section in sections if section.blocks))


def _where_words(subject: Subject) -> str:
    if subject.problem.constraints:
        return "The conditions for an optimum"
    if not subject.account.derivatives:
        return "How it was solved"
    return "Where it is 0" if subject.is_on_line else "Where they are 0"


def _answer_words(result: Result) -> str:
    if not result.assurance.is_proof:
        return "The answer, and how well it is known"
    return f"The answer, and why {'it is the global one' if result.status is Status.OPTIMAL else 'it holds'}"


# ---- the function ------------------------------------------------------------------------------------------------------------


def _function(subject: Subject) -> Iterator[Block]:
    problem, notation = subject.problem, subject.notation
    yield display([Line((notation.f(), "=", notation.maths(subject.function)))])
    if problem.constraints:
        yield say("subject to")
        yield display(Line((notation.constraint(c["text"]),)) for c in problem.constraints)
    for name, value in problem.parameters.items():
        if subject.is_free(name):
            yield say("Here ", notation.named(name), f" is a parameter without a value: {value}.")
    for name, variable in list(problem.variables.items())[:VARIABLES]:
        yield _range(subject, name, variable)
    if len(problem.variables) > VARIABLES:
        yield say(f"There are {len(problem.variables) - VARIABLES:,} more variables.")


def _range(subject: Subject, name: str, variable: VariableSummary) -> Paragraph:
    notation, x = subject.notation, subject.notation.named(name)
    if not isinstance(variable.range, str) or variable.shape:
        return say("The array ", x, " has a range for each of its entries.")
    whole = " in whole numbers" if variable.integer else ""
    if variable.domain == "empty":
        return say(x, " ranges over ", notation.interval(variable.range), f"{whole}, where the function is defined nowhere.")
    if variable.domain in (None, variable.range):
        return say(x, " ranges over ", notation.interval(variable.range), f"{whole}; the function is defined on all of it.")
    words = " ranges over ", notation.interval(variable.range), f"{whole}; there the function is defined on "
    interval, _, conditions = variable.domain.partition(" where ")
    where = (" where ", notation.condition(conditions)) if conditions else ()
    return say(x, *words, notation.interval(interval), *where, ", its natural domain in this range.")


# ---- the derivative ------------------------------------------------------------------------------------------------------------


def _derivative(subject: Subject) -> Iterator[Block]:
    if subject.result.status is Status.INFEASIBLE:
        return
    if any(variable.integer for variable in subject.problem.variables.values()):
        yield say("Some unknowns take whole numbers only, so derivatives do not tell where the optimum is.")
    elif subject.is_told and not subject.account.derivatives:
        yield say("It has no derivative that can be shown in a few lines.")
    for derivative in subject.account.derivatives:
        yield Display(tuple(_steps(subject, derivative)))
    if subject.account.derivatives and subject.has_kinks:
        yield say("This holds where the function is smooth; kinks and jumps have no derivative.")


def _steps(subject: Subject, derivative: Derivative) -> Iterator[Line]:
    """The steps to the derivative by one unknown, the last of which is the whole."""
    notation, whole = subject.notation, subject.slope(derivative.unknown)
    if not derivative.steps:
        yield Line((whole, "=", notation.maths(derivative.result)))
    for step in derivative.steps:
        part = notation.derivative(step.of, None if subject.is_on_line else derivative.unknown)
        left = whole if step is derivative.steps[-1] else part
        between = () if step.applied is None else (notation.maths(step.applied), "=")
        yield Line((left, "=", *between, notation.maths(step.result)), tuple(_rule(subject, step)))


def _rule(subject: Subject, step: DerivativeStep) -> Iterator[Piece]:
    words = _RULES[step.rule]
    yield from (words,) if isinstance(words, str) else words
    if step.inner is not None:
        yield from (", and the chain rule with ", Math("u", "u"), " = ", subject.notation.maths(step.inner))
