"""Pictures of functions: what is sampled is the function, contour lines lie where they say, and drawings show just that."""

from __future__ import annotations

import math
import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path as File
from xml.etree import ElementTree

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optbench.report.picture import braille, paper, svg
from optbench.report.picture.contours import contours, levels, lines
from optbench.report.picture.drawn import Detail, NothingDefined, Subject, picture
from optbench.report.picture.known import Known, Place, Region, Run
from optbench.report.picture.model import Axis, Box, Contour, Line, Mark, MarkKind, Path, Picture
from optbench.report.picture.sampling import Grid, curve, even, grid, stretched, thinned, visible, widened, window, with_margin
from optbench.report.picture.ticks import ticks

GOLDEN = File(__file__).parent / "golden" / "pictures"
HOSTILE = '</title><script>alert(1)</script> & "quotes" \' \x1b[31m\x00\u202e é'

numbers = st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3))
any_finite = st.floats(allow_nan=False, allow_infinity=False)

# ---- a function of one unknown ---------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(numbers, min_size=1, max_size=5), numbers, st.floats(0.01, 50))
def test_a_curve_goes_through_the_function_and_bends_with_it(coefficients: list[float], low: float, width: float) -> None:
    def f(x: float) -> float:
        return sum(c * x**k for k, c in enumerate(coefficients))

    [piece] = curve(f, low, low + width)
    assert all(y == f(x) for x, y in piece)
    assert all(a[0] < b[0] for a, b in pairwise(piece))
    assert (piece[0][0], piece[-1][0]) == (low, low + width)
    height = max(y for _, y in piece) - min(y for _, y in piece)
    for (a, at_a), (b, at_b) in pairwise(piece):
        third = a + (b - a) / 3
        chord = at_a + (at_b - at_a) * (third - a) / (b - a)
        assert abs(f(third) - chord) <= 0.02 * height + 1e-9 * max(abs(at_a), abs(at_b))


def test_a_pole_is_a_gap() -> None:
    pieces = curve(lambda x: 1 / (x - 0.3) if x != 0.3 else math.nan, -1, 1)
    assert len(pieces) == 2
    assert pieces[0][-1][0] < 0.3 < pieces[1][0][0]
    assert pieces[1][0][0] - pieces[0][-1][0] < 1e-4


def test_a_jump_is_a_gap_and_a_kink_is_none() -> None:
    left, right = curve(lambda x: math.floor(x) / 1.0, 0.5, 1.5)
    assert left[-1][1] == 0
    assert right[0] == (pytest.approx(1, abs=1e-6), 1)
    assert len(curve(abs, -1.0, 1.0)) == 1


def test_an_edge_of_the_domain_is_where_it_is() -> None:
    [piece] = curve(lambda x: math.sqrt(x - 1 / 3) if x >= 1 / 3 else math.nan, 0, 1)
    assert piece[0][0] == pytest.approx(1 / 3, abs=1e-6)
    assert piece[-1][0] == 1


def test_a_needle_is_seen_where_the_curve_is_to_go_through_it() -> None:
    def f(x: float) -> float:
        return x * x - math.exp(-1e4 * (x - 0.7318) ** 2)

    [piece] = curve(f, -5, 5, [0.7317])
    assert min(y for _, y in piece) < -0.46
    near = [x for x, _ in piece if abs(x - 0.7318) < 0.03]
    assert len(near) > 10


def test_what_is_defined_nowhere_has_no_piece() -> None:
    assert curve(lambda x: math.nan, 0, 1) == []
    assert curve(lambda x: math.inf, 0, 1) == []


def test_one_defined_point_is_a_dot() -> None:
    assert curve(lambda x: 2.0 if x == 1 else math.nan, 1, 1) == [((1, 2.0),)]


def test_poles_do_not_decide_what_is_shown() -> None:
    low, high = visible([1 / x for x in even(-1, 1, 120)])
    assert -60 < low < -2
    assert 2 < high < 60
    assert visible([math.nan, 3.0, math.inf], also=[7.0]) == (3.0, 7.0)
    assert visible([]) == (-1, 1)


@settings(deadline=None)
@given(st.lists(any_finite, max_size=30), st.lists(any_finite, max_size=3))
def test_what_is_shown_is_finite_and_holds_what_it_must(values: list[float], also: list[float]) -> None:
    low, high = with_margin(*stretched(visible(values, also), values))
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < high
    assert all(low <= value <= high for value in also)


