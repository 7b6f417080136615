"""Changes of a candidate's documents, and looks into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from planes.model.configuration import REST, STEP, Document, Documents, in_order
from planes.model.errors import CommitError, PlanError
from planes.model.source import Path
from planes.model.yaml_text import Change, Insert, Remove, Set, Unchangeable, changed, excerpt, plain
from planes.model.yaml_words import block

NETWORKS = "networks"


class Candidates:
    """Documents, and what they say by paths of the plan. What was read is remembered, by text."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[str, object]] = {}  # by document: its text, and what that says

    def look(self, documents: Documents, path: Path) -> object:
        """What stands at a path: mappings are dicts, lists tuples; None for nothing. Of all networks only the names.

        CommitError where the text can't be read.
        """
        split = documents[REST].place > 0
        if path[:1] == (NETWORKS,) and split:
            if len(path) == 1:
                return {document.name: {} for document in in_order(documents)}
            name = str(path[1])
            return _at(self._plain(documents[name]), path[1:]) if name in documents and name != REST else None
        found = self._plain(documents[REST])
        if not path and split:
            names: dict[str, object] = {document.name: {} for document in in_order(documents)}
            return {**found, NETWORKS: names} if isinstance(found, dict) else found
        return _at(found, path)

    def _plain(self, document: Document) -> object:
        text, found = self._read.get(document.name, ("", None))
        if text != document.text:
            try:
                found = plain(document.text)
            except PlanError as error:
                raise CommitError(f"the configuration can't be read: {error}", "mend it by `editor`") from error
            self._read[document.name] = document.text, found
        return found


def edited(documents: Documents, changes: Iterable[Change]) -> dict[str, Document]:
    """The documents with changes made, in order. CommitError where a text is so written that words can't change it."""
    found = dict(documents)
    for change in changes:
        try:
            found = _edited(found, change)
        except Unchangeable as error:
            raise CommitError(str(error), "use `editor`") from error
        except KeyError as error:
            raise CommitError(f"there is no {error.args[0]!r}") from error
    return found


def shown(documents: Documents, path: Path) -> str:
    """The lines of what stands at a path. KeyError."""
    if path[:1] != (NETWORKS,) or documents[REST].place == 0:
        return excerpt(documents[REST].text, path)
    if len(path) == 1:
        return f"{NETWORKS}:\n" + "".join(document.text for document in in_order(documents))
    return excerpt(documents[str(path[1])].text, path[1:])


def _edited(documents: Mapping[str, Document], change: Change) -> dict[str, Document]:
    rest, path = documents[REST], change.path
    if path[:1] != (NETWORKS,) or (rest.place == 0 and isinstance(_at(plain(rest.text), (NETWORKS,)), dict)):
        text = changed(rest.text, change)
        return {**documents, REST: replace(rest, text=text, place=rest.place and _place(text))}
    if len(path) == 1:
        if not isinstance(change, Set) or not isinstance(change.value, Mapping):
            raise Unchangeable("networks are changed one by one")
        return edited(documents, [Set((*path, key), value) for key, value in change.value.items()])
    name = str(path[1])
    if isinstance(change, Remove) and len(path) == 2:
        if name not in documents:
            raise KeyError(name)
        return {key: document for key, document in documents.items() if key != name}
    if name in documents:
        document = documents[name]
        return {**documents, name: replace(document, text=changed(document.text, _below(change)))}
    return _with_network(documents, name, change)


def _with_network(documents: Mapping[str, Document], name: str, change: Change) -> dict[str, Document]:
    """A network that is new, as the last one."""
    before, found = in_order(documents), dict(documents)
    margin = next((len(line) - len(line.lstrip(" ")) for each in before for line in [_key_line(each)]), 2)
    place = before[-1].place + STEP if before else STEP
    if documents[REST].place == 0:
        text = documents[REST].text + f"{NETWORKS}:\n"
        found[REST] = Document(REST, text.count("\n"), text)
    value = change.value if isinstance(change, Set) and len(change.path) == 2 else {}
    document = Document(name, place, block(name, value, margin))
    if not isinstance(change, Set) or len(change.path) > 2:
        document = replace(document, text=changed(document.text, _below(change)))
    return {**found, name: document}


def _key_line(document: Document) -> str:
    lines = document.text.splitlines()
    return next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "  ")


def _below(change: Change) -> Change:
    """The same, as the network's document has it."""
    match change:
        case Set(path, value):
            return Set(path[1:], value)
        case Insert(path, value, index):
            return Insert(path[1:], value, index)
        case Remove(path):
            return Remove(path[1:])


def _place(text: str) -> int:
    """The line after `networks:`."""
    lines = text.splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(f"{NETWORKS}:"))


def _at(found: object, path: Path) -> object:
    for step in path:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, tuple) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found
