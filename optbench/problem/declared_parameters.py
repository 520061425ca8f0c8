"""Parameters of a draft become names: numbers, lists of them, expressions, and symbols that stay free."""

from __future__ import annotations

from optbench.language.build import number, symbol
from optbench.language.text import number_text
from optbench.problem.declarations import Declarations
from optbench.problem.draft import Number, ParameterDraft, Text, Values
from optbench.problem.nested import leaves, nested
from optbench.problem.problem import Parameter


def declare_parameter(draft: ParameterDraft, declared: Declarations) -> Parameter | None:
    """Declare a parameter and return it; None, with mistakes noted, where it can't be."""
    with declared.declaring(draft.name.value):
        return _parameter(draft, declared)


def _parameter(draft: ParameterDraft, declared: Declarations) -> Parameter | None:
    name, value = draft.name.value, draft.value
    if draft.is_symbol and isinstance(value, Text):
        node = symbol(name, (), value.value == "integer")
        declared.nodes[name] = node
        return Parameter(name, value.value, node)
    if isinstance(value, Text):
        expression = declared.expression(value, declared.scope())
        if expression is not None:
            declared.nodes[name] = expression
        return Parameter(name, value.value)
    if value is None:
        declared.mistake(f"The parameter {name} has no value.", draft.name.place)
        return None
    if isinstance(value, Number):
        declared.nodes[name] = number(value.value)
        return Parameter(name, number_text(value.value, decimals=True))
    return _list(draft.name, value, declared)


def _list(name: Text, value: tuple[Values, ...], declared: Declarations) -> Parameter | None:
    shape = declared.shape_of(value, name)
    found = list(leaves(value))
    if shape is None:
        return None
    if all(isinstance(leaf, Number) for leaf in found):
        numbers = [leaf.value for leaf in found if isinstance(leaf, Number)]
        node = symbol(name.value, shape, all(v.denominator == 1 for v in numbers))
        declared.nodes[name.value], declared.values[node] = node, numbers
    else:
        if None in found:
            declared.mistake(f"An entry of the parameter {name.value} has no value.", name.place)
        nodes = [declared.closed(leaf, f"An entry of {name.value}") for leaf in found]
        if any(n is None for n in nodes):
            return None
        declared.nodes[name.value] = nested([n for n in nodes if n is not None], shape)
    return Parameter(name.value, _text(value))


def _text(value: Values) -> str:
    """A number, or lists in lists as they were given."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, Number):
        return number_text(value.value, decimals=True)
    return "null" if value is None else value.value
