from __future__ import annotations

from pathlib import Path

import pytest

from planes.model.load import parse
from planes.model.plan import Plan
from topologies.errors import LabError
from topologies.own import is_program, plan_of

PROGRAM = '''
from __future__ import annotations
from typing import Optional
from topologies.api import Topology


class Ring:
    """A ring."""

    def build(self, t, size: int = 4, hosts: int = 1, rate: Optional[str] = None, chord: bool = False):
        names = [t.switch(f"s{n}") for n in range(1, size + 1)]
        for a, b in zip(names, names[1:] + names[:1]):
            t.link(a, b, **({"rate": rate} if rate else {}))
        if chord:
            t.link(names[0], names[2])
        for name in names:
            for n in range(1, hosts + 1):
                t.link(t.host(f"{name}h{n}"), name)


class Tenants:
    def build(self, t):
        t.switch("s1", datapath_id=7, label="Heart", position=[50, 8])
        for name in ("a1", "a2", "b1"):
            t.link(t.host(name), "s1")
        t.host("fixed", address="10.1.0.1/24", mac="02:00:00:00:00:01")
        t.link("fixed", "s1:9")
        gateway = {"address": "10.1.0.2"}
        t.network("red", lan={"subnet": "10.1.0.0/24", "ports": ["a1", "fixed", "a2"], "gateway": gateway})
        t.network("blue", lan={"subnet": "10.1.0.0/24", "ports": ["b1"]})
        t.check(reach=["a1", "a2"])
        t.note("three of red, one of blue")


def line(t, size=3):
    for n in range(1, size + 1):
        t.switch(f"s{n}")
        t.link(t.host(f"h{n}"), f"s{n}")
        if n > 1:
            t.link(f"s{n - 1}", f"s{n}")


def returned(size: int):
    t = Topology()
    line(t, size)
    return t


def anything(t, *values, **named):
    t.switch("s1")
    t.link(t.host(f"h{len(values)}{named.get('x', '')}"), "s1")


class Loop:
    def build(self, t):
        t.switch("s1")
        t.link("s1", "s1")


class Twice:
    def build(self, t):
        t.switch("s1")
        t.host("s1")


class Nobody:
    def build(self, t):
        t.switch("s1")


class Nothing:
    def build(self, t):
        pass


class Typo:
    def build(self, t):
        t.switch("s1")
        t.link(t.host("h1", adress="10.0.0.1/24"), "s1")


class Address:
    def build(self, t):
        t.host("h1", address="10.0.0.1")


class Stranger:
    def build(self, t):
        t.switch("s1")
        t.link("s1", "s2")


class Subnet:
    def build(self, t):
        t.switch("s1")
        t.link(t.host("h1"), "s1")
        t.network("n", lan={"subnet": "10.0.0.0/33", "ports": ["h1", "h9"]})


class Crash:
    def build(self, t):
        return {}["nothing"]


class Exits:
    def build(self, t):
        raise SystemExit(3)


class Wrong:
    def build(self, t):
        return 5


class NoBuild:
    pass
'''


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "my_topo.py"
    path.write_text(PROGRAM)
    return str(path)


def drawn(program: str, name: str, *words: str) -> Plan:
    text, _ = plan_of(f"{program}:{name}", words)
    return parse(text)


def refused(program: str, name: str, *words: str) -> str:
    with pytest.raises(LabError) as error:
        plan_of(f"{program}:{name}", words)
    return str(error.value)


def hosts(plan: Plan) -> dict[str, list[str]]:
    found = plan.topology.hosts if plan.topology else {}
    return {name: [str(each) for each in host.address] for name, host in found.items()}


def test_what_is_a_program() -> None:
    assert is_program("my_topo.py:Ring")
    assert is_program("/a/b c/my-topo.py:Ring")
    assert is_program("mininet.topo:LinearTopo")
    for other in ("campus", "campus.yaml", "a/b.yaml", "my_topo.py", "my_topo.py:", ":x", "x y:z", "C:\\plan.yaml"):
        assert not is_program(other)


def test_a_class_draws_and_its_options_are_those_of_build(program: str) -> None:
    plan = drawn(program, "Ring", "--size", "3", "--hosts=2", "rate=100M", "--chord")
    assert plan.name == "Ring"
    assert plan.topology is not None
    assert list(plan.topology.switches) == ["s1", "s2", "s3"]
    assert hosts(plan)["s3h2"] == ["10.0.0.6/8"]
    rates = [link.options.rate for link in plan.topology.links]
    assert rates.count(100_000_000) == 3
    assert len(rates) == 3 + 1 + 6


