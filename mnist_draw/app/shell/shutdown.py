"""Shut the window down: stop work, ask once about unsaved networks, leave."""

from __future__ import annotations

import contextlib
import signal
import socket
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QSocketNotifier, QTimer, Signal
from qtpy.QtWidgets import QApplication, QMessageBox, QWidget

from mnist_draw.app.kit.files import NETWORKS, ask_save
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background, connect_direct, running
from mnist_draw.errors import UserError
from mnist_draw.i18n import _
from mnist_draw.library.stored_network import SUFFIX, save_fallback
from mnist_draw.networks import describe_model, title_of_model
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.unique_paths import file_name
from mnist_draw.training.control import ENDING_SIGNALS

if TYPE_CHECKING:
    from mnist_draw.app.kit.learning import Outcome
    from mnist_draw.app.shell.window import Window
    from mnist_draw.app.train.run_controller import RunController

notifier = Notifier()
#: Milliseconds that a run has to end when the window closes; after that it is left.
_CLOSE_MS = 30_000
#: Seconds that a session which ends leaves a run to save its network; Windows leaves five.
_SESSION_S = 4.0


class UnsavedNetworks(dict[str, ModelFile]):
    """Trained networks that could be saved nowhere, by key; used from any thread."""

    def save(self) -> list[str]:
        """Save them among the opened networks if there is room; return a sentence for each."""
        messages = []
        for key, model in list(self.items()):
            path = save_fallback(model)
            name = describe_model(model)
            if path is None:
                lost = _("The network {name} could not be saved anywhere and is lost.", name=name)
                messages.append(lost)
            else:
                messages.append(_("The network {name} is saved in {path}.", name=name, path=path))
                self.pop(key, None)
        return messages


class ClosingQuestion(QObject):
    """Asks whether unsaved networks are saved elsewhere or discarded.

    Files are written off the GUI thread, and there is no event loop of its own: a signal that
    ends the program meanwhile ends it.
    """

    settled = Signal()
    cancelled = Signal()

    def __init__(self, unsaved: UnsavedNetworks, window: QWidget) -> None:
        super().__init__(window)
        self._unsaved = unsaved
        self._window = window
        self._background = Background(self)
        self._box: QMessageBox | None = None
        self._is_saving = False

    def ask(self) -> None:
        """Save at home if there is room by now; if not, ask once, however often this is called."""
        if self._box is not None:
            self._box.raise_()
            self._box.activateWindow()
        elif not self._is_saving:
            self._is_saving = True
            self._background.run(self._unsaved.save, lambda __: self._saved())

    def withdraw(self) -> None:
        """Close the question: the program ends without an answer."""
        self._is_saving = False
        if self._box is not None:
            self._box.hide()
            self._box.deleteLater()
            self._box = None

    def _saved(self, problem: str = "") -> None:
        if not self._is_saving:
            return
        self._is_saving = False
        if self._unsaved:
            self._open(problem)
        else:
            self.settled.emit()

    def _open(self, problem: str) -> None:
        self._box = box = QMessageBox(self._window)
        box.setObjectName("closingQuestion")
        box.setIcon(QMessageBox.Warning)
        box.setWindowTitle(_("Not saved"))
        names = "\n".join(describe_model(model) for model in self._unsaved.values())
        lost = _("Closing the window loses what these networks have learned:")
        box.setText(f"{lost}\n{names}")
        reason = _(
            "The program cannot write to its folders. Save to another place, or cancel, "
            "free some disk space, and close the window again.",
        )
        box.setInformativeText(problem or reason)
        elsewhere = box.addButton(_("Save to another place…"), QMessageBox.AcceptRole)
        discard = box.addButton(_("Discard"), QMessageBox.DestructiveRole)
        cancel = box.addButton(_("Cancel"), QMessageBox.RejectRole)
        box.setDefaultButton(elsewhere)
        box.setEscapeButton(cancel)
        elsewhere.setObjectName("saveElsewhereButton")
        discard.setObjectName("discardNetworkButton")
        cancel.setObjectName("cancelClosingButton")

        def answered(__: int) -> None:
            clicked = box.clickedButton()
            self._box = None
            box.deleteLater()
            if clicked is elsewhere:
                self._save_elsewhere()
            elif clicked is discard:
                self._unsaved.clear()
                self.settled.emit()
            else:
                self.cancelled.emit()

        box.finished.connect(answered)
        box.open()

    def _save_elsewhere(self) -> None:
        """Save one network after the other in files that are asked for."""
        key, model = next(iter(self._unsaved.items()))
        title = _("Save {name}", name=describe_model(model))
        proposed = f"{file_name(title_of_model(model))}{SUFFIX}"
        path = ask_save(self._window, title, proposed, NETWORKS)
        if not path:
            self.cancelled.emit()
            return

        def save() -> None:
            save_model(path, model)
            self._unsaved.pop(key, None)

        def saved(__: None) -> None:
            if self._unsaved and self._is_saving:
                self._save_elsewhere()
            else:
                self._saved()

        self._is_saving = True
        self._background.run(save, saved, lambda error: self._saved(reporter.sentence(error)))


