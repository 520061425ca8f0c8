"""Reading problem files: what is accepted, and for each mistake its sentence, place and exit code."""

import json
import os
import string
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optbench.errors import ExitCode, OptbenchError, Place, ProblemError, UsageError
from optbench.problem import reader, tree
from optbench.problem.draft import ConstraintDraft, Flag, MatrixDraft, Number, ParameterDraft, Text, VariableDraft
from optbench.problem.reader import read, read_documents, read_text, readings

WHOLE = """\
name: entropy minus root
description: a textbook example
minimize: "x*log(x) - sqrt(x)"  # a comment
variables:
  x: [0, 10]
  y: {range: "(0, inf)", start: 1, shape: 50, integer: true, unit: m}
  z: 0..10
  w: {range: [null, [1, 2*pi]], starts: [0, [1e-6, 0.1]], shape: [3, 4]}
  free:
parameters: {a: 2, i: "arange(1, 11)", b: positive, m: [[1, 2], [3, 4.5]]}
subject to: ["x + a <= 9", {c2: y >= 0}]
data: {file: misra1a.csv, matrices: {X: [f1, f2]}}
methods: [bfgs, {gradient-descent: {step: 0.1, name: on, quick: true, limit: null}}]
known: {value: "-1/4", at: {x: 1/2}, source: a book}
tags: [unconstrained]
"""


def sentence(text: str, file: str = "a.yaml") -> str:
    with pytest.raises(ProblemError) as caught:
        read_text(text, file)
    assert caught.value.exit_code == ExitCode.CONTENT
    return str(caught.value)


def test_every_field_is_read() -> None:
    draft = read_text(WHOLE, "a.yaml", Path("folder"))
    assert draft.name == Text("entropy minus root")
    assert draft.description == Text("a textbook example")
    assert (draft.sense, draft.objective) == ("minimize", Text("x*log(x) - sqrt(x)"))
    x, y, z, w, free = draft.variables
    assert x == VariableDraft(Text("x"), (Number(Fraction(0)), Number(Fraction(10))))
    assert y == VariableDraft(Text("y"), Text("(0, inf)"), start=Number(Fraction(1)), shape=(50,), integer=True, unit=Text("m"))
    assert (z.range, w.shape, free.range) == (Text("0..10"), (3, 4), None)
    assert w.range == (None, (Number(Fraction(1)), Text("2*pi")))
    assert w.starts == (Number(Fraction(0)), (Number(Fraction(1, 10**6)), Number(Fraction(1, 10))))
    a, i, b, m = draft.parameters
    assert (a.value, i.value, b.is_symbol, i.is_symbol) == (Number(Fraction(2)), Text("arange(1, 11)"), True, False)
    assert m.value == ((Number(Fraction(1)), Number(Fraction(2))), (Number(Fraction(3)), Number(Fraction(9, 2))))
    assert draft.constraints == (ConstraintDraft(Text("x + a <= 9")), ConstraintDraft(Text("y >= 0"), Text("c2")))
    assert draft.data is not None
    assert draft.data.matrices == (MatrixDraft(Text("X"), (Text("f1"), Text("f2"))),)
    bfgs, descent = draft.methods
    assert (bfgs.name, descent.name) == (Text("bfgs"), Text("gradient-descent"))
    assert [option.value for option in descent.options] == [Number(Fraction(1, 10)), Text("on"), Flag(True), None]
    assert draft.known is not None
    assert (draft.known.value, draft.known.at[0].value, draft.known.source) == (Text("-1/4"), Text("1/2"), Text("a book"))
    assert (draft.tags, draft.folder, draft.file) == ((Text("unconstrained"),), Path("folder"), "a.yaml")


def test_json_says_the_same_as_yaml() -> None:
    content = yaml.safe_load(WHOLE.replace("name: on", 'name: "on"').replace("1e-6", "0.000001"))
    assert read_text(json.dumps(content, indent="\t"), "a.json") == read_text(WHOLE)
    assert read_text(json.dumps(content)) == read_text(WHOLE)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.1", Fraction(1, 10)), ("1e-6", Fraction(1, 10**6)), ("-2.5E+3", Fraction(-2500)), ("010", Fraction(10)), (".5", Fraction(1, 2))],
)
def test_numbers_are_exact(text: str, value: Fraction) -> None:
    assert read_text(f"minimize: x\nparameters: {{a: {text}}}").parameters == (ParameterDraft(Text("a"), Number(value)),)


