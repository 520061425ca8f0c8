"""How a problem is to be solved: limits, requirements, and the one seed all others derive from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optbench.problem.problem import MethodChoice
from optbench.result import Assurance


@dataclass(frozen=True)
class Settings:
    """Options of `solve`; all of them stand in the result."""

    exact: bool = True
    exact_time: float = 10.0  # seconds for the exact stage
    certify: bool = True
    certify_time: float = 5.0  # seconds for certification
    certificate: str | None = None  # the file that the proof is written to
    time_limit: float = 30.0  # seconds for everything
    memory_limit: int = 4 * 2**30  # bytes that one attempt may add
    tolerance: float = 1e-8  # relative: of the scaled gradient, and in x for methods without derivatives
    digits: int = 30  # significant digits of enclosures
    seed: int = 0
    require: Assurance = Assurance.LOCAL
    methods: tuple[MethodChoice, ...] = ()  # empty: those of the problem, or the default panel
    starts: int = 1  # from how many points each method begins; the best run is the row
    numerical: bool = True  # whether methods run
    trace: bool = False
    account: bool = False  # whether the result tells how the problem was solved
    jobs: int = 2
    debug: bool = False

    def seed_of(self, name: str) -> int:
        """The seed of one attempt."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}:{name}".encode()).digest()[:4])

    def as_options(self) -> Mapping[str, Any]:
        """The limits and requirements in force, for the result."""
        return {
            "time_limit": self.time_limit,
            "exact": self.exact,
            "exact_time": self.exact_time,
            "certify": self.certify,
            "certify_time": self.certify_time,
            "memory_limit": self.memory_limit,
            "tolerance": self.tolerance,
            "digits": self.digits,
            "starts": self.starts,
            "require": self.require.value,
        }
