"""Solving a problem by its parts: what each search proves, and what that says of the whole.

A part is searched in unknowns u0, u1, ..., so that parts which differ by names only are searched once. `Found.structure`
says how the whole is made of them: {"part": k, "unknowns": [...]}, {"outer": "exp(t)", "minimand": "g", "inner": ...} for
exp(g), or {"sum": [{"minimand": ..., "unknowns": [...], "inner": ...}, ...]}.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from optbench.arithmetic.ball_enclosure import Enclosure, between, decimals
from optbench.arithmetic.balls import enclose
from optbench.certify.attained import attained
from optbench.certify.linear_forms import Array
from optbench.certify.minimisers import Cluster, clusters
from optbench.certify.model import Model
from optbench.certify.record import Record
from optbench.certify.reductions import T, peeled, separated
from optbench.certify.refinement import Refined, refined
from optbench.certify.search import Budget, Improve, Outcome, Search
from optbench.language.build import substitute, symbol
from optbench.language.graph import Node, Symbol, functions
from optbench.language.text import text
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem

MOST_SOLUTIONS = 100  # that are listed; the combinations of solutions of independent parts may be many more
PRECISION = 4_000  # bits of sums and outer functions of enclosures
_SHARE = 0.9  # of the time for searching; the rest is for solutions and their digits

Improver = Callable[[Problem], Improve]


class Minimiser(NamedTuple):
    """A box that holds all global minimisers of a neighbourhood."""

    box: Mapping[Symbol, Enclosure]
    point: Mapping[Symbol, float]
    unique: bool  # at most one lies in it
    stationary: bool  # exactly one stationary point lies in the region
    boundary: bool
    region: Mapping[Symbol, Enclosure]  # the box, or a larger one around it


class Found(NamedTuple):
    """What is known of a problem, or of a part of one."""

    value: Enclosure  # of the infimum; up to inf where no feasible point is known
    infeasible: bool
    attained: bool
    complete: bool
    minimisers: list[Minimiser]
    best: Mapping[Symbol, float] | None  # about the feasible point with the least known value
    boxes: int
    boxes_open: int
    reason: str | None
    structure: Mapping[str, Any]


class Solver:
    """Solves problems in scalar unknowns; `proofs` are those of its parts, where they are recorded."""

    def __init__(self, digits: int, gap: float, deadline: float, improver: Improver, recording: bool) -> None:
        self.digits, self.gap, self.deadline, self.improver, self.recording = digits, gap, deadline, improver, recording
        self.proofs: list[tuple[Mapping[str, Any], Record]] = []
        self._known: dict[tuple[object, ...], Found] = {}

    def solve(self, problem: Problem, left: int = 1) -> Found:
        """Solve by parts; it is one of `left` problems that are still to be solved."""
        outer, inner = peeled(problem)
        if outer is not T:
            return through(outer, inner, self.solve(inner, left))
        parts = separated(problem)
        if len(parts) == 1:
            return self.part(problem, left)
        return total(parts, [self.solve(part, len(parts) - k) for k, part in enumerate(parts)])

    def part(self, problem: Problem, left: int) -> Found:
        """Search one problem, unless one that differs by names only was searched before."""
        names: dict[Node, Node] = {s: symbol(f"u{k}", (), s.integer) for k, s in enumerate(problem.symbols)}
        own = _in_other_names(problem, names)
        key = (own.objective, *(c.condition for c in own.constraints), *(v.ranges for v in own.variables))
        known = key in self._known
        if not known:
            self._known[key] = self.searched(own, left)
        found = self._known[key]
        back = {name: s for s, name in names.items()}
        renamed = [
            m._replace(box=_renamed(m.box, back), point=_renamed(m.point, back), region=_renamed(m.region, back)) for m in found.minimisers
        ]
        structure = {"part": found.structure["part"], "unknowns": [s.name for s in problem.symbols]}
        best = None if found.best is None else _renamed(found.best, back)
        return found._replace(minimisers=renamed, best=best, structure=structure, boxes=0 if known else found.boxes)

    def searched(self, problem: Problem, left: int) -> Found:
        """Search one problem with its share of the time."""
        now = time.monotonic()
        model, record = Model(problem), Record() if self.recording else None
        budget = Budget(now + _SHARE * max(0.0, self.deadline - now) / left, gap=self.gap)
        outcome = Search(model, budget, self.improver(problem), record).run()
        places = self.places(model, outcome)
        number = len(self.proofs)
        found = _found(model, outcome, places, number)
        if record is not None:
            self.proofs.append((_claims(model, outcome, places, found), record))
        return found

    def places(self, model: Model, outcome: Outcome) -> list[Place]:
        """Where the minimisers are, and each to many digits where that is possible."""
        if outcome.feasible is None or not np.isfinite(outcome.left.box).all():
            return []
        found = []
        for cluster in clusters(model, outcome.left, outcome.isolated):
            in_time = time.monotonic() < self.deadline
            found.append(Place(cluster, refined(model, cluster, self.digits) if cluster.stationary and in_time else None))
        return found


class Place(NamedTuple):
    """Where minimisers are."""

    cluster: Cluster
    precise: Refined | None  # the only one that can be there


def _in_other_names(problem: Problem, names: Mapping[Node, Node]) -> Problem:
    table = dict(names)
    return replace(
        problem,
        objective=substitute(problem.objective, table),
        variables=tuple(replace(v, symbol=names[v.symbol]) for v in problem.variables),  # type: ignore[arg-type]
        constraints=tuple(c._replace(condition=substitute(c.condition, table)) for c in problem.constraints),
    )


def _renamed(values: Mapping[Symbol, Any], names: Mapping[Node, Node]) -> dict[Symbol, Any]:
    return {names[s]: value for s, value in values.items()}  # type: ignore[misc]


# ---- what a search says --------------------------------------------------------------------------------------------------------


def _found(model: Model, outcome: Outcome, places: Sequence[Place], number: int) -> Found:
    met = outcome.feasible is not None and outcome.lower >= outcome.feasible.upper  # so the feasible point is a minimiser
    is_attained = met or (outcome.feasible is not None and attained(model, outcome.left))
    minimisers = [_minimiser(model, place, outcome) for place in places]
    return Found(
        _value(outcome, places, is_attained),
        outcome.feasible is None and not outcome.left.count,
        is_attained,
        outcome.isolated and is_attained and bool(minimisers) and all(m.unique for m in minimisers),
        minimisers,
        None if outcome.feasible is None else dict(zip(model.symbols, outcome.feasible.box.mean(axis=0).tolist(), strict=True)),
        outcome.boxes,
        outcome.left.count,
        outcome.reason,
        {"part": number},
    )


def _value(outcome: Outcome, places: Sequence[Place], is_attained: bool) -> Enclosure:
    """The infimum: where all places are known precisely, the least of the values there.

    A place whose constraints may fail counts from below; the only one there is, if there is a minimum, is the minimum.
    """
    upper = math.inf if outcome.feasible is None else outcome.feasible.upper
    values = [place.precise.value for place in places if place.precise is not None]
    if not values or len(values) < len(places):
        return between(min(outcome.lower, upper), upper)
    sure = [p.precise.value.upper for p in places if p.precise is not None and (p.cluster.feasible or (is_attained and len(places) == 1))]
    return Enclosure(min(v.lower for v in values), min([arb(upper), *sure]), True)


def _minimiser(model: Model, place: Place, outcome: Outcome) -> Minimiser:
    cluster, precise = place
    box = precise.point if precise is not None else [between(*ends) for ends in cluster.box.T.tolist()]
    region = [between(*ends) for ends in cluster.around.T.tolist()]
    at_end = cluster.held.any() or ((cluster.box[0] == model.lower) | (cluster.box[1] == model.upper)).any()
    point = _point(cluster.box, outcome)
    return Minimiser(
        dict(zip(model.symbols, box, strict=True)),
        dict(zip(model.symbols, point, strict=True)),
        cluster.unique,
        cluster.stationary,
        bool(at_end),
        dict(zip(model.symbols, region, strict=True)),
    )


def _point(box: Array, outcome: Outcome) -> list[float]:
    """The feasible point where it lies in the box, else the middle."""
    assert outcome.feasible is not None
    best = outcome.feasible.box.mean(axis=0)
    point: Array = best if ((best >= box[0]) & (best <= box[1])).all() else box.mean(axis=0)
    return [float(c) for c in point]


# ---- wholes ----------------------------------------------------------------------------------------------------------------------


def through(outer: Node, inner: Problem, found: Found) -> Found:
    """Return what is known of F(g) for a rising F, from what is known of g."""
    [value] = enclose([outer], {T: found.value}, PRECISION)
    known = Enclosure(value.lower, value.upper if found.value.upper.is_finite() else arb.pos_inf(), True)
    if "power" in functions(outer):  # whose derivative may be 0: then F(g) has more stationary points than g
        found = found._replace(minimisers=[m._replace(stationary=False) for m in found.minimisers])
    return found._replace(value=known, structure={"outer": text(outer), "minimand": text(inner.objective), "inner": found.structure})


def total(problems: Sequence[Problem], parts: Sequence[Found]) -> Found:
    """Return what is known of a sum of independent parts."""
    lower, upper = sum((p.value.lower for p in parts), arb(0)), sum((p.value.upper for p in parts), arb(0))
    combinations = math.prod(len(p.minimisers) for p in parts)
    return Found(
        Enclosure(lower.lower(), upper.upper(), True),
        any(p.infeasible for p in parts),
        all(p.attained for p in parts),
        all(p.complete for p in parts) and combinations <= MOST_SOLUTIONS,
        [_together(chosen) for chosen in islice(product(*(p.minimisers for p in parts)), MOST_SOLUTIONS)],
        {s: c for p in parts for s, c in (p.best or {}).items()} if all(p.best is not None for p in parts) else None,
        sum(p.boxes for p in parts),
        sum(p.boxes_open for p in parts),
        "; ".join(dict.fromkeys(p.reason for p in parts if p.reason)) or None,
        {"sum": [_term(problem, part) for problem, part in zip(problems, parts, strict=True)]},
    )


def _term(problem: Problem, found: Found) -> dict[str, Any]:
    return {"minimand": text(problem.objective), "unknowns": [s.name for s in problem.symbols], "inner": found.structure}


def _together(parts: Sequence[Minimiser]) -> Minimiser:
    return Minimiser(
        {s: e for p in parts for s, e in p.box.items()},
        {s: c for p in parts for s, c in p.point.items()},
        all(p.unique for p in parts),
        all(p.stationary for p in parts),
        any(p.boundary for p in parts),
        {s: e for p in parts for s, e in p.region.items()},
    )


# ---- what goes into a certificate ---------------------------------------------------------------------------------------------------


def _claims(model: Model, outcome: Outcome, places: Sequence[Place], found: Found) -> dict[str, Any]:
    problem, feasible = model.problem, outcome.feasible
    return {
        "minimand": text(problem.objective),
        "unknowns": [{**range_of(v.ranges[0]), "integer": v.symbol.integer} for v in problem.variables],
        "constraints": [text(c.condition) for c in problem.constraints],
        "root": [model.lower.tolist(), model.upper.tolist()],
        "lower": outcome.lower,
        "upper": None if feasible is None else feasible.upper,
        "feasible": None
        if feasible is None
        else {
            "box": feasible.box.tolist(),
            "equations": list(feasible.equations),
            "coordinates": list(feasible.coordinates),
            "around": None if feasible.around is None else feasible.around.tolist(),
        },
        "complete": found.complete,
        "places": [_place(place) for place in places],
    }


def _place(place: Place) -> dict[str, Any]:
    cluster, precise = place
    return {
        "box": cluster.box.tolist(),
        "around": cluster.around.tolist(),
        "held": cluster.held.tolist(),
        "unique": cluster.unique,
        "stationary": cluster.stationary,
        "point": None if precise is None else [list(decimals(e, 1_100)) for e in precise.point],
    }


def range_of(interval: Interval) -> dict[str, Any]:
    """Return a range as a certificate has it."""
    return {
        "lower": text(interval.lower),
        "upper": text(interval.upper),
        "lower_closed": interval.lower_closed,
        "upper_closed": interval.upper_closed,
    }
