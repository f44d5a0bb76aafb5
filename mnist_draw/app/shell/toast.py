"""The toast: one sentence to the user, with at most one action, in a free corner of the page."""

from __future__ import annotations

import math

from qtpy import sip
from qtpy.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer
from qtpy.QtGui import QFontMetricsF, QHideEvent, QKeyEvent, QKeySequence, QPaintEvent, QShowEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLineEdit,
    QStatusBar,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import Page, row
from mnist_draw.app.kit.notifier import Notice, board
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import claims_key, explain, label, no_key, push_button
from mnist_draw.i18n import _

#: Milliseconds after which a confirmation disappears, plus those for each letter; and those until
#: the next try while the pointer or the keyboard is on it, or its text is marked.
_PASSING_MS = 6_000
_EACH_LETTER_MS = 60
_AGAIN_MS = 2_000
#: Pixels of text, at the usual text size, beyond which a sentence takes another line; a sentence
#: that needs more than so many lines takes all the width there is.
_LINE = 560
_LINES = 2
#: What it must not cover.
_CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit)


class Toast(QStatusBar):
    """Shows the newest notice; a failure stays until it is closed, also under newer notices.

    Qt calls a status bar one for screen readers, which tell its name when that changes. Nothing of
    the page moves, and the keyboard stays where it is.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("toast")
        self.setSizeGripEnabled(False)
        self._body = QFrame(self)
        self._body.setProperty("look", "toast")
        self.label = label("", "toast", "toastLabel", wraps=True)
        self.label.setAccessibleName(_("Message"))
        self.label.setTextInteractionFlags(Qt.TextSelectableByMouse | Qt.TextSelectableByKeyboard)
        self.action_button = push_button(
            "toastActionButton",
            _("Undo"),
            look="toast",
            act=self._act,
        )
        self.close_button = push_button(
            "toastCloseButton",
            "×",
            look="toast",
            act=self.close_notice,
        )
        explain(self.close_button, _("Close"), shortcut="Esc")
        for button in (self.action_button, self.close_button):
            # A click leaves the keyboard where it is; on the words, it takes it to mark and copy.
            button.setFocusPolicy(Qt.TabFocus)
        row(
            (self.label, 1),
            self.action_button,
            self.close_button,
            margins=(Size.CARD_PADDING, 0, Size.FIELD_GAP, 0),
            owner=self._body,
        )
        self._notice: Notice | None = None
        #: Failures that are not closed, below a newer notice or of a page that is not in front.
        self._waiting: list[Notice] = []
        self._page: Page | None = None
        #: What had the keyboard before the toast.
        self._before: QWidget | None = None
        self._passing = QTimer(self)
        self._passing.setSingleShot(True)
        self._passing.timeout.connect(self._pass)
        self.hide()
        board.posted.connect(self.show_notice)
        board.withdrawn.connect(self._withdraw)
        board.escaped.connect(self.close_notice)
        theme.application().focusChanged.connect(self._note_focus)
        theme.follow(self, self._place)

    # -- what is shown

    def show_notice(self, notice: Notice) -> None:
        if notice.is_passing:
            self._keep()
        self._show(notice)

    def _keep(self) -> None:
        if self._notice is not None and not self._notice.is_passing:
            self._waiting.append(self._notice)

    def _show(self, notice: Notice) -> None:
        self._passing.stop()
        self._notice = notice
        self.action_button.setText(no_key(notice.button))
        explain(self.action_button, notice.button)
        self.action_button.setVisible(notice.action is not None)
        self.label.setText(notice.sentence)
        self.label.setAccessibleName(notice.sentence)
        self._place()
        self.show()
        self.setAccessibleName(notice.sentence)
        self._let_pass()

    def _let_pass(self) -> None:
        if self._notice is not None and self._notice.is_passing and self.isVisible():
            self._passing.start(_PASSING_MS + _EACH_LETTER_MS * len(self._notice.sentence))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow(True)
        self._let_pass()

    def hideEvent(self, event: QHideEvent) -> None:
        # In a window that cannot be seen, time does not count.
        self._follow(False)
        self._passing.stop()

    def close_notice(self) -> None:
        """Hide the notice; the last failure that is not closed is shown again with its page."""
        front = "" if self._page is None else self._page.name
        shown = [each for each in self._waiting if each.page in ("", front)]
        if shown:
            self._waiting.remove(shown[-1])
            self._show(shown[-1])
        else:
            self._clear()

    def clear(self) -> None:
        self._waiting.clear()
        self._clear()

    def _clear(self) -> None:
        self._passing.stop()
        self._notice = None
        if self._has_keyboard():
            self._give_keyboard_back()
        self.hide()
        self.label.setText("")
        self.setAccessibleName("")

    def _withdraw(self, subject: str) -> None:
        if not subject:
            return
        self._waiting = [each for each in self._waiting if each.subject != subject]
        if self._notice is not None and self._notice.subject == subject:
            self.close_notice()

    def _pass(self) -> None:
        """Disappear, unless the sentence is being read or marked."""
        if self._has_keyboard() or self.underMouse() or self.label.hasSelectedText():
            self._passing.start(_AGAIN_MS)
        else:
            self.close_notice()

    def _act(self) -> None:
        action = self._notice.action if self._notice is not None else None
        self.close_notice()
        if action is not None:
            action()

    # -- the keyboard

    def focus_action(self) -> None:
        """Put the keyboard into the toast: on its action, or else on what closes it."""
        if self.isVisible():
            offers = not self.action_button.isHidden()
            button = self.action_button if offers else self.close_button
            button.setFocus(Qt.ShortcutFocusReason)

    def _give_keyboard_back(self) -> None:
        before = None if self._before is None or sip.isdeleted(self._before) else self._before
        if before is not None and before.isVisible() and before.isEnabled():
            before.setFocus()
        elif self._page is not None:
            self._page.focus_first()

    def _has_keyboard(self) -> bool:
        focus = self.focusWidget()
        return focus is not None and focus.hasFocus()

    def _note_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        enters = now is not None and self.isAncestorOf(now)
        if enters and before is not None and not self.isAncestorOf(before):
            self._before = before

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self.close_notice()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # A page's keys that copy or close would win over the sentence that is marked here.
        return claims_key(event, self._claims) or super().event(event)

    def _claims(self, key: QKeyEvent) -> bool:
        return key.key() == Qt.Key_Escape or (
            self.label.hasSelectedText() and key.matches(QKeySequence.Copy)
        )

    # -- its place

    def stand_on(self, page: Page) -> None:
        self._follow(False)
        left, self._page = self._page, page
        name = None if left is None or left is page else left.name
        if self._notice is None or self._notice.page == name:
            self._keep()
            self.close_notice()
        self._follow(self.isVisible())
        self._place()

    def _follow(self, on: bool) -> None:
        """Follow the page while there is a message; the board's strokes go unwatched."""
        if self._page is None:
            return
        for background in (self._page, self._page.message_background()[0]):
            if on:
                background.installEventFilter(self)
            else:
                background.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Resize, QEvent.Move):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Take a corner of what the page leaves for messages, and the size that it needs."""
        if self._page is None or self._notice is None:
            return
        window = self.parentWidget()
        # What this has no room for is at the edge of the page.
        for background, edge in (self._page.message_background(), (self._page, Size.CARD_PADDING)):
            # In a window that is smaller than its pages, the part that can be seen.
            area = QRect(background.mapTo(window, QPoint()), background.size())
            area = area.intersected(window.rect())
            size = self._size_within(area.width() - 2 * edge)
            if size.height() <= area.height() + 2 * Size.FIELD_GAP:
                break
        self.setGeometry(self._free_corner(area.adjusted(edge, edge, -edge, -edge), size))
        self._body.setGeometry(self.rect())
        self.raise_()

    def _size_within(self, available_width: int) -> QSize:
        """Return the size that the sentence needs beside the buttons."""
        self._body.ensurePolished()
        others = self._body.sizeHint().width() - self.label.sizeHint().width()
        metrics = QFontMetricsF(self.label.font())
        words = math.ceil(metrics.horizontalAdvance(self.label.text()))
        line = min(available_width - others, theme.scaled(_LINE))
        # Of two lines one may be longer than half of the sentence.
        if words > 0.9 * _LINES * line:
            line = available_width - others
        width = max(1, min(words + 2, line))
        height = self.label.heightForWidth(width) + 2 * Size.FIELD_GAP
        return QSize(width + others, max(theme.scaled(Size.TOAST), height))

    def _free_corner(self, area: QRect, size: QSize) -> QRect:
        """Return the place in the lower left, or in the first corner where it covers no control."""
        assert self._page is not None
        window = self.parentWidget()
        controls = [
            widget.visibleRegion().boundingRect().translated(widget.mapTo(window, QPoint()))
            for widget in self._page.findChildren(QWidget)
            if isinstance(widget, _CONTROLS) and widget.isVisible()
        ]
        right = area.right() + 1 - size.width()
        low = max(0, area.bottom() + 1 - size.height())
        corners = ((area.x(), low), (right, low), (area.x(), area.y()), (right, area.y()))
        places = [QRect(QPoint(*corner), size) for corner in corners]
        free = (place for place in places if not any(map(place.intersects, controls)))
        return next(free, places[0])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Leave painting to the body: a status bar paints lines."""
