"""Reading a problem file, YAML 1.2 or JSON, into a draft.

The text becomes a tree of nodes with places (JSON by `tree`, YAML here, from the events of PyYAML's parser, so that no
constructor of PyYAML ever runs), and `fields` makes the draft of the tree. All mistakes of a document come in one error.

>>> draft = read_text('minimize: "x*log(x) - sqrt(x)"\\nvariables: {x: [0, 10]}')
>>> draft.objective.value, draft.variables[0].range[1].value
('x*log(x) - sqrt(x)', Fraction(10, 1))
>>> read_text("minimize: |x-1|+x", "a.yaml")
Traceback (most recent call last):
    ...
optbench.errors.ProblemError: a.yaml:1:11: In YAML | begins a text of several lines, so an expression with it needs quotes.
  minimize: |x-1|+x
            ^
  Write minimize: "|x-1|+x"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optbench.errors import Mistake, ProblemError, UsageError, printable
from optbench.problem.draft import ProblemDraft
from optbench.problem.fields import in_quotes, problem_draft
from optbench.problem.regular_file import regular_file, shown, too_large
from optbench.problem.tree import MAX_DEPTH, NUMBER, Kind, Node, Source, json_tree

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 16 * 2**20
_LONG_LINE = 2000  # characters of a line that is searched for what is wrong


class Reading(NamedTuple):
    """What a document says, without its faulty parts, and the mistakes in it."""

    draft: ProblemDraft
    mistakes: tuple[Mistake, ...]


def read(path: str) -> ProblemDraft:
    """Return the draft of the one problem in a file.

    Raises UsageError if the file can't be opened or has several documents, ProblemError with all mistakes of its content.
    """
    return _only(readings(file_text(path), path, Path(path).parent))


def reading(path: str) -> Reading:
    """Return what the one problem in a file says, with its mistakes; raise only where nothing can be said of it."""
    return _one(readings(file_text(path), path, Path(path).parent))


def reading_of_text(text: str) -> Reading:
    """Return what the one problem in a text says, with its mistakes; raise only where nothing can be said of it."""
    return _one(readings(text))


def read_documents(path: str) -> tuple[ProblemDraft, ...]:
    """Return the drafts of all documents in a file; raise as `read` does, with the mistakes of all of them."""
    return _drafts(readings(file_text(path), path, Path(path).parent))


def read_text(text: str, file: str | None = None, folder: Path | None = None) -> ProblemDraft:
    """Return the draft of the one problem in a text; `file` names it in messages, data files are relative to `folder`."""
    return _only(readings(text, file, folder))


def readings(text: str, file: str | None = None, folder: Path | None = None) -> tuple[Reading, ...]:
    """Return what each document of the text says, with its mistakes, for one who adds those of the expressions.

    Raises ProblemError where the text is neither YAML nor JSON, or too large.
    """
    if len(text) > MAX_BYTES:
        raise ProblemError(too_large(file or "the text", MAX_BYTES))
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source, roots = _trees(text, file)
    return tuple(_reading(source, root, folder) for root in roots)


def _reading(source: Source, root: Node, folder: Path | None) -> Reading:
    draft = problem_draft(source, root, folder)
    found, source.mistakes = source.found(), []
    return Reading(draft, found)


def _one(read: tuple[Reading, ...]) -> Reading:
    if len(read) > 1:
        name = f"{shown(read[0].draft.file)} has" if read[0].draft.file else "The text has"
        raise UsageError(Mistake(f"{name} {len(read)} problems; one is expected.", hint="`optbench batch` runs all problems of a file."))
    if not read:
        raise ProblemError("There is no problem here.")
    return read[0]


def _only(read: tuple[Reading, ...]) -> ProblemDraft:
    return _drafts((_one(read),))[0]


def _drafts(read: tuple[Reading, ...]) -> tuple[ProblemDraft, ...]:
    mistakes = [mistake for reading in read for mistake in reading.mistakes]
    if mistakes:
        raise ProblemError(*mistakes)
    return tuple(reading.draft for reading in read)


def file_text(path: str) -> str:
    """Return what a file says; raise as `read` does where that is not to be had."""
    with regular_file(path, MAX_BYTES) as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ProblemError(too_large(path, MAX_BYTES))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemError(_not_utf8(path, content, error.start)) from None


def _not_utf8(path: str, content: bytes, at: int) -> Mistake:
    before = content[:at].decode("utf-8")
    source = Source(before + "\ufffd" + re.split(rb"[\r\n]", content[at + 1 :], maxsplit=1)[0].decode("utf-8", "replace"), path)
    return Mistake(f"Byte {content[at]:#04x} is not UTF-8; save the file in that encoding.", source.place(len(before), len(before) + 1))


def _trees(text: str, file: str | None) -> tuple[Source, list[Node]]:
    """Return the trees of all documents: strict JSON for a file named so, YAML for all else that is not JSON by chance."""
    if text.lstrip()[:1] in ("{", "[") or _is_json(file):
        source = Source(text, file)
        try:
            return source, [json_tree(source)]
        except ProblemError:
            if _is_json(file):
                raise
    source = Source(text, file)
    return source, _yaml_trees(source)


def _is_json(file: str | None) -> bool:
    return file is not None and file.lower().endswith(".json")


_FORBIDDEN = re.compile("[^\\t\\n -~\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def _yaml_trees(source: Source) -> list[Node]:
    import yaml

    if bad := _FORBIDDEN.search(source.text):
        source.stop(f"The character {bad[0]!a} is not allowed in YAML.", bad.start(), bad.end())
    try:
        events = yaml.parse(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        roots = list(_compose(source, events))
    except yaml.MarkedYAMLError as error:
        raise ProblemError(*source.found(), _syntax_mistake(source, error)) from None
    except yaml.YAMLError:
        raise ProblemError("The text is not YAML.") from None
    written = [root for root in roots if root.kind is not Kind.NULL]
    return written or roots[:1] or [Node(Kind.NULL, 0, 0)]


def _compose(source: Source, events: Iterator[yaml.Event]) -> Iterator[Node]:
    """Yield the root of each document; no recursion, so that nesting is bounded by us."""
    import yaml

    open_nodes: list[Node] = []
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            node = _node(source, event)
            if open_nodes:
                open_nodes[-1].children.append(node)
                _check_parentheses(source, open_nodes[-1], node)
            if isinstance(event, yaml.CollectionStartEvent):
                source.check_depth(len(open_nodes) + 1, node.start)
                open_nodes.append(node)
        elif isinstance(event, yaml.CollectionEndEvent):
            node = open_nodes.pop()
            node.end = _span(event)[1]
        if not open_nodes and isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent, yaml.CollectionEndEvent)):
            yield node


def _node(source: Source, event: yaml.NodeEvent) -> Node:
    import yaml

    start, end = _span(event)
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None or getattr(event, "tag", None) is not None:
        alone = not isinstance(event, yaml.CollectionStartEvent)
        source.note(_sign_mistake(source, start, _quoting(source, start) if alone else None))
        kind, value, plain = Kind.FAULTY, "", False
    elif isinstance(event, yaml.ScalarEvent):
        plain = event.style in (None, "")
        kind, value = _resolved(event.value) if plain else (Kind.TEXT, event.value)
        if plain and value.lower() == ".nan":
            source.note(Mistake(f"{value} is not a number, so it can't be used.", source.place(start, end)))
            kind = Kind.FAULTY
    else:
        kind, value, plain = Kind.LIST if isinstance(event, yaml.SequenceStartEvent) else Kind.MAPPING, "", False
    return source.node(kind, start, end, value, plain=plain, tight=bool(getattr(event, "flow_style", False)))


def _span(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None
    assert event.end_mark is not None
    return event.start_mark.index, event.end_mark.index


_PLAIN = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), (Kind.NULL, "")),
    **dict.fromkeys(("true", "True", "TRUE"), (Kind.FLAG, "true")),
    **dict.fromkeys(("false", "False", "FALSE"), (Kind.FLAG, "false")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), (Kind.TEXT, "inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), (Kind.TEXT, "-inf")),
}


def _resolved(value: str) -> tuple[Kind, str]:
    """Return kind and value of a scalar without quotes, by the core schema of YAML 1.2 (section 10.3)."""
    if value in _PLAIN:
        return _PLAIN[value]
    return (Kind.NUMBER if NUMBER.fullmatch(value) else Kind.TEXT), value


def _check_parentheses(source: Source, parent: Node, closing: Node) -> None:
    """Note a text with parentheses that [ ] or { } have cut at a comma, as in {range: (0, inf)}; `closing` is its last piece."""
    if not parent.tight or _surplus(closing) >= 0:
        return
    pieces = parent.children[-_MOST_PIECES:]
    for first in range(len(pieces) - 2, -1, -1):
        if _surplus(pieces[first]) > 0:
            start, end = pieces[first].start, closing.end
            hint = f"Write {in_quotes(source.text[start:end])}" if "\n" not in source.text[start:end] else None
            source.note(Mistake("Inside [ ] and { } a text with a comma needs quotes.", source.place(start, end), hint))
            for piece in pieces[first:]:
                piece.kind = Kind.FAULTY
            return


_MOST_PIECES = 20  # values among which the beginning of a text that was cut is looked for


def _surplus(node: Node) -> int:
    """Return how many parentheses a scalar without quotes opens more than it closes."""
    return node.value.count("(") - node.value.count(")") if node.plain and node.kind is Kind.TEXT else 0


_SIGNS = {
    "|": "begins a text of several lines",
    ">": "begins a text of several lines",
    "*": "refers to an anchor, which is not accepted (a small file could unfold into a huge one)",
    "&": "sets an anchor, which is not accepted (a small file could unfold into a huge one)",
    "!": "begins a tag, which is not accepted (it could ask for any object)",
    "%": "is reserved",
    "@": "is reserved",
    "`": "is reserved",
}


def _sign_mistake(source: Source, at: int, hint: str | None) -> Mistake:
    sign = source.text[at]
    return Mistake(f"In YAML {sign} {_SIGNS[sign]}, so an expression with it needs quotes.", source.place(at, at + 1), hint)


def _quoting(source: Source, at: int) -> str | None:
    """Return the advice to put what stands from `at` on in quotes, with the key before it."""
    line, column = source.place(at, at).line_text, source.place(at, at).start
    before, value = line[:column], re.split(r"\s#", line[column:], maxsplit=1)[0].strip()
    if sum(map(before.count, "[{")) > sum(map(before.count, "]}")):
        value = re.split(r"[,\]}]", value, maxsplit=1)[0].strip()
    key = re.search(r"([^\s{}\[\],:'\"-][^{}\[\],:]*):\s+$", before)
    return f"Write {printable(key[1]) + ': ' if key else ''}{in_quotes(value)}" if 0 < len(value) <= 200 else None


def _syntax_mistake(source: Source, error: yaml.MarkedYAMLError) -> Mistake:
    """Return our sentence on what PyYAML can't read: it knows where, the text around says why."""
    at = min(error.problem_mark.index, len(source.text)) if error.problem_mark else 0
    begin = min(error.context_mark.index, len(source.text)) if error.context_mark else at
    if "nesting" in (error.problem or ""):  # libyaml has a limit of its own, and looks ahead of the events
        source.check_depth(MAX_DEPTH + 1, at)
    if "scanning" in (error.context or "") and source.text[begin : begin + 1] in tuple(_SIGNS):
        if inner := _text_with_brackets(source, begin):
            return inner
        return _sign_mistake(source, begin, _quoting(source, begin))
    if source.text[begin : begin + 1] in ("[", "{") and (inner := _text_with_brackets(source, at)):
        return inner
    sentence, place, hint = _explained(source, begin, at, error.problem or "")
    return Mistake(sentence, source.place(place, place + 1), hint)


