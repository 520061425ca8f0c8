"""The record of a search: every step of the proof, and its way into a file that another program can check.

A file is JSON Lines. The first line has the problem, what is claimed of it, and its `structure`: how the value is made of
parts. Then each part follows: a line with the part's problem in unknowns u0, u1, ..., and its claims, and a line for each
box, `[number, step, step, ...]`, a step being `[name, fact, ...]`. What the steps mean is in docs/certificates.md; the
last line has the SHA-256 of all lines before. Numbers are doubles, written so that they read back the same; infinite ones are text.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.certify.linear_forms import Array

FORMAT = "optbench/certificate/1"
MOST_BOXES = 2_000_000  # of all steps together, that are kept
_BY_MULTIPLIERS = frozenset(
    ("cut", "cut off", *(f"{use} by {way}" for use in ("above", "bound") for way in ("Lagrangian", "tangent", "curvature")))
)


class Record:
    """The steps of one search."""

    def __init__(self) -> None:
        self.given_up: str | None = None  # why there will be no proof
        self.multipliers: list[list[float]] = []
        self._steps: list[tuple[str, NDArray[np.int64], list[Array]]] = []
        self._count = 0

    def use_multipliers(self, multipliers: Array) -> None:
        """Note that from now on the Lagrangian has these."""
        self.multipliers.append(multipliers.tolist())

    def note(self, step: str, nodes: NDArray[np.int64], facts: Mapping[str, Array]) -> None:
        """Note a step for boxes with these numbers; facts are arrays over them in their last axis."""
        self._count += len(nodes)
        if self._count > MOST_BOXES:
            self.give_up(f"the proof has more than {MOST_BOXES:,} steps")
        if self.given_up is not None:
            return
        columns = [np.array(value) for value in facts.values()]
        if step in _BY_MULTIPLIERS:
            columns.append(np.full(len(nodes), len(self.multipliers) - 1))
        self._steps.append((step, nodes.copy(), columns))

    def give_up(self, reason: str) -> None:
        """Note no more, and forget what was noted."""
        self.given_up = self.given_up or reason
        self._steps.clear()

    def boxes(self) -> Iterator[list[Any]]:
        """Yield the lines of the boxes: each box's number and steps, in order."""
        steps: dict[int, list[Any]] = {}
        for step, nodes, columns in self._steps:
            moved = [np.moveaxis(column, -1, 0).tolist() for column in columns]
            for k, node in enumerate(nodes.tolist()):
                steps.setdefault(node, []).append([step, *(column[k] for column in moved)])
        for node in sorted(steps):
            yield [node, *steps[node]]


def lines(header: Mapping[str, Any], parts: Sequence[tuple[Mapping[str, Any], Record]]) -> Iterator[str]:
    """Yield the lines of a file, the last of which has the sum of the others."""
    digest = hashlib.sha256()
    for line in _content(header, parts):
        text = json.dumps(_plain(line), allow_nan=False, separators=(",", ":")) + "\n"
        digest.update(text.encode())
        yield text
    yield json.dumps({"sha256": digest.hexdigest()}) + "\n"


def _content(header: Mapping[str, Any], parts: Sequence[tuple[Mapping[str, Any], Record]]) -> Iterator[Any]:
    yield {"format": FORMAT, **header}
    for number, (claims, record) in enumerate(parts):
        yield {"part": number, **claims, "multipliers": record.multipliers}
        yield from record.boxes()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
