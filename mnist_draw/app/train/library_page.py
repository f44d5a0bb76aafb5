"""The Library, a page of Train: every run and every network, compared at the right."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PyQt5.QtWidgets import QBoxLayout, QLineEdit, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, icon, icon_button, set_icon
from mnist_draw.app.kit.controls import BinButton, Menu
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, label, push_button
from mnist_draw.app.train.library_compare import CompareCard, DifferencesTable
from mnist_draw.app.train.library_delegate import CURVE_SIZE, curve_points
from mnist_draw.app.train.library_rows import LibraryList
from mnist_draw.library.entries import Library

#: From this width on the comparison is beside the list, in pixels at the usual text size.
_BESIDE = 1180
_SEARCH = 200
#: Shares of the list and of what is compared.
_SHARES = (13, 8)
_BELOW_SHARES = (3, 4)
#: Accuracies of a usual run, for the curve that is not there yet.
_USUAL = (0.85, 0.93, 0.955, 0.967, 0.973, 0.977, 0.979, 0.98)


class LibraryPage(QWidget):
    """The list of entries, what can be done with them, and the comparison."""

    shown = pyqtSignal()
    close_requested = pyqtSignal()
    open_requested = pyqtSignal()
    train_requested = pyqtSignal()
    undo_requested = pyqtSignal()
    delete_requested = pyqtSignal(object)
    answers_at_once_chosen = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryPage")
        self.list = LibraryList()
        self.bin = BinButton("deletedButton", "runs and networks")
        self.bin.setProperty("look", "link")
        self.bin.hide()
        self.compare = CompareCard()
        self.differences = DifferencesTable()
        self._build_commands()
        column(self._build_top(), (self._build_body(), 1), gap=Size.CARD_GAP, owner=self)
        self.list.rows.ticked_changed.connect(self._arrange)
        self.list.rows.modelReset.connect(self._show_empty)
        self._arrange()

    def _build_commands(self) -> None:
        Command(self, "Rename", "Give the run or network another name.", "F2", self.list.edit_name)
        Command(
            self, "Delete", "Delete the run or network; this can be undone.", "Delete", self._delete
        )
        sentence = "Bring back what was deleted last."
        Command(self, "Undo", sentence, "Ctrl+Z", self.undo_requested.emit)
        sentence = "Find runs and networks by their names and settings."
        self._search = Command(self, "Search", sentence, "Ctrl+F", self._begin_search)

    def _delete(self) -> None:
        entry = self.list.current()
        if entry is not None:
            self.delete_requested.emit(entry)

    def _begin_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _build_top(self) -> QBoxLayout:
        self.search = QLineEdit()
        self.search.setObjectName("librarySearch")
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        theme.follow(self, lambda: self.search.setFixedWidth(theme.scaled(_SEARCH)))
        glass = self.search.addAction(icon("magnifying-glass"), QLineEdit.LeadingPosition)
        theme.follow(self, lambda: glass.setIcon(icon("magnifying-glass")))
        self._search.describe(self.search)
        self.search.textChanged.connect(self.list.rows.search)
        open_button = push_button("openNetworkButton", "Open a network", "")
        sentence = "Open a trained network: a file of this program, or parameters that Lasagne's "
        sentence += "users saved with numpy.savez."
        Command(self, "Open a network", sentence, "Ctrl+O", self.open_requested.emit).serve(
            open_button
        )
        set_icon(open_button, "folder-open", Size.SMALL_ICON)
        close = icon_button("closeLibraryButton", "x", "Close", "", look="square")
        sentence = "Go back to where you came from."
        Command(self, "Close the Library", sentence, "Esc", self._close).serve(close)
        titles = column(
            label("Library", "sure"),
            ElidedLabel("Every run and every network. Click one to open it.", "sentence"),
            gap=Size.TIGHT,
        )
        return row((titles, 3), (self.search, 2), open_button, self._build_menu(), close)

    def _close(self) -> None:
        """Clear the search, where the keyboard is there; else leave."""
        if self.search.hasFocus() and self.search.text():
            self.search.clear()
        else:
            self.close_requested.emit()

    def _build_menu(self) -> QToolButton:
        button = icon_button(
            "libraryMenu", "dots-three", "Library menu", "How the Library works.", look="square"
        )
        menu = Menu(button)
        self.answers_at_once = menu.addAction("New runs answer at once")
        self.answers_at_once.setCheckable(True)
        self.answers_at_once.setToolTip("Let a new run answer on Draw after its first epoch.")
        self.answers_at_once.triggered.connect(self.answers_at_once_chosen)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.InstantPopup)
        return button

    def _build_body(self) -> QBoxLayout:
        card = Card()
        pad = Size.CARD_PADDING
        card.body.setContentsMargins(1, pad - Size.GRID, 1, pad - Size.GRID)
        top = row(label("YOURS", "heading"), 1, self.bin, margins=(pad, 0, pad, 0))
        card.body.addLayout(top)
        self.empty = _EmptyRow()
        self.empty.button.clicked.connect(self.train_requested)
        card.body.addWidget(self.empty)
        card.body.addWidget(self.list, 1)
        differing = Card("What differs")
        differing.body.addWidget(self.differences, 1)
        self._differing = differing
        self._compared = QWidget()
        self._right = column(
            (self.compare, 1), (differing, 1), gap=Size.CARD_GAP, owner=self._compared
        )
        self._body = row((card, _SHARES[0]), (self._compared, _SHARES[1]), gap=Size.CARD_GAP)
        return self._body

    # -- what is shown

    def show_library(self, library: Library) -> None:
        """Show all entries, and what can come back."""
        self.list.rows.show_entries(library.entries)
        titles = dict(library.deleted)
        self.bin.show_deleted(list(titles), titles.__getitem__)
        self.bin.setText(f"Deleted ({len(titles)})")
        self.bin.setVisible(bool(titles))
        self._show_empty()

    def _show_empty(self) -> None:
        self.empty.setVisible(all(entry.is_shipped for entry in self.list.rows.entries))

    def minimumSizeHint(self) -> QSize:
        """Return what the list needs: the comparison beside it goes below it in less room."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self.list.minimumSizeHint().width()), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put the comparison beside the list, or below it once two entries are ticked."""
        beside = self.width() >= theme.scaled(_BESIDE)
        several = len(self.list.rows.ticked()) > 1
        self._body.setDirection(QBoxLayout.LeftToRight if beside else QBoxLayout.TopToBottom)
        self._right.setDirection(QBoxLayout.TopToBottom if beside else QBoxLayout.LeftToRight)
        for place, share in enumerate(_SHARES if beside else _BELOW_SHARES):
            self._body.setStretch(place, share)
        self._differing.setVisible(several)
        self._compared.setVisible(beside or several)

    def focus_first(self) -> None:
        """Focus the list."""
        self.list.setFocus()


class _EmptyRow(QWidget):
    """What is shown where the first run will be listed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("emptyLibrary")
        self.button = push_button(
            "trainFirstButton", "Train", "Choose what to train, and start.", look="primary"
        )
        words = label("Your first run will stand here.", "muted")
        ghost = _Ghost()
        margins = (Size.MARGIN, Size.FIELD_GAP, Size.MARGIN, Size.FIELD_GAP)
        row(ghost, words, 1, self.button, gap=Size.MARGIN, margins=margins, owner=self)


class _Ghost(QWidget):
    """A curve that is not there yet."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(*CURVE_SIZE))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(QPen(theme.colour("edge"), 2, Qt.DotLine))
        painter.drawPolyline(QPolygonF(curve_points(_USUAL, QRectF(self.rect()))))
