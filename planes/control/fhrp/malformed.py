"""Why a hello is not believed."""

from __future__ import annotations

from enum import Enum


class Malformed(Enum):
    """Each with the name that it is counted under."""

    FRAME = "hello-no-packet"  # no whole IP packet of this protocol, or a fragment
    DESTINATION = "hello-not-to-its-group"
    TTL = "hello-from-afar"  # its TTL says that it may have been forwarded
    LENGTH = "hello-of-wrong-length"
    VERSION = "hello-of-other-version"
    TYPE = "hello-of-unknown-type"
    STATE = "hello-of-unknown-state"
    VALUE = "hello-out-of-range"
    CHECKSUM = "hello-checksum"
    AUTHENTICATION = "hello-not-authentic"  # another text or digest, or authentication where none is wanted
    UNSIGNED = "hello-not-signed"  # a digest is wanted, and there is none
    ALGORITHM = "hello-of-unknown-algorithm"
    SIGNER = "hello-signed-by-another"  # the digest is for another sender's address
    KEY = "hello-of-unknown-key"
