"""What happens in a worker: reading a problem, making an attempt, judging the best point of one that was cut short.

A problem is compiled once and kept while its attempts are made. Each work starts from the same state, whatever the worker
has done before, and so comes to the same answer: seeds and starts derive from the unit alone.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from optbench import __version__
from optbench.errors import OptbenchError, ProblemError
from optbench.methods.options import read_options
from optbench.problem.problem import MethodChoice, Problem
from optbench.result import Assurance, Attempt, AttemptStatus, Status, plain
from optbench.workbench import rows, stages
from optbench.workbench.batch.automatic import automatic
from optbench.workbench.batch.executor import Channel, Work
from optbench.workbench.batch.plan import Judge, MethodFacts, Open, Plan, ProblemFacts, Reader, Source, Try, Unit
from optbench.workbench.function import Function, importable
from optbench.workbench.judgement import Judgement
from optbench.workbench.panel import Entrant, default_methods, entrants, labelled, method_of, plain_options
from optbench.workbench.rows import Begun
from optbench.workbench.starts import starts, typical_scale
from optbench.workbench.task import Ended, Ending
from optbench.workbench.verdict import empty_domain

_KEPT = 2  # problems
_LONGEST_NAME = 200  # characters of an expression that names its problem


class Performer:
    """Does the works of a batch; a function of a work and a channel."""

    def __init__(self, reader: Reader, plan: Plan) -> None:
        self.reader, self.plan = reader, plan
        self._prepared: OrderedDict[Source, Prepared] = OrderedDict()

    def __call__(self, work: Work, channel: Channel) -> Any:
        match work:
            case Open(source):
                return self._opened(source)
            case Try(unit):
                return self._tried(unit, channel)
            case Judge(unit, ended, latest, _):
                return self._judged(unit, ended, latest, channel)
        raise TypeError(f"{work!r} is no work of a batch")

    def _opened(self, source: Source) -> dict[str, Any]:
        read = self.reader(source)
        if read.problem is None:
            return {"documents": read.documents, "error": str(read.error), "problem": None}
        try:
            facts = self._keep(source, read.problem).facts
        except OptbenchError as error:  # in the methods that the problem names
            return {"documents": read.documents, "error": str(error), "problem": None}
        return {"documents": read.documents, "error": None, "problem": facts._asdict()}

    def _keep(self, source: Source, problem: Problem) -> Prepared:
        self._prepared[source] = prepared = Prepared(problem, self.plan)
        while len(self._prepared) > _KEPT:
            self._prepared.popitem(last=False)
        return prepared

    def _of(self, unit: Unit) -> Prepared:
        """The problem of a unit, read again where this worker has not kept it."""
        kept = self._prepared.get(unit.source)
        if kept is not None and kept.problem.hash == unit.problem_hash:
            return kept
        read = self.reader(unit.source)
        if read.problem is None or read.problem.hash != unit.problem_hash:
            raise ProblemError(f"{unit.source} has been changed since the batch read it first.")
        return self._keep(unit.source, read.problem)

    def _tried(self, unit: Unit, channel: Channel) -> dict[str, Any]:
        prepared = self._of(unit)
        if prepared.nowhere is not None:
            return _defined_nowhere(unit, prepared.nowhere)
        seconds, own = self.plan.seconds(unit.kind), self.plan.own_seconds(unit.kind)
        settings = self.plan.settings
        if unit.kind == "exact":
            channel.begin(seconds)
            ended = _ended(unit, lambda: stages.exact_stage(prepared.problem, settings.digits, own, channel.note))
            return _exact_fields(*rows.exact(ended))
        if unit.kind == "certified":
            channel.begin(seconds)
            ended = _ended(unit, lambda: stages.certification(prepared.problem, settings, own))
            return _certified_fields(*rows.certified(prepared.compiled, ended))
        return prepared.by_method(unit, channel, seconds)

    def _judged(self, unit: Unit, ended: Ended, latest: Any, channel: Channel) -> dict[str, Any]:
        """The row of an attempt that was cut short."""
        prepared = self._of(unit)
        if unit.kind == "exact":
            return _exact_fields(*rows.exact(ended, latest))
        function = prepared.compiled
        if unit.kind == "certified":
            return _certified_fields(*rows.certified(function, ended))
        entrant = prepared.entrant(unit)
        row, judgement = rows.numerical(function, entrant, ended, latest, prepared.begun(unit, entrant))
        return _numerical_fields(replace(row, method=unit.method, stage=None), judgement)


class Prepared:
    """A problem with what is made of it once for all of its attempts."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.function = Function(problem)
        self._entrants: dict[str, Entrant] = {}
        self._starts: dict[int, list[list[float]]] = {}

    @cached_property
    def choices(self) -> dict[str, MethodChoice]:
        """The methods by their labels; raise `UsageError` for those of the problem that there are not."""
        asked = self.plan.settings.methods or self.problem.methods
        return labelled(asked or default_methods(self.problem, self.function))

    @cached_property
    def nowhere(self) -> str | None:
        """Why there is nothing to attempt: the problem is defined nowhere."""
        nothing = empty_domain(self.problem)
        return None if nothing is None else nothing.sentence

    @property
    def facts(self) -> ProblemFacts:
        """What the parent needs to know."""
        problem = self.problem
        named = bool(self.plan.settings.methods or problem.methods)
        return ProblemFacts(
            (problem.name or problem.objective_text)[:_LONGEST_NAME],
            problem.hash,
            hashlib.sha256(repr([v.starts for v in problem.variables]).encode()).hexdigest(),
            problem.sense,
            problem.dimension,
            len(problem.constraints),
            problem.known.value if problem.known else None,
            tuple(_facts_of_method(label, choice, named) for label, choice in self.choices.items()),
        )

    @cached_property
    def compiled(self) -> Function:
        """The function, compiled."""
        self.function.prepare()
        self.function.scale = typical_scale(self.function)
        return self.function

    def entrant(self, unit: Unit) -> Entrant:
        """The method of a unit as a participant; what `auto` picks first, for that."""
        if unit.method not in self._entrants:
            found = entrants(self.problem, self.function, [self.choices[unit.method]])[0]
            if found.method.library and found.refusal is None:
                with suppress(Exception), warnings.catch_warnings(action="ignore"):  # where it can't be, the attempt says so
                    importlib.import_module(found.method.library)
            self._entrants[unit.method] = found if unit.method == "auto" else replace(found, label=unit.method)
        return self._entrants[unit.method]

    def begun(self, unit: Unit, entrant: Entrant) -> Begun:
        """With what a unit begins."""
        assert unit.seed is not None
        if entrant.refusal is None and unit.seed not in self._starts:
            self._starts[unit.seed] = starts(self.compiled, unit.seed, self.plan.settings.starts)
        seed = replace(self.plan.settings, seed=unit.seed).seed_of(entrant.label)
        return Begun(seed, self._starts.get(unit.seed, []))

    def by_method(self, unit: Unit, channel: Channel, seconds: float) -> dict[str, Any]:
        """Make a numerical attempt."""
        assert unit.seed is not None
        entrant = self.entrant(unit)
        begun = self.begun(unit, entrant)
        if entrant.refusal is not None:
            return _numerical_fields(rows.unfinished(self.function, entrant, AttemptStatus.NOT_APPLICABLE, entrant.refusal, begun), None)
        settings = replace(self.plan.settings, seed=unit.seed)
        budget = self.plan.budget(unit)
        if unit.method == "auto":
            channel.begin(seconds)
            row, judgement = automatic(self.compiled, entrant, begun.starts, budget, settings, channel.note)
            return _numerical_fields(row, judgement)
        channel.begin(seconds)
        function = self.compiled
        ended = _ended(unit, lambda: stages.method(function, entrant, begun.starts, budget, settings, channel.note))
        return _numerical_fields(*rows.numerical(function, entrant, ended, None, begun))


