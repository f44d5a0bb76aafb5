"""The link from an answer to what lies behind it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QPushButton, QWidget

from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, no_key
from mnist_draw.dataset.classes import DIGITS

KEY = "W"
#: Longer names of classes are left out: they stand large beside the link.
_LONGEST = 12


class WhyLink(QPushButton):
    """The link “Why 4?”: opens the tab Inside on the answer and the second guess.

    It keeps its room when there is no answer: a link that came and went would have the window
    laid out with every stroke.
    """

    asked = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("whyLink")
        self.setProperty("look", "link")
        explain(
            self, "Why this answer",
            "Show in the tab Inside why the network gives this answer rather than the second "
            "guess.", KEY,
        )  # fmt: skip
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._pair: tuple[int, int] | None = None
        self._names = DIGITS
        #: Whether the tab that it leads to is there.
        self.leads = True
        self.clicked.connect(self.ask)
        self.show_classes(DIGITS)
        self.hide()

    def show_classes(self, names: Sequence[str]) -> None:
        """Name the answers of a network that tells these classes apart."""
        self._names = tuple(name if len(name) <= _LONGEST else "this" for name in names)
        self.ensurePolished()
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(f"Why {name}?") for name in self._names)
        self.setFixedWidth(widest + 4 * Size.GRID)

    def show_pair(self, answer: int, rival: int) -> None:
        """Offer to explain an answer."""
        self._pair = (answer, rival)
        self.setText(no_key(f"Why {self._names[answer]}?"))
        self.setVisible(self.leads)

    def show_nothing(self) -> None:
        """Offer nothing: there is no answer."""
        self._pair = None
        self.hide()

    def ask(self) -> None:
        """Ask why the answer is rather this than the second guess."""
        if self._pair is not None:
            self.asked.emit(*self._pair)

    def ask_why_not(self, digit: int) -> None:
        """Ask why the answer is not this digit."""
        if self._pair is not None and self._pair[0] != digit:
            self.asked.emit(self._pair[0], digit)
        else:
            self.ask()
