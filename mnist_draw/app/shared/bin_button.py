"""The button that brings back what was deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QMenu, QPushButton

from mnist_draw.app.shared.widgets import explain
from mnist_draw.storage.spare_names import KEPT_DAYS, Deleted

#: How many are offered, the newest: nobody reads a longer menu.
_MOST = 20


class BinButton(QPushButton):
    """Opens a menu of what was deleted; disabled while there is nothing.

    Parameters
    ----------
    name : str
        The button's object name.
    what : str
        What is deleted and brought back, in the plural, such as ``"digits"``.

    Signals
    -------
    chosen
        ``(deleted)``: this is to be brought back.
    """

    chosen = pyqtSignal(Deleted)

    def __init__(self, name: str, what: str) -> None:
        super().__init__("Bring back …")
        self.setObjectName(name)
        explain(
            self,
            f"Bring back deleted {what}",
            f"Bring back {what} that were deleted within the last {KEPT_DAYS} days.",
        )
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self.show_deleted((), str)

    def show_deleted(self, deleted: Sequence[Deleted], words: Callable[[Deleted], str]) -> None:
        """Offer what was deleted, the newest first, each in words."""
        self._menu.clear()
        for one in deleted[:_MOST]:
            moment = time.strftime("%d %b %H:%M", time.localtime(one.when)).lstrip("0")
            action = self._menu.addAction(f"{words(one)}, deleted {moment}")
            action.triggered.connect(partial(self.chosen.emit, one))
        self.setEnabled(bool(deleted))
