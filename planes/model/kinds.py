"""What may stand at a place of the plan's grammar, out of its models: keys, names, lists and single values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, RootModel, TypeAdapter, ValidationError

from planes.model import plan
from planes.model.errors import PlanError
from planes.model.load import why
from planes.model.source import read_part

# Models in whose place one value may stand, and the key that it is short for.
BARE: Mapping[type[BaseModel], str] = {plan.Port: "port", plan.Authentication: "text"}
CHOICES: Mapping[tuple[type[BaseModel], str], tuple[str, ...]] = {
    (plan.Gateway, "protocol"): plan.PROTOCOLS,
    (plan.Gateway, "balance"): plan.BALANCES,
    (plan.Gateway, "detect"): ("fabric", "protocol"),
    (plan.Flow, "protocol"): plan.IP_PROTOCOLS,
}
ABOUT: Mapping[str, str] = {  # by key, what the models don't say of themselves in few words
    "active": "the switch that is to route",
    "address": "IP addresses",
    "allow": "what the line lets pass",
    "authentication": "a text, or md5 SECRET",
    "balance": "GLBP: how hosts are spread",
    "bfd": "how often links between switches are tested, such as 100ms",
    "bind": "the only MAC, or MAC/ADDRESS, that a port may send from",
    "checks": "what must hold",
    "decrement": "what its loss costs, of the priority",
    "deny": "what the line stops",
    "detect": "by what members know that another is gone",
    "from": "the segment that it comes from",
    "gateway": "the segment's virtual router",
    "hello": "how often members say hello, such as 1s",
    "hold": "after how long without hellos the active one is gone",
    "hosts": "how many",
    "lag": "ports of one switch that are one link",
    "limits": "what the network may use of the fabric",
    "link": "a link to watch",
    "mac": "a MAC address",
    "md5": "a secret that hellos are signed with",
    "members": "the switches that may be the gateway",
    "name": "of the plan",
    "networks": "the tenants",
    "policy": "what may pass between segments: the first line that matches decides",
    "port": "a port, or ports such as 22 and 5000-5999",
    "ports": "hosts, or switch:port, or switch:port.vlan",
    "preempt": "whether it takes over from a lesser one",
    "preempt_delay": "how long it waits before it does",
    "protocol": "which one",
    "rate": "bits per second, such as 100M",
    "reach": "hosts that reach each other",
    "routers": "ports where other routers may take part",
    "routes": "static routes: to PREFIX via ADDRESS",
    "rules": "how many, on any one switch",
    "segments": "broadcast domains",
    "stateful": "whether answers pass too",
    "subnet": "prefixes such as 10.1.0.0/24",
    "to": "where to",
    "topology": "the lab's switches, hosts and links",
    "track": "what it watches",
    "via": "the next hop",
    "weight": "GLBP: its share",
}


class Form(Enum):
    """How what stands at a place is made of parts."""

    KEYS = "keys"  # a mapping of certain keys
    NAMES = "names"  # a mapping of names that people choose
    LIST = "list"
    VALUE = "value"


@dataclass(frozen=True)
class Kind:
    """A place of the grammar. `inner` is what its names or elements are; `model` tells the keys."""

    form: Form
    annotation: Any
    model: type[BaseModel] | None = None
    inner: Any = None
    name: Any = None
    choices: tuple[str, ...] = ()
    single: bool = False  # of a list: one element may stand without brackets

    def keys(self) -> dict[str, Kind]:
        """What may stand under each key."""
        found: dict[str, Kind] = {}
        if self.model is None:
            return found
        for name, field in self.model.model_fields.items():
            key = field.alias or name
            yes = ("true", "false") if _bare(field.annotation)[0] is bool else ()
            kind = kind_of(field.annotation, tuple(field.metadata))
            found.setdefault(key, replace(kind, choices=CHOICES.get((self.model, key), yes)))
        return found

    def element(self) -> Kind:
        """What stands under a name, or in the list."""
        return kind_of(self.inner)

    @property
    def about(self) -> str:
        """What it is, in a few words."""
        if self.model is not None and self.model.__doc__:
            return self.model.__doc__.split(". ")[0].split("\n")[0].rstrip(".")
        bounds = {key: getattr(each, key) for each in self._metadata() for key in ("ge", "le") if hasattr(each, key)}
        if "ge" in bounds and "le" in bounds:
            return f"a number from {bounds['ge']} to {bounds['le']}"
        return ""

    def _metadata(self) -> tuple[Any, ...]:
        return _bare(self.annotation)[1]


PLAN = Kind(Form.KEYS, plan.Plan, plan.Plan)


def kind_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Kind:
    """The kind that a type of the models is."""
    whole = annotation
    for said in metadata:
        whole = Annotated[whole, said]
    bare, known = _bare(whole)
    origin, arguments = get_origin(bare), get_args(bare)
    plain = any(isinstance(each, PlainValidator) for each in known)
    if not plain and isinstance(bare, type) and issubclass(bare, BaseModel) and not issubclass(bare, RootModel):
        return Kind(Form.KEYS, whole, bare)
    if not plain and origin is dict:
        return Kind(Form.NAMES, whole, None, arguments[1], arguments[0])
    if not plain and origin is tuple and arguments[-1] is Ellipsis:
        single = any(isinstance(each, BeforeValidator) and each.func is plan.one_or_many for each in known)
        return Kind(Form.LIST, whole, None, arguments[0], single=single)
    return Kind(Form.VALUE, whole)


def value(annotation: Any, word: str, text: bool = False) -> object:
    """What a word means at a place, as YAML has it; as `text` it is itself. ValueError with why it can't be there."""
    adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=_config(annotation))
    first: ValidationError | None = None
    for candidate in [word] if text else _candidates(word):
        try:
            adapter.validate_python(candidate)
        except ValidationError as error:
            first = first or error
        else:
            return candidate
    raise ValueError(why(first.errors(include_url=False)[-1]) if first else "it cannot be that")


def _config(annotation: Any) -> ConfigDict | None:
    bare = _bare(annotation)[0]
    return None if isinstance(bare, type) and issubclass(bare, BaseModel) else ConfigDict(strict=True)


def _candidates(word: str) -> list[object]:
    """What YAML takes it for, and the word itself."""
    found = _yaml(word)
    return [found] if isinstance(found, dict | tuple) or found == word else [found, word]


def _yaml(word: str) -> object:
    """A word as YAML reads it; itself where it can't."""
    try:
        data = read_part(f"a: {word}\n", "", (), 0).data
    except PlanError:
        return word
    found = data["a"] if isinstance(data, dict) and list(data) == ["a"] else word
    return word if found is None else found


def _bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without what is said of it, and that."""
    said: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            said += tuple(more)
        elif get_origin(annotation) in (Union, UnionType) and type(None) in get_args(annotation):
            annotation = next(each for each in get_args(annotation) if each is not type(None))
        else:
            return annotation, said
