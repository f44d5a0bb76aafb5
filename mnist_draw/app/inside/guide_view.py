"""The guide: one step beside the views, and the whole text as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QResizeEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from qtpy.QtWidgets import QTextBrowser, QToolButton

from mnist_draw.analysis.guide import GuideStep, guide
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.layout import column, row, scrolled
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ElidedButton, explain, label, no_key, push_button
from mnist_draw.i18n import _


class GuideView(Card):
    """One step of the guide, under the example."""

    show_requested = Signal(object)
    turned = Signal()

    def __init__(self, number: int) -> None:
        super().__init__()
        self.setObjectName("guideView")
        self.body.setContentsMargins(13, 9, 9, 9)
        self.body.setSpacing(Size.TIGHT)
        self.number = label("", "heading", "guideNumber")
        self.title = ElidedButton("", "guide", "guideTitle")
        explain(self.title, _("The whole guide"))
        self.label = label("", "body", "guideWords", wraps=True)
        self.label.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.label.setTextFormat(Qt.MarkdownText)
        self.show_button = ElidedButton(_("Show me"), "link", "showMeButton")
        self.show_button.clicked.connect(lambda: self.show_requested.emit(self.step))
        self.need = label("", "muted", "guideNeed", wraps=True)
        self.back_link = ElidedButton("", "link", "guideBackLink")
        #: Returns the number of the step that follows another.
        self.next_step: Callable[[int], int] = lambda number: number + 1
        self.back = self._arrow("guideBackButton", "caret-left", _("Previous step"), -1)
        self.next = self._arrow("guideNextButton", "caret-right", _("Next step"), 1)
        pager = row((self.number, 1), self.back, self.next)
        head = column(1, pager, self.title, 1, gap=Size.TIGHT)
        self.body.addLayout(head)
        # Where large text leaves too little room below the example, the words scroll.
        self.words = scrolled(self.label)
        self.words.setMinimumHeight(self.label.fontMetrics().lineSpacing())
        self.body.addWidget(self.words, 1)
        self.body.addWidget(self.need)
        self.body.addLayout(row(self.show_button, self.back_link, 1))
        self.show_step(number)

    def _arrow(self, name: str, icon: str, title: str, step: int) -> QToolButton:
        button = icon_button(name, icon, title)
        button.clicked.connect(lambda: self.turn(step))
        return button

    def show_step(self, number: int) -> None:
        steps = guide()
        self.step: GuideStep = steps[min(max(number, 1), len(steps)) - 1]
        said = _("GUIDE · {number} OF {count}", number=self.step.number, count=len(steps))
        self.number.setText(said)
        self._fit_title()
        self.label.setText(f"{self.step.short}\n\n{self.step.exercise}")
        self.back.setEnabled(self.step.number > 1)
        self.next.setEnabled(self.step.number < len(steps))
        self.turned.emit()

    def _fit_title(self) -> None:
        """Break a title that is longer than the line; large text is made smaller instead."""
        title = self.step.title
        size = ""
        large = theme.text_scale() > _LARGE
        font = theme.font(Text.BODY, bold=True)
        room = self.width() - 2 * (13 + Size.GRID)
        wide = QFontMetricsF(font).horizontalAdvance
        if wide(title) > room:
            fits = [n for n, sign in enumerate(title) if sign == " " and wide(title[:n]) <= room]
            if large:
                size = f"font-size: {int(font.pixelSize() * room / wide(title))}px"
            elif fits:
                title = f"{title[: fits[-1]]}\n{title[fits[-1] + 1 :]}"
        self.title.setStyleSheet(size)
        self.title.setText(title)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_title()

    def show_need(self, words: str, other: str = "", back: str = "") -> None:
        """Say which network the step needs, and offer it, or the way back to the own one."""
        self.need.setText(words)
        self.need.setVisible(bool(words))
        show = _("Use {network} for this step", network=other) if other else _("Show me")
        self.show_button.setText(no_key(show))
        explain(self.show_button, show)
        self.back_link.setVisible(bool(back))
        words = _("Back to {network}", network=back)
        self.back_link.setText(no_key(words))
        explain(self.back_link, words)

    def turn(self, step: int) -> None:
        number = self.step.number
        self.show_step(self.next_step(number) if step > 0 else number - 1)


#: From this scale of text on a title has one line.
_LARGE = 1.2
_MAX_WIDTH = 800
_CODE_TITLE = _("The guide in code")
_CODE = _(
    "You can compute all of this in Python, too. The code of the steps is one program: type "
    "it as you read, or save it in a file.",
)


_TUTORIAL = "https://vict0rs.ch/tutorials/lasagne/feedforward/"


class _GuideText(QTextBrowser):
    def resizeEvent(self, event: QResizeEvent) -> None:
        # Longer lines are hard to read.
        self.setLineWrapColumnOrWidth(min(theme.scaled(_MAX_WIDTH), self.viewport().width()))
        super().resizeEvent(event)


class GuidePage(Card):
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("guidePage")
        self.top.addWidget(label(_("Guide"), "title"))
        self.top.addStretch(1)
        name = "closeGuideButton"
        text = _("Back to the views")
        self.close_button = push_button(name, text, "", "Esc", "link", self.closed.emit)
        self.top.addWidget(self.close_button)
        self.body.addLayout(self.top)
        self.text = _GuideText()
        self.text.setObjectName("guideText")
        self.text.setOpenExternalLinks(True)
        self.text.setProperty("look", "plain")
        self.text.setFrameShape(QTextBrowser.NoFrame)
        # It fills its card, and that has a frame.
        self.text.setProperty("ring", False)
        self.text.setLineWrapMode(QTextBrowser.FixedPixelWidth)
        explain(self.text, _("Guide"))
        self.body.addWidget(self.text, 1)
        self._filled = False
        theme.theme().changed.connect(self._forget)

    def _forget(self) -> None:
        """Format the guide in the new colors when it is next shown."""
        self._filled = False

    def show_step(self, number: int) -> None:
        if not self._filled:
            self._filled = True
            words = [step.part(about_code=False) for step in guide()]
            code = [step.part(about_code=True) for step in guide() if step.code]
            source = _(
                "It follows the [Lasagne Feedforward Tutorial]({address}). The page *The tutorial, "
                "block by block* of the documentation, `docs/tutorial.md`, explains each line.",
                address=_TUTORIAL,
            )
            parts = [*words, f"# {_CODE_TITLE}", _CODE, source, *code]
            self.text.setMarkdown("\n\n".join(parts))
            self._dress()
        titles = (block for block in self._blocks() if block.blockFormat().headingLevel())
        title = next(block for block in titles if block.text().startswith(f"{number}. "))
        layout = self.text.document().documentLayout()
        self.text.verticalScrollBar().setValue(round(layout.blockBoundingRect(title).top()))

    def _dress(self) -> None:
        self.text.document().setDocumentMargin(Size.GRID)
        for block in self._blocks():
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
                dress.setBackground(theme.color("hover"))
                dress.setLeftMargin(Size.MARGIN)
            else:
                dress.setBottomMargin(Size.FIELD_GAP)
            QTextCursor(block).setBlockFormat(dress)

    def _blocks(self) -> Iterator[QTextBlock]:
        block = self.text.document().begin()
        while block.isValid():
            yield block
            block = block.next()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
