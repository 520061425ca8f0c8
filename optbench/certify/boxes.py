"""Boxes in arrays: a batch that is worked on, and a pool of those that wait.

>>> import numpy as np
>>> pool = Pool(1)
>>> pool.add(Batch.whole(np.array([[0.0], [1.0]])))
>>> pool.take(5).count, len(pool)
(1, 0)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.certify.linear_forms import Array, Mask


@dataclass
class Batch:
    """N boxes, and what is known of each."""

    box: Array  # (2, n, N): lower and upper ends
    bound: Array  # (N,): a lower bound of the minimand's values in the box at feasible points
    fixed: Mask  # (n, N): the unknown is held at an end of its range, or at a whole number
    unique: Mask  # (N,): at most one stationary point lies in the box
    node: NDArray[np.int64]  # (N,): its number in the record

    @classmethod
    def whole(cls, box: Array) -> Batch:
        """Return the batch of one box, (2, n)."""
        n = box.shape[1]
        return cls(box[:, :, None], np.full(1, -np.inf), np.zeros((n, 1), bool), np.zeros(1, bool), np.zeros(1, np.int64))

    @property
    def count(self) -> int:
        return len(self.bound)

    def chosen(self, which: Mask | NDArray[np.int64]) -> Batch:
        """Return the boxes of a mask, or with these numbers."""
        return Batch(self.box[:, :, which], self.bound[which], self.fixed[:, which], self.unique[which], self.node[which])

    def joined(self, *others: Batch) -> Batch:
        """Return these boxes and others."""
        parts = [self, *others]
        return Batch(
            np.concatenate([p.box for p in parts], axis=2),
            np.concatenate([p.bound for p in parts]),
            np.concatenate([p.fixed for p in parts], axis=1),
            np.concatenate([p.unique for p in parts]),
            np.concatenate([p.node for p in parts]),
        )


class Pool:
    """Boxes that wait, of n unknowns."""

    def __init__(self, n: int) -> None:
        self._parts = [Batch.whole(np.zeros((2, n))).chosen(np.zeros(1, bool))]

    def __len__(self) -> int:
        return sum(part.count for part in self._parts)

    @property
    def boxes(self) -> Batch:
        """All of them."""
        if len(self._parts) > 1:
            self._parts = [self._parts[0].joined(*self._parts[1:])]
        return self._parts[0]

    @property
    def least_bound(self) -> float:
        """The least of their bounds; inf where there are none."""
        return float(min((part.bound.min(initial=np.inf) for part in self._parts), default=np.inf))

    def add(self, batch: Batch) -> None:
        """Put boxes in."""
        if batch.count:
            self._parts.append(batch)

    def take(self, most: int) -> Batch:
        """Take the boxes of least bound out, at most so many."""
        boxes = self.boxes
        order = np.argpartition(boxes.bound, most - 1)[:most] if boxes.count > most else np.arange(boxes.count)
        rest = np.ones(boxes.count, bool)
        rest[order] = False
        self._parts = [boxes.chosen(rest)]
        return boxes.chosen(order)

    def take_all(self) -> Batch:
        """Take everything out."""
        boxes = self.boxes
        self._parts = [boxes.chosen(np.zeros(boxes.count, bool))]
        return boxes
