"""The keywords of `optbench-ampl`: what may stand behind the model, or in the environment, as name=value.

>>> read_keywords(["tol=1e-6", "method", "bfgs", "method=adam:step=0.1"])
{'tol': 1e-06, 'method': ['bfgs', 'adam:step=0.1']}
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from optbench.errors import UsageError, nearest, printable


class Keyword(NamedTuple):
    """`kind`: int, float or str; numbers lie between `lower` and `upper`."""

    name: str
    kind: type
    default: Any
    words: str
    lower: float = -math.inf
    upper: float = math.inf


KEYWORDS = (
    Keyword("certify", int, 1, "whether a certificate is looked for (0 or 1)", 0, 1),
    Keyword("certify_time", float, 5.0, "seconds for it", 0, 1e9),
    Keyword("digits", int, 30, "significant digits of enclosures", 1, 1000),
    Keyword("exact", int, 1, "whether an exact answer is looked for (0 or 1)", 0, 1),
    Keyword("exact_time", float, 10.0, "seconds for it", 0, 1e9),
    Keyword("memory_limit", str, "4GB", "memory that one attempt may take"),
    Keyword("method", str, "auto", "a numerical method, with its options as NAME:option=value; several may be given"),
    Keyword("outlev", int, 0, "1 prints the table of all attempts", 0, 1),
    Keyword("seed", int, 0, "the seed of methods that draw numbers", 0, 2**53 - 1),
    Keyword("starts", int, 1, "from how many points each method begins", 1, 1000),
    Keyword("time_limit", float, 30.0, "seconds for everything", 0, 1e9),
    Keyword("tol", float, 1e-8, "relative tolerance of the methods", 1e-300, 0.999),
    Keyword("wantsol", int, 0, "without -AMPL, a sum of 1: write .sol, 2: show the point, 4: the multipliers, 8: no message", 0, 15),
)
_BY_NAME = {keyword.name: keyword for keyword in KEYWORDS}
_ALIASES = {"timelim": "time_limit", "methods": "method", "max_cpu_time": "time_limit"}


def words_of(text: str) -> list[str]:
    """Return the words of an environment variable; quotes hold blanks together."""
    try:
        return shlex.split(text)
    except ValueError:
        raise UsageError(f"The options '{printable(text[:200])}' have a quotation mark that is not closed.") from None


def read_keywords(words: Sequence[str]) -> dict[str, Any]:
    """Return the values that are given, the last one of a name; of methods all. Raises `UsageError`."""
    found: dict[str, Any] = {}
    for name, written in _pairs(words):
        keyword = _BY_NAME[name]
        value = _value(keyword, written)
        found[name] = [*found.get(name, []), value] if name == "method" else value
    return found


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """name=value, or name and value as two words."""
    rest = iter(words)
    for word in rest:
        written, equals, value = word.partition("=")
        name = _ALIASES.get(written.lower(), written.lower())
        if name not in _BY_NAME:
            close = nearest(name, list(_BY_NAME))
            raise UsageError(f"There is no keyword '{printable(written[:80])}'.{close} `optbench-ampl -=` lists all of them.")
        following = value if equals else next(rest, None)
        if not following:
            raise UsageError(f"The keyword {name} needs a value: {name}={_BY_NAME[name].default}.")
        yield name, following


def _value(keyword: Keyword, written: str) -> Any:
    if keyword.kind is str:
        return written
    try:
        value = keyword.kind(written)
    except ValueError:
        value = math.nan
    if not keyword.lower <= value <= keyword.upper:
        kind = "whole number" if keyword.kind is int else "number"
        raise UsageError(f"{keyword.name} takes a {kind} from {keyword.lower:g} to {keyword.upper:g}, not '{printable(written[:80])}'.")
    return value


def listing() -> str:
    """Return the keywords, their defaults and what they mean, one a line."""
    return "\n".join(f"{keyword.name:14} {keyword.default!s:6} {keyword.words}" for keyword in KEYWORDS)
