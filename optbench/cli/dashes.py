"""Arguments that begin with a minus sign: an expression such as -x^2 is no option.

`shielded` moves such an argument behind `--`, so that it is not taken for an option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_FLAGS = ("--maximize", "--no-exact", "--no-certify", "--json", "--quiet", "--no-color", "--debug", "--help", "--version")
_FLAGS_WITH_DASH = ("-h", "-V", "-q")


def shielded(argv: Sequence[str]) -> list[str]:
    """Return the arguments with expressions such as -x^2 moved behind '--'."""
    if "--" in argv:
        return list(argv)
    kept: list[str] = []
    expressions: list[str] = []
    values = 0  # arguments that still belong to the last option
    for argument in argv:
        if values:
            values -= 1
            kept.append(argument)
        elif _is_expression(argument):
            expressions.append(argument)
        else:
            kept.append(argument)
            values = _values_after(argument)
    return [*kept, "--", *expressions] if expressions else kept


def _is_expression(argument: str) -> bool:
    if not argument.startswith("-") or argument in ("-", *_FLAGS_WITH_DASH):
        return False
    return not re.match(r"--[a-z]", argument)


def _values_after(argument: str) -> int:
    if not argument.startswith("--") or "=" in argument or argument in _FLAGS:
        return 0
    return 2 if argument == "--range" else 1
