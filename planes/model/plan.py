"""The plan file's grammar, as frozen values. `planes.model.load` reads one; shapes and units are checked here,
and what must agree between parts of a plan in `planes.model.consistency`.

Addresses are `ipaddress` values, rates bits per second, durations seconds. YAML's lists arrive as tuples.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, RootModel

from planes.model import words

_T = TypeVar("_T")


def one_or_many(value: object) -> object:
    """Several values, or one without brackets."""
    return value if isinstance(value, tuple) else (value,)


def _no_mapping(value: object) -> object:
    return {} if value is None else value


def _no_list(value: object) -> object:
    return () if value is None else value


def _listed_ports(value: object) -> object:
    """`ports: all` stands alone."""
    return (value,) if isinstance(value, str) else _no_list(value)


def _mapping_of_hosts(value: object) -> object:
    return {} if value is None or _is_count(value) else value


def _count_of_hosts(value: object) -> object:
    return value if _is_count(value) else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _three(value: object) -> object:
    if not isinstance(value, tuple) or not 2 <= len(value) <= 3:
        raise ValueError("a link is written [acc1, dist1] or [acc1, dist1, {rate: 100M}]")
    return value if len(value) == 3 else (*value, {})


def _port(value: object) -> object:
    return value if isinstance(value, dict) else {"port": value}


def _authentication(value: object) -> object:
    return value if value is None or isinstance(value, dict) else {"text": value}


def _secret(value: object) -> str:
    """Of one that is refused nothing is said."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("must be text of printable characters, in quotes where it looks like something else")
    return value


def _binding(value: object) -> Binding:
    if isinstance(value, Binding):
        return value
    mac, slash, address = words.text(value, "02:00:00:00:00:01/10.1.0.11").partition("/")
    return Binding(mac=words.mac(mac), address=words.address(address) if slash else None)


# What each generator takes, and what it is when nobody says; None must be given.
GENERATORS: dict[str, dict[str, int | None]] = {
    "single": {},
    "linear": {"size": None},
    "ring": {"size": None},
    "grid": {"rows": None, "columns": None},
    "tree": {"depth": None, "fanout": 2},
    "leaf-spine": {"spines": None, "leaves": None},
    "fat-tree": {"k": None},
    "random-regular": {"size": None, "degree": None, "seed": 0},
    "campus": {"buildings": None, "access": 2},
    "multi-site": {"sites": None, "spines": 2, "leaves": 2},
}
PARAMETERS = tuple(sorted({parameter for takes in GENERATORS.values() for parameter in takes}))
ORIGINS = ("generate", "graphml", "gml")
PROTOCOLS = ("anycast", "hsrp", "hsrp2", "vrrp", "vrrp2", "glbp")
BALANCES = ("round-robin", "weighted", "host-dependent")
TRANSPORTS = ("tcp", "udp", "sctp")
IP_PROTOCOLS = (*TRANSPORTS, "icmp", "icmpv6")

