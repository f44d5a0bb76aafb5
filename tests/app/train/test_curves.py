"""Curves can be read, zoomed, marked and saved; pictures of the layers."""

import math
from array import array
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QPointF, Qt, QVariantAnimation
from qtpy.QtGui import QPainter, QPicture
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from mnist_draw.app.kit import theme
from mnist_draw.app.train.curve_card import AccuracyCard, Legend, LossCard, accuracy_range
from mnist_draw.app.train.plots import log_ticks
from mnist_draw.app.train.series import Curve, axis_epochs
from mnist_draw.training.events import BatchFinished, EpochFinished
from mnist_draw.training.history import EpochFigures, History
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.twelve_digits import DigitsRead


def history(epochs, batches=0):
    """Return so many epochs, each with so many minibatches; losses fall."""
    made = History()
    for epoch in range(1, epochs + 1):
        for batch in range(1, batches + 1):
            made.add(BatchFinished(epoch, epochs, batch, batches, 1 / epoch, 0.9, 0.01))
        add_epoch(made, epoch, 1 / epoch, 2 / epoch)
    return made


def add_epoch(made, epoch, training, validation):
    made.epochs.append(EpochFigures(epoch, 1.0, training, 0.9, validation, 0.9, 1e4))


@pytest.fixture
def card(qtbot):
    made = LossCard()
    qtbot.addWidget(made)
    made.build()
    made.show_history(history(30), 40)
    made.resize(500, 300)
    made.show()
    return made


def texts(card):
    return card.legend.texts()


def test_the_crosshair_names_epoch_and_figures(card):
    before = [card.legend.geometry(), card.minimumSizeHint(), card.sizeHint()]
    card.tools.point(3.8)
    card.layout().activate()
    # Pointing moves nothing, and no tooltip covers the curves.
    assert [card.legend.geometry(), card.minimumSizeHint(), card.sizeHint()] == before
    assert card.plot.toolTip() == ""
    # The grid is below the curves.
    assert card.value_axis.zValue() < card.plot.getPlotItem().getViewBox().zValue()
    assert texts(card) == ["training 0.2500", "validation 0.5000", "epoch 4"]
    card.tools.point(1000)
    assert card.legend.epoch == "epoch 30"
    QTest.keyClick(card.plot, Qt.Key_Escape)
    assert texts(card) == ["training", "validation", ""]
    QTest.keyClick(card.plot, Qt.Key_Right)
    QTest.keyClick(card.plot, Qt.Key_Right)
    assert card.legend.epoch == "epoch 2"
    box = card.tools._box
    card.plot.scene().sigMouseMoved.emit(box.mapViewToScene(box.viewRect().center()))
    assert card.legend.epoch == "epoch 20"


def test_a_first_epoch_that_was_stopped_within_ends_where_its_line_does(card, accuracy):
    made = History()
    made.add(BatchFinished(1, 10, 1, 4, 0.5, 0.9, 0.01))
    made.add(EpochFinished(1, 10, 1.0, 0.5, 0.9, 0.4, 0.9, 1e4, True, ()))
    accuracy.build()
    for one in (card, accuracy):
        one.show_history(made, 10)
        assert list(one.batch_curve.getData()[0]) == list(one.validation_curve.getData()[0])
    assert list(accuracy.dot.getData()[0]) == [0.25]


def test_zoom_stays_while_the_run_goes_on_until_all_is_shown(card):
    whole = card.tools.visible_epochs()
    card.tools.point(20)
    for _ in range(5):
        QTest.keyClick(card.plot, Qt.Key_Plus)
    closer = card.tools.visible_epochs()
    assert closer[1] - closer[0] < 0.4 * (whole[1] - whole[0])
    add_epoch(card.history, 31, 0.03, 0.06)
    card.redraw()
    assert card.tools.visible_epochs() == closer
    drawn = card.training_curve.getData()[0]
    assert drawn[0] > 5
    QTest.keyClick(card.plot, Qt.Key_0)
    assert card.tools.visible_epochs() == pytest.approx(whole)
    assert len(card.training_curve.getData()[0]) == 31


