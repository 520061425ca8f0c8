"""The content of a YAML or JSON document as a tree of nodes with their places in the text, and the JSON half of reading it.

A `Source` is the text together with what is found wrong in it; a `Node` is a scalar, a list or a mapping at
`text[start:end]`. Sizes are bounded here, for both formats: nesting, number of nodes, digits.

>>> source = Source('{"start": [0.5]}')
>>> [number] = json_tree(source).children[1].children
>>> source.number(number)
Number(value=Fraction(1, 2), place=Place(line_text='{"start": [0.5]}', start=11, end=14, file=None, line=1))
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import NoReturn

from optbench.errors import Mistake, Place, ProblemError, printable
from optbench.problem.draft import Number, Text

MAX_DEPTH = 50
MAX_NODES = 2_000_000
MAX_DIGITS = 10_000  # of one number, and the largest power of ten
MAX_DIGITS_IN_ALL = 50_000_000
_MAX_MISTAKES = 50  # that are shown
_ENOUGH_MISTAKES = 1000  # after which reading ends


class Kind(Enum):
    """What a node is, in the words of the sentences about it."""

    NULL = "nothing"
    FLAG = "true or false"
    NUMBER = "a number"
    TEXT = "a text"
    LIST = "a list"
    MAPPING = "a mapping"
    FAULTY = "reported already"


@dataclass(slots=True)
class Node:
    """One value of the document, at `text[start:end]`."""

    kind: Kind
    start: int
    end: int
    value: str = ""  # of a scalar
    children: list[Node] = field(default_factory=list)  # a list's members; a mapping's keys and values in turn
    plain: bool = False  # a scalar without quotes
    tight: bool = False  # a list or mapping written in [ ] or { }


class Source:
    """A document's text, where its lines begin, and the mistakes found in it so far."""

    def __init__(self, text: str, file: str | None = None) -> None:
        self.text = text
        self.file = file
        self.mistakes: list[Mistake] = []
        self._lines = text.split("\n")
        self._begins = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        self._nodes = 0
        self._digits = 0

    def place(self, start: int, end: int) -> Place:
        """Return the place of `text[start:end]`, reduced to the line on which it begins."""
        row = min(bisect_right(self._begins, start) - 1, len(self._lines) - 1)
        line, begin = self._lines[row], self._begins[row]
        column = min(start - begin, len(line))
        return Place(line, column, max(column, min(end - begin, len(line))), self.file, row + 1)

    def line(self, start: int) -> int:
        """Return the number of the line, from 1, on which `text[start]` stands."""
        return bisect_right(self._begins, start)

    def report(self, sentence: str, node: Node, hint: str | None = None) -> None:
        """Note a mistake at `node`."""
        self.note(Mistake(sentence, self.place(node.start, node.end), hint))

    def note(self, mistake: Mistake) -> None:
        """Note a mistake; reading goes on, but not for ever."""
        self.mistakes.append(mistake)
        if len(self.mistakes) >= _ENOUGH_MISTAKES:
            raise ProblemError(*self.found())

    def stop(self, sentence: str, start: int, end: int, hint: str | None = None) -> NoReturn:
        """Raise ProblemError for a mistake after which the rest can't be read."""
        raise ProblemError(Mistake(sentence, self.place(start, end), hint))

    def found(self) -> tuple[Mistake, ...]:
        """Return the mistakes in the order of their places, at most 50 and a last one that counts the others."""
        ordered = sorted(self.mistakes, key=lambda m: (m.place.line or 0, m.place.start) if m.place else (0, 0))
        more = len(ordered) - _MAX_MISTAKES
        return (*ordered[:_MAX_MISTAKES], *([Mistake(f"There are {more} more mistakes.")] if more > 0 else []))

    def node(self, kind: Kind, start: int, end: int, value: str = "", *, plain: bool = False, tight: bool = False) -> Node:
        """Return a new node, unless there are too many."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.stop(f"There are more than {MAX_NODES:,} values; put large data into a CSV file (data: ...).", start, end)
        return Node(kind, start, end, value, plain=plain, tight=tight)

    def check_depth(self, depth: int, start: int) -> None:
        """Refuse lists and mappings that are nested too deeply."""
        if depth > MAX_DEPTH:
            self.stop(f"Lists and mappings are nested more than {MAX_DEPTH} deep.", start, start + 1)

    def words(self, node: Node) -> Text:
        """Return a scalar as a text that knows where its letters stand."""
        raw = self.text[node.start : node.end]
        margin = 0 if node.plain else 1
        value = node.value.rstrip("\n")
        as_written = "\n" not in raw and len(raw) == len(value) + 2 * margin and raw[margin : len(raw) - margin] == value
        place = self.place(node.start, node.end)
        return Text(value, place, place.start + margin if as_written else None)

    def number(self, node: Node) -> Number | None:
        """Return a number exactly, or note that it has too many digits and return None."""
        count = digits(node.value)
        self._digits += count
        if count > MAX_DIGITS:
            self.report(f"The number has more than {MAX_DIGITS:,} digits.", node)
            return None
        if self._digits > MAX_DIGITS_IN_ALL:
            self.stop(f"The numbers have more than {MAX_DIGITS_IN_ALL:,} digits in all.", node.start, node.end)
        return Number(exact(node.value), self.place(node.start, node.end))


NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def digits(text: str) -> int:
    """Return how many digits the number that `text` spells has when it is written out, give or take a few; computes nothing.

    >>> digits("1e999999999") > MAX_DIGITS, digits("1e-6")
    (True, 6)
    """
    if text.isdecimal():
        return len(text)
    mantissa, _, exponent = text.lower().partition("e")
    exponent = exponent.lstrip("+-0")
    if len(exponent) > 6:
        return MAX_DIGITS + 1
    return max(len(mantissa.lstrip("+-").replace(".", "")), int(exponent or 0))


@lru_cache(maxsize=1000)
def exact(text: str) -> Fraction:
    """Return the number that `text` spells; ask `digits` first.

    >>> exact("-2.50e-1")
    Fraction(-1, 4)
    """
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.lstrip("+-").partition(".")
    size = _integer(whole + decimals)
    power = int(exponent or 0) - len(decimals)
    value = Fraction(size * 10**power) if power >= 0 else Fraction(size, 10**-power)
    return -value if text.startswith("-") else value


def _integer(text: str) -> int:
    """`int(text)`, which Python itself refuses beyond 4300 digits."""
    if len(text) <= 4000:
        return int(text)
    return _integer(text[:-4000]) * 10**4000 + int(text[-4000:])


def json_tree(source: Source) -> Node:
    """Return the tree of a JSON document. Raises ProblemError at the first thing that is not JSON."""
    return _Json(source).document()


_JSON_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:(?P<string>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w.])
      | (?P<word>(?:true|false|null|-?Infinity)\b)
      | (?P<sign>[\[\]{},:])
      | (?P<end>\Z)
      | (?P<other>"|\w+|.))""",
    re.VERBOSE | re.ASCII,
)
_WORDS = {
    "true": (Kind.FLAG, "true"),
    "false": (Kind.FLAG, "false"),
    "null": (Kind.NULL, ""),
    "Infinity": (Kind.TEXT, "inf"),  # what Python and JavaScript libraries write
    "-Infinity": (Kind.TEXT, "-inf"),
}


