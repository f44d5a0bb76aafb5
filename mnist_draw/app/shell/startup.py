"""Start the window: hooks, a check of display and libraries, then Qt; report what fails.

Only what the window shows at once is imported before it is visible; the network's libraries follow
in other threads. The check precedes Qt, because Qt ends the process on failure: on Linux PyQt5
brings Qt along, but not the X libraries that Qt's ``xcb`` plugin links to, and without an X server
the plugin aborts.

A crash leaves a report, which the next start offers to show: where each thread stood, by Python's
fault handler, and what the user did before. It holds names of modules, functions and commands, and
versions; no file's name but the program's own, and nothing that the user has typed, drawn or read.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import platform
import socket
import sys
import sysconfig
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_draw import __version__
from mnist_draw.app.kit.reporting import CRASH_LOG, logger, reporter
from mnist_draw.errors import UserError, escape_unprintable
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import data_folder, resource_path
from mnist_draw.storage.opening import MEGABYTE, read_file, regular_only

if TYPE_CHECKING:
    from mnist_draw.app.shell.lesson import Lesson


#: Python's threads change at least this often, in seconds: the window waits no longer for
#: a worker that computes in Python.
SWITCH_INTERVAL = 0.0002


def run(arguments: list[str], network: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and return the exit status when it has closed."""
    crash = report_crash()
    reporter.install()
    reporter.noting = note_events()
    problem = startup_problem()
    if problem is not None:
        print(escape_unprintable(problem), file=sys.stderr)
        return 1
    try:
        from PyQt5.QtCore import Qt
        from PyQt5.QtGui import QGuiApplication, QIcon
        from PyQt5.QtWidgets import QApplication
    except ImportError as error:
        print(escape_unprintable(qt_import_failure(error)), file=sys.stderr)
        return 1
    from mnist_draw.app.shell import memory

    memory.limit_heap()
    reporter.install_qt()
    sys.setswitchinterval(SWITCH_INTERVAL)
    if sys.platform == "win32":
        # Else the taskbar takes the window for one of Python's, with Python's icon.
        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("mnist_draw")
    QApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.AA_UseHighDpiPixmaps)
    # X servers report screens of 100 dpi as a factor of 1.04, which would only blur; there the
    # size of the text provides the steps between whole factors.
    policies = Qt.HighDpiScaleFactorRoundingPolicy
    exact = sys.platform in ("win32", "darwin")
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        policies.PassThrough if exact else policies.RoundPreferFloor
    )
    app = QApplication(["mnist-draw", *arguments])
    app.setApplicationName("mnist_draw")
    app.setApplicationDisplayName("MNIST Draw")
    app.setDesktopFileName("mnist-draw")
    app.setWindowIcon(QIcon(str(resource_path("desktop", "mnist-draw.png"))))

    from mnist_draw.app.shell.desktop import FocusRing
    from mnist_draw.app.shell.help import tell_of_crash
    from mnist_draw.app.shell.lesson import begin_lesson
    from mnist_draw.app.shell.shutdown import SystemSignals
    from mnist_draw.app.shell.window import Window

    collector = memory.GuiThreadGarbageCollector(app)
    window = Window()
    shutdown = window.shutdown
    reporter.keeping, reporter.finishing = shutdown.save_now, shutdown.finish_learning
    SystemSignals(app).close_requested.connect(shutdown.close_without_prompt)
    memory.IdleMemoryTrimmer(app)
    FocusRing(app)
    window.show()
    window.start_later()
    if lesson is not None:
        begin_lesson(window, lesson)
    if network:
        window.open_later(network)
    if crash is not None:
        tell_of_crash(crash)
    status = app.exec_()
    collector.stop()
    ended = window.shut_down()
    if shutdown.unsaved:
        # It has been said which network is lost.
        status = status or 1
    if not ended:
        # A thread that still compiles cannot be ended from outside, and everything is saved:
        # leave without the destructors that would abort the process.
        logger.warning("leaving while a thread is still busy")
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # on Windows without a console
                stream.flush()
        os._exit(status)
    return int(status)


EVENTS = "events.log"
_MAX_EVENTS, _MAX_LETTERS = 100, 80


