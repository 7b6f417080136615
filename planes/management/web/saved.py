"""The map as one file that asks nobody for anything: the page, its style and scripts, and a picture."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from planes.management.web.messages import snapshot, text
from planes.management.web.picture import Picture

STATIC = Path(__file__).with_name("static")
POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; base-uri 'none'"
_IMPORT = re.compile(r'(from|import) "\.{1,2}/(?:vendor/)?([\w.-]+)"')
_ICON = re.compile(r'<link rel="icon"[^>]*>\n')
_STYLE = re.compile(r'<link rel="stylesheet" href="[^"]*" (id="[^"]*")>')
_SCRIPT = re.compile(r'<script type="module" src="[^"]*"></script>')


def saved(picture: Picture, now: float) -> str:
    """An HTML document that shows the picture as it was at `now` (Unix time)."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    page = _ICON.sub(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n', page)
    page = _STYLE.sub(lambda found: f"<style {found.group(1)}>\n{style}</style>", page)
    return _SCRIPT.sub(lambda _: f"{_scripts()}\n{_data(picture, now)}", page)


def _scripts() -> str:
    """Modules by names that an import map gives: those in a file can't be relative to each other."""
    paths = [*sorted((STATIC / "js").glob("*.js")), *sorted((STATIC / "vendor").glob("*.mjs"))]
    named = {f"triplane/{path.name}": _address(path.read_text(encoding="utf-8")) for path in paths}
    entry = '<script type="module">import "triplane/main.js";</script>'
    return f'<script type="importmap">{json.dumps({"imports": named})}</script>\n{entry}'


def _address(module: str) -> str:
    renamed = _IMPORT.sub(r'\1 "triplane/\2"', module)
    return f"data:text/javascript;base64,{base64.b64encode(renamed.encode()).decode()}"


def _data(picture: Picture, now: float) -> str:
    told = text(snapshot(picture, 1, now)).replace("<", "\\u003c")  # no text in it may end the element
    return f'<script type="application/json" id="picture">{told}</script>'
