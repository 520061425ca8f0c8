"""What a part claims beside its boxes: a feasible point, and places that hold all minimisers, at most one or exactly one each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure, between
from optbench.arithmetic.balls import enclose, evaluator
from optbench.language.build import substitute, symbol
from optbench.language.graph import Call, Node, Number, topological
from optbench.verify.forms import interval, newton_image, positive_definite, strictly_inside
from optbench.verify.part import PRECISION, Look, Part
from optbench.verify.ranges import Refused, fraction
from optbench.verify.replay import Box, Left

_CLOSED = frozenset(("sqrt", "asin", "acos", "acosh", "lambertw"))  # continuous on a closed domain


def check_feasible(part: Part, claim: Mapping[str, Any], upper: float) -> None:
    """Demand that a feasible point exists at which the minimand is at most `upper`."""
    box = part.box(claim["box"])
    solved = [int(k) for k in claim["equations"]]
    if solved:
        _check_solution(part, claim, box, solved)
    elif any(low != high for low, high in box):
        raise Refused("the feasible point is no point")
    if not all(r.holds(*ends) for r, ends in zip(part.ranges, box, strict=True)):
        raise Refused("the feasible point lies outside of the range")
    values = part.values([interval(*ends) for ends in box], PRECISION)
    if not all(v.everywhere for v in values):
        raise Refused("a function is not defined at the feasible point")
    for k, (row, value) in enumerate(zip(part.rows, values[1:], strict=True), 1):
        holds = value.is_thin and value.contains_zero if row.equality else bool(value.upper < 0 or (value.upper <= 0 and not row.strict))
        if not holds and k not in solved:
            raise Refused("the feasible point violates a constraint")
    if not values[0].upper <= arb(upper):
        raise Refused("the value at the feasible point is above the upper bound")


def _check_solution(part: Part, claim: Mapping[str, Any], box: Box, solved: Sequence[int]) -> None:
    """Demand that the equations have a solution in the box, in as many coordinates, whatever the others are."""
    columns, around = [int(i) for i in claim["coordinates"]], part.box(claim["around"])
    known = all(0 <= i < len(box) for i in columns) and all(1 <= k < len(part.functions) for k in solved)
    if not known or len(columns) != len(solved) or len(set(columns)) != len(columns):
        raise Refused("there are not as many coordinates as equations")
    if any(part.rows[k - 1].strict for k in solved) or any(part.integer[i] for i in columns):
        raise Refused("a strict constraint, or a whole number, is solved for")
    fixed = [j for j in range(len(box)) if j not in columns]
    if any(around[j] != box[j] or box[j][0] != box[j][1] for j in fixed):
        raise Refused("a coordinate that is not solved for is no number")
    centre = [(low + high) / 2 if j in columns else low for j, (low, high) in enumerate(around)]
    region = [interval(*ends) for ends in around]
    values = part.values([interval(c, c) for c in centre], PRECISION)
    everything, slopes, n = part.values(region, PRECISION), part.slopes(region, PRECISION), len(box)
    matrix = [[slopes[k * n + i] for i in columns] for k in solved]
    if not all(e.everywhere for e in (*(values[k] for k in solved), *(everything[k] for k in solved), *(e for row in matrix for e in row))):
        raise Refused("the equations are not smooth around their solution")
    with ctx.workprec(PRECISION):
        image = newton_image([values[k] for k in solved], matrix, [region[i] for i in columns], [arb(centre[i]) for i in columns])
    if image is None or not strictly_inside(image, [region[i] for i in columns]):
        raise Refused("it is not proved that the equations have a solution")
    if not all(arb(box[i][0]) <= k.lower and k.upper <= arb(box[i][1]) for i, k in zip(columns, image, strict=True)):
        raise Refused("the solution of the equations lies elsewhere")


# ---- places ----------------------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where minimisers are."""

    box: list[Enclosure]
    unique: bool  # at most one is there
    point: list[Enclosure] | None  # it is here
    value: Enclosure | None  # of the minimand at that point
    feasible: bool = False  # and all constraints hold there


def check_places(part: Part, left: Left, precision: int) -> list[Place]:
    """Return the places that a part claims, every one checked; all boxes that are left lie in them."""
    claims = part.claims["places"]
    boxes = [part.box(claim["box"]) for claim in claims]
    if not all(any(_inside(box, place) for place in boxes) for box, _ in left.boxes):
        raise Refused("a box that is left lies in no place")
    members = [[(box, held) for box, held in left.boxes if _meet(box, place)] for place in boxes]
    return [_place(part, claim, box, inner, precision) for claim, box, inner in zip(claims, boxes, members, strict=True)]


def _inside(inner: Box, outer: Box) -> bool:
    return all(a <= low and high <= b for (low, high), (a, b) in zip(inner, outer, strict=True))


def _meet(one: Box, other: Box) -> bool:
    return all(a <= high and low <= b for (low, high), (a, b) in zip(one, other, strict=True))


