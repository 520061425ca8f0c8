"""THE table of AMPL's operators: the opcodes that an `.nl` file writes after `o`, in both directions.

A row has AMPL's name, how many operands follow, and the function of the language that is the same, operand by operand.
Where none is, the reader composes one (`nl_expressions`), or refuses the operator by its name. A writer takes
`CODES`: it has those rows only whose meaning is the same.

Source: D. M. Gay, "Writing .nl Files", Sandia report SAND2005-7907P (2005), table 11, and the solver library's `opcode.hd`.

>>> OPERATORS[44].function, CODES["exp"]
('exp', 44)
"""

from __future__ import annotations

from typing import NamedTuple


class Operator(NamedTuple):
    """One row: `operands` is their number, None where the file says it; `function` is None where the language has no equal."""

    code: int
    name: str
    operands: int | None
    function: str | None = None


_ROWS = (
    Operator(0, "+", 2, "add"),
    Operator(1, "-", 2),
    Operator(2, "*", 2, "multiply"),
    Operator(3, "/", 2, "divide"),
    Operator(4, "mod", 2),  # the remainder of a division that is rounded towards 0
    Operator(5, "^", 2, "power"),
    Operator(6, "less", 2),  # max(x - y, 0)
    Operator(11, "min", None, "minimum"),
    Operator(12, "max", None, "maximum"),
    Operator(13, "floor", 1, "floor"),
    Operator(14, "ceil", 1, "ceil"),
    Operator(15, "abs", 1, "abs"),
    Operator(16, "unary -", 1, "negate"),
    Operator(20, "or", 2, "or"),
    Operator(21, "and", 2, "and"),
    Operator(22, "<", 2, "less"),
    Operator(23, "<=", 2, "less_equal"),
    Operator(24, "=", 2, "equal"),
    Operator(28, ">=", 2, "greater_equal"),
    Operator(29, ">", 2, "greater"),
    Operator(30, "!=", 2, "not_equal"),
    Operator(34, "not", 1, "not"),
    Operator(35, "if", 3, "if"),
    Operator(37, "tanh", 1, "tanh"),
    Operator(38, "tan", 1, "tan"),
    Operator(39, "sqrt", 1, "sqrt"),
    Operator(40, "sinh", 1, "sinh"),
    Operator(41, "sin", 1, "sin"),
    Operator(42, "log10", 1, "log10"),
    Operator(43, "log", 1, "log"),
    Operator(44, "exp", 1, "exp"),
    Operator(45, "cosh", 1, "cosh"),
    Operator(46, "cos", 1, "cos"),
    Operator(47, "atanh", 1, "atanh"),
    Operator(48, "atan2", 2, "atan2"),
    Operator(49, "atan", 1, "atan"),
    Operator(50, "asinh", 1, "asinh"),
    Operator(51, "asin", 1, "asin"),
    Operator(52, "acosh", 1, "acosh"),
    Operator(53, "acos", 1, "acos"),
    Operator(54, "sum", None, "add"),  # written for three operands and more
    Operator(55, "div", 2),  # the quotient, rounded towards 0
    Operator(56, "precision", 2),  # x rounded to so many digits
    Operator(57, "round", 2),  # x rounded to so many digits after the point
    Operator(58, "trunc", 2),  # x cut to so many digits after the point
    Operator(59, "count", None),
    Operator(60, "numberof", None),
    Operator(61, "numberof (of texts)", None),
    Operator(62, "atleast", 2),
    Operator(63, "atmost", 2),
    Operator(64, "piecewise linear", None),
    Operator(65, "if (of texts)", 3),
    Operator(66, "exactly", 2),
    Operator(67, "not atleast", 2),
    Operator(68, "not atmost", 2),
    Operator(69, "not exactly", 2),
    Operator(70, "forall", None, "and"),
    Operator(71, "exists", None, "or"),
    Operator(72, "==> else", 3),
    Operator(73, "<==>", 2),
    Operator(74, "alldiff", None),
    Operator(75, "not alldiff", None),
    Operator(76, "^ constant", 2, "power"),
    Operator(77, "^2", 1),
    Operator(78, "constant ^", 2, "power"),
)

OPERATORS = {row.code: row for row in _ROWS}

CODES = {row.function: row.code for row in reversed(_ROWS) if row.function is not None}  # of several, the first row
