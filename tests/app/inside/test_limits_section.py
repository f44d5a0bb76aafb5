"""The section Limits: networks compared on changed pictures, and the example with them."""

import numpy as np
import pytest
from linear_network import linear_model, unknown_model
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QFontMetrics, QTextDocument
from PyQt5.QtWidgets import QToolTip

from mnist_draw.analysis import robustness
from mnist_draw.analysis.robustness import AXES, SETTINGS, Distortion, Perturbation
from mnist_draw.app.inside.limits import limits_section
from mnist_draw.app.inside.limits.limits_cards import (
    NetworkChoice,
    NetworkChoices,
    RobustnessPlot,
    describe_change,
    file_choice,
)
from mnist_draw.app.inside.limits.limits_section import LimitsSection, count_all
from mnist_draw.app.kit.threads import running
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile
from mnist_draw.storage.models import save_model

from .examples import digit


def changed(factor, **metadata):
    weights, bias = linear_model().parameters
    return ModelFile(linear_model().network, (weights * np.float32(factor), bias), dict(metadata))


def others():
    return [
        NetworkChoice("shipped:a", "Network A", linear_model),
        NetworkChoice("b", "B", lambda: changed(-1)),
    ]


def is_counted(plot, number=0):
    return not np.isnan(plot.curves[number][1]).any()


def until_counted(section, qtbot):
    qtbot.waitUntil(lambda: not section._count.is_running, timeout=60_000)


def own_classes():
    return changed(0.5, data="shapes", classes=[f"shape {n}" for n in range(10)])


@pytest.fixture
def section(show, digits, monkeypatch):
    """Return the section with 20 test pictures and two networks beside the one in use."""
    pictures = Perturbation(digits.test_images[:20]), digits.test_labels[:20]
    monkeypatch.setattr(robustness, "first_test_pictures", lambda: pictures)
    monkeypatch.setattr(robustness, "_begun", {})
    monkeypatch.setattr(limits_section, "_others", others)
    monkeypatch.setattr(QToolTip, "showText", lambda *_: None)
    made = show(LimitsSection(), 1090, 600)
    yield made
    assert running.shut_down()


def open_section(section, qtbot, model=None, key="shipped:c"):
    section.use_network(model or changed(0.5), key)
    section.set_active(True)
    qtbot.waitUntil(lambda: len(section.choices.ticked()) == 3, timeout=20_000)
    until_counted(section, qtbot)


def test_all_networks_are_counted(section, qtbot):
    section.use_network(changed(0.5), "shipped:c")
    qtbot.wait(100)
    assert not section._count.is_running
    assert section._found == {}
    open_section(section, qtbot)
    assert [choice.key for choice in section.choices.choices] == ["shipped:c", "shipped:a", "b"]
    for axis in AXES:
        plot = section.plots[axis.name]
        assert [len(accuracy) for _, accuracy in plot.curves] == [len(axis.amounts)] * 3
        assert all(is_counted(plot, number) for number in range(3))
    assert "the first 20 test pictures" in section.state.label.text()
    table = section.table()
    assert len(table.rows) == len(SETTINGS)
    assert table.headings[2:] == (title_of_model(changed(0.5)), "Network A", "B")
    # A tick takes curves away; back, they have what was counted and the line they had.
    plot = section.plots["turn"]
    tick(section, "B")
    assert [choice.title for choice, _ in plot.curves][1:] == ["Network A"]
    tick(section, "B")
    assert is_counted(plot, 2)
    assert plot.curves[2][0].line == 2
    # The network in use is the first, in the first colour.
    section.use_network(changed(0.7), "")
    assert [(choice.title, choice.line) for choice, _ in plot.curves] == [
        ("Your training", 0), (table.headings[2], 3), ("Network A", 1), ("B", 2),
    ]  # fmt: skip


