"""Expressions as Python statements for numpy: arrays stay arrays, and what is used twice or is long gets a name.

>>> from optbench.language.elaborate import parse
>>> Writer({}, taken=set()).statements([parse("(1 + sqrt(2))^2/3 + 2^(1 + sqrt(2))").node])
(['t1 = 1 + np.sqrt(2)'], ['t1**2/3 + 2**t1'])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from optbench.arithmetic.straight_line import float_of
from optbench.convert import definitions
from optbench.errors import ProblemError
from optbench.language.build import number
from optbench.language.functions import RELATION_SIGN, TABLE, Kind
from optbench.language.graph import Call, Node, Number, topological
from optbench.problem.interval import as_float

_RELATION, _OR, _AND, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5, 6, 7, 8  # as Python binds
_LONG = 72  # characters of a part that stands inside of another
_WIDTH = 110  # characters of a line
_TOGETHER = 100  # terms in one statement, so that Python's compiler need not nest deeply


class Code(NamedTuple):
    """An expression of Python: how it binds, its text, and the parts between which it may be broken.

    Parts of a sum or product begin with their sign, those of a call or list stand between `left` and `right`.
    """

    binding: int
    text: str
    parts: tuple[str, ...] = ()
    left: str = ""
    right: str = ""


class Writer:
    """Writes bodies of functions; `names` are those of symbols, `taken` are names that are used otherwise."""

    def __init__(self, names: dict[Node, str], taken: set[str]) -> None:
        self.names, self.taken = names, taken
        self.lacking: dict[str, None] = {}  # functions that numpy lacks, as far as they were needed

    def statements(self, outputs: Sequence[Node]) -> tuple[list[str], list[str]]:
        """Return statements, and for each output an expression in what they name."""
        order = topological(*outputs)
        uses: dict[Node, int] = {}
        for used in [*outputs, *(a for node in order for a in node.args)]:
            uses[used] = uses.get(used, 0) + 1
        known: dict[Node, Code] = {}
        lines: list[str] = []
        count = 0
        for node in order:
            code = self.code(node, [known[a] for a in node.args])
            if isinstance(node, Call) and node.args and (uses[node] > 1 or len(code.text) > _LONG):
                count += 1
                while f"t{count}" in self.taken:
                    count += 1
                lines.extend(_assigned(f"t{count}", code))
                code = Code(_ATOM, f"t{count}")
            known[node] = code
        if lines and len(outputs) == 1 and (last := _only_line(lines, known[outputs[0]].text)) is not None:
            return lines[:-1], [last]
        return lines, [known[output].text for output in outputs]

    def code(self, node: Node, args: list[Code]) -> Code:
        """Return the code of a node, given that of its arguments."""
        if isinstance(node, Number):
            return _number(node.value)
        if node in self.names:
            return Code(_ATOM, self.names[node])
        assert isinstance(node, Call)
        if node.function in definitions.LACKING:
            self.lacking[node.function] = None
        if node.function in _WRITTEN:
            return _WRITTEN[node.function](node, args)
        if node.function in RELATION_SIGN:
            return Code(_RELATION, f"{_in(args[0], _OR)} {RELATION_SIGN[node.function]} {_in(args[1], _OR)}")
        if TABLE[node.function].kind is Kind.REDUCTION:
            return _call(f"np.{node.function}", [args[0].text, *_axis(node)])
        if node.function in definitions.LACKING:
            return _call(definitions.name(node.function), [a.text for a in args])
        if TABLE[node.function].numpy is None:
            raise ProblemError(f"{node.function} can't be written in Python with numpy alone.")
        return _call(f"np.{TABLE[node.function].numpy}", [a.text for a in args])


# ---- lines -------------------------------------------------------------------------------------------------------------


def _only_line(lines: list[str], name: str) -> str | None:
    """What the last statement, if it is one line, gives the name to."""
    head, _, value = lines[-1].partition(" = ")
    return value if head == name else None


def _assigned(name: str, code: Code) -> list[str]:
    """The lines that give a value a name, in several steps where it has very many terms."""
    if code.left or len(code.parts) <= _TOGETHER:
        return _broken(f"{name} = ", code)
    lines = _broken(f"{name} = ", _chain(code.binding, list(code.parts[:_TOGETHER])))
    for start in range(_TOGETHER, len(code.parts), _TOGETHER):
        lines += _broken(f"{name} = ", _chain(code.binding, [name, *code.parts[start : start + _TOGETHER]]))
    return lines


def _broken(head: str, code: Code) -> list[str]:
    if len(head) + len(code.text) <= _WIDTH or len(code.parts) < 2:
        return [head + code.text]
    if code.left:
        return [f"{head}{code.left}", *packed([f"{part}," for part in code.parts]), code.right]
    return [f"{head}(", *packed([part.strip() for part in code.parts]), ")"]


def packed(parts: Sequence[str], indent: str = "    ") -> list[str]:
    """Return parts on as few lines as they fit on."""
    lines = [""]
    for part in parts:
        if lines[-1] and len(indent) + len(lines[-1]) + 1 + len(part) > _WIDTH:
            lines.append("")
        lines[-1] += f" {part}" if lines[-1] else part
    return [indent + line for line in lines]


# ---- operators: (node, code of its arguments) -> code ------------------------------------------------------------------


def _in(code: Code, required: int) -> str:
    """The text where something must bind at least so strongly."""
    return code.text if code.binding >= required else f"({code.text})"


def _chain(binding: int, parts: list[str]) -> Code:
    return Code(binding, "".join(parts), tuple(parts))


def _call(name: str, args: Sequence[str]) -> Code:
    return Code(_ATOM, f"{name}({', '.join(args)})", tuple(args), f"{name}(", ")")


def _list(head: str, entries: Sequence[str], tail: str) -> Code:
    return Code(_ATOM, f"{head}[{', '.join(entries)}]{tail}", tuple(entries), f"{head}[", f"]{tail}")


def _number(value: Fraction) -> Code:
    """An exact number; whole ones and quotients as they are, all others as the double that is nearest."""
    nearest = float_of(number(value))
    if abs(nearest) == float("inf"):
        return Code(_ATOM if nearest > 0 else _SIGN, "np.inf" if nearest > 0 else "-np.inf")
    if value.denominator == 1 and abs(value) < _WHOLE:
        return Code(_SIGN if value < 0 else _ATOM, str(value))
    if Fraction(repr(nearest)) != value and max(abs(value.numerator), value.denominator) < _WHOLE:
        return Code(_PRODUCT, f"{value.numerator}/{value.denominator}")  # rounds to the nearest double as well
    return Code(_SIGN if value < 0 else _ATOM, repr(nearest))


_WHOLE = 2**53


def _add(node: Call, args: list[Code]) -> Code:
    parts = [_in(args[0], _SUM)]
    for arg in args[1:]:
        term = _in(arg, _PRODUCT)
        parts.append(f" - {term[1:]}" if term.startswith("-") else f" + {term}")
    return _chain(_SUM, parts)


def _multiply(node: Call, args: list[Code]) -> Code:
    return _chain(_PRODUCT, [_in(args[0], _PRODUCT), *(f"*{_in(arg, _POWER)}" for arg in args[1:])])


def _negate(node: Call, args: list[Code]) -> Code:
    inner = _in(args[0], _PRODUCT)
    return Code(_SIGN if args[0].binding >= _SIGN else _PRODUCT, f"-({inner})" if inner.startswith("-") else f"-{inner}")


def _divide(node: Call, args: list[Code]) -> Code:
    if isinstance(node.args[1], Number) and not node.args[1].value:
        return _call("np.divide", [a.text for a in args])
    return Code(_PRODUCT, f"{_in(args[0], _PRODUCT)}/{_in(args[1], _POWER)}")


def _power(node: Call, args: list[Code]) -> Code:
    """Python's own numbers to a power may raise or become complex; numpy's are nan."""
    base, exponent = node.args
    whole = isinstance(exponent, Number) and exponent.integer
    if isinstance(base, Number) and (isinstance(exponent, Number) or base.value <= 0):
        return _call("np.power", [repr(float_of(base)), args[1].text])
    if isinstance(base, Call) and not whole and not _depends(base):
        return _call("np.power", [f"np.float64({args[0].text})", args[1].text])
    return Code(_POWER, f"{_in(args[0], _ATOM)}**{_in(args[1], _SIGN)}")


def _depends(node: Node) -> bool:
    """Whether a node holds a symbol."""
    return any(not isinstance(part, Call | Number) for part in topological(node))


def _matmul(node: Call, args: list[Code]) -> Code:
    return Code(_PRODUCT, f"{_in(args[0], _PRODUCT)} @ {_in(args[1], _POWER)}")


def _joined(sign: str, binding: int) -> Callable[[Call, list[Code]], Code]:
    return lambda node, args: _chain(binding, [_in(args[0], binding), *(f" {sign} {_in(arg, binding + 1)}" for arg in args[1:])])


def _extreme(node: Call, args: list[Code]) -> Code:
    texts = [a.text for a in args]
    if len(args) == 2:
        return _call(f"np.{node.function}", texts)
    if not node.shape:
        return _list(f"np.{node.function[:3]}(", texts, ")")
    return _call(f"np.{node.function}.reduce", [f"np.broadcast_arrays({', '.join(texts)})"])


def _axis(node: Call) -> list[str]:
    return [] if node.static[0] is None else [f"axis={node.static[0]}"]


def _logsumexp(node: Call, args: list[Code]) -> Code:
    return _call("np.logaddexp.reduce", [args[0].text, f"axis={node.static[0]}"])


# ---- structure -----------------------------------------------------------------------------------------------------------


def _slices(spec: Sequence[Any], shape: Sequence[int]) -> str:
    parts = [str(part) if isinstance(part, int) else _slice(part, size) for part, size in zip(spec, shape, strict=True)]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts)


def _slice(part: tuple[int, int, int], size: int) -> str:
    start, stop, step = part
    first, last = (0, size) if step > 0 else (size - 1, -1)
    return f"{'' if start == first else start}:{'' if stop == last else stop}{'' if step == 1 else f':{step}'}"


def _index(node: Call, args: list[Code]) -> Code:
    return Code(_ATOM, f"{_in(args[0], _ATOM)}[{_slices(node.static, node.args[0].shape)}]")


def _whole(nodes: Sequence[Node], args: Sequence[Code]) -> str:
    """Indices, which are doubles wherever they come from an array."""
    return ", ".join(a.text if isinstance(node, Number) else f"{_in(a, _ATOM)}.astype(int)" for node, a in zip(nodes, args, strict=True))


def _take(node: Call, args: list[Code]) -> Code:
    return Code(_ATOM, f"{_in(args[0], _ATOM)}[{':, ' * (node.static[0] or 0)}{_whole(node.args[1:], args[1:])}]")


def _scatter(node: Call, args: list[Code]) -> Code:
    where = f"({'slice(None), ' * (node.static[0] or 0)}{_whole(node.args[1:], args[1:])},)"
    return _call("_scattered", [args[0].text, where, repr(node.static[1])])


def _pad(node: Call, args: list[Code]) -> Code:
    spec, shape = node.static
    return _call("_padded", [args[0].text, f"np.s_[{_slices(spec, shape)}]", repr(shape)])


def _array(node: Call, args: list[Code]) -> Code:
    if node.shape[1:]:
        return _list("np.stack(", [f"np.broadcast_to({a.text}, {node.shape[1:]!r})" for a in args], ")")
    return _list("np.array(", [a.text for a in args], ")" if node.boolean else ", dtype=float)")


def _arange(node: Call, args: list[Code]) -> Code:
    start, _, step = (a.value for a in node.args if isinstance(a, Number))
    count = node.shape[0]
    if step == 1 and start.denominator == 1:
        return _call("np.arange", [f"{int(start)}.0", f"{int(start) + count}.0"])
    return Code(_SUM, f"{_number(start).text} + {_in(_number(step), _POWER)}*np.arange({count}.0)")


_WRITTEN: dict[str, Callable[[Call, list[Code]], Code]] = {
    "add": _add,
    "multiply": _multiply,
    "negate": _negate,
    "divide": _divide,
    "power": _power,
    "matmul": _matmul,
    "and": _joined("&", _AND),
    "or": _joined("|", _OR),
    "not": lambda node, args: _call("np.logical_not", [args[0].text]),
    "minimum": _extreme,
    "maximum": _extreme,
    "if": lambda node, args: _call("np.where", [a.text for a in args]),
    "relu": lambda node, args: _call("np.maximum", [args[0].text, "0"]),
    "sigmoid": lambda node, args: Code(_PRODUCT, f"1/(1 + np.exp({_negate(node, args).text}))"),
    "softplus": lambda node, args: _call("np.logaddexp", ["0", args[0].text]),
    "pi": lambda node, args: Code(_ATOM, "np.pi"),
    "inf": lambda node, args: Code(_ATOM, "np.inf"),
    "rootof": lambda node, args: _number(Fraction(repr(as_float(node)))),
    "all": lambda node, args: _call("np.all", [args[0].text, *_axis(node)]),
    "logsumexp": _logsumexp,
    "index": _index,
    "take": _take,
    "scatter": _scatter,
    "pad": _pad,
    "others": lambda node, args: _call("_others", [args[0].text, repr(node.static[0])]),
    "array": _array,
    "transpose": lambda node, args: Code(_ATOM, f"{_in(args[0], _ATOM)}.T"),
    "reshape": lambda node, args: _call("np.reshape", [args[0].text, repr(node.static[0])]),
    "broadcast": lambda node, args: _call("np.broadcast_to", [args[0].text, repr(node.static[0])]),
    "arange": _arange,
    "linspace": lambda node, args: _call("np.linspace", [args[0].text, args[1].text, str(node.static[0])]),
    "zeros": lambda node, args: _call("np.zeros", [repr(node.static[0])]),
    "ones": lambda node, args: _call("np.ones", [repr(node.static[0])]),
}
