"""Where a sparse matrix has its entries."""

from __future__ import annotations

from typing import Any, NamedTuple


class Sparsity(NamedTuple):
    """The places of the entries that may differ from 0, the same at every point; values come in this order."""

    rows: Any  # array of whole numbers, one an entry
    columns: Any  # likewise
    shape: tuple[int, int]

    def dense(self, values: Any) -> Any:
        """Return the whole matrix of these values."""
        import numpy as np

        matrix = np.zeros(self.shape)
        matrix[self.rows, self.columns] = values
        return matrix


def full(rows: int, columns: int) -> Sparsity:
    """Return the places of a matrix without zeros, in row-major order."""
    import numpy as np

    places = np.indices((rows, columns)).reshape(2, -1)
    return Sparsity(places[0], places[1], (rows, columns))
