"""A virtual X screen with the program on it, driven by real mouse and keyboard events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

OBSERVED = Path(__file__).with_name("observed.py")
ROOT = Path(__file__).parents[2]

#: A widget that has not moved for so many seconds stays: it is looked at ten times a second.
_SETTLED = 0.3


class Desktop:
    """An X server of our own, and ``mnist-draw`` running on it.

    Parameters
    ----------
    folder : Path
        For the program's files and the log of what its window shows.
    size : str
        The screen, such as ``"1366x768"``.
    """

    def __init__(self, folder, size="1366x768"):
        self._seen = folder / "seen.json"
        read, write = os.pipe()
        # An X server begins anew when its last client leaves, and refuses those who come meanwhile:
        # the program asks a process of its own first whether there is a screen.
        screen = ["-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
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
        """Return what the program has printed."""
        self._log.seek(0)
        return self._log.read()

    def xdotool(self, *arguments):
        """Run xdotool on the screen."""
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
            time.sleep(0.05)
        seen = self.see()
        texts = {name: entry["text"] for name, entry in seen.items() if entry.get("text")}
        raise AssertionError(f"after {seconds} s: {texts}; the program said: {self.output()}")

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
            time.sleep(_SETTLED)
        self.xdotool("mousemove", *self.place(name), "click", "--repeat", times, 1)

    def press(self, *keys):
        """Press keys."""
        self.xdotool("key", *keys)

    def drag(self, name, points):
        """Draw a line through points of a widget, given as parts of its size."""
        places = [self.place(name, x, y) for x, y in points]
        moves: list[object] = ["mousemove", *places[0], "mousedown", 1]
        for place in places[1:]:
            moves += ["mousemove", *place, "sleep", 0.008]
        self.xdotool(*moves, "mouseup", 1)

    def kill_screen(self):
        """End the X server as a crash of it would."""
        self._server.kill()
        self._server.wait()

    def close(self):
        """End whatever still runs."""
        for process in (self.program, self._server):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._log.close()
