"""JSON-RPC's stream of documents, read at C speed.

The `ovs` library reads character by character where its C extension is not built, as in the package that pip installs:
half of all that a publication costs. This reader takes its parser's place.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]', re.DOTALL)
_LEVEL = {"{": 1, "[": 1, "}": -1, "]": -1}


class Parser:
    """Reads one document, an object or an array; what `ovs.json.Parser` does for a stream.

    `feed` takes text and says how much of it belongs to the document; `finish` gives the document, or text that says
    what is wrong with it. With `check_trailer` nothing may follow.
    """

    def __init__(self, check_trailer: bool = False) -> None:
        self._alone = check_trailer
        self._parts: list[str] = []
        self._level = 0
        self._rest = ""  # begins with a string whose end has not come
        self._done = False

    def feed(self, text: str) -> int:
        """Take in as much of the text as the document goes on."""
        if self._done:
            return 0
        known = len(self._rest)
        whole, self._rest = self._rest + text, ""
        for token in _TOKEN.finditer(whole):
            found = token.group()
            step = _LEVEL.get(found)
            if step is None:
                if len(found) < 2 or not found.endswith('"') or _open(found):
                    self._parts.append(whole[: token.start()])
                    self._rest = whole[token.start() :]
                    return len(text)
                continue
            self._level += step
            if self._level <= 0 and not self._alone:
                self._done = True
                self._parts.append(whole[: token.end()])
                return token.end() - known
        self._parts.append(whole)
        return len(text)

    def is_done(self) -> bool:
        """The document has come to its end."""
        return self._done

    def finish(self) -> Any:
        """The document; text where it is none."""
        try:
            return json.loads("".join((*self._parts, self._rest)))
        except ValueError as error:
            return str(error)


def _open(string: str) -> bool:
    """A string's last quote is escaped: it goes on."""
    body = string[1:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1
