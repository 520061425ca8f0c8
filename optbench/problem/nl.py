"""Reading a model that AMPL, Pyomo or JuMP wrote as an `.nl` file into a validated problem.

The file has segments, each of which begins with a letter: C and O hold the nonlinear parts of constraints and objectives, J and
G their linear parts, V common expressions, r and b the bounds of constraints and variables, x a start. Numbers are taken
exactly as they are written, so that exact answers and certificates are those of the model. What has no equal here (functions
of the user's own, complementarity, logical constraints, ordered sets) is refused with its line.

>>> model = parsed(b"g3 1 1 0\\n 1 0 1 0 0\\n 0 1\\n 0 0\\n 0 1 0\\n 0 0 0 1\\n 0 0 0 0 0\\n 0 1\\n 0 0\\n 0 0 0 0 0\\n"
...                b"O0 0\\no5\\nv0\\nn2\\nb\\n0 0 10\\nG0 1\\n0 -3.5\\n", "a.nl")
>>> model.problem.objective, model.problem.variables[0].ranges
(x1^2 - 7/2*x1, ([0, 10],))
"""

from __future__ import annotations

import gc
import hashlib
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from optbench.errors import ProblemError, printable
from optbench.language.build import condition, number, scalar_maker, symbol
from optbench.language.graph import GraphError, Node, Number, Symbol
from optbench.problem.interval import INFINITY, MINUS_INFINITY, Interval
from optbench.problem.nl_expressions import Expressions, Unreadable, exact_number, scaled, total
from optbench.problem.nl_names import constraint_names, variable_names
from optbench.problem.nl_text import HEADER_LINES, MAX_BYTES, Header, Source, source_of
from optbench.problem.problem import Constraint, Problem, Variable, printed
from optbench.problem.regular_file import regular_file, shown

_ZERO, _ONE, _MINUS_ONE = number(0), number(1), number(-1)
_PRODUCT, _AT_MOST, _AT_LEAST, _EQUAL = map(scalar_maker, ("multiply", "less_equal", "greater_equal", "equal"))
_LONGEST = 60  # digits of the numbers behind a segment's letter, all together
_PRINTED = 500  # parts of an objective up to which it is printed
_ORDERED_SETS = ("sosno", "ref")  # suffixes that add constraints


@dataclass(frozen=True)
class NlModel:
    """A problem, and what a solution file needs beside it."""

    problem: Problem
    header: Header
    rows: tuple[str | None, ...]  # for each constraint of the file its name in the problem; None: it has no bound


def read(path: str) -> NlModel:
    """Return the model in a file.

    Raises `UsageError` if the file can't be opened, `ProblemError` where it can't be read or says what optbench can't have.
    """
    with regular_file(path, MAX_BYTES) as opened:
        content = opened.read()
    return parsed(content, path)


def parsed(content: bytes, file: str) -> NlModel:
    """Return the model of a file's content; names are taken from the files beside `file`. Raises `ProblemError`."""
    with _no_collection():
        source = source_of(content, file)
        try:
            return _Reading(source, hashlib.sha256(content).hexdigest()).model()
        except Unreadable as found:
            raise ProblemError(source.mistake(found.line, found.sentence)) from None
        except GraphError as error:
            raise ProblemError(f"{shown(file)}: {error}") from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let Python not look for cycles: there are none in a graph, and to look at 100,000 nodes again and again takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():
                gc.freeze()  # makes all that is new old: else the next object that is made would have all of it looked at
                gc.unfreeze()
            gc.enable()


@dataclass
class _Objective:
    maximize: bool
    nonlinear: Node
    parts: int  # lines of its expression
    linear: list[Node] = field(default_factory=list)


