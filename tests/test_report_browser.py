"""A report in headless Chromium (Debian's `chromium`, driven by Playwright): clicks, keys, colours, sizes, and nothing from elsewhere."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from journals import attempt, proof, run, written
from test_report import HOSTILE, LONG, hostile_run, some

from optbench.report.page import run as run_page
from optbench.statistics.profiles import performance_profile

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (the extra [test])")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (apt-get install chromium)")

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page in a view of its own; at the end nothing may have been logged, and nothing asked for but the page."""
    complaints: list[str] = []
    requests: list[str] = []
    contexts = []

    def call(page: str | Path, **options: Any) -> Any:
        path = page if isinstance(page, Path) else tmp_path / f"page{len(contexts)}.html"
        if isinstance(page, str):
            path.write_text(page, encoding="utf-8")
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options}))
        view = contexts[-1].new_page()
        view.on("console", lambda message: complaints.append(message.text))
        view.on("pageerror", lambda error: complaints.append(str(error)))
        view.on("request", lambda request: requests.append(request.url))
        view.goto(path.as_uri())
        return view

    yield call
    for context in contexts:
        context.close()
    assert complaints == []
    assert len(requests) == len(contexts)
    assert all(url.startswith("file://") for url in requests)


def many(methods: int = 3, problems: int = 40) -> list[dict[str, Any]]:
    """Attempts with costs that make each method the best one somewhere, and a few failures."""
    records = []
    for p in range(problems):
        for m in range(methods):
            lost = (p * 7 + m) % 11 == 0
            records.append(
                attempt(
                    f"p{p:02}",
                    f"m{m}",
                    None if lost else 0.0,
                    known_value=0.0,
                    status="stalled" if lost else "converged",
                    reason=f"no descent in {m} steps" if lost else None,
                    solve_seconds=0.001 * (1 + (p * 13 + m * 29) % 50),
                    objective_evaluations=10 + (p * 17 + m * 5) % 90,
                )
            )
    return records


def column(view: Any, name: str) -> list[str]:
    """The texts of a column of the table of attempts."""
    headings = [text.strip() for text in view.locator("#table thead th").all_inner_texts()]
    return list(view.locator(f"#table tbody tr > :nth-child({headings.index(name) + 1})").all_inner_texts())


def numbers(cells: list[str]) -> list[float]:
    return [float(cell.replace(",", "")) for cell in cells]


# ---- the table ---------------------------------------------------------------------------------------------------------------


def test_the_table_has_pages_and_sorts(opened: Open) -> None:
    view = opened(run_page.render(run(*many())))
    assert view.locator("h1").inner_text() == "Report of run.jsonl"
    assert view.locator("#count").inner_text() == "120 of 120 attempts"
    assert view.locator("#table tbody tr").count() == 50
    evaluations = view.get_by_role("button", name="evaluations")
    heading = view.locator("#table th", has_text="evaluations")
    evaluations.click()
    assert heading.get_attribute("aria-sort") == "ascending"
    ascending = numbers(column(view, "evaluations"))
    assert ascending == sorted(ascending)
    evaluations.click()
    assert heading.get_attribute("aria-sort") == "descending"
    descending = numbers(column(view, "evaluations"))
    assert descending == sorted(descending, reverse=True)
    view.get_by_role("button", name="problem").click()
    assert heading.get_attribute("aria-sort") == "none"
    assert column(view, "problem") == sorted(column(view, "problem"))
    view.get_by_role("button", name="Next rows").click()
    view.get_by_role("button", name="Next rows").click()
    assert view.locator("#page").inner_text() == "101 to 120 of 120"
    assert view.get_by_role("button", name="Next rows").is_disabled()
    view.locator("#rows").select_option("200")
    assert view.locator("#table tbody tr").count() == 120


def test_what_is_missing_stands_last_whatever_the_order(opened: Open) -> None:
    view = opened(run_page.render(run(*many(2, 12))))
    for _ in range(2):
        view.get_by_role("button", name="value").click()
        cells = column(view, "value")
        missing = cells.count("")
        assert missing > 0
        assert cells[-missing:] == [""] * missing


