"""Where the Topology Zoo's files are, which nobody ships: TRIPLANE_ZOO, or a folder beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = Path(__file__).parents[2].parent / "shared" / "data" / "zoo"


def zoo() -> list[Path]:
    """The files that are there, perhaps none."""
    return sorted(Path(os.environ.get("TRIPLANE_ZOO", BESIDE)).glob("*.graphml"))
