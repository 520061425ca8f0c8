"""The fields of a problem file: from the tree of a document to a draft, with every mistake on the way.

FIELDS is the one table of names and meanings. A field that is wrong is noted in the source's mistakes and left out, so
that the rest is still looked at; a field without a value counts as not given.

>>> from optbench.problem.tree import Source, json_tree
>>> source = Source('{"minimize": "x^2", "variable": {"x": [0, 1]}}')
>>> draft = problem_draft(source, json_tree(source), None)
>>> print(source.found()[0].sentence)
A problem has no field 'variable'. Did you mean variables?
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from optbench.errors import nearest, printable
from optbench.problem.draft import (
    ConstraintDraft,
    CoordinateDraft,
    DataDraft,
    Flag,
    KnownDraft,
    MatrixDraft,
    MethodDraft,
    ModelDraft,
    Option,
    OptionDraft,
    ParameterDraft,
    ProblemDraft,
    Scalar,
    Sense,
    Text,
    Values,
    VariableDraft,
)
from optbench.problem.tree import Kind, Node, Source, digits

MAX_ENTRIES = 10_000_000

FIELDS = {
    "a problem": {
        "name": "what the problem is called",
        "description": "what it is about",
        "minimize": "the objective, an expression",
        "maximize": "the objective, an expression, where the largest value is sought",
        "model": "a regression in the place of an objective: a response, and an expression for it",
        "variables": "for each variable its range, or a mapping with range, start, starts, shape, integer, unit",
        "parameters": "for each parameter a number, a list, an expression, or a word: positive, nonnegative, negative, real, integer",
        "subject to": "the constraints, a list of texts or a mapping of names to texts",
        "data": "a CSV file, and which of its columns form matrices",
        "methods": "a list of names, or of mappings of a name to its options",
        "known": "the published answer, which ours is compared with",
        "tags": "a list of words by which problems are chosen",
    },
    "a variable": {
        "range": 'two ends, or a text such as "[0, 10)" or "0..10"',
        "start": "a number or an expression, or a list with one an entry",
        "starts": "a list of several starts",
        "shape": "the length of an array, or a list of its lengths; numbers, or expressions of parameters",
        "integer": "true for whole numbers only",
        "unit": "a text, shown but never computed with",
    },
    "data": {"file": "a CSV file, relative to the problem file", "matrices": "for each matrix a list of columns"},
    "model": {"response": "a column of the data, or an expression of columns", "expr": "the model for it, an expression"},
    "known": {"value": "a number or an expression", "at": "for each variable its value", "source": "where it was published"},
}
_OTHER_NAMES = {
    "objective": "minimize",
    "min": "minimize",
    "minimise": "minimize",
    "max": "maximize",
    "maximise": "maximize",
    "constraints": "subject to",
    "subject_to": "subject to",
    "such that": "subject to",
    "st": "subject to",
    "s.t.": "subject to",
    "vars": "variables",
    "bounds": "variables",
    "params": "parameters",
    "constants": "parameters",
    "bound": "range",
    "domain": "range",
    "x0": "start",
    "initial": "start",
    "size": "shape",
    "int": "integer",
}
_EXPECTED = {
    "minimize": 'an expression, such as minimize: "x^2"',
    "maximize": 'an expression, such as maximize: "x^2"',
    "variables": "a mapping, such as variables: {x: [0, 10]}",
    "parameters": "a mapping, such as parameters: {a: 2}",
    "subject to": 'a list of texts, such as subject to: ["x + y <= 9"], or a mapping of names to texts',
    "data": "a mapping, such as data: {file: points.csv}",
    "model": 'a mapping, such as model: {response: y, expr: "b1*(1 - exp(-b2*x))"}',
    "methods": "a list, such as methods: [bfgs, {gradient-descent: {step: 0.1}}]",
    "known": 'a mapping, such as known: {value: "-1/4", at: {x: 1/2}}',
    "tags": "a list, such as tags: [unconstrained]",
    "starts": "a list of starts, such as starts: [0, 1]",
    "matrices": "a mapping, such as matrices: {X: [f1, f2]}",
    "at": "a mapping, such as at: {x: 1/2}",
}

Pair = tuple[Node, Node]


def problem_draft(source: Source, root: Node, folder: Path | None) -> ProblemDraft:
    """Return what the document says, without the parts that are noted as mistakes; without an objective it is 0."""
    if root.kind is Kind.NULL:
        source.report('There is no problem in this document; it needs at least an objective, such as minimize: "x^2".', root)
    elif root.kind is not Kind.MAPPING:
        _wrong(source, root, "A problem", "a mapping of fields to values", 'For example: minimize: "x^2"')
    given = _fields(source, root, "a problem")
    model = _model(source, given)
    sense, objective = _objective(source, root, given, model)
    variables = tuple(_variable(source, key, value) for key, value in _pairs(source, given, "variables"))
    _check_entries(source, variables, given)
    parameters = [_parameter(source, key, value) for key, value in _pairs(source, given, "parameters")]
    return ProblemDraft(
        sense,
        objective,
        model=model,
        name=_text_field(source, given, "name"),
        description=_text_field(source, given, "description"),
        variables=variables,
        parameters=tuple(parameter for parameter in parameters if isinstance(parameter, ParameterDraft)),
        constraints=_constraints(source, given),
        data=_data(source, given),
        methods=tuple(m for item in _items(source, given, "methods") for m in _methods(source, item)),
        known=_known(source, given),
        tags=_known_texts(_text(source, item, "A tag") for item in _items(source, given, "tags")),
        faulty=frozenset(parameter for parameter in parameters if isinstance(parameter, str)),
        folder=folder,
        file=source.file,
    )


def _model(source: Source, given: dict[str, Pair]) -> ModelDraft | None:
    if "model" not in given or not _is_mapping(source, *given["model"]):
        return None
    key, node = given["model"]
    inner = _fields(source, node, "model")
    for name in ("response", "expr"):
        if name not in inner:
            source.report(f"model has no {name}.", key, 'Write for example model: {response: y, expr: "a + b*x"}')
    response, expr = (_expression(source, *inner[name], name) if name in inner else None for name in ("response", "expr"))
    return None if response is None or expr is None else ModelDraft(response, expr)


def _objective(source: Source, root: Node, given: dict[str, Pair], model: ModelDraft | None) -> tuple[Sense, Text]:
    if "model" in given:
        for sense_ in ("minimize", "maximize"):
            if sense_ in given:
                source.report(f"A model is fitted by least squares, so there is nothing else to {sense_}.", given[sense_][0])
        return "minimize", Text("0" if model is None else f"sum(({model.response.value} - ({model.expr.value}))^2)")
    if "minimize" in given and "maximize" in given:
        second = max(given["minimize"][0], given["maximize"][0], key=lambda key: key.start)
        source.report("A problem has one objective; this one has both minimize and maximize.", second)
    sense: Sense = "maximize" if "maximize" in given and "minimize" not in given else "minimize"
    if sense not in given:
        if root.kind is Kind.MAPPING:
            source.report("There is no objective.", Node(Kind.NULL, root.start, root.start), 'Add for example: minimize: "x^2"')
        return sense, Text("0")
    return sense, _expression(source, *given[sense], sense) or Text("0")


def _variable(source: Source, key: Node, value: Node) -> VariableDraft:
    name = source.words(key)
    if value.kind is not Kind.MAPPING:
        return VariableDraft(name, _range(source, key, value), place=name.place)
    given = _fields(source, value, "a variable")
    return VariableDraft(
        name,
        range=_range(source, *given["range"]) if "range" in given else None,
        start=_values(source, given["start"][1], "A start") if "start" in given else None,
        starts=tuple(_values(source, item, "A start") for item in _items(source, given, "starts")),
        shape=_shape(source, given["shape"][1]) if "shape" in given else None,
        integer=_integer(source, given["integer"][1]) if "integer" in given else False,
        unit=_text_field(source, given, "unit"),
        place=name.place,
    )


def _range(source: Source, key: Node, node: Node) -> Text | tuple[Values, Values] | None:
    if node.kind in (Kind.NULL, Kind.FAULTY):
        return None
    if node.kind is Kind.TEXT:
        return source.words(node)
    ends = f'two ends, such as [0, 10] or [0, null], or a text such as "[0, 10)" or "0..10", not {_described(node)}.'
    name = printable(key.value[:60])
    if node.kind is not Kind.LIST:
        hint = f"To fix it at {node.value}, write {name}: [{node.value}, {node.value}]." if node.kind is Kind.NUMBER else None
        source.report(f"A range has {ends}", node, hint)
    elif any(child.kind is Kind.FAULTY for child in node.children):
        pass
    elif len(node.children) != 2:
        inner = any(child.kind is Kind.LIST for child in node.children)
        source.report(f"A range has {ends}", node, "Ends that differ by entry are two lists: [[0, 0, 0], [1, 2, 3]]." if inner else None)
    else:
        lower, upper = (_values(source, child, "An end of a range") for child in node.children)
        return lower, upper
    return None


def _shape(source: Source, node: Node) -> tuple[int | Text, ...] | None:
    lengths = node.children if node.kind is Kind.LIST else [node]
    sizes = [_length(source, length) for length in lengths]
    if not sizes:
        source.report("A shape has at least one length, such as shape: 50 or shape: [3, 4].", node)
    shape = tuple(size for size in sizes if size is not None)
    if not sizes or len(shape) < len(sizes):
        return None
    if _known_size(shape) > MAX_ENTRIES:
        source.report(f"The array has more than {MAX_ENTRIES:,} entries.", node)
        return None
    return shape


def _known_size(shape: Iterable[int | Text]) -> int:
    """The product of the lengths that are numbers."""
    return math.prod(length for length in shape if isinstance(length, int))


def _length(source: Source, node: Node) -> int | Text | None:
    if node.kind is Kind.FAULTY:
        return None
    if node.kind is Kind.TEXT and node.value.strip():
        return source.words(node)
    number = source.number(node) if node.kind is Kind.NUMBER and digits(node.value) <= 20 else None
    if number is not None and number.value > 0 and number.value.denominator == 1:
        return number.value.numerator
    if number is None and node.kind is Kind.NUMBER:
        source.report(f"The array has more than {MAX_ENTRIES:,} entries.", node)
    else:
        _wrong(source, node, "A length in a shape", "a whole number from 1 on, or an expression of parameters")
    return None


def _check_entries(source: Source, variables: tuple[VariableDraft, ...], given: dict[str, Pair]) -> None:
    if sum(_known_size(variable.shape or ()) for variable in variables) > MAX_ENTRIES:
        source.report(f"The variables have more than {MAX_ENTRIES:,} entries in all.", given["variables"][0])


def _integer(source: Source, node: Node) -> bool:
    if node.kind not in (Kind.FLAG, Kind.NULL, Kind.FAULTY):
        _wrong(source, node, "integer", "true or false")
    return node.value == "true"


def _parameter(source: Source, key: Node, value: Node) -> ParameterDraft | str:
    """The parameter, or its name where its value is a mistake."""
    name = printable(key.value[:60])
    if value.kind is Kind.NULL:
        source.report(f"Parameter {name} has no value.", key, f"Write {name}: 2, or {name}: real to keep it as a symbol.")
    values = _values(source, value, f"Parameter {name}")
    return ParameterDraft(source.words(key), values) if _is_given(source, value, values, name) else key.value


def _is_given(source: Source, node: Node, value: Values, name: str) -> bool:
    """Whether a parameter has a value in every entry; those that are null are noted."""
    if not isinstance(value, tuple):
        return value is not None
    given = True
    for child, part in zip(node.children, value, strict=True):
        if child.kind is Kind.NULL:
            source.report(f"An entry of the parameter {name} has no value.", child)
        given = _is_given(source, child, part, name) and given
    return given


def _constraints(source: Source, given: dict[str, Pair]) -> tuple[ConstraintDraft, ...]:
    if "subject to" not in given or given["subject to"][1].kind is Kind.MAPPING:
        return _named_constraints(source, _pairs(source, given, "subject to"))
    return tuple(c for item in _items(source, given, "subject to") for c in _constraint(source, item))


def _constraint(source: Source, item: Node) -> tuple[ConstraintDraft, ...]:
    if item.kind is Kind.MAPPING:
        return _named_constraints(source, _mapping(source, item))
    text = _expression(source, item, item, "A constraint")
    return () if text is None else (ConstraintDraft(text),)


def _named_constraints(source: Source, pairs: list[Pair]) -> tuple[ConstraintDraft, ...]:
    read = [(key, _expression(source, key, value, "A constraint")) for key, value in pairs]
    return tuple(ConstraintDraft(text, source.words(key)) for key, text in read if text is not None)


def _data(source: Source, given: dict[str, Pair]) -> DataDraft | None:
    if "data" not in given or not _is_mapping(source, *given["data"]):
        return None
    key, node = given["data"]
    inner = _fields(source, node, "data")
    file = _text_field(source, inner, "file")
    if "file" not in inner:
        source.report("data has no file.", key, "Write for example data: {file: points.csv}")
    return None if file is None else DataDraft(file, tuple(_matrix(source, *pair) for pair in _pairs(source, inner, "matrices")))


def _matrix(source: Source, key: Node, value: Node) -> MatrixDraft:
    if value.kind is not Kind.LIST or not value.children:
        name = printable(key.value[:60])
        _wrong(source, value, f"Matrix {name}", f"a list of columns, such as {name}: [f1, f2]")
    return MatrixDraft(source.words(key), _known_texts(_text(source, item, "The name of a column") for item in _members(value)))


def _methods(source: Source, item: Node) -> list[MethodDraft]:
    if item.kind is Kind.MAPPING:
        return [_method(source, key, value) for key, value in _mapping(source, item)]
    name = _text(source, item, "A method")
    return [] if name is None else [MethodDraft(name)]


def _method(source: Source, key: Node, value: Node) -> MethodDraft:
    name = printable(key.value[:60])
    if value.kind not in (Kind.MAPPING, Kind.NULL, Kind.FAULTY):
        _wrong(source, value, f"The options of {name}", f"a mapping, such as {name}: {{step: 0.1}}")
    pairs = _mapping(source, value) if value.kind is Kind.MAPPING else []
    return MethodDraft(source.words(key), tuple(OptionDraft(source.words(k), _option(source, v)) for k, v in pairs))


def _option(source: Source, node: Node) -> Option:
    if node.kind is Kind.FLAG:
        return Flag(node.value == "true", source.place(node.start, node.end))
    return _scalar(source, node, "An option", "a number, a text, true, false or null")


def _known(source: Source, given: dict[str, Pair]) -> KnownDraft | None:
    if "known" not in given or not _is_mapping(source, *given["known"]):
        return None
    inner = _fields(source, given["known"][1], "known")
    return KnownDraft(
        value=_scalar(source, inner["value"][1], "A known value") if "value" in inner else None,
        at=tuple(CoordinateDraft(source.words(k), _values(source, v, "A known value")) for k, v in _pairs(source, inner, "at")),
        source=_text_field(source, inner, "source"),
    )


def _values(source: Source, node: Node, what: str) -> Values:
    if node.kind is Kind.LIST:
        return tuple(_values(source, child, what) for child in node.children)
    return _scalar(source, node, what, "a number, an expression or a list of them")


def _scalar(source: Source, node: Node, what: str, expected: str = "a number or an expression") -> Scalar:
    if node.kind is Kind.NUMBER:
        return source.number(node)
    if node.kind is Kind.TEXT:
        return source.words(node)
    if node.kind not in (Kind.NULL, Kind.FAULTY):
        _wrong(source, node, what, expected)
    return None


def _expression(source: Source, key: Node, node: Node, what: str) -> Text | None:
    """Return the expression; a number counts as one."""
    if node.kind in (Kind.TEXT, Kind.NUMBER) and node.value.strip():
        return source.words(node)
    if node.kind in (Kind.TEXT, Kind.NULL):
        after = source.place(key.end, key.end).line_text[source.place(key.end, key.end).start :]
        lost = after.partition("#")[2].strip()
        hint = f"In YAML # begins a comment; write {printable(key.value)}: {in_quotes('#' + lost)}." if lost and key is not node else None
        source.report(f"{what} has no expression.", key, hint)
    elif node.kind is not Kind.FAULTY:
        written = source.text[node.start : node.end]
        field = "" if key is node else f"{printable(key.value)}: "
        short = node.tight and "\n" not in written and len(written) <= 200
        _wrong(source, node, what, "an expression", f"Put the expression in quotes: {field}{in_quotes(written)}" if short else None)
    return None


def _text_field(source: Source, given: dict[str, Pair], name: str) -> Text | None:
    return _text(source, given[name][1], name) if name in given else None


def _text(source: Source, node: Node, what: str) -> Text | None:
    """Return the text; a number counts as one, as it is written."""
    if node.kind in (Kind.TEXT, Kind.NUMBER):
        return source.words(node)
    if node.kind is not Kind.FAULTY:
        hint = f"Put it in quotes: {in_quotes(node.value)}" if node.kind is Kind.FLAG else None
        _wrong(source, node, what, "a text", hint)
    return None


def _known_texts(texts: Iterable[Text | None]) -> tuple[Text, ...]:
    return tuple(text for text in texts if text is not None)


def _fields(source: Source, node: Node, owner: str) -> dict[str, Pair]:
    """Return the fields that are given and known; `owner` is a row of FIELDS."""
    known = FIELDS[owner]
    pairs = _mapping(source, node) if node.kind is Kind.MAPPING else []
    for key, _ in pairs:
        if key.value not in known:
            source.report(*_unknown(key, owner, list(known)))
    said = [pair for pair in pairs if pair[1].kind is not Kind.NULL or pair[0].value in _NEEDED]
    return {key.value: (key, value) for key, value in said if key.value in known}


_NEEDED = ("minimize", "maximize", "file")  # fields that are a mistake when they have no value


def _unknown(key: Node, owner: str, known: list[str]) -> tuple[str, Node, str]:
    name = key.value[:60]
    other = _OTHER_NAMES.get(name.lower(), "")
    offered = f" Did you mean {other}?" if other in known else nearest(name, known)
    return f"{owner[:1].upper()}{owner[1:]} has no field '{printable(name)}'.{offered}", key, f"Its fields are {', '.join(known)}."


def _pairs(source: Source, given: dict[str, Pair], name: str) -> list[Pair]:
    return _mapping(source, given[name][1]) if name in given and _is_mapping(source, *given[name]) else []


def _is_mapping(source: Source, key: Node, node: Node) -> bool:
    if node.kind not in (Kind.MAPPING, Kind.FAULTY):
        _wrong(source, node, key.value, _EXPECTED[key.value])
    return node.kind is Kind.MAPPING


def _mapping(source: Source, node: Node) -> list[Pair]:
    """Return the pairs of a mapping whose keys are names, each of them once."""
    first: dict[str, Pair] = {}
    for key, value in zip(node.children[::2], node.children[1::2], strict=True):
        if key.kind is Kind.FAULTY:
            continue
        if key.kind in (Kind.LIST, Kind.MAPPING) or not key.value:
            _wrong(source, key, "A name before a colon", "a text")
        elif key.plain and key.value == "<<":
            source.report("YAML's merge key << is not accepted; write the fields out.", key)
        elif key.value in first:
            line = source.line(first[key.value][0].start)
            source.report(f"'{printable(key.value[:60])}' is given twice; the first is on line {line}.", key)
        else:
            first[key.value] = (key, value)
    return list(first.values())


def _items(source: Source, given: dict[str, Pair], name: str) -> list[Node]:
    if name not in given:
        return []
    node = given[name][1]
    if node.kind not in (Kind.LIST, Kind.FAULTY):
        _wrong(source, node, name, _EXPECTED[name])
    return _members(node)


def _members(node: Node) -> list[Node]:
    return node.children if node.kind is Kind.LIST else []


def _wrong(source: Source, node: Node, what: str, expected: str, hint: str | None = None) -> None:
    if node.kind is not Kind.FAULTY:
        source.report(f"{what} must be {expected}; this is {_described(node)}.", node, hint)


def _described(node: Node) -> str:
    if node.kind is Kind.LIST:
        return f"a list of {len(node.children)}" if node.children else "an empty list"
    if node.kind in (Kind.NUMBER, Kind.FLAG) and len(node.value) <= 30:
        return node.value
    return str(node.kind.value)


def in_quotes(text: str) -> str:
    """Return `text` as YAML writes it in quotes, on one line and safe to print.

    >>> print(in_quotes('|x|'), in_quotes('a"b'))
    "|x|" 'a"b'
    """
    if '"' in text or "\\" in text:
        quoted = text.replace("'", "''")
        return printable(f"'{quoted}'")
    return printable(f'"{text}"')
