"""Write the page on the expression language: what stands here, and the table of functions.

    python docs/make_language_page.py

`tests/test_docs_site.py` fails while the page differs from what this writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from optbench.language.functions import EXPANDED, TABLE, Function, Kind

PAGE = Path(__file__).parent / "language.md"

HEAD = """\
# The expression language

Plain mathematics as a person types it, with numpy's rules for arrays. Numbers are exact, and text is never evaluated as code. This
page is written from the table that the parser itself reads (`python docs/make_language_page.py`).

## In short

| you write | it means |
|---|---|
| `0.1`, `1e-6`, `2.5` | exact rationals: 0.1 is 1/10 |
| `pi`, `e` or `E`, `inf` | constants; `inf` for bounds only |
| `+ - * / ^` or `**`, `%` | as usual; `-x^2` is -(x^2), `2^3^2` is 2^9, `%` is the floor modulus |
| `2x`, `3 sin(x)`, `(x+1)(x-1)`, `e^2x` | products without a sign bind like `*`: `e^2x` is (e^2)*x |
| <code>&#124;x-1&#124;</code> | the absolute value |
| `x^2 y`, `√x`, `x²`, `π`, `≤`, `·`, `−` | common characters of printed mathematics are taken, too |
| `if(x < 0, -x, x^2)`, `max(x, 1-x)` | pieces |
| `x <= 1`, `0 <= x <= y`, `x + y = 1` | constraints; chains run in one direction, `=` is `==` |
| `x[0]`, `x[-1]`, `x[1:]`, `x[::2]`, `A[i, :]`, `x[I]` | entries, counted from 0; slices; entries at whole-number indices |
| `A @ x`, `A.T`, `[1, 2, 3]` | matrix products, the transpose, an array |
| `sum((i+1)*x[i] for i in 0..9)` | a sum over an index, both ends included; also `prod`, `min`, `max`, and several indices |

What two people would read differently is an error that offers both readings:

```console
$ optbench solve "1/2x"
error: A product without a sign after '/' can be read in two ways.
  1/2x
  ^^^^
  Write (1/2)*x or 1/(2*x).
```

## Where an expression is defined

Over the real numbers, and nothing is continued. `x^(1/3)` needs x >= 0 (`cbrt(x)` takes all numbers), `0^0` is 1; `1/0`, `log(0)` and
`0*log(0)` are undefined. The *natural domain* is inferred, and a range's end at which the function is undefined drops out. No rewriting
changes where an expression is defined.

## Names

On the command line each name that is no `--param` is a variable. A problem may declare any name but `pi`, `inf` and those of functions.
`NAME(` is a call where the table has the name, a product where NAME is a variable or a single letter, and else an error that offers the
nearest function. `xy` is one name, not a product.

## Limits

A text has at most 1,000,000 characters, nests at most 200 deep, and its numbers have at most 10,000 digits; arrays have at most 10,000,000
entries. What is beyond (`9^9^9^9`) is refused at once, with a sentence.
"""

KINDS = {
    Kind.ELEMENTWISE: ("Functions of numbers", "They take arrays, too, entry by entry, with broadcasting."),
    Kind.REDUCTION: ("Functions of arrays", "Over all entries, or along one axis: `sum(A, axis=0)`."),
    Kind.STRUCTURE: ("Making arrays", "Sizes are whole numbers that are known, parameters included."),
}


def page() -> str:
    """Return the text of the page."""
    return "\n".join([HEAD, *(line for kind in KINDS for line in section(kind)), *shorthands()]) + "\n"


def section(kind: Kind) -> Iterator[str]:
    """Yield the lines on the functions of one kind that may be typed."""
    title, words = KINDS[kind]
    yield f"## {title}\n"
    yield f"{words}\n"
    rows = [row for row in TABLE.values() if row.kind is kind and row.public]
    if kind is Kind.ELEMENTWISE:
        yield "| function | what it is | defined where | derivatives |"
        yield "|---|---|---|---|"
        yield from (f"| `{call(row)}` | {cell(row.summary)} | {domain(row)} | {derivatives(row)} |" for row in rows)
    else:
        yield "| function | what it is |"
        yield "|---|---|"
        yield from (f"| `{row.name}` | {cell(row.summary)} |" for row in rows)
    yield ""


def shorthands() -> Iterator[str]:
    """Yield the lines on names that are written as a combination of others."""
    yield "## Short for others\n"
    yield "| function | what it is |"
    yield "|---|---|"
    yield from (f"| `{name}` | {cell(words)} |" for name, words in EXPANDED.items())


def call(row: Function) -> str:
    """Return a function with its arguments."""
    return f"{row.name}({', '.join(row.args)})" if row.args else row.name


def domain(row: Function) -> str:
    """Return where a function is defined, in words."""
    return " and ".join(f"`{condition}`" for condition in row.domain) or "everywhere"


def derivatives(row: Function) -> str:
    """Return the derivative by each argument."""
    return ", ".join(f"`{text}`" for text in row.derivative or ()) or "by its pieces" * bool(row.name in ("minimum", "maximum", "if"))


def cell(text: str) -> str:
    """Return a text that a cell of a table may hold."""
    return text.replace("|", "&#124;").replace("*", r"\*").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