def test_nothing_that_another_network_read_stays(section, qtbot):
    section.show_example(digit())
    open_section(section, qtbot)
    qtbot.waitUntil(lambda: bool(section.turn.answers.rows), timeout=20_000)
    section.use_network(changed(-0.7), "shipped:d")
    assert not section.turn.answers.rows
    assert "reading" in section.turn.sentence.text()
    qtbot.waitUntil(lambda: bool(section.turn.answers.rows), timeout=20_000)


def test_networks_are_listed_by_their_names_of_now(section, qtbot, monkeypatch):
    open_section(section, qtbot)
    tick(section, "B")
    section.set_active(False)
    renamed = NetworkChoice("b", "Renamed", lambda: changed(-1))
    now = [renamed, NetworkChoice("shipped:c", "In use", linear_model), changed_choice("new")]
    monkeypatch.setattr(limits_section, "_others", lambda: now)
    section.set_active(True)
    titles = ["In use", "Renamed", "new"]
    qtbot.waitUntil(lambda: [one.title for one in section.choices.choices] == titles)
    # What the user took away stays away.
    assert [one.title for one in section.choices.ticked()] == ["In use"]
    assert "In use" in section.choices.legend.text()
    assert section.table().headings[2:] == ("In use",)
    until_counted(section, qtbot)


def changed_choice(key):
    return NetworkChoice(key, key, lambda: changed(0.3))


def test_own_pictures_are_counted_and_their_number_is_said(section, qtbot, monkeypatch, digits):
    pictures = Perturbation(digits.test_images[:15]), digits.test_labels[:15]
    monkeypatch.setattr(robustness, "test_pictures_for", lambda model: pictures)
    section.use_network(own_classes(), "run:x")
    section.set_active(True)
    qtbot.waitUntil(lambda: "15" in section.state.label.text(), timeout=20_000)
    until_counted(section, qtbot)
    assert "says little" not in section.state.label.text()


def tick(section, title):
    """Tick a network in the menu, or take its tick away."""
    section.choices.menu.aboutToShow.emit()
    (action,) = (one for one in section.choices.menu.actions() if one.text() == title)
    action.toggle()


def test_a_count_goes_on_from_what_is_known(section):
    begun = next(
        found for found, _ in count_all([("x", linear_model)], False)
        if np.count_nonzero(~np.isnan(found["x"])) == 30
    )  # fmt: skip
    rest = list(count_all([("x", linear_model)], False))
    assert len(rest) == 17
    known = ~np.isnan(begun["x"])
    np.testing.assert_array_equal(rest[-1][0]["x"][known], begun["x"][known])
    assert not np.isnan(rest[-1][0]["x"]).any()


def test_four_networks_at_the_most(section, qtbot):
    def offered():
        section.choices.menu.aboutToShow.emit()
        actions = section.choices.menu.actions()
        return {action.text() for action in actions if action.isEnabled() and action.text()}

    open_section(section, qtbot)
    assert "Open a file …" in offered()
    section.choices.add(NetworkChoice("d", "D", linear_model))
    assert offered() == {choice.title for choice in section.choices.ticked()}
    tick(section, "B")
    section.choices.add(NetworkChoice("e", "E", linear_model))
    section.choices.add(NetworkChoice("f", "F", linear_model))
    assert [choice.key for choice in section.choices.ticked()] == [
        "shipped:c",
        "shipped:a",
        "d",
        "f",
    ]
    assert {choice.line for choice in section.choices.ticked()} == {0, 1, 2, 3}


def test_the_legend_takes_lines_enough_for_whole_names(show, qtbot):
    choices = show(NetworkChoices(), 900, 30)
    choices.offer([NetworkChoice(name, name, linear_model) for name in ("B", "Old-Hand")])
    legend = choices.legend
    qtbot.waitUntil(lambda: legend.heightForWidth(900) > 0)
    assert legend.heightForWidth(120) > 1.5 * legend.heightForWidth(900)
    # A name is in one row with its line.
    document = QTextDocument()
    document.setHtml(legend.text())
    rows = set()
    for width in range(120, 300, 5):
        document.setTextWidth(width)
        assert document.size().width() > 0
        block = document.firstBlock()
        lines = [block.layout().lineAt(n) for n in range(block.layout().lineCount())]
        words = [block.text()[line.textStart() :][: line.textLength()] for line in lines]
        rows |= {line.strip() for line in words}
    assert all(row.endswith(("\N{NON-BREAKING HYPHEN}Hand", "B")) for row in rows), rows