@pytest.mark.parametrize("text", ["on", "yes", "no", "off", "0x1", "0o17", "1_000", "1:30", "2024-01-01", "y", "="])
def test_what_yaml_1_1_converts_is_text(text: str) -> None:
    assert read_text(f"minimize: x\nparameters: {{a: {text}}}").parameters[0].value == Text(text)


def test_names_may_be_words_that_yaml_converts() -> None:
    draft = read_text("minimize: n\nvariables: {n: [0, 1], y: [0, 1], on: [0, 1]}")
    assert [v.name.value for v in draft.variables] == ["n", "y", "on"]


def test_infinity_is_text() -> None:
    assert read_text("minimize: x\nvariables: {x: [-.inf, .inf]}").variables[0].range == (Text("-inf"), Text("inf"))
    assert read_text('{"minimize": "x", "variables": {"x": [-Infinity, Infinity]}}', "a.json").variables[0].range == (
        Text("-inf"),
        Text("inf"),
    )


def test_a_long_number_is_exact_though_python_limits_conversion() -> None:
    number = read_text("minimize: x\nparameters: {a: " + "9" * 9999 + "}").parameters[0].value
    assert number == Number(Fraction(10**9999 - 1))


@pytest.mark.parametrize("text", ["9" * 10_001, "1e10001", "1e-10001", "1e999999999", "1e-999999999999999999999"])
def test_a_huge_number_is_refused(text: str) -> None:
    assert "a.yaml:2:17: The number has more than 10,000 digits." in sentence(f"minimize: x\nparameters: {{a: {text}}}")


# Places


def test_a_place_within_an_expression_is_in_the_file() -> None:
    objective = read_text('minimize: "x + y z"  # c', "a.yaml").objective
    assert objective.at(4, 7) == Place('minimize: "x + y z"  # c', 15, 18, "a.yaml", 1)
    assert objective.at(4, 7).picture() == '  minimize: "x + y z"  # c\n                 ^^^'


@pytest.mark.parametrize("text", ["minimize: x + y z", "minimize: 'x + y z'", '{"minimize":\t"x + y z"}', "# é𝒳\r\nminimize: x + y z"])
def test_a_place_in_each_style_covers_its_letters(text: str) -> None:
    place = read_text(text, "a.yaml").objective.at(4, 7)
    assert place.line_text[place.start : place.end] == "y z"
    assert place.line == text.count("\n") + 1


@pytest.mark.parametrize("text", ["minimize: >\n  x +\n  y z\n", 'minimize: "x \\u002b y z"', "minimize: |\n  x + y z"])
def test_a_place_in_a_folded_or_escaped_text_falls_back_to_the_value(text: str) -> None:
    assert read_text(text, "a.yaml").objective.at(4, 7) == Place("x + y z", 4, 7, "a.yaml", 1)


def test_numbers_and_variables_have_places() -> None:
    variable = read_text("minimize: x\nvariables:\n  xy: [0, 1e-6]", "a.yaml").variables[0]
    assert variable.place == Place("  xy: [0, 1e-6]", 2, 4, "a.yaml", 3)
    assert isinstance(variable.range, tuple)
    assert isinstance(variable.range[1], Number)
    assert variable.range[1].place == Place("  xy: [0, 1e-6]", 10, 14, "a.yaml", 3)


# YAML that reads expressions in its own way

