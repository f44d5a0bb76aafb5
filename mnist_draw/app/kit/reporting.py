"""Log errors of any thread and messages of Qt, and report them to the user in a sentence.

An error whose text is a sentence (:class:`~mnist_draw.errors.UserError`) is shown unchanged.
Any other error is a defect of the program: its traceback goes to the log file, and the user
reads that it happened, what was kept, and where the log is.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import sys
import threading
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, cast

from mnist_draw.errors import UserError, escape_unprintable, one_line
from mnist_draw.i18n import _, joined

if TYPE_CHECKING:
    from qtpy.QtCore import QtMsgType

logger = logging.getLogger("mnist_draw")
#: Commands and tabs, for the report of a crash.
events = logging.getLogger("mnist_draw.events")

#: The log of Python's fault handler.
CRASH_LOG = "crash.log"
LOG = "mnist_draw.log"
#: Three files of a megabyte hold weeks of ordinary use, and can still be sent by mail.
_LOG_BYTES = 1_000_000
_LOG_FILES = 3
#: Beginnings of Qt's messages that the display server is gone or refuses the program.
_DISPLAY_LOST = ("The X11 connection broke", "The Wayland connection")
#: A part of Qt's message that it has no display, or lacks a library for it.
_NO_PLATFORM = "no Qt platform plugin could be initialized"
NO_WINDOW = _(
    "No window can open here: Qt found no display, or a library is missing ({link}). The "
    "commands train, evaluate and predict work without a window.",
    link="https://doc.qt.io/qt-5/linux-requirements.html",
)
#: Seconds for keeping the board and the preferences then: a home may hang on the same network.
_KEEPING_S = 10.0
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


class Reporter:
    """Installs the hooks and hands sentences for the user to its listener."""

    def __init__(self) -> None:
        self.log_file: Path | None = None
        self._listener: Callable[[str], None] | None = None
        self._waiting: list[str] = []
        self._lock = threading.Lock()
        self._fault_log: IO[str] | None = None
        self.keeping: Callable[[], list[str]] | None = None

    def install(self) -> None:
        """Install all hooks except Qt's, and open the log."""
        self._open_log()
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def install_qt(self) -> None:
        """Send Qt's own messages to the log."""
        from qtpy.QtCore import qInstallMessageHandler

        qInstallMessageHandler(_qt_message)

    def note(self, event: str) -> None:
        """Note a command or tab for a crash report; nothing that the user typed or drew."""
        events.info("%s", event)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Set the listener; it gets the sentences that wait at once."""
        with self._lock:
            self._listener = listener
            waiting, self._waiting = self._waiting, []
        for sentence in waiting:
            listener(sentence)

    def _send(self, sentence: str) -> None:
        """Send a sentence to the listener, or let it wait for one."""
        with self._lock:
            listener = self._listener
            if listener is None:
                self._waiting.append(sentence)
        if listener is not None:
            listener(sentence)

    def print_at_end(self, sentence: str) -> None:
        """Print a sentence on the terminal, when the window has closed."""
        logger.warning("%s", sentence)
        _print(sentence)

    def report(self, error: BaseException) -> str:
        """Log an error if it is a defect, report it to the user, and return the sentence."""
        sentence = self.sentence(error)
        self._send(sentence)
        return sentence

    def sentence(self, error: BaseException) -> str:
        """Describe an error for the user; a defect is logged with its traceback."""
        if isinstance(error, UserError):
            logger.info("told the user: %s", error)
            return str(error)
        logger.error("defect", exc_info=(type(error), error, error.__traceback__))
        sentence = _(
            "Something went wrong ({error}). Your drawing and what was learned are safe; you can "
            "continue.",
            error=f"{type(error).__name__}: {error}",
        )
        if self.log_file:
            sentence = joined(sentence, _("Details are in {path}.", path=self.log_file))
        return sentence

    def _open_log(self) -> None:
        from mnist_draw.storage.folders import data_folder
        from mnist_draw.storage.opening import regular_only

        logger.setLevel(logging.INFO)
        try:
            folder = data_folder() / "log"
            folder.mkdir(parents=True, exist_ok=True)
            # Kept open for the life of the process: the handler writes there when it dies.
            self._fault_log = open(  # noqa: SIM115
                folder / CRASH_LOG,
                "a",
                encoding="utf-8",
                opener=regular_only,
            )
            handler: logging.Handler
            handler = _LogFile(
                folder / LOG,
                maxBytes=_LOG_BYTES,
                backupCount=_LOG_FILES,
                encoding="utf-8",
                errors="backslashreplace",  # names of files are not all UTF-8
            )
            handler.failed = self._report_log_failed
            faulthandler.enable(self._fault_log)
            self.log_file = folder / LOG
        except (OSError, UserError) as error:
            handler = logging.StreamHandler()
            with contextlib.suppress(RuntimeError, AttributeError, ValueError):
                faulthandler.enable()
            self._report_log_failed(error)
        handler.setFormatter(_Printable(_FORMAT))
        logger.addHandler(handler)

    def _report_log_failed(self, error: Exception) -> None:
        from mnist_draw.errors import reason_of

        reason = reason_of(error)
        self._send(
            _("No log can be written ({reason}); the program works without it.", reason=reason),
        )

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            _quit()
            return
        self.report(error.with_traceback(trace))

    def _uncaught_in_thread(self, failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            self.report(failure.exc_value)


class _Printable(logging.Formatter):
    """Log to the terminal if no file can be written.

    A name in a message begins no entry of its own; a traceback has lines.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return escape_unprintable(super().format(record))


