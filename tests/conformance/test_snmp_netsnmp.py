"""What Net-SNMP's programs get from the agent: its process, a real store, real datagrams."""

from __future__ import annotations

import json
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import views
from commands import until
from lacking import need
from netsnmp import DEADLINE, OPS, PASSWORD, PUBLIC, RED, SECRET, Agent, NetSnmp, StoreServer, free_port

from planes.management.mibs import names
from planes.management.snmp import own
from planes.model import state

SYSTEM, IF_TABLE, PHYS = ".1.3.6.1.2.1.1", ".1.3.6.1.2.1.2.2", ".1.3.6.1.2.1.2.2.1.6"
SYS_NAME, SYS_UP_TIME = f"{SYSTEM}.5.0", f"{SYSTEM}.3.0"
COLD_START = ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.6.3.1.1.5.1"
LINK_DOWN = ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.6.3.1.1.5.3"
LINK_UP = ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.6.3.1.1.5.4"
TOOLS = ("snmpget", "snmpgetnext", "snmpwalk", "snmpbulkwalk", "snmpbulkget", "snmpset", "snmptable", "snmptrapd",
         "ovsdb-server", "ovsdb-tool")  # fmt: skip


def dotted(name: str, *index: int) -> str:
    known = {**names.NAMES, **own.NAMES}
    return "".join(f".{arc}" for arc in (*known[name], *index))


@pytest.fixture(scope="module")
def tools() -> Iterator[NetSnmp]:
    need(*TOOLS)
    with tempfile.TemporaryDirectory(prefix="snmp") as directory:  # tmp_path may pass a socket's 107 bytes
        yield NetSnmp(Path(directory))


@pytest.fixture(scope="module")
def store(tools: NetSnmp) -> Iterator[StoreServer]:
    made = StoreServer(tools.directory)
    made.start()
    try:
        made.publish([*views.fabric(), *views.tenant("red", 1), *views.tenant("blue", 2)], views.intent())
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def agent(tools: NetSnmp, store: StoreServer) -> Iterator[Agent]:
    with tools.agent("--store", store.remote, "--community", "public,red-ro=red") as running:
        yield running


def counted(tools: NetSnmp, agent: Agent, name: str) -> int:
    return int(tools("snmpget", *PUBLIC, "-Oqv", agent.at, dotted(name, 0)))


def test_it_says_what_it_serves_and_where(agent: Agent) -> None:
    assert agent.said[0].endswith(f"on udp:127.0.0.1:{agent.port} (v2c, v3: 3 users)")


@pytest.mark.parametrize("credentials", [PUBLIC, OPS], ids=["v2c", "v3"])
def test_get_tells_values_and_why_there_are_none(tools: NetSnmp, agent: Agent, credentials: tuple[str, ...]) -> None:
    told = tools("snmpget", *credentials, agent.at, SYS_NAME, f"{SYSTEM}.5.1", ".1.3.6.1.2.1.99.1.0").splitlines()
    assert told == [
        f'{SYS_NAME} = STRING: "campus"',
        f"{SYSTEM}.5.1 = No Such Instance currently exists at this OID",
        ".1.3.6.1.2.1.99.1.0 = No Such Object available on this agent at this OID",
    ]


def test_getnext(tools: NetSnmp, agent: Agent) -> None:
    assert tools("snmpgetnext", *PUBLIC, agent.at, f"{SYSTEM}.4.0") == f'{SYS_NAME} = STRING: "campus"\n'


@pytest.mark.parametrize("credentials", [PUBLIC, OPS], ids=["v2c", "v3"])
def test_all_ways_to_walk_tell_the_same(tools: NetSnmp, agent: Agent, credentials: tuple[str, ...]) -> None:
    by_next = tools("snmpwalk", *credentials, agent.at, PHYS)
    assert len(by_next.splitlines()) == 27 + 12  # ports, and members of gateways
    for repetitions in ("1", "7", "1000"):
        assert tools("snmpbulkwalk", f"-Cr{repetitions}", *credentials, agent.at, PHYS) == by_next


