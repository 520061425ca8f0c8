"""Options of methods: declared once, as the fields of a frozen dataclass; described and read from that declaration.

>>> @dataclass(frozen=True)
... class Walk(Options):
...     step: float = option(0.5, "length of a step", above=0)
>>> [str(f.metadata["range"]) for f in fields(Walk)]
['above 0']
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from optbench.errors import Mistake, UsageError, nearest, printable

if TYPE_CHECKING:
    from .method import Method


@dataclass(frozen=True)
class Options:
    """The options of a method; each method that has any declares a subclass."""

    @property
    def uses_batches(self) -> bool:
        """Whether these options make a method ask for gradients on batches of rows."""
        return False


class Range(NamedTuple):
    """The accepted values of an option: ends of a range of numbers, or the words to choose from."""

    at_least: float | None
    above: float | None
    at_most: float | None
    below: float | None
    choices: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        if isinstance(value, str):
            return value in self.choices
        if not isinstance(value, int | float):
            return False
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        if self.choices:
            return ", ".join(self.choices)
        ends = (("at least", self.at_least), ("above", self.above), ("at most", self.at_most), ("below", self.below))
        return " and ".join(f"{words} {end:g}" for words, end in ends if end is not None)


class OptionRow(NamedTuple):
    """An option as the documentation and `optbench methods` show it."""

    name: str
    type: str
    default: str
    range: str
    meaning: str


def option(
    default: float | bool | str,
    meaning: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a field of an `Options` class: its default, whose type is the option's, its meaning and its range."""
    return field(default=default, metadata={"meaning": meaning, "range": Range(at_least, above, at_most, below, choices)})


def describe(method: Method) -> list[OptionRow]:
    """Return a row for each option of `method`."""
    return [
        OptionRow(f.name, _TYPES[type(f.default)], _shown(f.default), str(f.metadata["range"]), f.metadata["meaning"])
        for f in fields(method.options)
    ]


def read_options(method: Method, given: Mapping[str, str | int | float | bool | Fraction]) -> Any:
    """Return the options of `method` with the `given` ones set; text is read, and a hyphen is as good as an underscore.

    Raises `UsageError` with all mistakes at once: unknown options, and values out of their range.
    """
    declared = {f.name: f for f in fields(method.options)}
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for name, text in given.items():
        key = name.replace("-", "_")
        if key not in declared:
            mistakes.append(_unknown_option(method, name, list(declared)))
            continue
        accepted: Range = declared[key].metadata["range"]
        kind = type(declared[key].default)
        value = _read(kind, text)
        if value is None or (kind is not bool and value not in accepted):
            what = f"{_WANTED[kind]} {accepted}".rstrip()
            mistakes.append(Mistake(f"{method.name}: {key} must be {what}, not {_quoted(text)}."))
        values[key] = value
    if mistakes:
        raise UsageError(*mistakes)
    return method.options(**values)


_TYPES = {float: "number", int: "whole number", bool: "true or false", str: "word"}
KINDS = frozenset(_TYPES)  # of options, by their defaults
_WANTED = {float: "a number", int: "a whole number", bool: "true or false", str: "one of"}
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _unknown_option(method: Method, name: str, known: list[str]) -> Mistake:
    shown = printable(name)
    if not known:
        return Mistake(f"{method.name} has no options, so none named '{shown}'.")
    guess = nearest(name.replace("-", "_"), known)
    return Mistake(f"{method.name} has no option '{shown}'.{guess or ' Its options are ' + ', '.join(known) + '.'}")


def _read(kind: type, given: str | int | float | bool | Fraction) -> float | bool | str | None:
    """Return `given` as a value of `kind`, or None where it is not one."""
    if kind is str:
        return given if isinstance(given, str) else None
    if kind is bool:
        return given if isinstance(given, bool) else _BOOLEANS.get(str(given).lower())
    if isinstance(given, bool):
        return None
    try:
        number = float(given)
        whole = int(given) if kind is int and isinstance(given, str) else int(number) if kind is int else 0
    except (ValueError, OverflowError):
        return None
    if kind is int:
        return whole if whole == number else None
    return number if math.isfinite(number) else None


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(value: str | int | float | bool | Fraction) -> str:
    """Return a given value as a message shows it: text in quotes, and no more than a line."""
    if isinstance(value, int | Fraction) and max(abs(value.numerator), value.denominator) >= 10**60:
        return "a number of that size"  # Python refuses to print some
    text = _shown(value)
    text = printable(text if len(text) <= 60 else text[:57] + "...")
    return f"'{text}'" if isinstance(value, str) else text
