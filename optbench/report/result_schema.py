"""The JSON Schema (draft 2020-12) of a result, made of the dataclasses of `optbench.result`.

Fields may be added by later versions, so unknown ones are allowed; those that there are now are required.

>>> schema()["properties"]["assurance"]["enum"]
['exact', 'certified', 'local', 'feasible', 'none']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from optbench.account import Account
from optbench.result import OPTIONAL, SCHEMA, Result, TraceRecord

_PLAIN = {str: "string", float: "number", int: "integer", bool: "boolean", NoneType: "null"}


def schema() -> dict[str, Any]:
    """Return the schema as JSON data."""
    definitions: dict[str, Any] = {}
    top = _object(Result, definitions)
    trace = definitions["Attempt"]["properties"]["trace"]
    trace["anyOf"][0]["items"] = _of(TraceRecord, definitions)
    top["properties"] = {"schema": {"const": SCHEMA}, **top["properties"]}
    top["required"] = ["schema", *(name for name in top["required"] if name not in OPTIONAL)]
    top["allOf"] = [{"if": {"properties": {"status": {"const": "invalid"}}}, "then": {"required": ["error"]}}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": "A result of optbench",
        **top,
        "$defs": definitions,
    }


def _object(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass or named tuple; its parts go into the definitions."""
    hints = get_type_hints(cls, localns={"Account": Account})
    names = [f.name for f in fields(cls)] if is_dataclass(cls) else list(cls._fields)  # type: ignore[attr-defined]
    properties = {_json_name(name): _of(hints[name], definitions) for name in names}
    return {"description": cls.__doc__, "type": "object", "properties": properties, "required": list(properties)}


def _json_name(name: str) -> str:
    return "class" if name == "cls" else name


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of an annotation."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if origin is UnionType:
        return _union([_of(part, definitions) for part in inner])
    if origin is list or (origin is tuple and inner[1:] == (...,)):
        return {"type": "array", "items": _of(inner[0], definitions)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_of(part, definitions) for part in inner], "minItems": len(inner), "maxItems": len(inner)}
    if origin in (Mapping, dict):
        return {"type": "object", "additionalProperties": _of(inner[1], definitions)}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if issubclass(kind, Enum):
        return {"type": "string", "enum": [member.value for member in kind]}
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # a part may contain itself
        definitions[kind.__name__] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _union(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One of several kinds: plain ones share a list of types."""
    if all(set(part) == {"type"} for part in parts):
        return {"type": [part["type"] for part in parts]}
    return {"anyOf": parts}
