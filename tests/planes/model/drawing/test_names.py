from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from planes.model.drawing.names import MAX_INTERFACE, fitted
from planes.model.words import RESERVED, node_name

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "Berlin", "Berlin ", "BERLIN", "a-eth1", "a", "h1", "h2", "s1", "lo", "Amsterdam12", "12"]),
)


@given(st.lists(st.tuples(TEXTS, st.integers(0, 9999)), max_size=60))
@settings(max_examples=150, deadline=None)
def test_names_are_valid_and_each_another(wanted: list[tuple[str, int]]) -> None:
    names = fitted(wanted)
    assert len(set(names)) == len(names) == len(wanted)
    interfaces = {
        f"{name}-eth{port}" for name, (_, last) in zip(names, wanted, strict=True) for port in range(last + 1)
    }
    for name, (_, port) in zip(names, wanted, strict=True):
        assert node_name(name) == name
        assert len(f"{name}-eth{port}") <= MAX_INTERFACE
        assert name not in RESERVED
        assert not re.fullmatch(r"h\d+", name)  # those are hosts
        assert name not in interfaces


def names(*texts: str, port: int = 3) -> list[str]:
    return fitted((text, port) for text in texts)


def test_what_is_a_name_stays() -> None:
    assert names("core1", "agg1-2", "Berlin", "s1") == ["core1", "agg1-2", "Berlin", "s1"]


def test_other_texts_become_names() -> None:
    assert names("New York", "Zürich", "St. Gallen", "12", "東京", "") == [
        "NewYork",
        "Zurich",
        "StGallen",
        "s12",
        "s1",
        "s2",
    ]


def test_equal_texts_are_numbered() -> None:
    assert names("Paris", "Paris", "Paris") == ["Paris", "Paris2", "Paris3"]
    assert names("", "", "s2", "") == ["s1", "s2", "s22", "s3"]


def test_long_texts_are_cut_and_never_clash() -> None:
    assert names("Salt Lake City", "Salt Lake Country", port=3) == ["SaltLakeCi", "SaltLakeCo"]
    assert names("Salt Lake City", "Salt Lake Country", port=120) == ["SaltLake", "SaltLak2"]


def test_hosts_and_reserved_words_keep_their_names() -> None:
    assert names("h1", "controller", "all", "h", "h", "a-eth1") == ["sh12", "controlle2", "all2", "h", "sh2", "aeth12"]


def test_thousands_of_one_name_are_quick() -> None:
    assert len(set(names(*["Paris"] * 4096, port=10))) == 4096