class _LogFile(logging.handlers.RotatingFileHandler):
    """Wait at no pipe that has the place of a log; tell once that the disk is full."""

    failed: Callable[[Exception], object] | None = None

    def _open(self) -> TextIOWrapper:
        from mnist_draw.storage.opening import regular_only

        opened = open(  # noqa: SIM115
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors=self.errors,
            opener=regular_only,
        )
        return cast(TextIOWrapper, opened)

    def rotate(self, source: str, dest: str) -> None:
        # On Windows a full log grows on while another window has it open.
        with contextlib.suppress(OSError):
            Path(source).replace(dest)

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
        elif self.failed is not None:
            # Forgotten first: who is told may log something.
            failed, self.failed = self.failed, None
            failed(error)


reporter = Reporter()


def _print(sentence: str) -> None:
    """Print a sentence on the terminal, if there is one."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(f"mnist-draw: {one_line(sentence)}", file=sys.stderr, flush=True)


def _quit() -> None:
    """Close the window as its close button would: training is saved first."""
    from qtpy.QtWidgets import QApplication

    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.closeAllWindows()


def _qt_message(kind: QtMsgType, context: object, text: str) -> None:
    from qtpy.QtCore import QtMsgType

    levels = {
        QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR,
        QtMsgType.QtFatalMsg: logging.CRITICAL,
    }
    logger.log(levels.get(kind, logging.INFO), "Qt: %s", text)
    if text.startswith(_DISPLAY_LOST):
        _end_without_display()
    if kind == QtMsgType.QtFatalMsg and _NO_PLATFORM in text:
        # Qt would abort.
        print(NO_WINDOW, file=sys.stderr, flush=True)
        os._exit(1)
    if kind == QtMsgType.QtFatalMsg:
        print(_("Qt can't continue: {reason}", reason=one_line(text)), file=sys.stderr)


def _end_without_display() -> None:
    """Save what is not saved yet, say what happened, and leave at once.

    Qt itself would call ``exit``, whose destructors crash under threads that still compute.
    """
    emergency = threading.Timer(_KEEPING_S, os._exit, (1,))
    emergency.daemon = True
    emergency.start()
    messages: list[str] = []
    in_window = threading.current_thread() is threading.main_thread()
    if reporter.keeping is not None and in_window:
        try:
            messages = reporter.keeping()
        except Exception as error:  # there is no next time
            messages = [reporter.sentence(error)]
    broke = _("The connection to the display was lost, so the window closed.")
    sentence = joined(broke, *messages)
    _print(sentence)
    logger.error("%s", sentence)
    emergency.cancel()
    for handler in logger.handlers:
        with contextlib.suppress(OSError):
            handler.flush()
    os._exit(1)