QUOTING = {
    "minimize: |x-1|+x": ("1:11: In YAML | begins a text of several lines", 'Write minimize: "|x-1|+x"'),
    "minimize: >x+1": ("1:11: In YAML > begins a text", 'Write minimize: ">x+1"'),
    "minimize: *x": ("1:11: In YAML * refers to an anchor, which is not accepted", 'Write minimize: "*x"'),
    "minimize: *x+1": ("1:11: In YAML * refers to an anchor", 'Write minimize: "*x+1"'),
    "minimize: &a x": ("1:11: In YAML & sets an anchor, which is not accepted", 'Write minimize: "&a x"'),
    "minimize: !x y": ("1:11: In YAML ! begins a tag, which is not accepted", 'Write minimize: "!x y"'),
    "minimize: @x": ("1:11: In YAML @ is reserved", 'Write minimize: "@x"'),
    "minimize: `x`": ("1:11: In YAML ` is reserved", 'Write minimize: "`x`"'),
    "minimize: %x # c": ("1:11: In YAML % is reserved", 'Write minimize: "%x"'),
    "minimize: [x]": ("1:11: minimize must be an expression; this is a list of 1.", 'minimize: "[x]"'),
    "minimize: {x}": ("1:11: minimize must be an expression; this is a mapping.", 'minimize: "{x}"'),
    "minimize: x: y": ("1:12: An expression or text with ':' here needs quotes.", 'Write minimize: "x: y"'),
    "minimize: - x": ("1:11: An expression or text with '-' here needs quotes.", 'Write minimize: "- x"'),
    "minimize: ,x": ("1:11: An expression or text with ',' here needs quotes.", 'Write minimize: ",x"'),
    "minimize: # x": ("1:1: minimize has no expression.", 'In YAML # begins a comment; write minimize: "#x".'),
    "minimize: x\nsubject to: [|x| <= 1, x > 0]": ("2:14: In YAML | begins", 'Write "|x| <= 1"'),
    "minimize: x\nsubject to: [x[0] >= 1, x > 0]": ("2:14: Inside [ ] and { } a text with brackets", 'Write "x[0] >= 1"'),
    "minimize: x\nsubject to:\n  - *x": ("3:5: In YAML * refers to an anchor", 'Write "*x"'),
    "minimize: x\nsubject to: [x <= max(1, y), y > 0]": ("2:14: Inside [ ] and { } a text with a comma", 'Write "x <= max(1, y)"'),
    'minimize: |x|*"': ("1:11: In YAML |", "Write minimize: '|x|*\"'"),
    "minimize: x\nvariables: {x: {range: (0, inf), start: 1}}": ("2:24: Inside [ ] and { } a text with a comma needs", 'Write "(0, inf)"'),
    "minimize: x\nvariables:\n  x: [0, 10)\n": ("3:6: The [ that begins here is not closed by a matching ].", 'needs quotes: "[0, 10)"'),
}


@pytest.mark.parametrize("text", QUOTING)
def test_an_expression_that_needs_quotes_is_shown_in_quotes(text: str) -> None:
    said = sentence(text)
    for part in QUOTING[text]:
        assert part in said
    assert "^" in said


SYNTAX = {
    'minimize: "abc': '1:11: The " that begins here is never closed.',
    "minimize: 'abc\n": "1:11: The ' that begins here is never closed.",
    "minimize: x\n\tname: y": "2:1: YAML doesn't accept a tab here.",
    'minimize: "x" + 1': "1:15: The text goes on after its closing quote.",
    'minimize: "\\d"': "1:12: In double quotes a backslash begins an escape.",
    "minimize: {x": "1:11: The { that begins here is not closed by a matching }.",
    "x:1\ny: 2": "2:2: Line 2 can't follow the line before it, where a space is missing after the colon.",
    "- a\nb: c": "2:1: This does not fit what stands before it.",
    "minimize: x\x00": "1:12: The character '\\x00' is not allowed in YAML.",
    "minimize: x\x1b[31m": "1:12: The character '\\x1b' is not allowed in YAML.",
    "minimize: x\nname: [" + "a" * 3000: "The YAML can't be read from here on.",
}


@pytest.mark.parametrize("text", SYNTAX)
def test_yaml_that_cannot_be_read(text: str) -> None:
    said = sentence(text)
    assert f"a.yaml:{SYNTAX[text]}" in said or SYNTAX[text] in said
    assert "^" in said
    assert "\x1b" not in said


def test_a_caret_is_under_the_fault() -> None:
    assert sentence("minimize: |x-1|+x").split("\n")[1:3] == ["  minimize: |x-1|+x", "            ^"]


def test_a_comment_is_dropped() -> None:
    assert read_text("minimize: 2 * x # comment").objective == Text("2 * x")


@pytest.mark.parametrize("text", ["(", ")", "x)", "(x"])
def test_a_single_parenthesis_is_left_to_the_language(text: str) -> None:
    assert read_text(f"minimize: x\nparameters: {{a: {text}, b: [1, {text}]}}").parameters[0].value == Text(text)


# JSON

