"""What must hold of any LaTeX text that the package writes."""

from __future__ import annotations

import re


def check_latex(text: str) -> None:
    """Braces, environments and maths are balanced, and no sign has a meaning that was not meant."""
    body = "\n".join(line for line in text.split("\n") if not line.startswith("%"))
    plain = re.sub(r"\\[\\{}$%&#_]", "", body)
    assert plain.count("{") == plain.count("}")
    depth = 0
    for sign in re.findall(r"[{}]", plain):
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert "%" not in plain
    assert "#" not in plain
    assert plain.count("$") % 2 == 0
    open_: list[str] = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", body):
        if what == "begin":
            open_.append(name)
        else:
            assert open_.pop() == name
    assert not open_
    outside = re.sub(r"(?s)\\begin\{(align\*|equation\*|tabular)\}.*?\\end\{\1\}|\$[^$]*\$", "", plain)
    assert not re.search(r"[&^~<>|]|(?<!\\)_", re.sub(r"\\text\w+\{\}", "", outside))
