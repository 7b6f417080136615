"""Run inside a lab host: raw Ethernet frames. Standard library only.

`frames.py send HEX ...` sends frames; `frames.py listen COUNT` prints "ready", then as many frames of
ETHERTYPE as hex lines, and ends on its own after TIME seconds.
"""

from __future__ import annotations

import socket
import sys
import time

ETHERTYPE = 0x88B5  # IEEE 802, local experimental
TIME = 10.0


def main() -> None:
    interface = socket.if_nameindex()[-1][1]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE)) as raw:
        raw.bind((interface, ETHERTYPE))
        if sys.argv[1] == "send":
            for frame in sys.argv[2:]:
                raw.send(bytes.fromhex(frame))
            return
        print("ready", flush=True)
        end = time.monotonic() + TIME
        left = int(sys.argv[2])
        while left and (patience := end - time.monotonic()) > 0:
            raw.settimeout(patience)
            try:
                data, address = raw.recvfrom(65535)
            except TimeoutError:
                return
            if address[2] != socket.PACKET_OUTGOING:
                print(data.hex(), flush=True)
                left -= 1


if __name__ == "__main__":
    main()