def warm(plan: Plan) -> None:
    """Import what the attempts of a plan need, once, before workers are forked."""
    settings = plan.settings
    chosen = [method_of(choice.name)[0] for choice in labelled(settings.methods).values() if choice.name != "auto"]
    modules = [method.library for method in chosen if method.origin is None]
    modules += _of_package("optbench.exact.stage", "STRATEGIES", "optbench.exact") if settings.exact else []
    modules += ["optbench.certify.stage", "optbench.workbench.improvement"] if settings.certify else []
    for module in ["numpy", "casadi", *modules]:
        if module is not None and importable(module.partition(".")[0]):
            importlib.import_module(module)


def _of_package(module: str, names: str, package: str) -> list[str | None]:
    return [f"{package}.{name}" for name in getattr(importlib.import_module(module), names)]


def _facts_of_method(label: str, choice: MethodChoice, named: bool) -> MethodFacts:
    if choice.name == "auto":
        return MethodFacts(label, {name: str(value) for name, value in choice.options}, _version("casadi", "scipy", "numpy"), named)
    method, refusal = method_of(choice.name)
    options = method.options() if refusal else read_options(method, dict(choice.options))
    origin = f", {method.origin}" if method.origin else ""
    return MethodFacts(label, plain_options(options), _version(method.library, "numpy") + origin, named)


