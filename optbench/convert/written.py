"""What a format makes of a problem: a text, files that stand beside it, and what was lost on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Written:
    """A problem in another language."""

    text: str  # the whole of the file that was asked for
    beside: tuple[tuple[Path, bytes], ...] = ()  # further files, with their content
    notes: tuple[str, ...] = ()  # sentences on what the format can't say
