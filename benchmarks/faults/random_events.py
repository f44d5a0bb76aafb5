"""Random events in a whole window with its real services; one process, one JSON object at its end.

Started by `faults.window`. The events come from a seed: mouse, wheel, keys, menus, values, drops,
pasted things, sizes, closing and opening again. The garbage collector runs at odd moments, widgets
are deleted while threads work, and dialogs that would ask for a file get a random one. Threads make
the exact course differ from one time to the next; the events themselves do not.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import faulthandler
import gc
import json
import logging
import os
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from qtpy import sip
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from qtpy.QtGui import QContextMenuEvent, QDropEvent, QImage, QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QTabWidget,
    QWidget,
)

KEYS = [
    Qt.Key_Tab, Qt.Key_Backtab, Qt.Key_Escape, Qt.Key_Return, Qt.Key_Space, Qt.Key_Delete,
    Qt.Key_Left, Qt.Key_Right, Qt.Key_Up, Qt.Key_Down, Qt.Key_Home, Qt.Key_End, Qt.Key_PageUp,
    Qt.Key_PageDown, Qt.Key_F2, Qt.Key_F5, *range(int(Qt.Key_0), int(Qt.Key_9) + 1),
    *range(int(Qt.Key_A), int(Qt.Key_Z) + 1),
]  # fmt: skip
MODIFIERS = [Qt.NoModifier, Qt.NoModifier, Qt.ControlModifier, Qt.ShiftModifier, Qt.AltModifier]
TEXTS = ["", "-1", "1e400", "nan", "9" * 30, "ü\udcff\n", "layers:500@tanh/0.4,300", "0", "17"]
#: Every so many events the memory is looked at.
_LOOK = 200
#: Seconds after which a step that does not end is a defect.
_PATIENCE = 60
#: Menus that open in menus' own loops are all closed at this depth.
_DEEPEST = 3


def resident() -> float:
    """Return the resident memory of this process in MB."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def handles() -> int:
    """Return how many files this process has open."""
    with contextlib.suppress(OSError):
        return len(list(Path("/proc/self/fd").iterdir()))
    return 0


