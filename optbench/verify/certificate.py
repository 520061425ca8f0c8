"""Checking a certificate of a global minimum: the file as a whole, its parts, and what they say together.

The text of each line is read as JSON, never as code. The last line has the SHA-256 of all lines before; so a file that was
changed by accident is told at once. Whoever changes that, too, has to write a proof that holds.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure, between
from optbench.errors import ProblemError
from optbench.language.build import symbol
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.graph import GraphError
from optbench.verify.claims import Place, check_feasible, check_places, is_attained
from optbench.verify.part import Part, Refused
from optbench.verify.replay import replay
from optbench.verify.structure import Checked, Problem, Whole, assembled

FORMAT = "optbench/certificate/1"
_PRECISION = 4_000  # bits
_MOST_SOLUTIONS = 1_000


class Accepted(NamedTuple):
    """What a certificate proves."""

    claim: Mapping[str, Any]  # as the file has it
    problem: Mapping[str, Any]
    parts: int
    boxes: int

    def facts(self) -> dict[str, Any]:
        """Return what was checked, as plain JSON values."""
        return {"objective": self.problem["objective"], **self.claim, "parts": self.parts, "boxes": self.boxes}

    def sentence(self) -> str:
        """Return what is proved, in words."""
        extremum = "minimum" if self.problem["sense"] == "minimize" else "maximum"
        return f"{self._statement(extremum)} ({self.boxes:,} boxes)."

    def _statement(self, extremum: str) -> str:
        objective = f"{self.problem['objective'][:200]}{' under its constraints' if self.problem['constraints'] else ''}"
        status, value, count = self.claim["status"], self.claim["value_enclosure"], len(self.claim["solutions"])
        if status == "infeasible":
            return f"no point satisfies the constraints of {objective}"
        if value is None:
            return f"nothing is claimed of {objective}"
        attained = f"the {extremum}" if status == "optimal" else f"the {'infimum' if extremum == 'minimum' else 'supremum'}"
        places = f"; {count} {extremum.replace('mum', 'miser')}{'' if count == 1 else 's'}, and no others" if self.claim["complete"] else ""
        return f"{attained} of {objective} lies in [{value[0]}, {value[1]}]{places}"


def check(path: Path) -> Accepted:
    """Return what the certificate in a file proves; raise `Refused` where it doesn't, and `OSError` where it can't be read."""
    _check_sum(path)
    with open(path, "rb") as opened, ctx.workprec(_PRECISION):
        lines = map(_value, opened)
        header = next(lines, None)
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise Refused(f"the file is no certificate of the format {FORMAT}")
        try:
            return _checked(header, lines)
        except (KeyError, TypeError, ValueError, IndexError, AssertionError, AttributeError, OverflowError) as error:
            raise Refused(f"a line is not as it must be ({type(error).__name__}: {error})") from None
        except (ProblemError, GraphError) as error:
            raise Refused(f"an expression can't be read: {error}") from None


def _check_sum(path: Path) -> None:
    """Demand that the last line has the sum of the others."""
    digest, last = hashlib.sha256(), b""
    with open(path, "rb") as opened:
        for line in opened:
            digest.update(last)
            last = line
    said = _value(last) if last else None
    if not isinstance(said, dict) or said.get("sha256") != digest.hexdigest():
        raise Refused("the file is no certificate, or was changed or cut short: the sum in its last line is not that of the others")


def _value(line: bytes) -> Any:
    """Return the JSON value of a line; "inf" and "-inf" in lists are numbers."""
    try:
        return _numbers(json.loads(line, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        raise Refused("a line is no JSON") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [float(v) if v in ("inf", "-inf") else _numbers(v) for v in value]
    return value


# ---- the parts, and the whole ----------------------------------------------------------------------------------------------------


def _checked(header: Mapping[str, Any], lines: Iterator[Any]) -> Accepted:
    problem, claim = header["problem"], header["claim"]
    parts: list[Checked] = []
    boxes = 0
    for claims, steps in _parts(lines):
        checked, count = _part(claims, steps)
        parts.append(checked)
        boxes += count
    whole = assembled(header["structure"], _problem(problem), parts, _MOST_SOLUTIONS)
    _check_claim(claim, whole, problem)
    return Accepted(claim, problem, len(parts), boxes)


def _parts(lines: Iterator[Any]) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Yield each part's claims and the lines of its boxes."""
    claims: Mapping[str, Any] | None = None
    steps: list[Any] = []
    for line in lines:
        if isinstance(line, list):
            steps.append(line)
            continue
        if claims is not None:
            yield claims, steps
        claims, steps = line, []
        if "sha256" in line:
            return