def test_networks_addresses_checks_and_notes(program: str) -> None:
    text, notes = plan_of(f"{program}:Tenants", ())
    plan = parse(text)
    assert notes == ("three of red, one of blue",)
    assert hosts(plan) == {
        "a1": ["10.1.0.3/24"],
        "a2": ["10.1.0.4/24"],
        "b1": ["10.1.0.2/24"],
        "fixed": ["10.1.0.1/24"],
    }
    assert plan.topology is not None
    assert plan.topology.switches["s1"].datapath_id == 7
    assert plan.topology.switches["s1"].label == "Heart"
    assert [str(each) for each in plan.topology.hosts["a1"].gateway] == ["10.1.0.2"]
    assert plan.checks[0].reach == ("a1", "a2")


@pytest.mark.parametrize("words", [("5",), ("--size", "5"), ("size=5",), ("--args", "5")])
def test_functions_draw_too(program: str, words: tuple[str, ...]) -> None:
    for name in ("line", "returned"):
        plan = drawn(program, name, *words)
        assert plan.topology is not None
        assert len(plan.topology.switches) == 5


def test_functions_that_take_anything(program: str) -> None:
    assert list(hosts(drawn(program, "anything", "1", "2", "--x", "y"))) == ["h2y"]


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("Ring", ("--siz", "3"), "takes no 'siz'\ndid you mean 'size'?"),
        ("Ring", ("--size", "x"), "'size' of {p}:Ring must be a whole number, found 'x'"),
        ("Ring", ("--chord", "no", "--chord", "no"), "'chord' is given twice"),
        ("Ring", ("3", "--size", "3"), "'size' is given twice"),
        ("Ring", ("3", "1", "1M", "true", "5"), "has no place for '5'"),
        ("returned", (), "needs 'size'\ngive it: --size ..."),
        ("Rin", (), "has no class or function 'Rin'\ndid you mean 'Ring'?"),
        ("NoBuild", (), "has no build()"),
        ("Wrong", (), "returned int"),
        ("Nobody", (), "draws no host"),
        ("Nothing", (), "draws no switch"),
        ("Loop", (), 'TopologyError: \'s1\' would be linked to itself\n    t.link("s1", "s1")'),
        ("Twice", (), "there is a node 's1' already"),
        ("Typo", (), "host 'h1' takes no 'adress', did you mean 'address'?"),
        ("Address", (), "host 'h1': address: '10.0.0.1' has no prefix length"),
        ("Stranger", (), "no node 's2', allowed: s1"),
        ("Subnet", (), "'10.0.0.0/33' is not a prefix"),
        ("Crash", (), "KeyError: 'nothing'\n    return {{}}[\"nothing\"]"),
        ("Exits", (), "SystemExit: 3"),
    ],
)
def test_mistakes_are_told_with_their_line(program: str, name: str, words: tuple[str, ...], said: str) -> None:
    assert said.format(p=program) in refused(program, name, *words)


def test_the_line_is_that_of_the_program(program: str) -> None:
    line = next(n for n, text in enumerate(PROGRAM.splitlines(), start=1) if 't.link("s1", "s1")' in text)
    assert f"{program}:{line}: TopologyError" in refused(program, "Loop")


def test_programs_that_can_not_be_read(tmp_path: Path) -> None:
    assert "there is no file" in refused(str(tmp_path / "none.py"), "Ring")
    broken = tmp_path / "broken.py"
    broken.write_text("x = 1\ndef f(:\n    pass\n")
    assert f"{broken}:2: SyntaxError" in refused(str(broken), "f")
    imports = tmp_path / "imports.py"
    imports.write_text("import nothing_of_this_name\n")
    assert f"{imports}:1: ModuleNotFoundError" in refused(str(imports), "f")
    assert "there is no module 'no_such_module'" in refused("no_such_module.at_all", "f")


def test_programs_import_what_is_beside_them(tmp_path: Path, program: str) -> None:
    (tmp_path / "other_topo.py").write_text("import my_topo\n\ndef again(t):\n    my_topo.line(t, 2)\n")
    assert list(hosts(drawn(str(tmp_path / "other_topo.py"), "again"))) == ["h1", "h2"]
