"""The bar above the sections, and its menu: copy, save or read what a section shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from qtpy.QtCore import QBuffer, QByteArray, QIODevice, Qt
from qtpy.QtGui import QGuiApplication, QPainter
from qtpy.QtWidgets import (
    QAbstractScrollArea,
    QDialog,
    QMenu,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QWidget,
)

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.section import Section
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button, set_icon
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.files import ask_save, file_kind
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.painters import png_bytes
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Switch, copy_table, explain, push_button, style_table
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.storage.atomic import write_atomically

#: Height of a row in pixels, at the usual size of text.
_ROW = 26


class TableView(QTableWidget):
    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title)
        self.setSelectionBehavior(QTableWidget.SelectRows)
        self.verticalHeader().hide()
        theme.follow(self, lambda: style_table(self, theme.scaled(_ROW)))

    def show_table(self, table: Table) -> None:
        self.setColumnCount(len(table.headings))
        self.setHorizontalHeaderLabels(table.headings)
        self.setRowCount(len(table.rows))
        for line, cells in enumerate(table.rows):
            for place, text in enumerate(cells):
                self.setItem(line, place, QTableWidgetItem(text))
        self.resizeColumnsToContents()
        self.scrollToTop()


def open_table(table: Table, parent: QWidget, name: str) -> None:
    """Show a table in a window of its own."""
    window = QDialog(parent)
    window.setWindowTitle(table.title)
    window.setAttribute(Qt.WA_DeleteOnClose)
    view = TableView(name, table.title)
    view.show_table(table)
    column(view, margins=(9, 9, 9, 9), owner=window)
    window.resize(640, 480)
    window.show()


notifier = Notifier("inside", "inside")

#: Name and sentence of the switch of both depths, and of the guide's button.
ALL_DETAILS = (
    _("All details"),
    _("Show every figure, weight and formula, or only the essentials."),
)


class InsideBar(QWidget):
    def __init__(self, sections: Sequence[type[Section]], menu: QMenu) -> None:
        super().__init__()
        self.question = ElidedLabel("", "sentence", "insideQuestion")
        # As high as the bar: messages are shown in its place.
        self.question.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        self.details = Switch(ALL_DETAILS[0])
        self.details.setObjectName("allDetailsSwitch")
        self.guide = push_button("guideButton", _("Guide"))
        self.guide.setCheckable(True)
        set_icon(self.guide, "book-open", Size.SMALL_ICON)
        self._menu = icon_button(
            "insideMenu",
            "dots-three-vertical",
            _("Copy and save"),
            look="flat",
        )
        self._menu.setMenu(menu)
        self._menu.setPopupMode(QToolButton.InstantPopup)
        control = SegmentedControl("insideSections", [section.title for section in sections])
        control.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self.buttons = control.group
        for section, button in zip(sections, control.buttons, strict=True):
            button.setObjectName(f"{section.name}SectionButton")
        flow = FlowLayout()
        beside = QWidget()
        row((self.question, 1), self.details, self.guide, self._menu, owner=beside)
        beside.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        flow.addWidget(control)
        flow.addWidget(beside)
        self.setLayout(flow)


_PENDING = _(
    "What this section shows is still being computed. Nothing was copied or saved; try again in a "
    "moment.",
)
_CUT = _("Parts scrolled out of view are missing.")
_FILTERS = {
    ".png": file_kind(_("Picture"), ".png"),
    ".svg": file_kind(_("Drawing"), ".svg"),
    ".csv": file_kind(_("Table"), ".csv"),
}


class ViewMenu(QMenu):
    def __init__(self, section: Callable[[], Section], parent: QWidget) -> None:
        super().__init__(parent)
        self._section = section
        self.addAction(_("Copy as a picture"), self._copy_picture)
        self.addAction(_("Copy as a table"), self._copy_table)
        self.addSeparator()
        self.addAction(_("Save as a picture (PNG)…"), partial(self._save, ".png"))
        self.addAction(_("Save as a drawing (SVG)…"), partial(self._save, ".svg"))
        self.addAction(_("Save as a table (CSV)…"), partial(self._save, ".csv"))
        self.addSeparator()
        self.addAction(_("As a table"), self.show_table)

    def _report_pending(self) -> bool:
        pending = self._section().is_pending()
        if pending:
            notifier.problem(_PENDING)
        return pending

    def _copy_picture(self) -> None:
        if not self._report_pending():
            QGuiApplication.clipboard().setPixmap(self._section().grab())
            notifier.message(self._with_cut(_("Copied.")))

    def _with_cut(self, sentence: str) -> str:
        """Add to a sentence what a picture lacks, where something scrolls."""
        areas = self._section().findChildren(QAbstractScrollArea)
        cut = any(area.isVisible() and area.verticalScrollBar().maximum() for area in areas)
        return joined(sentence, _CUT) if cut else sentence

    def _copy_table(self) -> None:
        table = self._section().table()
        copy_table(table.headings, *table.rows)
        notifier.message(_("Copied."))

    def _save(self, suffix: str) -> None:
        if self._report_pending():
            return
        title = self._section().table().title.lower()
        name = "".join(letter if letter.isalnum() else "-" for letter in title)
        path = ask_save(self.window(), _("Save the view"), f"{name}{suffix}", _FILTERS[suffix])
        if path:
            self.save_to(Path(path), suffix)

    def save_to(self, path: Path, suffix: str) -> None:
        section = self._section()
        sentence = _("Saved {path}.", path=path)
        if suffix == ".csv":
            content = section.table().to_csv().encode("utf-8")
        else:
            sentence = self._with_cut(sentence)
            content = _widget_svg(section) if suffix == ".svg" else png_bytes(section.grab())
        try:
            write_atomically(path, content)
        except UserError as error:
            notifier.problem(str(error))
        else:
            notifier.message(sentence)

    def show_table(self) -> None:
        open_table(self._section().table(), self.parentWidget(), "viewTable")


def _widget_svg(widget: QWidget) -> bytes:
    # A library of its own, not needed at the start.
    from qtpy.QtSvg import QSvgGenerator

    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    painter = QPainter(generator)
    widget.render(painter)
    painter.end()
    return bytes(content)