def test_filters_and_search_narrow_the_table(opened: Open) -> None:
    view = opened(run_page.render(run(*many())))
    view.locator("#filter-status").select_option(label="stalled")
    assert set(column(view, "status")) == {"stalled"}
    stalled = view.locator("#table tbody tr").count()
    assert view.locator("#count").inner_text() == f"{stalled} of 120 attempts"
    view.locator("#filter-method").select_option(label="m1")
    assert set(column(view, "method")) == {"m1"}
    view.locator("#filter-status").select_option(label="any")
    view.locator("#filter-method").select_option(label="any")
    view.locator("#search").fill("IN 2 STEPS")
    assert set(column(view, "method")) == {"m2"}
    view.locator("#search").fill("p07")
    assert column(view, "problem") == ["p07"] * 3
    view.locator("#search").fill("nothing of that kind")
    assert view.locator("#page").inner_text() == "no rows"


# ---- hidden methods -----------------------------------------------------------------------------------------------------------


def profile(view: Any, name: str) -> dict[str, list[str]]:
    """The shown rows of the table behind a performance profile."""
    view.locator(f"#figure-{name} details").evaluate("one => one.open = true")
    rows = view.locator(f"table[data-of={name}] tbody tr:visible").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def expected(records: list[dict[str, Any]], methods: list[str], cost: str, taus: list[float]) -> dict[str, list[str]]:
    """The same by the definition, from the records."""
    costs = {m: [r[cost] if r["value"] is not None else float("inf") for r in records if r["method"] == m] for m in methods}
    curves = performance_profile(costs)
    return {m: [f"{math.floor(100 * curves[m].at(tau * (1 + 1e-9)) + 0.5)} %" for tau in taus] for m in methods}


def test_hiding_a_method_makes_the_profiles_those_of_the_others(opened: Open) -> None:
    records = many()
    view = opened(run_page.render(run(*records)))
    taus = [1, 2, 5, 10, 100, 1000]
    drawn = {m: view.locator(f"#figure-time g[data-m='{m}'] path").get_attribute("d") for m in range(3)}
    for name, cost in (("time", "solve_seconds"), ("evaluations", "objective_evaluations")):
        assert profile(view, name) == expected(records, ["m0", "m1", "m2"], cost, taus)
    view.get_by_role("checkbox", name="m1").uncheck()
    for name, cost in (("time", "solve_seconds"), ("evaluations", "objective_evaluations")):
        assert profile(view, name) == expected(records, ["m0", "m2"], cost, taus)
    assert view.locator("#figure-time g[data-m='0'] path").get_attribute("d") != drawn[0]
    assert view.locator("#figure-time g[data-m='1']").is_hidden()
    assert view.locator("#figure-ecdf g[data-m='1']").is_hidden()
    assert view.locator("#count").inner_text() == "80 of 120 attempts"
    assert "m1" not in column(view, "method")
    view.get_by_role("checkbox", name="m1").check()
    for m in range(3):  # what the script draws is what Python drew
        assert view.locator(f"#figure-time g[data-m='{m}'] path").get_attribute("d") == drawn[m]
    view.get_by_role("button", name="none").click()
    assert view.locator("#count").inner_text() == "0 of 120 attempts"
    view.get_by_role("button", name="all", exact=True).click()
    assert view.locator("#count").inner_text() == "120 of 120 attempts"


def test_the_data_profile_of_another_tau(opened: Open) -> None:
    view = opened(run_page.render(run(*many())))
    assert view.locator("#figure-data-5").is_visible()
    view.locator("#tau").select_option("data-1")
    assert view.locator("#figure-data-5").is_hidden()
    assert view.locator("#figure-data-1").is_visible()


# ---- keys ----------------------------------------------------------------------------------------------------------------------


def test_everything_works_by_keyboard(opened: Open) -> None:
    view = opened(run_page.render(run(*many())))
    focused = "document.activeElement"
    view.keyboard.press("Tab")
    assert view.evaluate(f"{focused}.className") == "skip"
    assert view.evaluate(f"{focused}.getBoundingClientRect().left") >= 0
    for _ in range(100):
        view.keyboard.press("Tab")
        if view.evaluate(f"{focused}.dataset.method") == "1":
            break
    assert view.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    view.keyboard.press("Space")
    assert view.locator("#count").inner_text() == "80 of 120 attempts"
    for _ in range(100):
        view.keyboard.press("Tab")
        if view.evaluate(f"{focused}.textContent") == "evaluations":
            break
    assert view.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    view.keyboard.press("Enter")
    assert view.locator("#table th[aria-sort=ascending]").inner_text().startswith("evaluations")
    for _ in range(200):
        view.keyboard.press("Tab")
        if view.evaluate(f"{focused}.tagName === 'SUMMARY' && {focused}.parentElement.id === 'problem-0'"):
            break
    view.keyboard.press("Enter")
    assert view.locator("#problem-0 table").first.is_visible()


