"""Who may import whom, read from the source of every module: the layering of docs/architecture.md stays true.

`RULES` has a row for each part of optbench and for each library: the files that may import it anywhere, and those that
may only inside a function (so that starting the program stays fast). Files of one part may always import one another.
Imports for type checkers alone don't load a library, but they do bind layers.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest


class Rule(NamedTuple):
    """What is imported, the files (patterns below optbench/) that may import it, those that may late, and why."""

    imported: str
    by: tuple[str, ...]
    late_by: tuple[str, ...]
    words: str


FRONT = ("cli/*", "api.py", "__init__.py", "__main__.py")
RESULT_ON = ("result.py", "result/*", "report/*", "workbench/*", *FRONT)
SIBLINGS = ("exact/*", "certify/*", "methods/*")
CHECKER = ("verify/*",)
WRITERS = ("convert/*",)
STATISTICS = ("statistics/*",)
NOBODY: tuple[str, ...] = ()

RULES = (
    # Parts of optbench, from left to right as data flows.
    Rule("optbench.errors", ("*",), NOBODY, "everybody may report a mistake"),
    Rule(
        "optbench.language",
        ("arithmetic/*", "problem/*", *CHECKER, *WRITERS, *SIBLINGS, *RESULT_ON),
        NOBODY,
        "the language needs only errors",
    ),
    Rule(
        "optbench.arithmetic",
        ("problem/*", *CHECKER, *WRITERS, *SIBLINGS, "workbench/*", *FRONT),
        ("result.py",),
        "readings of the language",
    ),
    Rule("optbench.statistics", ("report/*", *FRONT), NOBODY, "statistics read journals, and only reports and the front read statistics"),
    Rule(
        "optbench.problem",
        (*WRITERS, *STATISTICS, *SIBLINGS, *RESULT_ON),
        NOBODY,
        "a problem knows the language and its readings, not who solves it",
    ),
    Rule("optbench.exact", ("workbench/*", *FRONT), NOBODY, "exact, certify and methods are joined in the workbench only"),
    Rule("optbench.certify", ("workbench/*", *FRONT), NOBODY, "exact, certify and methods are joined in the workbench only"),
    Rule(
        "optbench.methods",
        ("workbench/*", "plugin.py", *FRONT),
        NOBODY,
        "exact, certify and methods are joined in the workbench only; plugin.py is what other packages may use of them",
    ),
    Rule("optbench.plugin", NOBODY, NOBODY, "it is for other packages"),
    Rule("optbench.convert", FRONT, NOBODY, "a problem is written in other languages without being solved"),
    Rule("optbench.verify", FRONT, NOBODY, "whoever checks a proof shares nothing with whoever makes it"),
    Rule("optbench.workbench", FRONT, NOBODY, "the engine is run by the front, never by what it runs"),
    Rule(
        "optbench.result",
        ("exact/*", "certify/*", *STATISTICS, *RESULT_ON),
        NOBODY,
        "a result is made by the workbench; proofs share its words",
    ),
    Rule("optbench.account", ("exact/*", *RESULT_ON), NOBODY, "how a problem was solved, told by the exact stage, stands in the result"),
    Rule("optbench.api", FRONT, NOBODY, "the Python API is a front, beside the command line"),
    Rule("optbench.report", FRONT, ("result.py",), "only the front renders; Python's prompt and notebooks ask the result itself"),
    Rule("optbench.cli", ("__main__.py",), NOBODY, "nothing but the entry point knows the command line"),
    Rule("optbench", ("certify/*", *RESULT_ON), NOBODY, "the package itself, for its version"),
    # Libraries.
    Rule("sympy", ("exact/*", "arithmetic/*sympy*.py"), ("arithmetic/*",), "sympy belongs to the exact stage and the symbolic reading"),
    Rule("scipy", NOBODY, ("methods/scipy_*.py",), "scipy belongs to the methods that adapt it, and to list them must not load it"),
    Rule("scipy.special", NOBODY, ("arithmetic/*numpy*.py",), "of scipy, the numpy reading needs the special functions"),
    Rule("casadi", ("arithmetic/*casadi*.py",), ("methods/casadi_*.py",), "casadi has two places, all else works without it"),
    Rule("nlopt", NOBODY, ("methods/nlopt_*.py",), "a solver that need not be there belongs to the methods that adapt it"),
    Rule("cma", NOBODY, ("methods/cma_*.py",), "a solver that need not be there belongs to the methods that adapt it"),
    Rule("highspy", NOBODY, ("methods/highspy_*.py",), "a solver that need not be there belongs to the methods that adapt it"),
    Rule("pyscipopt", NOBODY, ("methods/pyscipopt_*.py",), "a solver that need not be there belongs to the methods that adapt it"),
    Rule("pounce", NOBODY, ("methods/pounce_*.py",), "a solver that need not be there belongs to the methods that adapt it"),
    Rule(
        "flint",
        ("exact/*", "certify/*", *CHECKER, "arithmetic/*ball*.py", "arithmetic/*interval*.py", "arithmetic/*flint*.py"),
        ("arithmetic/*", "language/*"),
        "flint serves balls and polynomials, and costs 60 ms",
    ),
    Rule(
        "numpy",
        (
            "certify/*",
            "arithmetic/*numpy*.py",
            "arithmetic/*interval*.py",
            "arithmetic/*casadi*.py",
        ),
        ("*",),
        "a problem of one variable needs no numpy",
    ),
    Rule("yaml", ("problem/reader.py",), NOBODY, "the reader alone reads files"),
    Rule("pydantic", ("problem/reader.py",), NOBODY, "the reader alone validates files"),
    Rule("rich", ("report/table.py", "cli/*"), NOBODY, "only terminals get colours"),
    Rule("typer", ("cli/*",), NOBODY, "only the command line knows options"),
    Rule("click", ("cli/*",), NOBODY, "only the command line knows options"),
    Rule("matplotlib", NOBODY, ("report/*",), "figures for papers need the extra plots, and all else works without it"),
    Rule(
        "dask",
        NOBODY,
        ("workbench/batch/dask_cluster.py",),
        "a batch on more than one machine needs the extra dask, and all else works without it",
    ),
    Rule(
        "distributed",
        NOBODY,
        ("workbench/batch/dask_cluster.py",),
        "it takes a second to import, and belongs to the executor of Dask clusters",
    ),
    Rule("jinja2", NOBODY, ("report/*",), "only HTML reports have templates"),
)

# Loading these modules must load none of these libraries (beyond what typer itself loads, for those that may load typer).
LIBRARIES = ("numpy", "scipy", "sympy", "casadi", "flint", "yaml", "pydantic", "jinja2", "rich", "typer")
LIGHT = {
    "optbench": LIBRARIES,
    "optbench.__main__": LIBRARIES,
    "optbench.cli.app": tuple(name for name in LIBRARIES if name != "typer"),
}

PACKAGE = Path(__file__).resolve().parent.parent / "optbench"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


class Import(NamedTuple):
    """One imported module, by its full name, and how it is imported."""

    name: str
    line: int
    late: bool
    for_types: bool


@pytest.mark.parametrize("file", FILES)
def test_imports_run_back_along_the_flow(file: str) -> None:
    breaches = list(breaches_of(file, (PACKAGE / file).read_text(encoding="utf-8"), set(FILES)))
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize("module", LIGHT)
def test_what_starts_the_program_loads_no_large_library(module: str) -> None:
    if not (PACKAGE / "__init__.py").exists() or importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} does not exist yet")
    excused = loaded_after("typer") if "typer" not in LIGHT[module] else set()
    heavy = (loaded_after(module) - excused) & set(LIGHT[module])
    assert not heavy, f"import {module} loads {', '.join(sorted(heavy))}; import late, where it is used."


@pytest.mark.parametrize(
    ("file", "source", "breach"),
    [
        ("language/parser.py", "import json\n\nfrom optbench.problem import Problem", "language/parser.py:3 imports optbench.problem"),
        ("language/parser.py", "from ..arithmetic import floats", "language/parser.py:1 imports optbench.arithmetic"),
        ("language/graph.py", "from .. import problem", "language/graph.py:1 imports optbench.problem"),
        ("methods/bfgs.py", "def f():\n    from optbench import exact", "methods/bfgs.py:2 imports optbench.exact"),
        ("methods/bfgs.py", "import optbench.workbench.engine", "imports optbench.workbench.engine"),
        ("methods/bfgs.py", "import scipy.optimize as so", "imports scipy.optimize"),
        ("methods/scipy_slsqp.py", "from scipy.optimize import minimize", "imports scipy.optimize at its top level"),
        ("methods/casadi_ipopt.py", "import casadi", "imports casadi at its top level"),
        ("methods/bfgs.py", "from importlib import import_module\nx = import_module('scipy.optimize')", "bfgs.py:2 imports scipy.optimize"),
        ("methods/bfgs.py", "import numpy as np", "imports numpy at its top level"),
        ("methods/bfgs.py", "class A:\n    import numpy", "imports numpy at its top level"),
        ("methods/bfgs.py", "import requests", "imports requests, which no rule names"),
        ("arithmetic/numpy_arrays.py", "from scipy import special", "imports scipy.special at its top level"),
        ("report/latex.py", "from rich.text import Text", "only terminals get colours"),
        ("problem/draft.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from optbench.result import Result", "draft.py:3"),
    ],
)
def test_a_breach_is_named(file: str, source: str, breach: str) -> None:
    breaches = list(breaches_of(file, source, {"problem/__init__.py", "exact/__init__.py", "arithmetic/floats.py"}))
    assert len(breaches) == 1
    assert breach in breaches[0]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("language/parser.py", "import re\nfrom optbench.errors import Mistake\nfrom .graph import Call\nfrom . import graph"),
        ("language/parser.py", "def f():\n    import flint"),
        ("methods/bfgs.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy as np"),
        ("methods/bfgs.py", "def f():\n    import numpy.linalg"),
        ("methods/scipy_slsqp.py", "def f():\n    import numpy\n    from scipy.optimize import minimize"),
        ("arithmetic/numpy_arrays.py", "def f():\n    from scipy.special import erf"),
        ("workbench/engine.py", "import optbench.exact.line.lambert\nfrom optbench.methods import bfgs\nfrom optbench import __version__"),
    ],
)
def test_what_is_allowed_is_no_breach(file: str, source: str) -> None:
    assert list(breaches_of(file, source, set())) == []


def breaches_of(file: str, source: str, files: set[str]) -> Iterator[str]:
    """Yield a sentence for each import in `source` that the rules forbid; `files` are those below optbench/."""
    for found in imports_of(file, source, files):
        top = found.name.partition(".")[0]
        if top in sys.stdlib_module_names or part_of(found.name) == part_of(module_name(file)) or (found.for_types and top != "optbench"):
            continue
        where = f"optbench/{file}:{found.line} imports {found.name}"
        rules = [rule for rule in RULES if found.name == rule.imported or found.name.startswith(rule.imported + ".")]
        rules = [rule for rule in rules if rule.imported != "optbench" or found.name == "optbench"]
        if not rules:
            yield f"{where}, which no rule names; add a row to RULES in tests/test_layering.py if it is meant to be there."
        elif not any(allows(rule, file, found.late) for rule in rules):
            closest = max(rules, key=lambda rule: (allows(rule, file, True), len(rule.imported)))
            how = " at its top level; it may only inside a function" if allows(closest, file, True) else ", which it must not"
            yield f"{where}{how}: {closest.words}."


def allows(rule: Rule, file: str, late: bool) -> bool:
    return any(fnmatch(file, pattern) for pattern in (rule.by + rule.late_by if late else rule.by))


def module_name(file: str) -> str:
    """Return the full name of the module in `file`: `optbench.exact` for "exact/__init__.py"."""
    parts = ["optbench", *file.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """Return the part of optbench, or the library, to which a module belongs."""
    return ".".join(module.split(".")[: 2 if module.startswith("optbench.") else 1])


def imports_of(file: str, source: str, files: set[str]) -> Iterator[Import]:
    """Yield every import in `source`, late ones and `import_module("...")` included."""
    package = (module_name(file) + (".x" if file.endswith("__init__.py") else "")).split(".")
    for node, late, for_types in walk(ast.parse(source, file)):
        for name in names_in(node, package, files):
            yield Import(name, node.lineno, late, for_types)


def walk(tree: ast.Module) -> Iterator[tuple[ast.stmt | ast.expr, bool, bool]]:
    """Yield every statement and expression, whether it runs late (in a function), and whether for type checkers alone."""
    waiting: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    while waiting:
        node, late, for_types = waiting.pop()
        if isinstance(node, ast.stmt | ast.expr):
            yield node, late, for_types
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        unchecked = isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        guarded = set(map(id, node.body)) if unchecked and isinstance(node, ast.If) else set()
        waiting.extend((child, late, for_types or id(child) in guarded) for child in ast.iter_child_nodes(node))


def names_in(node: ast.AST, package: list[str], files: set[str]) -> list[str]:
    """Return the full names of the modules that `node` imports; `package` is the importing module's name in pieces."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            base = ".".join([*package[: -node.level], *([node.module] if node.module else [])]) if node.level else str(node.module)
            return sorted({source_of(base, alias.name, files) for alias in node.names})
        case ast.Call(
            func=ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"), args=[ast.Constant(str(name)), *_]
        ):
            return [name]
    return []


def source_of(base: str, name: str, files: set[str]) -> str:
    """Return the module that `from base import name` binds the importer to: `base.name` where that is a module."""
    if base == "optbench":
        is_module = bool({f"{name}.py", f"{name}/__init__.py"} & files) or any(rule.imported == f"optbench.{name}" for rule in RULES)
    else:
        is_module = any(rule.imported == f"{base}.{name}" for rule in RULES)
    return f"{base}.{name}" if is_module else base


def loaded_after(module: str) -> set[str]:
    """Return the top-level names in sys.modules of a new interpreter that has imported `module`."""
    code = f"import json, sys, {module}\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    return set(json.loads(done.stdout))
