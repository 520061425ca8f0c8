"""The account of how a problem was solved by hand, so to speak: what `optbench explain` tells, typed.

It stands in a result only where it was asked for. Every formula is text in our language, every function and sign is of the
objective as the user wrote it, with the values of its parameters, and enclosures are decimal texts rounded outward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

Ends = tuple[str, str]


class Solver(Enum):
    """What settled where a function is 0."""

    CONSTANT = "constant"  # the function does not depend on the unknown
    SIGN = "sign"  # enclosures exclude a zero
    POLYNOMIAL = "polynomial"
    LAMBERT = "lambert"
    LOGARITHMS = "logarithms"
    KERNELS = "kernels"  # a polynomial in one function of the unknown
    COMPUTER_ALGEBRA = "computer_algebra"
    ISOLATION = "isolation"  # all zeros are counted and enclosed; some have no formula
    NONE = "none"  # it is not settled


@dataclass(frozen=True)
class DerivativeStep:
    """The derivative of one part, by one rule."""

    of: str
    rule: str  # see `optbench.language.derivation`
    inner: str | None  # the argument u of a chain rule
    applied: str | None  # the right-hand side as the rule gives it; None where that is the result
    result: str


@dataclass(frozen=True)
class Derivative:
    """The derivative by one unknown."""

    unknown: str
    steps: tuple[DerivativeStep, ...]  # from the inside to the outside, the last one of the whole; empty: too long, or no rule
    result: str
    second: str | None  # by the same unknown once more


@dataclass(frozen=True)
class Rewriting:
    """The equation in another form, left = right, where `letter` stands for `meaning` if there is one."""

    left: str
    right: str
    letter: str | None = None
    meaning: str | None = None


@dataclass(frozen=True)
class Zero:
    """A zero of the derivative strictly inside of a piece."""

    formula: str | None
    verified: bool  # that the formula is a zero
    enclosure: Ends | None
    before: int  # sign of the derivative on its left; 0: not known
    after: int
    curvature: Ends | None  # an enclosure of the second derivative there
    bend: int | None  # the sign of the second derivative there, proved; None: not known


@dataclass(frozen=True)
class Piece:
    """An open interval on which the function is smooth."""

    lower: str
    upper: str
    function: str
    slope: str
    solver: Solver
    rewritings: tuple[Rewriting, ...]
    zeros: tuple[Zero, ...]
    signs: tuple[int, ...]  # of the derivative between its zeros and the ends; empty: not known
    constant: bool  # the derivative is 0 throughout
    proved: bool  # that these are all zeros
    reason: str | None  # why something is missing
    limits: tuple[str | None, str | None]  # of the function at both ends; None: not known


@dataclass(frozen=True)
class Candidate:
    """Where the optimum may be: a value, or a limit that is not attained."""

    at: str | None  # a formula; None where there is none
    at_enclosure: Ends | None  # None where it is infinite
    kind: str  # interior, boundary, kink, limit
    value: str | None
    value_enclosure: Ends | None
    attained: bool
    best: bool


@dataclass(frozen=True)
class LineSearch:
    """How a function of one unknown was searched on an interval, for all that is needed to know its least value."""

    lower: str
    upper: str
    lower_closed: bool
    upper_closed: bool
    period: str | None  # of the function, where the interval is one of it
    pieces: tuple[Piece, ...]
    candidates: tuple[Candidate, ...]
    doubts: tuple[str, ...]  # why it is not the whole truth
    left_out: int  # pieces and candidates beyond those that are listed


@dataclass(frozen=True)
class Account:
    """How a problem was solved."""

    function: str
    approach: str | None  # the strategy of the exact stage that gave the answer, in a sentence
    derivatives: tuple[Derivative, ...]
    rewritings: tuple[Rewriting, ...]  # of the stationary equation of one unknown, where there is no search
    search: LineSearch | None  # None with several unknowns or parameters without values, and where another way was gone

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Account:
        """Return the account that `to_json` wrote, also after a way through JSON text."""
        search = plain["search"]
        derivatives = tuple(Derivative(**{**d, "steps": tuple(DerivativeStep(**s) for s in d["steps"])}) for d in plain["derivatives"])
        parts = {"derivatives": derivatives, "rewritings": _rewritings(plain), "search": None if search is None else _search(search)}
        return cls(**{**plain, **parts})


def _search(plain: Mapping[str, Any]) -> LineSearch:
    pieces = tuple(map(_piece, plain["pieces"]))
    candidates = tuple(Candidate(**{**c, **_pairs(c, "at_enclosure", "value_enclosure")}) for c in plain["candidates"])
    return LineSearch(**{**plain, "pieces": pieces, "candidates": candidates, "doubts": tuple(plain["doubts"])})


def _piece(plain: Mapping[str, Any]) -> Piece:
    zeros = tuple(Zero(**{**z, **_pairs(z, "enclosure", "curvature")}) for z in plain["zeros"])
    parts = {"zeros": zeros, "rewritings": _rewritings(plain), "signs": tuple(plain["signs"]), "solver": Solver(plain["solver"])}
    return Piece(**{**plain, **parts, **_pairs(plain, "limits")})


def _rewritings(plain: Mapping[str, Any]) -> tuple[Rewriting, ...]:
    return tuple(Rewriting(**r) for r in plain["rewritings"])


def _pairs(plain: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: None if plain[name] is None else (plain[name][0], plain[name][1]) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.value if isinstance(value, Enum) else value
