"""Cutting text into tokens.

A token is a kind, its text in ASCII spelling (`×` becomes `*`, `π` becomes `pi`), and the span it has in the text. What
the language does not know is refused here, with the character and what to write instead.

>>> [t.text for t in tokenize("2x² ≤ π")]
['2', 'x', '²', '<=', 'pi', '']
"""

from __future__ import annotations

import re
from typing import NamedTuple

from optbench.errors import printable

MAX_TEXT = 1_000_000
MAX_NAME = 255


class SyntaxProblem(Exception):
    """Text that can't be read: a sentence, the span at fault, and a suggestion."""

    def __init__(self, sentence: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.start, self.end, self.hint = sentence, start, end, hint


class Token(NamedTuple):
    """`kind` is number, name, sign or end; `text[start:end]` of the source is what it stands for."""

    kind: str
    text: str
    start: int
    end: int


_NUMBER = r"(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NAME = r"π|(?![π²³])[^\W\d](?:(?![π²³])\w)*"
_PATTERN = re.compile(
    rf"""(?P<space>\s+)
      | (?P<number>{_NUMBER})
      | (?P<name>{_NAME})
      | (?P<sign>\*\*|<=|>=|==|!=|\.\.|[-+*/%^@()\[\],|<>=:.²³√×·−≤≥∞])""",
    re.VERBOSE,
)
_NUMBER_OR_NAME = re.compile(rf"{_NUMBER}|({_NAME})")
_SPELLING = {"×": "*", "·": "*", "−": "-", "≤": "<=", "≥": ">=", "**": "^"}
_NAME_SPELLING = {"π": "pi"}
_INSTEAD = {
    "'": "A prime has no meaning here; write the derivative out, or give the function and let optbench derive it.",
    "’": "A prime has no meaning here; write the derivative out, or give the function and let optbench derive it.",
    '"': "Quotation marks have no meaning inside an expression.",
    ";": "A semicolon has no meaning here; give one expression, and constraints with --subject-to.",
    "!": "There is no factorial sign; write gamma(n + 1).",
    "&": "There is no 'and'; give several constraints.",
    "{": "Braces have no meaning here; write round parentheses.",
    "}": "Braces have no meaning here; write round parentheses.",
    "$": "Dollar signs have no meaning here; write the expression as plain text.",
    "\\": "LaTeX is not read; write for example sqrt(x) and x/y.",
    "~": "There is no sign '~'; write == in a constraint.",
    "?": "There is no sign '?'; write if(condition, a, b).",
}


def tokenize(text: str) -> list[Token]:
    """Return the tokens of the text, closed by one of kind `end`; raise `SyntaxProblem` at what is no token."""
    if len(text) > MAX_TEXT:
        raise SyntaxProblem(f"The expression has {len(text):,} characters; the limit is {MAX_TEXT:,}.", 0, 1)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise _unknown_character(text, position)
        kind, word = match.lastgroup or "", match.group()
        if kind == "number":
            _check_number(text, match)
        if kind == "name":
            _check_name(text, match)
        if kind != "space":
            tokens.append(_token(kind, word, *match.span()))
        position = match.end()
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def names_in(text: str) -> set[str]:
    """Return the names that occur in a text, whether or not it is an expression.

    >>> sorted(names_in("2x + 1e5*y² - x1z"))
    ['x', 'x1z', 'y']
    """
    return {_NAME_SPELLING.get(name, name) for name in _NUMBER_OR_NAME.findall(text) if name}


def _token(kind: str, word: str, start: int, end: int) -> Token:
    if word == "∞":
        return Token("name", "inf", start, end)
    return Token(kind, _NAME_SPELLING.get(word, word) if kind == "name" else _SPELLING.get(word, word), start, end)


def _unknown_character(text: str, position: int) -> SyntaxProblem:
    character = text[position]
    sentence = _INSTEAD.get(character, f"The character '{printable(character)}' is not part of the language.")
    return SyntaxProblem(sentence, position, position + 1, _plain(character))


def _plain(character: str) -> str | None:
    """Return what to write for digits and fractions of other scripts."""
    from unicodedata import decomposition, digit, normalize

    if digit(character, None) is not None:
        return f"Write {'^' if '<super>' in decomposition(character) else ''}{digit(character)}."
    plain = normalize("NFKC", character).replace("⁄", "/")
    return f"Write {plain}." if plain != character and plain.isascii() and plain.isprintable() and plain.strip() else None


def _check_name(text: str, match: re.Match[str]) -> None:
    for position, character in enumerate(match.group(), match.start()):
        if not (character.isalpha() or character in "_0123456789"):
            raise _unknown_character(text, position)
    if match.end() - match.start() > MAX_NAME:
        raise SyntaxProblem(f"This name has more than {MAX_NAME} characters, which is the limit.", *match.span())


def _check_number(text: str, match: re.Match[str]) -> None:
    word, start, end = match.group(), *match.span()
    if word == "0" and re.match(r"[xXbBoO][0-9a-fA-F]", text[end : end + 2]):
        raise SyntaxProblem(
            "Numbers are decimal; a number such as 0x1 can't be read.", start, end + 2, f"For a product write 0*{text[end : end + 2]}."
        )
    if text[end : end + 1] == "_":
        raise SyntaxProblem("A number has no '_' in it.", start, end + 1, "Write 1000 or 1e3; for a product with a name write '*'.")
    mantissa, _, exponent = word.lower().partition("e")
    if len(mantissa) > 10_000 or len(exponent) > 6 or abs(int(exponent or 0)) > 10_000:
        raise SyntaxProblem("This number has more than 10,000 digits, which is the limit.", start, end)
