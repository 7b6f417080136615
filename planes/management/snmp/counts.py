"""What the agent counts: messages, and what was wrong with them, by reason."""

from __future__ import annotations

from collections import Counter
from enum import Enum


class Count(Enum):
    """Each is the object type that tells it, without the last 0.

    RFC 3418 (snmp), RFC 3412 (snmpMPDStats), RFC 3413 (snmpTargetObjects), RFC 3414 (usmStats).
    """

    IN_PKTS = (1, 3, 6, 1, 2, 1, 11, 1)
    IN_BAD_VERSIONS = (1, 3, 6, 1, 2, 1, 11, 3)
    IN_BAD_COMMUNITY_NAMES = (1, 3, 6, 1, 2, 1, 11, 4)
    IN_BAD_COMMUNITY_USES = (1, 3, 6, 1, 2, 1, 11, 5)
    IN_ASN_PARSE_ERRS = (1, 3, 6, 1, 2, 1, 11, 6)
    SILENT_DROPS = (1, 3, 6, 1, 2, 1, 11, 31)
    PROXY_DROPS = (1, 3, 6, 1, 2, 1, 11, 32)
    UNKNOWN_SECURITY_MODELS = (1, 3, 6, 1, 6, 3, 11, 2, 1, 1)
    INVALID_MSGS = (1, 3, 6, 1, 6, 3, 11, 2, 1, 2)
    UNKNOWN_PDU_HANDLERS = (1, 3, 6, 1, 6, 3, 11, 2, 1, 3)
    UNAVAILABLE_CONTEXTS = (1, 3, 6, 1, 6, 3, 12, 1, 4)
    UNKNOWN_CONTEXTS = (1, 3, 6, 1, 6, 3, 12, 1, 5)
    UNSUPPORTED_SEC_LEVELS = (1, 3, 6, 1, 6, 3, 15, 1, 1, 1)
    NOT_IN_TIME_WINDOWS = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2)
    UNKNOWN_USER_NAMES = (1, 3, 6, 1, 6, 3, 15, 1, 1, 3)
    UNKNOWN_ENGINE_IDS = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4)
    WRONG_DIGESTS = (1, 3, 6, 1, 6, 3, 15, 1, 1, 5)
    DECRYPTION_ERRORS = (1, 3, 6, 1, 6, 3, 15, 1, 1, 6)


Counts = Counter[Count]
