"""Random events in windows: no crash, no defect, and no more memory than is promised."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults.kills import unsound
from faults.places import environment, run, small_data, workplace
from faults.rows import Row, Scale
from faults.writers import WRITERS

#: What a window's process may take, in MB.
MAX_MB = 700.0
#: Each window gets so many events, then another begins; so many windows at once.
_EVENTS, _LANES = 2500, 2
_PROGRAM = Path(__file__).with_name("random_events.py")
#: What is no defect: what Qt's offscreen platform cannot do, a computer that is slow, and what Qt's
#: number fields say when their text is deleted together with its unit.
_ALLOWED = ("This plugin does not support", "is still busy", "QLineEdit::setSelection: Invalid")


def attack(scale: Scale) -> list[Row]:
    """Attack windows, some of them with a disk that fails now and then."""
    return [
        _events(scale, scale.of(50_000, 150), "random events in windows", ()),
        _events(
            scale,
            scale.of(6_000, 0),
            "random events while writing fails",
            ("--failing", "0.3"),
        ),
    ]


def _events(scale: Scale, events: int, name: str, more: tuple[str, ...]) -> Row:
    """Send so many events in lanes side by side, each with a home that its windows share."""
    row = Row(name)
    counts = [min(_EVENTS, events - start) for start in range(0, events, _EVENTS)]
    parts = [(scale.seed + number, count) for number, count in enumerate(counts)]
    lanes = [parts[first::_LANES] for first in range(min(_LANES, len(parts)))]
    with ThreadPoolExecutor(max(1, len(lanes))) as pool:
        peaks = list(pool.map(lambda lane: _lane(row, lane, more), lanes))
    peak = max(peaks, default=0.0)
    if peak > MAX_MB:
        row.failures.append(f"a window took {peak:.0f} MB")
    row.figure = f"at most {peak:.0f} MB for a window's process"
    return row


def _lane(row: Row, parts: list[tuple[int, int]], more: tuple[str, ...]) -> float:
    """Attack one window after the other in one home; return the most memory one took, in MB."""
    peak = 0.0
    with workplace() as folder:
        files = folder / "files"
        files.mkdir()
        small_data(files)
        for writer in ("model", "settings", "picture", "taught digit", "board"):
            WRITERS[writer](files, 1)
        (files / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
        (files / "words.txt").write_text("no picture")
        (folder / "cwd").mkdir()
        for seed, count in parts:
            ended = run(
                [sys.executable, "-X", "faulthandler", str(_PROGRAM), "--seed", str(seed),
                 "--events", str(count), "--files", str(files), *more],
                environment(folder / "home"), 900, folder / "cwd",
            )  # fmt: skip
            row.tried += count
            if ended.status != 0:
                row.failures.append(f"seed {seed}: {ended.describe()}")
            else:
                result = json.loads(ended.output.splitlines()[-1])
                peak = max([peak, result["peak"]])
                row.failures += [
                    f"seed {seed}: {text} ({times} times)"
                    for text, times in result["defects"].items()
                    if not any(allowed in text for allowed in _ALLOWED)
                ]
            row.failures += [f"seed {seed}: {wrong}" for wrong in unsound(folder / "home")]
    return peak
