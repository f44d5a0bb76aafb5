"""Two programs on one home: neither erases what the other has written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from faults.places import command, environment, run, small_data, workplace
from faults.rows import Row, Scale

_SET = """
import sys, time
from pathlib import Path
from mnist_draw.storage.preferences import Preferences
mine = sys.argv[1]
preferences = Preferences()
Path(f"{mine}.ready").touch()
while not (Path("a.ready").exists() and Path("b.ready").exists()):
    time.sleep(0.01)
for number in range(20):
    preferences.set(f"{mine}{number}", number)
    preferences.save()
"""


def attack(scale: Scale) -> list[Row]:
    """Let two programs write preferences, and two train, at once."""
    return [_preferences(scale), _runs(scale)]


def _preferences(scale: Scale) -> Row:
    row = Row("two programs write 20 preferences each at once")
    for _ in range(scale.of(20, 1)):
        with workplace() as folder:
            env = environment(folder / "home")
            both = [
                subprocess.Popen([sys.executable, "-c", _SET, name], env=env, cwd=folder)
                for name in "ab"
            ]
            statuses = [process.wait(60) for process in both]
            row.check(statuses == [0, 0], f"they ended with {statuses}")
            text = next((folder / "home").rglob("preferences.json")).read_text()
            missing = 40 - len(json.loads(text)["values"])
            row.check(missing == 0, f"{missing} of 40 preferences were erased")
    return row


def _runs(scale: Scale) -> Row:
    """Train twice at once without saying where to save: there are two networks afterwards."""
    row = Row("two trainings without --output at once")
    for _ in range(scale.of(6, 1)):
        with workplace() as folder:
            data = small_data(folder / "data")
            env = environment(folder / "home")
            train = command("train", "--network", "layers:", "--data", str(data), "--epochs", "2")
            first = subprocess.Popen(
                train,
                env=env,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            second = run(train, env, cwd=folder)
            row.check(first.wait(120) == 0 and second.status == 0, second.describe())
            found = len(list(Path(folder).glob("*.npz")))
            row.check(found == 2, f"{found} networks were left")
    return row
