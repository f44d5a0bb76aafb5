"""The Draw tab: tools, board and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QButtonGroup,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from mnist_draw.app.draw.answer_panel import WHY_KEY, AnswerPanel
from mnist_draw.app.draw.autosave import Autosave
from mnist_draw.app.draw.board_items import PEN_WIDTH, PEN_WIDTH_RANGE
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.digit_list import MyDigits
from mnist_draw.app.draw.explanations import Explanations
from mnist_draw.app.draw.network_menu import NetworkMenu
from mnist_draw.app.draw.overlays import NumberBoxes, crop_marks
from mnist_draw.app.draw.picture_tools import PictureTools
from mnist_draw.app.draw.recognition import BoardReading, Recognition
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.page import Page
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background, connect_direct
from mnist_draw.app.kit.widgets import Switch, explain, label, rule
from mnist_draw.app.train.networks_dialog import NetworksController
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.storage.models import ModelFile

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.storage.preferences import Preferences

notifier = Notifier("draw")

#: The buttons get the height first; the rest stays empty below them.
_BUTTON_SHARE = 1000


class ToolColumn(QWidget):
    """The buttons; the tab's commands give them icon, name and meaning."""

    def __init__(self) -> None:
        super().__init__()
        self.pen, self.eraser = _tool("penButton"), _tool("eraserButton")
        self.undo, self.redo = _tool("undoButton"), _tool("redoButton")
        self.clear = _tool("clearButton")
        self.open_image, self.paste = _tool("openImageButton"), _tool("pasteButton")
        self.example = _tool("exampleButton")
        self.save, self.copy = _tool("saveDrawingButton"), _tool("copyButton")
        groups = (
            (self.pen, self.eraser),
            (self.undo, self.redo, self.clear),
            (self.open_image, self.paste, self.example),
            (self.save, self.copy),
        )
        tools = column(owner=self)
        for tool_group in groups:
            if tools.count():
                tools.addWidget(rule())
            for tool in tool_group:
                tools.addWidget(tool, _BUTTON_SHARE)
        tools.addStretch(1)
        group = QButtonGroup(self)
        for button in (self.pen, self.eraser):
            button.setCheckable(True)
            group.addButton(button)
        self.pen.setChecked(True)


def _tool(name: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("look", "tool")
    button.setFocusPolicy(Qt.StrongFocus)
    # In a low window the buttons get lower, between the style sheet's limits.
    button.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Expanding)
    return button


#: Board units that one press of [ or ] makes the pen thinner or wider.
WIDTH_STEP = 4
_SLIDER_WIDTH = 180
_NETWORK_WIDTH = 280
_PREVIEW = 32
#: The slider gets the width first; the rest stays empty beside it.
_SHARE = 1000


