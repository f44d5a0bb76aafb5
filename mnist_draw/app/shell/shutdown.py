"""Shut the window down: stop work, ask once about unsaved networks, leave."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QSocketNotifier, QTimer, pyqtSignal
from PyQt5.QtWidgets import QApplication, QMessageBox, QWidget

from mnist_draw.app.kit.files import NETWORKS, ask_place
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background, connect_direct, running
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, joined
from mnist_draw.library.fallbacks import save_fallback, save_with_opened, with_fallback_title
from mnist_draw.library.stored_network import SUFFIX, is_external, list_external
from mnist_draw.networks import describe_model, title_of_model
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.unique_paths import file_name, reserved_file
from mnist_draw.training.control import ENDING_SIGNALS

if TYPE_CHECKING:
    from mnist_draw.app.kit.learning import Outcome
    from mnist_draw.app.shell.window import Window

notifier = Notifier()
#: The preference that holds the page in front during a restart.
PAGE = "page"

#: Milliseconds that a run has to end when the window closes; after that it is left.
_CLOSE_MS = 30_000
#: Seconds that a session which ends leaves a run to save what was learnt; Windows leaves five.
_SESSION_S = 4.0
#: Minutes in which digits are learnt to the end where the display is gone: ten times what the
#: largest network that ships takes.
_LEARNING_MIN = 5


class UnsavedNetworks(dict[str, ModelFile]):
    """Trained networks that could be saved nowhere, by key; used from any thread."""

    def save_at_home(self) -> None:
        """Save those for which there is room among the program's own files by now."""
        for key, model in list(self.items()):
            try:
                save_with_opened(with_fallback_title(model))
            except UserError:
                continue
            self.pop(key, None)

    def save_anywhere(self) -> list[str]:
        """Save them in fallback places without a question; return where they are."""
        said = []
        for key, model in list(self.items()):
            path = save_fallback(with_fallback_title(model))
            name = describe_model(model)
            if path is None:
                lost = _("The network {name} could be saved nowhere and is lost.", name=name)
                said.append(lost)
            else:
                said.append(_("The network {name} is saved in {path}.", name=name, path=path))
                self.pop(key, None)
        return said


class ClosingQuestion(QObject):
    """Asks whether unsaved networks are saved elsewhere or discarded.

    Files are written off the GUI thread, and there is no event loop of its own: a signal that
    ends the program meanwhile ends it.
    """

    settled = pyqtSignal()
    cancelled = pyqtSignal()

    def __init__(self, unsaved: UnsavedNetworks, window: QWidget) -> None:
        super().__init__(window)
        self._unsaved = unsaved
        self._window = window
        self._background = Background(self)
        self._box: QMessageBox | None = None
        self._trying = False

    def ask(self) -> None:
        """Save at home if there is room by now; if not, ask once, however often this is called."""
        if self._box is not None:
            self._box.raise_()
            self._box.activateWindow()
        elif not self._trying:
            self._trying = True
            self._background.run(self._unsaved.save_at_home, lambda __: self._tried())

    def withdraw(self) -> None:
        """Ask no longer: the program ends whatever the answer is."""
        self._trying = False
        if self._box is not None:
            self._box.done(QMessageBox.Cancel)

    def _tried(self, problem: str = "") -> None:
        if not self._trying:
            return
        self._trying = False
        if not self._unsaved:
            self.settled.emit()
            return
        self._box = box = QMessageBox(self._window)
        box.setObjectName("closingQuestion")
        box.setIcon(QMessageBox.Warning)
        box.setWindowTitle(_("Not saved"))
        names = "\n".join(describe_model(model) for model in self._unsaved.values())
        lost = _("Closing the window loses what these networks have learnt:")
        box.setText(f"{lost}\n{names}")
        box.setInformativeText(
            problem
            or _(
                "Neither the folder of the run, nor the program's folders, your documents or the "
                "temporary files could be written. Save elsewhere, or cancel, make room, and close "
                "the window again.",
            ),
        )
        elsewhere = box.addButton(_("Save elsewhere …"), QMessageBox.AcceptRole)
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
        chosen: list[tuple[str, Path]] = []
        for key, model in list(self._unsaved.items()):
            title = _("Save {name}", name=describe_model(model))
            wanted = f"{file_name(title_of_model(model))}{SUFFIX}"
            path = ask_place(self._window, title, wanted, NETWORKS)[0]
            if not path:
                self.cancelled.emit()
                return
            chosen.append((key, Path(path)))
        self._trying = True
        self._background.run(lambda: self._save_as(chosen), self._tried)

    def _save_as(self, chosen: list[tuple[str, Path]]) -> str:
        """Save each in its file and say where on the terminal; return why one could not be."""
        saved: set[Path] = set()
        for key, path in chosen:
            model = self._unsaved[key]
            try:
                where = _save(path, model, replace=path not in saved)
            except UserError as error:
                return str(error)
            saved.add(where)
            self._unsaved.pop(key, None)
            reporter.say_at_the_end(
                _("The network {name} is saved in {path}.", name=describe_model(model), path=where),
            )
        return ""