def _part(claims: Mapping[str, Any], steps: list[Any]) -> tuple[Checked, int]:
    part = Part(claims)
    upper = math.inf if claims["upper"] is None else float(claims["upper"])
    if claims["feasible"] is not None:
        check_feasible(part, claims["feasible"], upper)
    elif upper < math.inf:
        raise Refused("an upper bound has no feasible point")
    left = replay(part, upper, steps)
    places = check_places(part, left, _PRECISION) if claims["places"] else []
    attained = is_attained(part, left)
    infeasible = upper == math.inf and not left.boxes
    return Checked(part, _infimum(left.lower, upper, places, attained), infeasible, attained, places), left.count


def _infimum(lower: arb, upper: float, places: Sequence[Place], attained: bool) -> Enclosure:
    """The infimum of a part: between the bounds of what is left and of the feasible point, or, where the minimisers are known,
    the least of the values there. A place whose constraints may fail counts from below; the only one there is, if there is a
    minimum, is the minimum."""
    values = [p.value for p in places if p.value is not None and p.value.everywhere]
    if not values or len(values) < len(places):
        return Enclosure(min(lower, arb(upper)), arb(upper), True)
    sure = [p.value.upper for p in places if p.value is not None and (p.feasible or (attained and len(places) == 1))]
    return Enclosure(min(v.lower for v in values), min([arb(upper), *sure]), True)


def _problem(given: Mapping[str, Any]) -> Problem:
    unknowns = {symbol(v["name"], (), bool(v["integer"])): v for v in given["unknowns"]}
    scope = Scope({s.name: s for s in unknowns})
    ranges = {s: {name: fact for name, fact in v.items() if name != "name"} for s, v in unknowns.items()}
    return Problem(parse(given["minimand"], scope).node, ranges, [parse_constraint(c, scope).node for c in given["constraints"]])


def _check_claim(claim: Mapping[str, Any], whole: Whole, problem: Mapping[str, Any]) -> None:
    status = claim["status"]
    if status == "infeasible":
        if not whole.infeasible:
            raise Refused("it is not proved that no point is feasible")
        return
    if status not in ("optimal", "unknown") or (status == "optimal" and not whole.attained):
        raise Refused("it is not proved that there is a minimum" if status == "optimal" else "the status is none that a certificate has")
    if claim["value_enclosure"] is None and status == "optimal":
        raise Refused("an optimum has no value")
    if claim["value_enclosure"] is not None:
        low, high = (between(Fraction(end), Fraction(end), _PRECISION) for end in claim["value_enclosure"])
        value = whole.value if problem["sense"] == "minimize" else Enclosure(-whole.value.upper, -whole.value.lower, True)
        if not (low.upper <= value.lower and value.upper <= high.lower):
            raise Refused("the value is not proved to lie in the enclosure that is claimed")
    _check_solutions(claim, whole, [v["name"] for v in problem["unknowns"]])


def _check_solutions(claim: Mapping[str, Any], whole: Whole, names: Sequence[str]) -> None:
    """Demand that each solution is one that follows, and, where they are said to be all there are, that none is missing."""
    boxes = [[between(Fraction(a), Fraction(b), _PRECISION) for a, b in s["enclosure"]] for s in claim["solutions"]]
    found = [([s.box[symbol_] for symbol_ in sorted(s.box, key=lambda n: names.index(n.name))], s.unique) for s in whole.solutions]
    for box, solution in zip(boxes, claim["solutions"], strict=True):
        if not any(_holds(box, inner) and (unique or not solution["unique"]) for inner, unique in found):
            raise Refused("a solution does not follow from its places")
    if claim["complete"]:
        everything = whole.attained and whole.count == len(found) and all(unique for _, unique in found)
        if not everything or not all(any(_holds(box, inner) for box in boxes) for inner, _ in found):
            raise Refused("it is not proved that the solutions are all there are")


def _holds(outer: Sequence[Enclosure], inner: Sequence[Enclosure]) -> bool:
    return all(bool(a.lower <= b.lower) and bool(b.upper <= a.upper) for a, b in zip(outer, inner, strict=True))
