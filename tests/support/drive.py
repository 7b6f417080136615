"""Labs from a process of their own: another user's, or one to be killed."""

from __future__ import annotations

import os
import sys

from topologies import lab as labs


def deploy(name: str, plan: str, commit: str) -> None:
    """Print each stage; then commit, or hold the lab uncommitted until standard input ends."""
    progress = lambda stage, done, total: print(stage, flush=True)  # noqa: E731
    with labs.deploy(plan, name, progress, controller=["sleep", "infinity"]) as deployment:
        print("pid", deployment.lab.pid(), flush=True)
        if commit == "commit":
            deployment.commit()
        else:
            sys.stdin.read()


def main(verb: str, *arguments: str) -> None:
    match verb:
        case "deploy":
            deploy(*arguments)
        case "exec":
            argv = labs.find(arguments[0]).exec_argv(arguments[1], arguments[2:])
            os.execvp(argv[0], argv)
        case "names":
            print(*(lab.name for lab in labs.labs()))
        case "destroy":
            labs.find(arguments[0]).destroy()
        case "destroy-all":
            for lab in labs.labs():
                lab.destroy()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except labs.LabError as error:
        print(error, file=sys.stderr)
        sys.exit(error.code)
