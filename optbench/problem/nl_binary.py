"""The binary form of an `.nl` file, below its header, written out as the lines of the text form.

Whole numbers have four bytes, numbers eight (IEEE), a letter one; the order of the bytes is in the header. Expressions are
read with a count of operands that are still to come, so nesting needs no recursion.

>>> lines_of(b"k" + (1).to_bytes(4, "little") + (2).to_bytes(4, "little"), 0)
(['k1', '2'], [0, 5])
"""

from __future__ import annotations

import struct

from optbench.problem.nl_operators import OPERATORS

_REAL_SUFFIX = 4  # the bit in a suffix's kind that says that its values are no whole numbers


class CutOff(Exception):
    """What can't be read on; the text is a sentence."""


def lines_of(content: bytes, start: int, *, big_endian: bool = False) -> tuple[list[str], list[int]]:
    """Return the lines that follow the header, which ends at `start`, and the byte at which each of them stands.

    Raises `CutOff` where the content ends too early, or is no segment.
    """
    reading = _Reading(content, start, ">" if big_endian else "<")
    while reading.at < len(content):
        reading.segment()
    return reading.lines, reading.offsets


class _Reading:
    def __init__(self, content: bytes, start: int, order: str) -> None:
        self.content, self.at = content, start
        self.lines: list[str] = []
        self.offsets: list[int] = []
        self.int_, self.short_, self.double_ = (struct.Struct(order + code) for code in "ihd")

    def segment(self) -> None:
        begin = self.at
        letter = self.letter()
        match letter:
            case "C" | "L":
                self.line(begin, f"{letter}{self.whole()}")
                self.expression()
            case "O":
                self.line(begin, f"O{self.whole()} {self.whole()}")
                self.expression()
            case "V":
                index, terms, use = self.whole(), self.count(), self.whole()
                self.line(begin, f"V{index} {terms} {use}")
                self.pairs(terms)
                self.expression()
            case "J" | "G":
                index, terms = self.whole(), self.count()
                self.line(begin, f"{letter}{index} {terms}")
                self.pairs(terms)
            case "x" | "d":
                terms = self.count()
                self.line(begin, f"{letter}{terms}")
                self.pairs(terms)
            case "k" | "K":
                terms = self.count()
                self.line(begin, f"{letter}{terms}")
                for _ in range(terms):
                    self.line(self.at, str(self.whole()))
            case "r" | "b":
                self.line(begin, letter)
                while self.content[self.at : self.at + 1] in (b"0", b"1", b"2", b"3", b"4", b"5"):
                    self.bound()
            case "S":
                kind, terms, name = self.whole(), self.count(), self.name()
                self.line(begin, f"S{kind} {terms} {name}")
                for _ in range(terms):
                    self.line(self.at, f"{self.whole()} {self.real() if kind & _REAL_SUFFIX else self.whole()}")
            case "F":
                self.line(begin, f"F{self.whole()} {self.whole()} {self.whole()} {self.name()}")
            case _:
                raise CutOff(f"byte {begin:,} begins no segment that is known; the file is damaged.")

    def bound(self) -> None:
        begin = self.at
        kind = self.letter()
        numbers = {"0": 2, "1": 1, "2": 1, "3": 0, "4": 1}.get(kind)
        written = [f"{self.whole()}", f"{self.whole()}"] if numbers is None else [self.real() for _ in range(numbers)]
        self.line(begin, " ".join([kind, *written]))

    def pairs(self, count: int) -> None:
        for _ in range(count):
            self.line(self.at, f"{self.whole()} {self.real()}")

    def expression(self) -> None:
        """Read one expression: what it still needs grows with each operator and falls with each operand."""
        needed = 1
        while needed:
            needed += self.part() - 1

    def part(self) -> int:
        """Read an operator or an operand; return how many operands follow."""
        begin = self.at
        letter = self.letter()
        match letter:
            case "n":
                self.line(begin, f"n{self.real()}")
            case "s":
                self.line(begin, f"n{self.unpacked(self.short_)}")
            case "l":
                self.line(begin, f"n{self.whole()}")
            case "v":
                self.line(begin, f"v{self.whole()}")
            case "h":
                self.line(begin, f"h{self.name()}")
            case "f":
                index, operands = self.whole(), self.count()
                self.line(begin, f"f{index} {operands}")
                return operands
            case "o":
                return self.operator(begin)
            case _:
                raise CutOff(f"byte {begin:,} begins no part of an expression; the file is damaged.")
        return 0

    def operator(self, begin: int) -> int:
        code = self.whole()
        self.line(begin, f"o{code}")
        row = OPERATORS.get(code)
        if row is None:
            raise CutOff(f"byte {begin:,} has the operator o{code}, which is not known.")
        if row.operands is not None:
            return row.operands
        begin = self.at
        operands = self.count()
        self.line(begin, str(operands))
        return 2 * operands if code == 64 else operands  # slopes, with points between them, and the operand

    # ---- numbers and names ----------------------------------------------------------------------------------------------

    def line(self, begin: int, written: str) -> None:
        self.offsets.append(begin)
        self.lines.append(written)

    def letter(self) -> str:
        self.need(1)
        self.at += 1
        return chr(self.content[self.at - 1])

    def whole(self) -> int:
        return int(self.unpacked(self.int_))

    def real(self) -> str:
        return repr(float(self.unpacked(self.double_))).removesuffix(".0")

    def count(self) -> int:
        """A whole number of things that follow, each of which has a byte at least."""
        begin, count = self.at, self.whole()
        if not 0 <= count <= len(self.content) - self.at:
            raise CutOff(f"byte {begin:,} says that {count:,} entries follow, and {len(self.content) - self.at:,} bytes do.")
        return count

    def name(self) -> str:
        length = self.count()
        self.at += length
        return "".join(c for c in self.content[self.at - length : self.at].decode("utf-8", "replace") if c.isprintable())

    def unpacked(self, kind: struct.Struct) -> float:
        self.need(kind.size)
        [value] = kind.unpack_from(self.content, self.at)
        self.at += kind.size
        return value  # type: ignore[no-any-return]

    def need(self, size: int) -> None:
        if self.at + size > len(self.content):
            raise CutOff(f"the file ends at byte {len(self.content):,}, in the middle of a segment; it was cut off.")
