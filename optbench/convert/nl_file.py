"""AMPL's `.nl` format, as text: what AMPL, Pyomo and JuMP hand to solvers.

Arrays are written out entry by entry. Linear parts stand apart from the others, nonlinear variables and constraints come
before linear ones, and the names of both are in `.col` and `.row` files beside it.

Source: D. M. Gay, "Writing .nl Files", Sandia report SAND2005-7907P (2005), for the order of variables (table 3) and the
segments; "Hooking Your Solver to AMPL" (1997).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from optbench.convert.affine import Parts, apart, exact_or_double
from optbench.convert.ampl import prefix, rounded, shared, spelled
from optbench.convert.entries import entry_names
from optbench.convert.rows import Row, names, rows
from optbench.convert.written import Written
from optbench.errors import ProblemError, printable
from optbench.language.expand import all_entries
from optbench.language.graph import GraphError, Node, Symbol, symbols, topological
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem

ENDINGS = (".nl",)

LIMIT = 1_000_000  # entries of all arrays together that are written out


@dataclass(frozen=True)
class _Body:
    """The objective or a constraint, without arrays; bounds are less its constant."""

    name: str
    parts: Parts
    lower: Fraction | None = None
    upper: Fraction | None = None

    @cached_property
    def nonlinear(self) -> list[Symbol]:
        return [] if self.parts.rest is None else symbols(self.parts.rest)

    @cached_property
    def variables(self) -> list[Symbol]:
        """Those with a derivative that is not 0."""
        return [*dict.fromkeys([*self.nonlinear, *(s for s, c in self.parts.linear.items() if c)])]


@dataclass(frozen=True)
class _Unknown:
    """One entry of a variable."""

    symbol: Symbol
    name: str
    interval: Interval
    start: float | None

    @property
    def is_binary(self) -> bool:
        return self.symbol.integer and self.interval.floats == (0.0, 1.0)


def write(problem: Problem, target: Path | None) -> Written:
    """Return the model, with its names beside it.

    Raises `ProblemError` for parameters without a value, functions that AMPL lacks, and more than a million entries.
    """
    if problem.free_parameters:
        free = [printable(p.name) for p in problem.free_parameters]
        raise ProblemError(
            f"A .nl file needs a number for every parameter, and {', '.join(free)} has none; give it one, as --param {free[0]}=2."
        )
    model = _Model(problem)
    beside = () if target is None else model.name_files(target)
    return Written("\n".join([*model.lines(), ""]), beside, tuple(_notes(problem)))


def _notes(problem: Problem) -> Iterator[str]:
    if any(row.strict for row in rows(problem)):
        yield "A .nl file has no strict inequalities; < and > became <= and >=."
    ranges = [interval for v in problem.variables for interval in v.ranges]
    if any(_is_open(interval) for interval in ranges):
        yield "A .nl file has no open ends of ranges; such ends now belong to them."
    if any(len(v.starts) > 1 for v in problem.variables):
        yield "A .nl file has one start; the others were left out."


def _is_open(interval: Interval) -> bool:
    low, high = interval.floats
    return (not interval.lower_closed and low > -float("inf")) or (not interval.upper_closed and high < float("inf"))


class _Model:
    """The problem in scalars, in the order of the format."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.objective, bodies = _bodies(problem)
        self.constraints = sorted(bodies, key=lambda body: not body.nonlinear)
        in_constraints = {s for body in self.constraints for s in body.nonlinear}
        in_objective = set(self.objective.nonlinear)
        self.both, self.only_constraints = in_constraints & in_objective, in_constraints - in_objective
        self.only_objective = in_objective - in_constraints
        self.unknowns = sorted(_unknowns(problem), key=self.place)
        self.number = {unknown.symbol: i for i, unknown in enumerate(self.unknowns)}
        self.names: dict[Node, str] = {symbol: f"v{i}" for symbol, i in self.number.items()}
        self.define()

    def place(self, unknown: _Unknown) -> int:
        """Where a variable stands: the categories of Gay's table 3, from top to bottom."""
        s = unknown.symbol
        for category, members in enumerate((self.both, self.only_constraints, self.only_objective)):
            if s in members:
                return 2 * category + s.integer
        return 6 + (0 if not s.integer else 1 if unknown.is_binary else 2)

    # ---- defined variables -------------------------------------------------------------------------------------------------

    def define(self) -> None:
        """Number the parts that several places share, those of several segments first, then those of one."""
        segments = [body.parts.rest for body in (*self.constraints, self.objective)]
        found = shared([rest for rest in segments if rest is not None])
        users = _users(segments, found)
        last = len(self.constraints)
        self.categories: list[list[Node]] = [[], [], [], [], []]  # of both, constraints, objectives, one constraint, one objective
        self.owner: dict[Node, int] = {}
        for node in found:
            among = users[node]
            alone = len(among) == 1
            self.owner[node] = min(among) + 1 if alone else 0
            category = (4 if last in among else 3) if alone else 0 if last in among else 1
            self.categories[category].append(node)
        self.categories[3].sort(key=lambda node: self.owner[node])
        for i, node in enumerate((node for category in self.categories for node in category), len(self.unknowns)):
            self.names[node] = f"v{i}"

    def definitions(self, owner: int) -> Iterator[str]:
        """The defined variables of one segment, or (0) of several."""
        for category in self.categories:
            for node in category:
                if self.owner[node] == owner:
                    yield f"V{self.names[node][1:]} 0 {owner}"
                    yield from prefix(node, self.names, defining=True)

    # ---- segments -----------------------------------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        yield from self.header()
        yield from self.definitions(0)
        for i, body in enumerate(self.constraints):
            yield from self.definitions(i + 1)
            yield f"C{i}"
            yield from ["n0"] if body.parts.rest is None else prefix(body.parts.rest, self.names)
        yield from self.definitions(len(self.constraints) + 1)
        yield f"O0 {int(self.problem.sense == 'maximize')}"
        yield from self.objective_lines()
        yield from self.starts()
        yield from self.bounds()
        yield from self.jacobian()
        yield from _linear("G0", self.objective, self.number)

    def header(self) -> list[str]:
        constraints, n = self.constraints, len(self.unknowns)
        ranges = sum(b.lower is not None and b.upper is not None and b.lower != b.upper for b in constraints)
        equations = sum(b.lower is not None and b.lower == b.upper for b in constraints)
        nonlinear = len(self.both) + len(self.only_constraints)
        places = [self.place(unknown) for unknown in self.unknowns]
        discrete = [places.count(place) for place in (7, 8, 1, 3, 5)]
        title = printable(self.problem.name or "unnamed")
        return [
            f"g3 1 1 0\t# problem {title}",
            f" {n} {len(constraints)} 1 {ranges} {equations}\t# vars, constraints, objectives, ranges, eqns",
            f" {sum(bool(b.nonlinear) for b in constraints)} {int(bool(self.objective.nonlinear))}\t# nonlinear constraints, objectives",
            " 0 0\t# network constraints: nonlinear, linear",
            f" {nonlinear} {nonlinear + len(self.only_objective) if self.only_objective else len(self.both)} {len(self.both)}"
            "\t# nonlinear vars in constraints, objectives, both",
            " 0 0 0 1\t# linear network variables; functions; arith, flags",
            f" {' '.join(map(str, discrete))}\t# discrete variables: binary, integer, nonlinear (b,c,o)",
            f" {sum(len(b.variables) for b in constraints)} {len(self.objective.variables)}\t# nonzeros in Jacobian, gradients",
            f" {_longest(self.row_names())} {_longest(self.column_names())}\t# max name lengths: constraints, variables",
            f" {' '.join(str(len(category)) for category in self.categories)}\t# common exprs: b,c,o,c1,o1",
        ]

    def objective_lines(self) -> Iterable[str]:
        """The nonlinear part of the objective and its constant, for which there is no other place."""
        constant, _, rest = self.objective.parts
        if rest is None:
            return [f"n{rounded(constant)}"]
        return [*(["o0"] if constant else []), *prefix(rest, self.names), *([f"n{rounded(constant)}"] if constant else [])]

    def starts(self) -> Iterator[str]:
        given = [(i, unknown.start) for i, unknown in enumerate(self.unknowns) if unknown.start is not None]
        if given:
            yield f"x{len(given)}"
            yield from (f"{i} {value!r}" for i, value in given)

    def bounds(self) -> Iterator[str]:
        if self.constraints:
            yield "r"
            yield from (_bounds(body.lower, body.upper) for body in self.constraints)
        yield "b"
        yield from (_bounds(*map(exact_or_double, (unknown.interval.lower, unknown.interval.upper))) for unknown in self.unknowns)

    def jacobian(self) -> Iterator[str]:
        if not self.constraints:
            return
        counts = [0] * len(self.unknowns)
        for body in self.constraints:
            for s in body.variables:
                counts[self.number[s]] += 1
        total = 0
        yield f"k{len(self.unknowns) - 1}"
        for count in counts[:-1]:
            total += count
            yield str(total)
        for i, body in enumerate(self.constraints):
            yield from _linear(f"J{i}", body, self.number)

    # ---- names --------------------------------------------------------------------------------------------------------------

    def column_names(self) -> list[str]:
        return [unknown.name for unknown in self.unknowns]

    def row_names(self) -> list[str]:
        return [body.name for body in self.constraints]

    def name_files(self, target: Path) -> tuple[tuple[Path, bytes], ...]:
        rows_ = [*self.row_names(), self.objective.name]
        return tuple(
            (target.with_suffix(ending), "".join(f"{printable(name)}\n" for name in given).encode())
            for ending, given in ((".col", self.column_names()), (".row", rows_))
        )