def test_controls_have_names_and_regions_that_scroll_can_be_reached(opened: Open) -> None:
    view = opened(run_page.render(run(*many())))
    unnamed = view.locator("input, select").evaluate_all("all => all.filter(one => !one.labels.length).map(one => one.outerHTML)")
    assert unnamed == []
    assert view.locator(".scroll").evaluate_all("all => all.every(one => one.tabIndex === 0 && one.role === 'region')")
    assert view.locator("main").count() == view.locator("h1").count() == 1


def test_a_row_leads_to_its_problem(opened: Open) -> None:
    view = opened(run_page.render(run(*many())))
    assert view.locator("#problem-7 table").first.is_hidden()
    view.locator("#search").fill("p07")
    view.locator("#table tbody a").first.click()
    assert view.locator("#problem-7 table").first.is_visible()


# ---- what comes from files stays text ------------------------------------------------------------------------------------------


def test_hostile_names_stay_text_in_the_browser(opened: Open) -> None:
    view = opened(run_page.render(run(*hostile_run(), name=HOSTILE), {}, HOSTILE))
    view.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    view.get_by_role("button", name="reason").click()
    view.locator("#search").fill("</script>")
    assert view.evaluate("typeof hacked") == "undefined"
    assert view.locator("img").count() == 0
    assert any("</script><script>hacked = 1</script>" in text for text in column(view, "problem"))
    assert view.locator("h1").inner_text().startswith("</script>")


def test_the_policy_stops_what_a_text_might_have_smuggled_in(browser: Any, tmp_path: Path) -> None:
    page = run_page.render(run(*some())).replace("<h1>", "<script>hacked = 1</script><img src=x onerror='hacked = 2'><h1>")
    (tmp_path / "page.html").write_text(page)
    view = browser.new_page()
    view.goto((tmp_path / "page.html").as_uri())
    assert view.evaluate("typeof hacked") == "undefined"
    assert view.locator("#count").inner_text() == "9 of 9 attempts"
    view.close()


# ---- looks -----------------------------------------------------------------------------------------------------------------------


def brightness(view: Any, of: str = "backgroundColor") -> float:
    """The mean of red, green and blue of the page, from 0 to 255."""
    return sum(map(float, re.findall(r"[\d.]+", view.evaluate(f"getComputedStyle(document.body).{of}"))[:3])) / 3


def test_light_and_dark_follow_the_system_and_the_switch(opened: Open) -> None:
    page = run_page.render(run(*some()))
    light, dark = opened(page, color_scheme="light"), opened(page, color_scheme="dark")
    assert brightness(light) > 240 > 60 > brightness(light, "color")
    assert brightness(dark) < 40 < 200 < brightness(dark, "color")
    light.get_by_label("Colours").select_option("dark")
    assert brightness(light) < 40
    dark.get_by_label("Colours").select_option("light")
    assert brightness(dark) > 240
    dark.get_by_label("Colours").select_option("")
    assert brightness(dark) < 40


@pytest.mark.parametrize("records", [many(), hostile_run(), [attempt(f"p{k}", f"{k} {LONG}", 0.0, known_value=0.0) for k in range(30)]])
def test_a_telephone_shows_it_without_scrolling_the_page_sideways(opened: Open, records: list[dict[str, Any]]) -> None:
    view = opened(run_page.render(run(*records)), viewport={"width": 340, "height": 700})
    view.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert view.evaluate("document.documentElement.scrollWidth") <= 340


def test_what_is_folded_is_printed_and_controls_are_not(opened: Open) -> None:
    view = opened(run_page.render(run(*many(2, 3))))
    view.emulate_media(media="print", color_scheme="dark")
    assert view.locator("#methods").is_hidden()
    assert view.locator(".filters").is_hidden()
    assert brightness(view) > 240
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert view.locator("#problem-2 table").first.is_visible()
    view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.locator("#problem-2 table").first.is_hidden()
    assert view.pdf().startswith(b"%PDF")


