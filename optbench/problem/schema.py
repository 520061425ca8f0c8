"""The JSON Schema (draft 2020-12) of a problem file, for editors.

Names and meanings of the fields come from the one table in `fields`; here stands only what each of them takes. The schema
says less than `optbench check`, which reads the expressions too, but what it refuses `check` refuses as well.

>>> schema()["properties"]["minimize"]["description"]
'the objective, an expression'
"""

from __future__ import annotations

from typing import Any

from optbench.problem.draft import SYMBOLS
from optbench.problem.fields import FIELDS

_TEXT = {"type": ["string", "number"]}  # a number counts as a text, as it is written
_NULL = {"type": "null"}
_LENGTH = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
_VALUES = {"$ref": "#/$defs/values"}


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    """A field without a value counts as not given."""
    return {**kind, "type": [*kind["type"], "null"]} if isinstance(kind.get("type"), list) else {"anyOf": [kind, _NULL]}


def _list(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def _mapping(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values, "propertyNames": {"minLength": 1}}


_RANGE = {"anyOf": [{"type": "string"}, _list(_VALUES, minItems=2, maxItems=2)]}
_METHOD = _mapping(_or_null(_mapping({"type": ["string", "number", "boolean", "null"]})))
_CONSTRAINTS = _mapping(_TEXT)

_TAKES: dict[str, dict[str, dict[str, Any]]] = {
    "a problem": {
        "name": _or_null(_TEXT),
        "description": _or_null(_TEXT),
        "minimize": _TEXT,
        "maximize": _TEXT,
        "model": _or_null({"$ref": "#/$defs/model"}),
        "variables": _or_null(_mapping({"anyOf": [_RANGE, _NULL, {"$ref": "#/$defs/variable"}]})),
        "parameters": _or_null(_mapping({"anyOf": [{"enum": list(SYMBOLS)}, {"type": ["string", "number"]}, _list(_VALUES)]})),
        "subject to": _or_null({"anyOf": [_list({"anyOf": [_TEXT, _CONSTRAINTS]}), _CONSTRAINTS]}),
        "data": _or_null({"$ref": "#/$defs/data"}),
        "methods": _or_null(_list({"anyOf": [_TEXT, _METHOD]})),
        "known": _or_null({"$ref": "#/$defs/known"}),
        "tags": _or_null(_list(_TEXT)),
    },
    "a variable": {
        "range": _or_null(_RANGE),
        "start": _VALUES,
        "starts": _or_null(_list(_VALUES)),
        "shape": _or_null({"anyOf": [_LENGTH, _list(_LENGTH, minItems=1)]}),
        "integer": {"type": ["boolean", "null"]},
        "unit": _or_null(_TEXT),
    },
    "data": {"file": _TEXT, "matrices": _or_null(_mapping(_list(_TEXT, minItems=1)))},
    "model": {"response": _TEXT, "expr": _TEXT},
    "known": {"value": _or_null(_TEXT), "at": _or_null(_mapping(_VALUES)), "source": _or_null(_TEXT)},
}


def schema() -> dict[str, Any]:
    """Return the schema as JSON data."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:optbench:problem:1",
        "title": "A problem of optbench",
        **_object("a problem"),
        "oneOf": [{"required": ["minimize"]}, {"required": ["maximize"]}, {"required": ["model"]}],
        "$defs": {
            "values": {
                "description": "a number, an expression, null, or a list of them, one an entry",
                "anyOf": [{"type": ["string", "number", "null"]}, _list(_VALUES)],
            },
            "variable": _object("a variable"),
            "data": {**_object("data"), "required": ["file"]},
            "model": {**_object("model"), "required": ["response", "expr"]},
            "known": _object("known"),
        },
    }


def _object(owner: str) -> dict[str, Any]:
    """The schema of a mapping with the fields of `owner`, a row of FIELDS, and no others."""
    properties = {name: {"description": meaning, **_TAKES[owner][name]} for name, meaning in FIELDS[owner].items()}
    return {"description": owner, "type": "object", "properties": properties, "additionalProperties": False}