def _bodies(problem: Problem) -> tuple[_Body, list[_Body]]:
    """The objective, and every entry of every row."""
    found = rows(problem)
    nodes = [problem.objective, *(node for row in found for node in (row.body, row.lower, row.upper) if node is not None)]
    try:
        written = iter(all_entries(nodes, problem.data, LIMIT))
    except GraphError as error:
        raise ProblemError(f"A .nl file has no arrays. {error}") from None
    objective = _Body("objective", apart(spelled(next(written)[0])))
    bodies: list[_Body] = []
    for row, name in zip(found, names(found), strict=True):
        entries = next(written)
        lower, upper = (None if bound is None else _known(next(written), len(entries)) for bound in (row.lower, row.upper))
        bodies.extend(_entry_bodies(row, name, entries, lower, upper))
    return objective, bodies


def _known(entries: Sequence[Node], count: int) -> list[Fraction | None]:
    values = [exact_or_double(entry) for entry in entries]
    return values * count if len(values) == 1 else values


def _entry_bodies(
    row: Row, name: str, entries: Sequence[Node], lower: Sequence[Fraction | None] | None, upper: Sequence[Fraction | None] | None
) -> Iterator[_Body]:
    for i, (own, entry) in enumerate(zip(entry_names(name, row.body.shape), entries, strict=True)):
        parts = apart(spelled(entry))
        low, high = (None if bound is None or (value := bound[i]) is None else value - parts.constant for bound in (lower, upper))
        yield _Body(own, parts, low, high)