def test_a_file_that_is_no_network_is_told_and_the_others_go_on(section, qtbot, tmp_path, example):
    open_section(section, qtbot)
    (tmp_path / "broken.npz").write_bytes(b"no network")
    with qtbot.waitSignal(section.problem, timeout=20_000) as told:
        section.choices.add(file_choice(str(tmp_path / "broken.npz"), DIGITS))
    assert "broken.npz cannot be used" in told.args[0]
    until_counted(section, qtbot)
    assert is_counted(section.plots["turn"])
    section.show_example(example)
    qtbot.waitUntil(lambda: len(section.turn.answers.rows) == 3, timeout=20_000)


def test_a_file_with_other_classes_is_not_compared(section, qtbot, tmp_path, example):
    open_section(section, qtbot)
    save_model(tmp_path / "shapes.npz", own_classes())
    with qtbot.waitSignal(section.problem, timeout=20_000) as told:
        section.choices.add(file_choice(str(tmp_path / "shapes.npz"), DIGITS))
    assert "tells other classes apart (shape 0" in told.args[0]
    until_counted(section, qtbot)
    assert np.isnan(section._accuracy(section.choices.ticked()[-1].key)).all()
    section.show_example(example)
    qtbot.waitUntil(lambda: len(section.turn.answers.rows) == 3, timeout=20_000)


@pytest.mark.slow
def test_in_place_is_another_count_and_why_there_is_none_is_said(section, qtbot):
    open_section(section, qtbot)
    before = section.plots["shift"].curves[1][1]
    section.place_switch.setChecked(True)
    assert section._count.is_running
    until_counted(section, qtbot)
    after = section.plots["shift"].curves[1][1]
    # Shifted digits are put back.
    assert after[0] > before[0]
    assert after[4] == pytest.approx(before[4], abs=0.15)
    section.use_network(unknown_model(), "opened:x")
    qtbot.waitUntil(lambda: "not known here" in section.state.label.text(), timeout=60_000)
    assert section.state.link.text() == "Try again"
    assert all(np.isnan(section._accuracy("opened:x")))
    section.use_network(changed(0.5), "shipped:c")
    qtbot.waitUntil(lambda: "not known here" not in section.state.label.text(), timeout=60_000)


def test_the_cursors_change_the_example_that_all_read(section, qtbot, example):
    def until_said(words):
        qtbot.waitUntil(lambda: words in section.turn.sentence.text(), timeout=20_000)

    open_section(section, qtbot)
    section.show_example(example)
    assert section.turn.sentence.text() == "The networks are reading it."
    plot = section.plots["turn"]
    # The chosen network answers first, those that have to be compiled later.
    qtbot.waitUntil(lambda: len(section.turn.answers.rows) == 3, timeout=20_000)
    assert [row.name for row in section.turn.answers.rows][1:] == ["Network A", "B"]
    expected = Recogniser(changed(0.5)).predict(example.picture[None, None])[0]
    assert section.turn.answers.rows[0].value == pytest.approx(expected.max(), abs=1e-5)
    # The cursor is walked by keys, and dragged.
    for _ in range(3):
        qtbot.keyClick(plot, Qt.Key_Right)
    assert plot.amount == 30
    words = plot.accessibleDescription()
    assert all(each in words for each in ("degrees clockwise, +30: ", "Network A"))
    until_said("30 degrees")
    picture = np.rint(256 * example.picture).astype(np.uint8)
    turned = robustness.altered_one(picture, [Distortion(turn=30)])[0, 0]
    qtbot.waitUntil(lambda: np.array_equal(section.turn.shown, turned), timeout=20_000)
    qtbot.mousePress(plot, Qt.LeftButton, pos=QPoint(plot.width() - 1, 40))
    assert plot.amount == AXES[0].amounts[-1]
    qtbot.mouseRelease(plot, Qt.LeftButton)
    section.turn.reset_button.click()
    until_said("As it is")
    assert plot.amount == AXES[0].neutral
    for title in [choice.title for choice in section.choices.ticked()]:
        tick(section, title)
    until_said("No network")
    section.show_example(None)
    until_said("Draw something")


