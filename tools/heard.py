"""Use the window without eyes or mouse: press keys, and print what a screen reader is given.

On Linux with PyQt6, ``dbus-run-session``, ``at-spi2-core``, Xvfb, openbox, xdotool and the system's
Python with the typelib of Atspi (Debian: ``python3-gi gir1.2-atspi-2.0``)::

    /usr/bin/python3 tools/heard.py .venv/bin/python

opens a screen and a bus of its own, draws, trains, tries the network and looks inside it. What is
printed follows the rules of Orca 48: what gets the keyboard, with its role, value and description;
and new names and descriptions of that, or of what is around it. It fails where it waits in vain
for what should be heard.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Seconds after which it is certain that something is not heard: a slow machine trains so long.
_PATIENCE_S = 120.0
#: Presses of Tab; no page has as many controls.
_STOPS = 60


class Ear:
    """Listens to the accessibility bus."""

    def __init__(self) -> None:
        import gi

        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi, GLib

        self._atspi = Atspi
        self._context = GLib.MainContext.default()
        self._focus: Any = None
        #: What was said of what has the keyboard.
        self.focused = ""
        #: What was heard and not waited for yet.
        self._heard: list[str] = []
        Atspi.init()
        self._listener = Atspi.EventListener.new(self._note)
        for kind in (
            "object:state-changed:focused",
            "object:property-change:accessible-name",
            "object:property-change:accessible-description",
        ):
            self._listener.register(kind)

    def _note(self, event: Any) -> None:
        try:
            words = self._words(event)
        except self._error:
            # It is gone already.
            return
        if words:
            print(f"    {words}", flush=True)
            self._heard.append(words)

    @property
    def _error(self) -> type[Exception]:
        from gi.repository import GLib

        return GLib.Error

    def _words(self, event: Any) -> str:
        source = event.source
        if event.type.endswith("focused"):
            if not event.detail1:
                return ""
            self._focus = source
            self.focused = self._spoken(source)
            return self.focused
        is_around = source == self._focus
        if event.type.endswith("description"):
            above = self._focus
            while above is not None and not is_around:
                above = above.get_parent()
                is_around = above == source
        return event.any_data if is_around else ""

    def _spoken(self, thing: Any) -> str:
        states = thing.get_state_set()
        words = [thing.get_name(), thing.get_role_name()]
        if thing.get_value_iface() is not None:
            words.append(f"{thing.get_value_iface().get_current_value():g}")
        if states.contains(self._atspi.StateType.CHECKED):
            words.append("checked")
        words.append(thing.get_description())
        return ", ".join(filter(None, words)).replace("\n", " ")

    def read_values(self, name: str) -> None:
        """Print the visible controls with a value and such a name, wherever they are."""
        left = [self._focus.get_application()]
        while left:
            thing = left.pop()
            if thing.get_value_iface() is not None and thing.get_name().startswith(name):
                print(f"    ({self._spoken(thing)})", flush=True)
            left += [thing.get_child_at_index(n) for n in range(thing.get_child_count())]

    def wait_for(self, pattern: str) -> None:
        """Listen until something is heard that matches; forget it, and what came before."""
        ends = time.monotonic() + _PATIENCE_S
        while time.monotonic() < ends:
            while self._context.iteration(False):
                pass
            for place, words in enumerate(self._heard):
                if re.search(pattern, words):
                    del self._heard[: place + 1]
                    return
            time.sleep(0.01)
        raise SystemExit(f"not heard: {pattern}")


def press(*keys: str) -> None:
    """Press keys of a real keyboard, one after the other."""
    print(f"[{' '.join(keys)}]", flush=True)
    subprocess.run(["xdotool", "key", "--delay", "60", *keys], check=True)


def walk_to(ear: Ear, pattern: str) -> None:
    """Press Tab until a control that matches has the keyboard."""
    for _stop in range(_STOPS):
        press("Tab")
        ear.wait_for(".")
        if re.search(pattern, ear.focused):
            return
    raise SystemExit(f"not reached by Tab: {pattern}")


def walk(ear: Ear) -> None:
    """Draw, hear the answer, train, hear the epochs, try the network, look inside."""
    draw_one = ("space", *["Down"] * 10, "space")
    ear.wait_for("^Drawing board")
    press(*draw_one)
    ear.wait_for("^1 .sure")
    walk_to(ear, "^Probabilities")
    ear.read_values("Probability of")
    press("ctrl+Tab")
    ear.wait_for("^Start, button")
    press("F5")
    ear.wait_for("^Pause, button")
    ear.wait_for("^Epoch 1 of 20, Validation accuracy")
    ear.wait_for("^Epoch 2 of 20")
    ear.wait_for("^Try it, button")
    ear.wait_for("^Your network gets .* of unseen pictures right")
    press("space")
    ear.wait_for("^Drawing board")
    press(*draw_one)
    ear.wait_for("^1 .sure")
    press("w")
    ear.wait_for("^Network, check box, checked, Why this answer")
    walk_to(ear, "^Strokes")
    press("Right")
    ear.wait_for(".")
    walk_to(ear, "^Probabilities")
    press("0")
    walk_to(ear, "^Network, check box")
    press("Right", "Right")
    ear.wait_for("^Results, check box, checked")
    walk_to(ear, "^Mix-ups")
    press("Right")
    ear.wait_for("^0 read")
    walk_to(ear, "^Mistakes")


@contextmanager
def running(*command: str, **environment: str) -> Iterator[None]:
    """Run a program as long as the block."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=os.environ | environment, stderr=quiet) as program:
        try:
            yield
        finally:
            program.terminate()


def main(python: str) -> int:
    """Walk through the window of the program that a Python has; on a bus of its own."""
    if "HEARD_ON_A_BUS" not in os.environ:
        os.environ["HEARD_ON_A_BUS"] = "1"
        again = ["xvfb-run", "-a", "-s", "-screen 0 1366x768x24", "dbus-run-session", "--"]
        return subprocess.run([*again, sys.executable, __file__, python], check=False).returncode
    with tempfile.TemporaryDirectory(prefix="heard-") as home, running("openbox"):
        ear = Ear()
        program = {
            "MNIST_DRAW_HOME": home,
            "QT_API": "pyqt6",
            "QT_QPA_PLATFORM": "xcb",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }
        with running(python, "-m", "mnist_draw", **program):
            walk(ear)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
