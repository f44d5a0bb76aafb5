"""A new run: what is trained, for how long and on what, and its start."""

from __future__ import annotations

import math

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QWIDGETSIZE_MAX, QBoxLayout, QFrame, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.layout import ScrollArea, column, row
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background, NewestOnly
from mnist_draw.app.kit.widgets import Card, label, push_button
from mnist_draw.app.train.layer_list import LayerList
from mnist_draw.app.train.layer_row import title_of_entry
from mnist_draw.app.train.layers_page import FlowCard
from mnist_draw.app.train.lesson import Lesson, describe_row
from mnist_draw.app.train.lesson_cards import LessonCard, LessonHead, LessonRunsCard, TaskCard, lock
from mnist_draw.app.train.preset_cards import NOT_YET_KNOWN, PresetCards
from mnist_draw.app.train.settings_form import SettingsForm
from mnist_draw.app.train.twelve_digits_card import TwelveDigitsCard
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.i18n import _, counted, listed, number, percent, pgettext
from mnist_draw.networks import parse_network
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.expectation import Expectation, expect, matrix_speed, training_pictures
from mnist_draw.training.presets import Preset, differences
from mnist_draw.training.repeat import describe_repeated
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.twelve_digits import TwelveDigits, choose_twelve

#: From this width on, in pixels, the digits are next to the curve, not below it.
_BESIDE = 790
#: From this width on, what flows through the layers is shown while they are changed.
_FLOW = 700
#: So many free settings of a lesson are on the start bar, each at least so wide.
_MAX_FREE = 3
_FREE = 92
#: An accuracy below which the axis of the placeholder begins at 0.
_LOW = 0.9
#: Arrangements of the start bar, the widest first: width of the data set, whether captions are in
#: the line of their fields, width of Start.
_BARS = ((190, True, 240), (130, True, 240), (130, False, 160), (130, False, 120))


def _read_runs() -> tuple[Run, ...]:
    """Read what `expect` compares with; not in the GUI thread."""
    matrix_speed()
    return tuple(list_runs()[0])