@settings(deadline=None)
@given(any_finite, any_finite)
def test_ends_that_are_widened_differ(a: float, b: float) -> None:
    low, high = widened(min(a, b), max(a, b))
    assert low < high


@settings(deadline=None)
@given(
    st.lists(numbers, max_size=4),
    st.lists(any_finite, max_size=4),
    st.sampled_from([(-math.inf, math.inf), (2.0, math.inf), (-math.inf, 3.0)]),
)
def test_a_window_is_a_finite_part_of_the_range_with_all_optima(core: list[float], around: list[float], ends: tuple[float, float]) -> None:
    low, high = window(*ends, core, around)
    assert ends[0] <= low < high <= ends[1]
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert all(low <= x <= high for x in core if ends[0] <= x <= ends[1])


def test_a_finite_range_is_the_window() -> None:
    assert window(2.0, 5.0, [3.0], [1e9]) == (2.0, 5.0)


@pytest.mark.parametrize("points", [[0.0], [1e-4], [3.0], [1e5], [1e-4, 3e-4], [1000, 1010], [-0.1, 5.0]])
def test_points_are_seen_apart_in_their_window(points: list[float]) -> None:
    low, high = window(-math.inf, math.inf, points)
    assert low < min(points) <= max(points) < high
    if len(points) > 1:
        assert high - low <= 15 * (max(points) - min(points))


def test_thinned_keeps_both_ends() -> None:
    assert thinned(list(range(1000)), 4) == [0, 333, 666, 999]


# ---- axes --------------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(any_finite, any_finite, st.integers(2, 20))
def test_ticks_lie_on_the_axis_and_are_told_apart(a: float, b: float, most: int) -> None:
    low, high = min(a, b), max(a, b)
    assume(low < high and (high / 2 - low / 2) > 1e-290)
    found = ticks(low, high, most)
    assert len(found) <= most
    span = high / 2 - low / 2
    assert all(low / 2 - 1e-6 * span <= place / 2 <= high / 2 + 1e-6 * span for place, _ in found)
    assert len({text for _, text in found}) == len(found)
    for place, text in found:
        assert abs(float(text) / 2 - place / 2) <= 1e-6 * span + 1e-15 * abs(place)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-2e8, 2e8, ["-2e8", "-1e8", "0", "1e8", "2e8"]),
        (0.00012, 0.00018, ["0.00012", "0.00014", "0.00016", "0.00018"]),
    ],
)
def test_ticks_are_round(low: float, high: float, texts: list[str]) -> None:
    assert [text for _, text in ticks(low, high, 6)] == texts


# ---- contour lines -----------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(numbers, numbers, numbers, numbers, st.floats(0.05, 0.95), st.integers(2, 9), st.integers(2, 9))
def test_a_contour_line_lies_where_the_function_has_its_level(
    a: float, b: float, c: float, d: float, share: float, columns: int, rows: int
) -> None:
    """Exactly so for a x + b y + c x y + d, which is linear along every edge of the grid."""

    def f(x: float, y: float) -> float:
        return a * x + b * y + c * x * y + d

    values = grid(f, (-1, 2), (-3, 1), columns, rows)
    low, high = min(values.finite()), max(values.finite())
    assume(high - low > 1e-3)
    level = low + share * (high - low)
    found = lines(values, level)
    assert found
    for line in found:
        for x, y in line:
            assert f(x, y) == pytest.approx(level, abs=1e-9 * (high - low) + 1e-12 * max(abs(low), abs(high)))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=3, max_size=6), st.sampled_from([0.5, 2.5, 4.0, 7.5]))
def test_every_edge_that_is_crossed_is_crossed_once_and_lines_end_at_the_border(rows: list[list[int]], level: float) -> None:
    values = Grid((0.0, 1.0, 2.0, 3.0), tuple(map(float, range(len(rows)))), tuple(tuple(map(float, row)) for row in rows))
    points = Counter(point for line in lines(values, level) for point in (line[:-1] if line[0] == line[-1] else line))
    across = sum((a >= level) != (b >= level) for row in rows for a, b in pairwise(row))
    upwards = sum((a >= level) != (b >= level) for below, above in pairwise(rows) for a, b in zip(below, above, strict=True))
    assert points.total() == across + upwards
    for line in lines(values, level):
        if line[0] != line[-1]:
            for x, y in (line[0], line[-1]):
                assert x in (0, 3) or y in (0, len(rows) - 1)


