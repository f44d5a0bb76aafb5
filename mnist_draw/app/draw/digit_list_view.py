"""All taught digits, in the place of the answer: look at them, put them right, learn them."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QEvent, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.app.draw.digit_table import DigitRow, DigitTable, DigitTableModel
from mnist_draw.app.draw.learn_card import LearnCard
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.flow_layout import FlowLayout
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import (
    BinButton,
    Card,
    ComboBox,
    explain,
    label,
    push_button,
    takes_key,
)

#: Room for one digit and the menu's caret, in logical pixels.
_LABEL_WIDTH = 68


class DigitListView(QWidget):
    """The list of taught digits and what can be done with them."""

    closed = pyqtSignal()
    open_requested = pyqtSignal(DigitRow)
    relabel_requested = pyqtSignal(list, int)
    delete_requested = pyqtSignal(list)
    export_requested = pyqtSignal(str)
    folder_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("myDigitsView")
        self.setAccessibleName("My digits")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.CARD_GAP)
        column.addLayout(self._build_top())
        self.learning = LearnCard()
        column.addWidget(self.learning)
        column.addWidget(self._build_list(), 1)
        self._show_choice()

    def _build_top(self) -> FlowLayout:
        row = FlowLayout()
        self.title = label("My digits", "title", "myDigitsTitle")
        row.addWidget(self.title)
        self.note = label("", "muted", "myDigitsNote")
        self.note.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Preferred)
        row.addWidget(self.note)
        self._build_export()
        row.addWidget(self.export_button)
        row.addWidget(self.folder_button)
        self.bin = BinButton("bringBackDigitButton", "digits")
        self.bin.setProperty("look", "link")
        row.addWidget(self.bin)
        self.close_button = push_button(
            "closeMyDigitsButton",
            "Back to the answer",
            "Show what the network says again.",
            "Esc",
            "link",
        )
        self.close_button.clicked.connect(self.closed)
        row.addWidget(self.close_button)
        return row

    def _build_export(self) -> None:
        self.export_button = push_button(
            "exportDigitsButton", "Export", "Save all your digits for other programs."
        )
        menu = QMenu(self.export_button)
        for kind, text in (
            ("idx", "As a data set (IDX, as MNIST has it) …"),
            ("csv", "As a table (CSV, a row of 784 pixels each) …"),
        ):
            menu.addAction(text).triggered.connect(
                lambda _, kind=kind: self.export_requested.emit(kind)
            )
        self.export_button.setMenu(menu)
        self.folder_button = push_button(
            "digitsFolderButton", "Folder", "Show the folder where your digits lie as pictures."
        )
        self.folder_button.clicked.connect(self.folder_requested)
        for button in (self.export_button, self.folder_button):
            button.setProperty("look", "link")

    def _build_list(self) -> Card:
        card = Card()
        self.model = DigitTableModel(self)
        self.table = DigitTable(self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_choice())
        self.table.label_typed.connect(self._relabel)
        self.table.delete_requested.connect(self._delete)
        self.table.open_requested.connect(self._open)
        card.body.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.setSpacing(Size.FIELD_GAP)
        caption = label("It is a", "muted")
        row.addWidget(caption)
        self.label_combo = ComboBox()
        self.label_combo.setObjectName("digitLabelCombo")
        self.label_combo.addItems([str(digit) for digit in range(10)])
        explain(
            self.label_combo,
            "Label",
            "Change the label of the chosen digits.",
            "0 to 9 in the list",
        )
        caption.setBuddy(self.label_combo)
        self.label_combo.activated.connect(self._relabel)
        self.label_combo.setFixedWidth(round(_LABEL_WIDTH * theme.text_scale()))
        row.addWidget(self.label_combo)
        self.open_button = push_button(
            "openDigitButton",
            "Open on the board",
            "Put the chosen digit on the board; what is there can be brought back with Undo.",
            "Enter",
        )
        self.open_button.clicked.connect(self._open)
        self.delete_button = push_button(
            "deleteDigitsButton", "Delete", "Delete the chosen digits; can be undone.", "Delete"
        )
        self.delete_button.clicked.connect(self._delete)
        row.addWidget(self.open_button)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        card.body.addLayout(row)
        return card

    # -- what is shown

    def show_rows(self, rows: Sequence[DigitRow]) -> None:
        """Show all digits, the newest first; the choice stays near where it was."""
        before = self.table.chosen()
        self.model.show_rows(rows)
        count = len(rows)
        self.note.setText(
            f"{count:,} {'digit' if count == 1 else 'digits'}" if count else "none yet"
        )
        self.export_button.setEnabled(bool(count))
        self.learning.show_count(count)
        if count:
            self.table.selectRow(min(before[0], count - 1) if before else 0)
        self._show_choice()

    def _show_choice(self) -> None:
        chosen = self.table.chosen()
        self.label_combo.setEnabled(bool(chosen))
        self.delete_button.setEnabled(bool(chosen))
        self.open_button.setEnabled(len(chosen) == 1)
        if chosen:
            self.label_combo.setCurrentIndex(self.model.rows[chosen[0]].digit.label)

    # -- what the user does

    def _chosen(self) -> list[DigitRow]:
        return [self.model.rows[number] for number in self.table.chosen()]

    def _open(self) -> None:
        chosen = self._chosen()
        if len(chosen) == 1:
            self.open_requested.emit(chosen[0])

    def _relabel(self, digit: int) -> None:
        rows = [row for row in self._chosen() if row.digit.label != digit]
        if rows:
            self.relabel_requested.emit(rows, digit)

    def _delete(self) -> None:
        chosen = self._chosen()
        if chosen:
            self.delete_requested.emit(chosen)

    def event(self, event: QEvent) -> bool:
        # Here the key means the list, whatever it means in the tab.
        return takes_key(event, lambda key: key.key() == Qt.Key_Escape) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
