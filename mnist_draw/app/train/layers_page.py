"""The page of a network's layers: their list, with what it began as, its weights and its text."""

from __future__ import annotations

import math

from qtpy.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from qtpy.QtGui import QGuiApplication, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent
from qtpy.QtWidgets import QPlainTextEdit, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, icon_button, set_icon
from mnist_draw.app.kit.layout import column, row, scrolled
from mnist_draw.app.kit.painters import smooth_painter, write_elided, write_with
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button
from mnist_draw.app.train.layer_list import LayerList
from mnist_draw.app.train.layer_row import LayerLine, format_shape, title_of_entry
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.app.train.settings_form import SettingsForm
from mnist_draw.i18n import _, counted, number
from mnist_draw.networks import parse_network
from mnist_draw.networks.layer_text import EntryFigures
from mnist_draw.networks.operations import SIDE, Shape
from mnist_draw.training.presets import PRESETS

#: Bytes of a weight.
_FLOAT = 4
_PICTURE: Shape = (1, SIDE, SIDE)
#: Networks to begin with that no card has.
_MORE = ("deep_cnn",)
_HANDLE = 24
#: Letters of the longest title of a card.
_TITLE = 14
#: Width of a block, heights of all of them and of their card, and the most behind a block.
_BLOCK = 90
_FLOW = 92
_CARD = 166
_MOST_BEHIND = 4