def test_a_circle_is_one_closed_line() -> None:
    [line] = lines(grid(lambda x, y: x * x + y * y, (-2, 2), (-2, 2), 60, 60), 1.0)
    assert line[0] == line[-1]
    assert all(math.hypot(x, y) == pytest.approx(1, abs=2e-3) for x, y in line)


def test_a_saddle_is_decided_by_its_middle() -> None:
    values = Grid((0.0, 1.0), (0.0, 1.0), ((2.0, 0.0), (0.0, 2.0)))
    below, above = lines(values, 0.5), lines(values, 1.5)
    assert {frozenset(line) for line in below} == {frozenset({(0.75, 0.0), (1.0, 0.25)}), frozenset({(0.0, 0.75), (0.25, 1.0)})}
    assert {frozenset(line) for line in above} == {frozenset({(0.25, 0.0), (0.0, 0.25)}), frozenset({(1.0, 0.75), (0.75, 1.0)})}


def test_undefined_squares_have_no_lines() -> None:
    values = grid(lambda x, y: math.nan if x > 0.5 else y, (0, 1), (0, 1), 5, 5)
    [line] = lines(values, 0.4)
    assert sorted(line) == [(0.0, 0.4), (0.25, 0.4), (0.5, 0.4)]


def test_levels_crowd_at_a_minimum_and_are_even_on_a_slope() -> None:
    bowl = levels(grid(lambda x, y: 100 * (y - x * x) ** 2 + (1 - x) ** 2, (-2, 2), (-1, 3), 40, 40), 10, least=0.0)
    assert len(bowl) == 10
    assert all(b / a == pytest.approx(10 ** (1 / 3)) for a, b in pairwise(bowl))
    slope = levels(grid(lambda x, y: x + y, (0, 1), (0, 1), 10, 10), 9)
    assert [round(level, 9) for level in slope] == [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8]


@pytest.mark.parametrize("f", [lambda x, y: 3.0, lambda x, y: math.nan])
def test_what_is_constant_or_undefined_has_no_levels(f: object) -> None:
    assert levels(grid(f, (0, 1), (0, 1), 4, 4)) == []  # type: ignore[arg-type]


def test_values_of_any_size_have_contours() -> None:
    values = grid(lambda x, y: 1.7e308 * x, (-1, 1), (0, 1), 9, 2)
    found = contours(values, levels(values, 3))
    assert len(found) == 3
    assert all(abs(x) <= 1 for contour in found for line in contour.lines for x, _ in line)


# ---- in a terminal -----------------------------------------------------------------------------------------------------------


def square(*curves: Line, marks: tuple[Mark, ...] = (), **more: object) -> Picture:
    return Picture("f", Axis("x", 0, 1), Axis("f", 0, 1), curves=curves, marks=marks, **more)  # type: ignore[arg-type]


def canvas(whole: Picture, columns: int, rows: int) -> list[str]:
    """What stands within the axes."""
    shown = braille.render(whole, columns + 3, rows + 4)
    return [line[3:].ljust(columns) for line in shown[1 : rows + 1]]


def test_lines_are_drawn_dot_by_dot() -> None:
    assert canvas(square(((0, 1), (1, 1))), 4, 2) == ["⠉⠉⠉⠉", "    "]
    assert canvas(square(((0, 0), (1, 0))), 4, 2) == ["    ", "⣀⣀⣀⣀"]
    assert canvas(square(((0, 0), (0, 1)), ((1, 0), (1, 1))), 3, 2) == ["⡇ ⢸", "⡇ ⢸"]
    assert canvas(square(((0, 0), (1, 1))), 2, 1) == ["⡠⠊"]
    assert canvas(square(((0.5, 0.5),)), 1, 1) == ["•"]


def test_what_lies_outside_is_cut_off() -> None:
    assert canvas(square(((-1e300, 1), (1e300, 1))), 3, 1) == ["⠉⠉⠉"]
    assert canvas(square(((0, 2), (1, 3)), ((2, 0), (3, 1))), 3, 1) == ["   "]
    assert canvas(square(((0, -5), (0, 5))), 2, 2) == ["⡇ ", "⡇ "]


