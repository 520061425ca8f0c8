"""The expressions in the table's rows, read once on first use and applied to arguments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from optbench.language.build import condition, substitute, symbol
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.functions import TABLE
from optbench.language.graph import Node


def derivatives(function: str, args: Sequence[Node]) -> list[Node] | None:
    """Return the partial derivative by each argument at `args`, or None where the row has no rule."""
    templates = _derivative_templates(function)
    return None if templates is None else [_applied(t, function, args) for t in templates]


def conditions(function: str, args: Sequence[Node]) -> list[Node]:
    """Return the row's conditions of definedness at `args`."""
    return [_applied(t, function, args) for t in _domain_templates(function)]


@cache
def _derivative_templates(function: str) -> list[Node] | None:
    texts = TABLE[function].derivative
    return None if texts is None else [parse(text, _scope(function)).node for text in texts]


@cache
def _domain_templates(function: str) -> list[Node]:
    return [_condition(text, _scope(function)) for text in TABLE[function].domain]


def _condition(text: str, scope: Scope) -> Node:
    """Read one of a row's conditions; unlike the language, rows may say `or` and `!=`."""
    if " or " in text:
        return condition("or", *(_condition(part, scope) for part in text.split(" or ")))
    left, unequal, right = text.partition("!=")
    if unequal:
        return condition("not_equal", parse(left, scope).node, parse(right, scope).node)
    return parse_constraint(text, scope).node


def _scope(function: str) -> Scope:
    return Scope({name: symbol(f"{name}") for name in TABLE[function].args if name.isidentifier() and name != "condition"})


def _applied(template: Node, function: str, args: Sequence[Node]) -> Node:
    names = [name for name in TABLE[function].args if name.isidentifier()]
    return substitute(template, {symbol(name): arg for name, arg in zip(names, args, strict=False)})