def _explained(source: Source, begin: int, at: int, problem: str) -> tuple[str, int, str | None]:
    if len(source.place(at, at).line_text) > _LONG_LINE:
        return "The YAML can't be read from here on.", at, "Look for a bracket, a quote or a colon too many or too few."
    opening, sign = source.text[begin : begin + 1], source.text[at : at + 1]
    line = source.place(at, at)
    value = re.match(r"\s*(?:- +)?[^\s'\"#][^:'\"]*:\s+(?=(['\"]?))", line.line_text)
    if "escape" in problem:
        return "In double quotes a backslash begins an escape.", at, r"Write \\ for a backslash, or use single quotes."
    if opening and opening in "\"'" and "end of stream" in problem:
        return f"The {opening} that begins here is never closed.", begin, None
    if sign == "\t":
        return "YAML doesn't accept a tab here.", at, "Use spaces to indent."
    if opening and opening in "[{":
        return _explained_by_closing(source, begin)
    if value and value[1] and value.end() < line.start:
        return "The text goes on after its closing quote.", at, "Put the whole of it in one pair of quotes."
    if value and value.end() <= line.start:
        return f"An expression or text with '{printable(sign)}' here needs quotes.", at, _quoting(source, at - line.start + value.end())
    return _explained_by_lines(source, at)


