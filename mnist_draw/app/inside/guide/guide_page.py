"""The whole guide, to be read."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QTextCharFormat, QTextCursor, QTextFormat
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QTextBrowser, QWidget

from mnist_draw.analysis.guide.steps import guide
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label

_WIDEST = 900


class GuidePage(Card):
    """All steps, one below the other."""

    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("guidePage")
        self.top.addWidget(label("Guide", "title"))
        self.top.addStretch(1)
        self.close_button = QPushButton("Back to the views")
        self.close_button.setObjectName("closeGuideButton")
        self.close_button.setProperty("look", "link")
        explain(self.close_button, "Back to the views", "Close the guide.", "Esc")
        self.close_button.clicked.connect(self.closed)
        self.top.addWidget(self.close_button)
        self.body.addLayout(self.top)
        self.text = QTextBrowser()
        self.text.setObjectName("guideText")
        self.text.setProperty("look", "plain")
        self.text.setFrameShape(QTextBrowser.NoFrame)
        explain(self.text, "Guide", "What this tab shows, step by step, with the code behind it.")
        self.text.setToolTip("")
        row = QHBoxLayout()
        # Longer lines are hard to read.
        self.text.setMaximumWidth(_WIDEST)
        row.addWidget(self.text, 1)
        row.addStretch(0)
        self.body.addLayout(row, 1)
        self._filled = False
        theme.theme().changed.connect(self._forget)

    def _forget(self) -> None:
        """Dress the guide in other colours when it is next shown."""
        self._filled = False

    def show_step(self, number: int) -> None:
        """Show the guide from a step on."""
        if not self._filled:
            self._filled = True
            steps = [step.text.replace("# ", f"# {step.number}. ", 1) for step in guide()]
            self.text.setMarkdown("\n\n".join(steps))
            self._dress()
        self._scroll_to(number)

    def _dress(self) -> None:
        """Give titles and paragraphs room, and code a ground of its own."""
        document = self.text.document()
        document.setDocumentMargin(Size.GRID)
        block = document.begin()
        while block.isValid():
            cursor = QTextCursor(block)
            dress = block.blockFormat()
            if block.text() and dress.headingLevel():
                dress.setTopMargin(2 * Size.MARGIN)
                dress.setBottomMargin(Size.FIELD_GAP)
                title = QTextCharFormat()
                title.setFont(theme.font(Text.FIGURE, bold=True))
                cursor.select(QTextCursor.BlockUnderCursor)
                cursor.mergeCharFormat(title)
            elif dress.hasProperty(QTextFormat.BlockCodeLanguage):
                dress.setBackground(theme.colour("hover"))
                dress.setLeftMargin(Size.MARGIN)
            else:
                dress.setBottomMargin(Size.FIELD_GAP)
            QTextCursor(block).setBlockFormat(dress)
            block = block.next()

    def _scroll_to(self, number: int) -> None:
        """Let a step's title stand at the top."""
        block = self.text.document().begin()
        beginning = f"{number}. "
        while block.isValid():
            if block.blockFormat().headingLevel() and block.text().startswith(beginning):
                layout = self.text.document().documentLayout()
                top = layout.blockBoundingRect(block).top()
                self.text.verticalScrollBar().setValue(round(top))
                return
            block = block.next()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