class Monkey:
    """Sends random events to all widgets; ``files`` are what dialogs return and what is dropped."""

    def __init__(self, app: QApplication, seed: int, files: list[str]) -> None:
        self.app = app
        self.chance = random.Random(seed)
        self.files = files
        self.count = 0
        self.kinds: Counter[str] = Counter()
        self.windows = 0
        self.memory: list[float] = []
        self.window: Any = None
        self._inside = 0
        self._answer_dialogs()

    def open_window(self) -> None:
        """Make a window and start its services."""
        from mnist_draw.app.shell.window import Window

        self.window = Window()
        self.window.show()
        self.window.start()
        self.windows += 1

    def close_window(self) -> None:
        """Delete the window while its threads may still work, as the end of the program does."""
        from mnist_draw.app.kit.threads import running

        old, self.window = self.window, None
        if old is not None and not sip.isdeleted(old):
            running.shut_down()
            old.deleteLater()
        self.settle()

    def settle(self) -> None:
        """Deliver what waits, deletions included."""
        self.app.processEvents()
        self.app.sendPostedEvents(None, QEvent.DeferredDelete)

    def run(self, events: int, seconds: float) -> None:
        """Send so many events, or for so long.

        Each has the next one sent before it begins: a menu that waits for its answer in an event
        loop of its own is attacked there.
        """
        end = time.monotonic() + seconds

        def over() -> bool:
            return self.count >= events or time.monotonic() > end

        def tick() -> None:
            if over():
                self._leave_menus()
                self.app.quit()
                return
            QTimer.singleShot(0, tick)
            self.count += 1
            self._inside += 1
            if self._inside > _DEEPEST:
                self._leave_menus()
            elif self.window is not None and self.window.isVisible():
                self.step()
            elif self._inside == 1:
                self.close_window()
                self.open_window()
            else:
                # The window was closed below a menu, whose loop continues.
                self._leave_menus()
            self._inside -= 1
            if self.count % _LOOK == 0:
                self.memory.append(round(resident(), 1))

        QTimer.singleShot(0, tick)
        self.app.exec_()
        while not over():
            # The program has asked for its end, as it does when a run cannot be ended in time.
            self.app.exec_()

    def _leave_menus(self) -> None:
        for widget in self.app.topLevelWidgets():
            if isinstance(widget, QMenu | QDialog) and widget.isVisible():
                widget.close()

    def step(self) -> None:
        """Send one event."""
        name, action = self.chance.choices(
            [
                ("mouse", self._mouse), ("draw", self._draw), ("key", self._key),
                ("value", self._value), ("menu", self._menu), ("wheel", self._wheel),
                ("drop", self._drop), ("paste", self._paste), ("size", self._size),
                ("tab", self._tab), ("collect", self._collect), ("close", self._close),
            ],
            [30, 14, 16, 10, 4, 4, 2, 1, 1, 4, 4, 0.1],
        )[0]  # fmt: skip
        self.kinds[name] += 1
        # A widget that is deleted by what it is told is no defect; one that is used later is.
        with contextlib.suppress(RuntimeError):
            action()
        if self.chance.random() < 0.2:
            self.app.sendPostedEvents(None, QEvent.DeferredDelete)

    # -- the events

    def _widget(self, *kinds: type) -> QWidget | None:
        popup = self.app.activePopupWidget() or self.app.activeModalWidget()
        top = popup or self.window
        found = [
            widget
            for widget in [top, *top.findChildren(QWidget)]
            if widget.isVisible() and (not kinds or isinstance(widget, kinds))
        ]
        return self.chance.choice(found) if found else None

    def _point(self, widget: QWidget) -> QPoint:
        return QPoint(
            self.chance.randrange(max(1, widget.width())),
            self.chance.randrange(max(1, widget.height())),
        )

    def _mouse(self) -> None:
        widget = self._widget()
        if widget is None:
            return
        button = self.chance.choices([Qt.LeftButton, Qt.RightButton, Qt.MiddleButton], [8, 1, 1])[0]
        modifier = self.chance.choice(MODIFIERS)
        call = self.chance.choices(
            [QTest.mouseClick, QTest.mouseDClick, QTest.mousePress],
            [8, 1, 1],
        )
        if button == Qt.RightButton:
            # Not a click: a menu that opens on it would have its own loop.
            return
        call[0](widget, button, modifier, self._point(widget))

    def _draw(self) -> None:
        canvas = self.window.draw_tab.canvas
        if not canvas.isVisible():
            return
        QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, self._point(canvas))
        for _ in range(self.chance.randrange(8)):
            QTest.mouseMove(canvas, self._point(canvas))  # noqa: TID251  anywhere will do
        QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, self._point(canvas))

    def _key(self) -> None:
        widget = self.app.focusWidget() or self._widget()
        if widget is not None:
            QTest.keyClick(widget, self.chance.choice(KEYS), self.chance.choice(MODIFIERS))

    def _value(self) -> None:
        widget = self._widget(QAbstractSpinBox, QComboBox, QAbstractSlider, QLineEdit)
        if isinstance(widget, QComboBox) and widget.count():
            place = self.chance.randrange(widget.count())
            # The user cannot choose a separator.
            if widget.model().index(place, 0).flags() & Qt.ItemIsEnabled:
                widget.setCurrentIndex(place)
                widget.activated.emit(place)
        elif isinstance(widget, QAbstractSlider):
            widget.setValue(self.chance.randint(widget.minimum(), widget.maximum()))
        elif isinstance(widget, QAbstractSpinBox):
            widget.selectAll()
            QTest.keyClicks(widget, self.chance.choice(["1", "2", "7", "40", "300", "0.01", "x"]))
            QTest.keyClick(widget, Qt.Key_Return)
        elif isinstance(widget, QLineEdit):
            widget.setText(self.chance.choice(TEXTS))
            QTest.keyClick(widget, Qt.Key_Return)

    def _menu(self) -> None:
        widget = self._widget()
        popup = self.app.activePopupWidget()
        if isinstance(popup, QMenu) and popup.actions():
            self.chance.choice(popup.actions()).trigger()
            popup.close()
        elif widget is not None:
            where = self._point(widget)
            event = QContextMenuEvent(QContextMenuEvent.Mouse, where, widget.mapToGlobal(where))
            self.app.postEvent(widget, event)

    def _wheel(self) -> None:
        widget = self._widget()
        if widget is not None:
            from qtpy.QtGui import QWheelEvent

            where = QPointF(self._point(widget))
            turned = QPoint(0, self.chance.choice([-120, 120, -1200, 3]))
            event = QWheelEvent(
                where, QPointF(widget.mapToGlobal(where.toPoint())), QPoint(), turned,
                Qt.NoButton, Qt.NoModifier, Qt.NoScrollPhase, False,
            )  # fmt: skip
            self.app.postEvent(widget, event)

    def _content(self) -> QMimeData:
        content = QMimeData()
        kind = self.chance.randrange(4)
        if kind == 0:
            side = self.chance.choice([1, 30, 700, 3000])
            image = QImage(side, side, QImage.Format_RGB32)
            image.fill(self.chance.choice([Qt.white, Qt.black, Qt.red]))
            content.setImageData(image)
        elif kind == 1:
            several = self.chance.choices(self.files, k=self.chance.choice([1, 1, 1, 5]))
            content.setUrls([QUrl.fromLocalFile(path) for path in several])
        elif kind == 2:
            content.setText(self.chance.choice(TEXTS))
        else:
            content.setUrls([QUrl("https://example.org/three.png")])
        return content

    def _drop(self) -> None:
        canvas = self.window.draw_tab.canvas
        event = QDropEvent(
            QPointF(5, 5),
            Qt.CopyAction,
            self._content(),
            Qt.LeftButton,
            Qt.NoModifier,
        )
        self.app.sendEvent(canvas, event)

    def _paste(self) -> None:
        self.app.clipboard().setMimeData(self._content())
        QTest.keySequence(self.window, QKeySequence.Paste)

    def _size(self) -> None:
        self.window.resize(self.chance.randint(300, 2500), self.chance.randint(200, 1500))

    def _tab(self) -> None:
        tabs = self._widget(QTabWidget)
        if isinstance(tabs, QTabWidget):
            tabs.setCurrentIndex(self.chance.randrange(tabs.count()))

    def _collect(self) -> None:
        # More often than the program does, and in the middle of menus and dialogs.
        gc.collect(self.chance.randrange(3))

    def _close(self) -> None:
        self.window.close()

    def _answer_dialogs(self) -> None:
        """Answer what asks for files; close any other dialog after a moment."""

        def path(*_: object, **__: object) -> str:
            return self.chance.choice([*self.files, ""])

        QFileDialog.getOpenFileName = lambda *_, **__: (path(), "")
        QFileDialog.getOpenFileNames = lambda *_, **__: ([path()], "")
        QFileDialog.getSaveFileName = lambda *_, **__: (self._new_name(), "")
        QFileDialog.getExistingDirectory = lambda *_, **__: str(Path(self._new_name()).parent)
        QDialog.exec_ = lambda dialog: int(dialog.show() or 0)
        QDialog.exec = QDialog.exec_
        QMenu.exec_ = lambda menu, *where: menu.popup(where[0] if where else QPoint())
        QMenu.exec = QMenu.exec_

    def _new_name(self) -> str:
        ending = self.chance.choice([".png", ".svg", ".npz", ".json", ".csv", ""])
        return str(Path.cwd() / f"saved-{self.chance.randrange(20)}{ending}")