def _explained_by_closing(source: Source, begin: int) -> tuple[str, int, str | None]:
    line = source.place(begin, begin)
    half_open = re.match(r"\[[^\[\](){}]*\)", line.line_text[line.start :])
    hint = f"A half-open range needs quotes: {in_quotes(half_open[0])}" if half_open else None
    opening = source.text[begin]
    return f"The {opening} that begins here is not closed by a matching {']' if opening == '[' else '}'}.", begin, hint


_WITH_BRACKETS = re.compile(r"[^\s,\[\]{}'\":#][^,\[\]{}'\":#]*\[[^\]'\"]*\][^,\]}]*")


def _text_with_brackets(source: Source, at: int) -> Mistake | None:
    """Return the mistake if `at` lies in a text such as x[0] >= 1 without quotes inside [ ] or { }."""
    line = source.place(at, at)
    for found in _WITH_BRACKETS.finditer(line.line_text if len(line.line_text) <= _LONG_LINE else ""):
        if found.start() < line.start <= found.end() and re.search(r"[\[{]", line.line_text[: found.start()]):
            place = line._replace(start=found.start(), end=found.start() + len(found[0].rstrip()))
            return Mistake("Inside [ ] and { } a text with brackets needs quotes.", place, f"Write {in_quotes(found[0].strip())}")
    return None


def _explained_by_lines(source: Source, at: int) -> tuple[str, int, str | None]:
    line = source.line(at)
    before = source.text[: at - source.place(at, at).start].rstrip("\n").rpartition("\n")[2]
    if re.match(r"\s*[\w ]+:[^\s:]", before):
        sentence = f"Line {line} can't follow the line before it, where a space is missing after the colon."
        return sentence, at, f"Line {line - 1}: {printable(before[:80])}"
    return "This does not fit what stands before it.", at, "Look at the indentation, and for a bracket or a quote that is missing."
