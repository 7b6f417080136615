"""Names of nodes out of any text: valid, each another, short enough for the interfaces named after them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

from planes.model.words import MAX_NODE_NAME, RESERVED

MAX_INTERFACE = 15  # Linux: IFNAMSIZ less the final zero
FALLBACK = "s"  # how a name begins that has no letter of its own

_OUTSIDE = re.compile(r"[^A-Za-z0-9_-]+")
_HOST = re.compile(r"h[0-9]+")
_INTERFACE = re.compile(r"-eth[0-9]+$")
_HOST_STEM = re.compile(r"h[0-9]*")
_INTERFACE_STEM = re.compile(r"-(eth[0-9]*)$")


def fitted(wanted: Iterable[tuple[str, int]]) -> list[str]:
    """A name for each (text, highest port number), in order.

    A text that is a good name already stays, unless an earlier node has it. Names of hosts (h1, h2, ...) are left free.
    """
    taken: set[str] = set()
    tried: dict[str, Iterator[int]] = {}
    names = []
    for text, port in wanted:
        plain = _plain(text)
        numbers = tried.setdefault(plain, count(1 if plain == FALLBACK else 2))
        name = next(each for each in _candidates(plain, numbers, limit(port)) if _is_free(each) and each not in taken)
        taken.add(name)
        names.append(name)
    return names


def limit(port: int) -> int:
    """How long the name of a node may be, whose highest port number is this."""
    return min(MAX_NODE_NAME, MAX_INTERFACE - len(f"-eth{port}"))


def _candidates(plain: str, numbers: Iterator[int], longest: int) -> Iterator[str]:
    """The text, as far as it fits; then with a number that no node of the same text has tried."""
    if plain != FALLBACK:
        yield plain[:longest].rstrip("-_")
    for number in numbers:
        end = str(number)
        yield _stem(plain, longest - len(end)) + end


def _stem(plain: str, longest: int) -> str:
    """What no number makes the name of a host or of an interface."""
    found = _INTERFACE_STEM.sub(r"\1", plain[:longest].rstrip("-_"))
    return f"{FALLBACK}{found}"[:longest] if _HOST_STEM.fullmatch(found) else found


def _is_free(name: str) -> bool:
    return name not in RESERVED and not _HOST.fullmatch(name) and not _INTERFACE.search(name)


def _plain(text: str) -> str:
    """Letters and digits of ASCII, beginning with a letter."""
    ascii_ = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = _OUTSIDE.sub("", ascii_).strip("-_")
    return joined if joined[:1].isalpha() else FALLBACK + joined
