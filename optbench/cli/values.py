"""Commands whose values are read without pydantic, and whose arguments may begin with a minus sign.

Typer would have pydantic read values, whose import takes longer than Typer's own. Words, numbers and choices, alone or
several together, need no more than `PlainCommand` and `PlainGroup` do. A Typer that reads values another way ignores
this and gives the same values.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from optbench.cli.dashes import shielded
from optbench.errors import printable


class PlainCommand(TyperCommand):
    """A command that reads its values plainly, and -x^2 as an expression."""

    def get_params(self, ctx: Any) -> Any:
        return _read_plainly(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, shielded(args, _values_of_options(self.get_params(ctx))))
        except typer.TyperException as error:
            error.ctx = ctx  # type: ignore[attr-defined] # whose help is to be offered; not every error knows
            raise


class PlainGroup(TyperGroup):
    """A group of commands that reads its own values plainly."""

    def get_params(self, ctx: Any) -> Any:
        return _read_plainly(super().get_params(ctx))


def _values_of_options(parameters: list[Any]) -> dict[str, int]:
    """How many values follow each option."""
    return {name: 0 if p.is_flag else p.nargs for p in parameters if p.param_type_name == "option" for name in p.opts}


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