def test_the_whole_walk_goes_forward_and_ends(tools: NetSnmp, agent: Agent) -> None:
    walked = tools("snmpbulkwalk", *PUBLIC, "-Oq", agent.at, ".1").splitlines()
    assert "No more variables left in this MIB View" in walked.pop()
    oids = [tuple(map(int, line.split()[0].strip(".").split("."))) for line in walked if line.startswith(".1.")]
    assert oids == sorted(set(oids)) and len(oids) > 1000


def test_getbulk_of_a_million_is_what_fits_a_datagram(tools: NetSnmp, agent: Agent) -> None:
    told = tools("snmpbulkget", "-Cn0", "-Cr1000000", *PUBLIC, agent.at, ".1.3").splitlines()
    assert 1000 < len(told) < 10_000
    some = tools(
        "snmpbulkget", "-Cn1", "-Cr3", *PUBLIC, agent.at, f"{SYSTEM}.4", f"{PHYS}", f"{IF_TABLE}.1.2"
    ).splitlines()
    assert len(some) == 1 + 2 * 3


def test_set_is_refused(tools: NetSnmp, agent: Agent) -> None:
    assert "noAccess" in tools.failing("snmpset", *PUBLIC, agent.at, SYS_NAME, "s", "mine")
    assert "noAccess" in tools.failing("snmpset", *OPS, agent.at, SYS_NAME, "s", "mine")
    assert tools("snmpget", *PUBLIC, "-Oqv", agent.at, SYS_NAME) == '"campus"\n'


def test_a_wrong_community_gets_nothing_and_is_counted(tools: NetSnmp, agent: Agent) -> None:
    before = counted(tools, agent, "snmpInBadCommunityNames")
    told = tools.failing("snmpget", "-v2c", "-c", "wrong", "-t", "0.2", "-r", "1", agent.at, SYS_NAME)
    assert "Timeout" in told
    assert counted(tools, agent, "snmpInBadCommunityNames") == before + 2


def test_v1_gets_nothing_and_is_counted(tools: NetSnmp, agent: Agent) -> None:
    before = counted(tools, agent, "snmpInBadVersions")
    assert "Timeout" in tools.failing("snmpget", "-v1", "-c", "public", "-t", "0.2", "-r", "0", agent.at, SYS_NAME)
    assert counted(tools, agent, "snmpInBadVersions") == before + 1


@pytest.mark.parametrize(
    ("change", "told", "count"),
    [
        ({"-u": "nobody"}, "Unknown user name", "usmStatsUnknownUserNames"),
        ({"-A": "incorrect horse"}, "Authentication failure", "usmStatsWrongDigests"),
        ({"-a": "SHA-512"}, "Authentication failure", "usmStatsWrongDigests"),
        ({"-X": "incorrect staple"}, "Decryption error", "usmStatsDecryptionErrors"),
        ({"-n": "green"}, "Bad context specified", "snmpUnknownContexts"),
        ({"-Z": "1,1"}, "", ""),  # another start of ours: Net-SNMP learns the right one and asks again
    ],
)
def test_what_v3_refuses_is_told_and_counted(
    tools: NetSnmp, agent: Agent, change: dict[str, str], told: str, count: str
) -> None:
    given = {**dict(zip(OPS[1::2], OPS[2::2], strict=True)), **change}
    credentials = ["-v3", *(word for pair in given.items() for word in pair)]
    if not count:
        assert tools("snmpget", *credentials, agent.at, SYS_NAME)
        return
    before = counted(tools, agent, count)
    assert told in tools.failing("snmpget", *credentials, agent.at, SYS_NAME)
    assert counted(tools, agent, count) > before


def test_less_security_than_a_user_has_is_refused(tools: NetSnmp, agent: Agent) -> None:
    for level in ("authNoPriv", "noAuthNoPriv"):
        words = [level if word == "authPriv" else word for word in OPS]
        assert "authorizationError" in tools.failing("snmpget", *words, agent.at, SYS_NAME)
    words = [*RED, "-n", "red", "-l", "authPriv", "-x", "AES", "-X", SECRET]
    assert "Unsupported security level" in tools.failing("snmpget", *words, agent.at, SYS_NAME)