class _Json:
    """A reader of JSON with one token of foresight: `kind` and `word` at `text[start:end]`."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.end = 0
        self.advance()

    def advance(self) -> None:
        match = _JSON_TOKEN.match(self.source.text, self.end)
        assert match is not None and match.lastgroup is not None  # noqa: PT018 - `other` takes any character
        self.kind, self.word = match.lastgroup, match[match.lastgroup]
        self.start, self.end = match.span(match.lastgroup)

    def document(self) -> Node:
        root = self.value(0)
        if self.kind != "end":
            self.fail("The JSON document ends before this")
        return root

    def value(self, depth: int) -> Node:
        if self.word in ("[", "{"):
            return self.collection(depth + 1)
        if self.kind == "string":
            node = self.source.node(Kind.TEXT, self.start, self.end, self.string())
        elif self.kind == "number":
            node = self.source.node(Kind.NUMBER, self.start, self.end, self.word, plain=True)
        elif self.kind == "word":
            kind, value = _WORDS[self.word]
            node = self.source.node(kind, self.start, self.end, value, plain=True)
        else:
            self.fail("A value is expected here")
        self.advance()
        return node

    def collection(self, depth: int) -> Node:
        self.source.check_depth(depth, self.start)
        kind, close = (Kind.LIST, "]") if self.word == "[" else (Kind.MAPPING, "}")
        node = self.source.node(kind, self.start, self.end, tight=True)
        self.advance()
        while self.word != close:
            if node.children:
                self.expect(",", f"A comma or {close} is expected here")
            if kind is Kind.MAPPING:
                node.children.append(self.key(depth))
            node.children.append(self.value(depth))
        node.end = self.end
        self.advance()
        return node

    def key(self, depth: int) -> Node:
        if self.kind != "string":
            self.fail("A name in double quotes is expected here")
        key = self.value(depth)
        self.expect(":", "A colon is expected here, between a name and its value")
        return key

    def expect(self, sign: str, sentence: str) -> None:
        if self.word != sign:
            self.fail(sentence)
        self.advance()

    def string(self) -> str:
        if "\\" not in self.word:
            return self.word[1:-1]
        try:
            value: str = json.loads(self.word)
        except ValueError:
            self.fail('A backslash in JSON begins one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; write \\\\ for a backslash')
        if any("\ud800" <= c <= "\udfff" for c in value):
            self.fail("The text has half of a surrogate pair, which stands for no character")
        return value

    def fail(self, sentence: str) -> NoReturn:
        if self.kind == "end":
            found = ", where the text ends"
        elif self.word == '"':
            sentence, found = "The text in double quotes is not closed on its line", ""
        else:
            found = "" if self.kind == "string" else f", not '{printable(self.word[:40])}'"
        self.source.stop(f"{sentence}{found}.", self.start, max(self.end, self.start + 1))