@pytest.fixture
def accuracy(qtbot):
    made = AccuracyCard()
    qtbot.addWidget(made)
    return made


def test_marks_show_every_change_and_one_label_those_of_an_epoch(accuracy):
    accuracy.mark("learning_rate", 3.1, "0.1")
    accuracy.build()
    accuracy.mark("learning_rate", 3.4, "0.2")
    accuracy.mark("l2", 3.4, "0.1")
    marked = [mark[:2] for mark in accuracy.tools.marks]
    assert marked == [("learning_rate", 3.1), ("learning_rate", 3.4), ("l2", 3.4)]
    labels = [item.label for *_, item in accuracy.tools.marks if item.label.isVisible()]
    assert [one.format for one in labels] == ["rate 0.1 → 0.2", "L2 0.1"]
    accuracy.show_history(History(), 10)
    assert accuracy.tools.marks == []
    # The tutorial's result is beside its own network only.
    for changes, shown in (
        ({}, True),
        ({"network": "cnn"}, False),
        ({"learning_rate": 0.01}, True),
        ({"training_examples": 1000}, False),
        ({"data_folder": "elsewhere"}, False),
    ):
        accuracy.show_history(history(2), 10)
        accuracy.compare(Run(settings=TrainingSettings(**changes)))
        assert accuracy.reference.isVisible() == shown


@pytest.mark.parametrize(
    ("done", "planned", "shown"),
    [(0, 100, 1), (1, 100, 2), (2, 100, 5), (5, 100, 10), (60, 100, 100), (7, 8, 8), (8, 8, 8)],
)
def test_the_axis_of_epochs_grows_when_an_epoch_ends(done, planned, shown):
    assert axis_epochs(done, planned) == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([97.2, 98.4], (95, 100)),
        ([98.5, 99.5], (98, 100)),
        ([91.0, 96.0], (90, 100)),
        ([60.0, 95.0], (50, 100)),
        ([7.4, 15.9], (0, 25)),
    ],
)
def test_the_axis_of_accuracies_begins_below_the_lowest(values, shown):
    assert accuracy_range(values) == shown


def test_names_and_numbers_of_minibatches_have_room(accuracy):
    accuracy.build()
    accuracy.epoch_axis.show_epochs(accuracy.plot, 1, 100)
    for wide in (120, 200, 300, 500):
        ticks = accuracy.epoch_axis.tickValues(-0.01, 1.01, wide)[0][1]
        assert len(ticks) > 1
        assert all(after - before > 55 / wide for before, after in pairwise(ticks))


def test_the_first_epoch_is_drawn_minibatch_by_minibatch(accuracy):
    accuracy.build()
    made = History()
    for batch in range(1, 21):
        made.add(BatchFinished(1, 10, batch, 100, 1.0, batch / 20, 0.01))
    accuracy.show_history(made, 10)
    # The mean of the nine around each.
    assert accuracy.training_curve.getData()[1][10] == pytest.approx(55)
    assert accuracy.tools.visible_epochs()[1] == pytest.approx(1, abs=0.02)
    ticks = accuracy.epoch_axis.tickValues(0, 1, 700)[0][1]
    assert accuracy.epoch_axis.tickStrings(ticks, 1, 1) == [
        "minibatch 1", "20", "40", "60", "80", "100",
    ]  # fmt: skip
    assert texts(accuracy) == ["training", ""]
    assert accuracy.guessing.value() == 10
    # A dot is at the end of the line, a rule where the twelve pictures were read.
    line = accuracy.training_curve.getData()
    assert [one[0] for one in accuracy.dot.getData()] == [one[-1] for one in line]
    assert not accuracy.reading.isVisible()
    run = Run(read=DigitsRead((), (), epoch=1, batch=15))
    accuracy.compare(run)
    assert accuracy.reading.value() == pytest.approx(0.15)
    assert accuracy.reading.isVisible()
    add_epoch(made, 1, 0.9, 0.9)
    accuracy.redraw()
    assert texts(accuracy) == ["training", "validation", ""]
    assert [one[0] for one in accuracy.dot.getData()] == [1, 90]
    assert not accuracy.reading.isVisible()