class Defects(logging.Handler):
    """Collects what the program itself calls a defect, and what Qt complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record: a defect by the end of its traceback, a complaint by its text."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error, trace = record.exc_info[1], record.exc_info[2]
            place = ""
            while trace is not None:
                code = trace.tb_frame.f_code
                place = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
                trace = trace.tb_next
            text = f"{type(error).__name__}: {error} at {place}"
        if "propagateSizeHints" not in text:
            self.found[f"{record.levelname} {text}"[:300]] += 1


def _let_writes_fail(share: float, chance: random.Random) -> None:
    """Let the disk be full now and then, for all that is written through the program's door."""
    work = os.fsync

    def fsync(descriptor: int) -> None:
        if chance.random() < share:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        work(descriptor)

    os.fsync = fsync


def main() -> int:
    """Run, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--files", default="", help="a folder with files to open and drop")
    parser.add_argument("--failing", type=float, default=0.0, help="share of writes that fail")
    arguments = parser.parse_args()
    from mnist_draw.app.kit.reporting import reporter
    from mnist_draw.app.shell.memory import GuiThreadGarbageCollector, limit_heap

    limit_heap()
    reporter.install()
    # What never ends shows where it stands.
    faulthandler.dump_traceback_later(arguments.seconds + _PATIENCE, exit=True)
    app = QApplication(["mnist-draw"])
    reporter.install_qt()
    defects = Defects()
    logging.getLogger("mnist_draw").addHandler(defects)
    app.setQuitOnLastWindowClosed(False)
    GuiThreadGarbageCollector(app)
    folder = Path(arguments.files) if arguments.files else Path.cwd()
    files = [str(path) for path in sorted(folder.iterdir()) if path.is_file()]
    monkey = Monkey(app, arguments.seed, files or [str(folder / "missing.png")])
    if arguments.failing:
        _let_writes_fail(arguments.failing, random.Random(arguments.seed))
    monkey.run(arguments.events, arguments.seconds)
    monkey.close_window()
    print(
        json.dumps(
            {
                "events": monkey.count,
                "windows": monkey.windows,
                "kinds": dict(monkey.kinds),
                "memory": monkey.memory,
                "peak": max([*monkey.memory, resident()]),
                "handles": handles(),
                "defects": dict(defects.found.most_common(40)),
            },
        ),
        flush=True,
    )
    return 0


if __name__ == "__main__":
    try:
        status = main()
    except BaseException:
        # The program's own hook would tell the window, and nobody here.
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    # The interpreter's end is not what is tested: threads may still compile.
    os._exit(status)