@pytest.mark.parametrize("auth", ["SHA-256", "SHA-512"])
def test_each_hash_with_aes(tools: NetSnmp, agent: Agent, auth: str) -> None:
    user = "ops" if auth == "SHA-256" else "long"
    words = ("-v3", "-u", user, "-l", "authPriv", "-a", auth, "-A", PASSWORD, "-x", "AES", "-X", SECRET)
    assert tools("snmpget", *words, "-Oqv", agent.at, SYS_NAME) == '"campus"\n'


def test_a_tenants_context_shows_that_tenant_only(tools: NetSnmp, agent: Agent) -> None:
    every = set(tools("snmpwalk", *OPS, "-Oq", agent.at, PHYS).splitlines())
    red = tools("snmpwalk", *OPS, "-n", "red", "-Oq", agent.at, PHYS).splitlines()
    blue = tools("snmpwalk", *OPS, "-n", "blue", "-Oq", agent.at, PHYS).splitlines()
    assert red and blue and not set(red) & set(blue)
    assert {line.split()[0] for line in (*red, *blue)} < {line.split()[0] for line in every}
    assert tools("snmpwalk", *RED, "-n", "red", "-Oq", agent.at, PHYS).splitlines() == red
    assert tools("snmpwalk", "-v2c", "-c", "red-ro", "-Oq", agent.at, PHYS).splitlines() == red


def test_a_tenants_user_sees_no_other_context(tools: NetSnmp, agent: Agent) -> None:
    for context in ((), ("-n", "blue"), ("-n", "green")):
        assert "authorizationError" in tools.failing("snmpget", *RED, *context, agent.at, SYS_NAME)


def test_a_table_of_ours_by_its_module_file(tools: NetSnmp, agent: Agent) -> None:
    """Net-SNMP comes without the modules that ours imports: those in tests/support/smi say what it needs of them."""
    folder = Path(names.__file__).parent
    support = Path(__file__).parents[1] / "support" / "smi"
    words = ("-M", f"{folder}:{support}", "-m", "TRIPLANE-MIB", "-Cb", "-Ci")
    told = tools("snmptable", *PUBLIC, *words, agent.at, "TRIPLANE-MIB::tripNetworkTable")
    assert "red" in told and "blue" in told


def test_random_octets_and_lies_harm_nothing(tools: NetSnmp, agent: Agent) -> None:
    before = counted(tools, agent, "snmpInASNParseErrs")
    bad = [b"", b"\x30", b"\x30\x80" * 30_000, b"\x30\x84\xff\xff\xff\xff\x02\x01\x01", bytes(65_000), b"\xff" * 1000]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as out:
        for data in bad:
            out.sendto(data, ("127.0.0.1", agent.port))
    deadline = time.monotonic() + DEADLINE
    while counted(tools, agent, "snmpInASNParseErrs") < before + len(bad):
        assert time.monotonic() < deadline
    assert agent.process.poll() is None


def test_boots_go_up_and_managers_find_their_way(tools: NetSnmp, store: StoreServer) -> None:
    seen = []
    for _ in range(2):
        with tools.agent("--store", store.remote, "--identity", "again") as running:
            seen.append([int(tools("snmpget", *OPS, "-Oqv", running.at, dotted("snmpEngineBoots", 0)))])
            assert running.end() == 0
    kept = json.loads((tools.directory / "state/triplane/snmp/again/engine.json").read_text())
    assert (seen, kept["snmpEngineBoots"]) == ([[1], [2]], 2)


def test_it_serves_ipv6_too(tools: NetSnmp, store: StoreServer) -> None:
    port = free_port()
    with tools.agent("--store", store.remote, "--identity", "six", "--listen", f"[::1]:{port}"):
        assert tools("snmpget", *PUBLIC, "-Oqv", f"udp6:[::1]:{port}", SYS_NAME) == '"campus"\n'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told_to(tools: NetSnmp, store: StoreServer, number: signal.Signals) -> None:
    with tools.agent("--store", store.remote, "--identity", "ending") as running:
        assert running.end(number) == 0
        assert len(running.said) == 1  # and says nothing more


