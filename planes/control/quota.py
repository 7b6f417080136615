"""What a network may use of the fabric: so many hosts in all, so many entries on any one switch."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import Address, Kind
from planes.control.shares import network_of
from planes.model.intent import Intent, Network

Wanted = tuple[Kind[Any, Any], Any, object]  # a fact: kind, key, value


class Quota:
    """The limits of the networks, and who was admitted under them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._networks: dict[int, Network] = {}
        self._hosts: dict[int, set[Address]] = {}  # by network, of those that have a limit
        self._promised: dict[int, Counter[int]] = defaultdict(Counter)  # network -> datapath id -> entries to come

    def follow(self, intent: Intent, number: Callable[[str], int]) -> None:
        """Another intent is wanted; `number` gives a network's. Who is over a new limit stays."""
        self._networks |= {number(network.name): network for network in intent.networks}
        limited = {number for number, network in self._networks.items() if network.max_hosts is not None}
        fresh: dict[int, set[Address]] = {number: set() for number in limited - self._hosts.keys()}
        if fresh:
            for host in self._engine.facts.table(facts.HOST):
                fresh.get(network_of(facts.HOST, host, self._engine.facts), set()).add(host)
        self._hosts = {number: hosts for number, hosts in (self._hosts | fresh).items() if number in limited}

    def name(self, network: int) -> str:
        """A network's name."""
        return self._networks[network].name if network in self._networks else str(network)

    def refusal(self, network: int, host: Address, wanted: Iterable[Wanted]) -> str | None:
        """Why a host may not become known, or be known as more than it is, as a counter's reason; None when it may.

        `wanted` are the facts that are to be put for it at once when it may.
        """
        limits = self._networks.get(network)
        if limits is None:
            return None
        if limits.max_hosts is not None and self._is_full(network, host, limits.max_hosts):
            return f"hosts-limit/{limits.name}"
        if limits.max_rules is not None:
            grown = self._engine.growth(wanted) + self._promised[network]
            if self._is_above(network, limits.max_rules, grown):
                return f"rules-limit/{limits.name}"
            self._promised[network] = grown
        if network in self._hosts:
            self._hosts[network].add(host)
        return None

    def compiled(self) -> None:
        """The engine has run: what was promised is counted there."""
        self._promised.clear()

    def excess(self) -> list[tuple[str, int, int, int]]:
        """Where networks have more entries than they may: name, datapath id, entries, limit."""
        return [
            (network.name, dpid, count, network.max_rules)
            for number, network in sorted(self._networks.items())
            if network.max_rules is not None
            for dpid, count in sorted(self._engine.load(number).items())
            if count > network.max_rules
        ]

    def _is_full(self, network: int, host: Address, limit: int) -> bool:
        """Whether others take all places, once those that are hosts no more are forgotten."""
        hosts, known = self._hosts[network], self._engine.facts.table(facts.HOST)
        if len(hosts) >= limit and host not in known:
            hosts &= known.keys()
        return len(hosts) >= limit and host not in known

    def _is_above(self, network: int, limit: int, grown: Counter[int]) -> bool:
        load = self._engine.load(network)
        return any(load.get(dpid, 0) + count > limit for dpid, count in grown.items())
