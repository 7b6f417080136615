"""Run inside a lab host: raw Ethernet frames. Standard library only.

`frames.py send HEX ...` sends frames; `frames.py listen COUNT` prints "ready", then as many frames of
ETHERTYPE as hex lines, tagged or not, and ends on its own after TIME seconds.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

ETHERTYPE = 0x88B5  # IEEE 802, local experimental
TIME = 10.0
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 3, 263, 8, 1 << 4
AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata: status, ..., VLAN tag, its type


def main() -> None:
    interface = socket.if_nameindex()[-1][1]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as raw:
        raw.bind((interface, ETH_P_ALL))
        if sys.argv[1] == "send":
            for frame in sys.argv[2:]:
                raw.send(bytes.fromhex(frame))
            return
        raw.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        print("ready", flush=True)
        end = time.monotonic() + TIME
        left = int(sys.argv[2])
        while left and (patience := end - time.monotonic()) > 0:
            raw.settimeout(patience)
            try:
                data = received(raw)
            except TimeoutError:
                return
            if data is not None:
                print(data.hex(), flush=True)
                left -= 1


def received(raw: socket.socket) -> bytes | None:
    """The next frame, if it is one of ours; Linux hands over an outer tag beside the frame."""
    data, extra, _, address = raw.recvmsg(65535, socket.CMSG_SPACE(AUXDATA.size))
    if address[2] == socket.PACKET_OUTGOING or data[12:14] != ETHERTYPE.to_bytes(2, "big"):
        return None
    for _, kind, value in extra:
        status, *_, tag, tag_type = AUXDATA.unpack(value[: AUXDATA.size])
        if kind == PACKET_AUXDATA and status & TP_STATUS_VLAN_VALID:
            return data[:12] + struct.pack("!HH", tag_type, tag) + data[12:]
    return data


if __name__ == "__main__":
    main()
