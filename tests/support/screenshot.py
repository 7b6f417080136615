"""`python screenshot.py FILE`: a picture of the map, of a lab of its own with traffic and a dead link."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from browser import Map, opened
from commands import Triplane, until
from pages import serving

DEAD = "acc2/dist1"
SIZE = (1280, 800)
# From, to, its address, and how much: a share of 100 Mb/s links for one, as many as there are of the others.
STREAMS = (("h1", "isp", "198.51.100.1", "72M"), ("isp", "db", "10.2.0.11", "160M"), ("h2", "h1", "10.1.0.11", "15M"))
SECONDS = "60"
LEVELS = ("link:acc1:2-dist1:1", "link:acc2:4-dist2:2")  # of links that must be seen to carry something


@contextmanager
def _stream(triplane: Triplane, source: str, target: str, address: str, rate: str, port: str) -> Iterator[None]:
    """iperf3, as long as the block."""
    listen = triplane.argv("exec", target, "--", "iperf3", "-s", "-1", "--forceflush", "-p", port)
    send = triplane.argv("exec", source, "--", "iperf3", "-u", "-c", address, "-p", port, "-b", rate, "-t", SECONDS)
    quiet = subprocess.DEVNULL
    with subprocess.Popen(listen, env=triplane.environ, stdout=subprocess.PIPE, stderr=quiet, text=True) as server:
        assert server.stdout is not None
        while "Server listening" not in (line := server.stdout.readline()):
            assert line, f"no iperf3 on {target}"
        with subprocess.Popen(send, env=triplane.environ, stdout=quiet, stderr=quiet) as client:
            try:
                yield
            finally:
                client.terminate()
                server.terminate()


def _ready(page: Map) -> bool:
    carrying = all(int(page.row(ident).get("level") or 0) >= 2 for ident in LEVELS)
    return carrying and len(page.ids("[data-state='down']")) == 1 and not page.all(".banner")


def main(file: Path) -> None:
    """Deploy, load, cut, look."""
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    triplane = Triplane(path)
    try:
        triplane("deploy", "campus")
        until(lambda: "standby" in triplane("inspect", "gateways"))
        with ExitStack() as stack:
            for number, stream in enumerate(STREAMS):
                stack.enter_context(_stream(triplane, *stream, port=str(5201 + number)))
            triplane("fail", DEAD)
            served = stack.enter_context(serving(triplane))
            page = stack.enter_context(opened(served.address, SIZE))
            page.until(_ready)
            page.find("#list [data-id='switch:dist1']").click()
            page.run("document.activeElement.blur()")
            page.until(lambda page: page.find("#panel").is_displayed())
            file.write_bytes(page.driver.get_screenshot_as_png())
    finally:
        triplane("destroy", "--all")
        shutil.rmtree(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
