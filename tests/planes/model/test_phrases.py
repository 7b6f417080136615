from __future__ import annotations

from dataclasses import replace

import pytest

from planes.model import phrases, words
from planes.model.intent import Attachment, Gateway, Md5, Member, Network, Policy, Track


@pytest.mark.parametrize("text", ["1k", "100M", "2.5G", "1500k", "1.001M", "3T"])
def test_a_rate_is_read_again_as_it_was(text: str) -> None:
    assert words.rate(phrases.rate(words.rate(text))) == words.rate(text)
    assert phrases.rate(words.rate("100M")) == "100M"
    assert phrases.rate(1_234_567) == "1234.567k"
    assert phrases.rate(7) == "7"


def test_a_policy_line_is_one_however_many_ranges_it_has() -> None:
    first = Policy("deny", "users", None, "tcp", (22, 22), line=0)
    again = Policy("deny", "users", None, "tcp", (80, 90), line=0)
    other = Policy("allow", None, "servers", stateful=True, rate=10**6, line=1)
    assert list(phrases.policy(Network("red", (), policy=(first, again, other)))) == [
        (1, "deny tcp port 22, 80-90 from users"),
        (2, "allow stateful all to servers at 1M"),
    ]


def test_ports_and_gateways_say_all_that_makes_them_what_they_are() -> None:
    assert phrases.attachment(Attachment("s1", 5, 100, (6, 7), 10**6)) == "lag with s1:6.100, s1:7.100, rate 1M"
    assert phrases.attachment(Attachment("s1", 5)) == ""
    assert phrases.place("s1", 5, None) == "s1:5"
    assert phrases.gateway(Gateway(("10.0.0.1", "fd00::1"), "anycast", 1)) == "10.0.0.1, fd00::1 (anycast)"
    member = Member("s1", ("10.0.0.2",), 110, True, (Track("port", "s1/s2", 10),))
    assert phrases.gateway(Gateway(("10.0.0.1",), "hsrp", 7, (member,))) == (
        "10.0.0.1 (hsrp group 7); s1 10.0.0.2 priority 110 preempt track port s1/s2 10"
    )


def test_no_secret_is_said() -> None:
    hsrp = Gateway(("10.0.0.1",), "hsrp", 7)
    for known, said in (("s3cret", ""), (Md5("s3cret"), " md5"), (Md5("s3cret", 5), " md5 key 5")):
        told = phrases.gateway(replace(hsrp, authentication=known))
        assert told == f"10.0.0.1 (hsrp group 7); authentication{said}"
