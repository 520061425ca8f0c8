"""Models as `.nl` texts for tests: put together from their parts, and the same in binary."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Linear = Mapping[int, str]


def model(
    variables: Sequence[str] = ("3",),
    objective: str | None = "n0",
    gradient: Linear | None = None,
    constraints: Sequence[tuple[str, str, Linear]] = (),
    *,
    maximize: bool = False,
    before: str = "",
    starts: Linear | None = None,
    nonlinear: str = "0 0 0",
    discrete: str = "0 0 0 0 0",
    options: str = "3 1 1 0",
    functions: int = 0,
) -> str:
    """Return the text of a model: `variables` are the lines of their bounds, constraints have a bound, an expression in lines
    that stand in one text with blanks, and linear terms; so has the objective. `before` are whole segments."""
    gradient, rows = gradient or {}, len(constraints)
    jacobian = sum(len(terms) for _, _, terms in constraints)
    lines = [
        f"g{options}\t# problem test",
        f" {len(variables)} {rows} {0 if objective is None else 1} 0 0\t# vars, constraints, objectives, ranges, eqns",
        f" {rows} 1\t# nonlinear constraints, objectives",
        " 0 0\t# network constraints: nonlinear, linear",
        f" {nonlinear}\t# nonlinear vars in constraints, objectives, both",
        f" 0 {functions} 1 1\t# linear network variables; functions; arith, flags",
        f" {discrete}\t# discrete variables: binary, integer, nonlinear (b,c,o)",
        f" {jacobian} {len(gradient)}\t# nonzeros in Jacobian, gradients",
        " 0 0\t# max name lengths: constraints, variables",
        " 0 0 0 0 0\t# common exprs: b,c,o,c1,o1",
        *before.split("\n")[: -1 if before.endswith("\n") else None if before else 0],
    ]
    for i, (_, expression, _) in enumerate(constraints):
        lines += [f"C{i}", *expression.split()]
    if objective is not None:
        lines += [f"O0 {int(maximize)}", *objective.split()]
    if starts:
        lines += [f"x{len(starts)}", *(f"{i} {value}" for i, value in starts.items())]
    if constraints:
        lines += ["r", *(bound for bound, _, _ in constraints)]
    lines += ["b", *variables]
    for i, (_, _, terms) in enumerate(constraints):
        lines += [f"J{i} {len(terms)}", *(f"{j} {value}" for j, value in terms.items())] if terms else []
    lines += [f"G0 {len(gradient)}", *(f"{j} {value}" for j, value in gradient.items())] if gradient else []
    return "\n".join(lines) + "\n"


def binary(text: str, order: str = "<") -> bytes:
    """Return the same model in binary, as AMPL's option `-ob` writes it."""
    lines = [line.split("\t")[0] for line in text.split("\n")[:-1]]
    header = ["b" + lines[0][1:], *lines[1:10]]
    if order == ">":
        header[5] = " ".join([*header[5].split()[:2], "2", "1"])
    out = ["\n".join(header).encode() + b"\n"]
    i = 10
    while i < len(lines):
        letter, numbers = lines[i][0], [int(word) for word in lines[i][1:].split() if word.lstrip("-").isdigit()]
        out.append(letter.encode())
        if letter == "S":
            kind, count, name = lines[i][1:].split(" ")
            out.append(struct.pack(order + "iii", int(kind), int(count), len(name)) + name.encode())
            for line in lines[i + 1 : i + 1 + int(count)]:
                place, value = line.split()
                out.append(struct.pack(order + ("id" if int(kind) & 4 else "ii"), int(place), (float if int(kind) & 4 else int)(value)))
            i += 1 + int(count)
            continue
        out.append(struct.pack(f"{order}{len(numbers)}i", *numbers))
        i += 1
        pairs = {"J": 1, "G": 1, "x": 0, "d": 0, "V": 1}.get(letter)
        for line in lines[i : i + (numbers[pairs] if pairs is not None else 0)]:
            place, value = line.split()
            out.append(struct.pack(order + "id", int(place), float(value)))
        i += numbers[pairs] if pairs is not None else 0
        while i < len(lines) and lines[i][0] not in "FSVCLOdxrbkJG":
            out.append(_binary_line(lines[i], letter, order))
            i += 1
    return b"".join(out)


def _binary_line(line: str, segment: str, order: str) -> bytes:
    """A line of an expression, or of the bounds."""
    if segment in "rb":
        kind, *numbers = line.split()
        return kind.encode() + struct.pack(f"{order}{len(numbers)}d", *map(float, numbers))
    if segment == "k" or line[0].isdecimal():
        return struct.pack(order + "i", int(line))
    if line[0] == "n":
        value = float(line[1:])
        if value.is_integer() and abs(value) < 2**15:
            return b"s" + struct.pack(order + "h", int(value))
        return b"n" + struct.pack(order + "d", value)
    return line[0].encode() + struct.pack(order + "i", int(line[1:]))
