"""The comparison of all candidates, the answer, and why it holds."""

from __future__ import annotations

from collections.abc import Iterator

from optbench.account import Candidate
from optbench.report import plain_words
from optbench.report.explanation.equation import short
from optbench.report.explanation.model import Block, Grid, Line, Math, Piece, digits_of, digits_unless, display, say
from optbench.report.explanation.subject import Subject
from optbench.result import Assurance, Status

_KINDS = {"interior": "stationary point", "boundary": "end", "kink": "kink", "limit": "limit"}


def comparison(subject: Subject) -> Iterator[Block]:
    """Yield the blocks on ends, limits, and which candidate wins."""
    search = subject.account.search
    if search is None or not search.candidates:
        return
    if subject.is_searched:
        rises = "up" if subject.problem.sense == "minimize" else "down"
        only, other = "only rises or only falls", f"no other point can have its {subject.least} value"
        if any(piece.constant for piece in search.pieces):
            only, other = "only rises, only falls, or is constant", "no other point is better than all of them"
        yield say(
            f"Between these points the function {only}, so {other}. "
            f"Ends towards which it goes {rises} are left out, unless they belong to the range."
        )
    else:
        yield say("These candidates are known; that there are no others is not proved in this way.")
    if limits := list(_limits(subject)):
        yield display(limits)
    if search.left_out:
        yield say("Not all candidates are listed here; the search compared them all.")
    names = {zero.formula or zero.enclosure: name for zero, name in subject.points.items()}
    rows = tuple(_row(subject, candidate, names.get(candidate.at or candidate.at_enclosure)) for candidate in search.candidates)
    yield Grid(("where", "what", "value", f"{subject.least}?"), rows)
    for doubt in search.doubts:
        yield say(f"This is not the whole truth: {doubt}.")


def _limits(subject: Subject) -> Iterator[Line]:
    """The limits at ends of pieces that are no candidates."""
    search, notation = subject.account.search, subject.notation
    assert search is not None
    known = {candidate.at for candidate in search.candidates}
    for piece in search.pieces:
        for end, value, side in zip((piece.lower, piece.upper), piece.limits, ("from above", "from below"), strict=True):
            if value is not None and end not in known:
                way = "" if end in ("inf", "-inf") else f" {side}"
                yield Line(
                    (notation.f(), "->", notation.maths(value)), ("as ", notation.named(subject.unknown), " -> ", notation.maths(end), way)
                )


def _row(subject: Subject, candidate: Candidate, name: str | None) -> tuple[tuple[Piece, ...], ...]:
    notation = subject.notation
    where = notation.named(name) if name else short(subject, candidate.at) or "a long formula"
    kind = _KINDS[candidate.kind] + ("" if candidate.attained else ", not attained")
    won = "yes" if candidate.best else ""
    if candidate.value_enclosure is None:
        return (where,), (kind,), (notation.maths(candidate.value or "inf"),), (won,)
    formula = short(subject, candidate.value)
    if formula is None:
        return (where,), (kind,), (digits_of(candidate.value_enclosure)[1],), (won,)
    digits = digits_unless(formula.text, candidate.value_enclosure)
    return (where,), (kind,), (formula, *(f" {p} " if isinstance(p, str) else p for p in digits)), (won,)


def answer(subject: Subject) -> Iterator[Block]:
    """Yield the answer, and what it rests on."""
    result = subject.result
    yield say(result.sentence.replace("; the reasons are under the table", ""))  # a lesson has no table of attempts
    if result.status is Status.UNKNOWN and not result.solutions:
        return
    if lines := list(_formulas(subject)):
        yield display(lines)
    yield say(*_reason(subject))
    if result.certificate is not None and result.assurance is Assurance.CERTIFIED:
        assumes = f", assuming that {' and '.join(result.certificate.assumes)}" if result.certificate.assumes else ""
        boxes = "one box" if result.certificate.boxes == 1 else f"{result.certificate.boxes:,} boxes"
        yield say(f"Branch and bound looked at {boxes} and excluded values beyond the enclosure by interval arithmetic{assumes}.")


