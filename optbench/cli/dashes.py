"""Arguments that begin with a minus sign: an expression such as -x^2 is no option.

`shielded` moves such an argument behind `--`, so that it is not taken for an option; `options` says of each option of a
command how many values follow it.

>>> shielded(["-x^2", "--range", "-5", "5", "-q"], {"--range": 2, "-q": 0})
['--range', '-5', '5', '-q', '--', '-x^2']
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def shielded(arguments: Sequence[str], options: Mapping[str, int]) -> list[str]:
    """Return the arguments of a command with expressions such as -x^2 moved behind '--'."""
    if "--" in arguments:
        return list(arguments)
    kept: list[str] = []
    expressions: list[str] = []
    values = 0  # arguments that still belong to the last option
    for argument in arguments:
        if values:
            values -= 1
            kept.append(argument)
        elif _is_expression(argument, options):
            expressions.append(argument)
        else:
            kept.append(argument)
            values = _values_after(argument, options)
    return [*kept, "--", *expressions] if expressions else kept


def _is_expression(argument: str, options: Mapping[str, int]) -> bool:
    if not argument.startswith("-") or argument == "-" or argument in options:
        return False
    return not re.match(r"--[a-z]", argument)


def _values_after(argument: str, options: Mapping[str, int]) -> int:
    """How many values an option takes; one that does not exist may well have been meant to have one."""
    if argument in options:
        return options[argument]
    return 1 if argument.startswith("--") and "=" not in argument else 0
