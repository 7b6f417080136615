"""Reads what names an entry: a cookie, or a line as ovs-ofctl(8), `triplane trace` and `text` print it.

Of a rule's line only what makes the rule the same rule is read, and its cookie: counters, ages and actions are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from planes.data import fields as f
from planes.data.fields import FIELDS, Field
from planes.data.packet import mac
from planes.data.pipeline import Table
from planes.data.rule import LOCAL_PORT, Group, Match, Meter, Term
from planes.data.text import name_text
from planes.model.errors import nearest


@dataclass(frozen=True)
class Cookie:
    """All rules of a cookie."""

    value: int


@dataclass(frozen=True)
class Line:
    """One rule. The priority is OpenFlow's usual one where the line leaves it out, as ovs-ofctl does."""

    table: int
    priority: int
    match: Match
    cookie: int | None = None


@dataclass(frozen=True)
class Numbered:
    """A group or a meter, by its id."""

    kind: type[Group] | type[Meter]
    id: int


Named = Cookie | Line | Numbered

USUAL_PRIORITY = 0x8000  # OFP_DEFAULT_PRIORITY, which ovs-ofctl does not print
_PROTOCOLS: dict[str, dict[Field, int]] = {
    "ip": {f.ETH_TYPE: f.ETH_IPV4},
    "ipv6": {f.ETH_TYPE: f.ETH_IPV6},
    "arp": {f.ETH_TYPE: f.ETH_ARP},
    "rarp": {f.ETH_TYPE: 0x8035},
    **{
        name + six: {f.ETH_TYPE: eth_type, f.IP_PROTO: proto}
        for six, eth_type in (("", f.ETH_IPV4), ("6", f.ETH_IPV6))
        for name, proto in (("tcp", f.IP_TCP), ("udp", f.IP_UDP), ("sctp", f.IP_SCTP))
    },
    "icmp": {f.ETH_TYPE: f.ETH_IPV4, f.IP_PROTO: f.IP_ICMP},
    "icmp6": {f.ETH_TYPE: f.ETH_IPV6, f.IP_PROTO: f.IP_ICMPV6},
}
# Names that stand for one field or another, by the protocol of the packet.
_BY_PROTOCOL = {
    "tp_src": {f.IP_TCP: f.TCP_SRC, f.IP_UDP: f.UDP_SRC, f.IP_SCTP: f.SCTP_SRC},
    "tp_dst": {f.IP_TCP: f.TCP_DST, f.IP_UDP: f.UDP_DST, f.IP_SCTP: f.SCTP_DST},
    "icmp_type": {f.IP_ICMP: f.ICMPV4_TYPE, f.IP_ICMPV6: f.ICMPV6_TYPE},
    "icmp_code": {f.IP_ICMP: f.ICMPV4_CODE, f.IP_ICMPV6: f.ICMPV6_CODE},
}
_FIELDS = FIELDS | {name_text(field): field for field in FIELDS.values()} | {"nw_ttl": f.IP_TTL}
_CT_BITS = (f.CT_NEW, f.CT_ESTABLISHED, f.CT_RELATED, f.CT_REPLY, f.CT_INVALID, f.CT_TRACKED)
_CT_STATES = dict(zip(("new", "est", "rel", "rpl", "inv", "trk"), _CT_BITS, strict=True))
_TELLING = re.compile(r"(n_packets|n_bytes|duration|(idle|hard)_(age|timeout))=.*|send_flow_rem|\w+_counts")
_WORD = re.compile(r'(?:"[^"]*"|[^\s,"])+')
_TABLES = frozenset(table.name for table in Table)


def read(text: str, ports: Mapping[str, int] | None = None) -> Named:
    """What a text names; `ports` are the numbers of ports by name. ValueError, in words for who typed it."""
    line, _, _ = text.partition("actions=")
    words = _WORD.findall(line)
    if words and words[0] in _TABLES:
        del words[0]  # `trace` names the table in front
    if not words:
        raise ValueError("nothing is named: give a cookie such as 0x7470..., a rule's line, group=ID or meter=ID")
    name, _, value = words[0].partition("=")
    if name in ("group", "group_id", "meter"):
        return Numbered(Meter if name == "meter" else Group, _number(value, words[0]))
    if len(words) == 1 and (name == "cookie" or (not value and name[:1].isdigit())):
        return Cookie(_number((value or name).partition("/")[0], words[0]))
    return _line(words, ports or {})