# ---- odd runs ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "records",
    [
        [],
        [attempt("p", "m", None, status="crashed", reason="no memory")],
        [attempt("p", "m", None, kind=None, status="invalid", reason="no such name")],
        [attempt("p", "m", 0.0)],
        [proof("p", None, value_enclosure=["-inf", "-inf"]), attempt("p", "m", -1e300, status="diverged")],
        [attempt("p", "m", 1.7e308, known_value=-1.7e308), attempt("q", "m", 5e-324, known_value=0.0)],
        many(200, 2),
        [proof("p", 1.0)],
    ],
    ids=["none", "failures", "unreadable", "one", "unbounded", "extreme", "200 methods", "a proof only"],
)
def test_every_run_opens_and_answers(opened: Open, records: list[dict[str, Any]]) -> None:
    view = opened(run_page.render(run(*records)))
    view.get_by_role("button", name="time").click()
    assert view.locator("#count").inner_text() == f"{len(records)} of {len(records)} attempts"
    for box in view.locator("[data-method][type=checkbox]").all()[:1]:
        box.uncheck()
        box.check()
    assert "NaN" not in view.locator("body").inner_html().split("<script")[0]


def test_ten_thousand_attempts_are_a_page_of_rows(opened: Open, optbench: Any, tmp_path: Path) -> None:
    page, path = tmp_path / "report.html", written(tmp_path / "run.jsonl", many(10, 1000))
    assert optbench("report", str(path), "-o", str(page)).code == 0
    assert page.stat().st_size < 5_000_000
    view = opened(page)
    assert view.locator("#count").inner_text() == "10,000 of 10,000 attempts"
    view.get_by_role("button", name="evaluations").click()
    assert view.locator("#table tbody tr").count() == 50
    view.get_by_role("checkbox", name="m7").uncheck()
    assert view.locator("#count").inner_text() == "9,000 of 10,000 attempts"


# ---- with pictures -----------------------------------------------------------------------------------------------------------------


def test_hiding_a_method_hides_its_path_and_its_line(opened: Open, optbench: Any, tmp_path: Path) -> None:
    page = tmp_path / "two.html"
    methods = ["--method", "bfgs", "--method", "newton"]
    assert optbench("solve", "x^2 + 3*y^2 + x*y - x", *methods, "--no-certify", "--json", "--report", str(page)).code == 0
    view = opened(page)
    assert view.locator("g.ob-path[data-method=bfgs]").is_visible()
    view.get_by_role("checkbox", name="bfgs").uncheck()
    assert view.locator("g.ob-path[data-method=bfgs]").is_hidden()
    assert view.locator("g.ob-path[data-method=newton]").is_visible()
    assert view.locator("#convergence svg g[data-m='1']").first.is_hidden()
    assert view.locator("#attempts tr", has_text="bfgs").is_hidden()
    colours = view.evaluate(
        """() => {
          const colour = (element, name) => getComputedStyle(element).getPropertyValue(name);
          return [colour(document.querySelector('g.ob-path[data-method=newton]'), 'stroke'),
                  colour(document.querySelector('#convergence svg g[data-m="2"] path'), 'stroke')];
        }"""
    )
    assert colours[0] == colours[1]


def test_a_run_of_a_batch_with_iterates(opened: Open, optbench: Any, tmp_path: Path) -> None:
    journal, page = tmp_path / "run.jsonl", tmp_path / "report.html"
    options = ["--method", "bfgs", "--method", "nelder-mead", "--no-certify", "--trace", "--progress", "none"]
    assert optbench("batch", "@beale", "@booth", *options, "--out", str(journal)).code == 0
    assert optbench("report", str(journal), "-o", str(page)).code == 0
    view = opened(page)
    view.goto(f"{page.as_uri()}#problem-1")
    assert view.locator("#problem-1 svg.ob-picture").is_visible()
    assert view.locator("#problem-1 svg.chart").count() == 2
    view.get_by_role("checkbox", name="bfgs").uncheck()
    assert view.locator("#problem-1 g.ob-path[data-method=bfgs]").is_hidden()
    assert json.loads(view.locator("#numbers").inner_text())["methods"] == ["exact stage", "bfgs", "nelder-mead"]
