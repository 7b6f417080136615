"""Live names for completion, by the kind of an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from planes.cli.session import Session, for_one, plain
from planes.management.grammar import Argument, Choice, Word
from planes.management.grammar_line import Place
from planes.model import state
from planes.model.intent import Intent
from planes.store.base import StoreError
from topologies import lab as labs
from topologies.control import CONTROLLER, STORE, Info
from topologies.errors import LabError
from topologies.library import shipped

Provider = Callable[[Session, Place], Iterable[Choice]]
FAULTS = ("link", "switch", "host")

# Where the names of each kind come from. A kind that is not here has none.
PROVIDERS: Mapping[str, str] = {
    "commits": "planes.cli.configuration:ago",
    "configured": "planes.cli.configure:to_be_set",
    "fault": "planes.cli.names:faults",
    "file": "planes.cli.names:files",
    "host": "planes.cli.names:hosts",
    "lab": "planes.cli.names:running",
    "line": "planes.cli.shell_words:lines",
    "link": "planes.cli.names:links",
    "network": "planes.cli.names:networks",
    "node": "planes.cli.names:nodes",
    "peer": "planes.cli.names:peers",
    "plan": "planes.cli.names:plans",
    "segment": "planes.cli.names:segments",
    "subject": "planes.cli.names:subjects",
    "switch": "planes.cli.names:switches",
    "there": "planes.cli.configure:that_is_there",
    "table": "planes.cli.names:tables",
    "tapped": "planes.cli.names:tapped",
}


def names(session: Session, argument: Argument, place: Place) -> Iterable[Choice]:
    """What an argument may be now; nothing when those who know don't answer."""
    where = PROVIDERS.get(argument.kind)
    if where is None:
        return ()
    module, _, function = where.partition(":")
    provider: Provider = getattr(import_module(module), function)
    try:
        return list(provider(session, place))
    except (LabError, StoreError):
        return ()


def for_line(argument: Argument, params: Mapping[str, Any]) -> list[str]:
    """For the completion of `triplane`'s own command line."""
    session = for_one(params, by_option=True)
    return [choice.text for choice in names(session, argument, Place(Word(""))) if not choice.label]


def running(_session: Session, _place: Place) -> Iterable[Choice]:
    return plain(lab.name for lab in labs.labs())


def plans(session: Session, place: Place) -> Iterable[Choice]:
    return plain(shipped(), "a shipped plan")


def subjects(session: Session, place: Place) -> Iterable[Choice]:
    """What may be verified."""
    return [*running(session, place), *plans(session, place)]


def files(_session: Session, _place: Place) -> Iterable[Choice]:
    return plain(sorted(f"{path}/" if path.is_dir() else str(path) for path in Path().iterdir()))


def switches(session: Session, _place: Place) -> Iterable[Choice]:
    return [Choice(row.name, _away(row)) for row in session.view(state.Switch).state.of(state.Switch)]


def hosts(session: Session, _place: Place) -> Iterable[Choice]:
    return [Choice(node.name, ", ".join(node.addresses)) for node in _info(session).nodes if node.kind == "host"]


def nodes(session: Session, _place: Place) -> Iterable[Choice]:
    return [Choice(node.name, ", ".join(node.addresses) or node.kind) for node in _info(session).nodes]


def links(session: Session, _place: Place) -> Iterable[Choice]:
    return plain(link.name for link in _info(session).links)


def peers(session: Session, place: Place) -> Iterable[Choice]:
    """What is linked to the node that was named before."""
    ends = [link.name.partition("#")[0].split("/") for link in _info(session).links]
    near = place.words[-1] if place.words else ""
    return plain(sorted({b if a == near else a for a, b in ends if near in (a, b)}))


def faults(session: Session, place: Place) -> Iterable[Choice]:
    """What can be failed; only what is of a kind, when that was said."""
    given = place.values.get("words", ())
    words = given if isinstance(given, tuple) else ()
    if len(words) > 1 or (words and words[0] not in FAULTS):
        return ()
    info = _info(session)
    if words == ("link",):
        return plain(link.name for link in info.links)
    if words:
        return plain(node.name for node in info.nodes if node.kind == words[0])
    named = [*(link.name for link in info.links), *(node.name for node in info.nodes), CONTROLLER, STORE]
    return plain([*FAULTS, *named])


def tapped(session: Session, _place: Place) -> Iterable[Choice]:
    """Where a capture may listen."""
    info = _info(session)
    ends = [name.rpartition("-eth") for node in info.nodes if node.kind == "switch" for name in node.interfaces]
    named = [*(link.name for link in info.links), *(node.name for node in info.nodes if node.kind == "host")]
    return plain([*named, *(f"{node}:{number}" for node, _, number in ends)])


def networks(session: Session, _place: Place) -> Iterable[Choice]:
    return plain(network.name for network in session.view(Intent).intent.networks)


def segments(session: Session, _place: Place) -> Iterable[Choice]:
    return plain(
        f"{network.name}/{segment.name}"
        for network in session.view(Intent).intent.networks
        for segment in network.segments
    )


def tables(_session: Session, _place: Place) -> Iterable[Choice]:
    from planes.data.pipeline import Table

    return [Choice(table.name, f"table {int(table)}") for table in Table]


def _info(session: Session) -> Info:
    """The lab, as it was when it was first asked: its nodes and links stay the same as long as it is there."""
    found = session.held.get("info")
    if not isinstance(found, Info):
        found = session.held["info"] = session.lab.info()
    return found


def _away(row: state.Switch) -> str:
    return "" if row.connected else "not connected"
