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

import atexit
import contextlib
import ctypes
import importlib.util
import json
import os
import platform
import socket
import sys
import sysconfig
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_draw import __version__
from mnist_draw.app.kit.reporting import CRASH_LOG, logger, reporter
from mnist_draw.errors import StorageError, UserError, escape_unprintable, reason_of
from mnist_draw.i18n import _, best_of, is_right_to_left, joined, language, system_languages
from mnist_draw.storage.atomic import check_writable, write_atomically
from mnist_draw.storage.folders import (
    HOME_VARIABLE,
    config_folder,
    data_folder,
    home_name,
    resource_path,
)
from mnist_draw.storage.opening import MEGABYTE, read_file, regular_only

if TYPE_CHECKING:
    from PyQt5.QtCore import QTranslator
    from PyQt5.QtWidgets import QApplication

    from mnist_draw.app.shell.lesson import Lesson

#: Python's threads change at least this often, in seconds: the window waits no longer for
#: a worker that computes in Python.
SWITCH_INTERVAL = 0.0002


def run(arguments: list[str], network: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and return the exit status when it has closed."""
    use_writable_home()
    crash = report_crash()
    reporter.install()
    reporter.noting = note_events()
    problem = startup_problem()
    if problem is not None:
        print(escape_unprintable(problem), file=sys.stderr)
        return 1
    try:
        from PyQt5 import QtWidgets, sip  # noqa: F401 # All that the window needs must load.
        from PyQt5.QtCore import QTimer
    except ImportError as error:
        print(escape_unprintable(qt_import_failure(error)), file=sys.stderr)
        return 1
    from mnist_draw.app.shell import memory

    memory.limit_heap()
    reporter.install_qt()
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = _make_app(arguments)

    from mnist_draw.app.kit.threads import running
    from mnist_draw.app.shell.desktop import FocusRing
    from mnist_draw.app.shell.help import tell_of_crash
    from mnist_draw.app.shell.shutdown import SystemSignals
    from mnist_draw.app.shell.window import Window

    memory.GuiThreadGarbageCollector(app)
    # Before the window is built: an interrupt in one of its methods that Qt calls would be lost.
    signals = SystemSignals(app)
    window = Window()
    shutdown = window.shutdown
    reporter.keeping = shutdown.save_now
    signals.close_requested.connect(shutdown.close_without_prompt)
    FocusRing(app)
    window.show()
    # Once the window has been painted.
    QTimer.singleShot(0, window.start)
    if language() == "zh_CN":
        QTimer.singleShot(0, tell_of_missing_font)
    if lesson is not None:
        from mnist_draw.app.shell.lesson import begin_lesson

        begin_lesson(window, lesson)
    if network:
        window.open_later(network)
    if crash is not None:
        tell_of_crash(crash, window.page_in_front.name)
    status = app.exec_()
    ended = running.shut_down()
    if shutdown.unsaved:
        # It has been said which network is lost.
        status = status or 1
    if ended:
        # PyQt deletes what is left then while it walks through it: what the end of a window calls
        # would change what it walks through.
        sip.delete(window)
        atexit._run_exitfuncs()
    else:
        logger.warning("leaving while a thread is still busy")
    if shutdown.restarts:
        start_again()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # on Windows without a console
            stream.flush()
    # Everything is saved. Python would wait for the threads of libraries, and the destructors of
    # compiled code crash under threads that still compute.
    os._exit(status)


def use_writable_home() -> None:
    """Keep everything in a temporary folder, and say so, where the home cannot be written."""
    home = home_name()
    try:
        check_writable(config_folder() / "home")
        check_writable(data_folder() / "home")
    except StorageError as error:
        reason = reason_of(error.__cause__ if isinstance(error.__cause__, OSError) else error)
        with contextlib.suppress(OSError):
            place = os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix="mnist_draw-")
            told = _(
                "{home} cannot be written: {reason}. What you do now is kept in {place}, which the "
                "system may clear. Set the environment variable {variable} to a folder that can be "
                "written, and start again.",
                home=home,
                reason=reason,
                place=place,
                variable=HOME_VARIABLE,
            )
            reporter.report(StorageError(told))


def _make_app(arguments: list[str]) -> QApplication:
    """Tell Qt of the program, of screens and of the language."""
    from PyQt5.QtCore import Qt
    from PyQt5.QtGui import QGuiApplication, QIcon
    from PyQt5.QtWidgets import QApplication

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
        policies.PassThrough if exact else policies.RoundPreferFloor,
    )
    app = QApplication(["mnist-draw", *arguments])
    keep_all_moves()
    app.setApplicationName("mnist_draw")
    app.setApplicationDisplayName("MNIST Draw")
    app.setDesktopFileName("mnist-draw")
    app.setWindowIcon(QIcon(str(resource_path("desktop", "mnist-draw.png"))))
    if language() != "en":
        speak(app)
    if language() != (best_of(system_languages()) or "en"):
        # The desktop's dialogs speak its own language, Qt's that of this process.
        QApplication.setAttribute(Qt.AA_DontUseNativeDialogs)
    return app


def keep_all_moves() -> None:
    """Deliver each move of mouse, pen and finger, also those that wait for a busy window.

    Qt's platform plugins switch compression on when the application is made.
    """
    from PyQt5.QtCore import QCoreApplication, Qt

    QCoreApplication.setAttribute(Qt.AA_CompressHighFrequencyEvents, False)
    QCoreApplication.setAttribute(Qt.AA_CompressTabletEvents, False)
    if sys.platform == "darwin":
        cocoa = ctypes.CDLL("/usr/lib/libobjc.dylib")
        cocoa.objc_getClass.restype = ctypes.c_void_p
        cocoa.sel_registerName.restype = ctypes.c_void_p
        cocoa.objc_msgSend.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_bool]
        events = cocoa.objc_getClass(b"NSEvent")
        cocoa.objc_msgSend(events, cocoa.sel_registerName(b"setMouseCoalescingEnabled:"), False)


def speak(app: QApplication) -> QTranslator:
    """Let Qt's own dialogs, buttons and names of keys speak the language of this process."""
    from PyQt5.QtCore import QLibraryInfo, QLocale, Qt, QTranslator

    QLocale.setDefault(QLocale(language()))
    translator = QTranslator(app)
    folder = QLibraryInfo.location(QLibraryInfo.TranslationsPath)
    # By QLocale, since Qt's file of "pt" is qtbase_pt_BR.
    if translator.load(QLocale(), "qtbase", "_", folder):
        app.installTranslator(translator)
    if is_right_to_left():
        app.setLayoutDirection(Qt.RightToLeft)
    return translator


def tell_of_missing_font() -> None:
    """Say where the system cannot show Chinese; not in Chinese, which could not be read."""
    from PyQt5.QtGui import QFontDatabase

    from mnist_draw.app.kit.notifier import Notifier

    if not QFontDatabase().families(QFontDatabase.SimplifiedChinese):
        sentence = (
            "This system has no font with Chinese characters. Install one, such as Noto Sans CJK, "
            "or choose another language in the menu that F10 opens."
        )
        Notifier().problem(sentence)
        reporter.say_at_the_end(sentence)


def start_again() -> None:
    """Start the program as it was started, but in the language that was chosen since.

    Elsewhere than on Windows it replaces this process, and so stays what a terminal or a desktop
    has started.
    """
    command = [sys.executable, *without_language(sys.orig_argv[1:])]
    if sys.platform == "win32":
        from PyQt5.QtCore import QProcess

        QProcess.startDetached(command[0], command[1:])
        return
    os.execv(command[0], command)  # nosec B606 # the program itself, with its own arguments


def without_language(arguments: list[str]) -> list[str]:
    """Return arguments without ``--lang CODE`` and ``--lang=CODE``."""
    left = iter(arguments)
    found = []
    for word in left:
        if word == "--lang":
            next(left, None)
        elif not word.startswith("--lang="):
            found.append(word)
    return found


EVENTS = "events.log"
_MAX_EVENTS = 100
_MAX_LETTERS = 80


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
    """Return what notes an event, in a small file that outlives the program; None without one."""
    lines: deque[bytes] = deque(maxlen=_MAX_EVENTS)

    def write() -> None:
        with open(path, "wb", opener=regular_only) as file:
            file.writelines(lines)

    def note(event: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {event[:_MAX_LETTERS]}\n"
        lines.append(line.encode("ascii", "replace"))
        with contextlib.suppress(OSError):
            write()

    try:
        path = data_folder() / "log" / EVENTS
        path.parent.mkdir(exist_ok=True)
        write()
    except (OSError, UserError):
        return None
    return note


def versions() -> list[str]:
    """Return the versions of the program, the system and the libraries, in lines."""
    from importlib import metadata

    found = [
        f"mnist_draw {__version__}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.release()} {platform.machine()}",
    ]
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


#: Where these are set, Qt looks for plugins elsewhere too.
_OTHER_PLUGINS = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH")
_NO_WINDOW = _("No window can open here:")
#: How long an X server may take to answer: one beyond a slow line does in a second.
_X_SERVER_S = 10.0


def startup_problem() -> str | None:
    """Explain why no window can open here; None if one can."""
    names = os.environ.get("QT_QPA_PLATFORM", "").split(";")
    found = [_blocking_reason(name.partition(":")[0]) for name in names]
    # Qt takes the first of them that works.
    return None if None in found else joined(_NO_WINDOW, found[0])


def _blocking_reason(chosen: str) -> str | None:
    """Explain why one of Qt's platforms cannot be used; "" is the system's own."""
    if chosen and not any(name in os.environ for name in _OTHER_PLUGINS):
        unknown = _unknown_platform(chosen)
        if unknown:
            return unknown
    if not sys.platform.startswith("linux"):
        return None
    display = os.environ.get("DISPLAY", "")
    if chosen in ("", "xcb") and display:
        return _missing_libraries("libqxcb.so") or _silent_server(display)
    if chosen == "xcb" or (not chosen and not os.environ.get("WAYLAND_DISPLAY")):
        return _(
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set). Start mnist-draw "
            "from a desktop session, or with a virtual display: xvfb-run mnist-draw. The commands "
            "train, evaluate and predict need no display: mnist-draw --help lists them.",
        )
    if not chosen or chosen.startswith("wayland"):
        return _missing_libraries("libqwayland-generic.so") or _silent_compositor()
    # Another platform was asked for by name (offscreen, vnc …): only Qt itself must load.
    return _missing_libraries(f"libq{chosen}.so")


def qt_import_failure(error: ImportError) -> str:
    """Return a sentence for an error that importing PyQt5 raised."""
    install = _install() if sys.platform.startswith("linux") else None
    reason = install or _(
        "PyQt5 cannot be loaded ({error}). Install it anew with pip install --force-reinstall "
        "PyQt5.",
        error=error,
    )
    return joined(_NO_WINDOW, reason)


def _missing_libraries(name: str) -> str | None:
    """Return a sentence naming the packages that a platform plugin lacks."""
    folder = _plugins()
    if folder is None or not (folder / name).exists() or _loads(str(folder / name)):
        # A distribution's own PyQt5 installs its plugins elsewhere, with what they need.
        return None
    plugin = folder / name
    return _install() or _(
        "Qt's plugin {plugin} cannot be loaded. ldd {plugin} shows which library is missing.",
        plugin=plugin,
    )


def _install() -> str | None:
    """Return a sentence about the libraries that Qt lacks, with their packages."""
    packages = json.loads(resource_path("desktop", "libraries.json").read_text("utf-8"))
    missing = [name for name in packages if not _loads(name)]
    if not missing:
        return None
    debian, fedora = (" ".join(sorted({packages[name][n] for name in missing})) for n in (0, 1))
    lines = (
        _("Qt needs {names}, which this system lacks.", names=", ".join(missing)),
        f"  Debian, Ubuntu: sudo apt install {debian}",
        f"  Fedora:         sudo dnf install {fedora}",
        _("Then start mnist-draw again. The commands train, evaluate and predict work without."),
    )
    return "\n".join(lines)


def _unknown_platform(chosen: str) -> str | None:
    """Return a sentence about a platform that Qt has no plugin for."""
    # libqxcb.so, libqcocoa.dylib, qwindows.dll
    folder = _plugins()
    files = [path.name.partition(".")[0] for path in folder.glob("*q*.*")] if folder else []
    known = sorted({name.removeprefix("lib").removeprefix("q") for name in files})
    # One plugin serves several kinds of Wayland.
    if not known or any(name.startswith(chosen.partition("-")[0]) for name in known):
        return None
    return _(
        "QT_QPA_PLATFORM is {name}, which Qt does not have. It has {names}. Unset the variable, "
        "and the usual one is taken.",
        name=repr(chosen),
        names=", ".join(known),
    )


def _silent_compositor() -> str | None:
    display = os.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "/"), display)
    if _compositor_answers(str(path)):
        return None
    return _(
        "no Wayland compositor answers at {path} (WAYLAND_DISPLAY={display}). Check that the "
        "desktop session is alive. The commands train, evaluate and predict need no display.",
        path=path,
        display=display,
    )


