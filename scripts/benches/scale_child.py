"""Modules of the benches that run in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from topologies import needs
from topologies.errors import LabError

SCRIPTS = Path(__file__).parents[1]
CHILD_SECONDS = 1800.0


def surroundings() -> dict[str, str]:
    """An environment in which the benches can be imported, and what administrators run is found."""
    path = os.pathsep.join(filter(None, (str(SCRIPTS), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PATH": needs.search_path()}


def child(module: str, *arguments: object) -> Any:
    """What a module answers in JSON. LabError."""
    argv = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        done = subprocess.run(
            argv, env=surroundings(), capture_output=True, text=True, check=True, timeout=CHILD_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise LabError(f"{' '.join(argv[2:])}: {_last_line(error.stderr)}") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(argv[2:])} takes more than {CHILD_SECONDS:.0f} s") from error
    return json.loads(done.stdout)


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it failed, and did not say why")