JSON_SYNTAX = {
    '{"minimize": "x",}': "1:18: A name in double quotes is expected here, not '}'.",
    '{"minimize" "x"}': "1:13: A colon is expected here, between a name and its value.",
    '{"tags": ["x" "y"]}': "1:15: A comma or ] is expected here.",
    '{"tags": [1, ]}': "1:14: A value is expected here, not ']'.",
    '{"minimize": x}': "1:14: A value is expected here, not 'x'.",
    '{"minimize": NaN}': "1:14: A value is expected here, not 'NaN'.",
    '{"minimize": 01}': "1:14: A value is expected here, not '01'.",
    '{"minimize": "x"': "1:17: A comma or } is expected here, where the text ends.",
    '{"minimize": "x"} {}': "1:19: The JSON document ends before this, not '{'.",
    '{"minimize": "x': "1:14: The text in double quotes is not closed on its line.",
    '{"minimize": "\\d"}': "1:14: A backslash in JSON begins one of",
    '{"minimize": "\\ud800"}': "1:14: The text has half of a surrogate pair, which stands for no character.",
    '{"minimize": "x\x00"}': "1:14: The text in double quotes is not closed on its line.",
    "": "1:1: A value is expected here, where the text ends.",
}


@pytest.mark.parametrize("text", JSON_SYNTAX)
def test_json_that_cannot_be_read(text: str) -> None:
    said = sentence(text, "a.json")
    assert f"a.json:{JSON_SYNTAX[text]}" in said
    assert "^" in said


def test_real_json_is_read() -> None:
    text = '{\t"name": "\\ud83d\\ude00 \\u00e9\\/\\"",\r\n\t"minimize":"x",\t"tags":[],"parameters":{"a":-1.5E+2}}'
    draft = read_text(text, "a.json")
    assert (draft.name, draft.parameters[0].value) == (Text('😀 é/"'), Number(Fraction(-150)))


# Sizes


@pytest.mark.parametrize("piece", ["[", "{", "- ", "? ", "{a: ", '{"a":', "a: ["])
@pytest.mark.parametrize("file", ["a.yaml", "a.json"])
def test_deep_nesting_is_refused(piece: str, file: str) -> None:
    said = sentence(piece * 100_000, file)
    if piece in ("[", "- ", '{"a":') and (file, piece) != ("a.json", "- "):
        assert "Lists and mappings are nested more than 50 deep." in said


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_NODES", 20)
    text = '{"minimize": "x", "parameters": {"a": [' + "1, " * 20 + "1]}}"
    assert "There are more than 20 values; put large data into a CSV file" in sentence(text)
    assert "There are more than 20 values" in sentence(text, "a.json")


def test_many_long_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_DIGITS_IN_ALL", 20_000)
    assert "The numbers have more than 20,000 digits in all." in sentence("minimize: x\nparameters: {a: [1e9000, 1e-9000, 1e9000]}")


def test_a_large_text_or_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    with file.open("wb") as written:
        written.truncate(17 * 2**20)
    with pytest.raises(ProblemError, match="is larger than 16 MB, the most that is read"):
        read(str(file))
    with pytest.raises(ProblemError, match="is larger than 16 MB"):
        read_text(" " * (17 * 2**20))


def test_reading_ends_after_many_mistakes() -> None:
    said = sentence("".join(f"a{i}: 1\n" for i in range(5000)))
    assert said.count("has no field") == 50
    assert "There are 950 more mistakes." in said


# Fields