class _Reading:
    def __init__(self, source: Source, digest: str) -> None:
        self.digest = digest  # of the file, in place of expressions that are too long to be shown
        self.source, self.header, self.lines = source, source.header, source.lines
        self.warnings: list[str] = []
        self.check_counts()
        names, found = variable_names(source.file, self.header.variables)
        self.row_names, others = constraint_names(source.file, self.header.constraints)
        self.warnings += [*found, *others]
        whole = integer_places(self.header)
        self.symbols = [symbol(name, (), i in whole) for i, name in enumerate(names)]
        self.expressions = Expressions(self.symbols)
        self.numbers: dict[str, Number] = {}
        self.intervals: dict[str, Interval] = {}
        self.rows = {str(i): i for i in range(self.header.constraints)}
        self.bodies: list[Node | None] = [None] * self.header.constraints
        self.linear_parts: list[list[Node]] = [[] for _ in self.bodies]
        self.objectives: dict[int, _Objective] = {}
        self.ranges: list[Interval] | None = None
        self.sides: list[str] | None = None  # the lines of the segment r
        self.starts: list[float | None] | None = None
        self.gradients: dict[int, list[Node]] = {}
        self.entries = {"J": 0, "G": 0}
        self.unused: dict[str, None] = {}

    def check_counts(self) -> None:
        """Refuse counts that the file can't live up to, before memory is asked for: each thing has a line at least."""
        counts = {"variables": self.header.variables, "constraints": self.header.constraints, "objectives": self.header.objectives}
        rest = len(self.lines) - HEADER_LINES
        for what, count in counts.items():
            if count > rest:
                self.source.stop(1, f"The header says that there are {count:,} {what}, and only {rest:,} lines follow it.")
        if not self.header.variables:
            self.source.stop(1, "There is no variable in this problem.")
        if self.header.logical_constraints:
            self.source.stop(1, f"The model has logical constraints ({self.header.logical_constraints:,}), which optbench can't have.")

    def model(self) -> NlModel:
        for start, end in self.source.segments:
            self.segment(self.lines[start][0], start, end)
        self.check_complete()
        constraints = list(self.constraints())
        problem = self.problem(tuple(c for c in constraints if c is not None))
        return NlModel(problem, self.header, tuple(None if c is None else c.name for c in constraints))

    def problem(self, constraints: tuple[Constraint, ...]) -> Problem:
        assert self.ranges is not None
        chosen = self.objective()
        function = total([chosen.nonlinear, *chosen.linear])
        parts = chosen.parts + len(chosen.linear)
        starts = self.projected(self.starts)
        variables = tuple(
            Variable(s, (r,), () if starts is None else ((starts[i],),))
            for i, (s, r) in enumerate(zip(self.symbols, self.ranges, strict=True))
        )
        if self.unused:
            self.warnings.append(f"The model has {', '.join(self.unused)}, which are not used.")
        return Problem(
            Path(self.source.file).stem,
            "maximize" if chosen.maximize else "minimize",
            function,
            variables,
            printed(function)
            if parts <= _PRINTED
            else f"an expression of {parts:,} parts (of the file with the sha256 {self.digest[:16]})",
            constraints=constraints,
            warnings=tuple(self.warnings),
        )

    # ---- segments --------------------------------------------------------------------------------------------------------

    def segment(self, letter: str, start: int, end: int) -> None:
        match letter:
            case "C":
                self.constraint_body(start, end)
            case "J":
                self.linear_row(start, end)
            case "O":
                self.objective_body(start, end)
            case "G":
                self.linear_objective(start, end)
            case "V":
                self.common_expression(start, end)
            case "r":
                self.check_length(start, end, self.header.constraints)
                self.sides = self.lines[start + 1 : end]
                self.first_side = start + 1
            case "b":
                self.check_length(start, end, self.header.variables)
                self.ranges = [self.interval(line, at) for at, line in enumerate(self.lines[start + 1 : end], start + 1)]
            case "x":
                self.read_starts(start, end)
            case "k" | "K" | "d":
                self.check_length(start, end, self.whole_numbers(start, 1)[0])
            case "S":
                self.suffix(start, end)
            case "F":
                self.user_function(start)
            case _:
                raise Unreadable(start, "Logical constraints can't be had in optbench.")

    def constraint_body(self, start: int, end: int) -> None:
        index = self.rows.get(self.lines[start][1:])
        index = self.row(start, 1) if index is None else index
        if self.bodies[index] is not None:
            raise Unreadable(start, "This constraint has its expression already.")
        self.bodies[index] = self.numeric(start, start + 1, end)

    def linear_row(self, start: int, end: int) -> None:
        index = self.rows.get(self.lines[start][1:].partition(" ")[0])
        index = self.row(start, 2) if index is None else index
        if self.linear_parts[index]:
            raise Unreadable(start, "This constraint has its linear part already.")
        self.linear_parts[index] = self.linear(start, end, "J")

    def row(self, start: int, count: int) -> int:
        index = self.whole_numbers(start, count)[0]
        if index >= len(self.bodies):
            raise Unreadable(start, f"There is no constraint {index}; the header says {len(self.bodies):,}, counted from 0.")
        return index

    def objective_body(self, start: int, end: int) -> None:
        index, sense = self.whole_numbers(start, 2)
        if index in self.objectives or index >= self.header.objectives:
            raise Unreadable(start, f"The header says {self.header.objectives:,} objectives, counted from 0, each once; this is {index}.")
        self.objectives[index] = _Objective(sense == 1, self.numeric(start, start + 1, end), end - start - 1)

    def linear_objective(self, start: int, end: int) -> None:
        index = self.whole_numbers(start, 2)[0]
        if index in self.gradients:
            raise Unreadable(start, "This objective has its linear part already.")
        self.gradients[index] = self.linear(start, end, "G")

    def common_expression(self, start: int, end: int) -> None:
        index, terms, _ = self.whole_numbers(start, 3)
        middle = start + 1 + terms
        if middle > end:
            raise Unreadable(start, f"This says that it has {terms:,} linear terms, and has {end - start - 1:,} lines.")
        name = f"v{index}"
        if index < self.header.variables or name in self.expressions.leaves:
            raise Unreadable(start, f"{name} is the name of something else already.")
        linear = [term for at in range(start + 1, middle) if (term := self.term(at)) is not None]
        self.expressions.leaves[name] = total([self.numeric(start, middle, end), *linear])

    def numeric(self, start: int, first: int, end: int) -> Node:
        if first >= end:
            raise Unreadable(start, "The expression of this segment is missing.")
        node = self.expressions.read(self.lines, first, end)
        if node.boolean:
            raise Unreadable(first, "A condition stands where a number belongs.")
        return node

    def linear(self, start: int, end: int, letter: str) -> list[Node]:
        lines, leaves, numbers = self.lines, self.expressions.leaves, self.numbers
        if lines[start].partition(" ")[2] != str(end - start - 1):
            self.check_length(start, end, self.whole_numbers(start, 2)[1])
        self.entries[letter] += end - start - 1
        terms: list[Node] = []
        for line in lines[start + 1 : end]:
            index, _, written = line.partition(" ")
            factor, coefficient = leaves.get("v" + index), numbers.get(written) or self.number(written)
            if coefficient is None or not isinstance(factor, Symbol):
                return [term for at in range(start + 1, end) if (term := self.term(at)) is not None]
            if coefficient is _ONE:
                terms.append(factor)
            elif coefficient is _MINUS_ONE:
                terms.append(scaled(coefficient, factor))
            elif coefficient is not _ZERO:
                terms.append(_PRODUCT((coefficient, factor)))
        return terms

    def term(self, at: int) -> Node | None:
        """A coefficient times a variable or common expression; None where the coefficient is 0."""
        index, _, written = self.lines[at].partition(" ")
        factor, coefficient = self.expressions.leaves.get(f"v{index}"), self.number(written)
        if coefficient is None:
            raise Unreadable(at, "A variable's number and its coefficient are expected here.")
        if factor is None:
            raise Unreadable(at, f"There is no variable {printable(index[:20])}; they are counted from 0 to {self.header.variables - 1:,}.")
        if coefficient is _ONE:
            return factor
        return None if coefficient is _ZERO else scaled(coefficient, factor)

    def interval(self, line: str, at: int) -> Interval:
        known = self.intervals.get(line)
        if known is None:
            lower, upper = self.bounds(line, at)
            known = self.intervals[line] = Interval(MINUS_INFINITY if lower is None else lower, INFINITY if upper is None else upper)
        return known

    def bounds(self, line: str, at: int) -> tuple[Number | None, Number | None]:
        """The bounds that a line of the segments r and b says, None where there is none."""
        match line.split(" "):
            case "0", lower, upper:
                return self.end(lower, at), self.end(upper, at)
            case "1", upper:
                return None, self.end(upper, at)
            case "2", lower:
                return self.end(lower, at), None
            case ["3"]:
                return None, None
            case "4", both:
                return (end := self.end(both, at)), end
            case "5", *_:
                raise Unreadable(at, "Complementarity conditions can't be had in optbench.")
        raise Unreadable(at, "A kind of bounds from 0 to 4 is expected here, and its numbers: 0 both, 1 upper, 2 lower, 3 none, 4 equal.")

    def end(self, word: str, at: int) -> Number | None:
        found = self.number(word)
        if found is None and word.lower().lstrip("+-") not in ("inf", "infinity"):
            raise Unreadable(at, f"'{printable(word[:40])}' is no number that can be read.")
        return found

    def number(self, written: str) -> Number | None:
        """The exact number that is written; None for another text."""
        known = self.numbers.get(written)
        if known is None and (value := exact_number(written)) is not None:
            known = self.numbers[written] = number(value)
        return known

    def read_starts(self, start: int, end: int) -> None:
        self.check_length(start, end, self.whole_numbers(start, 1)[0])
        self.starts = [None] * self.header.variables
        known: dict[str, float | None] = {}
        for at in range(start + 1, end):
            index, _, written = self.lines[at].partition(" ")
            if written not in known:
                value = exact_number(written)
                known[written] = None if value is None else _double(value)
            if known[written] is None or not index.isdecimal() or int(index[:18]) >= self.header.variables:
                raise Unreadable(at, "A variable's number and its start are expected here.")
            self.starts[int(index)] = known[written]

    def projected(self, starts: list[float | None] | None) -> list[float | None] | None:
        """The starts, each in its variable's range."""
        if starts is None:
            return None
        assert self.ranges is not None
        moved = []
        for i, (value, interval) in enumerate(zip(starts, self.ranges, strict=True)):
            if value is not None and not interval.is_empty:
                lower, upper = interval.floats
                starts[i] = min(max(value, lower), upper)
                moved += [self.symbols[i].name] if starts[i] != value else []
        if moved:
            several = f" and those of {len(moved) - 1:,} others lie outside their ranges and were" if len(moved) > 1 else ""
            self.warnings.append(f"The start of {moved[0]}{several or ' lies outside its range and was'} projected onto it.")
        return starts

    def suffix(self, start: int, end: int) -> None:
        words = self.lines[start][1:].split(" ", 2)
        if len(words) != 3 or not words[0].isdecimal() or not words[1].isdecimal():
            raise Unreadable(start, "A suffix has a kind, the number of its entries, and a name.")
        if words[2] in _ORDERED_SETS:
            raise Unreadable(start, f"Special ordered sets (the suffix {words[2]}) can't be had in optbench.")
        self.check_length(start, end, int(words[1][:18]))
        self.unused[f"suffixes ({printable(words[2][:40])})"] = None

    def user_function(self, start: int) -> None:
        words = self.lines[start][1:].split(" ", 3)
        if len(words) == 4:
            self.expressions.functions[words[0]] = words[3]

    # ---- what they say together -------------------------------------------------------------------------------------------

    def check_length(self, start: int, end: int, count: int) -> None:
        if end - start - 1 != count:
            many = "is 1 line" if end - start == 2 else f"are {end - start - 1:,} lines"
            raise Unreadable(start, f"{count:,} {'line has' if count == 1 else 'lines have'} to follow here, and there {many}.")

    def whole_numbers(self, start: int, count: int) -> list[int]:
        """The numbers behind the letter of a segment."""
        words = self.lines[start][1:].split()
        joined = "".join(words)
        if len(words) != count or not joined.isdecimal() or not joined.isascii() or len(joined) > _LONGEST:
            raise Unreadable(start, f"{count} whole number{'s are' if count > 1 else ' is'} expected behind the letter of this segment.")
        return list(map(int, words))

    def check_complete(self) -> None:
        """Refuse a file in which something is missing that the header says: it was cut off, or put together wrongly."""
        missing = [f"the bounds of the {what} (segment {letter})" for letter, what, there in self.bound_segments() if not there]
        bodies = sum(body is None for body in self.bodies)
        missing += [f"the expressions of {bodies:,} constraints (segments C)"] if bodies else []
        if len(self.objectives) < self.header.objectives:
            missing.append(f"{self.header.objectives - len(self.objectives):,} objectives (segments O)")
        for letter, expected in (("J", self.header.jacobian_entries), ("G", self.header.gradient_entries)):
            if self.entries[letter] != expected:
                missing.append(f"linear terms (segments {letter}): {self.entries[letter]:,} are there, and the header says {expected:,}")
        if missing:
            raise ProblemError(f"{shown(self.source.file)} is not complete. Missing: {'; '.join(missing)}.")

    def bound_segments(self) -> list[tuple[str, str, bool]]:
        has_rows = self.sides is not None or not self.bodies
        return [("b", "variables", self.ranges is not None), ("r", "constraints", has_rows)]

    def objective(self) -> _Objective:
        if not self.objectives:
            self.warnings.append("The model has no objective; any point that satisfies all constraints answers it.")
            return _Objective(False, number(0), 0)
        if len(self.objectives) > 1:
            self.warnings.append(f"The model has {len(self.objectives):,} objectives; the first one is taken.")
        first = min(self.objectives)
        self.objectives[first].linear = self.gradients.get(first, [])
        return self.objectives[first]

    def constraints(self) -> Iterator[Constraint | None]:
        free = 0
        known: dict[str, tuple[Number | None, Number | None]] = {}
        rows = zip(self.row_names, self.sides or [], self.bodies, self.linear_parts, strict=True)
        for i, (name, side, body, linear) in enumerate(rows):
            assert body is not None
            bounds = known.get(side)
            if bounds is None:
                bounds = known[side] = self.bounds(side, self.first_side + i)
            lower, upper = bounds
            free += lower is upper is None
            whole = total(linear if body is _ZERO else [body, *linear])
            yield None if lower is upper is None else Constraint(name, _within(lower, whole, upper))
        if free:
            self.warnings.append(
                f"{free:,} constraint{'s have' if free > 1 else ' has'} no bound and {'are' if free > 1 else 'is'} left out."
            )


def integer_places(header: Header) -> set[int]:
    """Return the variables that take whole numbers only: the last ones of each group (Gay 2005, table 3)."""
    in_constraints, in_objectives, in_both = header.nonlinear
    ends = (
        (in_both, header.nonlinear_integer[0]),
        (in_constraints, header.nonlinear_integer[1]),
        (in_objectives, header.nonlinear_integer[2]),
    )
    linear = range(header.variables - header.binary - header.integer, header.variables)
    return {place for end, count in ends for place in range(max(0, end - count), end)} | set(linear)


def _within(lower: Number | None, body: Node, upper: Number | None) -> Node:
    if lower is None:
        assert upper is not None
        return _AT_MOST((body, upper))
    if upper is None:
        return _AT_LEAST((body, lower))
    if lower is upper:
        return _EQUAL((body, lower))
    return condition("and", _AT_MOST((lower, body)), _AT_MOST((body, upper)))


def _double(value: int | Fraction) -> float:
    """The nearest double that is finite."""
    try:
        return float(value)
    except OverflowError:
        return math.copysign(sys.float_info.max, value)