OneOrMany: TypeAlias = Annotated[tuple[_T, ...], BeforeValidator(one_or_many)]
Blank: TypeAlias = Annotated[_T, BeforeValidator(_no_mapping)]  # `core:` with nothing after it
Listed: TypeAlias = Annotated[tuple[_T, ...], BeforeValidator(_no_list)]
Name = Annotated[str, PlainValidator(words.name)]
NodeName = Annotated[str, PlainValidator(words.node_name)]
Secret = Annotated[str, PlainValidator(_secret)]
Reference = Annotated[str, PlainValidator(lambda value: words.text(value, "h1"))]
Address = Annotated[words.Address, PlainValidator(words.address)]
Interface = Annotated[words.Interface, PlainValidator(words.interface)]
Prefix = Annotated[words.Prefix, PlainValidator(words.prefix)]
Mac = Annotated[str, PlainValidator(words.mac)]
Rate = Annotated[int, PlainValidator(words.rate)]
Duration = Annotated[float, PlainValidator(words.duration)]
Percent = Annotated[float, PlainValidator(words.percent)]
PortName = Annotated[words.PortName, PlainValidator(words.port_name)]
LinkEnd = Annotated[words.PortName, PlainValidator(words.link_end)]
FileName = Annotated[str, PlainValidator(words.file_name)]
Text = Annotated[str, PlainValidator(lambda value: words.text(value, "|, and lines below it"))]
CommandLine = Annotated[tuple[str, ...], PlainValidator(words.command_line)]
PortRange = Annotated[tuple[int, int], PlainValidator(words.port_range)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Switch(_Value):
    """A switch of the lab; what people call it, and where it stands, for pictures."""

    datapath_id: Annotated[int, PlainValidator(words.datapath_id)] | None = None
    label: Annotated[str, PlainValidator(lambda value: words.text(value, "Frankfurt"))] | None = None
    position: Annotated[tuple[float, float], PlainValidator(words.position)] | None = None


class Route(_Value):
    """Packets for `to` go by `via`."""

    to: Prefix
    via: Address


class Host(_Value):
    """A host of the lab and its own configuration. It `run`s programs, in a /run of its own with the `files`."""

    address: OneOrMany[Interface] = ()
    gateway: OneOrMany[Address] = ()
    mac: Mac | None = None
    routes: Listed[Route] = ()
    forward: bool = False
    files: Blank[dict[FileName, Text]] = {}
    run: Listed[CommandLine] = ()


class LinkOptions(_Value):
    """What a link's packets meet; `queue` counts packets."""

    rate: Rate | None = None
    delay: Duration | None = None
    jitter: Duration | None = None
    loss: Percent | None = None
    queue: Count | None = None


class Link(RootModel[Annotated[tuple[LinkEnd, LinkEnd, Blank[LinkOptions]], BeforeValidator(_three)]]):
    """A link between two nodes: `[a, b]` or `[a, b, {options}]`."""

    model_config = ConfigDict(frozen=True, strict=True)

    @property
    def a(self) -> words.PortName:
        return self.root[0]

    @property
    def b(self) -> words.PortName:
        return self.root[1]

    @property
    def options(self) -> LinkOptions:
        return self.root[2]


class Topology(_Value):
    """What the lab emulates: nodes and links, or a generator, or a graph file, with so many hosts a switch.

    `planes.model.drawing` makes nodes and links of the latter two.
    """

    switches: Blank[dict[NodeName, Blank[Switch]]] = {}
    hosts: Annotated[dict[NodeName, Blank[Host]], BeforeValidator(_mapping_of_hosts)] = {}
    links: Listed[Link] = ()
    generate: Annotated[str, PlainValidator(lambda value: words.choice(value, GENERATORS))] | None = None
    graphml: Reference | None = None
    gml: Reference | None = None
    # Where a topology is generated or read, `hosts` is a number: hosts for each switch that takes any.
    hosts_each: Annotated[Count | None, BeforeValidator(_count_of_hosts)] = Field(default=None, alias="hosts")
    rate: Annotated[int | str, PlainValidator(lambda value: words.or_word(value, "file", words.rate))] | None = None
    delay: (
        Annotated[float | str, PlainValidator(lambda value: words.or_word(value, "geographic", words.duration))] | None
    ) = None
    k: Count | None = None
    size: Count | None = None
    rows: Count | None = None
    columns: Count | None = None
    depth: Count | None = None
    fanout: Count | None = None
    spines: Count | None = None
    leaves: Count | None = None
    degree: Count | None = None
    buildings: Count | None = None
    access: Count | None = None
    sites: Count | None = None
    seed: Annotated[int, Field(ge=0, le=1_000_000)] | None = None

    @property
    def origin(self) -> str | None:
        """The key that says where nodes and links come from; None where they are in the plan itself."""
        return next((key for key in ORIGINS if getattr(self, key) is not None), None)

    @property
    def drawn(self) -> bool:
        """Nodes and links are known."""
        return self.origin is None or bool(self.switches)


class Track(_Value):
    """One thing that a gateway member watches, and what its loss costs; 10 is Cisco's default."""

    port: Reference | None = None
    link: Reference | None = None
    route: Prefix | None = None
    reach: Address | None = None
    decrement: Annotated[int, Field(ge=1, le=255)] = 10


class Member(_Value):
    """A switch that may be the gateway; `preempt` None is the protocol's default."""

    address: OneOrMany[Address] = ()
    priority: Annotated[int, Field(ge=0, le=255)] = 100
    preempt: bool | None = None
    track: Listed[Track] = ()
    weight: Annotated[int, Field(ge=1, le=254)] = 100


class Authentication(_Value):
    """What a gateway's members know each other by: a text, sent as it is, or a secret of MD5 and its key id."""

    text: Secret | None = None
    md5: Secret | None = None
    key: Annotated[int, Field(ge=0, le=(1 << 32) - 1)] | None = None


class Gateway(_Value):
    """A segment's virtual router. Where the protocol is anycast, no members means every switch.

    `hello` is VRRP's advertisement interval. `weight`s of members and `balance` are GLBP's.
    """

    address: OneOrMany[Address]
    protocol: Annotated[str, PlainValidator(lambda value: words.choice(value, PROTOCOLS))] = "anycast"
    group: Annotated[int, Field(ge=0, le=4095)] = 1
    members: Blank[dict[NodeName, Blank[Member]]] = {}
    detect: Annotated[str, PlainValidator(lambda value: words.choice(value, ("fabric", "protocol")))] = "fabric"
    hello: Duration | None = None
    hold: Duration | None = None
    preempt_delay: Duration = 0.0
    authentication: Annotated[Authentication | None, BeforeValidator(_authentication)] = None
    balance: Annotated[str, PlainValidator(lambda value: words.choice(value, BALANCES))] = "round-robin"


class Port(_Value):
    """Where a segment meets the outside: one port, or several as one (LAG)."""

    port: PortName | None = None
    lag: tuple[PortName, ...] | None = None
    rate: Rate | None = None

    @property
    def names(self) -> tuple[words.PortName, ...]:
        """The ports, one or the LAG's."""
        return self.lag or ((self.port,) if self.port else ())


Ports: TypeAlias = Annotated[tuple[Annotated[Port, BeforeValidator(_port)], ...], BeforeValidator(_listed_ports)]


class Binding(_Value):
    """The only addresses that a port may send from."""

    mac: str
    address: words.Address | None = None


class Segment(_Value):
    """A broadcast domain. `routers` are ports where a foreign router may speak a gateway protocol."""

    subnet: OneOrMany[Prefix]
    ports: Ports = ()
    gateway: Gateway | None = None
    routers: Listed[PortName] = ()
    bind: Blank[dict[Reference, Annotated[Binding, PlainValidator(_binding)]]] = {}


class Flow(_Value):
    """What a policy line is about; what is left out is any."""

    source: Reference | None = Field(default=None, alias="from")
    destination: Reference | None = Field(default=None, alias="to")
    protocol: Annotated[str, PlainValidator(lambda value: words.choice(value, IP_PROTOCOLS))] | None = None
    port: OneOrMany[PortRange] = ()
    stateful: bool = False
    rate: Rate | None = None


class Rule(_Value):
    """One line of a policy: allow or deny, one of them."""

    allow: Annotated[Flow | None, BeforeValidator(_no_mapping)] = None
    deny: Annotated[Flow | None, BeforeValidator(_no_mapping)] = None


class Limits(_Value):
    """What one network may use of the fabric."""

    hosts: Count | None = None
    rules: Count | None = None


class Network(_Value):
    """A tenant: its segments, its routes, its policy (the first line that matches wins)."""

    segments: Blank[dict[Name, Segment]] = {}
    routes: Listed[Route] = ()
    policy: Listed[Rule] = ()
    rate: Rate | None = None
    limits: Limits | None = None


class Survive(_Value):
    """Traffic goes on while links (`a/b`), switches or the controller fail, one after the other, or each in turn."""

    fail: OneOrMany[Reference] = ()
    each: Annotated[str, PlainValidator(lambda value: words.choice(value, ("link", "switch")))] | None = None
    between: tuple[Reference, ...]
    outage: Duration | None = None
    loss: Annotated[int, Field(ge=0)] | None = None


class Bandwidth(_Value):
    """TCP carries at least this much."""

    between: tuple[Reference, ...]
    at_least: Rate


class Latency(_Value):
    """The median round trip takes at most this long."""

    between: tuple[Reference, ...]
    at_most: Duration


class GatewayCheck(_Value):
    """Who is active in a segment's gateway, who is standby, and how soon that one takes over when the active fails."""

    network: Reference
    segment: Reference
    active: Reference
    standby: Reference | None = None
    takeover: Duration | None = None


class PathCheck(_Value):
    """Which nodes or links the ways between two hosts avoid or go through, and over how many of them flows spread."""

    between: tuple[Reference, ...]
    avoids: OneOrMany[Reference] = ()
    through: OneOrMany[Reference] = ()
    spread: Count | None = None


class Converge(_Value):
    """The fabric is quiet again after any fault within this time."""

    within: Duration


class Check(_Value):
    """One thing that must hold: just one of these is given, and perhaps a `name` for it.

    An empty `isolate` is all pairs of different networks.
    """

    name: Name | None = None
    reach: OneOrMany[Reference] | None = None
    isolate: Listed[Reference] | None = None
    survive: Survive | None = None
    bandwidth: Bandwidth | None = None
    latency: Latency | None = None
    gateway: GatewayCheck | None = None
    path: PathCheck | None = None
    converge: Converge | None = None


class Plan(_Value):
    """A whole plan file. Without a topology it is for a real fabric. `bfd` is the interval on fabric ports."""

    name: Name
    topology: Topology | None = None
    networks: Blank[dict[Name, Annotated[Network, BeforeValidator(_no_mapping)]]] = {}
    checks: Listed[Check] = ()
    bfd: Duration | None = None
