"""Attack the program: kills, full disks, damaged files, random events, odd surroundings.

Run it from a clone::

    python benchmarks/faults.py [--seed 1] [--only kills,files] [--quick]

A table of what was tried and what did not hold stands at its end; the exit status is 1 where
anything did not. Everything happens in folders of its own, below the system's folder for temporary
files. ``--quick`` tries a little of everything within a minute; the tests run it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from faults import (  # noqa: E402 - found beside this file
    endurance,
    failing_calls,
    files,
    kills,
    surroundings,
    together,
    window,
)
from faults.rows import Attack, Row, Scale, table, timed  # noqa: E402
from homes import share_compiled_code  # noqa: E402

ATTACKS: dict[str, Attack] = {
    "writes": failing_calls.attack,
    "kills": kills.attack,
    "files": files.attack,
    "together": together.attack,
    "surroundings": surroundings.attack,
    "endurance": endurance.attack,
    "window": window.attack,
}


def main(arguments: list[str] | None = None) -> int:
    """Attack, print the table, and return 1 if anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="other events, other damage (1)")
    parser.add_argument("--only", default=",".join(ATTACKS), help="some of the attacks")
    parser.add_argument("--quick", action="store_true", help="a little of everything")
    chosen = parser.parse_args(arguments)
    # Never the user's own: this process writes there, too.
    with tempfile.TemporaryDirectory(prefix="mnist-draw-faults-") as home:
        if chosen.quick:
            share_compiled_code(Path(home))
        os.environ["MNIST_DRAW_HOME"] = home
        rows: list[Row] = []
        for name in chosen.only.split(","):
            print(f"{name} …", file=sys.stderr, flush=True)
            found = timed(ATTACKS[name], Scale(chosen.quick, chosen.seed))
            # Shown at once: who stops the attack keeps what it has found so far.
            print(table(found), file=sys.stderr, flush=True)
            rows += found
    print(table([row for row in rows if row.tried]))
    return int(any(row.failures for row in rows))


if __name__ == "__main__":
    sys.exit(main())
