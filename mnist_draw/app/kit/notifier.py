"""Tell the user something in the window's toast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtCore import QObject, Signal

from mnist_draw.i18n import _


@dataclass(frozen=True)
class Notice:
    """A sentence for the user."""

    sentence: str
    #: Its subject; a later notice, or `Notifier.forget`, may withdraw it.
    subject: str = ""
    #: Whether it only confirms, and disappears by itself.
    is_passing: bool = False
    action: Callable[[], object] | None = None
    button: str = _("Undo")
    #: The name of the page that it concerns alone: it goes with that, a failure returns with it.
    page: str = ""


class _Board(QObject):
    """Carries notices from all parts, in any thread, to what shows them."""

    posted = Signal(Notice)
    withdrawn = Signal(str)
    #: Esc has nothing else to close.
    escaped = Signal()

    def __init__(self) -> None:
        super().__init__()
        #: Subjects with a message that may still be shown.
        self.subjects: set[str] = set()


#: The one board of the program.
board = _Board()


class Notifier:
    """Tells the user about one subject; from any thread."""

    def __init__(self, subject: str = "", page: str = "") -> None:
        self.subject = subject
        self.page = page

    def _post(self, notice: Notice) -> None:
        board.subjects.add(self.subject)
        board.posted.emit(notice)

    def message(self, sentence: str) -> None:
        """Confirm what was asked for."""
        self._post(Notice(sentence, self.subject, True, page=self.page))

    def problem(
        self,
        sentence: str,
        action: Callable[[], object] | None = None,
        button: str = "",
    ) -> None:
        """Say what went wrong or must be known, with a button that helps, if any does."""
        notice = Notice(sentence, self.subject, False, action, button, self.page)
        self._post(notice)

    def undo(self, sentence: str, action: Callable[[], object], button: str = _("Undo")) -> None:
        """Say what was done, with a button that takes it back or leads on."""
        self._post(Notice(sentence, self.subject, True, action, button, self.page))

    def forget(self, *__: object) -> None:
        """Hide the messages of the subject; also a slot of any signal."""
        board.subjects.discard(self.subject)
        board.withdrawn.emit(self.subject)