def test_ten_thousand_epochs_are_drawn_from_few_points_and_the_axis_ends_with_the_last(card):
    card.show_history(history(10_000, batches=10), 10_000)
    assert len(card.batch_curve.getData()[0]) <= 2048
    assert len(card.training_curve.getData()[0]) <= 2001
    assert card.training_curve.getData()[0][-1] == 10_000
    for planned in (1, 2, 7, 19, 20, 23, 100, 1234):
        card.show_history(history(planned), planned)
        ticks = card.epoch_axis.tickValues(-0.01 * planned, 1.01 * planned, 400)[0][1]
        assert ticks[-1] == planned
        steps = [after - before for before, after in pairwise(ticks)]
        assert len(steps) < 2 or min(steps) >= 0.5 * max(steps)
        assert len(ticks) <= 8
    card.show_history(history(4), 4)
    assert card.epoch_axis.tickValues(-0.04, 4.04, 225)[0][1] == [1, 2, 3, 4]
    card.show_history(history(8), 8)
    for size in (150, 250, 300, 350, 380, 500, 700):
        ticks = card.epoch_axis.tickValues(-0.08, 8.08, size)[0][1]
        steps = [after - before for before, after in pairwise(ticks)]
        assert min(steps) >= 0.5 * max(steps)


def test_a_close_look_at_a_logarithmic_axis_has_round_ticks():
    for low, high in ((0.067, 0.071), (0.03, 0.19), (0.11, 0.19)):
        ticks = [10**tick for tick in log_ticks(math.log10(low), math.log10(high))]
        assert 2 <= len(ticks) <= 8
        assert all(low <= tick <= high for tick in ticks)
        assert all(float(f"{tick:.2g}") == pytest.approx(tick) for tick in ticks)


