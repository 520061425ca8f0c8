"""The simplex method of Nelder and Mead, with bounds by projection and one oriented restart."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

from .line_search import DIVERGED
from .method import Iterates, Method, Objective, Outcome
from .options import Options, option
from .space import EPSILON, Point

LARGEST = 1e300  # coordinates beyond which there is no room for a simplex
FLAT = 1e-4  # flatness of a simplex at which it is restarted


@dataclass(frozen=True)
class NelderMeadOptions(Options):
    """Size of the first simplex, and the four coefficients."""

    adaptive: bool = option(False, "coefficients that depend on the dimension (Gao & Han 2012), better in many variables")
    relative_size: float = option(0.05, "edge of the first simplex along a variable that is not 0, relative to it", above=0)
    absolute_size: float = option(0.00025, "edge of the first simplex along a variable that is 0", above=0)
    restart: bool = option(True, "one restart where the simplex has become flat (Kelley 1999)")


class Coefficients(NamedTuple):
    """Of reflection, expansion, contraction and shrinkage."""

    rho: float
    chi: float
    gamma: float
    sigma: float


class Vertex(NamedTuple):
    """A point and the height of f there: inf where it is undefined."""

    x: Point
    height: float


def nelder_mead(objective: Objective, x: Point, value: float, options: NelderMeadOptions) -> Iterates:
    """Nelder & Mead 1965 with the rules of Lagarias et al. 1998; where the simplex is flat at the end, once more."""
    first = Vertex(x, value)
    simplex = _ordered([first, *_around(objective, first, _edges(objective, x, options))])
    scale = max(objective.space.max_abs(x), _size(objective, simplex))
    outcome = yield from descend(objective, simplex, options, scale)
    again = restarted(objective, simplex, scale) if options.restart else None
    if again is not None:
        outcome = yield from descend(objective, again, options, scale)
    return outcome


def descend(
    objective: Objective, simplex: list[Vertex], options: NelderMeadOptions, scale: float
) -> Generator[tuple[Point, float], None, Outcome]:
    """Improve the ordered `simplex` in place until it is small; yield its best vertex after each iteration."""
    space = objective.space
    coefficients = _coefficients(options, space.dimension)
    spread = _spread(simplex) if math.isfinite(_spread(simplex)) else 0.0
    while True:
        size = _size(objective, simplex)
        small = objective.tolerance * max(scale, space.max_abs(simplex[0].x))
        if size <= small and _spread(simplex) <= objective.tolerance * max(abs(simplex[0].height), spread):
            return Outcome(True, "the simplex and the spread of its values are below the tolerance")
        if size <= 4 * EPSILON * max(space.max_abs(simplex[0].x), EPSILON * scale):
            return Outcome(False, "the simplex has shrunk to a point, and its values still differ")
        if not space.max_abs(simplex[0].x) < LARGEST:
            return DIVERGED
        iterate(objective, simplex, coefficients)
        yield simplex[0]


def iterate(objective: Objective, simplex: list[Vertex], coefficients: Coefficients) -> None:
    """Do one iteration in place: Lagarias, Reeds, Wright & Wright 1998, section 2, in the order of its steps."""
    rho, chi, gamma, sigma = coefficients
    best, worst = simplex[0], simplex[-1]
    second_worst = simplex[-2]
    centroid = objective.space.mean([vertex.x for vertex in simplex[:-1]])
    away = centroid - worst.x
    reflected = _vertex(objective, centroid + rho * away)
    if best.height <= reflected.height < second_worst.height:
        return _replace_worst(simplex, reflected)
    if reflected.height < best.height:
        expanded = _vertex(objective, centroid + rho * chi * away)
        return _replace_worst(simplex, expanded if expanded.height < reflected.height else reflected)
    if reflected.height < worst.height:
        outside = _vertex(objective, centroid + rho * gamma * away)
        if outside.height <= reflected.height:
            return _replace_worst(simplex, outside)
    else:
        inside = _vertex(objective, centroid - gamma * away)
        if inside.height < worst.height:
            return _replace_worst(simplex, inside)
    simplex[1:] = [_vertex(objective, best.x + sigma * (vertex.x - best.x)) for vertex in simplex[1:]]
    simplex[:] = _ordered(simplex)


def _replace_worst(simplex: list[Vertex], new: Vertex) -> None:
    """Put `new` in the place of the last vertex, after those of equal height (the tie-breaking rule of section 2)."""
    simplex.pop()
    place = len(simplex)
    while place and new.height < simplex[place - 1].height:
        place -= 1
    simplex.insert(place, new)


def _ordered(simplex: list[Vertex]) -> list[Vertex]:
    return sorted(simplex, key=lambda vertex: vertex.height)  # stable: the old best stays first among equals


def _coefficients(options: NelderMeadOptions, n: int) -> Coefficients:
    if options.adaptive and n > 1:
        return Coefficients(1.0, 1 + 2 / n, 0.75 - 1 / (2 * n), 1 - 1 / n)  # Gao & Han 2012, (4.1)
    return Coefficients(1.0, 2.0, 0.5, 0.5)


def _vertex(objective: Objective, x: Point) -> Vertex:
    if not objective.space.is_finite(x):
        return Vertex(x, math.inf)
    x = objective.project(x)
    value = objective.value(x)
    return Vertex(x, math.inf if math.isnan(value) else value)


def _edges(objective: Objective, x: Point, options: NelderMeadOptions) -> list[float]:
    """Return the edge of the first simplex along each variable."""
    return [options.relative_size * entry if entry else options.absolute_size for entry in objective.space.coordinates(x)]


def _around(objective: Objective, centre: Vertex, edges: list[float]) -> list[Vertex]:
    """Return the other vertices of a right-angled simplex; an edge that ends outside of a bound is mirrored inward."""
    space = objective.space
    vertices = []
    for i, edge in enumerate(edges):
        step = edge * space.unit(i)
        ahead, back = objective.project(centre.x + step), objective.project(centre.x - step)
        shorter = space.norm(ahead - centre.x) < 0.999 * space.norm(back - centre.x)
        vertices.append(_vertex(objective, back if shorter else ahead))
    return vertices


def _size(objective: Objective, simplex: list[Vertex]) -> float:
    space = objective.space
    return max(space.max_abs(vertex.x - simplex[0].x) for vertex in simplex[1:])


def _spread(simplex: list[Vertex]) -> float:
    return simplex[-1].height - simplex[0].height


# The restart: Kelley 1999 ------------------------------------------------------------------------------------------


def restarted(objective: Objective, simplex: list[Vertex], scale: float) -> list[Vertex] | None:
    """Return a right-angled simplex around the best vertex that points down the simplex gradient, or None if none is due.

    It is due where the simplex is flat. Its edges are half of the shortest one of the flat simplex as in Kelley 1999,
    but not below what a difference of values resolves.
    """
    space = objective.space
    best = simplex[0]
    gradient, flatness, shortest = simplex_gradient(objective, simplex)
    if flatness > FLAT:
        return None
    length = max(0.5 * shortest, math.sqrt(EPSILON) * max(scale, space.max_abs(best.x)))
    edges = [-math.copysign(length, slope) for slope in space.coordinates(gradient)]
    return _ordered([best, *_around(objective, best, edges)])


def simplex_gradient(objective: Objective, simplex: list[Vertex]) -> tuple[Point, float, float]:
    """Return the simplex gradient, the flatness and the shortest edge.

    The gradient D solves e'D = f(e) - f(best) for all edges e (Kelley 1999), of least norm where they are
    dependent. It comes from their orthogonalisation; the flatness is the least height of an edge over the earlier ones,
    relative to the longest edge.
    """
    space = objective.space
    edges = [(vertex.x - simplex[0].x, vertex.height - simplex[0].height) for vertex in simplex[1:]]
    lengths = [space.norm(edge) for edge, _ in edges]
    longest = max(lengths)
    basis: list[tuple[Point, float]] = []  # orthonormal directions and the slope along each
    gradient = space.full(0.0)
    least = math.inf
    for edge, rise in edges:
        for direction, slope in basis:
            along = space.dot(direction, edge)
            edge, rise = edge - along * direction, rise - along * slope
        remains = space.norm(edge)
        least = min(least, remains)
        if remains > EPSILON * longest and math.isfinite(rise):
            basis.append((edge / remains, rise / remains))
            gradient = gradient + (rise / remains) * basis[-1][0]
    return gradient, least / longest if longest else 0.0, min(lengths)


METHOD = Method(
    name="nelder-mead",
    summary="A simplex of points that reflects, expands, contracts and shrinks; needs no derivatives; bounds by projection.",
    source="J. A. Nelder & R. Mead 1965, Computer J. 7(4); J. C. Lagarias et al. 1998, SIAM J. Optim. 9(1); C. T. Kelley 1999, ibid. 10(1)",
    algorithm=nelder_mead,
    options=NelderMeadOptions,
    largest_dimension=2000,
)