def _place(part: Part, claim: Mapping[str, Any], box: Box, members: Sequence[tuple[Box, list[bool]]], precision: int) -> Place:
    """A place, checked; `members` are the boxes that are left, all or part of which lies in it."""
    if not members:
        raise Refused("there is nothing in a place")
    region = [interval(*ends) for ends in box]
    if claim["stationary"]:
        held, around = [bool(h) for h in claim["held"]], part.box(claim["around"])
        _check_held(part, box, around, held, members)
        if not all(held):
            _check_stationary(part, box, around, held)
        point = None if claim["point"] is None else _refined(part, claim, around, held, precision)
        value = None if point is None else part.values(point, precision)[0]
        return Place(region, True, point, value, _is_feasible(part, around, held))
    if claim["unique"] and not _is_strictly_convex(part, box):
        raise Refused("a place is not proved to hold one minimiser at most")
    return Place(region, bool(claim["unique"]), None, None)


def _check_held(part: Part, box: Box, around: Box, held: Sequence[bool], members: Sequence[tuple[Box, list[bool]]]) -> None:
    """Demand that unknowns which are held are at the end that `around` has at each minimiser in the box."""
    if len(held) != len(box):
        raise Refused("it is not known which unknowns are held in a place")
    held_already = [all(h[j] for _, h in members) for j in range(len(box))]
    for i in (i for i, h in enumerate(held) if h):
        already = held_already[i] and all(b[i] == around[i] for b, _ in members)
        if not already and not _is_end_by_slope(part, box, around, i, held_already):
            raise Refused("a minimiser need not be at the end of its range")
        if not part.integer[i] and part.ranges[i].sides[0] == part.ranges[i].sides[1] and not part.ranges[i].is_point:
            raise Refused("it is not known at which of two ends next to one another a minimiser is")


def _is_feasible(part: Part, around: Box, held: Sequence[bool]) -> bool:
    look = part.look(around, held)
    return look.continuous(0) and all(look.lax(k) for k in range(1, len(part.functions)))


def _is_end_by_slope(part: Part, box: Box, around: Box, i: int, held: Sequence[bool]) -> bool:
    look = part.look(box, held)
    if not (look.continuous(0) and look.unhindered(i) and look.bounded):
        return False
    slope, (lower, upper) = look.slope(0, i), part.ranges[i].sides
    at_end = (slope.is_positive and around[i] == lower) or (slope.is_negative and around[i] == upper)
    return not part.integer[i] and at_end


def _check_stationary(part: Part, box: Box, around: Box, held: Sequence[bool]) -> None:
    """Demand that the derivatives by the free unknowns vanish exactly once in `around`, and do at each minimiser in the box."""
    free = [i for i, h in enumerate(held) if not h]
    look = part.look(around, held)
    inside = all(part.root[i][0] < around[i][0] <= box[i][0] and box[i][1] <= around[i][1] < part.root[i][1] for i in free)
    movable = all(look.unhindered(i) and not part.integer[i] for i in free)
    if not (inside and movable and look.curved(0)):
        raise Refused("the minimisers of a place need not be stationary points")
    region = [interval(*ends) for ends in around]
    with ctx.workprec(PRECISION):
        if not strictly_inside(_image(look, region, free) or region, [region[i] for i in free]):
            raise Refused("a place is not proved to hold one stationary point")


def _image(look: Look, region: Sequence[Enclosure], free: Sequence[int]) -> list[Enclosure] | None:
    """The Newton image of a region by the free unknowns, the others staying in theirs."""
    centre = [((e.lower + e.upper) / 2).mid() for e in region]
    point = [Enclosure(c, c, True) if i in free else e for i, (c, e) in enumerate(zip(centre, region, strict=True))]
    slopes, hessian = look.part.slopes(point, PRECISION), look.hessian(0)
    matrix = [[hessian[i][j] for j in free] for i in free]
    return newton_image([slopes[i] for i in free], matrix, [region[i] for i in free], [centre[i] for i in free])


def _refined(part: Part, claim: Mapping[str, Any], around: Box, held: Sequence[bool], precision: int) -> list[Enclosure]:
    """Return the enclosure of a place's one stationary point that is claimed, checked by another Newton test."""
    point = [between(fraction(low), fraction(high), precision) for low, high in claim["point"]]
    free = [i for i, h in enumerate(held) if not h]
    if not all(arb(low) <= p.lower and p.upper <= arb(high) for p, (low, high) in zip(point, around, strict=True)):
        raise Refused("the minimiser that is claimed lies outside of its place")
    for i in (i for i, h in enumerate(held) if h):
        if not all(point[i].lower <= end.lower and end.upper <= point[i].upper for end in _ends_at(part, i, around[i], precision)):
            raise Refused("the minimiser that is claimed does not hold the end of the range")
    if free and not _is_root(part, point, free, precision):
        raise Refused("the minimiser that is claimed is no stationary point")
    return point


