"""Names for the variables and constraints of an `.nl` file: from the .col and .row files beside it, else x1, c1, ...

AMPL's and Pyomo's names may hold brackets, quotes and dots; what the language can't have in a name becomes `_`.

>>> identifiers(["x[1,2]", "y['a b']", "x_1_2", "sum", "3d", "η", "x₁"])
['x_1_2', 'y_a_b', 'x_1_2_2', 'sum_', 'v3d', 'η', 'x']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from optbench.errors import OptbenchError, printable
from optbench.language.functions import EXPANDED, TABLE
from optbench.language.tokens import MAX_NAME
from optbench.problem.regular_file import is_file, regular_file

_RESERVED = {"pi", "inf", "e", "E", "for", "in", "and", "or", "not", "axis", *TABLE, *EXPANDED}
_MAX_BYTES = 64 * 2**20


def variable_names(model: str, count: int) -> tuple[list[str], list[str]]:
    """Return the names of all variables of the model in this file, and warnings on names that are not AMPL's own."""
    given, warnings = _given(model, ".col", count)
    if given is None:
        return [f"x{i}" for i in range(1, count + 1)], warnings
    names = identifiers(given)
    changed = [(old, new) for old, new in zip(given, names, strict=True) if old != new]
    if changed:
        old, new = changed[0]
        many = f"{len(changed):,} names of variables are" if len(changed) > 1 else "The name of a variable is"
        warnings.append(f"{many} not as in the model, since the language can't have them: {old} is called {new}.")
    return names, warnings


def constraint_names(model: str, count: int) -> tuple[list[str], list[str]]:
    """Return the names of all constraints, each once, and warnings."""
    given, warnings = _given(model, ".row", count)
    if given is None:
        return [f"c{i}" for i in range(1, count + 1)], warnings
    return _each_once(given), warnings


def identifiers(names: Iterable[str]) -> list[str]:
    """Return names that the language can have, each once, as near to the given ones as can be."""
    return _each_once(map(_identifier, names))


def _identifier(name: str) -> str:
    if name.isidentifier() and name not in _RESERVED and all(c.isalpha() or c in "_0123456789" for c in name):
        return name[:MAX_NAME]
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[: MAX_NAME - 20] or "v"
    plain = f"v{plain}" if not plain.isidentifier() else plain
    return f"{plain}_" if plain in _RESERVED else plain


def _each_once(names: Iterable[str]) -> list[str]:
    """The first of several equal names stays; the others get a number that none has."""
    wanted = list(names)
    taken, used, numbers = set(wanted), set[str](), dict[str, int]()
    out = []
    for name in wanted:
        unique = name
        while unique in used or (unique != name and unique in taken):
            numbers[name] = numbers.get(name, 1) + 1
            unique = f"{name}_{numbers[name]}"
        used.add(unique)
        out.append(unique)
    return out


def _given(model: str, ending: str, count: int) -> tuple[Sequence[str] | None, list[str]]:
    """The names in the file beside the model, None where there is none that fits."""
    path = Path(model).with_suffix(ending)
    if not is_file(path):
        return None, []
    try:
        with regular_file(path, _MAX_BYTES) as opened:
            lines = opened.read().decode("utf-8", "replace").splitlines()
    except OptbenchError as error:
        return None, [f"{error} The names in it are not used."]
    if len(lines) < count or not all(line.strip() for line in lines[:count]):
        return None, [f"{printable(path.name)} has not one name a line for each of {count:,}; the names in it are not used."]
    return [printable(line.strip()) for line in lines[:count]], []