def test_the_store_restarts_under_it(tools: NetSnmp) -> None:
    with tempfile.TemporaryDirectory(prefix="snmp") as directory:
        store = StoreServer(Path(directory))
        store.start()
        try:
            living = state.Controller("controller", 3, "first", time.time() - 5, time.time())
            store.publish([*views.fabric(), *views.tenant("red", 1), living], views.intent("red"))
            with tools.agent("--store", store.remote, "--identity", "restarted") as running:
                ask = ("snmpget", *PUBLIC, "-Oqv", running.at)
                walked = tools("snmpwalk", *PUBLIC, running.at, PHYS)
                store.kill()
                assert tools("snmpwalk", *PUBLIC, running.at, PHYS) == walked  # the last that was known
                for clock in (SYS_UP_TIME, dotted("tripControlAge", 0)):  # and time goes on
                    first = int(tools(*ask, "-Ot", clock))
                    assert first > 0
                    until(lambda clock=clock, first=first: int(tools(*ask, "-Ot", clock)) > first)
                store.start()
                store.publish([], views.intent("red", "blue"))
                store.publish([state.Controller("controller", 4, "again", time.time() - 5, time.time())])
                deadline = time.monotonic() + DEADLINE
                while "again" not in tools(*ask, f"{SYSTEM}.1.0"):
                    assert time.monotonic() < deadline
        finally:
            store.kill()


def port(up: bool) -> state.Port:
    """leaf1:1, which is red's; its ifIndex is 1."""
    return state.Port("leaf1", 1, "leaf1-eth1", up, "edge", "0a:00:00:00:01:01", 10**10)


def test_cold_start_and_links_are_told_to_whom_they_concern(tools: NetSnmp, store: StoreServer) -> None:
    with tools.trapd("all") as every, tools.trapd("of-red") as red, tools.trapd("of-blue") as blue:
        to = f"{every.at},{red.at}=red,{blue.at}=blue"
        told = ("--trap", to, "--trap-community", "secret")
        with tools.agent("--store", store.remote, "--identity", "traps", *told):
            for each in (every, red, blue):
                each.until(COLD_START)
            store.publish([port(up=False)])
            for each in (every, red):
                each.until(LINK_DOWN, ".1.3.6.1.2.1.2.2.1.8.1 = INTEGER: 2")
            store.publish([port(up=True)])
            for each in (every, red):
                each.until(LINK_UP, ".1.3.6.1.2.1.2.2.1.8.1 = INTEGER: 1")
        assert LINK_DOWN not in blue.text() and LINK_UP not in blue.text()


@pytest.mark.parametrize("inform", [False, True], ids=["trap", "inform"])
def test_notifications_by_v3(tools: NetSnmp, store: StoreServer, inform: bool) -> None:
    """A trap is of our engine, an inform of the receiver's (RFC 3414, section 1.5.1)."""
    engine_id, kept = "80007ed9050102030405060708", tools.directory / "state/triplane/snmp/v3"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "engine.json").write_text(json.dumps({"snmpEngineID": engine_id, "snmpEngineBoots": 7}))
    keys = f'ops SHA-256 "{PASSWORD}" AES "{SECRET}"'
    user = f"createUser {keys}" if inform else f"createUser -e 0x{engine_id} {keys}"
    with tools.trapd(f"v3-{inform}", user, "authUser log ops priv") as traps:
        told = ("--trap", traps.at, "--trap-user", "ops", *(["--inform"] if inform else []))
        with tools.agent("--store", store.remote, "--identity", "v3", *told):
            traps.until(COLD_START)
            store.publish([port(up=False)])
            traps.until(LINK_DOWN)
            store.publish([port(up=True)])
            traps.until(LINK_UP)


def test_an_inform_is_sent_until_somebody_takes_it(tools: NetSnmp, store: StoreServer) -> None:
    nobody = free_port()
    with tools.trapd("informed") as traps:
        told = ("--trap", f"127.0.0.1:{nobody},{traps.at}", "--trap-community", "secret", "--inform")
        with tools.agent("--store", store.remote, "--identity", "informs", *told) as running:
            traps.until(COLD_START)  # whoever does not answer delays nobody
            assert running.process.stderr is not None
            assert running.process.stderr.readline() == f"udp:127.0.0.1:{nobody} takes no notifications\n"
            assert tools("snmpget", *PUBLIC, "-Oqv", running.at, SYS_NAME) == '"campus"\n'