def test_what_nothing_was_done_to_is_read_as_it_is():
    """A drawing has more than whole levels of grey: rounded, its figures would be others."""
    picture = np.full((28, 28), 0.4567 / 256, np.float32)
    seen = []

    class Choice(NetworkChoice):
        def read(self, pictures, newest):
            seen.append(pictures)
            return np.zeros((1, 10), np.float32)

    limits_section._read(picture, Distortion(), [Choice("a", "A", linear_model)], {})
    assert np.array_equal(seen[0][0, 0], picture)


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)
def test_a_cursor_stays_within_its_axis_and_its_steps(qtbot, axis):
    plot = RobustnessPlot(axis)
    qtbot.addWidget(plot)
    for amount, expected in ((-1e3, axis.amounts[0]), (1e3, axis.amounts[-1])):
        plot.set_amount(amount)
        assert plot.amount == expected
    plot.set_amount(axis.neutral + 0.6 * axis.step)
    assert plot.amount == pytest.approx(axis.neutral + axis.step)
    qtbot.keyClick(plot, Qt.Key_Home)
    assert plot.amount == axis.neutral


def test_a_tooltip_keeps_to_its_plot(show, monkeypatch):
    told: list[tuple[QPoint, str]] = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, words, _: told.append((place, words)))
    plot = show(RobustnessPlot(AXES[0]), 350, 230)
    choice = NetworkChoice("a", "Handwriting MLP", linear_model)
    plot.show_curves([(choice, np.ones(11))] * 3)
    for item in range(plot.count()):
        plot.walk_to(item)
        plot.show_tip_of(item)
        place, words = told[-1]
        left = plot.mapFromGlobal(place).x()
        wide = max(map(QFontMetrics(QToolTip.font()).horizontalAdvance, words.splitlines()))
        assert left >= 0
        assert left + wide < plot.width()


def test_a_run_that_trains_is_counted_again_when_asked_and_can_be_stopped(section, qtbot, example):
    open_section(section, qtbot, changed(0.7, epochs=7), "")
    assert section.choices.choices[0].title == "Your training"
    section.show_example(example)
    qtbot.waitUntil(lambda: len(section.turn.answers.rows) == 3, timeout=20_000)
    newest = changed(0.9, epochs=9)
    section.use_network(newest, "")
    # The example is read as beside its picture: after the newest epoch.
    p = Recogniser(newest, compiled=False).predict(example.picture[None, None])[0].max()
    qtbot.waitUntil(lambda: abs(section.turn.answers.rows[0].value - p) < 1e-5, timeout=20_000)
    assert section.state.label.text() == "Counted after epoch 7, now at 9"
    assert not section._count.is_running
    section.state.link.click()
    assert section._count.is_running
    qtbot.waitUntil(lambda: "the first" in section.state.label.text(), timeout=60_000)
    # Counting can be stopped and gone on with.
    section.use_network(changed(0.5), "shipped:c")
    qtbot.waitUntil(lambda: section._count.is_running, timeout=20_000)
    section.state.link.click()
    assert not section._count.is_running
    assert section.state.link.text() == "Go on"
    section.state.link.click()
    qtbot.waitUntil(lambda: "the first" in section.state.label.text(), timeout=60_000)
    assert is_counted(section.plots["pen"])


def test_changes_are_described():
    assert describe_change(Distortion()) == "As it is."
    text = describe_change(Distortion(turn=-30, shift=1, size=0.7, noise=0.4, pen=-0.5))
    for part in (
        "30 degrees anticlockwise", "1 px to the right,", "0.7 times", "strength 0.4",
        "0.5 px thinner",
    ):  # fmt: skip
        assert part in text
