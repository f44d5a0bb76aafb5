"""Tells screen readers what happens elsewhere than where the keyboard is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from mnist_draw.app.kit.notifier import Notice, board
from mnist_draw.app.train.run_words import large_figure, plain, result_sentence
from mnist_draw.i18n import _, listed

if TYPE_CHECKING:
    from mnist_draw.app.shell.window import Window


class Announcer(QObject):
    """Says notices, answers to what is drawn by keys, ended epochs and runs.

    Orca reads a new description of what has the keyboard and of all around it, such as the window.
    PyQt has no announcements.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        board.posted.connect(self._say_notice)
        window.recognition.answered.connect(self._say_answer)
        window.training.ended.connect(self._say_result)
        window.state.follow(["epoch"], self._say_epoch)

    def _say(self, sentence: str) -> None:
        """Say a sentence unless it was said last."""
        self._window.setAccessibleDescription(sentence)

    def _say_notice(self, notice: Notice) -> None:
        self._say("")
        self._say(notice.sentence)

    def _say_answer(self) -> None:
        pen = self._window.draw_tab.canvas.key_pen
        if pen.place is not None:
            figure = self._window.draw_tab.answer.block.figure
            self._say("" if pen.down else figure.accessibleDescription())

    def _say_epoch(self) -> None:
        run = self._window.state.run
        if run.is_running and run.best is not None:
            epoch = _("Epoch {epoch} of {epochs}", epoch=run.epochs_done, epochs=run.epochs)
            figure = large_figure(run)
            self._say(listed([epoch, f"{figure.caption} {figure.value}"]))

    def _say_result(self) -> None:
        run = self._window.state.run
        if run.has_learned:
            self._say(plain(result_sentence(run)))
