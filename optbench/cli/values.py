"""The values of options and arguments, read without pydantic.

Typer would have pydantic read them, whose import takes longer than Typer's own. Words, numbers and choices, alone or
several together, need no more than `PlainCommand` and `PlainGroup` do. A Typer that reads values another way ignores
this and gives the same values.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from optbench.errors import printable


class PlainCommand(TyperCommand):
    """A command that reads its values plainly."""

    def get_params(self, ctx: Any) -> Any:
        return _read_plainly(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group of commands that reads its own values plainly."""

    def get_params(self, ctx: Any) -> Any:
        return _read_plainly(super().get_params(ctx))


def _read_plainly(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        parameter.get_runtime_param = _Reader
    return parameters


class _Reader:
    """What Typer asks for the value of a parameter."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            return _value(param.type_descriptor.annotation, value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from None


def _value(kind: Any, given: Any) -> Any:
    """Return what was given as a value of `kind`; raise `ValueError` with a sentence where it is none."""
    kinds = get_args(kind)
    if get_origin(kind) is list:
        return [_value(kinds[0], entry) for entry in given]
    if get_origin(kind) is tuple:
        return tuple(_value(part, entry) for part, entry in zip(kinds, given, strict=True))
    if isinstance(given, kind):
        return given
    try:
        return kind(given)
    except ValueError:
        shown = f"'{printable(given)[:60]}'"
        if issubclass(kind, Enum):
            raise ValueError(f"{shown} is none of {', '.join(member.value for member in kind)}.") from None
        raise ValueError(f"{shown} is not a {'whole ' if kind is int else ''}number.") from None