def _save(path: Path, model: ModelFile, replace: bool) -> Path:
    """Save a network and return where; the file dialog has asked before replacing a file."""
    if replace and path.suffix == SUFFIX:
        save_model(path, model)
        return path
    # The dialog did not ask about a file of this name.
    with reserved_file(path.with_name(f"{path.name.removesuffix(SUFFIX)}{SUFFIX}")) as free:
        save_model(free, model)
    return free


class Shutdown(QObject):
    """Lets the window close when nothing is lost with it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._training = window.training
        self._learning = window.learning
        self.unsaved = UnsavedNetworks()
        #: Whether the window closes when the work that goes on has ended, and whether it has waited
        #: long enough; whether the system ends the program, which leaves no time for questions.
        self._waits = self._patience_over = self._unasked = False
        #: Whether the program starts again when the window has closed.
        self.restarts = False
        #: Whether the outcome of learning that ended later was reported.
        self._left_learning = False
        #: Files that the terminal has been told of.
        self._said: set[Path] = set()
        window.run.unsaved.connect(lambda model: self.unsaved.update({self._training.key: model}))
        window.run.saved.connect(lambda: self.unsaved.pop(self._training.key, None))
        connect_direct(self._learning.fine_tuned, self._hold_unsaved)
        self._learning.ended.connect(self.resume_close)
        self._question = ClosingQuestion(self.unsaved, window)
        self._question.settled.connect(window.close)
        self._question.cancelled.connect(self._stay)

    # -- closing the window

    def try_close(self) -> bool:
        """Tell whether the window may close now; if not, it is closed again as soon as it may."""
        app = QApplication.instance()
        if isinstance(app, QApplication) and app.isSavingSession():
            self.close_without_prompt()
            self._training.stop(closing=True)
            self._leave_learning(_SESSION_S / 2)
            running.shut_down(_SESSION_S / 2)
            # What its end has left must be known now.
            self._training.wait(0)
        elif self._waits_for_work():
            return False
        if self.unsaved and not self._unasked:
            self._question.ask()
            return False
        self._question.withdraw()
        self._leave_learning(_SESSION_S if self._unasked else 0)
        self._say_what_is_external()
        if self.unsaved:
            self._window.background.run(self._save_anywhere)
        if self._patience_over:
            QApplication.quit()
        return True

    def resume_close(self) -> None:
        """Close the window if it waited for the work that has ended now."""
        if self._waits:
            self._window.close()

    def restart(self) -> None:
        """Close the window as its close button does, and start the program again."""
        self.restarts = True
        self._window.preferences.set(PAGE, self._window.page_in_front.name)
        self._window.close()

    def close_without_prompt(self) -> None:
        """Let the next closing ask nothing: the system ends the program."""
        self._unasked = True
        self.restarts = False

    def _waits_for_work(self) -> bool:
        """End a run, or let learning end, before the window closes."""
        if self._training.running and not self._patience_over:
            if not self._waits:
                self._waits = True
                self._training.stop(closing=True)
                self._window.run.stop()
                notifier.problem(_("Closing as soon as what was learnt is saved."))
                QTimer.singleShot(_CLOSE_MS, self._close_anyway)
            return True
        # Closing once more does not wait, and the system waits a few seconds only.
        if not self._learning.running or self._waits or self._unasked:
            return False
        self._waits = True
        notifier.problem(
            _(
                "Closing as soon as your digits are learnt. Close once more to leave at once: the "
                "network that answers then stays as it is.",
            ),
        )
        return True

    def _close_anyway(self) -> None:
        """Leave a run that does not end: it still compiles, so nothing has been learnt yet."""
        if self._waits and self._window.isVisible() and self._training.running:
            self._patience_over = True
            self._window.close()

    def _stay(self) -> None:
        self._waits = self._patience_over = self.restarts = False
        self._window.preferences.set(PAGE, "")

    def _leave_learning(self, seconds: float) -> None:
        """Let digits be learnt for so long without an event of Qt, then say what came of it."""
        if self._left_learning or not self._learning.running:
            return
        self._left_learning = True
        result = self._learning.finish(seconds)
        if isinstance(result, str):
            reporter.say_at_the_end(
                _(
                    "What was being learnt of your digits is lost. The digits are kept, and the "
                    "network that answered is as it was.",
                ),
            )
        else:
            self._save_learnt(result, reporter.say_at_the_end)

    def _say_what_is_external(self) -> None:
        for path in set(list_external()) - self._said:
            self._said.add(path)
            reporter.say_at_the_end(
                _(
                    "A network that could not be saved among the program's own files is kept in "
                    "{path}. The next start of the window lists it, and takes it home if there is "
                    "room.",
                    path=path,
                ),
            )

    def _save_anywhere(self) -> None:
        for sentence in self.unsaved.save_anywhere():
            reporter.say_at_the_end(sentence)

    def _hold_unsaved(self, outcome: Outcome) -> None:
        """Hold what was learnt if no place took it; in the thread that learns."""
        if not outcome.key:
            self.unsaved[f"learnt:{id(outcome.model)}"] = outcome.model

    # -- an end without a display and an event loop

    def save_now(self) -> list[str]:
        """Write the board and what was chosen; return what became of all."""
        in_memory = self._training.only_in_memory()
        if in_memory is not None:
            self.unsaved[self._training.key] = in_memory
        problems = [self._window.draw_tab.autosave.save_at_once()]
        try:
            self._window.preferences.save()
        except UserError as error:
            problems.append(str(error))
        said = list(filter(None, problems)) or [_("The drawing and the preferences are kept.")]
        said += self.unsaved.save_anywhere()
        if self._training.running:
            said.append(self._describe_run(in_memory is not None))
        return said

    def _describe_run(self, newer_in_memory: bool) -> str:
        """Say what the next start can do with the run that is going on."""
        if not self._training.can_continue:
            return _(
                "The run that was going on cannot be continued: no checkpoint of it is on disk.",
            )
        if newer_in_memory:
            return _("The next start offers to continue the run from an earlier epoch.")
        return _(
            "The run that was going on is kept up to its last checkpoint: the next start offers to "
            "continue it from there.",
        )

    def finish_learning(self, tell: Callable[[str], None]) -> None:
        if not self._learning.running:
            return
        tell(
            counted(
                "Your digits are still being learnt. The program goes on without a window until "
                "what is learnt is saved, for {count} minute at most; Ctrl-C ends it.",
                "Your digits are still being learnt. The program goes on without a window until "
                "what is learnt is saved, for {count} minutes at most; Ctrl-C ends it.",
                _LEARNING_MIN,
            ),
        )
        result = self._learning.finish(60 * _LEARNING_MIN)
        if isinstance(result, str):
            tell(joined(result, _("The network that answered is as it was.")))
            return
        self._save_learnt(result, tell)

    def _save_learnt(self, result: Outcome, tell: Callable[[str], None]) -> None:
        """Use the fine-tuned network at the next start, and report its file."""
        tell(str(result.told))
        for sentence in self.unsaved.save_anywhere():
            tell(sentence)
        if result.key and not is_external(result.key):
            self._window.preferences.set("network", result.key)
            try:
                self._window.preferences.save()
            except UserError as error:
                tell(str(error))
            kept = _(
                "What was learnt is kept as {name}; it answers at the next start.",
                name=title_of_model(result.model),
            )
            tell(kept)


class SystemSignals(QObject):
    """Closes all windows when the system or the terminal asks for it: Ctrl-C, ``kill``, hang-up.

    Python runs its handlers between two of its own instructions, and an idle window runs none: it
    waits inside Qt. So the number of a signal is also written to a socket, which wakes Qt.
    """

    close_requested = pyqtSignal()

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