@settings(deadline=None)
@given(*[st.fractions(0, 1, max_denominator=64)] * 4)
def test_a_segment_is_the_dots_next_to_it(x: Fraction, y: Fraction, right: Fraction, top: Fraction) -> None:
    columns, rows = 9, 6
    wide, high = 2 * columns - 1, 4 * rows - 1
    shown = canvas(square(((float(x), float(y)), (float(right), float(top)))), columns, rows)
    dots = {
        (2 * i + di, 4 * j + dj)
        for j, row in enumerate(shown)
        for i, character in enumerate(row)
        if character != " "
        for di, bits in enumerate(((0, 1, 2, 6), (3, 4, 5, 7)))
        for dj, bit in enumerate(bits)
        if ord(character) - 0x2800 >> bit & 1
    }
    start, end = (x * wide, (1 - y) * high), (right * wide, (1 - top) * high)
    dx, dy = end[0] - start[0], end[1] - start[1]
    for here in dots:
        length = dx * dx + dy * dy
        t = ((here[0] - start[0]) * dx + (here[1] - start[1]) * dy) / length if length else Fraction(0)
        t = min(max(t, Fraction(0)), Fraction(1))
        assert (here[0] - start[0] - t * dx) ** 2 + (here[1] - start[1] - t * dy) ** 2 <= Fraction(501, 1000)
    along = sorted({here[abs(dy) > abs(dx)] for here in dots})
    assert along == list(range(along[0], along[-1] + 1))
    assert along[-1] - along[0] >= max(abs(dx), abs(dy)) - 1


def test_marks_paths_and_shades_stand_where_they_belong() -> None:
    whole = square(
        ((0, 0), (1, 0)),
        marks=(Mark(MarkKind.PROVED, (0, 0), "0 at x = 0"), Mark(MarkKind.MAXIMUM, (1, 1))),
        paths=(Path("bfgs", ((0.5, 1.0), (9.0, 9.0))),),
        infeasible=(Box((0.7, 0.4), (1.0, 1.0)),),
        notes=("A note that is longer than a line of this picture.",),
    )
    shown = braille.render(whole, 28, 6)
    assert shown[1] == "1 ┤            a    ░░░░░░░△"
    assert shown[2] == "0 ┤★⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀"
    assert shown[6:10] == ["★ global optimum, proved: 0", "  at x = 0", "△ local maximum", "a bfgs: its start and 1"]
    assert shown[-2:] == ["A note that is longer than a", "  line of this picture."]


@pytest.mark.parametrize("size", [(20, 8), (1, 1), (5, 3), (300, 4)])
@pytest.mark.parametrize("signs", [braille.BRAILLE, braille.ASCII])
def test_no_line_is_longer_than_the_width(size: tuple[int, int], signs: braille.Signs) -> None:
    axis = Axis("a name that is long " * 5, -1.23456789e-200, 9.87e300)
    mark = Mark(MarkKind.BEST, (0.0, 0.0), "words " * 60)
    whole = Picture("title " * 60, axis, Axis("f", 1e9, 1e9 + 1), curves=(((0, 1e9), (1, 1e9 + 1)),), marks=(mark,), notes=("note " * 40,))
    for line in braille.render(whole, *size, signs=signs):
        assert len(line) <= max(size[0], 4)


def test_colours_are_the_only_difference() -> None:
    whole = square(((0, 0), (1, 1)), marks=(Mark(MarkKind.BEST, (0.5, 0.5)),), paths=(Path("a", ((0.1, 0.1),)),))
    colored, plain = braille.render(whole, 40, 10, color=True), braille.render(whole, 40, 10)
    assert colored != plain
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in colored] == plain


def test_a_terminal_obeys_no_text_of_a_user() -> None:
    axis = Axis(HOSTILE, 0, 1)
    whole = Picture(
        HOSTILE, axis, axis, paths=(Path(HOSTILE, ((0.5, 0.5),)),), notes=(HOSTILE,), marks=(Mark(MarkKind.BEST, (0, 0), HOSTILE),)
    )
    assert all(line.isprintable() for line in braille.render(whole, 200, 10))
    assert braille.ASCII.all().isascii()
    assert all(
        c in braille.ASCII.all() + " .':012a" for c in "".join(braille.render(square(((0, 0), (1, 1))), 30, 9, signs=braille.ASCII)[1:6])
    )


# ---- as SVG and on paper -------------------------------------------------------------------------------------------------------


