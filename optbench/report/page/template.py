"""Writing a page: the templates, the style sheet and the script, joined to one file that asks for nothing else.

The page's policy allows the one script by its hash, so nothing that a text of the user's might contain is ever run.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench import __version__
from optbench.report.page import charts

if TYPE_CHECKING:
    from jinja2 import Environment

_ASSETS = Path(__file__).parent / "assets"


def page(name: str, **content: Any) -> str:
    """Return the page that a template makes of its content."""
    script = _asset("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (
        _environment()
        .get_template(name)
        .render(style=_asset("style.css"), script=script, digest=digest, version=__version__, geometry=charts, **content)
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(loader=FileSystemLoader(_ASSETS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