class Events:
    """The last events, in a small file that outlives the program."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: deque[bytes] = deque(maxlen=_MAX_EVENTS)
        self._write()

    def note(self, event: str) -> None:
        """Write an event, and forget the oldest."""
        line = f"{time.strftime('%H:%M:%S')} {event[:_MAX_LETTERS]}\n"
        self._lines.append(line.encode("ascii", "replace"))
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        with open(self._path, "wb", opener=regular_only) as file:
            file.writelines(self._lines)


def report_crash() -> Path | None:
    """Make a report of a crash, if there was one, and forget the crash; return the report."""
    try:
        folder = data_folder() / "log"
        text = read_file(folder / CRASH_LOG, MEGABYTE).decode("utf-8", "replace")
        if not text.strip():
            return None
        report = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt")
        events = b""
        with contextlib.suppress(OSError, UserError):
            events = read_file(folder / EVENTS, MEGABYTE)
        done = f"What was done last:\n{events.decode('ascii', 'replace')}"
        stood = f"Where each thread stood:\n{_without_places(text)}"
        text = "\n".join([*versions(), "", done, stood])
        write_atomically(report, text.encode("utf-8", "replace"))
        (folder / CRASH_LOG).unlink()
    except (OSError, UserError):
        return None
    return report


def note_events() -> Callable[[str], object] | None:
    """Return what notes an event from now on; None where nothing can be written."""
    try:
        folder = data_folder() / "log"
        folder.mkdir(exist_ok=True)
        return Events(folder / EVENTS).note
    except (OSError, UserError):
        return None


def versions() -> list[str]:
    """Return the versions of the program, the system and the libraries, in lines."""
    from importlib import metadata

    found = [f"mnist_draw {__version__}, Python {platform.python_version()}, {platform.system()} "
             f"{platform.release()} {platform.machine()}"]  # fmt: skip
    for name in ("PyQt5", "numpy", "pytensor", "llvmlite", "numba", "pyqtgraph"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return found


def _without_places(text: str) -> str:
    """Shorten the paths of modules; they may contain the user's name."""
    roots = {*sysconfig.get_paths().values(), sys.prefix, str(Path(__file__).resolve().parents[3])}
    with contextlib.suppress(RuntimeError):
        roots.add(str(Path.home()))
    for root in sorted(filter(None, roots), key=len, reverse=True):
        text = text.replace(root, "…")
    return text


