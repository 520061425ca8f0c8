"""The pictures of a run: its problems of one or two unknowns are read again, where they still are what they were.

A journal has no text of a problem but its name and its file; what is found there counts only with the hash that the
attempts have. Flags of the batch are taken from the command that its header tells.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import typer

from optbench.cli.arguments import Flags
from optbench.cli.batch_sources import ProblemReader
from optbench.cli.drawing import check, drawn
from optbench.errors import OptbenchError
from optbench.problem.problem import Problem
from optbench.report.page.words import short
from optbench.report.picture.drawn import Detail
from optbench.report.picture.known import Flat, Known, Place, Run
from optbench.report.picture.model import MarkKind, Picture
from optbench.report.picture.sampling import thinned
from optbench.report.plain_words import leaves
from optbench.statistics.records import Question, Record
from optbench.statistics.records import Run as Journal
from optbench.workbench.batch.plan import Source
from optbench.workbench.function import Function

MOST = 40  # pictures of a page
MOST_UNKNOWNS = 2
_SECONDS = 4.0  # of CPU, for all of them
_OF_MANY = Detail(columns=81, rows=81)
_ITERATES = 120  # of a path
_DOCUMENTS = 100  # of a file, that are looked at
_NUMBER = r"[+-]?\d{1,40}(\.\d{0,40})?([eE][+-]?\d{1,3})?|[+-]?\d{1,40}/0*[1-9]\d{0,40}"


def pictures(run: Journal) -> dict[Question, Picture | str]:
    """Return for each problem of at most two unknowns its picture, or a sentence on why there is none."""
    grouped: dict[Question, list[Record]] = {}
    for record in run.records:
        if record.dimension <= MOST_UNKNOWNS:
            grouped.setdefault(record.instance.question, []).append(record)
    readers = _Readers(run)
    found: dict[Question, Picture | str] = {}
    deadline = time.process_time() + _SECONDS
    for number, (question, records) in enumerate(grouped.items()):
        if number >= MOST or time.process_time() > deadline:
            found[question] = f"No picture: the page has those of the first {number} problems; --problem NAME makes a report of some."
            continue
        problem = readers.problem(records[0])
        found[question] = problem if isinstance(problem, str) else picture(problem, partial(_known, records), _OF_MANY)
    return found


# ---- reading problems again --------------------------------------------------------------------------------------------------


class _Readers:
    """Reads problems as the batches of a run did."""

    def __init__(self, run: Journal) -> None:
        self.flags = {str(header.get("run")): _flags(header.get("command")) for header in run.headers}

    def problem(self, record: Record) -> Problem | str:
        """Return the problem of a record, or why there is none."""
        file = (record.whole or {}).get("file")
        scan = record.instance.question.scan
        if not all(re.fullmatch(_NUMBER, value) for _, value in scan):
            return "No picture: the point of the scan can't be read."
        point = {name: Fraction(value) for name, value in scan}
        if file is not None and "\0" in str(file):
            return "No picture: the journal names no file."
        reader = ProblemReader(self.flags.get(record.run, Flags()), [point] if point else [])
        where = Source(text=record.instance.problem) if file is None else Source(file=str(file))
        for document in range(_DOCUMENTS):
            read = reader(where._replace(document=document, point=tuple(point.items())))
            if read.problem is not None and read.problem.hash == record.instance.question.problem_hash:
                return read.problem
            if read.problem is None and read.documents == 1:
                return f"No picture: the problem can't be read again: {short(_first(read.error))}"
            if document + 1 >= read.documents:
                break
        return "No picture: what is read in its place is no longer the problem that was solved."


def _first(error: OptbenchError | None) -> str:
    return error.mistakes[0].sentence if error is not None and error.mistakes else "it is not there."


def _flags(command: Any) -> Flags:
    """The flags on problems in a command line of `optbench batch`; none where it can't be read."""
    from optbench.cli.app import app

    if not isinstance(command, list) or not all(isinstance(word, str) for word in command) or command[1:2] != ["batch"]:
        return Flags()
    group: Any = typer.main.get_command(app)
    try:
        given = group.commands["batch"].make_context("batch", command[2:], resilient_parsing=True).params
    except (typer.TyperException, ValueError):
        return Flags()
    var, integer, subject_to, param, start = (given.get(name) or [] for name in ("var", "integer", "subject_to", "param", "start"))
    return Flags(given.get("range_"), var, integer, None, bool(given.get("maximize")), subject_to, param, start)


# ---- drawing -----------------------------------------------------------------------------------------------------------------


def picture(problem: Problem, known: Callable[[Sequence[str]], Known], detail: Detail) -> Picture | str:
    """Return the picture of a problem with what is known of it, or why there is none; the names of its entries tell that."""
    function = Function(problem)
    if problem.dimension > MOST_UNKNOWNS:
        return f"No picture: a picture shows one or two unknowns, and there are {problem.dimension:,}."
    try:
        check(problem)
        return drawn(problem, function, known(function.entry_names()), detail)
    except OptbenchError as error:
        return f"No picture: {short(_first(error))}"


def _known(records: Sequence[Record], names: Sequence[str]) -> Known:
    return Known(tuple(_places(records, names)), (), tuple(_paths(records)))


def _places(records: Sequence[Record], names: Sequence[str]) -> Iterator[Place]:
    """Where the optimum is proved to be, or else the best point that was found."""
    proved = [record for record in records if record.is_proof and record.value is not None and _point(record)]
    feasible = [record for record in records if record.feasible_value is not None and _point(record)]
    best = min(feasible, key=lambda record: record.sign * (record.feasible_value or 0.0), default=None)
    for record in proved[:1] or ([] if best is None else [best]):
        x = _point(record)
        where = ", ".join(f"{name} = {value:.9g}" for name, value in zip(names, x, strict=False))
        yield Place(MarkKind.PROVED if proved else MarkKind.BEST, x, record.value, f"{record.value:.9g} at {where}, by {record.method}")


def _paths(records: Sequence[Record]) -> Iterator[Run]:
    """The iterates of each method from its first start, with the first seed."""
    seen = set()
    for record in records:
        trace = (record.whole or {}).get("trace") or []
        if record.method in seen or not trace:
            continue
        seen.add(record.method)
        steps = [step for step in trace if step["start"] == trace[0]["start"]]
        found = ((_flat(step.get("point")), step["value"]) for step in thinned(steps, _ITERATES))
        yield Run(short(record.method, 60), tuple((x, value) for x, value in found if x))


def _point(record: Record) -> Flat:
    return _flat((record.whole or {}).get("point"))


def _flat(point: Any) -> Flat:
    """The entries of a point; none where the journal has no point of numbers."""
    if not isinstance(point, Mapping):
        return ()
    entries = list(leaves(list(point.values())))
    return tuple(map(float, entries)) if all(isinstance(entry, int | float) for entry in entries) else ()
