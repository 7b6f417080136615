from __future__ import annotations

import hashlib
import hmac

from planes.management.snmp.access import Auth, User
from planes.management.snmp.keys import Keys, decrypted, digest, encrypted, localized

ENGINE_ID = bytes.fromhex("000000000000000000000002")


def test_a_password_is_stretched_and_localized_as_the_standard_has_it() -> None:
    """RFC 3414, appendix A.2, written out: one million octets (2 ** 20) of the password, over and over."""
    stretched = (b"maplesyrup" * 104858)[: 1 << 20]
    key = hashlib.sha256(stretched).digest()
    wanted = hashlib.sha256(key + ENGINE_ID + key).digest()
    keys = localized(User("u", Auth.SHA256, "maplesyrup", "maplesyrup"), ENGINE_ID)
    assert (keys.auth_key, keys.priv_key) == (wanted, wanted[:16])


def test_a_user_without_a_password_for_it_encrypts_nothing() -> None:
    assert localized(User("u", Auth.SHA224, "maplesyrup"), ENGINE_ID).priv_key is None


def test_digests_are_cut_as_each_protocol_says() -> None:
    """RFC 7860, section 4.1: 128, 192, 256 and 384 bits."""
    for auth, bits in zip(Auth, (128, 192, 256, 384), strict=True):
        found = digest(Keys(auth, b"k" * 32, None), b"message")
        assert found == hmac.new(b"k" * 32, b"message", auth.hash).digest()[: bits // 8]


def test_aes_is_in_its_feedback_mode_with_boots_time_and_salt() -> None:
    """NIST SP 800-38A, F.3.13, CFB128-AES128: its first 12 octets of vector are boots, time and half of the salt."""
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    cipher = bytes.fromhex("3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b")
    boots, time, salt = 0x00010203, 0x04050607, bytes.fromhex("08090a0b0c0d0e0f")
    assert encrypted(key, boots, time, salt, plain) == cipher
    assert decrypted(key, boots, time, salt, cipher) == plain
