"""One step of the guide, under the example or, on the wall, below everything."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from mnist_draw.analysis.guide.steps import Step, guide, step_for
from mnist_draw.app.kit.icons import set_icon
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, explain, label


class GuideView(Card):
    """The few sentences about the view in front."""

    show_requested = pyqtSignal(object)
    page_requested = pyqtSignal()

    def __init__(self, number: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("guideView")
        self.body.setContentsMargins(13, 9, 9, 9)
        self.body.setSpacing(Size.TIGHT)
        self.number = label("", "heading", "guideNumber")
        self.title = QPushButton()
        self.title.setObjectName("guideTitle")
        self.title.setProperty("look", "guide")
        explain(self.title, "The whole guide", "Read the whole guide, at this step.", "F1")
        self.title.clicked.connect(self.page_requested)
        self.words = label("", "body", "guideWords")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.words.setTextFormat(Qt.MarkdownText)
        self.show_button = QPushButton("Show me")
        self.show_button.setObjectName("showMeButton")
        self.show_button.setProperty("look", "link")
        explain(self.show_button, "Show me", "Open what this step of the guide is about.")
        self.show_button.clicked.connect(lambda: self.show_requested.emit(self.step))
        self.back = self._arrow("guideBackButton", "caret-left", "Step before", -1)
        self.next = self._arrow("guideNextButton", "caret-right", "Next step", 1)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self.show_button)
        self._foot.addStretch(1)
        self._foot.addWidget(self.back)
        self._foot.addWidget(self.next)
        head = QVBoxLayout()
        head.setSpacing(Size.TIGHT)
        head.addWidget(self.number)
        head.addWidget(self.title, 0, Qt.AlignLeft)
        self._row = QBoxLayout(QBoxLayout.TopToBottom)
        self._row.addLayout(head)
        self._row.addWidget(self.words, 1)
        self._row.addLayout(self._foot)
        self.body.addLayout(self._row)
        self.available: frozenset[str] = frozenset()
        self.show_step(max(number, 1))

    def _arrow(self, name: str, icon: str, title: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setProperty("look", "small")
        explain(button, title, "Turn to another step of the guide.")
        set_icon(button, icon, Size.SMALL_ICON)
        button.clicked.connect(lambda: self.turn(step))
        return button

    def set_available(self, sections: frozenset[str]) -> None:
        """Say which sections there are to be shown."""
        self.available = sections
        self.show_step(self.step.number)

    def show_step(self, number: int) -> None:
        """Show a step by its number, held within the first and the last."""
        steps = guide()
        self.step: Step = steps[min(max(number, 1), len(steps)) - 1]
        self.number.setText(f"GUIDE · {self.step.number} OF {len(steps)}")
        self.title.setText(self.step.title)
        self.words.setText(self.step.short)
        self.back.setEnabled(self.step.number > 1)
        self.next.setEnabled(self.step.number < len(steps))
        self.show_button.setEnabled(self.step.section in self.available)

    def turn(self, step: int) -> None:
        """Turn to the next step, or to the one before."""
        self.show_step(self.step.number + step)

    def turn_to(self, section: str, view: str) -> None:
        """Turn to the chapter about a view, unless the step in front is about it."""
        step = step_for(section, view)
        here = (self.step.section, self.step.view)
        if step is not None and here != (section, view) and step is not self.step:
            self.show_step(step.number)

    def set_horizontal(self, flat: bool) -> None:
        """Lie below everything as a caption, or stand under the example."""
        self._row.setDirection(QBoxLayout.LeftToRight if flat else QBoxLayout.TopToBottom)
        self._row.setSpacing(Size.MARGIN if flat else Size.TIGHT)