def _unknowns(problem: Problem) -> Iterator[_Unknown]:
    for v in problem.variables:
        entries = all_entries([v.symbol], None, max(LIMIT, v.size))[0]
        starts = v.starts[0] if v.starts else (None,) * v.size
        for entry, name, interval, start in zip(entries, entry_names(v.name, v.shape), v.entry_ranges(), starts, strict=True):
            assert isinstance(entry, Symbol)
            yield _Unknown(entry, name, interval, start)


def _users(segments: Sequence[Node | None], found: Sequence[Node]) -> dict[Node, set[int]]:
    """For each shared part the segments that it stands in."""
    wanted = set(found)
    users: dict[Node, set[int]] = {node: set() for node in found}
    if wanted:
        for i, segment in enumerate(segments):
            for node in () if segment is None else topological(segment):
                if node in wanted:
                    users[node].add(i)
    return users


def _bounds(lower: Fraction | None, upper: Fraction | None) -> str:
    if lower is None or upper is None:
        return "3" if lower is upper else f"1 {rounded(upper)}" if upper is not None else f"2 {rounded(lower or Fraction(0))}"
    return f"4 {rounded(lower)}" if lower == upper else f"0 {rounded(lower)} {rounded(upper)}"


def _linear(head: str, body: _Body, number: dict[Symbol, int]) -> Iterator[str]:
    """A row of the Jacobian, or the gradient: nonlinear variables have the coefficient of their linear term, or 0."""
    terms = sorted((number[s], body.parts.linear.get(s, Fraction(0))) for s in body.variables)
    if terms:
        yield f"{head} {len(terms)}"
        yield from (f"{i} {rounded(coefficient)}" for i, coefficient in terms)


def _longest(given: Iterable[str]) -> int:
    return max(map(len, given), default=0)
