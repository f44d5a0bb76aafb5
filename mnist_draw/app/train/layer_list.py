"""A network as a list of layers: added, changed, moved and removed by mouse and keys.

What is shown follows from `LayerList.entries`, a list of texts as `mnist_draw.networks.layer_text`
describes them. While entries do not fit each other, `text` stays the last that did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QFocusEvent, QGuiApplication, QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QFrame, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button, set_icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, Keys, explain, label, push_button, set_look
from mnist_draw.i18n import _, joined, number, percent_sign
from mnist_draw.networks.layer_text import (
    MAX_FILTERS,
    MAX_LAYERS,
    MAX_UNITS,
    EntryFigures,
    as_share,
    entries_of,
    entry_of,
    figures_of,
    read_entry,
    read_layers,
    text_of,
)
from mnist_draw.networks.operations import (
    ACTIVATION_TITLES,
    CLASSES,
    MEANINGS,
    Convolution,
    Dense,
    Dropout,
    MaxPooling,
    NetworkLayer,
)

notifier = Notifier("layers", "train")
#: What begins the text of a network of one's own layers.
_OWN = "layers:"
#: What *Add a layer* offers, with an entry of each kind.
_KINDS = {
    "convolution": (_("Convolution"), "conv32x5"),
    "pooling": (_("Max pooling"), "pool2"),
    "normalization": (_("Batch normalization"), "norm"),
    "dense": (_("Dense"), "300"),
    "dropout": (_("Dropout"), "/0.4"),
}
#: Sides of filters and of squares that the menus offer.
_FILTER_SIDES = (1, 3, 5, 7)
_SQUARE_SIDES = (2, 3)
#: The largest dropout that fields take, in percent: without any value nothing is learned.
_MOST_DROPPED = 99.9
#: Undo goes back as many steps.
_MOST_UNDONE = 50
#: Widths of the columns, and of the fields of numbers and menus.
_GIVES = 92
_WEIGHTS = 76
_END = 22
_HANDLE = 24
_NUMBER = 58
_MENU = 66
_WIDE_MENU = 108


def share_box(share: float) -> RealBox:
    """Return a box for a dropout share, shown in percent."""
    box = RealBox(0.0, _MOST_DROPPED, 15, percent_sign())
    box.setValue(100 * share)
    return box


def share_of(box: RealBox) -> float:
    """Return the share in a box; rounded, because 7 / 100 is not 0.07 to the last bit."""
    return float(f"{box.value() / 100:.15g}")


def _layer_of(entry: str) -> NetworkLayer | None:
    """Return the layer of an entry; None for a normalization, which belongs to one above."""
    if entry == "norm":
        return None
    return Dropout(as_share(entry[1:])) if entry.startswith("/") else read_entry(entry)


def kind_of(entry: str) -> str:
    """Return which of the kinds an entry is."""
    match _layer_of(entry):
        case None:
            return "normalization"
        case Convolution():
            return "convolution"
        case MaxPooling():
            return "pooling"
        case Dense():
            return "dense"
    return "dropout"


def title_of_entry(entry: str) -> str:
    return _KINDS[kind_of(entry)][0]


def _sentence(error: str) -> str:
    """Return what is wrong with an entry as a sentence."""
    return f"{error[:1].upper()}{error[1:]}."


def format_shape(shape: Sequence[int]) -> str:
    return "×".join(map(number, shape))


class LayerLine(QFrame):
    """A line of the list: its name, what it gives and its weights, each in its column."""

    def __init__(self, title: str, note: str = "", end: QWidget | None = None) -> None:
        super().__init__()
        self.dot = label("●", "accent")
        self.dot.hide()
        self.gives = label("", "muted")
        self.weights = label("", "muted")
        for figure in (self.gives, self.weights):
            figure.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._end = end or QWidget()
        name = row(
            self.dot,
            label(title, "layer name"),
            (ElidedLabel(note, "muted"), 1),
            gap=Size.TIGHT,
        )
        row((name, 1), self.gives, self.weights, self._end, gap=0, owner=self)
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        for part, wide in ((self.gives, _GIVES), (self.weights, _WEIGHTS), (self._end, _END)):
            part.setFixedWidth(theme.scaled(wide))

    def show_figures(self, figures: EntryFigures | None) -> None:
        """Show what the layer gives; None where it cannot be."""
        self.gives.setText(format_shape(figures.shape) if figures else "–")
        self.weights.setText(number(figures.weights) if figures and figures.weights else "–")


class _Row(QFrame):
    """One layer: its line, its fields, and what is wrong with it."""

    #: The entry that its fields say now.
    edited = Signal(str)
    removed = Signal()
    chosen = Signal()
    #: The keyboard goes from its fields back to the list.
    left = Signal()
    #: Dragged to a height in pixels, and whether the mouse is released there.
    dragged = Signal(int, bool)

    def __init__(self, entry: str, place: int) -> None:
        super().__init__()
        self._layer = _layer_of(entry)
        self.setProperty("look", "layer")
        self._title = title_of_entry(entry)
        self._place = place
        title = _("Remove, layer {number}", number=place)
        self.remove_button = icon_button(
            f"layer{place}RemoveButton",
            "x",
            title,
            shortcut="Delete",
        )
        self.remove_button.setFocusPolicy(Qt.ClickFocus)
        self.remove_button.clicked.connect(self.removed)
        self.line = LayerLine(self._title, end=self.remove_button)
        handle = icon_button("", "dots-six-vertical", look="inline")
        handle.setFocusPolicy(Qt.NoFocus)
        handle.setAttribute(Qt.WA_TransparentForMouseEvents)
        self._error = label("", "wrong", wraps=True)
        self._error.hide()
        self.fields: list[NumberBox | RealBox | ComboBox] = []
        self._line = row(gap=Size.TIGHT)
        self._add_fields()
        self._line.addStretch(1)
        lines = column(self.line, self._line, self._error, gap=1)
        row(handle, (lines, 1), gap=Size.TIGHT, margins=(0, 0, 0, 2), owner=self)
        for field in self.fields:
            # The list is one stop of the Tab key; Enter leads into the fields.
            field.setFocusPolicy(Qt.ClickFocus)
            field.installEventFilter(self)

    def _add_fields(self) -> None:
        match self._layer:
            case Convolution() as layer:
                self._add_count("filters", layer.filters, MAX_FILTERS)
                self._say(_("filters of"))
                self._add_side(layer.side, _FILTER_SIDES)
                self._add_activation(layer.activation)
            case MaxPooling() as layer:
                self._add_side(layer.side, _SQUARE_SIDES)
                self._say(_("keeps the largest of each square"))
            case Dense() as layer:
                self._add_count("units", layer.units, MAX_UNITS)
                self._say(_("units"))
                self._add_activation(layer.activation)
            case Dropout() as layer:
                box = share_box(layer.share)
                box.valueChanged.connect(lambda: self._edit("share", share_of(box)))
                self._add(box, "DropoutSpinBox", _("Dropout"), _NUMBER)
                self._say(_("of the values, in training only"))

    def _add(
        self,
        field: NumberBox | RealBox | ComboBox,
        ending: str,
        title: str,
        wide: int,
    ) -> None:
        field.setObjectName(f"layer{self._place}{ending}")
        explain(field, title)
        theme.follow(field, lambda: field.setFixedWidth(theme.scaled(wide)))
        self.fields.append(field)
        self._line.addWidget(field)

    def _say(self, words: str) -> None:
        self._line.addWidget(label(words, "muted"))

    def _add_count(self, part: str, count: int, most: int) -> None:
        box = NumberBox(1, most)
        box.setValue(count)
        box.valueChanged.connect(lambda: self._edit(part, box.value()))
        self._add(box, f"{part.title()}SpinBox", _("Units or filters"), _NUMBER)

    def _add_menu(
        self,
        part: str,
        chosen: object,
        offered: Mapping[Any, str],
        ending: str,
        title: str,
        wide: int,
    ) -> ComboBox:
        menu = ComboBox()
        for value, words in offered.items():
            menu.addItem(words, value)
        menu.setCurrentIndex(menu.findData(chosen))
        menu.currentIndexChanged.connect(lambda: self._edit(part, menu.currentData()))
        self._add(menu, ending, title, wide)
        return menu

    def _add_side(self, side: int, offered: Sequence[int]) -> None:
        titles = {one: f"{one}×{one}" for one in sorted({*offered, side})}
        self._add_menu("side", side, titles, "SizeCombo", _("Size"), _MENU)

    def _add_activation(self, activation: str) -> None:
        title = _("Activation")
        menu = self._add_menu(
            "activation",
            activation,
            ACTIVATION_TITLES,
            "ActivationCombo",
            title,
            _WIDE_MENU,
        )
        for place, name in enumerate(ACTIVATION_TITLES):
            menu.setItemData(place, MEANINGS[name], Qt.ToolTipRole)

    def _edit(self, part: str, value: Any) -> None:
        assert self._layer is not None
        self._layer = replace(self._layer, **{part: value})
        self.edited.emit(entry_of(self._layer))

    def show_figures(self, figures: EntryFigures | None, error: str, of: int) -> None:
        """Show what the layer gives, or why it cannot be."""
        self.line.show_figures(figures)
        self._error.setText(f"⚠ {_sentence(error)}" if error else "")
        self._error.setVisible(bool(error))
        for field in self.fields:
            is_size = field.objectName().endswith("SizeCombo")
            set_look(field, "wrong" if error and is_size else "")
        place = _(
            "{title}, layer {number} of {count}",
            title=self._title,
            number=self._place,
            count=of,
        )
        shape = self.line.gives.text()
        said = _("gives {shape}, {weights} weights", shape=shape, weights=self.line.weights.text())
        self.setAccessibleName(joined(place, said, error))

    def show_chosen(self, is_chosen: bool, has_keyboard: bool) -> None:
        look = "layer_keyboard" if has_keyboard else "layer_chosen"
        set_look(self, look if is_chosen else "layer")

    def enter(self) -> None:
        """Lead the keyboard into the first field."""
        if self.fields:
            self.fields[0].setFocus(Qt.TabFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.FocusIn:
            self.chosen.emit()
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.KeyPress:
            return False
        if event.key() not in (Qt.Key_Tab, Qt.Key_Backtab):
            return False
        # The Tab key goes on in this row, then back to the list.
        step = 1 if event.key() == Qt.Key_Tab else -1
        place = [field is watched for field in self.fields].index(True) + step
        if 0 <= place < len(self.fields):
            self.fields[place].setFocus(Qt.TabFocusReason)
        else:
            self.left.emit()
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit()
        self.parentWidget().setFocus(Qt.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self.setCursor(Qt.ClosedHandCursor)
            self.dragged.emit(self.mapToParent(event.pos()).y(), False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.unsetCursor()
        self.dragged.emit(self.mapToParent(event.pos()).y(), True)


class LayerList(QWidget):
    """The layers from the picture to the answer, without it; ``changed`` comes with each change."""

    changed = Signal()
    #: The figures are others.
    shown = Signal()
    #: The row in front, from 0.
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        #: One for each row.
        self.entries: list[str] = []
        self.rows: list[_Row] = []
        #: The text of the last entries that fit each other.
        self.text = ""
        #: What the entries give that fit each other.
        self.figures: list[EntryFigures] = []
        #: The outputs that the data set asks for.
        self.classes = CLASSES
        #: The place of the layer that cannot be, from 0, and why.
        self.error: tuple[int, str] | None = None
        #: The entries that these were changed from.
        self._base: list[str] = []
        self._chosen = 0
        self._before: list[list[str]] = []
        self.setObjectName("layerList")
        self.setFocusPolicy(Qt.StrongFocus)
        # The chosen row has it.
        self.setProperty("ring", False)
        explain(
            self,
            _("Layers, from the picture to the answer"),
            _(
                "Up and Down choose a layer, Alt with them moves it, Enter leads into its fields, "
                "Delete removes it, Insert adds one, Ctrl+D doubles it, Ctrl+Z takes a step back.",
            ),
        )
        Keys(self, self._meaning)
        self._mark = QFrame(self)
        self._mark.setProperty("look", "insertion")
        self._mark.hide()
        self._rows = column(gap=0, owner=self)
        menu = Menu(self)
        for kind, (title, _entry) in _KINDS.items():
            action = menu.addAction(title)
            action.setObjectName(f"{kind}LayerAction")
            action.triggered.connect(lambda _checked, kind=kind: self.add(kind))
        sentence = _("Add a layer below the chosen one; at most {most}.", most=MAX_LAYERS)
        #: Placed by the page.
        self.add_button = push_button("addLayerButton", _("Add a layer"), sentence, "Insert")
        set_icon(self.add_button, "plus", Size.SMALL_ICON)
        self.add_button.setMenu(menu)

    def show_layers(self, layers: Sequence[NetworkLayer]) -> None:
        """Show layers that can be; nothing can be taken back."""
        entries = entries_of(layers)
        if entries != self.entries or not self.rows:
            self._before = []
            self._set(entries, 0)

    def show_base(self, layers: Sequence[NetworkLayer]) -> None:
        """Mark what differs from other layers."""
        self._base = entries_of(layers)
        self._follow()

    def show_classes(self, count: int) -> None:
        self.classes = count
        self.shown.emit()

    @property
    def network(self) -> str:
        """The text of a network of these layers."""
        return f"{_OWN}{self.text}"

    @property
    def differing(self) -> list[tuple[range, range]]:
        """The places of the entries that were changed, and of those before."""
        matcher = SequenceMatcher(None, self._base, self.entries, autojunk=False)
        return [
            (range(first, end), range(before, until))
            for tag, before, until, first, end in matcher.get_opcodes()
            if tag != "equal"
        ]

    # -- changing

    def add(self, kind: str) -> None:
        """Add a layer below the chosen one, with the values of the last of its kind."""
        usual = _KINDS[kind][1]
        entry = next((one for one in reversed(self.entries) if kind_of(one) == kind), usual)
        place = self._chosen + 1 if self.entries else 0
        self._change([*self.entries[:place], entry, *self.entries[place:]], place)

    def remove(self, place: int) -> None:
        left = [*self.entries[:place], *self.entries[place + 1 :]]
        self._change(left, min(place, len(left) - 1))

    def move_layer(self, place: int, to: int) -> None:
        """Move a layer to another place, both from 0."""
        if to == place or not 0 <= to < len(self.entries):
            return
        left = [*self.entries[:place], *self.entries[place + 1 :]]
        self._change([*left[:to], self.entries[place], *left[to:]], to)

    def double(self) -> None:
        place = self._chosen
        self._change([*self.entries[: place + 1], *self.entries[place:]], place + 1)

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def replace(self, entries: list[str]) -> None:
        self._change(entries, 0)

    def undo(self) -> None:
        entries = self._before.pop()
        self._set(entries, min(self._chosen, len(entries) - 1))
        self.changed.emit()

    def paste(self) -> None:
        """Replace the list by a text on the clipboard, if it is one."""
        text = QGuiApplication.clipboard().text().strip().removeprefix(_OWN)
        if not text:
            return
        try:
            entries = entries_of(read_layers(text))
        except ValueError as error:
            notifier.problem(_sentence(str(error)))
            return
        self.replace(entries)

    def _change(self, entries: list[str], chosen: int) -> None:
        self._remember()
        self._set(entries, chosen)
        self.setFocus(Qt.OtherFocusReason)
        self.changed.emit()

    def _remember(self) -> None:
        self._before = [*self._before, list(self.entries)][-_MOST_UNDONE:]

    def _edit(self, place: int, entry: str) -> None:
        self._remember()
        self.entries[place] = entry
        self._follow()
        self.changed.emit()

    # -- showing

    def _set(self, entries: list[str], chosen: int) -> None:
        self.entries = list(entries)
        for old in self.rows:
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = [self._row(place) for place in range(len(entries))]
        self._follow()
        self.choose(max(0, chosen))

    def _row(self, place: int) -> _Row:
        made = _Row(self.entries[place], place + 1)
        made.edited.connect(lambda entry: self._edit(place, entry))
        made.removed.connect(lambda: self.remove(place))
        made.chosen.connect(lambda: self.choose(place))
        made.left.connect(self._return)
        made.dragged.connect(lambda y, is_end: self._drag(place, y, is_end))
        self._rows.addWidget(made)
        return made

    def _follow(self) -> None:
        """Show the figures of the entries, and take their text if they fit."""
        self.figures, error = figures_of(self.entries)
        fit = len(self.figures)
        self.error = (fit, error) if error else None
        changed = {place for places, __ in self.differing for place in places}
        for place, shown in enumerate(self.rows):
            known = self.figures[place] if place < fit else None
            shown.show_figures(known, error if place == fit else "", len(self.rows))
            shown.line.dot.setVisible(place in changed)
        if not error:
            self.text = text_of(read_layers(",".join(self.entries)))
        self.shown.emit()

    def choose(self, place: int) -> None:
        self._chosen = place
        for other, shown in enumerate(self.rows):
            shown.show_chosen(other == place, self.hasFocus())
        if place < len(self.rows):
            self.setAccessibleDescription(self.rows[place].accessibleName())
        self.chosen.emit(place)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_keyboard(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_keyboard(False)

    def _show_keyboard(self, is_here: bool) -> None:
        if self._chosen < len(self.rows):
            self.rows[self._chosen].show_chosen(True, is_here)

    def _drag(self, place: int, y: int, is_end: bool) -> None:
        """Mark the gap at a height, or move a layer there."""
        middles = [shown.y() + shown.height() // 2 for shown in self.rows]
        gap = sum(middle < y for middle in middles)
        to = gap - 1 if gap > place else gap
        is_elsewhere = to != place
        top = self.rows[gap].y() if gap < len(self.rows) else self.height() - 2
        self._mark.setGeometry(0, max(0, top - 1), self.width(), 2)
        self._mark.setVisible(is_elsewhere and not is_end)
        self._mark.raise_()
        if is_end and is_elsewhere:
            self.move_layer(place, to)

    # -- keys

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        is_in_field = self.rows and self.window().focusWidget() in self.rows[self._chosen].fields
        if is_in_field:
            return self._return if event.key() == Qt.Key_Escape else None
        alt = bool(event.modifiers() & Qt.AltModifier)
        control = bool(event.modifiers() & Qt.ControlModifier)
        place = self._chosen
        plain: dict[int, Callable[[], object]] = {
            Qt.Key_Up: lambda: self.choose(max(0, place - 1)),
            Qt.Key_Down: lambda: self.choose(min(len(self.rows) - 1, place + 1)),
            Qt.Key_Home: lambda: self.choose(0),
            Qt.Key_End: lambda: self.choose(len(self.rows) - 1),
            Qt.Key_Insert: self.add_button.showMenu,
            Qt.Key_Delete: lambda: self.remove(place),
            Qt.Key_Return: lambda: self.rows[place].enter(),
            Qt.Key_Enter: lambda: self.rows[place].enter(),
        }
        if alt and event.key() in (Qt.Key_Up, Qt.Key_Down):
            return lambda: self.move_layer(place, place + (1 if event.key() == Qt.Key_Down else -1))
        if control:
            chords: dict[int, Callable[[], object]] = {
                Qt.Key_D: self.double,
                Qt.Key_V: self.paste,
            }
            found = chords.get(event.key())
        else:
            found = plain.get(event.key())
        needs_a_row = event.key() not in (Qt.Key_Insert, Qt.Key_V)
        return None if needs_a_row and not self.rows else found

    def _return(self) -> None:
        """Lead the keyboard from a field back to the list."""
        self.setFocus(Qt.OtherFocusReason)