@pytest.mark.parametrize("epochs", [6, 20, 200])
@pytest.mark.parametrize("first", [0.94, 0.6])
def test_the_tutorials_result_covers_no_curve(accuracy, qtbot, epochs, first):
    accuracy.build()
    made = History()
    for epoch in range(1, epochs + 1):
        right = 0.983 - (0.983 - first) * 0.4 ** (epoch - 1)
        made.epochs.append(EpochFigures(epoch, 1.0, 0.1, right - 0.004, 0.1, right, 1e4))
    accuracy.show_history(made, epochs)
    accuracy.mark("learning_rate", epochs / 2, "rate 0.0005")
    accuracy.mark("l2", epochs, "L2 0.0005")
    accuracy.resize(560, 300)
    accuracy.show()
    accuracy.redraw()
    QApplication.processEvents()
    words = accuracy.reference.label
    # It has no ground, and is inside of the plot.
    assert words.fill.style() == Qt.NoBrush
    box = accuracy.plot.getPlotItem().getViewBox()
    around = words.mapRectToScene(words.boundingRect())
    assert box.sceneBoundingRect().adjusted(0, -5, 0, 0).contains(around)
    for row in made.epochs[epochs // 2 :]:
        place = QPointF(row.epoch, 100 * row.validation_accuracy)
        assert not around.contains(box.mapViewToScene(place))
    for *_, mark in accuracy.tools.marks:
        place = mark.label.mapRectToScene(mark.label.boundingRect())
        assert not around.intersects(place)
        assert place.right() <= accuracy.plot.width(), "cut"
    # In a low plot the highest value has its number, too.
    accuracy.resize(560, 200)
    QApplication.processEvents()
    picture = QPicture()
    painter = QPainter(picture)
    numbers = accuracy.value_axis.generateDrawSpecs(painter)[2]
    painter.end()
    assert "100%" in [text for *_, text in numbers]


def test_curves_are_saved_and_changes_marked(make, tmp_path, monkeypatch):
    room = make()
    room.loop.gate.clear()
    room.start(epochs=3)
    room.wait_for("training")
    room.tab.settings.apply("learning_rate", 0.5)
    room.loop.gate.set()
    room.wait_for_end()
    ((name, place, *_),) = room.tab.accuracy.tools.marks
    assert name == "learning_rate"
    assert 0 < place < 1
    for kind, beginning in {
        "png": b"\x89PNG",
        "csv": b"epoch,",
        "minibatches": b"minibatch,training_loss",
    }.items():
        path = tmp_path / f"{kind}.{'png' if kind == 'png' else 'csv'}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        room.tab.loss.export_requested.emit(kind)
        room.qtbot.waitUntil(lambda path=path: room.message == f"Saved {path}.")
        assert path.read_bytes().startswith(beginning)


def test_the_names_of_the_lines_are_whole_in_a_narrow_card(qtbot):
    legend = Legend()
    legend.show_validation(True)
    qtbot.addWidget(legend)
    # What a window of 1024 pixels leaves beside the title.
    legend.resize(110, 26)
    assert legend.shown() == (["training", "validation"], True)
    assert not legend.grab().isNull()
    # A name that would be cut is left out.
    legend.resize(70, 26)
    texts, is_stacked = legend.shown()
    assert is_stacked
    assert [text[:2] for text in texts] == ["tr", "va"]
    # Figures that do not fit beside each other are below each other, too.
    legend.resize(110, 26)
    legend.show_figures("epoch 2", ("0.2500", "0.5000"))
    assert legend.shown() == (["0.2500", "0.5000"], True)


def test_the_dot_of_a_new_best_rests_between_two_pulses(accuracy):
    accuracy.show()
    theme.theme().motion = True
    pulse, states = accuracy.pulse_animation, []
    pulse.stateChanged.connect(lambda new, old: states.append(new))
    for _ in range(3):
        accuracy.pulse()
        pulse.setCurrentTime(pulse.duration())
    assert states == [QVariantAnimation.Running, QVariantAnimation.Stopped]


# -- long curves in few points


def test_a_short_curve_is_kept_as_it_is_and_grows():
    assert [len(part) for part in Curve().points(10)] == [0, 0]
    values = array("d", (n * n for n in range(1, 101)))
    curve = Curve(values)
    xs, ys = curve.points(10)
    np.testing.assert_array_equal(xs, np.arange(1, 101) / 10)
    np.testing.assert_array_equal(ys, np.arange(1.0, 101) ** 2)
    assert curve.range() == (1, 10_000)
    values.append(0)
    assert curve.range() == (0, 10_000)
    assert curve.points(4)[0].tolist() == [n / 4 for n in range(1, 102)]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.floats(-10, 310),
    st.floats(0, 100),
)
def test_a_long_curve_and_a_part_of_it_keep_their_lowest_and_highest(values, first, width):
    curve = Curve(array("d", values), stretches=16)
    xs, ys = curve.points(1)
    assert len(xs) == len(ys) <= 34
    assert (ys.min(), ys.max()) == (min(values), max(values)) == curve.range()
    assert (np.diff(xs) >= 0).all()
    last = first + width
    xs, ys = curve.points(1, first, last)
    assert len(xs) <= 36
    # The first value lies at 1.
    visible = values[max(0, math.ceil(first) - 1) : max(0, math.floor(last))]
    if visible:
        assert ys.min() <= min(visible)
        assert ys.max() >= max(visible)


def test_zoomed_in_every_point_is_there():
    curve = Curve(array("d", (n % 7 for n in range(1, 1_000_001))))
    assert len(curve.points(1)[0]) <= 2050
    xs, ys = curve.points(1, 500_000, 500_500)
    np.testing.assert_array_equal(xs, np.arange(499_999, 500_502))
    np.testing.assert_array_equal(ys, xs % 7)