class NewRunPage(ScrollArea):
    """Shows what can be trained, and starts it."""

    def __init__(self, form: SettingsForm, layers: LayerList) -> None:
        super().__init__()
        self.setObjectName("newRunPage")
        self.form = form
        self._layers = layers
        #: The runs so far; None until they are read.
        self._runs: tuple[Run, ...] | None = None
        self._background = Background(self)
        # Their commands describe them.
        self.library_button = push_button("newRunLibraryButton", _("Library"))
        set_icon(self.library_button, "books", Size.SMALL_ICON)
        self.settings_button = push_button("allSettingsButton", _("All settings"), look="plain")
        set_icon(self.settings_button, "sliders-horizontal", Size.SMALL_ICON)
        self.start_button = push_button(
            "startButton",
            pgettext("button", "Start"),
            look="start",
        )
        set_icon(self.start_button, "play", Size.SMALL_ICON)
        #: Names the layer for which no run starts.
        self.wrong_button = push_button("wrongLayerButton", "", look="wrong")
        self.wrong_button.hide()
        self.flow = FlowCard(layers)
        self.flow.hide()
        self._has_flow = False
        self.cards = PresetCards()
        self.cards.chosen.connect(self._choose)
        curve_card = PlaceholderCard()
        self.curve = curve_card.curve
        self.digits = TwelveDigitsCard()
        self.digits.grid.setObjectName("newRunDigits")
        # This page scrolls rather than squeezing them.
        self.digits.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        self._below = row((curve_card, 2), (self.digits, 1), gap=Size.CARD_GAP)
        title = ElidedLabel(_("Train your own network"), "sure")
        self._sentence = label("", "sentence", wraps=True)
        self._sentence.setObjectName("newRunSentence")
        self._sentence.setMinimumWidth(1)
        words = QWidget()
        column(title, self._sentence, owner=words)
        self._words = words
        self._top = row((words, 1), self.library_button)
        inner = QWidget()
        self._column = column(
            self._top,
            self.cards,
            self._build_bar(),
            self.flow,
            (self._below, 1),
            gap=Size.CARD_GAP,
            owner=inner,
        )
        self.setWidget(inner)
        #: Whether there are settings beside those of the start bar.
        self._has_more = True
        #: Whether the data set can be read.
        self._has_digits = True
        self.lesson_head = LessonHead("")
        self._task: TaskCard | None = None
        self._lesson: LessonCard | None = None
        self._lesson_runs: LessonRunsCard | None = None
        theme.follow(self, self._fit)
        #: The data set of the twelve pictures in one entry; None while none are shown.
        self._digits_of: tuple[str | None] | None = None
        self._twelve = NewestOnly(lambda folder: choose_twelve(load_dataset(folder)), self)
        self._twelve.answered.connect(self._show_digits)
        self._twelve.failed.connect(lambda __: self._show_digits(None))
        form.edited.connect(self.renew)

    def _build_bar(self) -> QFrame:
        """Build the start bar: Start is always in its place at the right."""
        bar = QFrame()
        bar.setProperty("look", "card")
        margins = (Size.CARD_PADDING, 0, Size.CARD_GAP, 0)
        self._fields = [self.form.fields[name] for name in ("epochs", "data_folder")]
        for field in self._fields:
            field.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Maximum)
        self.reset_button = push_button(
            "resetLessonButton",
            _("Reset to the lesson"),
            look="link",
            act=self.form.reset_to_lesson,
        )
        self.reset_button.hide()
        self._bar = row(
            *self._fields,
            self.settings_button,
            1,
            self.reset_button,
            self.wrong_button,
            self.start_button,
            margins=margins,
            owner=bar,
        )
        self._bar_frame = bar
        return bar

    def _fit_bar(self, room: int) -> None:
        """Take the widest arrangement that fits: how wide captions are, the language says.

        Where none fits, the parts are below each other.
        """
        self._place_bar(QBoxLayout.LeftToRight)
        data = self.form.fields["data_folder"]
        for wide, captions, start in _BARS:
            data.widget.setFixedWidth(theme.scaled(wide))
            for field in self._fields:
                field.stack(not captions)
                # Now: what the bar needs is asked below.
                field.layout().activate()
            self.start_button.setFixedSize(theme.scaled(start), theme.scaled(44))
            self._bar.setSpacing(Size.MARGIN if captions else Size.FIELD_GAP)
            if self._bar.minimumSize().width() <= room:
                return
        self._place_bar(QBoxLayout.TopToBottom)

    def _place_bar(self, direction: QBoxLayout.Direction) -> None:
        below = direction == QBoxLayout.TopToBottom
        height = max(68, theme.scaled(68))
        self._bar.setDirection(direction)
        side = Size.CARD_GAP if below else 0
        self._bar.setContentsMargins(Size.CARD_PADDING, side, Size.CARD_GAP, side)
        self._bar_frame.setMinimumHeight(height)
        self._bar_frame.setMaximumHeight(QWIDGETSIZE_MAX if below else height)

    # -- a lesson

    def begin_lesson(
        self,
        lesson: Lesson,
        settings: TrainingSettings,
        preferences: Preferences,
    ) -> None:
        """Show a lesson's task and card; the start bar has what is free."""
        self.lesson_head = LessonHead(lesson.title or _("Train your own network"))
        self.lesson_head.parts.insertWidget(2, self.library_button)
        self._top.insertWidget(0, self.lesson_head, 1)
        self._words.hide()
        self._lesson = LessonCard(lesson, settings)
        self._lesson_row = row((self._lesson, 3), gap=Size.CARD_GAP)
        if lesson.task:
            self._task = TaskCard(lesson, preferences)
            self._lesson_row.insertWidget(0, self._task, 5)
        self._column.insertLayout(1, self._lesson_row)
        if lesson.title:
            self._lesson_runs = LessonRunsCard(lesson)
            self._below.insertWidget(0, self._lesson_runs)
            self.digits.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Ignored)
            for place in range(self._below.count()):
                self._below.setStretch(place, 1)
        self.cards.setVisible(lesson.cards)
        self._show_free_fields(lesson, settings)
        self._fit()
        self.renew()

    def _show_free_fields(self, lesson: Lesson, settings: TrainingSettings) -> None:
        """Put the first three free settings on the start bar; more are in the drawer."""
        for field in self._fields:
            field.hide()
        self._has_more = len(lesson.free) > _MAX_FREE
        self.settings_button.setVisible(self._has_more)
        usual = [name for name in lesson.free if SETTINGS[name].group != "stop"]
        self._fields = [self.form.fields[name] for name in usual[:_MAX_FREE]]
        for place, field in enumerate(self._fields):
            field.setSizePolicy(QSizePolicy.Maximum, QSizePolicy.Maximum)
            field.widget.setMinimumWidth(theme.scaled(_FREE))
            self._bar.insertWidget(place, field)
            field.show()
        if "data_folder" in lesson.fixed - lesson.hidden:
            self._bar.insertWidget(len(self._fields), _FixedValue("data_folder", settings))

    def show_settings_button(self, shown: bool) -> None:
        """Show the button that opens the settings; open, they have one that closes them."""
        self.settings_button.setVisible(shown and self._has_more)
        self._fit()

    def show_flow(self, shown: bool) -> None:
        """Show what flows through the layers while they are changed."""
        self._has_flow = shown
        self._fit()

    # -- room

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.viewport().size()
        self.cards.fit(room)
        self._fit_bar(room.width())
        self.flow.setVisible(self._has_flow and room.width() >= _FLOW * theme.text_scale())
        wide = room.width() >= _BESIDE * theme.text_scale()
        self._below.setDirection(QBoxLayout.LeftToRight if wide else QBoxLayout.TopToBottom)
        # The runs of a lesson take the place of the digits where there is little.
        is_crowded = self._lesson_runs is not None and self.cards.low
        self.digits.setVisible(self._has_digits and not is_crowded)
        if self._lesson_runs is not None:
            self._lesson_runs.words.setHidden(is_crowded)
        top = QBoxLayout.TopToBottom if self.cards.in_one_column else QBoxLayout.LeftToRight
        self._top.setDirection(top)
        # Where the cards have no drawings, there is no room for it either.
        self._fit_sentence()
        if self._task is not None:
            beside = room.width() >= _BESIDE * theme.text_scale()
            direction = QBoxLayout.LeftToRight if beside else QBoxLayout.TopToBottom
            self._lesson_row.setDirection(direction)

    def _fit_sentence(self) -> None:
        repeats = self.form.state.chosen.like is not None
        self._sentence.setVisible(repeats or not self.cards.low)

    # -- what is chosen and what to expect of it

    def showEvent(self, event: QShowEvent) -> None:
        self._digits_of = None
        self.cards.load_digits()
        # A run slows the measurement, and is slowed by it.
        if not self.form.running:
            self._background.run(_read_runs, self._note_runs)
        self.renew()

    @property
    def expectation(self) -> Expectation:
        """What the chosen card promises."""
        chosen = (card for card in self.cards.cards.values() if card.isChecked())
        return next((card.expectation for card in chosen), NOT_YET_KNOWN)

    def _note_runs(self, runs: tuple[Run, ...]) -> None:
        self._runs = runs
        self._show_cards()

    def _choose(self, preset: Preset) -> None:
        if preset is not self.form.state.preset:
            self.form.choose_preset(preset)
        else:
            self.renew()

    def _settings_of(self, preset: Preset) -> TrainingSettings:
        """Return what a press on a card and then on Start would train."""
        state = self.form.state
        return state.settings if preset is state.preset else state.settings_of(preset)

    def renew(self) -> None:
        chosen = self.form.settings()
        self.cards.choose(self.form.state.preset)
        lesson = self.form.state.lesson
        differs = lesson is not None and lesson.settings != chosen
        if self.reset_button.isHidden() is differs:
            self.reset_button.setVisible(differs)
            self._fit()
        for card in self.cards.cards.values():
            card.setVisible(self.form.state.offers(card.preset))
        self._show_wrong_layer()
        like = self.form.state.chosen.like
        self._sentence.setText(_sentence(chosen) if like is None else describe_repeated(like))
        self._fit_sentence()
        self._show_cards()
        if self.isVisible() and (chosen.data_folder,) != self._digits_of:
            self._digits_of = (chosen.data_folder,)
            self._twelve.ask(chosen.data_folder)

    def _show_wrong_layer(self) -> None:
        error = self._layers.error
        is_wrong = error is not None
        if error is not None:
            place = error[0]
            title = title_of_entry(self._layers.entries[place])
            words = _("Correct layer {number} first.", number=place + 1)
            self.wrong_button.setText(f"{words}\n{title}")
        if self.wrong_button.isHidden() is is_wrong:
            self.wrong_button.setVisible(is_wrong)
            self._fit()

    def _show_digits(self, twelve: TwelveDigits | None) -> None:
        """Show the digits that are read after each epoch; None if the data cannot be read."""
        self._has_digits = twelve is not None
        if twelve is not None:
            self._layers.show_classes(len(twelve.classes))
        self._fit()
        self.digits.show_digits(twelve, None)
        if twelve is None:
            self.form.show_error("data_folder", _("Cannot be read."))

    def _show_cards(self) -> None:
        for card in self.cards.cards.values():
            settings = self._settings_of(card.preset)
            found = differences(settings, card.preset.settings) if card.isChecked() else {}
            if "network" in found and parse_network(settings.network).kind == "layers":
                found["network"] = _("own layers")
            changes = listed(found.values())
            expected = NOT_YET_KNOWN
            if self._runs is not None:
                expected = expect(settings, self._runs)
            card.show_expectation(changes, expected)
            if card.isChecked():
                self.curve.show_run(settings.epochs, expected.share)
        if self._lesson is not None:
            self._lesson.choose(self.form.state.preset is self.form.state.lesson)
            settings = self.form.settings()
            expected = NOT_YET_KNOWN if self._runs is None else expect(settings, self._runs)
            self._lesson.show_expectation(listed(self.form.state.differences.values()), expected)
            if self._lesson_runs is not None:
                self._lesson_runs.show_runs(self._runs or (), settings)
            self.curve.show_run(settings.epochs, expected.share)


