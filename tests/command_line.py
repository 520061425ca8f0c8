"""Running the command line inside of the test's process."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        (line,) = self.out.splitlines()
        return dict(json.loads(line, parse_constant=pytest.fail))
