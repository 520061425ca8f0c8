"""A problem file in YAML: a field a line, expressions in double quotes, lists and short mappings in brackets.

>>> print(quoted("x*log(x)"), quoted("bfgs"), quoted("on"))
"x*log(x)" bfgs "on"
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

from optbench.convert.document import Tree, checked, decimal, document
from optbench.convert.written import Written
from optbench.language.digits import quotient
from optbench.problem.problem import Problem

ENDINGS = (".yaml", ".yml")

_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[- ][A-Za-z0-9_]+)*")
_READ_OTHERWISE = frozenset(["null", "true", "false", "yes", "no", "on", "off", "y", "n"])  # by some readers of YAML


def write(problem: Problem, target: Path | None) -> Written:
    """Return the problem as YAML 1.2 text, from which the same problem is read again."""
    fields, beside = document(problem, target)
    lines = [line for name, value in fields.items() for line in _lines(f"{name}: ", value, "")]
    return Written(checked("\n".join([*lines, ""])), beside)


def quoted(text: str) -> str:
    """Return a text as YAML writes it: plain if it is words, else in double quotes with what can't be printed escaped."""
    if _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE:
        return text
    return "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else f"\\u{ord(character):04X}"


def _key(name: str) -> str:
    return name if name.isidentifier() and name.lower() in ("y", "n") else quoted(name)


def _flow(tree: Tree) -> str:
    """A tree on one line."""
    if isinstance(tree, dict):
        return f"{{{', '.join(f'{_key(name)}: {_flow(value)}' for name, value in tree.items())}}}"
    if isinstance(tree, list):
        return f"[{', '.join(map(_flow, tree))}]"
    if isinstance(tree, Fraction):
        return decimal(tree) or f'"{quotient(tree)}"'
    if tree is None or isinstance(tree, bool):
        return json.dumps(tree)
    return quoted(tree)


def _lines(head: str, tree: Tree, indent: str) -> list[str]:
    """The lines of a field: one if it is short or has no parts, else one a part."""
    whole = f"{indent}{head}{_flow(tree)}"
    top = not indent and isinstance(tree, dict) and len(tree) > 1
    if not isinstance(tree, dict | list) or not tree or (len(whole) <= _WIDTH and not top):
        return [whole]
    if isinstance(tree, list):
        return _list_lines(f"{indent}{head}[", tree, indent)
    first = f"{indent}{head}".rstrip()
    return [first, *(line for name, value in tree.items() for line in _lines(f"{_key(name)}: ", value, indent + "  "))]


def _list_lines(head: str, entries: list[Tree], indent: str) -> list[str]:
    """A long list in brackets, as many entries on a line as fit."""
    lines, inner = [head], indent + "  "
    for position, entry in enumerate(entries):
        written = _flow(entry) + ("," if position < len(entries) - 1 else "]")
        if len(lines[-1]) + len(written) + 1 > _WIDTH and lines[-1].strip():
            lines.append(inner)
        lines[-1] += written if lines[-1] in (head, inner) else f" {written}"
    return lines
