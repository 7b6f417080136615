"""The configuration's documents and commits as rows of the database, and back; an edit, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planes.model.configuration import Commit, Document
from planes.model.intent import Intent
from planes.store.base import Edit
from planes.store.rows import check_intent, decode_network, encode_intent, encode_network
from planes.store.schema import Columns, Schema, check

Record = Document | Commit
RECORDS: tuple[type[Record], ...] = (Document, Commit)


def record_key(record: Record) -> str | int:
    """What makes a record the same record."""
    return record.name if isinstance(record, Document) else record.number


def encode_record(record: Record) -> Columns:
    """The columns of a record."""
    if isinstance(record, Document):
        return vars(record)
    return {**vars(record), "before": {name: _told(document) for name, document in record.before.items()}}


def decode_record(table: type[Record], columns: Columns) -> Record:
    """The record of these columns."""
    if table is Commit:
        before = {name: _untold(name, text) for name, text in columns["before"].items()}
        return Commit(**{**columns, "before": before})
    return Document(**columns)


def as_read(edit: Edit) -> Edit:
    """The edit as it will be read back: networks sorted canonically."""
    networks = {name: network and decode_network(encode_network(network)) for name, network in edit.networks.items()}
    return replace(edit, networks=networks, switches=None if edit.switches is None else tuple(sorted(edit.switches)))


def check_edit(schema: Schema, edit: Edit) -> None:
    """Raise StoreRefused when the schema does not allow a part of it."""
    networks = tuple(network for network in edit.networks.values() if network is not None)
    check_intent(schema, encode_intent(Intent(edit.name or "", networks, edit.switches or ())))
    records: list[Record] = [document for document in edit.documents.values() if document is not None]
    records += [commit for commit in edit.commits.values() if commit is not None]
    for record in records:
        check(schema, type(record).__name__, encode_record(record))


def is_in(edit: Edit, commits: Mapping[int, Commit]) -> bool:
    """The edit was carried out: its newest commit is there, whatever has become of it since it awaited confirmation."""
    newest = max((commit for commit in edit.commits.values() if commit), key=lambda commit: commit.number, default=None)
    held = commits.get(newest.number) if newest else None
    if newest is None or held is None or replace(held, state=newest.state) != newest:
        return False
    return held.state == newest.state or newest.state == "unconfirmed"


def _told(document: Document | None) -> str:
    """Its place, a space, its text; nothing for none."""
    return "" if document is None else f"{document.place} {document.text}"


def _untold(name: str, told: str) -> Document | None:
    place, _, text = told.partition(" ")
    return Document(name, int(place), text) if told else None