class _FixedValue(QWidget):
    """A setting that a lesson fixes, as text with a lock."""

    def __init__(self, name: str, settings: TrainingSettings) -> None:
        super().__init__()
        title, value = describe_row((name,), settings)
        row(label(title, "muted"), label(value, "body"), lock(), owner=self)


def _sentence(settings: TrainingSettings) -> str:
    if settings.data_folder is not None:
        return _("It learns from your pictures, then reads others that it has never seen.")
    return counted(
        "It learns from {count} handwritten digit, then reads {tested} it has never seen.",
        "It learns from {count} handwritten digits, then reads {tested} it has never seen.",
        training_pictures(settings),
        tested=number(10_000),
    )


#: From one number of epochs to the next.
_STEPS = tuple(factor * 10**power for power in range(5) for factor in (1, 2, 5))
_MOST_NUMBERS = 5


def numbered_epochs(count: int) -> list[int]:
    """Return the epochs that an axis names: the first one, and all of one step."""
    step = next(step for step in _STEPS if count <= _MOST_NUMBERS * step)
    return sorted({1, *range(step, count + 1, step)})


class PlaceholderCurve(QWidget):
    """The accuracy as it usually climbs, faint, until there is a real curve."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("ghostCurve")
        self.setAccessibleName(_("Where the accuracy will climb"))
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Expanding)
        self._epochs = 20
        #: The accuracy that is expected, or was reached last time; None where none is known.
        self.final: float | None = None
        theme.follow(self, self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, theme.scaled(110))

    sizeHint = minimumSizeHint

    def show_run(self, epochs: int, final: float | None, is_named: bool = False) -> None:
        """Show what is expected, and say so where no card does."""
        self._epochs = epochs
        self.final = final
        expected = ""
        if final is not None and is_named:
            expected = _("expected: {share}", share=percent(final, 1))
        self.setAccessibleDescription(expected)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setFont(theme.font(Text.AXIS))
        left = theme.scaled(48)
        high = theme.scaled(Text.AXIS + 5)
        plot = QRectF(left, high / 2, self.width() - left, self.height() - 1.9 * high)
        # Few pictures get far less right than all; what is not known may be anything.
        is_low = self.final is None or self.final < _LOW
        lowest = 0.0 if is_low else 0.84
        step = 0.5 if is_low else 0.05
        unit = plot.height() / (1 - lowest)
        for line in range(3 if is_low else 4):
            y = plot.top() + line * step * unit
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(theme.color("muted"))
            place = QRectF(0, y - high / 2, left - Size.FIELD_GAP, high)
            painter.drawText(place, int(Qt.AlignRight | Qt.AlignVCenter), percent(1 - line * step))
        self._paint_epochs(painter, plot, high)
        if self.final is None:
            return
        y = plot.top() + (1 - self.final) * unit
        below = QRectF(plot.left(), y + Size.GRID, plot.width(), high)
        words = self.accessibleDescription()
        painter.drawText(below, int(Qt.AlignRight | Qt.AlignVCenter), words)
        painter.setClipRect(plot)
        lines = (("accent", 2.2, Qt.SolidLine), ("second", 2.8, Qt.DashLine))
        away = self.final * 0.6 if is_low else 0.2
        for name, rate, style in lines:
            # A typical run: fast at first, then slower and slower.
            points = [
                QPointF(
                    plot.left() + part * plot.width(),
                    plot.top() + (1 - self.final + away * math.exp(-rate * 4 * part)) * unit,
                )
                for part in (n / 100 for n in range(3, 101))
            ]
            painter.setPen(QPen(theme.color(name, 0.45), 2, style))
            painter.drawPolyline(QPolygonF(points))

    def _paint_epochs(self, painter: QPainter, plot: QRectF, high: float) -> None:
        count = max(1, self._epochs)
        painter.setPen(theme.color("muted"))
        wide = theme.scaled(60)
        for epoch in numbered_epochs(count):
            x = plot.left() + plot.width() * (epoch / count if count > 1 else 1)
            words = _("epoch {number}", number=1) if epoch == 1 else number(epoch)
            x = min(max(x - wide / 2, plot.left() - wide / 4), plot.right() - wide)
            side = Qt.AlignRight if epoch == count else Qt.AlignHCenter
            place = QRectF(x, plot.bottom() + high / 4, wide, high)
            painter.drawText(place, int(side | Qt.AlignVCenter), words)


class PlaceholderCard(Card):
    """The card of a curve that is not drawn yet."""

    def __init__(self) -> None:
        super().__init__(
            _("Accuracy"),
            ElidedLabel(_("will climb here, epoch by epoch"), "muted"),
        )
        self.curve = PlaceholderCurve()
        self.body.addWidget(self.curve, 1)
