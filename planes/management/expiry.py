"""Takes back a commit that was not confirmed in time: `python -m planes.management.expiry --store REMOTE`.

The controller starts it when the time has come; it looks for itself whether it has.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing

from planes.management.configuration import expire
from planes.model.errors import PlanError
from planes.store.base import StoreError
from planes.store.ovsdb import Store

SYNC_SECONDS = 10.0  # that the store may take to tell all it holds


def main() -> int:
    """Take it back, if it still awaits confirmation. Exits with 1 when that could not be done."""
    parser = argparse.ArgumentParser(prog="python -m planes.management.expiry", description=__doc__)
    parser.add_argument("--store", required=True, help="the store, such as unix:/run/user/1000/triplane/LAB/store.sock")
    with closing(Store(parser.parse_args().store, configuration=True)) as store:
        deadline = time.monotonic() + SYNC_SECONDS
        store.run()
        while not store.synced and (left := deadline - time.monotonic()) > 0:
            store.wait(left)
            store.run()
        try:
            if not store.synced:
                raise StoreError("the store does not answer")
            expire(store, time.time())
        except (StoreError, PlanError) as error:
            print(f"what was not confirmed could not be taken back: {error}", file=sys.stderr)  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