def _line(words: list[str], ports: Mapping[str, int]) -> Line:
    numbers: dict[str, int] = {}
    given: dict[str, str] = {}
    terms: dict[Field, Term] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if _TELLING.fullmatch(word):
            continue
        if name in ("cookie", "table", "priority") and equals:
            numbers[name] = _number(value.partition("/")[0], word)
        elif word in _PROTOCOLS:
            terms |= {field: Term(field, one, field.full) for field, one in _PROTOCOLS[word].items()}
        elif not equals or name not in {*_FIELDS, *_BY_PROTOCOL, *_SPECIAL}:
            raise ValueError(f"{word!r} is not part of a rule{_nearest(name)}")
        else:
            given[name] = value
    if "table" not in numbers:
        raise ValueError("a rule's line begins with its table, such as table=60 priority=100,...")
    proto = terms[f.IP_PROTO].value if f.IP_PROTO in terms else _given_protocol(given)
    for term in _terms(given, proto, ports):
        terms[term.field] = term
    found = tuple(sorted(term for term in terms.values() if term.mask))
    return Line(numbers["table"], numbers.get("priority", USUAL_PRIORITY), found, numbers.get("cookie"))


def _given_protocol(given: Mapping[str, str]) -> int:
    name = next((name for name in ("nw_proto", "ip_proto") if name in given), None)
    return _number(given[name], f"{name}={given[name]}") if name else 0


def _terms(given: Mapping[str, str], proto: int, ports: Mapping[str, int]) -> Iterator[Term]:
    for name, value in given.items():
        word = f"{name}={value}"
        if name in _SPECIAL:
            yield _SPECIAL[name](value, word)
        elif name == "in_port":
            yield _term(f.IN_PORT, str(_port(value.strip('"'), ports)), word)
        else:
            field = _BY_PROTOCOL[name].get(proto) if name in _BY_PROTOCOL else _FIELDS[name]
            if field is None:
                raise ValueError(f"{word!r} needs its protocol, such as tcp, udp or icmp6")
            yield _term(field, value, word)


def _term(field: Field, value: str, word: str) -> Term:
    text, slash, masked = value.partition("/")
    number = _value(text, field, word)
    if not slash:
        mask = field.full
    elif masked.isdecimal() and (":" in text or "." in text):
        mask = field.full ^ (1 << field.bits - min(int(masked), field.bits)) - 1
    else:
        mask = _value(masked, field, word)
    if number > field.full or mask > field.full:
        raise ValueError(f"{word!r} does not fit {field.bits} bits")
    return Term(field, number & mask, mask)


def _value(text: str, field: Field, word: str) -> int:
    try:
        if text.count(":") == 5 and field.bits == 48:
            return mac(text)
        if ":" in text and field.bits == 128:
            return int(IPv6Address(text))
        if "." in text and field.bits == 32:
            return int(IPv4Address(text))
    except ValueError as error:
        raise ValueError(f"{word!r}: {error}") from None
    return _number(text, word)


def _number(text: str, word: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f"{word!r} is not a number, such as 7 or 0x1f") from None


def _port(text: str, ports: Mapping[str, int]) -> int:
    if text == "LOCAL":
        return LOCAL_PORT
    if text in ports:
        return ports[text]
    if not text.isdecimal():
        raise ValueError(f"no port is named {text!r}; give its number")
    return int(text)


def _vlan_tci(value: str, word: str) -> Term:
    """The tag's 16 bits, of which the priority is not ours to match."""
    text, _, mask = value.partition("/")
    return Term(f.VLAN_VID, _number(text, word) & f.VLAN_VID.full, _number(mask or "0xffff", word) & f.VLAN_VID.full)


def _dl_vlan(value: str, word: str) -> Term:
    return Term(f.VLAN_VID, f.VLAN_PRESENT | _number(value, word) & 0xFFF, f.VLAN_VID.full)


def _ct_state(value: str, word: str) -> Term:
    """`+trk-new`, or value and mask."""
    if not value.startswith(("+", "-")):
        return _term(f.CT_STATE, value, word)
    found = dict.fromkeys("+-", 0)
    for sign, name in re.findall(r"([+-])([^+-]*)", value):
        if name not in _CT_STATES:
            raise ValueError(f"{word!r}: no state {name!r}; there are {', '.join(_CT_STATES)}")
        found[sign] |= _CT_STATES[name]
    return Term(f.CT_STATE, found["+"], found["+"] | found["-"])


_SPECIAL: dict[str, Callable[[str, str], Term]] = {"vlan_tci": _vlan_tci, "dl_vlan": _dl_vlan, "ct_state": _ct_state}


def _nearest(name: str) -> str:
    close = nearest(name, {"table", "priority", *_PROTOCOLS, *_FIELDS, *_BY_PROTOCOL, *_SPECIAL})
    return f", did you mean {close!r}?" if close else ""
