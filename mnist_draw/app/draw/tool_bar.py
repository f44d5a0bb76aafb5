"""The tools that float on the board: pen, eraser, width, undo, redo, clear and a menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from qtpy.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QKeyEvent, QPaintEvent
from qtpy.QtWidgets import (
    QAction,
    QButtonGroup,
    QFrame,
    QGraphicsOpacityEffect,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from mnist_draw.app.draw.board_items import PEN_WIDTH_RANGE
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.controls import Popover, button_menu
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Keys, explain, rule
from mnist_draw.i18n import _, number, pgettext

#: Board units that one press of [ or ] makes the pen thinner or wider.
WIDTH_STEP = 4
#: The widths in board units that one press chooses.
_WIDTHS = (12, 36, 72)
#: From the board's edge to the bar, around the tools and around a rule.
_EDGE = 12
_PAD = 4
_AROUND = _PAD + 1
#: Icons need not grow with large text, and the bar covers the board.
_MAX_SCALE = 4 / 3
#: How much of the bar is seen while the pen is below it.
_FADED = 0.25
_SLIDER_WIDTH = 180
#: Steps of the arrows from tool to tool.
_ARROWS: dict[int, int] = {Qt.Key_Left: -1, Qt.Key_Up: -1, Qt.Key_Right: 1, Qt.Key_Down: 1}
#: Pixels of a dot that shows a width, for each board unit: all three differ.
_DOT_SHARE = 0.28


class ToolButton(QToolButton):
    """A tool; the bar's size is that of its tools."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("look", "tool")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)


class DotButton(ToolButton):
    """A tool that shows a width of the pen as a dot."""

    def __init__(self, name: str, diameter: Callable[[], float], leads_on: bool = False) -> None:
        super().__init__(name)
        self._diameter = diameter
        self._leads_on = leads_on

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(Size.BUTTON), theme.scaled(Size.BUTTON))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = smooth_painter(self)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("accent" if self.isChecked() else "text"))
        radius = self._diameter() / 2
        painter.drawEllipse(QRectF(self.rect()).center(), radius, radius)
        if self._leads_on:
            # A small caret: the press opens something at the right.
            painter.setBrush(Qt.NoBrush)
            painter.setPen(theme.color("muted"))
            tip = QPointF(self.width() - 5.5, self.height() - 9.5)
            painter.drawPolyline(tip + QPointF(-3, -3.5), tip, tip + QPointF(-3, 3.5))


