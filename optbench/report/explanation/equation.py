"""Where the derivative is 0: the equation, how it was solved, the signs between its roots, and the second derivative there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from optbench.account import Piece, Rewriting, Solver, Zero
from optbench.report.explanation.model import LONG, Block, Grid, Line, Math, digits_of, digits_unless, display, number, say
from optbench.report.explanation.subject import Subject
from optbench.result import Status

_HOW = {
    Solver.POLYNOMIAL: "This is a polynomial equation, up to factors that have no zero here. It is factored over the rational numbers, "
    "and the real roots of each factor are isolated and counted, so none is missing.",
    Solver.LAMBERT: "This is an equation of Lambert's W, the inverse of `w*exp(w)`: from `w*exp(w) = z` follows `w = lambertw(z)`, or, on "
    "the lower branch, `w = lambertw(z, -1)`. Each real branch gives a candidate.",
    Solver.LOGARITHMS: "A sum of logarithms is the logarithm of a product: by exp it becomes an equation between polynomials.",
    Solver.KERNELS: "The unknown stands inside of another function: the equation is solved for that, which is then undone by its inverse.",
    Solver.COMPUTER_ALGEBRA: "SymPy's solve proposes formulas; nothing is believed of them before it is verified.",
    Solver.ISOLATION: "No formula is known for all of its roots. They are found all the same: interval arithmetic splits the interval "
    "until each part has no root, or exactly one, as the left side has opposite signs at its ends and is monotone between them.",
    Solver.NONE: "It was not solved completely.",
}
_WITHOUT_ROOT = {
    Solver.CONSTANT: "It does not depend on the unknown, and is not 0.",
    Solver.POLYNOMIAL: "It has no root there: up to factors that are never 0 it is a polynomial, none of whose real roots lies there.",
}
_NO_ROOT = "It has no root there: proved by algebra, or by enclosures in which every rounding is outward."
_NO_OTHER = "; that no other root exists is proved by enclosures between them, or by the algebra itself"
_DEFINITE = {"positive": "positive definite", "negative": "negative definite", "semidefinite": "semidefinite", "indefinite": "indefinite"}
_LISTED = 12


def equation(subject: Subject) -> Iterator[Block]:
    """Yield the blocks on the stationary equation."""
    search = subject.account.search
    if search is None:
        yield from _without_search(subject)
        return
    if search.period is not None:
        brackets = "[" if search.lower_closed else "(", "]" if search.upper_closed else ")"
        window = subject.notation.interval(f"{brackets[0]}{search.lower}, {search.upper}{brackets[1]}")
        period = subject.notation.maths(search.period)
        yield say("The function repeats itself with the period ", period, ", so one period is enough: ", window, ".")
    if len(search.pieces) > 1:
        yield say("The function is smooth on each of these intervals, which kinks, poles and gaps of its domain separate.")
    for piece in search.pieces:
        yield from _of_piece(subject, piece, several=len(search.pieces) > 1)
    if search.left_out:
        yield say(f"{search.left_out:,} more intervals and candidates are left out here.")


def _of_piece(subject: Subject, piece: Piece, several: bool) -> Iterator[Block]:
    notation = subject.notation
    where = notation.interval(f"({piece.lower}, {piece.upper})")
    if several:
        yield say("On ", where, " the function is ", notation.maths(piece.function), ":")
    slope = piece.slope if several or not subject.account.derivatives else subject.account.derivatives[0].result
    if piece.constant:
        yield say("There the derivative is 0 throughout: the function is constant.")
        return
    yield display([Line((notation.maths(slope), "=", notation.maths("0")))])
    yield say(*notation.prose(_how(piece)))
    yield from _rewritten(subject, piece.rewritings, slope)
    if piece.zeros:
        yield display(_root(subject, zero) for zero in piece.zeros[:_LISTED])
        yield say(" ".join(_checked(piece)))
    if not piece.proved:
        yield say(f"That these are all roots is not proved: {piece.reason or 'something is missing'}.")
    if piece.signs:
        yield _signs(subject, piece)


def _how(piece: Piece) -> str:
    """How the equation was solved, in prose with maths between backticks."""
    if piece.proved and not piece.zeros:
        return _WITHOUT_ROOT.get(piece.solver, _NO_ROOT)
    return _HOW.get(piece.solver, _HOW[Solver.NONE])


def _rewritten(subject: Subject, rewritings: Sequence[Rewriting], slope: str) -> Iterator[Block]:
    """The other forms of slope = 0."""
    shown = [r for r in rewritings if r.letter or r.left != slope]
    others = [r for r in shown if r.letter][1:]
    if lines := [line for r in shown for line in _rewriting(subject, r, any(r is other for other in others))]:
        yield display(lines)


def _rewriting(subject: Subject, rewriting: Rewriting, is_other: bool) -> Iterator[Line]:
    """A form of the equation; after the first factor the others are alternatives to it."""
    maths = subject.notation.maths
    yield Line((maths(rewriting.left), "=", maths(rewriting.right)), ("or",) if is_other else ())
    if rewriting.letter is not None and rewriting.meaning is not None:
        yield Line((maths(rewriting.letter), "=", maths(rewriting.meaning)), ("what the letter stands for",))


def _checked(piece: Piece) -> Iterator[str]:
    """What is proved of the roots."""
    with_formula = [zero for zero in piece.zeros if zero.formula is not None]
    without = len(piece.zeros) - len(with_formula)
    if with_formula and all(zero.verified for zero in with_formula):
        yield f"Put into the equation, each formula gives exactly 0{_NO_OTHER if piece.proved and not without else ''}."
    elif with_formula:
        yield "That each of these formulas gives 0 is not proved."
    if without:
        many = "The root without a formula is" if without == 1 else f"The {without} roots without a formula are"
        yield f"{many} enclosed: the digits shown are proved, and solve --digits gives more."


def _root(subject: Subject, zero: Zero) -> Line:
    name = subject.notation.named(subject.points[zero])
    formula = () if zero.formula is None else ("=", subject.notation.maths(zero.formula))
    return Line((name, *formula, *digits_unless(zero.formula, zero.enclosure)))


def _signs(subject: Subject, piece: Piece) -> Grid:
    notation = subject.notation
    names = [subject.points[zero] for zero in piece.zeros]
    rows = []
    for (low, high), sign in zip(pairwise([piece.lower, *names, piece.upper]), piece.signs, strict=True):
        between = Math(f"({low}, {high})", f"({_end(subject, low)}, {_end(subject, high)})")
        rows.append(((between,), ("negative" if sign < 0 else "positive",), ("falls" if sign < 0 else "rises",)))
    return Grid(("on", f"{notation.f(1).text} is", f"so {notation.letter}"), tuple(rows[: _LISTED + 1]))


def _end(subject: Subject, name: str) -> str:
    return subject.notation.named(name).tex if name in subject.points.values() else subject.notation.maths(name).tex


def _without_search(subject: Subject) -> Iterator[Block]:
    """Several unknowns, parameters, or a strategy that does not go along the line."""
    account, notation = subject.account, subject.notation
    if not subject.is_told:
        if subject.result.status is not Status.INFEASIBLE:
            yield say("The account of the steps did not come.")
        return
    if account.derivatives and not subject.problem.constraints:
        yield say("At an optimum inside of the range at which it is differentiable:")
        yield display(Line((notation.maths(d.result), "=", notation.maths("0"))) for d in account.derivatives)
        if account.rewritings:
            yield say(*notation.prose(_HOW[Solver.LAMBERT]))
            yield from _rewritten(subject, account.rewritings, account.derivatives[0].result)
    elif subject.problem.constraints and subject.result.solutions:
        yield say(
            "With constraints the gradient need not be 0 at the optimum. Where the gradients of those constraints and ends of ranges that "
            "hold with equality are linearly independent, it is a combination of them; the factors are the multipliers (Lagrange; "
            "Karush, Kuhn and Tucker for inequalities)."
        )
        yield from _multipliers(subject)
    if subject.result.status is Status.INFEASIBLE:
        return
    if account.approach is not None:
        yield say("How it was solved: ", account.approach)
    elif subject.result.assurance.is_proof:
        yield say("No strategy for closed forms applies; interval arithmetic alone settled the question.")


def _multipliers(subject: Subject) -> Iterator[Block]:
    """Those of the first solution: by how much the value changes per unit of a constraint's right-hand side."""
    solutions = subject.result.solutions
    known = {} if not solutions else solutions[0].multipliers
    texts = {c["name"]: c["text"] for c in subject.problem.constraints}
    rows = [
        ((subject.notation.constraint(texts[name]),), (number(factor),))
        for name, factor in list(known.items())[:_LISTED]
        if name in texts and isinstance(factor, float)
    ]
    if rows:
        yield Grid(("constraint", "multiplier"), tuple(rows))


