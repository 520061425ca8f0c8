"""Names of the entries of arrays.

>>> entry_names("A", (2, 2))
['A[0,0]', 'A[0,1]', 'A[1,0]', 'A[1,1]']
"""

from __future__ import annotations

from itertools import product

from optbench.language.graph import Shape


def entry_names(name: str, shape: Shape) -> list[str]:
    """Return the name of each entry in row-major order, counted from 0; a scalar is its own entry."""
    return [f"{name}[{','.join(map(str, place))}]" for place in product(*map(range, shape))] if shape else [name]
