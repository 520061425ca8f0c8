"""`optbench methods probe`: which methods work here. Each runs on a small problem that fits it, in a child.

A library is first imported in a child of its own, so that one that crashes or hangs takes its methods with it and no others.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import NamedTuple

from optbench.api import define
from optbench.methods.method import Method
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Attempt
from optbench.workbench.admission import examine
from optbench.workbench.engine import solve
from optbench.workbench.function import Function, importable
from optbench.workbench.panel import facts_of, method_of
from optbench.workbench.settings import Settings
from optbench.workbench.supervisor import Ended, Ending, Limits, Send, Supervisor

SECONDS = 10.0  # that an import or a method may take
NEAR = 0.01  # of the known minimum
_MEMORY = 4 * 2**30


class State(Enum):
    """What became of a method."""

    WORKS = "works"
    NOT_INSTALLED = "not installed"
    FAILS = "fails"


class Probed(NamedTuple):
    """A method and what became of it."""

    method: str
    state: State
    reason: str | None
    version: str | None
    seconds: float | None


class Trial(NamedTuple):
    """A small problem whose minimum is known."""

    problem: Problem
    minimum: float


def trials() -> list[Trial]:
    """Return the problems; a method runs on the first that it does not refuse."""
    bowl = "(x - 1)^2 + 2*(y + 1/2)^2"
    start = {"x": -1, "y": 2}
    return [
        Trial(define(bowl, range=(-3, 4), start=start), 0.0),
        Trial(define(bowl, start=start), 0.0),
        Trial(define("(x - 1)^2", range=(-3, 4), start={"x": -1}), 0.0),
        Trial(define("x + 2*y", subject_to=["x + y >= 1"], range=(0, 3), start={"x": 2, "y": 2}), 1.0),
        Trial(define(f"sum([1/2, 1/8, 3/8]*({bowl}))", range=(-3, 4), start=start), 0.0),
    ]


def probe(names: Sequence[str]) -> list[Probed]:
    """Return what becomes of each method, in the order of their names."""
    from optbench.methods.registry import names as ours

    examine([name for name in names if name not in ours()])
    found: dict[str, Probed] = {}
    methods: dict[str, Method] = {}
    for name in names:
        method, refusal = method_of(name)
        if refusal:
            found[name] = Probed(name, State.FAILS, refusal, method.origin, None)
        else:
            methods[name] = method
    broken = _libraries(sorted({method.library for method in methods.values() if method.library}))
    for name, method in list(methods.items()):
        if method.library in broken:
            state, reason = broken[method.library]
            found[name] = Probed(name, state, reason, None, None)
            del methods[name]
    found |= _tried(methods)
    return [found[name] for name in names]


def _libraries(libraries: Sequence[str]) -> dict[str, tuple[State, str]]:
    """Return those that can't be imported here, and why."""
    there = [library for library in libraries if importable(library.partition(".")[0])]
    broken = {
        library: (State.NOT_INSTALLED, f"needs {library.partition('.')[0]}, which can't be imported here")
        for library in libraries
        if library not in there
    }
    with Supervisor() as supervisor:
        for library in there:
            supervisor.submit(library, partial(_import, library), Limits(SECONDS, _MEMORY))
        for event in supervisor.events():
            if isinstance(event, Ended) and event.ending is not Ending.FINISHED:
                broken[event.key] = State.FAILS, f"importing {event.key} {event.reason}"
    return broken


def _import(library: str, send: Send) -> None:
    importlib.import_module(library)


def _tried(methods: dict[str, Method]) -> dict[str, Probed]:
    """Run each method on the first problem that it does not refuse."""
    found: dict[str, Probed] = {}
    waiting = dict(methods)
    for trial in trials():
        facts = facts_of(trial.problem, Function(trial.problem))._replace(missing_libraries=frozenset())
        fitting = [name for name, method in waiting.items() if method.refuses(facts) is None]
        for name in fitting:
            del waiting[name]
        if fitting:
            found |= {row.method: _judged(row, trial.minimum) for row in _attempts(trial.problem, fitting)}
    return found | {name: Probed(name, State.FAILS, "no problem of the probe fits it", None, None) for name in waiting}


def _attempts(problem: Problem, names: Sequence[str]) -> Sequence[Attempt]:
    settings = Settings(exact=False, certify=False, methods=tuple(map(MethodChoice, names)))
    return solve(problem, replace(settings, time_limit=SECONDS * len(names) / settings.jobs)).attempts


def _judged(row: Attempt, minimum: float) -> Probed:
    works = row.value is not None and abs(row.value - minimum) <= NEAR
    seconds = None if row.solve_seconds is None else (row.setup_seconds or 0.0) + row.solve_seconds
    return Probed(row.method, State.WORKS if works else State.FAILS, row.reason, row.version, seconds)


def table(found: Sequence[Probed]) -> Iterator[str]:
    """Yield the lines of a table: method, state, seconds, and the version of what ran, or the reason why nothing did."""
    width = max(len(row.method) for row in found)
    for row in found:
        time = "" if row.seconds is None else f"{row.seconds:.2f} s"
        told = row.version if row.state is State.WORKS else row.reason
        yield f"{row.method:{width}}  {row.state.value:13}  {time:>8}  {told or ''}".rstrip()
    yield ""
    yield f"{sum(row.state is State.WORKS for row in found)} of {len(found)} methods work here."
