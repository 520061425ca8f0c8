"""How methods look, the same in every chart of a page: a colour and a dash each, as classes of the style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from optbench.report.picture.model import Picture

COLOURS, DASHES = 8, 4  # that the style sheet has


def looks_of(methods: Iterable[int]) -> dict[int, str]:
    """Return the classes of methods, by their numbers.

    >>> looks_of([3, 5])
    {3: 'c0 d0', 5: 'c1 d0'}
    """
    return {number: f"c{k % COLOURS} d{k // COLOURS % DASHES}" for k, number in enumerate(methods)}


def path_colours(picture: Picture, look_of: Mapping[str, str]) -> str:
    """Return the style that gives each path of a picture the colour of its method, by the name that the page shows."""
    found = ((k, look_of.get(method_of(path.name), "c0")) for k, path in enumerate(picture.paths))
    return "".join(f"--ob-path-{k}: var(--{look.split()[0]});" for k, look in found)


def method_of(path: str) -> str:
    """Return the method's name of a path's name, which may tell the start, too.

    >>> method_of("bfgs, start 2")
    'bfgs'
    """
    return re.sub(r", start \d+$", "", path)
