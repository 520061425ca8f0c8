"""The page on closed forms names every strategy, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from optbench.exact.stage import STRATEGIES, WITH_PARAMETERS

PAGE = Path(__file__).parent.parent / "docs" / "closed-forms.md"


def test_every_strategy_has_its_row() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == {*STRATEGIES, *WITH_PARAMETERS}
