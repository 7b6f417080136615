"""Run on a lab host: `python flows.py ADDRESS FLOWS EACH` sends so many datagrams of so many flows, a port each, and
prints {"sent": COUNT}. Standard library only.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from ipaddress import ip_address

PORT = 9  # discard (RFC 863)
PACE = 0.0005  # seconds between datagrams


def main() -> None:
    """Flow by flow: the first datagram of each may have to wait for an address."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, whose end ends this...
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ...without a word
    address, flows, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(flows)]
    sent = 0
    for _ in range(each):
        for one in sockets:
            try:
                one.sendto(b"triplane path", (address, PORT))
                sent += 1
            except ConnectionRefusedError:  # the answer to an earlier one: nobody listens, and it has arrived
                pass
            time.sleep(PACE)
    print(json.dumps({"sent": sent}))


if __name__ == "__main__":
    main()