def _version(*libraries: str | None) -> str:
    """What runs, by the versions that are installed: whether a library has been imported already makes no difference."""
    names = dict.fromkeys(library.partition(".")[0] for library in libraries if library)
    return ", ".join([f"optbench {__version__}", *(f"{name} {_installed(name)}" for name in names)])


@cache
def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:  # a module need not have the name of its package
        packages = importlib.metadata.packages_distributions().get(name, [])
        return importlib.metadata.version(packages[0]) if packages else "none"


def _ended(unit: Unit, attempt: Callable[[], Any]) -> Ended:
    began = time.monotonic()
    payload = attempt()
    return Ended(unit.method, Ending.FINISHED, Ending.FINISHED.value, payload, time.monotonic() - began, 0.0)


# ---- the fields of a record ------------------------------------------------------------------------------------------------


def _fields(row: Attempt, assurance: Assurance, answer: Any = None) -> dict[str, Any]:
    """The fields of a row, and of the exact or certified answer behind it."""
    known = answer is not None
    enclosure = list(answer.value_enclosure) if known and answer.value_enclosure is not None else None
    outcome = answer.status.value if known else None
    return {**plain(row), "assurance": assurance.value, "value_enclosure": enclosure, "outcome": outcome}


def _numerical_fields(row: Attempt, judgement: Judgement | None) -> dict[str, Any]:
    return _fields(row, Assurance.NONE if judgement is None else judgement.assurance)


def _exact_fields(row: Attempt, answer: Any) -> dict[str, Any]:
    fields = _fields(row, Assurance.NONE if answer is None else answer.assurance, answer)
    return {**fields, "method": rows.EXACT, "options": {} if answer is None else {"strategy": answer.strategy}}


def _certified_fields(row: Attempt, answer: Any, judgement: Judgement | None) -> dict[str, Any]:
    return _fields(row, Assurance.NONE if answer is None else answer.assurance, answer)


def _defined_nowhere(unit: Unit, sentence: str) -> dict[str, Any]:
    """The fields of an attempt on a problem without any point: the ranges alone prove it."""
    version = f"optbench {__version__}"
    if unit.kind == "exact":
        row = Attempt(unit.method, "exact", AttemptStatus.CONVERGED, sentence, version=version)
        return {**_fields(row, Assurance.EXACT), "outcome": Status.INFEASIBLE.value}
    row = Attempt(unit.method, unit.kind, AttemptStatus.NOT_APPLICABLE, "the problem is defined nowhere on its range", seed=unit.seed)
    return _fields(replace(row, version=version), Assurance.NONE)
