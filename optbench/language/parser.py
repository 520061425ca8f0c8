"""The parser: a Pratt parser from tokens to a syntax tree.

Every operator has a binding power (the table below); an operand is read, then operators bind it as long as they are
stronger than what waits on the left. What is particular to typed mathematics is here as well: products without a sign,
bars for absolute values, and the sentences for what people write by mistake.

>>> parse_syntax("-x^2").operators
('-',)
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from optbench.language.digits import fraction
from optbench.language.functions import EXPANDED, TABLE
from optbench.language.syntax import (
    Apply,
    Bars,
    Chain,
    Clause,
    Comparison,
    List,
    Literal,
    Name,
    Power,
    Slice,
    Span,
    Subscript,
    Syntax,
    Transpose,
)
from optbench.language.tokens import SyntaxProblem, Token, tokenize

MAX_NESTING = 200
_SUM, _PRODUCT, _SIGN, _POWER = 10, 20, 30, 40
_BINDING = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT, "@": _PRODUCT, "^": _POWER, "²": _POWER, "³": _POWER}
_RELATIONS = ("<=", ">=", "==", "<", ">", "=", "!=")
_RESERVED = ("for", "in", "and", "or", "not")
_CLOSING = {")": "(", "]": "["}
_SUPERSCRIPT = {"²": 2, "³": 3}
_WORDS = {
    "and": "There is no 'and'; give several constraints, or one if(condition, a, b) inside another.",
    "or": "There is no 'or'; write one if(condition, a, b) inside another.",
    "not": "There is no 'not'; turn the comparison round.",
    "for": "'for' belongs to an index sum: sum(x[i] for i in 0..9).",
    "in": "'in' belongs to an index sum: sum(x[i] for i in 0..9).",
}


def parse_syntax(text: str, is_factor: Callable[[str], bool] = lambda name: len(name) == 1) -> Syntax:
    """Return the syntax tree of one expression, comparison or chain of comparisons.

    `is_factor(name)` says whether NAME( begins a product rather than a call. Raises `SyntaxProblem`.
    """
    return _Parser(text, is_factor).whole()


class _Parser:
    def __init__(self, text: str, is_factor: Callable[[str], bool]) -> None:
        self.text, self.is_factor = text, is_factor
        self.tokens, self.position = tokenize(text), 0
        self.depth, self.exponents = 0, 0  # how deep brackets, bars, roots and indices are nested, and how deep exponents
        self.open_bars = [0]  # one count for every open bracket, the innermost last
        self.opened: list[Token] = []

    # ---- the token at hand --------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    @property
    def previous_end(self) -> int:
        return self.tokens[self.position - 1].end if self.position else 0

    def advance(self) -> Token:
        token = self.token
        self.position += 1
        return token

    def at(self, *signs: str) -> bool:
        return self.token.kind == "sign" and self.token.text in signs

    def expect(self, sign: str, opened: Token) -> Token:
        if self.at(sign):
            return self.advance()
        if self.token.kind == "end":
            raise SyntaxProblem(f"This '{opened.text}' is never closed.", opened.start, opened.end)
        raise self.unexpected()

    # ---- the whole ----------------------------------------------------------------------------------------------

    def whole(self) -> Syntax:
        if self.token.kind == "end":
            raise SyntaxProblem("The expression is empty.", 0, 1)
        tree = self.comparison()
        if self.token.kind != "end":
            raise self.unexpected()
        return tree

    def comparison(self) -> Syntax:
        start = self.token.start
        operands, signs = [self.expression(0)], []
        while self.at(*_RELATIONS):
            if self.at("!="):
                raise SyntaxProblem("'!=' is no comparison of this language; use <, <=, ==, >= or >.", self.token.start, self.token.end)
            signs.append(self.advance().text)
            operands.append(self.expression(0))
        if not signs:
            return operands[0]
        return Comparison((start, self.previous_end), tuple(signs), tuple(operands))

    # ---- Pratt's two steps: an operand, then the operators that bind it -------------------------------------------

    def expression(self, strength: int) -> Syntax:
        left = self.signed() if self.at("+", "-") else self.operand()
        while (binding := self.binding()) > strength:
            left = self.power(left) if binding == _POWER else self.chain(left, binding)
        return left

    def deeper(self, depth: int) -> int:
        """Count one level of nesting."""
        if depth == MAX_NESTING:
            token = self.tokens[self.position - 1]
            raise SyntaxProblem(f"The expression is nested more than {MAX_NESTING} deep, which is the limit.", token.start, token.end)
        return depth + 1

    def binding(self) -> int:
        """Strength of the operator at hand; a product without a sign counts as '*', and 0 ends the expression."""
        if self.token.kind == "sign" and self.token.text in _BINDING:
            return _BINDING[self.token.text]
        return _PRODUCT if self.begins_operand() else 0

    def begins_operand(self) -> bool:
        if self.token.kind == "number":
            raise self.number_after_operand()
        if self.token.kind == "name":
            return self.token.text not in _RESERVED
        return self.at("(", "√") or (self.at("|") and not self.open_bars[-1])

    def signed(self) -> Syntax:
        start, negative = self.token.start, False
        while self.at("+", "-"):
            negative ^= self.advance().text == "-"
        operand = self.expression(_SIGN)
        return Chain((start, self.previous_end), ("-",), (operand,)) if negative else operand

    def chain(self, first: Syntax, binding: int) -> Syntax:
        """Read all further operands of a sum or product."""
        operators, operands = ["+" if binding == _SUM else "*"], [first]
        while self.binding() == binding:
            explicit = self.token.kind == "sign" and self.token.text in _BINDING
            if not explicit and operators[-1] in ("/", "%", "@"):
                raise self.ambiguous_product((first.span[0], operands[-2].span[1]), operators[-1], operands[-1].span)
            operators.append(self.advance().text if explicit else "*")
            operands.append(self.expression(binding))
        return Chain((first.span[0], self.previous_end), tuple(operators), tuple(operands))

    def power(self, base: Syntax) -> Syntax:
        sign = self.advance()
        if sign.text in _SUPERSCRIPT:
            if self.at("^", *_SUPERSCRIPT):
                raise self.ambiguous_power(base)
            exponent: Syntax = Literal((sign.start, sign.end), Fraction(_SUPERSCRIPT[sign.text]))
        else:
            self.exponents = self.deeper(self.exponents)  # with a limit of their own: x^(x^(...)) nests once a level
            exponent = self.signed() if self.at("+", "-") else self.expression(_POWER - 1)
            self.exponents -= 1
        return Power((base.span[0], self.previous_end), base, exponent)

    # ---- operands -------------------------------------------------------------------------------------------------

    def operand(self) -> Syntax:
        token = self.token
        if token.kind == "number":
            self.advance()
            return Literal((token.start, token.end), fraction(token.text))
        if token.kind == "name" and token.text not in _RESERVED:
            return self.postfix(self.named())
        if self.at("("):
            return self.postfix(self.bracketed())
        if self.at("["):
            return self.postfix(self.list_of_entries())
        if self.at("|"):
            return self.bars()
        if self.at("√"):
            self.advance()
            self.depth = self.deeper(self.depth)
            clear = self.at("(")
            radicand = self.expression(_POWER)
            if not clear and (self.at("^", "²", "³") or self.begins_operand()):
                raise self.ambiguous_root(token, radicand)
            self.depth -= 1
            return Apply((token.start, self.previous_end), Name((token.start, token.end), "sqrt"), (radicand,))
        raise self.missing_operand()

    def named(self) -> Syntax:
        token = self.advance()
        name = Name((token.start, token.end), token.text)
        known = token.text in EXPANDED or (token.text in TABLE and TABLE[token.text].public)
        if self.at("(") and (known or not self.is_factor(token.text)):
            return self.call(name)
        if known:
            raise self.missing_parentheses(token)
        return name

    def call(self, name: Name) -> Syntax:
        opened = self.open_bracket()
        args: list[Syntax] = []
        axis: Syntax | None = None
        clauses: list[Clause] = []
        while not self.at(")"):
            if self.token.kind == "name" and self.tokens[self.position + 1].text == "=" and self.token.text == "axis":
                if axis is not None:
                    raise SyntaxProblem("axis= is given twice.", self.token.start, self.token.end)
                self.position += 2
                axis = self.expression(0)
            else:
                args.append(self.comparison())
            while self.token.kind == "name" and self.token.text == "for":
                clauses.append(self.clause())
            if not self.at(","):
                break
            self.advance()
        self.close_bracket(")", opened)
        return Apply((name.span[0], self.previous_end), name, tuple(args), axis, tuple(clauses))

    def clause(self) -> Clause:
        self.advance()
        name = self.advance()
        if name.kind != "name" or name.text in _RESERVED or not (self.token.kind == "name" and self.token.text == "in"):
            raise SyntaxProblem("An index sum is written sum(x[i] for i in 0..9).", name.start, name.end)
        self.advance()
        first = self.expression(0)
        if not self.at(".."):
            raise SyntaxProblem("The range of an index is written first..last, both included.", self.token.start, self.token.end)
        self.advance()
        return Clause(Name((name.start, name.end), name.text), first, self.expression(0))

    def bracketed(self) -> Syntax:
        opened = self.open_bracket()
        if self.at(")"):
            raise SyntaxProblem("There is nothing between these parentheses.", opened.start, self.token.end)
        inner = self.comparison()
        self.close_bracket(")", opened)
        return inner._replace(span=(opened.start, self.previous_end))

    def list_of_entries(self) -> Syntax:
        opened = self.open_bracket()
        entries = []
        while not self.at("]"):
            entries.append(self.expression(0))
            if not self.at(","):
                break
            self.advance()
        self.close_bracket("]", opened)
        return List((opened.start, self.previous_end), tuple(entries))

    def bars(self) -> Syntax:
        self.opened.append(self.token)
        opened = self.advance()
        self.depth = self.deeper(self.depth)
        self.open_bars[-1] += 1
        inner = self.expression(0)
        self.expect("|", opened)
        self.open_bars[-1] -= 1
        self.opened.pop()
        self.depth -= 1
        return Bars((opened.start, self.previous_end), inner)

    def postfix(self, base: Syntax) -> Syntax:
        depth = self.depth
        while self.at("[", "."):
            base = self.subscript(base) if self.at("[") else self.attribute(base)
            self.depth = self.deeper(self.depth)
        self.depth = depth
        return base

    def subscript(self, base: Syntax) -> Syntax:
        opened = self.open_bracket()
        items: list[Syntax | Slice] = []
        while not self.at("]"):
            items.append(self.subscript_item())
            if not self.at(","):
                break
            self.advance()
        self.close_bracket("]", opened)
        if not items:
            raise SyntaxProblem("There is no index between these brackets.", opened.start, self.previous_end)
        return Subscript((base.span[0], self.previous_end), base, tuple(items))

    def subscript_item(self) -> Syntax | Slice:
        start = self.token.start
        parts: list[Syntax | None] = [None]
        while not self.at(",", "]"):
            if self.at(":") and len(parts) < 3:
                self.advance()
                parts.append(None)
            elif parts[-1] is None:
                parts[-1] = self.expression(0)
                if self.at(*_RELATIONS):
                    raise self.condition_as_index(start)
            else:
                raise self.unexpected()
        if len(parts) == 1 and parts[0] is not None:
            return parts[0]
        if len(parts) == 1:
            raise self.missing_operand()
        return Slice((start, self.previous_end), parts[0], parts[1], parts[2] if len(parts) > 2 else None)

    def condition_as_index(self, start: int) -> SyntaxProblem:
        sentence = "A condition can't choose entries; an index is a whole number, a slice, or an array of whole numbers."
        return SyntaxProblem(sentence, start, self.token.end, "To leave terms out write if(condition, a, 0) inside the sum.")

    def attribute(self, base: Syntax) -> Syntax:
        dot = self.advance()
        if self.token.kind != "name" or self.token.text != "T":
            raise SyntaxProblem("After a dot only T (the transpose) has a meaning, as in A.T.", dot.start, self.token.end)
        self.advance()
        return Transpose((base.span[0], self.previous_end), base)

    def open_bracket(self) -> Token:
        self.open_bars.append(0)
        self.opened.append(self.token)
        opened = self.advance()
        self.depth = self.deeper(self.depth)
        return opened

    def close_bracket(self, sign: str, opened: Token) -> None:
        self.expect(sign, opened)
        self.opened.pop()
        self.open_bars.pop()
        self.depth -= 1

    # ---- sentences --------------------------------------------------------------------------------------------------

    def unexpected(self) -> SyntaxProblem:
        token = self.token
        if token.text in _WORDS:
            return SyntaxProblem(_WORDS[token.text], token.start, token.end)
        if token.text in _CLOSING:
            return SyntaxProblem(f"This '{token.text}' closes nothing that is open.", token.start, token.end)
        if token.text == "," and not self.opened:
            return SyntaxProblem(
                "A comma separates the arguments of a function; none is open here.", token.start, token.end, "Decimals take a point: 1.5."
            )
        if token.kind == "end" and self.opened:
            return SyntaxProblem(f"This '{self.opened[-1].text}' is never closed.", self.opened[-1].start, self.opened[-1].end)
        if token.kind == "end":
            return SyntaxProblem("The expression ends too early.", token.start, token.end)
        if token.text in _RELATIONS:
            return SyntaxProblem("A comparison can't stand here.", token.start, token.end)
        return SyntaxProblem(f"'{token.text}' can't stand here.", token.start, token.end)

    def missing_operand(self) -> SyntaxProblem:
        token = self.token
        if token.kind == "end":
            if self.opened:
                opened = self.opened[-1]
                sentence = f"The expression ends where an operand is needed, and this '{opened.text}' is never closed."
                return SyntaxProblem(sentence, opened.start, token.end)
            return SyntaxProblem("The expression ends where an operand is needed.", token.start, token.end)
        if token.text in _WORDS:
            return SyntaxProblem(_WORDS[token.text], token.start, token.end)
        if token.text == "/" and self.tokens[self.position - 1].text == "/":
            return SyntaxProblem("There is no '//'.", token.start - 1, token.end, "Write floor(x/y).")
        return SyntaxProblem(f"A number, a name or '(' is needed here, not '{token.text}'.", token.start, token.end)

    def number_after_operand(self) -> SyntaxProblem:
        token, before = self.token, self.tokens[self.position - 1]
        pair = f"{before.text}*{token.text}" if before.kind in ("name", "number") and len(before.text + token.text) < 80 else "*"
        return SyntaxProblem(
            "A number can't follow directly here; a sign is missing.", before.start, token.end, f"For a product write {pair}."
        )

    def ambiguous_product(self, left: Span, sign: str, right: Span) -> SyntaxProblem:
        """`1/2x`: people read it as (1/2)*x or as 1/(2*x)."""
        token = self.token
        a, b, c = (self.text[start:end] for start, end in (left, right, (token.start, self.end_of_factors(1))))
        a, b = (f"({s})" if "@" in s + sign and " " in s and s[0] != "(" else s for s in (a, b))
        sign = f" {sign} " if sign == "@" else sign
        return self.two_readings(
            f"A product without a sign after '{sign.strip()}'", f"({a}{sign}{b})*{c}", f"{a}{sign}({b}*{c})", left[0], token.end
        )

    def ambiguous_power(self, base: Syntax) -> SyntaxProblem:
        """`x²³` and `x²^3`: the second power may belong to the first or to the whole."""
        b, second = self.text[slice(*base.span)], self.advance()
        first = _SUPERSCRIPT[self.tokens[self.position - 2].text]
        if second.text == "^":
            third = self.text[self.token.start : self.end_of_factors(1)]
            return self.two_readings(
                "A power after a raised digit", f"({b}^{first})^{third}", f"{b}^({first}^{third})", base.span[0], self.previous_end
            )
        third = str(_SUPERSCRIPT[second.text])
        return self.two_readings("A row of raised digits", f"{b}^{first}{third}", f"({b}^{first})^{third}", base.span[0], second.end)

    def ambiguous_root(self, sign: Token, radicand: Syntax) -> SyntaxProblem:
        """`√2x` and `√x^2`: what follows may stand under the root or not."""
        a, token = self.text[slice(*radicand.span)], self.token
        if self.at("^", "²", "³"):
            exponent = f"^{_SUPERSCRIPT[self.advance().text]}" if token.text != "^" else self.text[token.start : self.end_of_power()]
            return self.two_readings("A power after '√'", f"sqrt({a}){exponent}", f"sqrt({a}{exponent})", sign.start, token.end)
        b = self.text[token.start : self.end_of_factors(1)]
        return self.two_readings("A product without a sign after '√'", f"sqrt({a})*{b}", f"sqrt({a}*{b})", sign.start, token.end)

    def two_readings(self, what: str, one: str, other: str, start: int, end: int) -> SyntaxProblem:
        hint = f"Write {one} or {other}." if len(one + other) < 200 else "Write parentheses and '*'."
        return SyntaxProblem(f"{what} can be read in two ways.", start, end, hint)

    def end_of_factors(self, most: int) -> int:
        """Where the factors at hand end, as far as they can be read; used for suggestions only."""
        end = self.token.end
        try:
            for _ in range(most):
                self.expression(_PRODUCT)
                end = self.previous_end
                if not self.begins_operand():
                    break
        except SyntaxProblem:
            pass
        return end

    def end_of_power(self) -> int:
        self.advance()
        return self.end_of_factors(1)

    def missing_parentheses(self, token: Token) -> SyntaxProblem:
        if self.token.kind in ("name", "number"):
            start = self.token.start
            argument = self.text[start : self.end_of_factors(9)]
            if len(argument) > 80:
                argument = "..."
            end = self.previous_end if argument != "..." else token.end
            return SyntaxProblem(
                f"{token.text} is a function; its argument needs parentheses.", token.start, end, f"Write {token.text}({argument})."
            )
        return SyntaxProblem(
            f"{token.text} is a function; its argument needs parentheses.", token.start, token.end, f"Write {token.text}(x)."
        )
