"""A network as a list of layers: added, changed, moved and removed by mouse and keys.

What is shown follows from `LayerList.entries`, a list of texts as `mnist_draw.networks.layer_text`
describes them. While entries do not fit each other, `text` stays the last that did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QFocusEvent, QGuiApplication, QKeyEvent
from qtpy.QtWidgets import QFrame, QWidget

from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.layout import column
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Keys, explain, push_button
from mnist_draw.app.train.layer_row import KINDS, LayerRow, as_sentence, kind_of
from mnist_draw.i18n import _
from mnist_draw.networks.layer_text import (
    MAX_LAYERS,
    EntryFigures,
    entries_of,
    figures_of,
    read_layers,
    text_of,
)
from mnist_draw.networks.operations import CLASSES, NetworkLayer

notifier = Notifier("layers", "train")
#: What begins the text of a network of one's own layers.
_OWN = "layers:"
#: Undo goes back as many steps.
_MOST_UNDONE = 50


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
        self.rows: list[LayerRow] = []
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
                "Up and Down choose a layer; with Alt they move it. Enter goes to its "
                "fields, Delete removes it, Insert adds one, Ctrl+D duplicates it, "
                "Ctrl+Z undoes a step.",
            ),
        )
        Keys(self, self._meaning)
        self._mark = QFrame(self)
        self._mark.setProperty("look", "insertion")
        self._mark.hide()
        self._rows = column(gap=0, owner=self)
        menu = Menu(self)
        for kind, (title, _entry) in KINDS.items():
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
        usual = KINDS[kind][1]
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
            notifier.problem(as_sentence(str(error)))
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

    def _row(self, place: int) -> LayerRow:
        made = LayerRow(self.entries[place], place + 1)
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
