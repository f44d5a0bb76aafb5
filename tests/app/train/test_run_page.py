"""The page of a run: its digits, its card at the end, and its arrangement."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QToolTip

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState, Learns
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.waiting import AFTER_LEARNING, Waiting
from mnist_draw.app.train import run_words
from mnist_draw.app.train.run_figures import EpochBar, Figures, HintLine
from mnist_draw.app.train.run_page import RunPage, arrangement
from mnist_draw.app.train.run_words import finished_words, hint_of, requests, time_left
from mnist_draw.app.train.twelve_digits_card import DigitsGrid, TwelveDigitsCard
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.certainty import certainty_from
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.training import events
from mnist_draw.training.hints import Hint
from mnist_draw.training.poor_result import is_poor
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.twelve_digits import DigitsRead, TwelveDigits
from mnist_draw.training.updates import UPDATE_RULES, WITH_MOMENTUM

from ..seen import point_at
from .conftest import NETWORK, figures

TWELVE = TwelveDigits(
    tuple(range(100, 112)),
    np.zeros((12, 1, 28, 28), np.uint8),
    (*range(10), 2, 6),
    DIGITS,
    10_000,
)


def read(*wrong):
    """Return a reading that is right but for some of the digits."""
    right = tuple(number not in wrong for number in range(12))
    answers = [label if ok else 0 for label, ok in zip(TWELVE.labels, right, strict=True)]
    return DigitsRead(tuple(answers), right)


def test_the_digits_say_what_was_read_and_open(qtbot, show):
    card = show(TwelveDigitsCard(), 494, 232)
    card.show_digits(TWELVE, None)
    assert card.when.text() == "None read yet"
    unread = card.grid.grab().toImage()
    card.show_digits(TWELVE, read(8, 11))
    assert [row.right for row in card.grid.words.rows] == ["6 of 6 right", "4 of 6 right"]
    assert card.grid.grab().toImage() != unread
    said = card.grid.accessibleDescription()
    assert "Hard on purpose: 4 of 6 right" in said
    assert "Test picture 108: 8, read as 0." in said
    with qtbot.waitSignal(card.grid.chosen) as chosen:
        QTest.mouseClick(card.grid, Qt.LeftButton, pos=card.grid.box_of(4).center().toPoint())
    assert chosen.args == [104]
    QTest.keyClick(card.grid, Qt.Key_Right)
    QTest.keyClick(card.grid, Qt.Key_Down)
    with qtbot.waitSignal(card.grid.chosen) as chosen:
        QTest.keyClick(card.grid, Qt.Key_Return)
    assert chosen.args == [111]


def test_the_rows_share_the_room_of_a_high_card(qtbot):
    grid = DigitsGrid()
    qtbot.addWidget(grid)
    grid.resize(376, 300)
    above = grid.heading_of(0).top()
    below = grid.height() - grid.box_of(11).bottom()
    assert above > 20
    assert below < 2 * above


@pytest.mark.parametrize(
    ("wide", "runs", "shown"),
    [
        (1326, False, {"bestLabel": True, "stepsLabel": True}),
        (984, False, {"bestLabel": False, "stepsLabel": True}),
        (1326, True, {"learningRateLabel": True}),
        (700, True, {"learningRateLabel": False}),
    ],
)
def test_no_figure_stands_alone_in_a_second_line(qtbot, wide, runs, shown):
    made = Figures()
    qtbot.addWidget(made)
    made.resize(wide, 100)
    made.show_running(runs)
    run = Run(state="training" if runs else "completed")
    for batch in (1, 2):
        run.history.add(events.BatchFinished(1, 3, batch, 2, 0.3, 0.9, 0.1))
    run.history.add(events.EpochFinished(1, 3, 1.0, 0.3, 0.9, 0.2, 0.95, 9.0, True, ()))
    made.show_run(run)
    found = {name: made.findChild(QLabel, name) for name in shown}
    assert {name: each.isVisibleTo(made) for name, each in found.items()} == shown


def test_the_heading_of_a_row_says_how_its_digits_are_chosen(show, monkeypatch):
    tips = []
    monkeypatch.setattr(QToolTip, "showText", lambda _, text, *__: tips.append(text))
    card = show(TwelveDigitsCard(), 494, 232)
    card.show_digits(TWELVE, None)
    point_at(card.grid, card.grid.heading_of(1).center())
    assert "a lot like another" in tips[-1]


@pytest.mark.parametrize(
    ("reading", "when"),
    [
        (None, "None read yet"),
        (DigitsRead((), (), epoch=1, batch=50), "after 50 minibatches"),
        (DigitsRead((), (), epoch=3, batch=50), "in epoch 3"),
        (DigitsRead((), (), epoch=3), "after epoch 3"),
    ],
)
def test_when_the_twelve_digits_were_read(reading, when):
    assert run_words.twelve_words(TWELVE, reading).when == when


def result(state, epochs=3, test=0.9824, **settings):
    made = figures(epochs)
    made.test_accuracy = test
    used = TrainingSettings(epochs=20, **settings)
    return Run(Path("one"), used, state=state, history=made, was_trained_here=True)


def page_of(run, **facts):
    """Return the page of a run, and the state that it shows."""
    state = AppState()
    state.set(run=run, shown_run=run, **facts)
    page = RunPage(state)
    page.show_run()
    return page, state


@pytest.mark.parametrize(
    ("made", "begins", "contains", "compared"),
    [
        (result("completed", 20), "Your network gets 98.24% of", "9,824 of 10,000", True),
        (result("early"), "Your network gets", "stopped falling", False),
        (result("stopped"), "Stopped in epoch 4 of 20. Your", "3 epochs in 3 min 0 s", True),
        (result("running", test=None), "Can be continued after 3 of 20", "After ", False),
        (
            result("completed", test=None, keep_best=True),
            "Your network gets 95.00%",
            "Epoch 3 is kept: the lowest validation loss, 0.0667",
            False,
        ),
        (result("completed", 1, network="cnn"), "", "after epoch 1 in 1 min 0 s.", False),
        # How many test pictures there were is not known until they are read.
        (result("completed", 1, data_folder="gone"), "", "After epoch 1 in 1 min 0 s.", False),
    ],
)
def test_the_end_of_a_run_in_words(made, begins, contains, compared):
    words = finished_words(made, can_continue=True, leads_inside=True)
    assert re.sub("</?b>", "", words.headline).startswith(begins)
    assert contains in words.details
    assert ("The tutorial got" in words.details) == compared


@pytest.mark.parametrize(("reason", "epochs"), [("completed", 8), ("stopped", 20)])
def test_a_run_is_trained_on_for_five_epochs_or_to_its_end(qtbot, show, reason, epochs):
    page = show(page_of(replace(result(reason), has_checkpoint=True))[0])
    # A figure and its unit stay in one line.
    shown = QTextDocument()
    shown.setHtml(page.finished.headline.text())
    assert "98.24%" in shown.toRawText()
    assert ("5 more epochs" in page.finished.on_button.text()) == (reason == "completed")
    with qtbot.waitSignal(page.finished.continue_requested) as asked:
        page.finished.on_button.click()
    assert asked.args == [epochs]


def test_the_network_of_a_run_reads_the_drawing_once_the_card_is_seen(qtbot, tmp_path):
    # Whatever it sees, it answers 6.
    weights = [np.zeros(shape, np.float32) for shape in ((784, 4), (4,), (4, 10), (10,))]
    weights[-1][6] = 9
    save_model(tmp_path / "model.npz", ModelFile(NETWORK, tuple(weights)))
    rescued = events.Rescued(tmp_path / "model.npz", "opened:model.npz", "")
    page, _ = page_of(replace(result("completed"), rescued=rescued))
    qtbot.addWidget(page)
    ink = np.zeros((28, 28), np.float32)
    ink[4:24, 12:16] = 0.9
    page.finished.show_drawing(ink)
    page.show()
    drawing = page.finished.drawing
    qtbot.waitUntil(drawing.isVisible)
    assert drawing._read.text == "6"
    # A long name has more room, and never runs under the picture.
    usual = drawing.width()
    drawing.show_reading(ink, replace(drawing._read, text="Dreieck & X"))
    assert usual < drawing.width() < usual + 200
    # A refusal is no reading.
    drawing.show_reading(ink, certainty_from(np.full(10, 0.1), objection="No"))
    assert not drawing.isVisible()
    page.finished.show_drawing(None)
    assert not drawing.isVisible()


def test_how_long_ago_a_run_was_is_told_anew(qtbot, tmp_path, monkeypatch):
    page, _ = page_of(Run(tmp_path, TrainingSettings(), started="2026-01-01 10:00:00"))
    qtbot.addWidget(page)
    monkeypatch.setattr(run_words, "format_ago", lambda _: "7 min ago")
    page.show()
    assert page.about.text().endswith("7 min ago")


@pytest.mark.parametrize("scale", [1.5, 1.75])
def test_in_large_text_digits_stay_readable_and_titles_whole(qtbot, show, scale):
    page, state = page_of(result("completed"))
    show(page, 1240, 600)
    theme.theme().resize_text(scale)
    for is_training in (False, True):
        state.set(is_training=is_training)
        page.show_run()
        QApplication.processEvents()
        assert page.digits.grid.side() >= 28
        assert page.digits.heading.width() >= page.digits.heading.sizeHint().width()


@pytest.mark.parametrize("size", [(680, 600), (1000, 620), (1366, 660), (1920, 1000)])
def test_no_state_widens_the_page(show, size):
    run = Run(Path("one"))
    page, _ = page_of(run)
    show(page, *size)
    for event in (
        events.Requested(TrainingSettings()),
        events.Started(1, 1000, 4),
        events.BatchFinished(1, 1000, 1, 4, 123456789.0, 1.0, 1e-9),
        events.EpochFinished(1, 1000, 9e6, 1e9, 1.0, 1e9, 1.0, 1e9, True, ()),
        events.Paused(),
        events.Testing(),
        events.Finished("stopped", 1, (), 1000),
    ):
        run.apply(event)
        run.has_checkpoint = run.has_ended
        page.show_run()
        page.widget().layout().activate()
        assert page.widget().minimumSizeHint().width() <= size[0]
        assert page.size().width() == size[0]
        assert page.widget().width() <= size[0]


def test_curves_are_drawn_while_they_can_be_seen_and_when_they_are_shown(qtbot, show):
    run = Run(Path("one"))
    run.apply(events.Started(1, 10, 4))
    page, state = page_of(run)
    show(page, 1240, 600)
    page.loss.build()
    state.announce("history")
    page.hide()
    for batch in (1, 2, 3):
        run.apply(events.BatchFinished(1, 10, batch, 4, 1 / batch, 0.5, 0.001))
    state.announce("curves")
    assert page.loss.batch_curve.getData()[0] is None
    page.show()
    assert len(page.loss.batch_curve.getData()[0]) == 3


@pytest.mark.parametrize(
    ("epochs", "segments"),
    [(1, 1), (60, 60), (61, 13), (300, 60), (301, 31), (3000, 60)],
)
def test_a_bar_has_a_segment_for_each_epoch_or_for_several(qtbot, epochs, segments):
    bar = EpochBar()
    qtbot.addWidget(bar)
    bar.show_run(Run(settings=TrainingSettings(epochs=epochs)))
    assert bar.segments == segments


def test_a_longer_figure_moves_no_other(show):
    row = show(Figures(), 1300, 120)
    run = result("training")
    row.show_run(run)
    row.layout().activate()
    before = [figure.geometry() for figure in row.small]
    run.apply(events.BatchFinished(4, 20, 1, 1, 123456789.0, 0.9, 0.01))
    row.show_run(run)
    row.layout().activate()
    assert [figure.geometry() for figure in row.small] == before


_ALL = {"pause", "stop", "step"}


@pytest.mark.parametrize(
    ("state", "is_trained", "can_continue", "possible"),
    [
        ("idle", False, False, {"start"}),
        ("waiting", False, False, {"stop"}),
        ("loading", True, False, {"stop", "step"}),
        ("compiling", True, False, {"stop", "step"}),
        ("training", True, False, _ALL),
        ("paused", True, False, _ALL),
        ("validating", True, False, _ALL),
        ("testing", True, False, set()),
        ("stopping", True, False, set()),
        # It is being saved.
        ("completed", True, False, set()),
        ("completed", False, True, {"start", "step"}),
        ("completed", False, False, {"start"}),
        ("interrupted", False, True, {"start", "step"}),
    ],
)
def test_what_can_be_asked_of_a_run(state, is_trained, can_continue, possible):
    assert requests(Run(state=state), is_trained, can_continue) == possible


def test_a_pause_while_a_function_is_compiled_begins_with_the_next_minibatch():
    run = Run()
    run.apply(events.BatchFinished(1, 2, 1, 4, 0.5, 0.9, 0.01))
    run.apply(events.Compiling("the validation function", 1, 2))
    assert requests(run, is_trained=True, can_continue=False) == _ALL


@pytest.mark.parametrize(
    ("state", "shown"),
    [("training", True), ("validating", True), ("paused", False), ("testing", False)],
)
def test_a_time_is_left_while_a_run_trains(state, shown):
    run = Run(state=state, history=figures(2))
    assert bool(time_left(run)) == shown


def first_minute(batches, each=0.1):
    run = Run(Path("one"), TrainingSettings(epochs=100))
    run.apply(events.Started(1, 100, 100))
    for batch in range(1, batches + 1):
        run.apply(events.BatchFinished(1, 100, batch, 100, 0.7, 0.79, each))
    return run


@pytest.mark.parametrize(
    ("run", "caption", "value", "line", "is_muted"),
    [
        (first_minute(0), "Training accuracy so far", "–", "", True),
        (first_minute(5), "Training accuracy so far", "79.0%", "", True),
        (first_minute(60), "Training accuracy so far", "79.0%", "First validation in about 4 s",
         True),
        (result("training"), "Validation accuracy", "95.00%", "in epoch 1", False),
        # There is no second large figure at the end.
        (result("completed"), "Validation accuracy", "95.00%", "in epoch 1", False),
    ],
)  # fmt: skip
def test_the_large_figure(run, caption, value, line, is_muted):
    words = run_words.large_figure(run)
    assert (words.caption, words.value, words.line) == (caption, value, line)
    assert words.is_muted == is_muted


@pytest.mark.parametrize(
    ("each", "left"),
    [(0.0005, "about 5 s left"), (0.01, "about 2 min left"), (1.0, "about 3 h left")],
)
def test_the_time_left_is_a_rough_one_in_the_first_minute(each, left):
    assert time_left(first_minute(50, each)) == left


def test_the_bar_counts_the_minibatches_of_the_first_epoch_alone():
    assert run_words.minibatch_words(first_minute(62)) == "minibatch 62 of 100"
    assert run_words.minibatch_words(result("training")) == ""


@pytest.mark.parametrize(
    ("state", "width", "has_digits", "has_epochs", "places"),
    [
        ("running", 1300, True, True, "accuracy digits loss"),
        ("ended", 1300, True, True, "accuracy loss digits"),
        ("ended", 1300, False, True, "accuracy loss"),
        ("ended", 1000, True, True, "loss digits"),
        ("ended", 1000, False, True, "accuracy loss"),
        ("running", 700, True, True, "accuracy digits loss"),
        ("ended", 700, False, True, "accuracy loss"),
        ("failed", 1300, True, False, "divergence changes why"),
        ("failed", 1300, True, True, "accuracy divergence changes why"),
        ("failed", 1000, True, True, "divergence changes"),
        ("failed", 700, True, True, "divergence changes"),
        ("queued", 1300, True, False, "ghost digits waiting"),
        ("queued", 700, True, False, "ghost digits"),
    ],
)
def test_arrangements(state, width, has_digits, has_epochs, places):
    found = arrangement(state, width, has_digits, has_epochs, "loss")
    assert " ".join(found.places) == places
    rows = max(row + high for row, __, high, __ in found.places.values())
    assert len(found.heights) == len(found.least) == rows


@pytest.mark.parametrize(
    ("state", "is_trained", "page"),
    [
        ("waiting", False, "queued"),
        ("training", True, "running"),
        # It is being saved.
        ("completed", True, "running"),
        ("diverged", False, "failed"),
        ("completed", False, "ended"),
        ("stopped", False, "ended"),
        ("interrupted", False, "ended"),
    ],
)
def test_which_page_a_run_has(state, is_trained, page):
    assert run_words.page_state(Run(state=state), is_trained) == page


def failed(epochs=0, loss=167_155_777_536.0, **settings):
    run = Run(Path("one"), TrainingSettings(**settings))
    run.apply(events.Continued(figures(epochs), (), run.settings))
    for batch, before in enumerate((2.5, 2.4), 1):
        run.apply(events.BatchFinished(epochs + 1, 20, batch, 1, before, 0.1, 0.01))
    run.apply(events.Diverged(epochs + 1, 3, loss, ""))
    run.apply(events.Finished("diverged", epochs, (), 20))
    return run


@pytest.mark.parametrize(
    ("run", "reason", "kept", "remedy", "name", "value"),
    [
        (failed(learning_rate=50.0), "50 takes steps 50,000 times", "nothing is kept",
         "New run with 0.001", "learning_rate", 0.001),
        (failed(l2=5.0, learning_rate=50.0), "penalty of 5", "nothing is kept",
         "New run without L2", "l2", 0.0),
        (failed(6), "0.001, the steps became too long in epoch 7",
         "Epoch 6 is kept. It gets 95.00%", "New run with 0.0003", "learning_rate", 0.0003),
        (failed(6, keep_best=True), "epoch 7", "Epoch 6 is kept", "0.0003", "learning_rate",
         0.0003),
        (failed(learning_rate=0.005), "rate of 0.005, the steps", "nothing is kept",
         "New run with 0.001", "learning_rate", 0.001),
    ],
)  # fmt: skip
def test_why_a_run_failed_and_what_to_try(run, reason, kept, remedy, name, value):
    words = run_words.failed_words(run)
    assert reason in words.reason
    assert kept in words.reason
    assert remedy in words.remedy.remedy
    assert (words.remedy.name, words.remedy.value) == (name, value)


@pytest.mark.parametrize("rule", UPDATE_RULES)
def test_why_a_smaller_rate_helps_is_true_of_each_rule(rule):
    assert ("earlier steps" in run_words.why_smaller(rule)) == (rule in WITH_MOMENTUM)


@pytest.mark.parametrize(
    ("network", "line"),
    [("mlp", "784–500–300–10 · MNIST"), ("layers:conv8x3,pool2,50", "MNIST")],
)
def test_layers_and_data_are_said_once(network, line):
    run = Run(settings=TrainingSettings(network=network))
    assert run_words.describe(run) == line
    run.settings = run.settings.replace(data_folder="letters")
    assert "letters" in run.title
    assert "letters" not in run_words.describe(run)
    run.name = "Mine"
    assert "letters" in run_words.describe(run)


def test_what_a_failed_run_changed_from_its_card():
    card, rows = run_words.changed_rows(failed(learning_rate=50.0))
    assert card == "Tutorial MLP"
    assert [(row.title, row.value, row.usual, row.is_suspect) for row in rows] == [
        ("Learning rate", "50", "0.001", True),
        ("Epochs", "0 of 20", "20", False),
        ("Test accuracy", "–", "98.26%", False),
    ]


@pytest.mark.parametrize(
    ("loss", "said"),
    [(5e9, "5,000,000,000 in minibatch 3"), (math.nan, "no number in"), (1e7, "10,000,000 in")],
)
def test_a_failed_run_shows_its_card_and_its_loss(show, loss, said):
    run = failed(loss=loss, learning_rate=50.0)
    page = show(page_of(run)[0], 1326, 650)
    assert page.failed.isVisible()
    assert not page.finished.isVisible()
    assert not page.hint.isVisible()
    assert not page.figures.isVisible()
    assert said in page.divergence.plot.accessibleDescription()
    assert page.first() is page.failed.remedy_button
    assert not page.divergence.grab().isNull()
    # Losses before the lowest say nothing of the failure.
    assert run.divergence.losses[0] == 2.4
    assert len(run.divergence.losses) == 2


def test_a_run_that_waits_says_until_when_and_what_it_will_train(show):
    run = Run(settings=TrainingSettings())
    run.apply(events.Queued(20.0, 0.983))
    page, state = page_of(run, unlearned=3)
    show(page, 1326, 650)
    waiting = Waiting("run", run.title, bool, AFTER_LEARNING)
    state.set(learning=Learns(0.62, 40.0), queue=waiting)
    assert page.queued.isVisible()
    assert "40 s" in page.queued.headline.text()
    assert "3 digits" in page.queued.sentence.text()
    assert page.queued.progress.text() == "Learning, 62%"
    assert run_words.time_left(run) == "then about 20 s"
    assert run.label == "Epoch 0 of 20"
    assert page.ghost.curve.final == 0.983
    assert "98.3%" in page.ghost.curve.accessibleDescription()
    assert page.first() is page.stop_button


def test_what_a_run_that_waits_will_train():
    rows = dict(run_words.run_rows(Run(settings=TrainingSettings())))
    assert "dropout" in rows["Network"]
    assert rows["Optimizer"] == "RMSProp, rate 0.001, minibatches of 500"
    assert rows["Data"] == "MNIST, 50,000 digits to learn from"


def test_an_empty_hint_has_no_frame(show):
    line = show(HintLine(), 800, 30)
    for sentence, inside, is_framed in (
        ("", False, False),
        ("Nothing yet.", False, True),
        ("", False, False),
        ("", True, True),
    ):
        line.show_hint(Hint(sentence))
        line.show_inside(inside)
        picture = line.grab().toImage()
        colors = {picture.pixel(x, 0) for x in range(picture.width())}
        assert (len(colors) > 1) == is_framed


def poor(batches=1, epochs=3, test=0.1559, known=0.086, here=True, **settings):
    """Return a run with a poor result on few pictures."""
    used = {"training_examples": 500, "update": "adam", "learning_rate": 0.0001, **settings}
    run = Run(Path("one"), TrainingSettings(epochs=epochs, **used), has_checkpoint=here)
    run.history.batches = batches
    for epoch in range(1, epochs + 1):
        for batch in range(1, batches + 1):
            run.apply(events.BatchFinished(epoch, epochs, batch, batches, 2.4, known, 0.01))
        losses = 2.4, known, 2.3 - epoch / 100, 0.1592
        run.apply(events.EpochFinished(epoch, epochs, 0.7, *losses, 9.0, True, ()))
    run.history.test_accuracy = test
    run.state = "completed"
    return run


@pytest.mark.parametrize("rate", [0.00077123, 0.0000012345])
def test_a_lowered_learning_rate_is_whole(show, rate):
    page = show(Figures(), 1326, 120)
    run = poor(learning_rate=rate)
    run.state = "training"
    page.show_run(run)
    value = page.findChild(TabularLabel, "learningRateLabel")
    # Some languages have a shorter name for it.
    value.parent().name("Rate")
    page.layout().activate()
    assert value.width() <= value.parent().width()


@pytest.mark.parametrize(
    ("run", "headline", "details", "remedies"),
    [
        (poor(), "gets <b>15.6%</b> of unseen pictures right. Guessing gets 10%.",
         "1,559 of 10,000 test pictures right, after 3 epochs in 2.1 s. It took only 3 steps: "
         "500 pictures in minibatches of 500.",
         ["Use all pictures", "Use minibatches of 10", "Train 50 more epochs"]),
        # What fills no minibatch is left out.
        (poor(batch_size=300), "15.6%", "300 pictures in minibatches of 300.",
         ["Use all pictures", "Use minibatches of 5", "Train 50 more epochs"]),
        # A second sentence only where the figure is near to guessing.
        (poor(test=0.6), "60.00%</b> of unseen pictures right.", "3 steps",
         ["Use all pictures", "Use minibatches of 10", "Train 50 more epochs"]),
        (poor(training_examples=None, batches=100), "15.6%", "after 3 epochs",
         ["Train 50 more epochs"]),
        (poor(training_examples=None, batches=100, here=False, known=0.9), "15.6%", "3 epochs",
         ["Turn augmentation on"]),
        (poor(training_examples=None, batches=100, here=False), "15.6%", "300 steps",
         ["New run with Quick"]),
        (poor(epochs=1), "15.6%", "after epoch 1 in 0.7 s", ["Use all pictures",
         "Use minibatches of 10", "Train 50 more epochs"]),
    ],
)  # fmt: skip
def test_a_poor_result_says_what_would_help(run, headline, details, remedies):
    words = finished_words(run, can_continue=True, leads_inside=True)
    assert words.is_poor
    assert headline in words.headline
    assert details in words.details
    assert [one.remedy for one in words.remedies] == remedies
    assert not words.can_be_shared


@pytest.mark.parametrize(
    ("run", "is_low"),
    [
        (poor(test=0.79), True),
        (poor(test=0.81), False),
        # Of letters guessing gets less, and half of them may be much.
        (poor(test=0.6, data_folder="letters", network="mlp#26"), False),
        (poor(test=0.05, data_folder="letters", network="mlp#26"), True),
        (result("training", test=0.1), False),
    ],
)
def test_which_results_are_poor(run, is_low):
    assert is_poor(run) == is_low


def test_a_lesson_offers_no_remedy_on_what_it_fixes():
    fixed = frozenset({"training_examples", "batch_size"})
    words = finished_words(poor(), True, True, fixed)
    assert [one.action for one in words.remedies] == ["more"]
    none = finished_words(poor(here=False), True, True, fixed)
    assert none.is_poor
    assert none.remedies == ()


def test_a_lesson_gives_no_hint_on_what_it_fixes():
    state = AppState()
    run = result("training", test=None, l2=0.5)
    state.set(run=run, shown_run=run)
    hint = hint_of(state)
    assert hint.sentence
    assert hint_of(state, frozenset({hint.name})).sentence == ""


@pytest.mark.parametrize(
    ("made", "offers"),
    [(result("stopped", 2, network="mlp:0.2"), False), (poor(100, 1, known=0.15), True)],
)
def test_the_mistakes_of_a_weak_class_are_offered_once(made, offers):
    """The card of a run that is not poor offers them."""
    made.history.batches = 100
    made.weakest = events.WeakestClass("l", 0.01, "I")
    state = AppState()
    state.set(run=made, shown_run=made)
    hint = hint_of(state)
    assert "mistakes most others for I" in hint.sentence
    assert bool(hint.remedy) == offers


def test_a_run_that_was_stopped_in_its_first_epoch_says_for_how_long():
    made = result("stopped", 1)
    made.history.is_within_first = True
    details = finished_words(made, can_continue=True, leads_inside=True).details
    assert "after part of epoch 1 in" in details


def test_in_a_lesson_the_way_back_to_it_leads_and_no_remedy(show):
    page, state = page_of(poor(), lesson="How few?")
    show(page, 1326, 650)
    filled = [one for one in page.finished.buttons() if one.property("look") == "start"]
    assert not filled
    assert page.new_button.property("look") == "primary"
    assert page.first() is page.new_button
    state.set(shown_run=result("completed"))
    page.show_run()
    assert page.finished.try_button.property("look") == "start"
    assert page.first() is page.finished.try_button
    assert not page.new_button.property("look")


def test_an_interrupted_run_is_to_be_continued_and_gets_no_advice_yet(show):
    cut = result("interrupted", 1)
    cut.has_checkpoint = True
    page, state = page_of(cut)
    show(page, 1326, 650)
    assert page.finished.on_button.property("look") == "start"
    assert page.finished.try_button.property("look") == "large"
    assert page.first() is page.finished.on_button
    assert not hint_of(state).sentence
    state.set(shown_run=result("completed", 20))
    page.show_run()
    assert page.first() is page.finished.try_button
    assert page.finished.on_button.property("look") == "large"


def test_a_poor_card_has_one_filled_button_and_gives_its_remedy(qtbot, show):
    page, state = page_of(poor())
    show(page, 1326, 650)
    card = page.finished
    assert card.objectName() == "poorCard"
    filled = [one.text() for one in card.buttons() if one.property("look") == "start"]
    assert filled == ["Use all pictures"]
    assert page.first().text() == "Use all pictures"
    with qtbot.waitSignal(card.remedy_chosen) as chosen:
        card.remedy_buttons[1].click()
    assert (chosen.args[0].name, chosen.args[0].value) == ("batch_size", 10)
    # What the card offers, the hint does not.
    assert "smaller minibatches" not in page.hint.sentence.text()
    state.set(shown_run=result("completed"))
    page.show_run()
    assert card.objectName() == "finishedCard"
    assert card.try_button.property("look") == "start"
