"""The end of the window: what it waits for, what it asks, and what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QTimer
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import connect_direct, running
from mnist_draw.app.kit.unsaved import UnsavedNetworks
from mnist_draw.app.shell.shutdown.closing_question import ClosingQuestion
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.errors import UserError
from mnist_draw.training.network_places import is_external, list_external

if TYPE_CHECKING:
    from mnist_draw.app.kit.learning import Outcome
    from mnist_draw.app.shell.window import Window

notifier = Notifier()

#: Milliseconds that a run has to end when the window closes; after that it is left.
_CLOSE_MS = 30_000
#: Seconds that a session which ends leaves a run to save what was learnt; Windows leaves five.
_SESSION_S = 4.0
#: Seconds in which digits are learnt to the end where the display is gone: ten times what the
#: largest network that ships takes.
_LEARNING_S = 300.0


class Closing(QObject):
    """Lets a window close when nothing is lost with it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._training, self._learning = window.training, window.learning
        self.unsaved = UnsavedNetworks()
        #: Whether the window closes when what goes on has ended; whether it has waited long enough;
        #: whether nobody is there to answer a question.
        self._waits = self._patience_over = self._unasked = False
        #: Whether it has begun to wait for learning though the system ends the program; whether it
        #: has ended a run.
        self._hurries = self._ended_run = False
        #: Whether it has said what came of the learning that it did not wait for.
        self._left_learning = False
        #: Files that the terminal has been told of.
        self._said: set[Path] = set()
        window.run.unsaved.connect(lambda model: self.unsaved.put(self._training.key, model))
        window.run.saved.connect(lambda: self.unsaved.forget(self._training.key))
        connect_direct(self._learning.learnt, self._hold_unsaved)
        self._learning.ended.connect(self.go_on)
        self._question = ClosingQuestion(self.unsaved, window)
        self._question.settled.connect(window.close)
        self._question.cancelled.connect(self._stay)

    def try_close(self) -> bool:
        """Tell whether the window may close now; if not, it is closed again as soon as it may.

        Before a network is lost that could be saved nowhere, its user is asked, unless the system
        ends the program.
        """
        app = QApplication.instance()
        if isinstance(app, QApplication) and app.isSavingSession():
            # A session that ends waits for nobody.
            self._unasked = True
            self._training.stop(closing=True)
            self._leave_learning(_SESSION_S / 2)
            running.shut_down(_SESSION_S / 2)
        elif self._training.running and not self._patience_over:
            self._end_run()
            return False
        elif self._learning.running and self._waits_for_learning():
            return False
        if self._question.needed and not self._unasked:
            self._question.ask(self._run_words())
            return False
        self._question.withdraw()
        self._leave_learning(0)
        for path in set(list_external()) - self._said:
            self._said.add(path)
            reporter.say_at_the_end(
                f"A network that could not be saved among the program's own files is kept in {path}"
                ". The next start of the window lists it, and takes it home if there is room."
            )
        if self.unsaved:
            self._window.background.run(self._save_anywhere)
        if self._patience_over:
            QApplication.quit()
        return True

    def go_on(self) -> None:
        """Close the window if that waited for what has ended now: a run, or learning."""
        if self._waits:
            self._window.close()

    def _end_run(self) -> None:
        """End the run, and close when what was learnt is saved."""
        if not self._waits:
            self._waits = self._ended_run = True
            self._training.stop(closing=True)
            self._window.run.stop()
            notifier.problem("Closing as soon as what was learnt is saved.")
            QTimer.singleShot(_CLOSE_MS, self._close_anyway)

    def _waits_for_learning(self) -> bool:
        """Tell whether the window waits for digits that are being learnt, and say so in it."""
        if self._unasked and not self._hurries:
            self._hurries = self._waits = True
            notifier.problem("Closing in a few seconds, or when your digits are learnt.")
            QTimer.singleShot(round(1000 * _SESSION_S), self._close_over_learning)
            return True
        if not self._waits:
            # Who closes once more does not wait.
            self._waits = True
            notifier.problem(
                "Closing as soon as your digits are learnt. Close once more to leave at once: the "
                "network that answers then stays as it is."
            )
            return True
        return False

    def _close_over_learning(self) -> None:
        """Leave what is being learnt: whatever ends the program waits no longer."""
        if self._hurries and self._window.isVisible() and self._learning.running:
            self._window.close()

    def _leave_learning(self, seconds: float) -> None:
        """Let digits be learnt for so long without an event of Qt, then say what came of it."""
        if self._left_learning or not self._learning.running:
            return
        self._left_learning = True
        result = self._learning.finish(seconds)
        if isinstance(result, str):
            reporter.say_at_the_end(
                "What was being learnt of your digits is lost. The digits are kept, and the "
                "network that answered is as it was."
            )
        else:
            self._keep_learnt(result, reporter.say_at_the_end)

    def _close_anyway(self) -> None:
        """Leave a run that does not end: it still compiles, so nothing has been learnt yet."""
        if self._waits and self._window.isVisible() and self._training.running:
            self._patience_over = True
            self._window.close()

    def _run_words(self) -> str:
        """Say what has become of the run that was ended because the window was to close."""
        if not self._ended_run:
            return ""
        state = self._window.run.state
        ended = f"The run has ended after {state.epoch} of {state.epochs} epochs."
        if not self._training.can_continue:
            return ended
        return f"{ended} If you cancel, +1 epoch in the tab {TrainTab.title} goes on from there."

    def _stay(self) -> None:
        """Go on: whoever was asked before the window closes would rather not."""
        self._waits = self._patience_over = self._hurries = self._ended_run = False

    def close_without_prompt(self) -> None:
        """Let the next closing ask nothing: the system ends the program."""
        self._unasked = True

    def _save_anywhere(self) -> None:
        """Save what nobody was asked about, and say where it is on the terminal."""
        for sentence in self.unsaved.save_anywhere():
            reporter.say_at_the_end(sentence)

    def _hold_unsaved(self, outcome: Outcome) -> None:
        """Hold what was learnt if no place took it; in the thread that learns."""
        if not outcome.key:
            self.unsaved.put(f"learnt:{id(outcome.model)}", outcome.model)

    def save_now(self) -> list[str]:
        """Write the board and what was chosen, for an end without a display and an event loop."""
        in_memory = self._training.only_in_memory()
        if in_memory is not None:
            self.unsaved.put(self._training.key, in_memory)
        problems = [self._window.draw_tab.keeper.save_at_once()]
        try:
            self._window.preferences.save()
        except UserError as error:
            problems.append(str(error))
        told = list(filter(None, problems)) or ["The drawing and the preferences are kept."]
        told += self.unsaved.save_anywhere()
        if self._training.running:
            told.append(self._going_on(in_memory is not None))
        return told

    def _going_on(self, newer_in_memory: bool) -> str:
        """Say what the next start can do with the run that is going on."""
        if not self._training.can_continue:
            return "The run that was going on cannot be continued: no checkpoint of it is on disk."
        if newer_in_memory:
            return "The next start offers to continue the run from an earlier epoch."
        return (
            "The run that was going on is kept up to its last checkpoint: the next start offers to "
            "continue it from there."
        )

    def finish_learning(self, tell: Callable[[str], None]) -> None:
        """Let the digits be learnt that are being learnt, for an end without a display."""
        if not self._learning.running:
            return
        tell(
            "Your digits are still being learnt. The program goes on without a window until what "
            f"is learnt is saved, for {_LEARNING_S / 60:.0f} minutes at most; Ctrl-C ends it."
        )
        result = self._learning.finish(_LEARNING_S)
        if isinstance(result, str):
            tell(f"{result} The network that answered is as it was.")
            return
        self._keep_learnt(result, tell)

    def _keep_learnt(self, result: Outcome, tell: Callable[[str], None]) -> None:
        """Let what was learnt answer at the next start, and tell where it is."""
        tell(result.words)
        for sentence in self.unsaved.save_anywhere():
            tell(sentence)
        if result.key and not is_external(result.key):
            self._window.preferences.set("network", result.key)
            try:
                self._window.preferences.save()
            except UserError as error:
                tell(str(error))
            tell(f"What was learnt is kept as {result.model.title}; it answers at the next start.")
