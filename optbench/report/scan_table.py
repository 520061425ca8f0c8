"""A scan as people read it: for each point the answer and the rows of its methods, at the end how their costs grow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from optbench.errors import printable
from optbench.report import plain_words
from optbench.report.cost_growth import Growth
from optbench.result import Result

HEADINGS = ("method", "converged at", "up to", "time ~", "time, last two ~", "evaluations ~", "then")


def point(scan: Mapping[str, float]) -> str:
    """Return "n = 10, a = 0.5"."""
    return ", ".join(f"{name} = {value:.12g}" for name, value in scan.items())


def block(result: Result) -> str:
    """Return the lines of one point."""
    headings, rows = plain_words.table(result.attempts)
    title = f"{point(result.scan or {})}: {printable(result.sentence)}"
    return "\n".join([title, *_aligned([headings, *rows])]) + "\n\n"


def growth_table(found: Iterable[Growth], name: str) -> str:
    """Return the table of exponents, with the parameter's name in it."""
    rows = [
        (
            g.method,
            f"{g.points} point{'' if g.points == 1 else 's'}",
            "" if g.largest is None else f"{name} = {g.largest:.12g}",
            *(("" if p is None else f"{name}^{p:.2f}") for p in (g.time, g.last_time, g.evaluations)),
            printable(g.ended_by or ""),
        )
        for g in found
    ]
    return f"How the costs grow with {name}:\n" + "\n".join(_aligned([HEADINGS, *rows])) + "\n"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
