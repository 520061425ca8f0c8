"""What certification answers: typed, and plain JSON for the way from the child process to the engine.

>>> answer = CertifiedAnswer(Status.UNKNOWN, Assurance.NONE, reason="no interval rule for gamma")
>>> CertifiedAnswer.from_json(answer.to_json()) == answer
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from optbench.result import Assurance, Status

Pair = tuple[str, str]


class NotApplicable(Exception):
    """The problem can't be certified; the text says why."""


@dataclass(frozen=True)
class CertifiedSolution:
    """A box that holds all global minimisers of a neighbourhood."""

    point: tuple[float, ...]  # one number an entry of the unknowns
    enclosure: tuple[Pair, ...]  # decimal texts, rounded outward
    kind: str  # interior or boundary
    unique: bool  # at most one global minimiser lies in it
    stationary: bool  # exactly one stationary point (by the unknowns that are not at an end of their range) lies in the region
    region: tuple[Pair, ...] = ()  # the box, or a larger one around it


@dataclass(frozen=True)
class CertifiedAnswer:
    """What is proved; every value is of the objective as the user wrote it."""

    status: Status  # optimal, infeasible or unknown
    assurance: Assurance  # certified or none
    value: float | None = None  # the end of the enclosure that a feasible point is known to reach; None where that is not bounded
    point: tuple[float, ...] | None = None  # about that point, one number an entry of the unknowns
    value_enclosure: Pair | None = None  # of the global value; valid whatever the status
    solutions: tuple[CertifiedSolution, ...] = ()
    possible: tuple[tuple[Pair, ...], ...] = ()  # boxes that may or may not hold a global minimiser, or several
    complete: bool = False  # every global minimiser lies in a solution's box, at most one in each
    closed: bool = False  # the enclosure is as narrow as was asked for
    gap: float | None = None  # its width
    boxes: int = 0  # that were looked at
    boxes_open: int = 0  # that are left
    assumes: tuple[str, ...] = ()  # what the proof rests on beside arithmetic
    reason: str | None = None  # why it is not certified
    file: str | None = None  # the proof's
    not_written: str | None = None  # why there is no file although one was asked for

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        return {**asdict(self), "status": self.status.value, "assurance": self.assurance.value}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> CertifiedAnswer:
        """Return the answer that `to_json` wrote, also after a way through JSON text."""
        return cls(
            **{
                **plain,
                "status": Status(plain["status"]),
                "assurance": Assurance(plain["assurance"]),
                "value_enclosure": _pair(plain["value_enclosure"]),
                "point": None if plain["point"] is None else tuple(plain["point"]),
                "solutions": tuple(
                    CertifiedSolution(**{**s, "point": tuple(s["point"]), "enclosure": _box(s["enclosure"]), "region": _box(s["region"])})
                    for s in plain["solutions"]
                ),
                "possible": tuple(map(_box, plain["possible"])),
                "assumes": tuple(plain["assumes"]),
            }
        )


def _box(plain: Any) -> tuple[Pair, ...]:
    return tuple((low, high) for low, high in plain)


def _pair(ends: Any) -> Pair | None:
    return None if ends is None else (ends[0], ends[1])