def _formulas(subject: Subject) -> Iterator[Line]:
    notation, result = subject.notation, subject.result
    for solution in result.solutions[: plain_words.SOLUTIONS]:
        for name, formula in (solution.exact or {}).items():
            written = plain_words.entries_text(formula)
            if len(written) <= plain_words.LONG_FORMULA and not isinstance(formula, list):
                family = "".join(f"{k} {kind}" for k, kind in (solution.family or {}).items())
                yield Line(
                    (notation.named(name), "->" if solution.kind == "limit" else "=", notation.maths(written)), (family,) if family else ()
                )
    if result.value_exact is not None and len(result.value_exact) <= plain_words.LONG_FORMULA:
        yield Line((_optimum(subject), "=", notation.maths(result.value_exact), *digits_unless(result.value_exact, result.value_enclosure)))
    elif result.value_enclosure is not None:
        yield Line((_optimum(subject), *digits_of(result.value_enclosure)))


def _optimum(subject: Subject) -> Math:
    """The name of the optimal value: min f(x), or inf f(x) where no point has it."""
    names = {"minimize": ("min", "inf"), "maximize": ("max", "sup")}[subject.problem.sense]
    name = names[subject.result.status in (Status.NOT_ATTAINED, Status.UNBOUNDED)]
    f = subject.notation.f()
    return Math(f"{name} {f.text}", rf"\{name} {f.tex}")


def _reason(subject: Subject) -> Iterator[Piece]:
    """Why the answer is what it claims to be."""
    result = subject.result
    if result.disagreements:
        yield "Two answers exclude each other, so none of them is to be trusted: " + "; ".join(result.disagreements) + "."
        return
    if not result.assurance.is_proof and subject.is_searched:
        yield "The search above ended, but the exact stage did not, so the answer claims no proof. "
    elif not result.assurance.is_proof:
        yield "Nothing proves that it is the global one. "
    if not result.assurance.is_proof:
        yield (
            "The conditions for a local one hold at the point, to rounding."
            if result.assurance is Assurance.LOCAL
            else "Not even a local one is confirmed."
        )
        return
    if result.status is Status.UNBOUNDED:
        yield "The path along which it runs off is proved by its limit."
    elif result.status is Status.INFEASIBLE:
        yield "That no point satisfies all conditions is proved; no search by sampling is behind it."
    elif subject.is_searched and result.status is Status.NOT_ATTAINED:
        yield f"The {subject.least} of {_compared(subject)} is a limit that no point attains. Every sign and every comparison is proved."
    elif subject.is_searched:
        yield (
            f"It is the {subject.least} of {_compared(subject)}, and there are no others to compare. Every root, every sign and "
            "every comparison is proved, formulas by algebra, numbers by intervals rounded outward; no floating-point value is trusted."
        )
    elif result.assurance is Assurance.EXACT:
        yield (
            "That it is the global one follows from the argument of the strategy (docs/closed-forms.md has one for each), by algebra and "
            "by intervals rounded outward; no floating-point value is trusted."
        )
    else:
        yield f"The {subject.best} is enclosed by interval arithmetic, with every rounding outward."
    if result.complete and result.status is Status.OPTIMAL:
        single = len(result.solutions) == 1 and not result.solutions[0].family
        shown = len(result.solutions) <= plain_words.SOLUTIONS
        yield " There is no other global solution." if single else " These are all global solutions." if shown else _many(subject)


def _many(subject: Subject) -> str:
    return f" There are {len(subject.result.solutions)} global solutions, all in the result (--format json), and no others."


def _compared(subject: Subject) -> str:
    """The candidates, all of which may not be listed."""
    search = subject.account.search
    return "all values and limits" if search is not None and search.left_out else "the values and limits above"
