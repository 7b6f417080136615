"""The plans that ship with Triplane, by name."""

from __future__ import annotations

from pathlib import Path

from planes.model.errors import did_you_mean
from topologies.errors import Exit, LabError

PLANS = Path(__file__).parent / "plans"


def shipped() -> dict[str, Path]:
    """Every shipped plan's file, by its name."""
    return {path.stem: path for path in sorted(PLANS.glob("*.yaml"))}


def find(plan: str) -> Path:
    """The file that `plan` means: a path, or a shipped plan's name. LabError when it is neither."""
    path, plans = Path(plan), shipped()
    if "/" in plan or path.suffix in (".yaml", ".yml") or _is_file(path):
        return path
    if plan not in plans:
        raise LabError(f"{plan!r} is neither a file nor a shipped plan", did_you_mean(plan, plans), Exit.UNKNOWN)
    return plans[plan]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long to be a file's name
        return False