FIELDS = {
    "variable: {x: [0, 1]}": ["2:1: A problem has no field 'variable'. Did you mean variables?", "Its fields are name, description,"],
    "constraints: []": ["2:1: A problem has no field 'constraints'. Did you mean subject to?"],
    "maximize: y": ["2:1: A problem has one objective; this one has both minimize and maximize."],
    "minimize: y": ["2:1: 'minimize' is given twice; the first is on line 1."],
    "name: [1]": ["2:7: name must be a text; this is a list of 1."],
    "name: true": ["2:7: name must be a text; this is true.", 'Put it in quotes: "true"'],
    "variables: [x, y]": ["2:12: variables must be a mapping, such as variables: {x: [0, 10]}; this is a list of 2."],
    "variables: {x: [1, 2, 3]}": ["2:16: A range has two ends", "not a list of 3."],
    "variables: {x: [[0, 1], [0, 1], [0, 1]]}": ["2:16: A range has two ends", "Ends that differ by entry are two lists"],
    "variables: {x: 5}": ["2:16: A range has two ends", "not 5.", "To fix it at 5, write x: [5, 5]."],
    "variables: {x: true}": ["2:16: A range has two ends", "not true."],
    "variables: {x: [0, true]}": ["2:20: An end of a range must be a number, an expression or a list of them; this is true."],
    "variables: {x: [0, .nan]}": ["2:20: .nan is not a number"],
    "variables: {x: {shape: 0}}": [
        "2:24: A length in a shape must be a whole number from 1 on, or an expression of parameters; this is 0."
    ],
    "variables: {x: {shape: [2, -1]}}": [
        "2:28: A length in a shape must be a whole number from 1 on, or an expression of parameters; this is -1."
    ],
    "variables: {x: {shape: 1.5}}": [
        "2:24: A length in a shape must be a whole number from 1 on, or an expression of parameters; this is 1.5."
    ],
    "variables: {x: {shape: []}}": ["2:24: A shape has at least one length"],
    "variables: {x: {shape: [1000, 100000]}}": ["2:24: The array has more than 10,000,000 entries."],
    "variables: {x: {shape: 1e5000}}": ["2:24: The array has more than 10,000,000 entries."],
    "variables: {x: {shape: 9999999}, y: {shape: 2}}": ["2:1: The variables have more than 10,000,000 entries in all."],
    "variables: {x: {integer: yes}}": ["2:26: integer must be true or false; this is a text."],
    "variables: {x: {start: {a: 1}}}": ["2:24: A start must be a number, an expression or a list of them; this is a mapping."],
    "variables: {x: {starts: 1}}": ["2:25: starts must be a list of starts, such as starts: [0, 1]; this is 1."],
    "variables: {x: {unit: [m]}}": ["2:23: unit must be a text; this is a list of 1."],
    "variables: {x: {strat: 1}}": ["2:17: A variable has no field 'strat'. Did you mean start?"],
    "variables: {x: [0, 1], x: [0, 2]}": ["2:24: 'x' is given twice; the first is on line 2."],
    "variables: {[x]: [0, 1]}": ["2:13: A name before a colon must be a text; this is a list of 1."],
    'variables: {"": [0, 1]}': ["2:13: A name before a colon must be a text"],
    "parameters: {a: }": ["2:14: Parameter a has no value.", "Write a: 2, or a: real"],
    "parameters: {a: false}": ["2:17: Parameter a must be a number, an expression or a list of them; this is false."],
    "parameters: {<<: {a: 1}}": ["2:14: YAML's merge key << is not accepted"],
    "parameters: {a: !!python/object/apply:os.system [ls]}": ["2:17: In YAML ! begins a tag, which is not accepted"],
    "parameters: {a: &b [1], c: *b}": ["2:17: In YAML & sets an anchor", "2:28: In YAML * refers to an anchor"],
    "subject to: x <= 1": ["2:13: subject to must be a list of texts, such as", "this is a text."],
    "subject to: [[x]]": ["2:14: A constraint must be an expression; this is a list of 1."],
    "subject to: [null]": ["2:14: A constraint has no expression."],
    "subject to: {c: true}": ["2:17: A constraint must be an expression; this is true."],
    "data: a.csv": ["2:7: data must be a mapping, such as data: {file: points.csv}; this is a text."],
    "data: {matrices: {}}": ["2:1: data has no file."],
    "data: {file: }": ["file must be a text; this is nothing."],
    "data: {file: a.csv, columns: [x]}": ["2:21: Data has no field 'columns'."],
    "data: {file: a.csv, matrices: {X: f1}}": ["2:35: Matrix X must be a list of columns, such as X: [f1, f2]; this is a text."],
    "data: {file: a.csv, matrices: {X: []}}": ["2:35: Matrix X must be a list of columns", "an empty list"],
    "methods: bfgs": ["2:10: methods must be a list, such as methods: [bfgs,", "this is a text."],
    "methods: [[bfgs]]": ["2:11: A method must be a text; this is a list of 1."],
    "methods: [{bfgs: 3}]": ["2:18: The options of bfgs must be a mapping, such as bfgs: {step: 0.1}; this is 3."],
    "methods: [{bfgs: {step: [1]}}]": ["2:25: An option must be a number, a text, true, false or null; this is a list of 1."],
    "known: 5": ["2:8: known must be a mapping, such as known:", "this is 5."],
    "known: {value: [1]}": ["2:16: A known value must be a number or an expression; this is a list of 1."],
    "known: {at: [1]}": ["2:13: at must be a mapping, such as at: {x: 1/2}; this is a list of 1."],
    "tags: a": ["2:7: tags must be a list, such as tags: [unconstrained]; this is a text."],
    "tags: [[a]]": ["2:8: A tag must be a text; this is a list of 1."],
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_field_is_explained_at_its_place(field: str) -> None:
    said = sentence(f"minimize: x\n{field}\n")
    for part in FIELDS[field]:
        assert part in said
    assert "a.yaml:2:" in said
    assert field in said
    assert "^" in said


@pytest.mark.parametrize("text", ["", "\n# only a comment\n", "---\n", "null"])
def test_an_empty_document(text: str) -> None:
    assert "There is no problem in this document; it needs at least an objective" in sentence(text)


@pytest.mark.parametrize(("text", "what"), [("5", "5"), ("x^2", "a text"), ("[x]", "a list of 1"), ("*a", "In YAML *")])
def test_a_document_that_is_no_mapping(text: str, what: str) -> None:
    assert what in sentence(text)


def test_a_missing_objective() -> None:
    assert "a.yaml:1:1: There is no objective.\n  name: x\n  ^\n  Add for example: minimize:" in sentence("name: x")


@pytest.mark.parametrize("text", ["minimize:", 'minimize: ""', "minimize: '  '"])
def test_an_empty_objective(text: str) -> None:
    assert "1:1: minimize has no expression." in sentence(text)


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file() -> None:
    said = sentence("tags: a\nnam: x\nvariables: {x: [1], x: 2, y: {shape: 0}}\nparameters: {a: 1e99999, b: !t 1}\nmethods: 1")
    places = [line.split(" ")[0] for line in said.split("\n") if line.startswith("a.yaml")]
    assert places == [
        "a.yaml:1:1:",
        "a.yaml:1:7:",
        "a.yaml:2:1:",
        "a.yaml:3:16:",
        "a.yaml:3:21:",
        "a.yaml:3:38:",
        "a.yaml:4:17:",
        "a.yaml:4:29:",
        "a.yaml:5:10:",
    ]


def test_a_reading_keeps_what_is_right() -> None:
    [reading] = readings("minimize: x + y\nvariables: {x: [0, 1], y: [0]}")
    assert len(reading.mistakes) == 1
    assert [v.range is None for v in reading.draft.variables] == [False, True]


# Documents and files


def test_several_documents(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text("minimize: x\n---\nmaximize: y\n---\n")
    assert [draft.sense for draft in read_documents(str(file))] == ["minimize", "maximize"]
    with pytest.raises(UsageError, match=r"two\.yaml' has 2 problems; one is expected") as caught:
        read(str(file))
    assert caught.value.exit_code == ExitCode.USAGE
    file.write_text("minimize: [x]\n---\nmaximize:\n")
    with pytest.raises(ProblemError) as both:
        read_documents(str(file))
    assert len(both.value.mistakes) == 2


def test_a_file_with_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfminimize: x\r\nnam: y\r\n")
    with pytest.raises(ProblemError) as caught:
        read(str(file))
    assert str(caught.value).startswith(f"{file}:2:1: A problem has no field 'nam'. Did you mean name?\n  nam: y\n  ^^^\n")
    file.write_bytes(b"\xef\xbb\xbfminimize: x\r\n")
    draft = read(str(file))
    assert (draft.objective, draft.folder, draft.file) == (Text("x"), tmp_path, str(file))


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"minimize: x\nname: caf\xe9 x\n")
    with pytest.raises(ProblemError) as caught:
        read(str(file))
    assert f"{file}:2:10: Byte 0xe9 is not UTF-8; save the file in that encoding." in str(caught.value)


def usage(path: Path | str) -> str:
    with pytest.raises(UsageError) as caught:
        read(str(path))
    assert caught.value.exit_code == ExitCode.USAGE
    return str(caught.value)


def test_a_missing_file_offers_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "rosenbrock.yaml").touch()
    assert f"There is no file '{tmp_path}/rosenbrok.yaml'. Did you mean rosenbrock.yaml?" in usage(tmp_path / "rosenbrok.yaml")
    assert f"There is no folder '{tmp_path}/nowhere'." in usage(tmp_path / "nowhere" / "a.yaml")
    assert f"There is no folder '{tmp_path}/rosenbrock.yaml'." in usage(tmp_path / "rosenbrock.yaml" / "a")


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe, a socket or a device; a regular file is expected" in usage(tmp_path / "pipe")
    assert "is a pipe, a socket or a device" in usage("/dev/zero")
    assert "is a folder; a file is expected." in usage(tmp_path)