class LayersPage(QWidget):
    """The page in the place of all settings; ``left`` leads back to them."""

    left = Signal()

    def __init__(self, form: SettingsForm) -> None:
        super().__init__()
        self.setObjectName("layersPage")
        self.setAccessibleName(_("Layers"))
        self.setProperty("look", "side")
        self.setAttribute(Qt.WA_StyledBackground)
        self._form = form
        fields = form.fields["network"].widget
        assert isinstance(fields, NetworkFields)
        self.fields = fields
        self.list = fields.list
        #: The network of the card.
        self._card = ""
        self.close_button = icon_button("closeLayersButton", "x", _("Close"), shortcut="F4")
        self._build()
        self.list.chosen.connect(self._scroll)
        self.list.shown.connect(self._show_total)
        form.follow(self, self._renew)
        theme.follow(self, self._fit)
        self._renew()

    def _build(self) -> None:
        back = push_button(
            "leaveLayersButton",
            _("All settings"),
            look="link",
            act=self.left.emit,
        )
        set_icon(back, "caret-left", Size.SMALL_ICON)
        undo_button = icon_button("undoLayersButton", "arrow-u-up-left")
        self.undo = Command(self, _("Undo"), "Ctrl+Z", self.list.undo)
        self.undo.setShortcutContext(Qt.WidgetWithChildrenShortcut)
        self.undo.serve(undo_button)
        self.begin = ComboBox("beginWithCombo", _("Begin with"))
        self.begin.setMinimumContentsLength(_TITLE)
        self.begin.activated.connect(
            lambda: self.fields.begin_with(parse_network(self.begin.currentData())),
        )
        self._count = label("", "accent", "layersChanged")
        self.reset_button = push_button(
            "resetLayersButton",
            _("Reset"),
            look="link",
            act=lambda: self.fields.begin_with(self.fields.begun),
        )
        titles = LayerLine("")
        titles.gives.setText(_("gives"))
        titles.weights.setText(_("weights"))
        picture = LayerLine(_("Input"))
        picture.gives.setText(format_shape(_PICTURE))
        self._output = LayerLine(_("Output"), _("softmax, one per class"))
        held = QWidget()
        beside = (Size.GRID + _HANDLE, Size.GRID, 2, Size.GRID)
        lines = column(
            column(picture, margins=beside),
            self.list,
            column(self._output, margins=beside),
            1,
            gap=0,
            owner=held,
        )
        self._area = scrolled(held)
        bar = self._area.verticalScrollBar()

        def make_room(__: int, most: int) -> None:
            # The scroll bar takes its room from the margin: the columns stay below their titles.
            right = Size.MARGIN - Size.GRID - (bar.sizeHint().width() if most else 0)
            lines.setContentsMargins(Size.MARGIN - Size.GRID, 0, right, 0)

        bar.rangeChanged.connect(make_room)
        make_room(0, 0)
        self.total = label("", "title", "layersTotal")
        self._size = label("", "muted")
        self._text = QPlainTextEdit()
        self._text.setObjectName("layersText")
        self._text.setReadOnly(True)
        self._text.setFocusPolicy(Qt.ClickFocus)
        explain(self._text, _("The network as text"))
        self.copy_button = push_button(
            "copyLayersButton",
            _("Copy"),
            act=lambda: QGuiApplication.clipboard().setText(self.list.network),
        )
        sides = (Size.MARGIN, 0, Size.MARGIN, 0)
        head = column(
            row(back, label(_("Layers"), "surer"), 1, undo_button, self.close_button),
            row(label(_("Begin with"), "muted"), self.begin, self._count, 1, self.reset_button),
            margins=(Size.MARGIN, Size.CARD_GAP, Size.MARGIN, 0),
        )
        foot = column(
            row(self.list.add_button, self.total, self._size, 1),
            label(_("For the command line, and to share"), "muted"),
            row((self._text, 1), self.copy_button),
            gap=Size.TIGHT,
            margins=sides,
        )
        margins = (Size.MARGIN + _HANDLE, 0, Size.MARGIN - 2, 0)
        titles_line = column(titles, margins=margins)
        column(
            head,
            titles_line,
            (self._area, 1),
            foot,
            gap=Size.TIGHT,
            margins=(0, 0, 1, Size.MARGIN),
            owner=self,
        )

    def showEvent(self, event: QShowEvent) -> None:
        self._renew()

    def _fit(self) -> None:
        self.setFixedWidth(theme.scaled(Size.LAYERS))
        lines = self._text.fontMetrics().lineSpacing()
        self._text.setFixedHeight(2 * lines + 2 * Size.CARD_GAP)

    def _scroll(self, place: int) -> None:
        if place < len(self.list.rows):
            self._area.ensureWidgetVisible(self.list.rows[place], 0, Size.GRID)

    def _renew(self) -> None:
        is_free = self.fields.isEnabled()
        for part in (self.list, self.list.add_button, self.begin, self.reset_button):
            part.setEnabled(is_free)
        card = self._form.state.chosen.base.network
        if card != self._card:
            self._card = card
            self.fields.begun = parse_network(card)
        self.undo.setEnabled(is_free and self.list.can_undo)
        self._show_begun()
        found = self.list.differing
        count = sum(max(len(now), len(before)) for now, before in found)
        self._count.setText(counted("{count} changed", "{count} changed", count) if count else "")
        self.reset_button.setVisible(bool(count))
        text = self.list.network
        if text != self._text.toPlainText():
            self._text.setPlainText(text)
        self._text.setEnabled(self.list.error is None)

    def _show_begun(self) -> None:
        begun = self.fields.begun
        titles = {preset.settings.network: preset.title for preset in PRESETS.values()}
        titles |= {name: parse_network(name).title for name in (*_MORE, begun.text)} | titles
        self.begin.clear()
        for network, title in titles.items():
            self.begin.addItem(title, network)
        self.begin.setCurrentIndex(self.begin.findData(begun.text))
        self.list.show_base(begun.hidden)

    def _show_total(self) -> None:
        """Count the weights of all layers and of the output."""
        figures = self.list.figures
        inputs = math.prod(figures[-1].shape if figures else _PICTURE)
        classes = self.list.classes
        is_whole = self.list.error is None
        output = EntryFigures((classes,), classes * (inputs + 1))
        self._output.show_figures(output if is_whole else None)
        weights = sum(one.weights for one in (*figures, output))
        words = counted("{count} weight", "{count} weights", weights) if is_whole else ""
        self.total.setText(words)
        size = number(_FLOAT * weights / 1e6, ".1f")
        self._size.setText(_("{count} MB", count=size) if is_whole else "")