def _compositor_answers(path: str) -> bool:
    """Connect to the Wayland compositor and hang up again."""
    if sys.platform == "win32":
        return False
    with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        return True
    return False


def _silent_server(display: str) -> str | None:
    if _answers(display):
        return None
    return _(
        "no X server answers at DISPLAY={display}, or it does not admit this user. Check that the "
        "desktop session or the forwarding (ssh -X) is alive.",
        display=display,
    )


def _plugins() -> Path | None:
    """Return PyQt5's folder of platform plugins without importing PyQt5."""
    spec = importlib.util.find_spec("PyQt5")
    places = (spec.submodule_search_locations or []) if spec else []
    roots = (Path(place) / name for place in places for name in ("Qt5", "Qt"))
    return next(filter(Path.is_dir, (root / "plugins" / "platforms" for root in roots)), None)


def _loads(library: str) -> bool:
    with contextlib.suppress(OSError):
        ctypes.CDLL(library)
        return True
    return False


def _answers(display: str) -> bool:
    """Connect to the X server, which may be silent, and keep the connection.

    A bare server resets when its last client hangs up, and refuses the next one meanwhile.
    """
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    made: list[int] = []
    connect = partial(xcb.xcb_connect, os.fsencode(display), None)
    attempt = threading.Thread(target=lambda: made.append(connect()), daemon=True)
    attempt.start()
    attempt.join(_X_SERVER_S)
    return bool(made) and not xcb.xcb_connection_has_error(made[0])
