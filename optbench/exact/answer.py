"""What the exact stage answers: typed, and plain JSON for the way from the child process to the engine.

>>> answer = ExactAnswer("univariate", Status.UNKNOWN, Assurance.NONE, reason="no strategy applies")
>>> ExactAnswer.from_json(answer.to_json()) == answer
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from optbench.result import Assurance, Status


class NotApplicable(Exception):
    """The strategy can't answer this problem; the text is a sentence that says why."""


@dataclass(frozen=True)
class FormulaFacts:
    """Whether a point has a closed form, and of what kind."""

    verdict: str  # found, none, not_found
    kind: str | None = None  # rational, radicals, elementary, lambertw, algebraic_root
    reason: str | None = None  # why none was found, or why it is not known that there is none
    none_in: tuple[str, ...] = ()  # classes of numbers that it is proved not to be in: radicals, L
    theorem: str | None = None  # by which that is proved: galois, lin1983
    assumes: tuple[str, ...] = ()  # conjectures that the proof needs: Schanuel
    review: str | None = None  # who has read the proof of the theorem: literature
    certificate: Mapping[str, Any] | None = None  # what `optbench verify` checks
    unreviewed: Mapping[str, Any] | None = None  # what an argument says that awaits publication: none_in, theorem, assumes


@dataclass(frozen=True)
class ExactSolution:
    """A point where the minimum is, or where the infimum is approached."""

    point: Mapping[str, Any] | None  # floats, in the variables' shapes; None: at infinity
    exact: Mapping[str, Any] | None  # formulas in the same shapes, in our language, without decimals
    enclosure: Mapping[str, Any] | None  # pairs of decimal texts, rounded outward
    kind: str  # interior, boundary, kink, limit
    unique: bool  # proved to be the only global solution
    closed_form: FormulaFacts | None
    family: Mapping[str, str] | None = None  # what the letters in the formulas stand for: {"k": "integer"}
    first: Mapping[str, str] | None = None  # of a family: the formulas of the point, without letters

    def representative(self) -> ExactSolution:
        """Return the point alone, without its family."""
        return self if self.family is None else replace(self, exact=self.first, family=None, first=None)


@dataclass(frozen=True)
class ExactAnswer:
    """The answer of one strategy; every value is of the objective as the user wrote it."""

    strategy: str
    status: Status
    assurance: Assurance  # exact: a formula, proved global · local: a formula, not proved · none
    value_exact: str | None = None  # also "inf" and "-inf"
    value: float | None = None  # None where it is infinite
    value_enclosure: tuple[str, str] | None = None
    solutions: tuple[ExactSolution, ...] = ()
    complete: bool = False  # proved that there is no other global solution
    reason: str | None = None  # a sentence: why it is not exact, or not applicable
    seconds: Mapping[str, float] = field(default_factory=dict)  # wall time of each part
    closed_form: FormulaFacts | None = None  # of the stationary points, where there are no solutions
    stationary: bool = False  # the first solution is verified to be a stationary point inside of the range, whatever the assurance

    @property
    def applicable(self) -> bool:
        """Whether the strategy said anything about the optimum."""
        return self.status is not Status.UNKNOWN or self.value_exact is not None

    def with_representatives(self) -> ExactAnswer:
        """Return the answer with one point for each family, which then are no longer all there are."""
        if not any(s.family for s in self.solutions):
            return self
        return replace(self, solutions=tuple(s.representative() for s in self.solutions), complete=False)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        return {**asdict(self), "status": self.status.value, "assurance": self.assurance.value}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> ExactAnswer:
        """Return the answer that `to_json` wrote, also after a way through JSON text."""
        return cls(
            **{
                **plain,
                "status": Status(plain["status"]),
                "assurance": Assurance(plain["assurance"]),
                "value_enclosure": _pair(plain["value_enclosure"]),
                "solutions": tuple(map(_solution, plain["solutions"])),
                "closed_form": None if plain["closed_form"] is None else _facts(plain["closed_form"]),
            }
        )


def _solution(plain: Mapping[str, Any]) -> ExactSolution:
    facts, enclosure = plain["closed_form"], plain["enclosure"]
    return ExactSolution(
        **{
            **plain,
            "enclosure": None if enclosure is None else {name: _ends(value) for name, value in enclosure.items()},
            "closed_form": None if facts is None else _facts(facts),
        }
    )


def _ends(value: Any) -> Any:
    """A pair of texts; those of an array as they are."""
    return tuple(value) if isinstance(value[0], str) else value


def _facts(plain: Mapping[str, Any]) -> FormulaFacts:
    return FormulaFacts(**{**plain, "none_in": tuple(plain["none_in"]), "assumes": tuple(plain["assumes"])})


def _pair(ends: Any) -> tuple[str, str] | None:
    return None if ends is None else (ends[0], ends[1])