class LayerFlow(QWidget):
    """A block for each layer: as high as what it gives, and one behind another for channels."""

    #: A block was clicked: the place of its row, from 0.
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layerFlow")
        self.setAccessibleName(_("What flows through it"))
        self.setMouseTracking(True)
        #: A title and a shape for the picture, each layer and the output; None where none can be.
        self.blocks: list[tuple[str, Shape | None]] = []
        self._place = 0
        theme.follow(self, self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(_BLOCK) * len(self.blocks), theme.scaled(_FLOW))

    minimumSizeHint = sizeHint

    def show_list(self, layers: LayerList) -> None:
        shapes: list[Shape | None] = [figures.shape for figures in layers.figures]
        shapes += [None] * (len(layers.entries) - len(shapes))
        titles = map(title_of_entry, layers.entries)
        self.blocks = [
            (_("Input"), _PICTURE),
            *zip(titles, shapes, strict=True),
            (_("Output"), (layers.classes,)),
        ]
        self.updateGeometry()
        self.update()

    def choose(self, place: int) -> None:
        self._place = place
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.pos().x() * len(self.blocks) // self.width() - 1
        if 0 <= place < len(self.blocks) - 2:
            self.chosen.emit(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        wide = self.width() / len(self.blocks)
        high = theme.scaled(Text.LABEL + 6)
        drawn = self.height() - 2 * high
        for place, (title, shape) in enumerate(self.blocks):
            is_chosen = place == self._place + 1
            color = "second" if is_chosen else "text"
            left = place * wide
            if shape is not None:
                middle = QPointF(left + wide / 2, drawn / 2)
                _paint_block(painter, middle, shape, drawn - Size.FIELD_GAP, is_chosen)
            if place:
                write_with(painter, Text.BODY, "muted")
                arrow = QRectF(left - high / 2, drawn / 2 - high / 2, high, high)
                painter.drawText(arrow, Qt.AlignCenter, "→")
            write_with(painter, Text.AXIS, color, bold=is_chosen)
            line = QRectF(left + 2, drawn, wide - 4, high)
            write_elided(painter, line, Qt.AlignCenter, title)
            write_with(painter, Text.AXIS, "muted")
            words = format_shape(shape) if shape is not None else "–"
            write_elided(painter, line.translated(0, high), Qt.AlignCenter, words)


def _paint_block(
    painter: QPainter,
    middle: QPointF,
    shape: Shape,
    most: float,
    is_chosen: bool,
) -> None:
    """Paint a square for pictures, some behind it for more channels; a bar for units."""
    painter.setPen(QPen(theme.color("second" if is_chosen else "muted"), 1.2))
    painter.setBrush(theme.color("card"))
    if len(shape) == 1:
        # 1,024 units and more are as high as the picture.
        long = most * max(0.15, min(1.0, math.log2(shape[0]) / 10))
        painter.drawRoundedRect(QRectF(middle.x() - 4, middle.y() - long / 2, 8, long), 2, 2)
        return
    channels, height, width = shape
    step = theme.scaled(3)
    behind = min(_MOST_BEHIND, int(math.log2(channels)) // 2)
    unit = (most - step * _MOST_BEHIND) / SIDE
    size = QSizeF(max(3.0, width * unit), max(3.0, height * unit))
    for number_behind in range(behind, -1, -1):
        shift = (behind / 2 - number_behind) * step
        corner = middle + QPointF(shift - size.width() / 2, -shift - size.height() / 2)
        painter.drawRect(QRectF(corner, size))


class FlowCard(Card):
    """What flows through the layers of a list, of which one is chosen here and there."""

    def __init__(self, layers: LayerList) -> None:
        note = label(_("each block is drawn to the scale of its values"), "muted")
        super().__init__(_("What flows through it"))
        self.top.addWidget(note)
        self.flow = LayerFlow()
        area = scrolled(self.flow)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarAsNeeded)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.body.addWidget(area)
        self._area = area
        self._list = layers
        theme.follow(self, self._fit)
        self.flow.chosen.connect(layers.choose)
        layers.chosen.connect(self._choose)
        layers.shown.connect(self._renew)
        self._renew()

    def _fit(self) -> None:
        self.setFixedHeight(theme.scaled(_CARD))

    def _choose(self, place: int) -> None:
        self.flow.choose(place)
        wide = theme.scaled(_BLOCK)
        self._area.ensureVisible((place + 1) * wide + wide // 2, 0, wide, 0)

    def _renew(self) -> None:
        self.flow.show_list(self._list)
