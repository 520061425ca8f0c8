"""The account of how a problem was solved: its derivatives step by step, and the search on the line, in texts.

The search is that of `univariate`, gone through once more for what it does not keep: in what form each equation was solved,
and the second derivative at each zero. Where the answer came by another strategy and this one finds none, there is no search.

>>> from optbench.problem.draft import ProblemDraft, Text
>>> from optbench.problem.validate import validated
>>> account = narrated(validated(ProblemDraft("minimize", Text("x^4/4 - x")), open_names=True), "univariate")
>>> account.approach
'The minimum of a function of one number on an interval: stationary points, kinks, ends and limits; the smallest wins.'
>>> [zero.formula for zero in account.search.pieces[0].zeros], account.search.pieces[0].rewritings[-1].left
(['1'], '(x - 1)*(x^2 + x + 1)')
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import pairwise

from optbench.account import Account, Candidate, Derivative, DerivativeStep, Ends, LineSearch, Piece, Rewriting, Zero
from optbench.arithmetic.balls import Enclosure, decimals, value_of
from optbench.exact import periodic, univariate
from optbench.exact.answer import NotApplicable
from optbench.exact.line.enclosed import EnclosedRoot, EnclosedValue, real_enclosure
from optbench.exact.line.limits import Indeterminate, limit
from optbench.exact.line.rewriting import of_lambert, rewritings
from optbench.exact.line.search import MAX_NODES, Search, parts
from optbench.exact.line.search import Candidate as LineCandidate
from optbench.exact.line.search import Piece as LinePiece
from optbench.exact.numbers.formula import enclosure
from optbench.exact.numbers.identities import simplified
from optbench.exact.numbers.sums import TooLarge, sign_of
from optbench.language.build import negate, substitute
from optbench.language.derivation import Step, derivation, slope
from optbench.language.derivative import NotDifferentiable
from optbench.language.graph import GraphError, Node, Symbol, size
from optbench.language.text import text
from optbench.problem.interval import INFINITY, MINUS_INFINITY
from optbench.problem.problem import Problem

DIGITS = 12  # of enclosures
MAX_TEXT = 400  # characters of a formula
MAX_STEP_TEXT = 160  # characters of each side of a step to the derivative
MAX_LISTED = 20  # pieces, and candidates
MAX_UNKNOWNS = 6
ALONG_THE_LINE = ("univariate", "computer_algebra", "periodic", "none")  # strategies whose search this one is
_BITS = 64


def narrated(problem: Problem, strategy: str) -> Account:
    """Return the account of a problem whose answer the named strategy gave ("none": no strategy did)."""
    objective = problem.objective
    derivatives, search = tuple(_derivatives(problem, objective)), _searched(problem, strategy)
    form = _lambert_form(problem, objective) if search is None and derivatives else ()
    return Account(text(objective), _approach(strategy), derivatives, form, search)


def _approach(strategy: str) -> str | None:
    """What the strategy's module says of itself, up to the first full stop."""
    if strategy == "none":
        return None
    words = import_module(f"optbench.exact.{strategy}").__doc__
    return None if words is None else " ".join(words.strip().split("\n\n")[0].split())


# ---- derivatives -----------------------------------------------------------------------------------------------------------


def _derivatives(problem: Problem, objective: Node) -> Iterator[Derivative]:
    if problem.has_arrays or len(problem.symbols) > MAX_UNKNOWNS or _has_whole_numbers(problem):
        return
    for x in problem.symbols:
        try:
            first = slope(objective, x)
        except (NotDifferentiable, GraphError):
            return
        steps = tuple(_steps(objective, x))
        result = steps[-1].result if steps else _short(first)
        if result is None:
            return
        yield Derivative(x.name, steps, result, _second(first, x))


def _has_whole_numbers(problem: Problem) -> bool:
    return any(x.integer for x in problem.symbols)


def _second(first: Node, x: Symbol) -> str | None:
    try:
        found = slope(first, x)
    except (NotDifferentiable, GraphError):
        return None
    return _short(simplified(found)) or _short(found)


def _steps(objective: Node, x: Symbol) -> Sequence[DerivativeStep]:
    """The steps, if each is short enough to be read."""
    try:
        steps = [_step(step) for step in derivation(objective, x)]
    except NotDifferentiable:
        return ()
    return steps if all(len(part or "") <= MAX_STEP_TEXT for step in steps for part in (step.of, step.applied, step.result)) else ()


def _step(step: Step) -> DerivativeStep:
    inner, applied = (None if node is None else text(node) for node in (step.inner, step.applied))
    return DerivativeStep(text(step.of), step.rule, inner, applied, text(step.result))


def _lambert_form(problem: Problem, objective: Node) -> tuple[Rewriting, ...]:
    """How Lambert's W solves the stationary equation, also where that has parameters."""
    if len(problem.symbols) != 1:
        return ()
    [x] = problem.symbols
    first = slope(objective, x)
    return of_lambert([simplified(first)], x, first)


def _short(node: Node) -> str | None:
    written = text(node)
    return written if len(written) <= MAX_TEXT else None


# ---- the search on the line ---------------------------------------------------------------------------------------------------


