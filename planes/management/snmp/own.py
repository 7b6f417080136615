"""What the agent tells of itself: its counts, its engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from planes.management.snmp.counts import Count, Counts
from planes.management.snmp.engine import Engine
from planes.management.snmp.message import MAX_SIZE
from planes.management.snmp.objects import Objects, Oid, Syntax, Value
from planes.management.snmp.snapshot import Moment

_ENGINE: Oid = (1, 3, 6, 1, 6, 3, 10, 2, 1)  # snmpEngine (RFC 3411)
_NAMES = {
    Count.IN_PKTS: "snmpInPkts",
    Count.IN_BAD_VERSIONS: "snmpInBadVersions",
    Count.IN_BAD_COMMUNITY_NAMES: "snmpInBadCommunityNames",
    Count.IN_BAD_COMMUNITY_USES: "snmpInBadCommunityUses",
    Count.IN_ASN_PARSE_ERRS: "snmpInASNParseErrs",
    Count.SILENT_DROPS: "snmpSilentDrops",
    Count.PROXY_DROPS: "snmpProxyDrops",
    Count.UNKNOWN_SECURITY_MODELS: "snmpUnknownSecurityModels",
    Count.INVALID_MSGS: "snmpInvalidMsgs",
    Count.UNKNOWN_PDU_HANDLERS: "snmpUnknownPDUHandlers",
    Count.UNAVAILABLE_CONTEXTS: "snmpUnavailableContexts",
    Count.UNKNOWN_CONTEXTS: "snmpUnknownContexts",
    Count.UNSUPPORTED_SEC_LEVELS: "usmStatsUnsupportedSecLevels",
    Count.NOT_IN_TIME_WINDOWS: "usmStatsNotInTimeWindows",
    Count.UNKNOWN_USER_NAMES: "usmStatsUnknownUserNames",
    Count.UNKNOWN_ENGINE_IDS: "usmStatsUnknownEngineIDs",
    Count.WRONG_DIGESTS: "usmStatsWrongDigests",
    Count.DECRYPTION_ERRORS: "usmStatsDecryptionErrors",
}
_OF_ENGINE = ("snmpEngineID", "snmpEngineBoots", "snmpEngineTime", "snmpEngineMaxMessageSize")
NAMES: Mapping[str, Oid] = MappingProxyType(
    {
        **{name: count.value for count, name in _NAMES.items()},
        **{name: (*_ENGINE, number) for number, name in enumerate(_OF_ENGINE, 1)},
    }
)


def objects(counts: Counts, engine: Engine, now: Moment) -> Objects:
    """The snmp, snmpMPDStats, snmpTargetObjects, usmStats and snmpEngine groups."""
    told = {count.value: Value(Syntax.COUNTER32, counts[count] % (1 << 32)) for count in Count}
    of_engine = (
        Value(Syntax.OCTETS, engine.id),
        Value(Syntax.INTEGER, engine.boots),
        Value(Syntax.INTEGER, engine.time(now.steady)),
        Value(Syntax.INTEGER, MAX_SIZE),
    )
    told |= {(*_ENGINE, number): value for number, value in enumerate(of_engine, 1)}
    return {(*oid, 0): value for oid, value in told.items()}
