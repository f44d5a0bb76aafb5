"""The Library, a page of Train: every run and every network, compared at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QModelIndex, QRectF, QSize, QStringListModel, Qt, Signal
from qtpy.QtGui import QKeyEvent, QPaintEvent, QPen, QPolygonF, QResizeEvent
from qtpy.QtWidgets import QBoxLayout, QCheckBox, QCompleter, QLineEdit, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import Command, icon, icon_button, set_icon
from mnist_draw.app.kit.controls import BinButton
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import (
    Card,
    ComboBox,
    ElidedButton,
    Keys,
    explain,
    label,
    push_button,
)
from mnist_draw.app.train.compare_card import CompareCard, DifferencesTable
from mnist_draw.app.train.library_delegate import CURVE_SIZE, curve_points
from mnist_draw.app.train.library_rows import LibraryList, LibraryModel
from mnist_draw.i18n import _, counted, number, pgettext
from mnist_draw.library.arrangement import MAX_DRAWN, SORTS, sorted_by, typed
from mnist_draw.library.entries import Library
from mnist_draw.library.search import completions

#: From this width on the comparison is next to the list, in pixels at the usual text size.
_BESIDE = 1180
_SEARCH = 420
#: Shares of the list and of what is compared.
_SHARES = (13, 8)
_BELOW_SHARES = (11, 9)
#: Accuracies of a usual run, for the curve that is not there yet.
_USUAL = (0.85, 0.93, 0.955, 0.967, 0.973, 0.977, 0.979, 0.98)


class _SearchCompleter(QCompleter):
    """Completes the last word of the search."""

    def __init__(self, rows: LibraryModel, search: QLineEdit) -> None:
        super().__init__(search)
        self._words = QStringListModel(self)
        self.setModel(self._words)
        self.popup().setObjectName("searchCompletions")
        #: The words before the one that is completed.
        self._before: list[str] = []
        self._rows = rows
        self.setCaseSensitivity(Qt.CaseInsensitive)
        # It comes before the completer asks for words.
        search.textEdited.connect(self._offer)
        # The text is completed after this signal.
        self.activated.connect(lambda __: self._go_on(search), Qt.QueuedConnection)  # type: ignore[call-arg]
        search.setCompleter(self)

    def _offer(self, text: str) -> None:
        self._before = text.split(" ")[:-1]
        self._words.setStringList(completions(text, self._rows.entries))

    def _go_on(self, search: QLineEdit) -> None:
        """Take a value as a chip, or offer those of a key."""
        search.returnPressed.emit()
        self._offer(search.text())
        self.setCompletionPrefix(search.text())
        self.complete()

    def splitPath(self, path: str) -> list[str]:
        return path.split(" ")[-1:]

    def pathFromIndex(self, index: QModelIndex) -> str:
        return " ".join([*self._before, super().pathFromIndex(index)])


class LibraryPage(QWidget):
    """The list of entries, what can be done with them, and the comparison."""

    shown = Signal()
    close_requested = Signal()

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self.setObjectName("libraryPage")
        self.list = LibraryList(state)
        self.bin = BinButton("deletedButton", _("Restore deleted runs and networks"))
        self.bin.hide()
        self.compare = CompareCard(self.list.rows)
        self.differences = DifferencesTable()
        self._build_commands()
        column(self._build_top(), (self._build_body(), 1), gap=Size.CARD_GAP, owner=self)
        self.list.rows.choice_changed.connect(self._show_choice)
        self.list.rows.modelReset.connect(self._show_empty)
        theme.follow(self, self._arrange)

    def _build_commands(self) -> None:
        Command(self, _("Rename"), "F2", self.list.edit_name)
        sentence = _("It can be restored.")
        self.delete = Command(self, _("Delete"), "Delete", sentence=sentence)
        self.undo = Command(self, _("Undo"), "Ctrl+Z")
        sentence = _(
            "Words of names, or keys with values, such as lr:0.001..0.01, acc:>98 or -data:mnist.",
        )
        self._search = Command(self, _("Search"), "Ctrl+F", self._begin_search, sentence=sentence)

    def _begin_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _build_top(self) -> QBoxLayout:
        self.search = QLineEdit()
        self.search.setObjectName("librarySearch")
        self.search.setPlaceholderText(_("Search"))
        self.search.setClearButtonEnabled(True)
        theme.follow(self, lambda: self.search.setMaximumWidth(theme.scaled(_SEARCH)))
        glass = self.search.addAction(icon("magnifying-glass"), QLineEdit.LeadingPosition)
        theme.follow(self, lambda: glass.setIcon(icon("magnifying-glass")))
        self._search.describe(self.search)
        rows = self.list.rows
        self.search.textChanged.connect(self._take_typed)
        _SearchCompleter(rows, self.search)
        Keys(self.search, self._act_on_key)
        self.search.returnPressed.connect(
            lambda: rows.take(typed(rows.choice, self.search.text(), is_done=True)),
        )
        open_button = push_button("openNetworkButton", _("Open a network"), "")
        sentence = _(
            "Open a trained network: a file of this program, or parameters that Lasagne's users "
            "saved with numpy.savez.",
        )
        self.open = Command(self, _("Open a network"), "Ctrl+O", sentence=sentence)
        self.open.serve(open_button)
        set_icon(open_button, "folder-open", Size.SMALL_ICON)
        close = icon_button("closeLibraryButton", "x", _("Close"), "", look="square")
        Command(self, _("Close the Library"), "Esc", self._close).serve(close)
        titles = column(
            label(_("Library"), "sure"),
            ElidedLabel(_("Every run and every network. Click one to open it."), "sentence"),
            gap=Size.TIGHT,
        )
        return row((titles, 3), (self.search, 2), open_button, close)

    def _take_typed(self, text: str) -> None:
        rows = self.list.rows
        if text != rows.choice.search:
            rows.take(typed(rows.choice, text))

    def _act_on_key(self, event: QKeyEvent) -> Callable[[], object] | None:
        chips = self.list.rows.choice.chips
        if event.key() != Qt.Key_Backspace or self.search.text() or not chips:
            return None
        return partial(self._remove_chip, chips[-1])

    def _close(self) -> None:
        """Clear the search, where the keyboard is there, or what is ticked; else leave."""
        rows = self.list.rows
        if self.search.hasFocus() and rows.choice.terms:
            rows.choose(search="", chips=())
        elif rows.ticked():
            rows.choose(ticked=())
        else:
            self.close_requested.emit()

    def _build_body(self) -> QBoxLayout:
        card = Card()
        pad = Size.CARD_PADDING
        card.body.setContentsMargins(1, pad - Size.GRID, 1, pad - Size.GRID)
        margins = (pad, 0, pad, 0)
        self.found = label("", "muted", name="foundLabel")
        heading = label(_("YOURS"), "heading")
        self._chips: dict[str, ElidedButton] = {}
        self._chip_row = row(gap=Size.GRID)
        card.body.addLayout(
            row(
                heading,
                self.found,
                self._chip_row,
                1,
                self._build_order(),
                self.bin,
                margins=margins,
            ),
        )
        card.body.addWidget(self._build_empty())
        card.body.addWidget(self.list, 1)
        card.body.addWidget(self._build_foot(margins))
        differing = Card()
        self.equal = QCheckBox(_("show what is the same, too"))
        self.equal.setObjectName("equalCheckBox")
        explain(self.equal, self.equal.text())
        self.equal.toggled.connect(lambda on: self.list.rows.choose(shows_equal=on))
        head = FlowLayout()
        head.addWidget(label(_("What differs"), "title"))
        head.addWidget(self.equal)
        differing.body.addLayout(head)
        differing.body.addWidget(self.differences, 1)
        self._differing = differing
        self._compared = QWidget()
        self._right = column(
            (self.compare, 1),
            (differing, 1),
            gap=Size.CARD_GAP,
            owner=self._compared,
        )
        self._body = row((card, _SHARES[0]), (self._compared, _SHARES[1]), gap=Size.CARD_GAP)
        return self._body

    def _build_order(self) -> ComboBox:
        sentence = _("Sort order; choose the same one again to reverse it.")
        self.order = ComboBox("sortCombo", _("Order"), sentence, look="quiet")
        for sort in SORTS.values():
            self.order.addItem(sort.title)
        rows = self.list.rows
        self.order.activated.connect(
            lambda place: rows.take(sorted_by(rows.choice, list(SORTS)[place])),
        )
        return self.order

    def _build_foot(self, margins: tuple[int, int, int, int]) -> QWidget:
        """Build what can be done with all that is ticked."""
        self.ticked = label("", "body", name="tickedLabel")
        sentence = _("Write the figures of each epoch of all checked runs into one table.")
        self.export_button = push_button("exportTickedButton", _("Export…"), sentence)
        sentence = _("It can be restored.")
        self.delete_button = push_button("deleteTickedButton", _("Delete"), sentence)
        leave = ElidedLabel(_("Esc clears the selection"), "muted")
        self.foot = QWidget()
        row(
            self.ticked,
            self.export_button,
            self.delete_button,
            (leave, 1),
            gap=Size.CARD_GAP,
            margins=(margins[0], Size.GRID, margins[2], 0),
            owner=self.foot,
        )
        return self.foot

    def _build_empty(self) -> QWidget:
        """Build what is shown where the first run will be listed."""
        self.empty = QWidget()
        self.empty.setObjectName("emptyLibrary")
        self.train_button = button = push_button(
            "trainFirstButton",
            pgettext("tab", "Train"),
            look="primary",
        )
        words = label(_("Your first run appears here."), "muted")
        margins = (Size.MARGIN, Size.FIELD_GAP, Size.MARGIN, Size.FIELD_GAP)
        row(
            _PlaceholderCurve(),
            words,
            1,
            button,
            gap=Size.MARGIN,
            margins=margins,
            owner=self.empty,
        )
        return self.empty

    # -- what is shown

    def show_library(self, library: Library) -> None:
        self.list.rows.show_entries(library.entries)
        titles = dict(library.deleted)
        self.bin.show_deleted(list(titles), titles.__getitem__)
        self.bin.setText(_("Deleted ({count})", count=number(len(titles))))
        self.bin.setVisible(bool(titles))
        self._show_empty()

    def _show_empty(self) -> None:
        own = sum(not entry.is_shipped for entry in self.list.rows.entries)
        self.empty.setVisible(not own)
        self._show_choice()

    def _show_choice(self) -> None:
        """Show the choice, and the comparison that follows from it."""
        rows = self.list.rows
        choice = rows.choice
        for place, (name, sort) in enumerate(SORTS.items()):
            falls = sort.falls != (choice.is_turned and name == choice.sort)
            self.order.setItemText(place, f"{sort.title} {'↓' if falls else '↑'}")
        self.order.setCurrentIndex(list(SORTS).index(choice.sort))
        self._show_search()
        ticked = rows.ticked()
        self.foot.setVisible(bool(ticked))
        self.ticked.setText(counted("{count} selected", "{count} selected", len(ticked)))
        self.export_button.setEnabled(any(entry.run for entry in ticked))
        self.delete_button.setEnabled(any(not entry.is_shipped for entry in ticked))
        self.equal.setChecked(choice.shows_equal)
        self.differences.show_entries(ticked[:MAX_DRAWN], choice.shows_equal)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """Return what the list needs: the comparison goes below it in less room."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self.list.minimumSizeHint().width()), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _show_search(self) -> None:
        """Show what is typed, and a chip for each key with its value, which a click removes."""
        rows = self.list.rows
        choice = rows.choice
        if self.search.text() != choice.search:
            self.search.setText(choice.search)
        found, count = rows.count_found()
        of_all = _("{done} of {total}", done=number(found), total=number(count))
        self.found.setText(of_all if choice.terms else "")
        for chip in self._chips.keys() - set(choice.chips):
            button = self._chips.pop(chip)
            button.hide()
            button.deleteLater()
        for chip in choice.chips:
            if chip not in self._chips:
                self._chips[chip] = button = ElidedButton(f"{chip} ×", "chip", "searchChip")
                explain(button, _("Remove {name}", name=chip))
                # By keyboard, Backspace removes the last one.
                button.setFocusPolicy(Qt.NoFocus)
                button.clicked.connect(partial(self._remove_chip, chip))
                self._chip_row.addWidget(button)

    def _remove_chip(self, chip: str) -> None:
        rows = self.list.rows
        rows.choose(chips=tuple(one for one in rows.choice.chips if one != chip))
        self.search.setFocus()

    def _arrange(self) -> None:
        """Put the comparison next to the list, or below it once two entries are ticked."""
        beside = self.width() >= theme.scaled(_BESIDE)
        several = len(self.list.rows.ticked()) > 1
        self._body.setDirection(QBoxLayout.LeftToRight if beside else QBoxLayout.TopToBottom)
        self._right.setDirection(QBoxLayout.TopToBottom if beside else QBoxLayout.LeftToRight)
        for place, share in enumerate(_SHARES if beside else _BELOW_SHARES):
            self._body.setStretch(place, share)
        self._differing.setVisible(several)
        self._compared.setVisible(beside or several)


class _PlaceholderCurve(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(*CURVE_SIZE))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setPen(QPen(theme.color("edge"), 2, Qt.DotLine))
        painter.drawPolyline(QPolygonF(curve_points(_USUAL, QRectF(self.rect()))))
