"""Run on a lab host: sends raw frames, or notes which of them arrive. Standard library only.

`python frames.py send` reads {"frames": [[INTERFACE, HEX], ...]} and sends each twice, at a pace that switches and
meters bear. `python frames.py listen TOKEN` prints {"ready": true}, listens on all interfaces until its input ends and
LATE seconds more, then prints {"heard": [NUMBER, ...]}: the four bytes after the token of the frames that had one.
"""

from __future__ import annotations

import json
import select
import signal
import socket
import sys
import time

ETH_P_ALL = 3
PACE = 0.001  # seconds between frames
ROUNDS = 2
LATE = 0.5  # seconds
BUFFER = 4 << 20


def send() -> None:
    """Send them all, in rounds."""
    wanted = json.load(sys.stdin)["frames"]
    raw: dict[str, socket.socket] = {}
    for _ in range(ROUNDS):
        for interface, frame in wanted:
            if interface not in raw:
                raw[interface] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                raw[interface].bind((interface, 0))
            raw[interface].send(bytes.fromhex(frame))
            time.sleep(PACE)


def listen(token: bytes) -> None:
    """Note what comes in."""
    heard: set[int] = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        print(json.dumps({"ready": True}), flush=True)
        end = float("inf")
        waiting = [raw, sys.stdin]
        while (left := end - time.monotonic()) > 0:
            ready = select.select(waiting, [], [], None if end == float("inf") else left)[0]
            if raw in ready:
                data, address = raw.recvfrom(65535)
                at = data.find(token)
                if at >= 0 and address[2] != socket.PACKET_OUTGOING:
                    heard.add(int.from_bytes(data[at + len(token) : at + len(token) + 4], "big"))
            elif sys.stdin in ready:
                sys.stdin.readline()
                waiting, end = [raw], time.monotonic() + LATE
    print(json.dumps({"heard": sorted(heard)}), flush=True)


def main() -> None:
    """One of the two."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, whose end ends this...
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # ...without a word
    match sys.argv[1:]:
        case ["send"]:
            send()
        case ["listen", token]:
            listen(bytes.fromhex(token))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
