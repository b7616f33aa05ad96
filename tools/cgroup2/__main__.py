"""``python3 -m cgroup2``: make the machine, execute a command in it, remove it."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from cgroup2 import exchange, host, image, machine, recipe
from cgroup2.errors import TestbedError

# As in the docker command: the command itself was never executed.
EXIT_TESTBED_FAILED = 125
_CONSOLE_LINES_SHOWN = 20


def main() -> int:
    """Do what the command line asks for; return the exit status of the command executed."""
    options = _arguments()
    # As after Ctrl-C: what was begun is ended, and its files are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if options.action == "clean":
            shutil.rmtree(recipe.cache_folder(), ignore_errors=True)
            return 0
        if options.action == "image":
            print(image.provide())
            return 0
        if options.action == "needed":
            return 1 if host.is_cgroup2_with_engine() else 0
        results = _empty_folder(options.results)
        if host.is_cgroup2_with_engine() and not options.machine:
            return _execute_here(options.command, results)
        return _execute_in_machine(options.command, results, options.limit, options.part)
    except TestbedError as error:
        print(f"cgroup2: {error}", file=sys.stderr)
        return EXIT_TESTBED_FAILED


def _execute_here(command: list[str], results: Path) -> int:
    """Execute it on this host, which needs no machine."""
    print("cgroup2: this host has cgroup v2 and an engine: no machine needed", file=sys.stderr)
    environment = {**os.environ, "CPOST_RESULTS": str(results), "CPOST_REQUIRE_CGROUP2": "1"}
    done = subprocess.run(command, cwd=recipe.CHECKOUT, env=environment, check=False)
    return done.returncode


def _execute_in_machine(command: list[str], results: Path, limit_s: float, part: str) -> int:
    """Boot, execute it in a copy of the checkout, bring back what it left in $CPOST_RESULTS."""
    made = image.provide()
    console_log = results / "console.log"
    accelerator = host.accelerator()
    print(f"cgroup2: booting ({accelerator}); console: {console_log}", file=sys.stderr)
    with image.work_folder() as work:
        handed_in, archive = work / "in.tar", work / "results.tar"
        exchange.hand_in(handed_in, recipe.CHECKOUT, shlex.join(command), _environment(part))
        exchange.empty_results(archive)
        seconds = machine.boot(
            kernel=made / "vmlinuz",
            initrd=made / "initrd",
            disks=machine.Disks(made / "root.img", handed_in, archive),
            accelerator=accelerator,
            console_log=console_log,
            limit_s=limit_s,
        )
        status = exchange.bring_back(archive, results)
    if status is None:
        console = console_log.read_text(errors="replace").splitlines()[-_CONSOLE_LINES_SHOWN:]
        raise TestbedError("\n".join(["the machine failed; its console ended:", *console]))
    print(f"cgroup2: {seconds:.0f} s in all, exit status {status}; {results}", file=sys.stderr)
    return status


def _environment(part: str) -> dict[str, str]:
    """Return what the command is told: the settings of the tests, and which engines there are."""
    settings = {key: text for key, text in os.environ.items() if key.startswith("CPOST_CGROUP2_")}
    return {**settings, "CPOST_CGROUP2_PART": part}


def _empty_folder(folder: Path) -> Path:
    """Make ``folder`` empty, but never remove what is not an earlier result."""
    mark = folder / ".results-of-cgroup2"
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise TestbedError(f"{folder} is not empty, and holds no earlier results")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return folder.resolve()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m cgroup2", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("image", help="make the machine if it is not there; print its folder")
    actions.add_parser("clean", help="remove all machines")
    actions.add_parser("needed", help="exit status 0 if this host needs a machine, else 1")
    run = actions.add_parser("run", help="execute a command on a cgroup v2 host")
    run.add_argument(
        "--machine", action="store_true", help="in the machine, even if this host would do"
    )
    run.add_argument(
        "--part",
        choices=("docker", "podman", "all"),
        default="all",
        help="the engines that are started in the machine (default: %(default)s)",
    )
    run.add_argument(
        "--results",
        type=Path,
        default=recipe.CHECKOUT / "build" / "cgroup2",
        help="folder for what the command leaves in $CPOST_RESULTS (default: %(default)s)",
    )
    run.add_argument(
        "--limit",
        type=float,
        default=540,
        metavar="SECONDS",
        help="kill the machine after that (default: %(default)s)",
    )
    run.add_argument("command", nargs="+", help="after --; executed in the top folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