class Shutdown(QObject):
    """Lets the window close when nothing is lost with it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._training = window.training
        self._learning = window.learning
        self.unsaved = UnsavedNetworks()
        #: Whether the window closes as soon as the current work has ended.
        self._waits = False
        #: Whether it has waited long enough.
        self._patience_over = False
        #: Whether the system ends the program, which leaves no time for questions.
        self.asks_nothing = False
        self._question = ClosingQuestion(self.unsaved, window)
        self._question.settled.connect(window.close)
        self._question.cancelled.connect(self.stay_open)

    def connect_services(self, run: RunController) -> None:
        run.unsaved.connect(self._hold_network_of_run)
        run.saved.connect(lambda: self.unsaved.pop(self._run_name(), None))
        connect_direct(self._learning.fine_tuned, self._hold_unsaved)
        self._learning.ended.connect(self.resume_close)

    # -- closing the window

    def try_close(self) -> bool:
        """Return whether the window may close now; if not, it is closed again once it may."""
        app = QApplication.instance()
        if isinstance(app, QApplication) and app.isSavingSession():
            self.close_without_prompt()
            self._training.stop(closing=True)
            running.shut_down(_SESSION_S)
            # Its outcome must be known now.
            self._training.wait(0)
        elif self._waits_for_work():
            return False
        if self.unsaved and not self.asks_nothing:
            self._question.ask()
            return False
        self._question.withdraw()
        if self.unsaved:
            self._window.background.run(self._save_unasked)
        if self._patience_over:
            QApplication.quit()
        return True

    def resume_close(self) -> None:
        """Close the window if it waited for the work that has ended now."""
        if self._waits:
            self._window.close()

    def close_without_prompt(self) -> None:
        """Ask nothing at the next closing: the system ends the program."""
        self.asks_nothing = True

    def _waits_for_work(self) -> bool:
        """End a run, or wait for the end of learning, before the window closes."""
        if self._training.running and not self._patience_over:
            if not self._waits:
                self._waits = True
                self._training.stop(closing=True)
                self._window.run.stop()
                notifier.problem(_("The window closes once what was learned is saved."))
                QTimer.singleShot(_CLOSE_MS, self._close_anyway)
            return True
        # Closing once more does not wait, and the system waits a few seconds only.
        if not self._learning.running or self._waits or self.asks_nothing:
            return False
        self._waits = True
        notifier.problem(
            _(
                "The window closes once your digits are learned. Close it again to quit now: "
                "the network that answers then stays as it is.",
            ),
        )
        return True

    def _close_anyway(self) -> None:
        """Leave a run that does not end: it still compiles, so nothing has been learned yet."""
        if self._waits and self._window.isVisible() and self._training.running:
            self._patience_over = True
            self._window.close()

    def stay_open(self) -> None:
        """Give closing up: its question was cancelled."""
        self._waits = False
        self._patience_over = False

    def _save_unasked(self) -> None:
        for message in self.unsaved.save():
            reporter.print_at_end(message)

    def _run_name(self) -> str:
        return str(self._window.state.run.folder)

    def _hold_network_of_run(self, model: ModelFile) -> None:
        self.unsaved[self._run_name()] = model

    def _hold_unsaved(self, outcome: Outcome) -> None:
        """Hold a fine-tuned network that could not be saved; in the thread that learns."""
        if outcome.model is not None and not outcome.key:
            self.unsaved[f"learnt:{id(outcome.model)}"] = outcome.model

    # -- an end without a display and an event loop

    def save_now(self) -> list[str]:
        """Write the board, the preferences and unsaved networks; return what happened."""
        problems = [self._window.draw_tab.autosave.save_at_once()]
        try:
            self._window.preferences.save()
        except UserError as error:
            problems.append(str(error))
        messages = list(filter(None, problems)) or [_("The drawing and the preferences are kept.")]
        return messages + self.unsaved.save()


class SystemSignals(QObject):
    """Closes all windows when the system or the terminal asks for it: Ctrl-C, ``kill``, hang-up.

    Python runs its handlers between two of its own instructions, and an idle window runs none: it
    waits inside Qt. So the number of a signal is also written to a socket, which wakes Qt.
    """

    close_requested = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._numbers = {
            getattr(signal, name) for name in ("SIGINT", *ENDING_SIGNALS) if hasattr(signal, name)
        }
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(
            self._reading.fileno(),  # type: ignore[arg-type]
            QSocketNotifier.Read,
            self,
        )
        self._notifier.activated.connect(self._told)
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: None)

    def _told(self) -> None:
        numbers: set[int] = set()
        with contextlib.suppress(BlockingIOError):
            numbers.update(self._reading.recv(256))
        if numbers & self._numbers:
            self.close_requested.emit()
            # A dialog first, then the window.
            QApplication.closeAllWindows()
