"""`python -m benches.scale_ryu PORT`: Ryu's own simple_switch_13, run by Ryu's own manager, for 127.0.0.1:PORT."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from importlib.util import find_spec
from typing import Any

APP = "ryu.app.simple_switch_13"


def main() -> None:
    """Run until killed."""
    os.environ["EVENTLET_NO_GREENDNS"] = "yes"
    with warnings.catch_warnings():  # eventlet warns of its own age
        warnings.simplefilter("ignore")
        wsgi: Any = importlib.import_module("eventlet.wsgi")
    if not hasattr(wsgi, "ALREADY_HANDLED"):  # Ryu 4.34 asks for it; eventlet dropped it in 0.30.3
        wsgi.ALREADY_HANDLED = object()
    manager = importlib.import_module("ryu.cmd.manager")
    manager.main(["--ofp-listen-host", "127.0.0.1", "--ofp-tcp-listen-port", sys.argv[1], APP])


def installed() -> bool:
    """Ryu is there; os-ken has no such app."""
    return find_spec("ryu") is not None and find_spec(APP) is not None


if __name__ == "__main__":
    main()
