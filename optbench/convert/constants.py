"""Arrays of numbers as Python source: in brackets, as one repeated number, or loaded from a CSV file beside the module."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from optbench.arithmetic.straight_line import float_of
from optbench.convert.statements import packed
from optbench.errors import ProblemError
from optbench.language.build import number
from optbench.language.graph import Shape, Symbol

LIMIT = 100_000  # numbers of one array that the source may have
SHORT = 1_000  # numbers that stand in the source although there could be a file
_ALIKE = 4  # numbers from which on one that is repeated is said so


@dataclass
class Constants:
    """The arrays of a module at `target`; without one, all stand in the source."""

    target: Path | None
    beside: list[tuple[Path, bytes]] = field(default_factory=list)  # the files that are needed

    def lines(self, data: Mapping[Symbol, Sequence[Fraction | float]], names: Mapping[Symbol, str]) -> list[str]:
        """Return the lines that define all arrays of data."""
        long = [s for s, values in data.items() if self.target is not None and len(values) > SHORT]
        lines = [line for s, values in data.items() if s not in long for line in array(names[s], doubles(values), s.shape)]
        for rows in dict.fromkeys(s.shape[0] for s in long):
            lines += self.loaded({s: doubles(data[s]) for s in long if s.shape[0] == rows}, names)
        return lines

    def loaded(self, data: Mapping[Symbol, Sequence[float]], names: Mapping[Symbol, str]) -> list[str]:
        """Write arrays with the same number of rows into one file; return the lines that load it."""
        assert self.target is not None
        file = self.target.with_name(f"{self.target.stem}_data{len(self.beside) + 1 if self.beside else ''}.csv")
        lines, heads, columns, start = [], list[str](), list[Sequence[float]](), 0
        lines.append(f"_data = np.loadtxt(Path(__file__).with_name({file.name!r}), delimiter=',', skiprows=1, ndmin=2)")
        for s, values in data.items():
            width = len(values) // s.shape[0]
            heads += [names[s]] if width == 1 else [f"{names[s]}_{k}" for k in range(width)]
            columns += [values[k::width] for k in range(width)]
            chosen = f"_data[:, {start}]" if len(s.shape) == 1 else f"_data[:, {start}:{start + width}].reshape{s.shape!r}"
            lines.append(f"{names[s]} = {chosen}")
            start += width
        rows = "".join(f"{','.join(map(repr, row))}\n" for row in zip(*columns, strict=True))
        self.beside.append((file, f"{','.join(heads)}\n{rows}".encode()))
        return lines


def doubles(values: Sequence[Fraction | float]) -> list[float]:
    """Return exact numbers or doubles as doubles."""
    return [v if isinstance(v, float) else float_of(number(v)) for v in values]


def array(name: str, values: Sequence[float], shape: Shape) -> list[str]:
    """Return the lines that give an array its name.

    >>> array("x", [1.0, 2.5], (2,)), array("u", [float("inf")] * 5, (5,))
    (['x = np.array([1.0, 2.5])'], ['u = np.full(5, np.inf)'])
    """
    if len(values) >= _ALIKE and len(set(map(repr, values))) == 1:
        return [f"{name} = np.full({shape[0] if len(shape) == 1 else shape!r}, {_double(values[0])})"]
    if len(values) > LIMIT:
        raise ProblemError(
            f"{name} would be {len(values):,} numbers in Python source; the limit is {LIMIT:,}. "
            "Data are loaded from a file instead where OUT is a file."
        )
    entries = list(map(_double, values))
    tail = "])" if len(shape) == 1 else f"]).reshape{shape!r}"
    line = f"{name} = np.array([{', '.join(entries)}{tail}"
    return [line] if len(line) <= _WIDTH else [f"{name} = np.array([", *packed([f"{e}," for e in entries]), tail]


_WIDTH = 110


def _double(value: float) -> str:
    return repr(value) if math.isfinite(value) else "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