# ---- the second derivative ---------------------------------------------------------------------------------------------------


def curvature(subject: Subject) -> Iterator[Block]:
    """Yield the blocks on the second-derivative test."""
    if subject.result.status is Status.INFEASIBLE:
        return
    if not subject.is_on_line:
        yield from _hessian(subject)
        return
    second = subject.account.derivatives[0].second if subject.is_on_line and subject.account.derivatives else None
    if not subject.points and (second is None or subject.account.search is not None):
        return
    notation = subject.notation
    if second is not None and (subject.account.search is None or len(subject.account.search.pieces) == 1):
        yield display([Line((notation.f(2), "=", notation.maths(second)))])
    lines = [_bend(subject, zero) for zero in list(subject.points)[:_LISTED]]
    if lines:
        yield display(lines)


def _hessian(subject: Subject) -> Iterator[Block]:
    optimality = subject.result.solutions[0].optimality if subject.result.solutions else None
    if optimality is not None and optimality.curvature is not None and not subject.has_kinks:
        of = "of the Lagrange function, on the directions that no constraint blocks," if subject.problem.constraints else "of the function"
        yield say(f"At the solution the matrix of second derivatives {of} is {_DEFINITE[optimality.curvature]}, as computed in doubles.")


def _bend(subject: Subject, zero: Zero) -> Line:
    value = subject.notation.f(2, subject.points[zero])
    digits = () if zero.curvature is None else digits_of(zero.curvature)
    if zero.bend:
        sign, kind = (">", "a strict local minimum") if zero.bend > 0 else ("<", "a strict local maximum")
        return Line((value, *digits, sign, subject.notation.maths("0")), (kind,))
    kinds = {(-1, 1): "f' goes from - to +: a local minimum", (1, -1): "f' goes from + to -: a local maximum", (0, 0): "not known"}
    words = kinds.get((zero.before, zero.after), "f' keeps its sign: no extremum")
    if zero.curvature is None:
        return Line((value,), (f"not known; {words}",))
    return Line((value, *digits), (f"it does not decide; {words}",))


def short(subject: Subject, formula: str | None) -> Math | None:
    """Return a formula that fits into a cell, or None."""
    return None if formula is None or len(formula) > LONG else subject.notation.maths(formula)