class ToolBar(QFrame):
    """Seven tools in a card on the board; nearly transparent while the pen is below it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("toolBar")
        self.setProperty("look", "card")
        self.setAccessibleName(_("Tools"))
        # A press beside a tool does not draw.
        self.setAttribute(Qt.WA_NoMousePropagation)
        self.setCursor(Qt.ArrowCursor)
        self.pen = ToolButton("penButton")
        self.eraser = ToolButton("eraserButton")
        self.width_button = DotButton("widthButton", self._diameter, leads_on=True)
        self.undo = ToolButton("undoButton")
        self.redo = ToolButton("redoButton")
        self.clear = ToolButton("clearButton")
        self.more = ToolButton("moreButton")
        self._tools = (
            self.pen,
            self.eraser,
            self.width_button,
            self.undo,
            self.redo,
            self.clear,
            self.more,
        )
        group = QButtonGroup(self)
        for button in (self.pen, self.eraser):
            button.setCheckable(True)
            group.addButton(button)
        self.pen.setChecked(True)
        tools = column(gap=0, margins=(_AROUND,) * 4, owner=self)
        for tool in self._tools:
            if tool in (self.undo, self.more):
                tools.addSpacing(_PAD)
                tools.addLayout(row(rule(), margins=(_PAD + _PAD, 0, _PAD + _PAD, 0)))
                tools.addSpacing(_PAD)
            tools.addWidget(tool, 1)
        width = pgettext("of the pen", "Width")
        explain(self.width_button, width, shortcut="[, ]")
        more = pgettext("menu", "More")
        explain(self.more, more)
        set_icon(self.more, "dots-three")
        self.popover: WidthPopover | None = None
        self.width_button.clicked.connect(self._open_widths)
        # What a tool leaves over would move the board's crosshair.
        Keys(self, self._meaning)
        canvas.pen_covered.connect(self._fade)
        canvas.width_changed.connect(self.width_button.update)
        canvas.resized.connect(self._fit)
        theme.follow(self, self._fit)

    def fill(self, *groups: Sequence[QAction]) -> None:
        self.menu = button_menu(self.more)
        for group in groups:
            if self.menu.actions():
                self.menu.addSeparator()
            self.menu.addActions(group)

    def _open_widths(self) -> None:
        if self.popover is None:
            self.popover = WidthPopover(self._canvas, self.window())
        self.popover.open_at(self.width_button, to_the_right=True)

    def _diameter(self) -> float:
        return min(self._canvas.pen_width * self._canvas.pixels_per_unit(), theme.scaled(Size.ICON))

    def _fit(self) -> None:
        board = self._canvas.height()
        count = len(self._tools)
        around = 2 * _AROUND + 2 * (2 * _PAD + 1)
        side = round(Size.TOOL * min(theme.text_scale(), _MAX_SCALE))
        high = count * min(side, (board - around) // count) + around
        place = QPoint(_EDGE, (board - high) // 2)
        self.setGeometry(QRect(place, QSize(side + 2 * _AROUND, high)))
        self._canvas.cover = self.geometry()

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        step = _ARROWS.get(event.key())
        return None if step is None else partial(self.focusNextPrevChild, step > 0)

    def _fade(self) -> None:
        """Let the pen be seen below the bar until it is lifted."""
        if self.graphicsEffect() is None:
            # To enable an effect, in place of adding one, would have the whole board painted.
            effect = QGraphicsOpacityEffect(self)
            effect.setOpacity(_FADED)
            self.setGraphicsEffect(effect)
            self._canvas.pen_down.connect(self._appear)

    def _appear(self) -> None:
        self._canvas.pen_down.disconnect(self._appear)
        self.setGraphicsEffect(None)  # type: ignore[arg-type]


class WidthPopover(Popover):
    """Sets the pen's width: three dots, a slider and its number."""

    def __init__(self, canvas: Canvas, window: QWidget) -> None:
        super().__init__(window, "widthPopover", _("Pen width"))
        self._canvas = canvas
        self._dots = [self._build_dot(width) for width in _WIDTHS]
        self.slider = QSlider(Qt.Horizontal)
        self.slider.setObjectName("widthSlider")
        self.slider.setRange(*PEN_WIDTH_RANGE)
        self.slider.setPageStep(WIDTH_STEP)
        # The handle is higher than the groove and would be cut off.
        self.slider.setMinimumSize(_SLIDER_WIDTH, Size.ICON)
        sentence = _("Width of the pen in board units; the board is 600 units high.")
        explain(self.slider, _("Pen width"), sentence, "[, ]")
        self._figure = TabularLabel(widest=str(PEN_WIDTH_RANGE[1]))
        line = row(*self._dots, self.slider, self._figure)
        # Else the row would be as low as the figure.
        line.setAlignment(self._figure, Qt.AlignVCenter)
        self.body.addLayout(line)
        self._show_width(round(canvas.pen_width))
        self.slider.valueChanged.connect(canvas.set_pen_width)
        canvas.width_changed.connect(self._show_width)
        canvas.pen_down.connect(self.hide)

    def _build_dot(self, width: int) -> DotButton:
        dot = DotButton(f"width{width}Button", lambda: theme.scaled(4 + _DOT_SHARE * width))
        dot.setCheckable(True)
        dot.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        explain(dot, _("Width {width}", width=number(width)))
        dot.clicked.connect(lambda: self._canvas.set_pen_width(width))
        dot.clicked.connect(lambda: self._show_width(round(self._canvas.pen_width)))
        return dot

    def _show_width(self, width: int) -> None:
        self.slider.setValue(width)
        self._figure.setText(number(width))
        for dot, own in zip(self._dots, _WIDTHS, strict=True):
            dot.setChecked(width == own)
