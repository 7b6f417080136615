"""`triplane show standby|vrrp|glbp [brief]`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from planes.cli.session import Session
from planes.management import show_fabric
from planes.management.show_gateways import Seat, glbp_brief, seats, standby_brief, table, told, vrrp_brief
from planes.model import state
from planes.model.intent import Intent


def standby(session: Session) -> None:
    """Show HSRP groups as each of their members sees them: state, addresses, timers, priority, what is tracked.

    What the members are configured to be is the plan's, what they are is what the controller wrote last.
    """
    _whole(session, "standby")


def standby_brief_(session: Session) -> None:
    """Show HSRP groups, a line for each member."""
    _brief(session, "standby", standby_brief)


def vrrp(session: Session) -> None:
    """Show VRRP groups as each of their members sees them: state, addresses, timers, priority, what is tracked.

    What the members are configured to be is the plan's, what they are is what the controller wrote last.
    """
    _whole(session, "vrrp")


def vrrp_brief_(session: Session) -> None:
    """Show VRRP groups, a line for each member. Time is how long the active may be silent, in milliseconds."""
    _brief(session, "vrrp", vrrp_brief)


def glbp(session: Session) -> None:
    """Show GLBP groups as each of their members sees them, with their forwarders.

    What the members are configured to be is the plan's, what they are is what the controller wrote last.
    """
    _whole(session, "glbp")


def glbp_brief_(session: Session) -> None:
    """Show GLBP groups: a line for each member, then one for each of its forwarders."""
    _brief(session, "glbp", glbp_brief)


def _whole(session: Session, family: str) -> None:
    now = time.time()
    found = _seats(session, family)
    session.show([table(family, found, now)], told(found, now))


def _brief(session: Session, family: str, brief: Callable[[Iterable[Seat]], Iterator[str]]) -> None:
    found = _seats(session, family)
    session.show([table(family, found, time.time())], brief(found))


def _seats(session: Session, family: str) -> list[Seat]:
    view = session.view(Intent, state.GatewayState, state.Controller)
    if said := show_fabric.signs(view.state, time.time()):
        session.tell(said)
    found = seats(view.intent, view.state, family)
    if not found and session.form == "table":
        session.tell("no segment has such a gateway: see `show gateways`")
    return found
