"""Write a page for each numerical method, and their index, from the table of methods.

    python docs/make_method_pages.py

`tests/test_method_pages.py` fails while a page differs from what this writes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from optbench.methods.method import Method, Scope
from optbench.methods.options import describe
from optbench.methods.registry import methods

FOLDER = Path(__file__).parent / "methods"
INDEX = FOLDER / "README.md"
AUTHORS = {
    None: "optbench",
    "scipy": "SciPy",
    "casadi": "CasADi",
    "nlopt": "NLopt",
    "cma": "cma",
    "highspy": "HiGHS",
    "pounce": "POUNCE",
    "pyscipopt": "SCIP",
}
EXTRA = ("nlopt", "cma", "highspy", "pounce", "pyscipopt")  # of `pip install 'optbench[solvers]'`


def pages() -> dict[Path, str]:
    """Return the text of every page by its file."""
    found = methods()
    return {INDEX: index(found), **{FOLDER / f"{name}.md": page(method) for name, method in found.items()}}


def index(found: dict[str, Method]) -> str:
    """Return the page that lists all methods."""
    lines = [
        "# Numerical methods",
        "",
        "What each needs of a function and what it handles; `optbench methods NAME` says the same in the terminal.",
        "`--method auto` picks one by the problem's facts and says why, `--method all` runs every one that is applicable, and",
        "`optbench methods probe` tells which work here: those by NLopt, cma, HiGHS, POUNCE and SCIP need "
        "`pip install 'optbench[solvers]'`.",
        "[plugins.md](../plugins.md) shows how a package adds one.",
        "",
        "| method | looks | derivatives | bounds | constraints | by |",
        "|---|---|---|---|---|---|",
    ]
    rows = (
        f"| [{name}]({name}.md) | {m.scope.value} | {derivatives(m)} | {yes(m.bounds)} | {yes(m.constraints)} | {author(m)} |"
        for name, m in found.items()
    )
    return "\n".join([*lines, *rows]) + "\n"


def page(method: Method) -> str:
    """Return the page of one method."""
    return "\n".join(lines_of(method)) + "\n"


def lines_of(method: Method) -> Iterator[str]:
    yield f"# {method.name}"
    yield ""
    yield method.summary
    yield ""
    yield f"```sh\noptbench solve @{example(method)} --method {method.name}\n```"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| looks | {method.scope.value} |"
    yield f"| uses | {derivatives(method)} |"
    yield f"| variables | {variables(method)} |"
    yield f"| bounds | {yes(method.bounds)}{', and it needs a finite range for every variable' if method.needs_box else ''} |"
    yield f"| constraints | {yes(method.constraints)}{'' if method.equations else ', inequalities only'} |"
    yield f"| kinks and jumps | {'refused: it needs second derivatives everywhere' if method.needs_smooth else 'accepted'} |"
    yield f"| chance | {'drawn from the seed (`--seed`)' if method.random else 'none'} |"
    yield f"| by | {author(method)}{needs(method)} |"
    yield f"| source | {method.source} |"
    if how := inspect.getdoc(method.adapter or method.algorithm):
        yield ""
        yield "## How"
        yield ""
        yield how.replace("*", r"\*").replace("<", r"\<")
    yield ""
    yield "## Options"
    yield ""
    rows = describe(method)
    if not rows:
        yield "It has none."
        return
    first = rows[0]
    given = f"{first.name}={first.default}"
    in_a_file = f"{{{method.name}: {{{first.name}: {first.default}}}}}"
    yield f"Set as `--method {method.name}:{given}`, several with commas; in problem files as `{in_a_file}`."
    yield ""
    yield "| option | default | accepted | meaning |"
    yield "|---|---|---|---|"
    for row in rows:
        accepted = f"{row.type}: {row.range}" if row.type == "word" else f"{row.type} {row.range}".strip()
        yield f"| `{row.name}` | {row.default} | {accepted} | {row.meaning.replace('|', chr(92) + '|')} |"


def variables(method: Method) -> str:
    """Return how many variables it handles, in words."""
    if method.one_variable_only:
        return "one"
    return "any number" if method.largest_dimension is None else f"at most {method.largest_dimension:,}"


def derivatives(method: Method) -> str:
    """Return what a method asks of the function, in words."""
    words = {
        "value": "values",
        "residuals": "residuals",
        "gradient": "gradients",
        "batches": "gradients of mini-batches",
        "hessian": "Hessians",
    }
    return ", ".join(words[what] for what in words if what in method.uses)


def example(method: Method) -> str:
    """Return a bundled problem of the method's class."""
    if method.one_variable_only:
        return "entropy_root"
    if "batches" in method.uses:
        return "iris_logistic"
    if method.constraints:
        return "hs071"
    return "rastrigin" if method.scope is Scope.GLOBAL else "rosenbrock"


def author(method: Method) -> str:
    """Return whose implementation it is."""
    return AUTHORS[method.library and method.library.partition(".")[0]]


def needs(method: Method) -> str:
    """Return what has to be installed for it, beside optbench."""
    library = (method.library or "").partition(".")[0]
    return f"; runs where {library} is installed (`pip install 'optbench[solvers]'`)" if library in EXTRA else ""


def yes(fact: bool) -> str:
    return "yes" if fact else "no"


def main() -> None:
    """Write all pages and remove those of methods that are no more."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for file in set(FOLDER.glob("*.md")) - set(wanted):
        file.unlink()
    for file, text in wanted.items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