class PenRow(QWidget):
    """Sets the pen's width and shows it."""

    def __init__(self, canvas: Canvas, network: ActiveNetwork) -> None:
        super().__init__()
        self._canvas = canvas
        parts = FlowLayout()
        self.setLayout(parts)
        parts.addWidget(self._build_pen())
        self.models = NetworkMenu(network)
        self.models.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.models.setMaximumWidth(round(_NETWORK_WIDTH * theme.text_scale()))
        parts.addWidget(self.models)
        parts.addWidget(self._build_crop())
        self.slider.valueChanged.connect(canvas.set_pen_width)
        canvas.width_changed.connect(self._show_width)

    def _build_pen(self) -> QWidget:
        self.slider = QSlider(Qt.Horizontal)
        self.slider.setObjectName("widthSlider")
        self.slider.setRange(*PEN_WIDTH_RANGE)
        self.slider.setPageStep(WIDTH_STEP)
        self.slider.setValue(round(PEN_WIDTH))
        self.slider.setMaximumWidth(_SLIDER_WIDTH)
        explain(
            self.slider,
            "Pen width",
            "Width of the pen in board units; the board is 600 units high.",
            "[ and ]",
        )
        # The handle is higher than the groove and would be cut off.
        self.slider.setMinimumSize(_SLIDER_WIDTH // 2, Size.ICON)
        self.preview = WidthPreview(self._canvas)
        self._figure = TabularLabel(f"{PEN_WIDTH:.0f}")
        self._figure.setToolTip("The pen's width; the board is 600 of these units high.")
        group = QWidget()
        caption = label("Pen", "muted")
        row(caption, (self.slider, _SHARE), self.preview, self._figure, 1, owner=group)
        group.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        return group

    def _build_crop(self) -> QWidget:
        self.crop_switch = Switch()
        self.crop_switch.setObjectName("cropSwitch")
        group = QWidget()
        row(label("Crop box", "muted"), self.crop_switch, owner=group)
        return group

    def widen(self, step: float) -> None:
        """Change the pen's width by so many board units."""
        self._canvas.set_pen_width(self._canvas.pen_width + step)

    def _show_width(self, width: int) -> None:
        self.slider.setValue(width)
        self._figure.setText(f"{width}")
        self.preview.update()


class WidthPreview(QWidget):
    """A dot that grows with the pen; the widest pen fills it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self._canvas = canvas
        self.setFixedSize(self.sizeHint())
        self.setToolTip("How wide the pen is; the widest fills the dot's place.")

    def sizeHint(self) -> QSize:
        return QSize(_PREVIEW, _PREVIEW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("text"))
        diameter = _PREVIEW * self._canvas.pen_width / PEN_WIDTH_RANGE[1]
        centre = QPointF(self.width() / 2, self.height() / 2)
        painter.drawEllipse(centre, diameter / 2, diameter / 2)


_PEN_WIDTH, _CROP_BOX = "pen_width", "crop_box"


class DrawTab(Page):
    """Draw a digit, read the answer."""

    name, title = "draw", "Draw"
    help = (
        "Draw a digit, or a number of several, with the mouse, a pen or a finger; or paste, drop "
        "or open a picture. After each stroke the network answers: the large figure is what it "
        "reads, the bars are how probable it finds each answer. Of a number each digit has a tag: "
        "a click shows what the network says of that one, and lets it be taught alone. What was "
        "read wrongly is taught in the row below the answer; under My digits the network learns "
        "what was taught."
    )

    ink_posted = pyqtSignal(object, int, bool, object)

    def __init__(
        self,
        network: ActiveNetwork | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        super().__init__()
        self.network = network or ActiveNetwork(parent=self)
        self.canvas = Canvas()
        self.boxes = NumberBoxes(self.canvas)
        self.answer = AnswerPanel()
        self.tools = ToolColumn()
        self.pen_row = PenRow(self.canvas, self.network)
        self.models = self.pen_row.models
        self._background = Background(self)
        self.pictures = PictureTools(
            self.canvas, self.tools, self._background, self.network, self._describe_answer, self
        )
        self.autosave = Autosave(self.canvas, self._background)
        self.my_digits = MyDigits(
            self.canvas, self.answer, self._background, self.pictures.reader, self
        )
        self.networks = NetworksController(self.network, self._background, self)
        self._ticket = 0
        # It runs out after what waits to be painted has been painted.
        self._posting = QTimer(self)
        self._posting.setSingleShot(True)
        self._posting.timeout.connect(self._post_ink)
        self._emptied = 0
        board = column((self.canvas, 1), self.pictures.strip, self.pen_row)
        margins = (Size.MARGIN, Size.MARGIN, Size.MARGIN, Size.CARD_GAP)
        parts = row(self.tools, (board, 12), gap=Size.CARD_PADDING, margins=margins, owner=self)
        parts.addSpacing(Size.GRID)
        parts.addWidget(self.my_digits.pages, 13)
        self._connect()
        self._build_commands()
        self._show_history()
        if preferences is not None:
            self.canvas.set_pen_width(preferences.get(_PEN_WIDTH, PEN_WIDTH))
            self.pen_row.crop_switch.setChecked(preferences.get(_CROP_BOX, False))

    def _connect(self) -> None:
        tools, canvas = self.tools, self.canvas
        tools.eraser.toggled.connect(self._choose_eraser)
        self.pen_row.crop_switch.toggled.connect(self._mark)
        canvas.ink_changed.connect(self._note_ink)
        canvas.history_changed.connect(self._show_history)
        self.boxes.chosen.connect(self.answer.choose_place)
        self.boxes.chosen.connect(self.my_digits.row.choose)
        self.answer.place_changed.connect(self.boxes.mark)
        # The digit asked about is forgotten with the next picture.
        self.pictures.replaced.connect(lambda: self.answer.bars.choose(None))
        self.models.all_requested.connect(self.networks.open)
        # What was told of one drawing is of no use for the next.
        self.canvas.ink_changed.connect(notifier.forget)

    def connect_services(self, recognition: Recognition, explanations: Explanations) -> None:
        """Have the ink read, and its answers explained while that can be seen."""
        network, answer = self.network, self.answer
        connect_direct(network.requested, lambda request: recognition.post_model(request.source))
        recognition.ready.connect(network.confirm)
        connect_direct(self.ink_posted, recognition.post_ink)
        recognition.answered.connect(self.show_reading)
        connect_direct(network.changed, explanations.post_model)
        connect_direct(answer.explanation_requested, explanations.post)
        connect_direct(answer.row.watched, explanations.watch)
        explanations.prepared.connect(answer.show_layers)
        explanations.explained.connect(answer.show_explanation)

    def _build_commands(self) -> None:
        tools, canvas, row = self.tools, self.canvas, self.pen_row
        Command(
            self,
            "All networks",
            "Show all trained networks: use, rename, delete, open or save one.",
            "F9",
            self.networks.open,
        )
        for tool, text, sentence, key, icon in (
            (tools.pen, "Pen", "Draw ink with the pen.", "P", "pencil-simple"),
            (tools.eraser, "Eraser", "Rub ink out, twice as wide as the pen.", "E", "eraser"),
        ):
            Command(self, text, sentence, key, tool.click, icon).describe(tool)
        self._undo = Command(
            self,
            "Undo",
            "Take back the last stroke, picture or clearing.",
            "Ctrl+Z",
            canvas.undo,
            "arrow-counter-clockwise",
        )
        self._redo = Command(
            self,
            "Redo",
            "Bring back what was undone.",
            "Ctrl+Y, Ctrl+Shift+Z",
            canvas.redo,
            "arrow-clockwise",
        )
        self._clear = Command(
            self, "Clear", "Empty the board; can be undone.", "Delete", canvas.clear, "trash"
        )
        self._undo.serve(tools.undo)
        self._redo.serve(tools.redo)
        self._clear.serve(tools.clear)
        Command(
            self,
            "Crop box",
            "Mark what is cut out for the network, and its centre of mass.",
            "B",
            row.crop_switch.toggle,
        ).describe(row.crop_switch)
        why = self.answer.why_link
        Command(self, "Why this answer", why.accessibleDescription(), WHY_KEY, why.ask)
        Command(self, "Thinner pen", "Make the pen thinner.", "[", lambda: row.widen(-WIDTH_STEP))
        Command(self, "Wider pen", "Make the pen wider.", "]", lambda: row.widen(WIDTH_STEP))
        self.my_digits.build_commands(self)

    # -- for the window

    def start(self) -> None:
        """Restore the board and count the taught digits."""
        self.autosave.start()
        self.my_digits.teaching.recount()

    def remember(self, preferences: Preferences) -> None:
        preferences.set(_PEN_WIDTH, self.canvas.pen_width)
        preferences.set(_CROP_BOX, self.pen_row.crop_switch.isChecked())

    def finish(self) -> None:
        """Save the board; the program ends."""
        self.pictures.input.stop()
        self.autosave.finish()
        self.my_digits.learn.finish()

    def focus_first(self) -> None:
        self.canvas.setFocus()

    def use_network(self, model: ModelFile) -> None:
        """Show the answers of another network, and ask for what it reads."""
        from mnist_draw.library.network_data import class_names

        names = class_names(model)
        digits = names == DIGITS
        self.answer.note_network(model.info, names)
        self.my_digits.row.setVisible(digits)
        self.pictures.name_examples(digits)
        self.canvas.set_invitation("a digit" if digits else f"one of {len(names)} classes")

    # -- what happens

    def _choose_eraser(self, on: bool) -> None:
        self.canvas.erasing = on

    def _show_history(self) -> None:
        self._undo.setEnabled(self.canvas.drawing.can_undo)
        self._redo.setEnabled(self.canvas.drawing.can_redo)
        self._clear.setEnabled(bool(self.canvas.drawing.items))

    def _note_ink(self) -> None:
        """Post the ink; while a stroke grows, after it has been painted."""
        if self.canvas.drawing.growing is None:
            self._posting.stop()
            self._post_ink()
        else:
            self._posting.start(0)

    def _post_ink(self) -> None:
        """Send the drawing off to be recognised; an empty board needs no network."""
        self._ticket += 1
        ink = self.canvas.ink()
        if self.pen_row.crop_switch.isChecked():
            self._mark(True, ink)
        if not ink.any():
            self._emptied = self._ticket
            self.answer.show_nothing()
            self.boxes.show_number(None)
        drawing = self.canvas.drawing
        self.ink_posted.emit(ink, self._ticket, drawing.beginning, drawing.pen_strokes())

    def show_reading(self, reading: BoardReading) -> None:
        """Show a reading unless the board has been emptied since its ink was posted."""
        if reading.ticket > self._emptied:
            self.boxes.show_number(reading.number)
            self.answer.show_reading(reading)
            self.my_digits.teaching.note_answer(reading.answer, reading.number)
            self.my_digits.row.choose(None)

    def _mark(self, on: bool, ink: np.ndarray | None = None) -> None:
        """Show or hide the crop box and the centre of mass."""
        marks = None
        if on:
            marks = crop_marks(self.canvas.ink() if ink is None else ink, self.canvas.drawing)
        self.canvas.set_marks(*(marks or (None, None)))

    def _describe_answer(self) -> str:
        """Return the answer as one line of text; empty if there is none."""
        certainty = self.answer.certainty
        return "" if certainty is None else certainty.sentence