#: Library file: (Debian and Ubuntu package, Fedora package).
LIBRARIES: dict[str, tuple[str, str]] = {
    "libGL.so.1": ("libgl1", "mesa-libGL"),
    "libEGL.so.1": ("libegl1", "mesa-libEGL"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xinerama.so.0": ("libxcb-xinerama0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
}

#: Where these are set, Qt looks for plugins elsewhere too.
_OTHER_PLUGINS = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH")

Loads = Callable[[str], bool]


def startup_problem(
    environ: Mapping[str, str] | None = None,
    platform: str = sys.platform,
    loads: Loads | None = None,
    answers: Loads | None = None,
    plugins: Path | None = None,
) -> str | None:
    """Explain why no window can open here; None if one can."""
    environ = os.environ if environ is None else environ
    plugins = plugins or _plugins()
    found = [
        _blocking_reason(name.partition(":")[0], environ, platform, loads, answers, plugins)
        for name in environ.get("QT_QPA_PLATFORM", "").split(";")
    ]
    # Qt takes the first of them that works.
    return None if None in found else found[0]


def _blocking_reason(
    chosen: str,
    environ: Mapping[str, str],
    platform: str,
    loads: Loads | None,
    answers: Loads | None,
    plugins: Path | None,
) -> str | None:
    """Explain why one of Qt's platforms cannot be used; "" is the system's own."""
    if chosen and not any(name in environ for name in _OTHER_PLUGINS):
        unknown = _unknown_platform(chosen, plugins)
        if unknown:
            return unknown
    if not platform.startswith("linux"):
        return None
    loads = loads or _loads
    if chosen in ("", "xcb") and environ.get("DISPLAY"):
        return _missing_libraries(plugins, "libqxcb.so", loads) or _silent_server(
            environ["DISPLAY"], answers or _answers
        )
    if chosen == "xcb" or (not chosen and not environ.get("WAYLAND_DISPLAY")):
        return (
            "No window can open here: there is no display (neither DISPLAY nor WAYLAND_DISPLAY "
            "is set). Start mnist-draw from a desktop session, or with a virtual display: "
            "xvfb-run mnist-draw. The commands train, evaluate and predict need no display: "
            "mnist-draw --help lists them."
        )
    if not chosen or chosen.startswith("wayland"):
        return _missing_libraries(plugins, "libqwayland-generic.so", loads) or _silent_compositor(
            environ, answers or _compositor_answers
        )
    # Another platform was asked for by name (offscreen, vnc …): only Qt itself must load.
    return _missing_libraries(plugins, f"libq{chosen}.so", loads)


def qt_import_failure(error: ImportError, loads: Loads | None = None) -> str:
    """Return a sentence for an error that importing PyQt5 raised."""
    missing = [name for name in LIBRARIES if not (loads or _loads)(name)]
    if missing and sys.platform.startswith("linux"):
        return _install(missing)
    return (
        f"No window can open here: PyQt5 cannot be loaded ({error}). Install it anew with "
        "pip install --force-reinstall PyQt5."
    )


def platforms(plugins: Path | None = None) -> list[str]:
    """Return the names of Qt's platforms, such as ``"xcb"``; none if installed elsewhere."""
    folder = plugins or _plugins()
    if folder is None:
        return []
    # libqxcb.so, libqcocoa.dylib, qwindows.dll
    files = (path.name.partition(".")[0] for path in folder.glob("*q*.*"))
    return sorted({name.removeprefix("lib").removeprefix("q") for name in files})


def _missing_libraries(plugins: Path | None, plugin: str, loads: Loads) -> str | None:
    """Return a sentence naming the packages that a platform plugin lacks."""
    if plugins is None or not (plugins / plugin).exists():
        # A distribution's own PyQt5 installs its plugins elsewhere, with what they need.
        return None
    if loads(str(plugins / plugin)):
        return None
    missing = [name for name in LIBRARIES if not loads(name)]
    if missing:
        return _install(missing)
    return (
        f"No window can open here: Qt's plugin {plugins / plugin} cannot be loaded. "
        f"ldd {plugins / plugin} shows which library is missing."
    )


def _install(missing: list[str]) -> str:
    debian = " ".join(sorted({LIBRARIES[name][0] for name in missing}))
    fedora = " ".join(sorted({LIBRARIES[name][1] for name in missing}))
    return (
        f"No window can open here: Qt needs {', '.join(missing)}, which this system lacks.\n"
        f"  Debian, Ubuntu: sudo apt install {debian}\n"
        f"  Fedora:         sudo dnf install {fedora}\n"
        "Then start mnist-draw again. The commands train, evaluate and predict work without."
    )


def _silent_server(display: str, answers: Loads) -> str | None:
    if answers(display):
        return None
    return (
        f"No window can open here: no X server answers at DISPLAY={display}, or it does not "
        "admit this user. Check that the desktop session or the forwarding (ssh -X) is alive."
    )


def _unknown_platform(chosen: str, plugins: Path | None) -> str | None:
    """Return a sentence about a platform that Qt has no plugin for."""
    if plugins is None:
        return None
    known = platforms(plugins)
    # One plugin serves several kinds of Wayland.
    if not known or any(name.startswith(chosen.partition("-")[0]) for name in known):
        return None
    return (
        f"No window can open here: QT_QPA_PLATFORM is {chosen!r}, which Qt does not have. It has "
        f"{', '.join(known)}. Unset the variable, and the usual one is taken."
    )


def _silent_compositor(environ: Mapping[str, str], answers: Loads) -> str | None:
    display = environ.get("WAYLAND_DISPLAY") or "wayland-0"
    path = Path(environ.get("XDG_RUNTIME_DIR", "/"), display)
    if answers(str(path)):
        return None
    return (
        f"No window can open here: no Wayland compositor answers at {path} "
        f"(WAYLAND_DISPLAY={display}). Check that the desktop session is alive. The commands "
        "train, evaluate and predict need no display."
    )


def _compositor_answers(path: str) -> bool:
    """Connect to the Wayland compositor and hang up again."""
    if sys.platform == "win32":
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except (OSError, ValueError):
            return False
    return True


def _plugins() -> Path | None:
    """Return PyQt5's folder of platform plugins without importing PyQt5."""
    spec = importlib.util.find_spec("PyQt5")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for name in ("Qt5", "Qt"):
            folder = Path(place) / name / "plugins" / "platforms"
            if folder.is_dir():
                return folder
    return None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _answers(display: str) -> bool:
    """Connect to the X server and hang up again."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(os.fsencode(display), None)
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
