from __future__ import annotations

from dataclasses import replace

import pytest

from planes.management.snmp.access import Auth, User
from planes.management.snmp.counts import Count
from planes.management.snmp.engine import MAX_BOOTS, Engine
from planes.management.snmp.message import (
    AUTH,
    MAX_SIZE,
    PRIV,
    REPORTABLE,
    USM,
    Message,
    decode_security,
    decode_v3,
    version,
)
from planes.management.snmp.usm import WINDOW, Refused, Usm

ENGINE = Engine(bytes.fromhex("80007ed9050102030405"), 3, 1000.0)
OPS = User("ops", Auth.SHA256, "correct horse", "battery staple")
PLAIN = User("plain", Auth.SHA512, "correct horse")
NOW = 1500.0  # snmpEngineTime 500
SCOPED = bytes.fromhex("300430020400")


def usm(engine: Engine = ENGINE, *users: User) -> Usm:
    return Usm(engine, users or (OPS, PLAIN))


def sealed(flags: int, user: str = "ops", by: Usm | None = None, now: float = NOW) -> bytes:
    message = Message(77, MAX_SIZE, flags, USM, b"", SCOPED)
    return (by or usm()).seal(message, user.encode(), now)


def opened(data: bytes, by: Usm | None = None, now: float = NOW) -> tuple[User, bytes]:
    message = decode_v3(data, version(data)[1])
    return (by or usm()).open(data, message, decode_security(message.security, message.security_at), now)


def refused(data: bytes, by: Usm | None = None, now: float = NOW) -> Refused:
    with pytest.raises(Refused) as caught:
        opened(data, by, now)
    return caught.value


@pytest.mark.parametrize("auth", Auth)
@pytest.mark.parametrize("flags", [AUTH | REPORTABLE, AUTH | PRIV | REPORTABLE])
def test_what_is_sealed_is_opened(auth: Auth, flags: int) -> None:
    user = replace(OPS, auth=auth)
    assert opened(sealed(flags, by=usm(ENGINE, user)), usm(ENGINE, user)) == (user, SCOPED)


def test_what_is_encrypted_is_another_each_time_and_not_to_be_read() -> None:
    by = usm()
    first, second = (sealed(AUTH | PRIV, by=by) for _ in range(2))
    assert SCOPED not in first
    assert len({decode_v3(data, version(data)[1]).scoped for data in (first, second)}) == 2


def test_every_octet_counts() -> None:
    good = sealed(AUTH)
    for place in range(len(good) - 4, len(good)):  # of what the scoped PDU holds
        bad = bytearray(good)
        bad[place] ^= 1
        assert refused(bytes(bad)).count is Count.WRONG_DIGESTS


def test_another_password_is_a_wrong_digest() -> None:
    other = usm(ENGINE, replace(OPS, auth_password="incorrect horse"))
    assert refused(sealed(AUTH | PRIV, by=other)).count is Count.WRONG_DIGESTS


def test_a_digest_of_another_length_is_wrong() -> None:
    other = usm(ENGINE, replace(OPS, auth=Auth.SHA224))
    assert refused(sealed(AUTH, by=other)).count is Count.WRONG_DIGESTS


def test_another_key_for_encryption_makes_noise_of_it() -> None:
    other = usm(ENGINE, replace(OPS, priv_password="incorrect staple"))
    user, plain = opened(sealed(AUTH | PRIV, by=other))
    assert (user, plain != SCOPED, len(plain)) == (OPS, True, len(SCOPED))


def test_checks_come_in_the_order_of_the_standard() -> None:
    elsewhere = Engine(b"another engine", 3, 1000.0)
    assert refused(sealed(AUTH, "nobody", usm(elsewhere))).count is Count.UNKNOWN_ENGINE_IDS
    assert refused(sealed(0, "nobody")).count is Count.UNKNOWN_USER_NAMES
    can_encrypt = usm(ENGINE, replace(PLAIN, priv_password="battery staple"))
    assert refused(sealed(AUTH | PRIV, "plain", can_encrypt)).count is Count.UNSUPPORTED_SEC_LEVELS
    late_and_wrong = usm(replace(ENGINE, boots=2), replace(OPS, auth_password="incorrect horse"))
    assert refused(sealed(AUTH, by=late_and_wrong)).count is Count.WRONG_DIGESTS


def test_without_a_digest_it_is_as_it_came() -> None:
    assert opened(sealed(0)) == (OPS, SCOPED)


@pytest.mark.parametrize("off", [-WINDOW - 1, WINDOW + 1])
def test_what_is_too_old_or_too_new_is_refused_and_the_report_is_signed(off: int) -> None:
    report = refused(sealed(AUTH, now=NOW + off))
    assert (report.count, report.flags) == (Count.NOT_IN_TIME_WINDOWS, AUTH)
    assert opened(sealed(AUTH, now=NOW + off // 2))[0] == OPS


@pytest.mark.parametrize("boots", [2, 4])
def test_what_was_sent_before_a_start_is_refused(boots: int) -> None:
    assert refused(sealed(AUTH, by=usm(replace(ENGINE, boots=boots)))).count is Count.NOT_IN_TIME_WINDOWS


def test_an_engine_that_has_no_boots_left_takes_nothing() -> None:
    last = replace(ENGINE, boots=MAX_BOOTS)
    assert refused(sealed(AUTH, by=usm(last)), usm(last)).count is Count.NOT_IN_TIME_WINDOWS


def test_passwords_are_in_no_text() -> None:
    assert "horse" not in repr(OPS) and "staple" not in repr(OPS)
