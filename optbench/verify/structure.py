"""How the whole is made of its parts: rising functions of a problem, sums of independent problems, parts in other names."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flint import arb

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.arithmetic.balls import enclose
from optbench.language.build import add, condition, substitute, symbol
from optbench.language.elaborate import Scope, parse
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, Symbol, symbols, topological
from optbench.language.row_texts import conditions
from optbench.verify.claims import Place
from optbench.verify.part import Part
from optbench.verify.ranges import Refused

_T = symbol("t")
_PRECISION = 4_000  # bits of sums and outer functions of enclosures


@dataclass(frozen=True)
class Checked:
    """A part that was replayed, and what follows of it."""

    part: Part
    value: Enclosure  # of the infimum
    infeasible: bool
    attained: bool
    places: Sequence[Place]


@dataclass(frozen=True)
class Problem:
    """A problem in scalar unknowns, or what is left of it on the way to its parts."""

    minimand: Node
    ranges: Mapping[Symbol, Mapping[str, Any]]  # as the certificate has them
    constraints: Sequence[Node]
    implied: Sequence[Node] = ()  # conditions that hold wherever the whole minimand is defined


@dataclass(frozen=True)
class Solution:
    """Where a minimiser may be."""

    box: Mapping[Symbol, Enclosure]
    unique: bool


@dataclass(frozen=True)
class Whole:
    """What follows for a problem from its parts."""

    value: Enclosure
    infeasible: bool
    attained: bool
    factors: Sequence[Sequence[Solution]]  # of groups of unknowns: each choice of one from each is a solution

    @property
    def count(self) -> int:
        """How many solutions there are."""
        return math.prod(map(len, self.factors))


def assembled(structure: Mapping[str, Any], problem: Problem, parts: Sequence[Checked]) -> Whole:
    """Return what follows for a problem; raise `Refused` where the structure is not its own."""
    if "part" in structure:
        return _of_part(structure, problem, parts)
    if "outer" in structure:
        return _through(structure, problem, parts)
    return _total(structure, problem, parts)


def _of_part(structure: Mapping[str, Any], problem: Problem, parts: Sequence[Checked]) -> Whole:
    number, symbols_ = structure["part"], list(problem.ranges)
    if not isinstance(number, int) or not 0 <= number < len(parts) or [s.name for s in symbols_] != structure["unknowns"]:
        raise Refused("a part is not one of the problem")
    checked = parts[number]
    part = checked.part
    if part.claims["unknowns"] != [problem.ranges[s] for s in symbols_]:
        raise Refused("a part has other ranges than the problem")
    names: dict[Node, Node] = dict(zip(part.symbols, symbols_, strict=True))
    given = {key(substitute(c, names)) for c in part.conditions}
    wanted = {key(c) for c in problem.constraints}
    if key(substitute(part.minimand, names)) != key(problem.minimand):
        raise Refused("a part has another function than the problem")
    if given != wanted | {key(c) for c in problem.implied}:
        raise Refused("a part has other constraints than the problem")
    solutions = [Solution(dict(zip(symbols_, p.point or p.box, strict=True)), p.unique) for p in checked.places]
    return Whole(checked.value, checked.infeasible, checked.attained, [solutions])


# ---- rising functions of a problem --------------------------------------------------------------------------------------------------


def _through(structure: Mapping[str, Any], problem: Problem, parts: Sequence[Checked]) -> Whole:
    outer = parse(structure["outer"], Scope({"t": _T})).node
    inner = parse(structure["minimand"], Scope({s.name: s for s in problem.ranges})).node
    if key(substitute(outer, {_T: inner})) != key(problem.minimand):
        raise Refused("an outer function is not the problem's")
    if _direction(outer) != 1:
        raise Refused("an outer function does not rise")
    implied = [substitute(c, {_T: inner}) for node in topological(outer) for c in _domain(node) if _T in symbols(node)]
    found = assembled(structure["inner"], replace(problem, minimand=inner, implied=[*problem.implied, *implied]), parts)
    [value] = enclose([outer], {_T: found.value}, _PRECISION)
    upper = value.upper if found.value.upper.is_finite() else arb.pos_inf()
    return replace(found, value=Enclosure(value.lower, upper, True))


def _direction(node: Node) -> int:
    """1 where an expression in t rises with t, wherever it is defined, -1 where it falls, 0 where neither is seen."""
    if node is _T:
        return 1
    if not isinstance(node, Call):
        return 0
    moving = [a for a in node.args if symbols(a)]
    if len(moving) != 1 or not all(a.total for a in node.args if a is not moving[0]):
        return 0
    return _own_direction(node, moving[0]) * _direction(moving[0])


def _own_direction(node: Call, moving: Node) -> int:
    others = [a for a in node.args if a is not moving]
    match node.function:
        case "negate":
            return -1
        case "add":
            return 1
        case "multiply" if len(others) == 1 and isinstance(others[0], Number):
            return (others[0].value > 0) - (others[0].value < 0)
        case "power" if moving is node.args[0] and isinstance(node.args[1], Number):
            exponent = node.args[1].value
            return int(exponent > 0 and (exponent.denominator != 1 or exponent.numerator % 2 == 1))
        case "divide" if moving is node.args[0] and isinstance(node.args[1], Number):
            return (node.args[1].value > 0) - (node.args[1].value < 0)
    row = TABLE[node.function]
    return row.monotone if row.smooth and len(node.args) == 1 else 0


def _domain(node: Node) -> Sequence[Node]:
    """The conditions under which a call of an outer function is defined."""
    if not isinstance(node, Call) or node.function in ("negate", "add", "multiply", "divide"):
        return []
    if node.function == "power":
        return [] if node.args[1].integer else [condition("greater_equal", node.args[0], 0)]
    return conditions(node.function, node.args)


# ---- sums ----------------------------------------------------------------------------------------------------------------------------


def _total(structure: Mapping[str, Any], problem: Problem, parts: Sequence[Checked]) -> Whole:
    scope = Scope({s.name: s for s in problem.ranges})
    terms = [parse(term["minimand"], scope).node for term in structure["sum"]]
    names = {s.name: s for s in problem.ranges}
    groups = [[names[name] for name in term["unknowns"]] for term in structure["sum"]]
    if key(add(*terms)) != key(problem.minimand):
        raise Refused("a sum is not the problem's")
    if sorted(s.name for group in groups for s in group) != sorted(s.name for s in problem.ranges):
        raise Refused("the unknowns of a sum are not the problem's, each once")
    wholes = []
    for number, (term, group, inner) in enumerate(zip(terms, groups, structure["sum"], strict=True)):
        own = Problem(
            term,
            {s: r for s, r in problem.ranges.items() if s in group},
            _belonging(problem.constraints, group, number == 0),
            _belonging(problem.implied, group, number == 0),
        )
        if not set(symbols(term)) <= set(group):
            raise Refused("a term of a sum has unknowns of another")
        wholes.append(assembled(inner["inner"], own, parts))
    lower, upper = sum((w.value.lower for w in wholes), arb(0)), sum((w.value.upper for w in wholes), arb(0))
    return Whole(
        Enclosure(lower.lower(), upper.upper(), True),
        any(w.infeasible for w in wholes),
        all(w.attained for w in wholes),
        [factor for w in wholes for factor in w.factors],
    )


def _belonging(found: Sequence[Node], group: Sequence[Node], first: bool) -> list[Node]:
    """Return the conditions on unknowns of a group; those on none belong to the first one."""
    names = [(c, set(symbols(c))) for c in found]
    if any(s & set(group) and not s <= set(group) for _, s in names):
        raise Refused("a constraint couples the terms of a sum")
    return [c for c, s in names if s & set(group) or (first and not s)]


# ---- equal expressions -----------------------------------------------------------------------------------------------------------------


def key(node: Node) -> str:
    """Return a text that is the same for expressions which differ by the order in sums and products only."""
    keys: dict[Node, str] = {}
    for part in topological(node):
        if isinstance(part, Call):
            inner = [keys[a] for a in part.args]
            inner = sorted(inner) if part.function in ("add", "multiply") else inner
            content = f"{part.function}{part.static!r}({','.join(inner)})"
            keys[part] = hashlib.sha256(content.encode()).hexdigest()
        else:
            keys[part] = f"{part!r}:{part.integer}"
    return keys[node]