def _ends_at(part: Part, i: int, around: tuple[float, float], precision: int) -> list[Enclosure]:
    """The ends of a range, or the whole number, that an unknown is held at."""
    if part.integer[i]:
        return [interval(*around)]
    ends = zip(part.ranges[i].sides, part.ranges[i].ends(precision), strict=True)
    return [end for side, end in ends if side == around]


def _is_root(part: Part, point: Sequence[Enclosure], free: Sequence[int], precision: int) -> bool:
    gradient = [part.gradients[0][i] for i in free]
    second = _second_derivatives(part, free)
    with ctx.workprec(precision):
        centre = [((e.lower + e.upper) / 2).mid() for e in point]
        thin = [Enclosure(c, c, True) if i in free else e for i, (c, e) in enumerate(zip(centre, point, strict=True))]
        slopes = evaluator(gradient, part.symbols)(thin, precision)
        if all(point[i].is_thin for i in free):
            return all(e.everywhere and e.is_thin and e.contains_zero for e in slopes)
        entries = evaluator(second, part.symbols)(point, precision)
        n = len(free)
        matrix = [entries[k * n : (k + 1) * n] for k in range(n)]
        region = [point[i] for i in free]
        image = newton_image(slopes, matrix, region, [centre[i] for i in free])
        return image is not None and strictly_inside(image, region) and all(e.everywhere for e in (*slopes, *entries))


def _second_derivatives(part: Part, free: Sequence[int]) -> list[Node]:
    from optbench.language.derivative import gradient

    return [h for i in free for h in gradient(part.gradients[0][i], [part.symbols[j] for j in free])]


def _is_strictly_convex(part: Part, box: Box) -> bool:
    look, everything = part.look(box, [False] * len(box)), list(range(len(box)))
    if any(whole and low < high for whole, (low, high) in zip(part.integer, box, strict=True)):
        return False  # two whole numbers may be least
    if not all(look.curved(k) for k in range(len(part.functions))):
        return False
    with ctx.workprec(PRECISION):
        return positive_definite(look.hessian(0), everything) and all(_is_convex_row(look, k) for k in range(1, len(part.functions)))


def _is_convex_row(look: Look, k: int) -> bool:
    hessian = look.hessian(k)
    curved = [i for i, row in enumerate(hessian) if not all(e.is_thin and e.contains_zero for e in row)]
    return not curved or (not look.part.rows[k - 1].equality and positive_definite(hessian, curved))


# ---- whether there is a minimum ------------------------------------------------------------------------------------------------------


def is_attained(part: Part, left: Left) -> bool:
    """Whether the infimum is attained: what is left is bounded, and all functions are continuous on a closed part of it."""
    return bool(left.boxes) and all(_is_closed(part, part.look(*box)) for box in left.boxes)


def _is_closed(part: Part, look: Look) -> bool:
    ends = zip(look.box, part.root, (r.open for r in part.ranges), strict=True)
    open_end = any((o[0] and b[0] <= r[0]) or (o[1] and b[1] >= r[1]) for b, r, o in ends)
    strict = any(row.strict and not look.values[k].is_negative for k, row in enumerate(part.rows, 1))
    return (
        look.bounded
        and not open_end
        and not strict
        and all(look.continuous(k) or _has_closed_domain(part, look, k) for k in range(len(part.functions)))
    )


def _has_closed_domain(part: Part, look: Look, k: int) -> bool:
    """Whether function k is continuous where it is defined in the box, and that is a closed set: each of its calls is."""
    nodes = [node for node in topological(part.functions[k]) if not isinstance(node, Number)]
    values = dict(zip(nodes, evaluator(nodes, part.symbols)(look.region, PRECISION), strict=True))

    def needed(node: Node) -> Sequence[Node]:
        """The arguments that a value stands on: of `if` only those of the branch that is taken."""
        if isinstance(node, Call) and node.function == "if" and values[node.args[0]].is_thin:
            return [node.args[0], node.args[1 if values[node.args[0]].lower == 1 else 2]]
        return node.args

    used = [node for node in topological(part.functions[k], enter=needed) if isinstance(node, Call)]
    return all(values[node].everywhere or _keeps_closed(node, values) for node in used)


def _keeps_closed(node: Call, values: Mapping[Node, Enclosure]) -> bool:
    """Whether one call is continuous on a closed set, given that its arguments are: where they lie it is continuous, or it is
    a function whose domain is closed."""
    exponent = node.args[1] if node.function == "power" else None
    if node.boolean or node.function == "if":
        return values[node if node.boolean else node.args[0]].is_thin
    if node.function in _CLOSED or (isinstance(exponent, Number) and exponent.value >= 0):
        return True
    names = {a: symbol(f"a{k}", (), a.integer) for k, a in enumerate(dict.fromkeys(node.args)) if a in values}
    arguments = {name: Enclosure(values[a].lower, values[a].upper, True) for a, name in names.items()}
    if any(a.empty for a in arguments.values()):
        return True  # nothing is defined
    table: dict[Node, Node] = dict(names)
    [value] = enclose([substitute(node, table)], arguments, PRECISION)
    return value.everywhere
