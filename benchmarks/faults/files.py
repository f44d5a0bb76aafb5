"""Files that are damaged at random, or made to do harm: refused in words, or read.

Each batch of damaged files is read by a process of its own, which ends when a file takes too long
or when all together take too much memory. What is made to do harm is in
``tests/storage/test_opening.py``, which measures each file alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from faults.places import environment, workplace
from faults.rows import Row, Scale

#: A file may take so many seconds, and reading may take so much above the idle program, in MB.
MAX_SECONDS, MAX_MB = 10.0, 300.0
#: Numbers in place of sizes.
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (
    b"NaN", b"-1", b"1e999", b"9" * 400, b"null", b"[[[[[[", b'"\\ud800"', b"{}", b"\0", b"PK",
)  # fmt: skip


def attack(scale: Scale) -> list[Row]:
    """Damage files of every kind and have them read."""
    from faults.readers import KINDS

    row = Row(f"damaged files of {len(KINDS)} kinds")
    each = scale.of(22_000, 300) // len(KINDS)
    peak = slowest = 0.0
    # Each kind in a process of its own, whose memory is its; in a hurry, all in one.
    groups = [list(KINDS)] if scale.quick else [[name] for name in KINDS]
    with workplace() as folder:
        for names in groups:
            done = subprocess.run(
                [sys.executable, "-X", "faulthandler", "-m", "faults.files",
                 str(each), str(scale.seed), *names],
                env=environment(folder / "home", PYTHONPATH=os.pathsep.join(sys.path[:2])),
                capture_output=True, text=True, check=False, timeout=1200,
            )  # fmt: skip
            if done.returncode != 0:
                row.tried += each * len(names)
                row.failures.append(f"{names}: status {done.returncode}: {done.stderr[-300:]}")
                continue
            for name, line in zip(names, done.stdout.splitlines(), strict=True):
                result = json.loads(line)
                row.tried += result["tried"]
                row.failures += [f"{name}: {failure}" for failure in result["failures"]]
                peak, slowest = max(peak, result["peak"]), max(slowest, result["slowest"])
    row.check(peak <= MAX_MB, f"reading took {peak:.0f} MB above the idle program")
    row.figure = f"at most {peak:.0f} MB above the idle program, {slowest:.1f} s for one file"
    return [row]


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return a file with some damage."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5, 40])):
        place = chance.randrange(len(changed) + 1)
        kind = chance.randrange(7)
        if kind == 0 and changed:
            changed[place % len(changed)] = chance.randrange(256)
        elif kind == 1:
            del changed[place:]
        elif kind == 2:
            del changed[place : place + chance.randrange(1, 40)]
        elif kind == 3:
            changed[place:place] = bytes(chance.randrange(256) for _ in range(9))
        elif kind == 4:
            number = chance.choice(_NUMBERS)
            form = chance.choice(["<I", ">I", "<H", ">H", "B"])
            packed = struct.pack(form, number & (256 ** struct.calcsize(form) - 1))
            changed[place : place + len(packed)] = packed
        elif kind == 5:
            changed[place : place + chance.randrange(8)] = chance.choice(_WORDS)
        else:
            changed[place:place] = changed[place : place + chance.randrange(1, 2000)]
    return bytes(changed)


def peak_mb() -> float:
    """Return the most memory that this process has taken; 0 where the system does not tell."""
    with contextlib.suppress(OSError, StopIteration):
        # Linux counts what the program that started this one took in `getrusage`, but not here.
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def read_batch(name: str, count: int, seed: int) -> dict[str, object]:
    """Damage and read files of one kind, in this process."""
    import faulthandler

    from faults.readers import KINDS
    from mnist_draw.errors import UserError

    kind = KINDS[name]
    chance = random.Random(f"{name} {seed}")
    sample = kind.sample()
    failures: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / kind.name
        kind.beside(Path(folder))
        path.write_bytes(sample)
        kind.read(path)
        idle = peak_mb()
        for number in range(count):
            path.write_bytes(damaged(sample, chance))
            began = time.monotonic()
            faulthandler.dump_traceback_later(10 * MAX_SECONDS, exit=True)
            try:
                kind.read(path)
            except (UserError, FileNotFoundError):
                pass
            except Exception as error:  # anything but a sentence is the finding
                failures.append(f"file {number}: {type(error).__name__}: {error}")
            took = time.monotonic() - began
            slowest = max(slowest, took)
            if took > MAX_SECONDS:
                failures.append(f"file {number} took {took:.0f} s")
        faulthandler.cancel_dump_traceback_later()
    return {
        "tried": count,
        "failures": failures[:20],
        "peak": peak_mb() - idle,
        "slowest": slowest,
    }


if __name__ == "__main__":
    for chosen in sys.argv[3:]:
        print(json.dumps(read_batch(chosen, int(sys.argv[1]), int(sys.argv[2]))))