def _searched(problem: Problem, strategy: str) -> LineSearch | None:
    if problem.dimension != 1 or problem.free_parameters or problem.has_arrays or problem.constraints or _has_whole_numbers(problem):
        return None
    period = None
    if strategy == periodic.NAME:
        problem, period = periodic.one_period(problem)
    interval = problem.domains[problem.variables[0].name][0]
    if interval.is_empty or interval.is_fixed:
        return None
    for part in parts(problem, interval):
        search = Search(problem, DIGITS, computer_algebra=strategy == "computer_algebra")
        try:
            found, best = univariate.examined(search, part)
            pieces = tuple(_piece(search, piece) for piece in search.pieces[:MAX_LISTED])
            candidates = sorted((_candidate(search, c, any(c is b for b in best)) for c in found[:MAX_LISTED]), key=_place)
        except (NotApplicable, TooLarge, GraphError, OverflowError):
            continue
        if search.doubts and strategy not in ALONG_THE_LINE:
            continue
        left_out = len(search.pieces) - len(pieces) + len(found) - len(candidates)
        ends = text(part.lower), text(part.upper), part.lower_closed, part.upper_closed
        return LineSearch(
            *ends, None if period is None else text(period), pieces, tuple(candidates), tuple(dict.fromkeys(search.doubts)), left_out
        )
    return None


def _piece(search: Search, piece: LinePiece) -> Piece:
    zeros, sign = piece.zeros, 1 if _is_as_written(search) else -1
    roots = zeros.isolated.roots if zeros.isolated is not None else zeros.roots
    signs = tuple(sign * s for s in piece.signs)
    around = pairwise(signs) if signs else ((0, 0) for _ in roots)
    return Piece(
        text(piece.place.lower),
        text(piece.place.upper),
        text(_of_objective(search, piece.smooth)),
        text(_of_objective(search, piece.slope)),
        zeros.solver,
        rewritings(piece.slope, piece.place, zeros.solver),
        tuple(_zero(search, piece, root, *signs) for root, signs in zip(roots, around, strict=True)),
        signs,
        zeros.identically,
        zeros.proved or zeros.isolated is not None,
        zeros.reason,
        (_limit(search, piece, piece.place.lower, 1), _limit(search, piece, piece.place.upper, -1)),
    )


def _limit(search: Search, piece: LinePiece, end: Node, side: int) -> str | None:
    try:
        return _short(search.shortest(limit(_of_objective(search, piece.smooth), search.variable, end, side)))
    except (Indeterminate, NotApplicable, GraphError, TooLarge, OverflowError):
        return None


def _is_as_written(search: Search) -> bool:
    """Whether the minimand is the objective, not its negative."""
    return search.problem.sense == "minimize"


def _of_objective(search: Search, node: Node) -> Node:
    """What belongs to the objective, from what belongs to the minimand."""
    return node if _is_as_written(search) else negate(node)


def _zero(search: Search, piece: LinePiece, root: Node | EnclosedRoot, before: int, after: int) -> Zero:
    curvature, bend = _curvature(search, piece, root)
    formula = _short(root) if isinstance(root, Node) else None
    return Zero(formula, root in piece.zeros.verified, _ends(root), before, after, curvature, bend)


def _curvature(search: Search, piece: LinePiece, root: Node | EnclosedRoot) -> tuple[Ends | None, int | None]:
    """The second derivative at a zero of the first, and its sign."""
    x = search.variable
    try:
        second = _of_objective(search, slope(piece.slope, x))
        if size(second) > 4 * MAX_NODES:
            return None, None
        if isinstance(root, EnclosedRoot):
            box = EnclosedValue(second, x, root).enclosure(_BITS)
            return decimals(box, DIGITS), 1 if box.is_positive else -1 if box.is_negative else None
        value = substitute(second, {x: root})
        if not value_of(value, _BITS).everywhere:  # as of cbrt(x)^5 at 0
            return None, None
        return enclosure(value, DIGITS), sign_of(value)
    except (NotDifferentiable, NotApplicable, GraphError, OverflowError):
        return None, None


def _candidate(search: Search, candidate: LineCandidate, best: bool) -> Candidate:
    at, value = candidate.at, candidate.value
    place = _short(at) if isinstance(at, Node) else None
    formula = _short(search.shortest(_of_objective(search, value))) if isinstance(value, Node) else None
    return Candidate(place, _ends(at), candidate.kind, formula, _signed_ends(search, value), candidate.attained, best)


def _place(candidate: Candidate) -> float:
    """Where it comes on the line."""
    return float(candidate.at_enclosure[0] if candidate.at_enclosure is not None else candidate.at or "inf")


def _signed_ends(search: Search, value: Node | EnclosedValue) -> Ends | None:
    """An enclosure of the user's objective where the minimand has a value; None where that is infinite."""
    if isinstance(value, Node):
        return _ends(_of_objective(search, value))
    low, high = decimals(_box(value), DIGITS)
    return (low, high) if _is_as_written(search) else (_negated(high), _negated(low))


def _negated(decimal: str) -> str:
    return decimal.removeprefix("-") if decimal.startswith("-") else decimal if decimal == "0" else f"-{decimal}"


def _ends(at: Node | EnclosedRoot) -> Ends | None:
    if at in (INFINITY, MINUS_INFINITY):
        return None
    return enclosure(at, DIGITS) if isinstance(at, Node) else decimals(_box(at), DIGITS)


def _box(value: EnclosedRoot | EnclosedValue) -> Enclosure:
    return real_enclosure(value, _BITS)
