"""Tests of the window on Qt's offscreen platform, with small fakes for the slow parts."""

import gc
import os
import subprocess
import sys
import weakref
from functools import partialmethod
from pathlib import Path

import pytest

# Before Qt is loaded: no display is needed.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
if sys.platform == "win32":
    # This platform finds no fonts by itself there.
    os.environ["QT_QPA_FONTDIR"] = r"C:\Windows\Fonts"

from pytestqt.qtbot import QtBot
from qtpy import QT6, sip
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QFont
from qtpy.QtTest import QTest

from mnist_draw.app.kit import qt6 as qt6  # Before the other modules of the window.
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.notifier import board
from mnist_draw.library import stored_network
from tests.app.fakes import Notices

# Five seconds are too few where other programs use all cores.
QtBot.waitUntil = partialmethod(QtBot.waitUntil, timeout=30_000)
QtBot.waitSignal = partialmethod(QtBot.waitSignal, timeout=30_000)


def run_python(code, home, *arguments, **environ):
    """Run a program in a home of its own; what waits for ever is a failure."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "MNIST_DRAW_HOME": str(home), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def show(qtbot):
    """Return a function that shows a widget in front, in a size if one is given; it returns it."""

    def show_widget(widget, *size):
        qtbot.addWidget(widget)
        if size:
            widget.resize(*size)
        with qtbot.waitExposed(widget):
            widget.show()
        widget.activateWindow()
        return widget

    return show_widget


@pytest.fixture(autouse=True)
def fallback_folders(own_home, tmp_path, monkeypatch):
    """Say where a window looks for networks that earlier versions had to leave."""
    monkeypatch.setattr(stored_network, "fallback_folders", lambda: [tmp_path])


@pytest.fixture(scope="session")
def qapp(qapp):
    """Write alike on both Qts and all systems: this platform of Qt 5 has 12 points at 100 dpi."""
    font = qapp.font()
    if QT6 or sys.platform == "win32":
        font.setFamily("DejaVu Sans")
        QFont.insertSubstitution("monospace", "DejaVu Sans Mono")
    if QT6:
        font.setPointSizeF(12 * 100 / 96)
    qapp.setFont(font)
    return qapp


@pytest.fixture(autouse=True)
def reset_text_size():
    """Leave the text's size to the next test as it was."""
    yield
    if theme.theme().text_size != 1.0:
        theme.theme().resize_text(1.0)


def pytest_collection_modifyitems(items):
    """Let pass what the offscreen platform says of smallest sizes, tips and popups."""
    ignore = pytest.mark.qt_log_ignore(
        "This plugin does not support (propagateSizeHints|raise|grabbing)",
        # A click is the release of the button; the press goes on to the parent.
        '"MousePress" not accepted by receiving widget',
    )
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(ignore)


@pytest.fixture(autouse=True, scope="module")
def older_objects_aside():
    """Keep what was there before this file out of the collector's way, for good.

    `gc.get_objects` and `gc.collect` then see what the tests make, and not the half a million
    objects of the imported modules: looking at those after each test took a third of a second.

    As in the program (`mnist_draw.app.shell.memory`), Python collects nothing by itself: another
    thread, or a moment when an event is on its way, could be the one in which a widget ends.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


#: Milliseconds after which every widget has done what it does once the pointer rests.
_RESTS_MS = 200
#: All timers that Python knows of and that still are.
_timers: weakref.WeakSet[QTimer] = weakref.WeakSet()


def _note_timers(phase="start", details=None):
    """Note the timers made since the last collection, which moves what it finds elsewhere."""
    if phase == "start":
        for thing in gc.get_objects(generation=0):
            # type(), not isinstance(): that asks dead weak references for their class.
            if issubclass(type(thing), QTimer):
                _timers.add(thing)


@pytest.fixture(autouse=True, scope="session")
def noted_timers():
    gc.callbacks.append(_note_timers)
    yield
    gc.callbacks.remove(_note_timers)


def _alive():
    _note_timers()
    found = {}
    for timer in list(_timers):
        if not sip.isdeleted(timer) and timer.isActive():
            ends_with_the_frame = timer.isSingleShot() and timer.interval() <= 21
            owner = type(timer.parent()).__name__
            # A list that is in view is followed.
            if not ends_with_the_frame and owner != "FollowedFolder":
                found[id(timer)] = f"QTimer {timer.objectName()!r} of {owner}"
    return found


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp):
    """Fail a test that leaves an active QTimer."""
    before = _alive()
    yield
    # Closed widgets are deleted now: left to the next test's event loop, one could be collected
    # as garbage while an event reaches it, which ends the process.
    qapp.sendPostedEvents(None, QEvent.DeferredDelete)
    qapp.sendPostedEvents()
    gc.collect(1)
    if _alive().keys() - before.keys():
        # A pointer that left a widget as it closed: what waits for it to rest ends by itself.
        QTest.qWait(_RESTS_MS)
    left = [name for key, name in _alive().items() if key not in before]
    assert not left, f"left behind: {left}"


@pytest.fixture
def notices():
    """Return what the user is told during the test."""
    told = Notices()
    board.posted.connect(told.append)
    yield told
    board.posted.disconnect(told.append)


@pytest.fixture(autouse=True)
def plain_theme(qapp):
    """Start each test light and without motion."""
    theme.theme().motion = False
    theme.theme().apply("light", False)
