"""The JSON Schemas: every problem that comes along satisfies them, and what they refuse the reader refuses too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from optbench.api import solve
from optbench.cli.app import run
from optbench.errors import ProblemError
from optbench.problem import schema as problem_schema
from optbench.problem.draft import SYMBOLS
from optbench.problem.fields import FIELDS
from optbench.problem.library import names, path
from optbench.problem.reader import read_text
from optbench.report.result_schema import schema as result_schema
from optbench.result import Assurance, Result, Status

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

PROBLEM = jsonschema.Draft202012Validator(problem_schema.schema())
RESULT = jsonschema.Draft202012Validator(result_schema())


@pytest.mark.parametrize("schema", [problem_schema.schema(), result_schema()], ids=["problem", "result"])
def test_a_schema_is_one_and_stands_alone(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert all(reference.startswith("#/$defs/") for reference in references(schema))
    assert not [text for text in texts(schema) if "://" in text and "json-schema.org" not in text]


def references(schema: Any) -> list[str]:
    return [value for key, value in pairs(schema) if key == "$ref"]


def texts(schema: Any) -> list[str]:
    return [value for _, value in pairs(schema) if isinstance(value, str)]


def pairs(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [*value.items(), *(pair for inner in value.values() for pair in pairs(inner))]
    return [pair for inner in value for pair in pairs(inner)] if isinstance(value, list) else []


def test_every_field_of_the_reader_stands_in_the_schema_with_its_meaning() -> None:
    assert {owner: set(takes) for owner, takes in problem_schema._TAKES.items()} == {owner: set(rows) for owner, rows in FIELDS.items()}
    said = {**problem_schema.schema()["$defs"], "a problem": problem_schema.schema()}
    for owner, rows in FIELDS.items():
        properties = said["variable" if owner == "a variable" else owner]["properties"]
        assert {name: facts["description"] for name, facts in properties.items()} == rows
    parameter = problem_schema.schema()["properties"]["parameters"]["anyOf"][0]["additionalProperties"]
    assert parameter["anyOf"][0] == {"enum": list(SYMBOLS)}


@pytest.mark.parametrize("name", names())
def test_every_bundled_problem_satisfies_the_schema(name: str) -> None:
    PROBLEM.validate(yaml.safe_load(path(name).read_text(encoding="utf-8")))


GOOD = [
    'minimize: "x^2"',
    "maximize: 3",
    'minimize: "x"\nvariables: {x: [0, 10], y: "[0, 10)", z: 0..10, w: null, v: {range: [0, null], shape: 50, start: 1}}',
    'minimize: "x"\nvariables: {x: {range: [[0, 0], [1, 2]], starts: [[0, 1], [1, 1]], shape: [2], integer: true, unit: m}}',
    'minimize: "x"\nparameters: {a: 2, b: positive, c: [1, 2], d: "arange(1, 11)", e_: 1e-6}',
    'minimize: "x"\nsubject to: ["x + y <= 9", {named: "x >= 0"}]',
    'minimize: "x"\nsubject to: {named: "x >= 0"}',
    'minimize: "x"\ndata: {file: a.csv, matrices: {X: [f1, f2]}}',
    'minimize: "x"\nmethods: [bfgs, {gradient-descent: {step: 0.1, nothing: null, on_: true, word: armijo}}, {newton: null}]',
    'minimize: "x"\nknown: {value: "-1/4", at: {x: 1/2, v: [1, 2]}, source: "paper"}',
    'minimize: "x"\ntags: [a, 1]\nname: 5\ndescription: null\nvariables: null',
]
BAD = [
    "name: nothing to minimize",
    'minimize: "x"\nmaximize: "x"',
    "minimize: null",
    "minimize: [1, 2]",
    'minimize: "x"\nvariable: {x: [0, 1]}',
    'minimize: "x"\nvariables: [x]',
    'minimize: "x"\nvariables: {x: [0]}',
    'minimize: "x"\nvariables: {x: 5}',
    'minimize: "x"\nvariables: {x: [[0, 0, 0], 1, 2]}',
    'minimize: "x"\nvariables: {x: {rnge: [0, 1]}}',
    'minimize: "x"\nvariables: {x: {shape: 0}}',
    'minimize: "x"\nvariables: {x: {shape: []}}',
    'minimize: "x"\nvariables: {x: {shape: [2.5]}}',
    'minimize: "x"\nvariables: {x: {integer: maybe}}',
    'minimize: "x"\nvariables: {x: {start: {y: 1}}}',
    'minimize: "x"\nvariables: {x: {starts: 5}}',
    'minimize: "x"\nparameters: {a: true}',
    'minimize: "x"\nparameters: {a: null}',
    'minimize: "x"\nparameters: {a: {b: 1}}',
    'minimize: "x"\nsubject to: "x >= 0"',
    'minimize: "x"\nsubject to: [[1]]',
    'minimize: "x"\ndata: a.csv',
    'minimize: "x"\ndata: {matrices: {X: [a]}}',
    'minimize: "x"\ndata: {file: null}',
    'minimize: "x"\ndata: {file: a.csv, matrices: {X: []}}',
    'minimize: "x"\nmethods: bfgs',
    'minimize: "x"\nmethods: [{bfgs: 5}]',
    'minimize: "x"\nmethods: [{bfgs: {step: [1]}}]',
    'minimize: "x"\nknown: 5',
    'minimize: "x"\nknown: {value: [1]}',
    'minimize: "x"\nknown: {at: [1]}',
    'minimize: "x"\nknown: {when: 1970}',
    'minimize: "x"\ntags: easy',
    'minimize: "x"\ntags: [[a]]',
    'minimize: "x"\nname: [a]',
    "[]",
    "5",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_the_reader_accepts_satisfies_the_schema(text: str) -> None:
    read_text(text)
    PROBLEM.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", BAD)
def test_what_the_schema_refuses_the_reader_refuses_too(text: str) -> None:
    assert not PROBLEM.is_valid(yaml.safe_load(text))
    with pytest.raises(ProblemError):
        read_text(text)


@pytest.mark.parametrize(
    ("expression", "options"),
    [
        ("x^2 - 2*x", {"methods": "newton", "exact_time": 100, "time_limit": 200}),
        ("x^3", {"methods": "newton", "exact_time": 100, "time_limit": 200}),
        ("log(x)", {"range": (-5, -1)}),
        ("sum((v-1)^2)", {"variables": {"v": {"shape": [2, 3]}}, "exact": False, "methods": ["bfgs", "nelder-mead"], "trace": True}),
        ("x + y", {"subject_to": ["x^2 + y^2 <= 1"], "exact": False, "methods": "bfgs"}),
    ],
)
def test_every_result_satisfies_its_schema(expression: str, options: dict[str, Any]) -> None:
    RESULT.validate(json.loads(solve(expression, **options).to_json()))


def test_a_result_of_a_mistake_satisfies_the_schema_and_others_do_not() -> None:
    plain = Result(None, Status.INVALID, Assurance.NONE, "No.", error="No.").to_dict()
    RESULT.validate(plain)
    RESULT.validate({**plain, "added": "by a later version"})
    for wrong in ({"status": "fine"}, {"value": "1"}, {"schema": "optbench/result/2"}, {"attempts": [{}]}, {"complete": None}):
        assert not RESULT.is_valid({**plain, **wrong})
    for missing in ("value", "schema", "error"):
        assert not RESULT.is_valid({name: value for name, value in plain.items() if name != missing})


@pytest.mark.parametrize(("argv", "expected"), [((), "problem"), (("problem",), "problem"), (("result",), "result")])
def test_the_command_prints_them(capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], expected: str) -> None:
    assert run(["schema", *argv]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == (problem_schema.schema() if expected == "problem" else result_schema())


def test_the_command_knows_no_other_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "nonsense"]) == 2
    assert "'nonsense' is none of problem, result." in capsys.readouterr().err


def test_the_example_of_the_design_satisfies_the_schema() -> None:
    text = Path(__file__).resolve().parent.parent.joinpath("README.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    PROBLEM.validate(yaml.safe_load(example))
