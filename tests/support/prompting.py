"""`prompting.py HISTORY ROUNDS`: a prompt that takes lines while another thread tells what happens, at odd moments."""

from __future__ import annotations

import random
import sys
import threading
import time
from pathlib import Path

from planes.cli.output import Screen
from planes.management.shell_prompt import Prompt


def main(history: str, rounds: int) -> None:
    prompt = Prompt(Path(history), lambda before: [], lambda before: (0, []))
    screen = Screen(paged=True, above=prompt.above)
    begun = threading.Semaphore(0)

    def happen() -> None:
        for number in range(rounds):
            begun.acquire()
            time.sleep(random.random() / 50)  # somewhere between the prompt's drawing and the line's end
            screen.announce(f"event {number};")
            screen.announce(f"event {number}, more;")

    happening = threading.Thread(target=happen)
    happening.start()
    for _ in range(rounds):
        begun.release()
        assert prompt.line("lab> ") == "x"
    happening.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
