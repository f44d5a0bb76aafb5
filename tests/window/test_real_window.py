"""The real program in a real X window: train an epoch, draw a 1 and a 0, read the answers."""

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

OBSERVED = Path(__file__).with_name("observed.py")
ROOT = Path(__file__).parents[2]
#: A widget that has not moved for so many seconds stays: it is looked at ten times a second.
_SETTLED = 0.3
LACKING = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.window,
    pytest.mark.process,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is Linux's"),
    pytest.mark.skipif(bool(LACKING), reason=f"not installed: {', '.join(LACKING)}"),
]

#: The first compilation on a slow machine takes this long at the most.
PATIENCE = 400.0
ONE = [(0.54 - 0.06 * n / 20, 0.2 + 0.6 * n / 20) for n in range(21)]
ZERO = [
    (0.5 + 0.17 * math.sin(2 * math.pi * n / 40), 0.5 - 0.3 * math.cos(2 * math.pi * n / 40))
    for n in range(41)
]


class Desktop:
    """An X server of our own, and ``mnist-draw`` running on it."""

    def __init__(self, folder):
        self._seen = folder / "seen.json"
        read, write = os.pipe()
        # An X server begins anew when its last client leaves, and refuses those who come meanwhile:
        # the program asks a process of its own first whether there is a screen.
        screen = ["-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset"]
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), *screen],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self._display = f":{pipe.readline().strip()}"
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        self._environ = {
            **os.environ,
            "DISPLAY": self._display,
            "MNIST_DRAW_HOME": os.environ.get("MNIST_DRAW_HOME", str(folder)),
            "XDG_RUNTIME_DIR": str(runtime),
            "QT_QPA_PLATFORM": "xcb",
        }
        self._log = (folder / "output.txt").open("w+")
        self.program = subprocess.Popen(
            [sys.executable, str(OBSERVED), str(self._seen)],
            env=self._environ,
            cwd=ROOT,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def output(self):
        self._log.seek(0)
        return self._log.read()

    def xdotool(self, *arguments):
        return subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=self._environ,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def see(self):
        """Return what the window shows now, by object name."""
        try:
            return dict(json.loads(self._seen.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}

    def wait_for(self, what, seconds):
        """Wait until the window shows something; fail with what it shows and says instead."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            seen = self.see()
            if seen and what(seen):
                return seen
            if self.program.poll() is not None:
                break
            self._let(0.05)
        seen = self.see()
        texts = {name: entry["text"] for name, entry in seen.items() if entry.get("text")}
        raise AssertionError(f"after {seconds} s: {texts}; the program said: {self.output()}")

    def _let(self, seconds):
        """Let the program go on, unless it ends."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(seconds)

    def focus(self):
        """Give the window the keyboard: there is no window manager that would."""
        window = self.xdotool("search", "--sync", "--onlyvisible", "--name", "^MNIST Draw$")
        self.xdotool("windowfocus", "--sync", window.split()[0])

    def place(self, name, x=0.5, y=0.5):
        """Return a point of a widget on the screen, as parts of its size."""
        left, top, width, height = self.see()[name]["place"]
        return round(left + x * width), round(top + y * height)

    def click(self, name, times=1):
        """Click the middle of a widget, once it stays where it is."""
        before = None
        while before != (before := self.place(name)):
            self._let(_SETTLED)
        self.xdotool("mousemove", *self.place(name), "click", "--repeat", times, 1)

    def press(self, *keys):
        self.xdotool("key", *keys)

    def drag(self, name, points):
        """Draw a line through points of a widget, given as parts of its size."""
        places = [self.place(name, x, y) for x, y in points]
        moves: list[object] = ["mousemove", *places[0], "mousedown", 1]
        for place in places[1:]:
            moves += ["mousemove", *place, "sleep", 0.01]
        self.xdotool(*moves, "mouseup", 1)

    def kill_screen(self):
        """End the X server as a crash of it would."""
        self._server.kill()
        self._server.wait()

    def close(self):
        for process in (self.program, self._server):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._log.close()


@pytest.fixture
def desktop(tmp_path):
    """Return a screen on which the program has opened its window."""
    made = Desktop(tmp_path)
    try:
        made.wait_for(lambda seen: seen.get("tabs", {}).get("visible"), 60)
        made.focus()
        yield made
    finally:
        made.close()


def test_train_an_epoch_and_draw_a_one_and_a_zero(desktop):
    desktop.click("tab Train")
    desktop.wait_for(lambda seen: seen["startButton"]["visible"], 20)
    desktop.click("epochsSpinBox", times=2)
    desktop.press("ctrl+a")
    desktop.xdotool("type", "1")
    desktop.press("Tab")
    desktop.wait_for(lambda seen: seen["epochsSpinBox"]["value"] == 1, 20)
    desktop.click("startButton")
    desktop.wait_for(lambda seen: seen["stateLabel"]["text"] != "Ready", 20)
    seen = desktop.wait_for(lambda seen: seen["stateLabel"]["text"] == "Completed", PATIENCE)
    for name in ("validationAccuracyLabel", "testAccuracyLabel"):
        assert float(seen[name]["text"].removesuffix("%")) > 90
    assert float(seen["validationLossLabel"]["text"]) < 0.5

    desktop.click("tab Draw")
    desktop.wait_for(lambda seen: seen["canvas"]["visible"], 20)
    for digit, points in (("1", ONE), ("0", ZERO)):
        desktop.drag("canvas", points)
        seen = desktop.wait_for(lambda seen: seen["predictionLabel"]["text"], PATIENCE)
        desktop.wait_for(lambda seen, digit=digit: seen["predictionLabel"]["text"] == digit, 20)
        values = [desktop.see()[f"probabilityBar{n}"]["value"] for n in range(10)]
        assert values.index(max(values)) == int(digit)
        desktop.click("clearButton")
        desktop.wait_for(lambda seen: seen["predictionLabel"]["text"] == "", 20)

    desktop.press("ctrl+q")
    assert desktop.program.wait(60) == 0
    assert "Traceback" not in desktop.output()


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_no_move_is_lost_while_the_window_is_busy(own_home, desktop):
    desktop.wait_for(lambda seen: seen["canvas"]["visible"], 20)
    desktop.program.send_signal(signal.SIGSTOP)
    try:
        desktop.drag("canvas", ZERO)
    finally:
        desktop.program.send_signal(signal.SIGCONT)
    desktop.wait_for(lambda seen: seen["undoButton"]["enabled"], 60)
    desktop.press("ctrl+q")
    assert desktop.program.wait(60) == 0
    [drawn] = json.loads((own_home / "data" / "board.json").read_text())["items"]
    assert len(drawn["stroke"]) == len(ZERO)


def test_a_display_that_dies_costs_no_drawing(own_home, desktop):
    desktop.wait_for(lambda seen: seen["canvas"]["visible"], 20)
    desktop.drag("canvas", ONE)
    desktop.wait_for(lambda seen: seen["undoButton"]["enabled"], 60)
    # Before the drawing is written, and while the network is still being made.
    desktop.kill_screen()
    assert desktop.program.wait(120) == 1
    [told] = desktop.output().splitlines()
    assert told.startswith("mnist-draw: The connection to the display was lost")
    assert len(json.loads((own_home / "data" / "board.json").read_text())["items"]) == 1
    assert (own_home / "data" / "log" / "crash.log").read_text() == ""
