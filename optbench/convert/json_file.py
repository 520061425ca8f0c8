"""A problem file in JSON: the same fields as in YAML, for programs.

>>> print(flow({"x": [Fraction(0), "2*pi"]}))
{"x": [0, "2*pi"]}
"""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

from optbench.convert.document import Tree, checked, decimal, document
from optbench.convert.written import Written
from optbench.language.digits import quotient
from optbench.problem.problem import Problem

ENDINGS = (".json",)

_WIDTH = 120  # characters of a line that need not be broken


def write(problem: Problem, target: Path | None) -> Written:
    """Return the problem as JSON text, one field a line where it is short."""
    fields, beside = document(problem, target)
    return Written(checked("\n".join(_lines(fields, "", "")) + "\n"), beside)


def flow(tree: Tree) -> str:
    """Return a tree on one line; a number that is no finite decimal becomes an expression."""
    if isinstance(tree, dict):
        return f"{{{', '.join(f'{json.dumps(name, ensure_ascii=False)}: {flow(value)}' for name, value in tree.items())}}}"
    if isinstance(tree, list):
        return f"[{', '.join(map(flow, tree))}]"
    if isinstance(tree, Fraction):
        return decimal(tree) or f'"{quotient(tree)}"'
    return json.dumps(tree, ensure_ascii=False)


def _lines(tree: Tree, indent: str, head: str) -> list[str]:
    """The lines of a tree after what stands before it: one if it is short, else one a part."""
    whole = flow(tree)
    parts = tree if isinstance(tree, dict | list) else ()
    if not parts or (len(indent) + len(head) + len(whole) <= _WIDTH and (indent or not isinstance(tree, dict))):
        return [f"{indent}{head}{whole}"]
    inner = indent + "  "
    if isinstance(tree, dict):
        blocks = [_lines(value, inner, f"{json.dumps(name, ensure_ascii=False)}: ") for name, value in tree.items()]
    elif all(isinstance(part, Fraction) for part in parts):
        blocks = [[line] for line in _packed(list(map(flow, parts)), inner)]
    else:
        blocks = [_lines(part, inner, "") for part in parts]
    left, right = "{}" if isinstance(tree, dict) else "[]"
    separated = [line if line is not block[-1] or block is blocks[-1] else f"{line}," for block in blocks for line in block]
    return [f"{indent}{head}{left}", *separated, f"{indent}{right}"]


def _packed(entries: list[str], indent: str) -> list[str]:
    """Entries with commas between them, as many on a line as fit."""
    lines = [indent]
    for entry in entries:
        if len(lines[-1]) + len(entry) + 2 > _WIDTH and lines[-1] != indent:
            lines.append(indent)
        lines[-1] += entry if lines[-1] == indent else f", {entry}"
    return lines