def test_other_paths_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "can't be opened: embedded null byte." in usage("a\0b")
    assert "can't be opened: file name too long." in usage("x" * 5000)
    (tmp_path / "loop").symlink_to("loop")
    assert "can't be opened: too many levels of symbolic links." in usage(tmp_path / "loop")
    assert "'\\x1b[31m'" in usage("\x1b[31m")
    (tmp_path / "a.yaml").touch()

    def denied(*args: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    assert "can't be read: you have no permission." in usage(tmp_path / "a.yaml")


# Properties

numbers = st.integers(-(10**20), 10**20) | st.decimals(-100, 100, places=4).map(float)
words = st.text(string.ascii_letters + " +*^()_|[]{}#:&!%@`'\"\\,-é𝒳\u2028\t", min_size=1, max_size=12).filter(
    lambda word: word.count("(") == word.count(")")
)
scalars = numbers | words
names = st.text(string.ascii_letters + "_é", min_size=1, max_size=6)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
variables = st.fixed_dictionaries(
    {},
    optional={
        "range": words | st.tuples(values | st.none(), values | st.none()).map(list),
        "start": values,
        "shape": st.integers(1, 50) | st.lists(st.integers(1, 9), min_size=1, max_size=2),
        "integer": st.booleans(),
        "unit": words,
    },
)
contents = st.fixed_dictionaries(
    {"minimize": words.filter(str.strip)},
    optional={
        "name": words,
        "variables": st.dictionaries(names, variables, max_size=3),
        "parameters": st.dictionaries(names, values, max_size=3),
        "subject to": st.lists(words.filter(str.strip), max_size=3),
        "methods": st.lists(
            names | st.dictionaries(names, st.dictionaries(names, scalars | st.booleans(), max_size=2), max_size=2), max_size=3
        ),
        "known": st.fixed_dictionaries({}, optional={"value": scalars, "at": st.dictionaries(names, values, max_size=2), "source": words}),
        "tags": st.lists(words, max_size=3),
    },
)


@settings(deadline=None)
@given(contents, st.booleans())
def test_a_draft_is_the_same_from_json_and_yaml(content: dict[str, object], tight: bool) -> None:
    from_json = read_text(json.dumps(content), "a.json")
    assert read_text(json.dumps(content, ensure_ascii=False, indent=1), "a.json") == from_json
    assert read_text(yaml.safe_dump(content, default_flow_style=tight or None, allow_unicode=True, sort_keys=False)) == from_json


@settings(deadline=None)
@given(contents)
def test_a_place_shows_the_letters_it_means(content: dict[str, str]) -> None:
    objective = read_text(json.dumps(content, ensure_ascii=False, indent=1)).objective
    assert objective.place is not None
    if objective.column is not None:
        place = objective.at(0, len(objective.value))
        assert place.line_text[place.start : place.end] == objective.value


@given(st.binary(max_size=60) | st.text("minze: x[]{}#&*!|>'\"\\-?%@`,\n\t()01.~<=", max_size=60).map(str.encode))
@example(b"\xff")
@example(b"a: \xef\xbb\xbf")
@example(b"%YAML 2.0\n---\na")
@example(b"\xe2\x80\xa8|")
@settings(max_examples=500, deadline=None)
def test_any_content_is_read_or_explained(content: bytes) -> None:
    for text in (content.decode("utf-8", "replace"), "minimize: " + content.decode("utf-8", "surrogateescape")):
        for file in ("a.yaml", "a.json", None):
            try:
                readings(text, file)
            except OptbenchError as error:
                assert str(error).splitlines()  # noqa: PT017


def test_bytes_of_a_file_are_read_or_explained(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"

    @settings(deadline=None)
    @given(st.binary(max_size=100))
    def read_or_explained(content: bytes) -> None:
        file.write_bytes(content)
        try:
            read(str(file))
        except OptbenchError as error:
            assert str(error)  # noqa: PT017

    read_or_explained()


def test_the_pure_python_parser_of_yaml_does_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = reader.read_text(WHOLE)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert reader.read_text(WHOLE) == expected
    for text, parts in QUOTING.items():
        assert parts[1] in sentence(text)