def examples() -> dict[str, Picture]:
    graph = Picture(
        "minimize x^2 - <1>",
        Axis("x", -2, 2),
        Axis("f", -1.5, 3),
        curves=(((-2, 3), (0, -1), (1, 0)), ((1.5, 1),)),
        infeasible=(Box((1, -1.5), (2, 3)),),
        enclosures=(Box((0, -1), (0, -1)),),
        paths=(Path("bfgs", ((-1, 0), (0.1, -0.99), (0, -1))), Path("brent", ((1, 0), (7e300, 9.0)))),
        marks=(
            Mark(MarkKind.PROVED, (0, -1), "-1 at x = 0"),
            Mark(MarkKind.BEST, (0.5, 0)),
            Mark(MarkKind.MINIMUM, (-1, 0)),
            Mark(MarkKind.MAXIMUM, (1, 1)),
            Mark(MarkKind.STATIONARY, (1.5, 1)),
            Mark(MarkKind.STATIONARY, (99, 1), "outside"),
        ),
        notes=("Some of the points that are known lie outside of the picture.",),
    )
    circle = tuple((math.cos(k * math.pi / 8), math.sin(k * math.pi / 8)) for k in range(17))
    contour_map = Picture(
        "minimize x^2 + y^2",
        Axis("x", -2, 2),
        Axis("y", -1e9, 1e9),
        contours=(Contour(1.0, (circle,)), Contour(4.0, (((-2, 0), (2, 1e9)),))),
        limits=(((-2, 0), (2, 0)),),
        infeasible=(Box((-2, 0), (2, 1e9)),),
    )
    return {"graph": graph, "map": contour_map, "empty": Picture("", Axis("x", 0, 1), Axis("f", -1, 1))}


@pytest.mark.parametrize("name", examples())
def test_svg_is_as_it_was_looked_at(name: str) -> None:
    assert svg.render(examples()[name]) == (GOLDEN / f"{name}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", examples())
def test_svg_is_one_accessible_element_that_loads_nothing(name: str) -> None:
    text = svg.render(examples()[name], name="p7")
    root = ElementTree.fromstring(text)
    tags = [element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()]
    assert tags[:3] == ["svg", "title", "desc"]
    assert not {"script", "image", "use", "a", "foreignObject"} & set(tags)
    assert re.findall(r"url\(([^)]*)\)", text) == ["#p7-clip"]
    assert root.get("aria-labelledby") == "p7-title p7-desc"
    ids = re.findall(r' id="([^"]*)"', text)
    assert all(i.startswith("p7-") for i in ids)
    assert len(set(ids)) == len(ids)
    assert "prefers-color-scheme: dark" in text
    assert "<style" not in svg.render(examples()[name], style=False)


def test_svg_has_every_colour_in_light_and_dark() -> None:
    text = svg.render(examples()["graph"]) + svg.render(examples()["map"])
    light, _, dark = svg.STYLE.partition("@media")
    for used in set(re.findall(r"var\((--ob-[\w-]+)\)", text)):
        assert f"{used}:" in light
        assert f"{used}:" in dark


def test_svg_escapes_what_comes_from_the_user() -> None:
    axis = Axis(HOSTILE, 0, 1)
    mark = Mark(MarkKind.BEST, (0, 0), HOSTILE)
    text = svg.render(Picture(HOSTILE, axis, axis, paths=(Path(HOSTILE, ((0, 0), (1, 1))),), marks=(mark,), notes=(HOSTILE,)))
    root = ElementTree.fromstring(text)
    assert "script" not in [element.tag.rpartition("}")[2] for element in root.iter()]
    assert "\x1b" not in text


def test_a_path_can_be_found_by_its_method() -> None:
    root = ElementTree.fromstring(svg.render(examples()["graph"]))
    groups = [element for element in root.iter() if element.get("data-method")]
    assert [group.get("data-method") for group in groups] == ["bfgs", "brent"]
    assert all(abs(float(n)) <= 1e5 for group in groups for line in group for n in re.findall(r"-?[\d.]+", line.get("points", "")))


@pytest.mark.parametrize(("format_", "begins"), [("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")])
def test_paper_has_png_and_pdf(format_: str, begins: bytes) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    for whole in examples().values():
        content = paper.render(whole, format_, 320, 240)
        assert content.startswith(begins)
        if format_ == "png":
            assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (320, 240)


# ---- from a function to a picture ----------------------------------------------------------------------------------------------


def parabola(low: float = -math.inf, high: float = math.inf, **more: object) -> Subject:
    return Subject("x^2", (0,), ("x",), ((low, high),), (0.0,), lambda x: x * x, **more)  # type: ignore[arg-type]


