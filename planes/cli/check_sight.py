"""A lab's switches as they are now, for the checks' traces: which way a packet takes, and which rules are to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from planes.cli import way
from planes.cli.bringup import open_store, synced
from planes.cli.ends import Ends, Host
from planes.cli.explain import origins
from planes.cli.flow import Flow
from planes.cli.origin import Origins
from planes.cli.running import running
from planes.cli.trace import entered, frames, looker, wires_of
from planes.control.engine import OWNER
from planes.data import trace as traces
from planes.data.rule import Entry, Rule
from planes.data.text import line
from planes.data.trace import Fabric, Fate, Place
from planes.model import state
from planes.model.results import Evidence
from planes.model.wiring import End, Wiring, wire
from topologies.checking.bench import Suspect
from topologies.control import CONTROLLER
from topologies.errors import LabError
from topologies.lab import Lab
from topologies.rollcall import ASKING_PORT, PORT

MAX_RULES = 4  # of each sort and switch, in an evidence
STRANGER = "no line of the plan wants it: somebody else wrote it"


@dataclass(frozen=True)
class Sight:
    """What was read at one moment; switches are asked when a trace comes to them, each once, into `held`."""

    wiring: Wiring
    ends: Ends
    known: state.State
    fabric: Fabric
    origins: Origins
    held: Mapping[str, tuple[Entry, ...]]
    _hosts: dict[str, list[Host]] = field(default_factory=dict)

    def host(self, name: str) -> list[Host]:
        """A host's interfaces that are in a segment. LabError when there are none."""
        if name not in self._hosts:
            self._hosts[name] = self.ends.interfaces(name)
        return self._hosts[name]

    def evidence(self, suspect: Suspect) -> Evidence:
        """What becomes of a packet, or of its answer if that is the one that is lost, and whose rules that is. LabError
        when none can be sent.
        """
        title, story = self._story(suspect)
        verdict = _verdict(suspect, story)
        if suspect.forged is None and story.delivered:
            port = ASKING_PORT if suspect.port == PORT else suspect.port
            back, answer = self._story(Suspect(suspect.target, suspect.source, port=port))
            if not answer.delivered:
                title, verdict, story = f"{title}, and its answer: {back}", f"{verdict}, but {answer.verdict()}", answer
        told = [*self._odd(story), *self._decisive(story)]
        lines = [*story.lines(), *story.paths()]
        rules, reasons = [text for text, _ in told], [reason for _, reason in told]
        return Evidence(title, verdict, *map(_once, (lines, rules, reasons)))

    def ways(self, source: str, target: str) -> list[tuple[str, ...]]:
        """Each way from end to end, switches and links in their order. LabError."""
        _, story = self._story(Suspect(source, target))
        arriving = (route.places for route in story.trace.routes if story.arrives(route.end))
        return list(dict.fromkeys(tuple(self._parts(places)) for places in arriving))

    def _parts(self, places: Iterable[Place]) -> Iterator[str]:
        links = {end: each.name for each in self.wiring.wires for end in (each.a, each.b)}
        for number, place in enumerate(places):
            if number:
                yield links.get(End(*place), "?")
            yield place[0]

    def _story(self, suspect: Suspect) -> tuple[str, way.Story]:
        source, target, forged = suspect.source, suspect.target, suspect.forged
        if forged is not None:
            sender = next(each for each in self.host(source) if each.interface == forged.interface)
            sent = expected = _tagged(forged.frame, sender.vlan)
            goals = frozenset(place for each in self.host(target) for place in each.places)
            title = f"{source} to {target}: {forged.words}"
        else:
            journey = self.ends.journey(source, target, self.known, None)
            sender, goals = journey.sender, frozenset(journey.receiver.places)
            sent, expected = frames(journey, Flow("udp", suspect.port) if suspect.port else Flow())
            title = f"{source} to {target}: {f'UDP to port {suspect.port}' if suspect.port else 'a ping'}"
        found = traces.trace(self.fabric, entered(self.fabric, sender), sent)
        return title, way.Story(found, self.wiring, source, target, goals, expected, self._why)

    def _why(self, rule: Rule) -> str:
        return self._teller(rule) or STRANGER

    @cached_property
    def _teller(self) -> Callable[[Rule], str]:
        return way.teller(self.origins)

    def _odd(self, story: way.Story) -> Iterator[tuple[str, str]]:
        """Rules that switches on the way hold and nobody wants, and those that are wanted and not there."""
        for switch in dict.fromkeys(visit.place[0] for visit in story.trace.visits):
            held = self.held.get(switch, ())
            wanted = {_key(entry): (entry, owner) for name, entry, owner in self.origins.entries if name == switch}
            strange = [entry for entry in held if isinstance(entry, Rule) and entry.cookie >> 48 != OWNER]
            missing = wanted.keys() - {_key(entry) for entry in held}
            for rule in strange[:MAX_RULES]:
                yield f"{switch} holds {line(rule)}", STRANGER
            lacking = [
                (entry, self.origins.of(owner, entry)) for key, (entry, owner) in wanted.items() if key in missing
            ]
            concerned = {f"where {name} is" for name in (story.sender, story.receiver)}
            lacking.sort(key=lambda pair: not any(words in pair[1].words for words in concerned))
            for entry, origin in lacking[:MAX_RULES]:
                spot = self.origins.spot(origin)
                yield f"{switch} lacks {line(entry)}", f"{origin.words} ({spot}: {spot.text})" if spot else origin.words

    def _decisive(self, story: way.Story) -> Iterator[tuple[str, str]]:
        """The last rule that each copy met at each switch where it ended."""
        for visit in story.trace.visits:
            for each in visit.ways:
                rules = [step.entry for step in each.steps if isinstance(step.entry, Rule)]
                if each.ends and rules and not all(story.arrives(end) for end in each.ends):
                    yield f"{visit.place[0]} met {line(rules[-1])}", self._why(rules[-1])


def sight(lab: Lab, file: str) -> Sight:
    """What can be seen of a lab now; `file` is its plan's. LabError when its controller is dead: who else can ask."""
    info = lab.info()
    if not info.process(CONTROLLER).alive:
        raise LabError(f"the controller of lab {lab.name!r} is dead, and the switches are asked through it")
    topology = running(lab)[0].topology
    wiring = wire(topology) if topology else Wiring((), (), ())
    with open_store(lab) as store:
        known = synced(lab, store)
        intent = store.intent()
    held: dict[str, tuple[Entry, ...]] = {}
    fabric = Fabric(looker(lab, {}, held), wires_of(known))
    return Sight(wiring, Ends(lab, info, wiring, intent), known, fabric, origins(lab, known, intent, file), held)


def _verdict(suspect: Suspect, story: way.Story) -> str:
    if suspect.forged is None:
        return story.verdict()
    ends = [route.end for route in story.trace.routes]
    out = next((end.place for end in ends if end.fate is Fate.LEFT and end.place in story.goals), None)
    if out is None:
        return f"the rules that are understood do not bring it to {suspect.target}: look for a stranger's"
    return f"the rules bring it out of port {out[1]} of {out[0]}, to {suspect.target}"


def _tagged(frame: bytes, vlan: int | None) -> bytes:
    """As it is after the sender's own interface."""
    return frame if vlan is None else frame[:12] + (0x8100 << 16 | vlan).to_bytes(4, "big") + frame[12:]


def _key(entry: Entry) -> object:
    return entry.key if isinstance(entry, Rule) else (type(entry), entry.id)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
