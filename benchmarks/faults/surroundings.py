"""Homes, displays, streams, locales and clocks as they should not be: words, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from faults.places import ROOT, Ended, command, environment, run, small_data, workplace
from faults.rows import Row, Scale

Surrounding = Callable[[Path], Ended]
_PICTURE = ROOT / "resources" / "screenshots" / "number_light.png"


def _predict(folder: Path, home: Path | None = None, **changes: str | None) -> Ended:
    env = environment(home or folder / "home", **changes)
    return run(command("predict", str(_PICTURE)), env, cwd=folder)


def _train(folder: Path, home: Path | None = None, **streams: object) -> Ended:
    data = small_data(folder / "data")
    env = environment(home or folder / "home")
    arguments = command("train", "--data", str(data), "--epochs", "1")
    return run(arguments, env, cwd=folder, **streams)


def _window(folder: Path, **changes: str | None) -> Ended:
    """Start the window where none can open."""
    return run(command(), environment(folder / "home", **changes), seconds=60, cwd=folder)


def _file_home(folder: Path) -> Ended:
    (folder / "file").write_text("no folder")
    return _predict(folder, folder / "file")


def _full(folder: Path) -> Ended:
    with Path("/dev/full").open("wb") as full:
        return _train(folder, stdout=full)


def _closed(folder: Path) -> Ended:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return _train(folder, stdout=writer)
    finally:
        os.close(writer)


def _long(folder: Path) -> Ended:
    return run(command("predict", "a" * 5000), environment(folder / "home"), cwd=folder)


def _nowhere(folder: Path) -> Ended:
    return run(command("predict", "~nobody-of-that-name/x"), environment(folder / "home"))


def _pipe(folder: Path, option: str) -> Ended:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    return run(command("train", option, str(pipe)), environment(folder / "home"), 30, folder)


def _device(folder: Path, option: str) -> Ended:
    return run(command("train", option, "/dev/zero"), environment(folder / "home"), 30, folder)


def _clock(folder: Path) -> Ended:
    """Train with a clock that goes backwards, in steps of an hour."""
    program = (
        "import itertools, sys, time\n"
        "hours = itertools.count(2_000_000_000, -3600)\n"
        "time.time = lambda: float(next(hours))\n"
        "from mnist_draw.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    data = small_data(folder / "data")
    arguments = [sys.executable, "-c", program, "train", "--data", str(data), "--epochs", "1"]
    return run(arguments, environment(folder / "home"), cwd=folder)


def _display_gone(folder: Path) -> Ended:
    """Open a window on a virtual display and end the display."""
    server = subprocess.Popen(
        ["Xvfb", ":97", "-screen", "0", "800x600x24"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    env = environment(folder / "home", QT_QPA_PLATFORM=None, DISPLAY=":97", WAYLAND_DISPLAY=None)
    program = (
        "import os, signal, threading\n"
        f"threading.Timer(8, lambda: os.kill({server.pid}, signal.SIGKILL)).start()\n"
        "from mnist_draw.app import main\n"
        "raise SystemExit(main())\n"
    )
    try:
        return run([sys.executable, "-X", "faulthandler", "-c", program], env, 60, folder)
    finally:
        server.kill()
        server.wait()


SURROUNDINGS: dict[str, Surrounding] = {
    "a home that is a file": _file_home,
    "a home that is missing and cannot be made": lambda f: _predict(f, Path("/proc/none")),
    "a home with a newline and no ASCII": lambda f: _predict(f, f / "zu\nhause ü 家"),
    "a home with a very long name": lambda f: _predict(f, f / ("x" * 240)),
    "HOME itself missing": lambda f: _predict(f, HOME="/nonexistent", MNIST_DRAW_HOME=None),
    "HOME not set": lambda f: _predict(f, HOME=None, MNIST_DRAW_HOME=None),
    "a comma locale": lambda f: _predict(f, LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8"),
    "the C locale": lambda f: _predict(f, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"),
    "an unknown Qt platform": lambda f: _window(f, QT_QPA_PLATFORM="nonsense"),
    "no display": lambda f: _window(f, QT_QPA_PLATFORM=None, DISPLAY=None, WAYLAND_DISPLAY=None),
    "a display that is dead": lambda f: _window(f, QT_QPA_PLATFORM=None, DISPLAY=":4242"),
    "a Wayland display that is dead": lambda f: _window(
        f,
        QT_QPA_PLATFORM="wayland",
        WAYLAND_DISPLAY="none",
        DISPLAY=None,
    ),
    "a display that goes": _display_gone,
    "a full standard output": _full,
    "a closed standard output": _closed,
    "a name of 5,000 letters": _long,
    "the home of nobody": _nowhere,
    "a pipe as --config": lambda f: _pipe(f, "--config"),
    "a pipe as --resume": lambda f: _pipe(f, "--resume"),
    "a device as --config": lambda f: _device(f, "--config"),
    "a device as --resume": lambda f: _device(f, "--resume"),
    "a clock that goes backwards": _clock,
}
_QUICK = ("a home that is a file", "a device as --resume", "an unknown Qt platform")


def attack(scale: Scale) -> list[Row]:
    """Start the program in each surrounding."""
    row = Row(f"{len(SURROUNDINGS)} surroundings")
    if not hasattr(signal, "SIGKILL"):
        row.figure = "not on this system"
        return [row]
    for name, surround in SURROUNDINGS.items():
        if scale.quick and name not in _QUICK:
            continue
        with workplace() as folder:
            try:
                ended = surround(folder)
            except OSError as error:
                row.check(False, f"{name} could not be made: {error}")
                continue
            row.check(ended.sound, f"{name}: {ended.describe()}")
    return [row]
