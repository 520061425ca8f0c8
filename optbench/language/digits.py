"""Whole numbers of up to some 10,000 digits as decimal text, past the length at which Python's own conversion refuses.

>>> len(digits(10**9_999))
10000
>>> fraction("1.5e-2")
Fraction(3, 200)
"""

from __future__ import annotations

from fractions import Fraction

_PIECE = 4_000  # digits that Python always converts
_LONG = 10**_PIECE


def digits(value: int) -> str:
    """Return a whole number in decimal."""
    if abs(value) < _LONG:
        return str(value)
    pieces = []
    rest = abs(value)
    while rest:
        rest, piece = divmod(rest, _LONG)
        pieces.append(f"{piece:0{_PIECE}d}" if rest else str(piece))
    return ("-" if value < 0 else "") + "".join(reversed(pieces))


def whole(text: str) -> int:
    """Return the whole number that a row of decimal digits stands for."""
    value = 0
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        value = value * 10 ** len(piece) + int(piece)
    return value


def fraction(text: str) -> Fraction:
    """Return the exact value of a decimal number such as 12, .5 or 1.5e-2."""
    mantissa, _, exponent = text.lower().partition("e")
    before, _, after = mantissa.partition(".")
    power = int(exponent or 0) - len(after)
    value = whole(before + after)
    return Fraction(value * 10**power) if power >= 0 else Fraction(value, 10**-power)


def quotient(value: Fraction) -> str:
    """Return a rational number as a whole number or a quotient: 3, -1/3."""
    bottom = "" if value.denominator == 1 else f"/{digits(value.denominator)}"
    return digits(value.numerator) + bottom
