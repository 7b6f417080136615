"""A trace as people read it, and as tables for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from planes.cli.origin import Origins
from planes.data import pipeline
from planes.data.rule import Bucket, Group, GroupType, Rule
from planes.data.switch import Drop, Punted, Step
from planes.data.text import actions_text, line
from planes.data.trace import End, Fate, Place, Trace, Way, distinct
from planes.management.tables import Table
from planes.model.wiring import End as WireEnd
from planes.model.wiring import Wiring

_DROPS = {
    Drop.MISS: "no rule of table {} matches",
    Drop.IN_PORT: "it would go back to port {}, where it came in",
    Drop.PORT_DOWN: "port {} is down",
    Drop.NO_GROUP: "there is no group {}",
    Drop.NO_LIVE_BUCKET: "no bucket of group {} is live",
    Drop.TTL: "it had no TTL left in table {}",
    Drop.TOO_DEEP: "it goes round in table {}",
}


@dataclass(frozen=True)
class Story:
    """A trace between two hosts. `goals`: the ports where it may leave, and `frame`: what it must be by then.

    `why` tells what wanted a rule.
    """

    trace: Trace
    wiring: Wiring
    sender: str
    receiver: str
    goals: frozenset[Place]
    frame: bytes
    why: Callable[[Rule], str] = lambda _: ""

    @property
    def delivered(self) -> bool:
        """It arrives, whatever way it takes, and nowhere else."""
        return self.trace.delivers(self.goals, self.frame)

    def lines(self) -> Iterator[str]:
        """Each switch, what the frame meets there, and where it goes from there."""
        for visit in self.trace.visits:
            yield f"{visit.place[0]}, in at port {visit.place[1]} from {self._behind(visit.place)}"
            before: list[str] = []
            for way in visit.ways:
                told = [*self._steps(way), *self._ends(way)]
                same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, told, strict=False)))
                if before:
                    yield "  or, as the frame's hash decides"
                yield from (f"  {text}" for text in told[same:])
                before = told
            yield ""

    def paths(self) -> list[str]:
        """A line for each way from end to end, such as `h1 > acc1 > dist1 > acc2 > h2`."""
        return list(dict.fromkeys(self.routes()))

    def routes(self) -> list[str]:
        """The same, one for each route of the trace."""
        return [self._path(places, end) for places, end in self._routes()]

    def tables(self) -> list[Table]:
        """The same for programs."""
        met = [
            (visit.place[0], visit.place[1], number, *_kind(step), step_text(step), self._wanted_by(step))
            for visit in self.trace.visits
            for number, way in enumerate(visit.ways, 1)
            for step in way.steps
        ]
        ends = [
            (self._path(places, end), end.fate.name.lower(), *end.place, self._end(end))
            for places, end in self._routes()
        ]
        return [
            Table("met", ("switch", "in port", "way", "kind", "number", "bucket", "text", "wanted by"), met),
            Table("paths", ("path", "fate", "switch", "port", "end"), ends),
        ]

    def verdict(self) -> str:
        """In one sentence."""
        if self.delivered:
            return f"{self.sender} reaches {self.receiver}"
        if not self.trace.whole:
            return f"{self.sender}'s frame has too many ways to follow them all"
        reasons = dict.fromkeys(self._end(end) for _, end in self._routes() if not self.arrives(end))
        hint = self._hint()
        return f"{self.sender} does not reach {self.receiver}: {'; '.join(reasons)}" + (f"\n{hint}" if hint else "")

    def _routes(self) -> list[tuple[tuple[Place, ...], End]]:
        return [(route.places, route.end) for route in self.trace.routes]

    def arrives(self, end: End) -> bool:
        """This copy leaves where it may, as it must be by then."""
        return end.fate is Fate.LEFT and end.place in self.goals and end.frame == self.frame

    def _hint(self) -> str:
        if any(end.fate is Fate.PUNTED for _, end in self._routes()):
            return f"addresses are learned from what hosts send: let {self.sender} ping {self.receiver}, then ask again"
        return ""

    def _path(self, places: Sequence[Place], end: End) -> str:
        names = [self.sender, *(name for name, _ in places)]
        if self.arrives(end):
            return " > ".join([*names, self.receiver])
        return f"{' > '.join(names)}: {self._end(end)}"

    def _steps(self, way: Way) -> Iterator[str]:
        """The rules and groups; of those that judge, whose judgement it is."""
        for step in way.steps:
            yield step_text(step)
            if isinstance(step.entry, Rule) and step.entry.table == pipeline.Table.POLICY and step.entry.match:
                yield from (f"{'':8}{why}" for why in (self.why(step.entry),) if why)

    def _wanted_by(self, step: Step) -> str | None:
        return self.why(step.entry) or None if isinstance(step.entry, Rule) else None

    def _dropper(self, end: End) -> str:
        """What wanted the rule that dropped a copy: the last that it met."""
        rules = (
            step.entry
            for visit in self.trace.visits
            for way in visit.ways
            if end in way.ends
            for step in reversed(way.steps)
            if isinstance(step.entry, Rule)
        )
        last = next(rules, None)
        return self.why(last) if last else ""

    def _ends(self, way: Way) -> Iterator[str]:
        for leg in way.legs:
            yield f"> out of port {leg.out[1]} to {leg.to[0]}:{leg.to[1]}"
        for end in way.ends:
            yield f"> {self._end(end)}"

    def _end(self, end: End) -> str:
        switch, number = end.place
        match end.fate:
            case Fate.LEFT:
                changed = "" if end.frame == self.frame else ", changed on its way"
                return f"out of port {number} of {switch} to {self._behind(end.place)}{changed}"
            case Fate.LOST:
                return f"lost on the link behind port {number} of {switch}"
            case Fate.PUNTED if isinstance(end.why, Punted):
                return f"sent to the controller by {switch}, table {_table(end.why.table)}"
            case Fate.DROPPED if isinstance(end.why, Drop):
                where = _table(number) if end.why in (Drop.MISS, Drop.TOO_DEEP) else number
                return f"dropped by {switch}: {_DROPS[end.why].format(where)}"
            case Fate.DROPPED:
                why = self._dropper(end)
                return f"dropped by a rule of {switch}" + (f": {why}" if why else "")
        return f"{end.fate.value} at {switch}"

    def _behind(self, place: Place) -> str:
        peer = self.wiring.peer(WireEnd(*place))
        return peer.node if peer else "nobody known"


def teller(origins: Origins) -> Callable[[Rule], str]:
    """Tells what wanted a rule, and where in the plan."""

    @cache
    def why(rule: Rule) -> str:
        origin = origins.of_rule(rule)
        spot = origins.spot(origin) if origin else None
        return "" if origin is None else f"{origin.words} ({spot})" if spot else origin.words

    return why


def step_text(step: Step) -> str:
    """A rule, or a group and the bucket that it takes and why."""
    if isinstance(step.entry, Rule):
        return f"{_table(step.entry.table):8}{line(step.entry._replace(cookie=0))}"  # it tells people nothing
    group, taken = step.entry, step.bucket or 0
    return f"{'':8}group={group.id} type={group.type.name.lower()} {_choice(group, taken)}"


def _choice(group: Group, taken: int) -> str:
    actions = actions_text(group.buckets[taken].actions)
    match group.type:
        case GroupType.FAST_FAILOVER:
            dead = "".join(f"bucket {index} is dead: {_death(group.buckets[index])}; " for index in range(taken))
            return f"{dead}bucket {taken} is live: {actions}"
        case GroupType.SELECT:
            share = sum(bucket.actions == group.buckets[taken].actions for bucket in group.buckets)
            ways = len(distinct(group, range(len(group.buckets))))
            return f"one of {ways} ways, {share} of {len(group.buckets)} buckets: {actions}"
    return f"bucket {taken}: {actions}"


def _death(bucket: Bucket) -> str:
    watched = [f"port {bucket.watch_port} is down"] if bucket.watch_port is not None else []
    if bucket.watch_group is not None:
        watched.append(f"group {bucket.watch_group} has no live bucket")
    return ", ".join(watched)


def _kind(step: Step) -> tuple[str, int, int | None]:
    if isinstance(step.entry, Rule):
        return "rule", step.entry.table, None
    return "group", step.entry.id, step.bucket


def _table(number: int) -> str:
    try:
        return pipeline.Table(number).name
    except ValueError:
        return str(number)