def test_marks_lie_on_the_graph_and_enclosures_around_them() -> None:
    known = Known((Place(MarkKind.PROVED, (0.0,), 0.0, "here"),), (Region(((-1e-9, 1e-9),), (0.0, 1e-9)),))
    whole = picture(parabola(), known, Detail())
    assert whole.marks == (Mark(MarkKind.PROVED, (0.0, 0.0), "here"),)
    assert whole.enclosures == (Box((-1e-9, 0.0), (1e-9, 1e-9)),)
    assert any((0.0, 0.0) in piece for piece in whole.curves)
    assert whole.notes == ()


def test_a_period_repeats_the_marks() -> None:
    subject = Subject("sin", (0,), ("x",), ((-math.inf, math.inf),), (0.0,), math.sin)
    whole = picture(subject, Known((Place(MarkKind.PROVED, (-math.pi / 2,), -1.0, ""),), period=2 * math.pi), Detail())
    assert len(whole.marks) >= 2
    assert all(y == pytest.approx(-1) for _, y in (mark.at for mark in whole.marks))


def test_infeasible_parts_of_a_line_begin_where_the_constraint_does() -> None:
    whole = picture(parabola(-2, 2, inequality=lambda x: max(x - 1 / 3, -1.5 - x)), Known(), Detail())
    assert [(box.low[0], box.high[0]) for box in whole.infeasible] == [
        (-2, pytest.approx(-1.5, abs=1e-9)),
        (pytest.approx(1 / 3, abs=1e-9), 2),
    ]


def test_what_lies_outside_is_said() -> None:
    runs = (Run("gd", (((1.0,), 1.0), ((1e200,), None))), Run("bad", (((math.nan,), None),)))
    whole = picture(parabola(-2, 2), Known((Place(MarkKind.MINIMUM, (5.0,), None, ""),), runs=runs, notes=("n",)), Detail())
    assert [path.name for path in whole.paths] == ["gd"]
    assert "Some of the points that are known lie outside of the picture." in whole.notes
    assert "n" in whole.notes


def test_of_three_unknowns_only_what_lies_in_the_slice_is_shown() -> None:
    subject = Subject("f", (0, 2), ("x", "z"), ((-1, 1), (-1, 1)), (0.0, 0.5, 0.0), lambda x, z: x * x + z * z)
    places = (Place(MarkKind.PROVED, (0.1, 0.5, 0.2), 0.05, ""), Place(MarkKind.PROVED, (0.1, 0.7, 0.2), 0.05, ""))
    whole = picture(subject, Known(places, (Region(((0.0, 0.1), (0.5, 0.5), (0.2, 0.3)), None),)), Detail(columns=9, rows=9))
    assert [mark.at for mark in whole.marks] == [(0.1, 0.2)]
    assert whole.enclosures == (Box((0.0, 0.2), (0.1, 0.3)),)
    assert "Some of the points that are known lie outside of the picture." in whole.notes


def test_a_map_shades_what_violates_an_inequality() -> None:
    subject = Subject("f", (0, 1), ("x", "y"), ((-1, 1), (-1, 1)), (0.0, 0.0), lambda x, y: x, lambda x, y: x * x + y * y - 0.5)
    whole = picture(subject, Known(), Detail(columns=41, rows=41))
    area = sum((box.high[0] - box.low[0]) * (box.high[1] - box.low[1]) for box in whole.infeasible)
    assert area == pytest.approx(4 - math.pi / 2, abs=0.05)
    assert all(math.hypot(x, y) ** 2 == pytest.approx(0.5, abs=0.01) for line in whole.limits for x, y in line)


def test_a_function_that_is_defined_nowhere_is_a_sentence() -> None:
    subject = Subject("f", (0,), ("x",), ((0, 1),), (0.0,), lambda x: math.nan)
    with pytest.raises(NothingDefined, match="with x from 0 to 1"):
        picture(subject, Known(), Detail())
    two = Subject("f", (0, 1), ("x", "y"), ((0, 1), (2, 3)), (0.0, 0.0), lambda x, y: math.nan)
    with pytest.raises(NothingDefined, match="x from 0 to 1 and y from 2 to 3"):
        picture(two, Known(), Detail(columns=3, rows=3))


def test_a_constant_map_says_so() -> None:
    subject = Subject("f", (0, 1), ("x", "y"), ((0, 1), (2, 3)), (0.0, 0.0), lambda x, y: 7.0)
    assert picture(subject, Known(), Detail(columns=3, rows=3)).notes == (
        "There are no contour lines: the function is 7 wherever it was looked at.",
    )
