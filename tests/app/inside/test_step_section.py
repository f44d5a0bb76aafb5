"""The section One step: five stages of a step of a copy, done again to the same numbers."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from linear_network import unknown_model
from made_networks import random_model
from PyQt5.QtCore import QObject, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication
from shared_steps import compiled_once as compiled_once

from mnist_draw.app.inside.step import step_section
from mnist_draw.app.inside.step.stages import (
    STAGES,
    expressions,
    stage_figures,
    stage_sentence,
    tutorial_lines,
)
from mnist_draw.app.inside.step.step_section import StepSection
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.threads import running
from mnist_draw.dataset.classes import with_article
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

from .. import seen
from ..seen import wait_for_threads
from .examples import digit

pytestmark = pytest.mark.usefixtures("compiled_once")


def network(text="custom_mlp:2,8", factor=0.1):
    return random_model(text, spread=factor)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch, digits):
    """Learn from few pictures, and look for the units' profiles among them."""
    for module in ("unit_profiles", "one_step", "step_effects"):
        monkeypatch.setattr(f"mnist_draw.analysis.{module}.load_dataset", lambda: digits)
    monkeypatch.setattr(step_section, "_QUIET_MS", 0)


@pytest.fixture
def section(show):
    made = show(StepSection(), 1090, 600)
    made.set_active(True)
    yield made
    assert running.shut_down()


def is_ready(section):
    picture = section.picture
    return bool(picture.shown and picture.shown.figures.is_done and picture.profiles)


def ready(section, qtbot, model=None):
    """Show a network and a digit, and wait for the step."""
    section.use_network(model or network(), "")
    section.show_example(digit())
    qtbot.waitUntil(lambda: is_ready(section), timeout=240_000)
    return shown(section)


def shown(section):
    assert section.picture.shown is not None
    return section.picture.shown


def step(section, qtbot, name):
    """Press one of the buttons that learn, and wait."""
    before = shown(section)
    getattr(section.code, name).click()
    qtbot.waitUntil(lambda: section.picture.shown is not before, timeout=30_000)
    return shown(section)


def test_the_stages_tell_their_figures_once_they_are_reached(section, qtbot):
    states: list[str] = []
    section.job.answered.connect(lambda progress: states.append(progress.words))
    # Without a step there is no next stage.
    assert not section.code.next.isEnabled()
    section.activateWindow()
    QTest.keyClick(section.picture, Qt.Key_Right)
    assert section.stage == 1
    ready(section, qtbot)
    assert section.code.next.isEnabled()
    found = [words.split("\n")[1] for words in states if "minibatches" in words]
    assert found == [f"{done} of 20" for done in range(21)]
    chips, figures = section.bar.control.buttons, section.bar.figures
    assert [figure.text() for figure in figures[1:]] == ["next", "", "", ""]
    assert figures[0].text()
    sizes = set()
    for number, stage in enumerate(STAGES, 1):
        section.open_stage(number)
        QApplication.processEvents()
        sizes.add((section.picture.size().width(), section.code.size().width()))
        assert section.heading.text() == stage.heading
        assert chips[number - 1].isChecked()
        assert section.view_name() == f"stage {number}"
        assert not section.grab().isNull()
    # Nothing moves when the stage changes.
    assert len(sizes) == 1
    assert figures[1].text().endswith("of 800 units left out")
    assert figures[4].text().startswith("loss ")
    for name in ("stageBar", "stagePicture", "codeView", "graphView", "functionCombo"):
        assert len(section.findChildren(QObject, name)) == 1, name


def test_in_a_narrow_window_the_code_is_below_and_the_buttons_are_in_sight(section, qtbot):
    ready(section, qtbot)
    section.resize(740, 575)
    section.set_room(740)
    for number in range(1, 6):
        section.open_stage(number)
        seen.settle()
        assert section.code.code.isVisible()
        assert section.code.next.isVisible()
        found = seen.texts(section.picture)
        for one, other in combinations(found, 2):
            assert not one.place.adjusted(0, 3, 0, -3).intersects(other.place), (one, other)
    assert [figure.isVisible() for figure in section.bar.figures] == [False] * 4 + [True]


def test_the_first_stages_do_not_wait_for_the_compiled_step(section, qtbot):
    early = []

    def look(progress):
        if progress.shown is not None and not progress.shown.figures.is_done and not early:
            for number in range(1, 6):
                section.open_stage(number)
                assert section.picture.shown is (progress.shown if number < 4 else None)
                assert bool(section.picture.state) == (number > 3)
                assert section.is_pending() == (number > 3)
                assert not section.grab().isNull()
            assert section.table().headings[0] == "stage"
            early.append(progress.shown.figures)

    section.job.answered.connect(look)
    found = ready(section, qtbot).figures
    for name in ("losses", "z", "p"):
        np.testing.assert_array_equal(getattr(early[0], name), getattr(found, name))
    assert section.stage == 5
    assert not section.picture.state


@pytest.mark.parametrize("batch_size", [1, 20])
def test_what_the_l2_penalty_adds_is_in_the_formulas(section, qtbot, batch_size):
    settings = TrainingSettings(network="custom_mlp:2,8", batch_size=batch_size, l2=0.01)
    found = ready(section, qtbot, network().with_info(settings=settings.to_json()))
    section.open_stage(4)
    assert "1 pictures" not in " ".join(figure.text() for figure in section.bar.figures)
    assert any("0.01·W3" in line.text for line in expressions(found, 4))
    assert any("loss += 0.01" in text for _, text in tutorial_lines(settings))
    assert not section.grab().isNull()


def test_a_step_is_done_again_and_from_the_start(section, qtbot):
    first = ready(section, qtbot).figures
    for name, number in (("again", 1), ("ten_more", 11), ("from_start", 0)):
        found = step(section, qtbot, name).figures
        assert found.number == number
    np.testing.assert_array_equal(found.after[0], first.after[0])


def test_what_a_step_did_to_others_is_shown(section, qtbot):
    ready(section, qtbot)
    section.open_stage(5)
    qtbot.waitUntil(lambda: len(section.others.rows) == 3, timeout=60_000)
    qtbot.waitUntil(lambda: section.others.rows[0].text == "right of 200", timeout=60_000)
    assert not section.grab().isNull()


def test_a_nine_can_be_taught_as_an_eight(section, qtbot):
    label = ready(section, qtbot).figures.label
    told = (label + 1) % 10
    section.show_example(replace(digit(), label=str(told), label_source="user"))
    qtbot.waitUntil(lambda: shown(section).figures.label == told, timeout=30_000)
    assert section.note.text().startswith(f"taught as {with_article(told)}")
    # The sum of what it is told is to grow, that of what it shows to shrink.
    assert shown(section).figures.delta[-1][told] < 0 < shown(section).figures.delta[-1][label]


def test_keys_go_through_the_stages_and_play(section, qtbot):
    ready(section, qtbot)
    section.activateWindow()
    chip = section.bar.control.buttons[0]
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key_Right)
    QTest.keyClick(chip, Qt.Key_Right)
    assert section.stage == 3
    QTest.keyClick(section.picture, Qt.Key_Left)
    assert section.stage == 2
    theme.theme().motion = False
    QTest.keyClick(section.picture, Qt.Key_Space)
    assert section.stage == 2
    theme.theme().motion = True
    section.player.setInterval(1)
    QTest.keyClick(section.picture, Qt.Key_Space)
    qtbot.waitUntil(lambda: section.stage == 5 and not section.player.isActive(), timeout=20_000)
    assert section.code.play.text() == "Play slowly"


def test_which_weights_moved_is_counted(section, qtbot):
    found = ready(section, qtbot).figures
    moved = found.after[0] != found.before[0]
    black = moved[digit().picture.ravel() == 0]
    section.open_stage(5)
    shares = (100 * moved.mean(), 100 * black.sum() / moved.sum())
    words = "{:.0f}% of the first layer's weights moved; {:.0f}% of those"
    assert words.format(*shares) in section.code.code.accessibleDescription()


@pytest.mark.parametrize("rule", UPDATE_RULES)
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_sentences_about_a_step_are_those_of_its_figures(section, qtbot, rule, l2):
    settings = TrainingSettings(network="custom_mlp:2,8", batch_size=4, update=rule, l2=l2)
    now = ready(section, qtbot, network().with_info(settings=settings.to_json()))
    words = stage_sentence(now, 5)
    figures = now.figures
    moved = figures.after[0] != figures.before[0]
    black_in_all = (figures.minibatch.pictures.reshape(len(figures.losses), -1) == 0).all(axis=0)
    assert ("have ink there" in words) == (not moved[black_in_all].any())
    share = 100 * moved[black_in_all].sum() / moved.sum()
    assert (f"{share:.0f}% are from pixels" in words) == moved[black_in_all].any()
    # What a run left is not stored, and only means are filled by looking at pictures.
    assert ("is not stored" in words) == (rule in ("momentum", "nesterov_momentum", "adagrad"))
    assert ("against its gradient" in words) == (rule == "sgd")


@pytest.mark.parametrize("batch_size", [1, 20, 1200])
def test_sentences_name_the_minibatch_and_the_loss_of_the_formula(section, qtbot, batch_size):
    settings = TrainingSettings(
        network="custom_mlp:2,8",
        batch_size=batch_size,
        l2=0.01,
        update="sgd",
    )
    now = ready(section, qtbot, network().with_info(settings=settings.to_json()))
    figures = now.figures
    count = len(figures.losses)
    assert (f"here it has {count:,}." in stage_sentence(now, 1)) == (count < batch_size)
    states = (figures.losses, figures.before), (figures.losses_after, figures.after)
    losses = [a.mean() + 0.01 * sum((W**2).sum() for W in b[::2]) for a, b in states]
    assert stage_figures(now)[4] == "loss {:.4f} → {:.4f}".format(*losses)
    assert next(row.note for row in expressions(now, 3)) == f"{count:,} × 10"


def test_the_figures_of_a_sure_picture_are_not_rounded_to_0(section, qtbot):
    now = ready(section, qtbot)
    p, losses = np.full(10, 2e-5, np.float32), now.figures.losses.copy()
    p[now.figures.label], losses[:] = 1 - 9 * 2e-5, 0.00018
    figures = replace(now.figures, p=p, losses=losses, losses_after=losses * 0.96)
    now = replace(now, figures=figures)
    assert stage_figures(now)[4] == "loss 0.0001800 → 0.0001728"
    for stage, wanted in (
        (3, ("2×10⁻⁵", "2×10⁻⁴")),
        (4, ("2×10⁻⁵", "−2×10⁻⁵", "+2×10⁻⁴")),
    ):
        section.picture.show_stage(now, stage)
        found = [text.text for text in seen.texts(section) if text.widget is section.picture]
        assert all(any(words in text for text in found) for words in wanted), found


def test_means_that_are_still_being_filled_are_named(section, qtbot):
    settings = TrainingSettings(network="custom_mlp:2,8", update="adam")
    ready(section, qtbot, network().with_info(settings=settings.to_json()))
    section.open_stage(5)
    assert "in part" in section.code.code.accessibleDescription()


def test_it_asks_first_while_a_run_trains(section, qtbot):
    section.is_training = lambda: True
    section.use_network(network(), "")
    section.show_example(digit())
    qtbot.waitUntil(section.all_the_same.isVisible, timeout=20_000)
    assert "run" in section.picture.state
    section.all_the_same.click()
    qtbot.waitUntil(lambda: is_ready(section), timeout=60_000)
    assert not section.all_the_same.isVisible()
    before = shown(section)
    section.use_network(network(factor=0.05), "")
    wait_for_threads(qtbot)
    assert shown(section) is before
    assert "an earlier epoch" in section.note.text()
    # Its copy learns on all the same.
    found = step(section, qtbot, "ten_more")
    assert (found.figures.number, found.task.model) == (10, before.task.model)
    # Nothing of another network or picture is left, and the reason is said at once.
    for change in (
        lambda: section.show_example(digit(1)),
        lambda: section.use_network(network("custom_mlp:1,20"), ""),
        lambda: section.use_network(network("custom_mlp:1,20"), "run:other"),
    ):
        change()
        qtbot.waitUntil(section.all_the_same.isVisible, timeout=20_000)
        assert section.picture.shown is None
        assert "run" in section.picture.state
        assert not section.note.text()
        section.all_the_same.click()
        qtbot.waitUntil(lambda: section.picture.shown is not None, timeout=60_000)


def test_a_step_of_the_network_before_is_not_shown(section, qtbot):
    ready(section, qtbot)
    for model, key in ((network("custom_mlp:1,20"), ""), (network("custom_mlp:1,20"), "run:x")):
        section.use_network(model, key)
        assert section.picture.shown is None
        assert section.picture.state
        qtbot.waitUntil(lambda: is_ready(section), timeout=60_000)
        assert shown(section).task.model is model


def test_without_a_drawing_or_hidden_nothing_is_computed(section, qtbot):
    section.use_network(network(), "")
    assert "on the left" in section.picture.state
    section.set_active(False)
    section.show_example(digit())
    wait_for_threads(qtbot)
    assert section.picture.shown is None
    section.set_active(True)
    qtbot.waitUntil(lambda: is_ready(section), timeout=60_000)
    section.show_example(None)
    assert "on the left" in section.picture.state
    assert section.picture.shown is None


def test_a_network_that_cannot_be_shown_is_told(section, qtbot):
    with qtbot.waitSignal(section.problem, timeout=60_000) as told:
        section.use_network(network("custom_mlp:1,8", factor=3e37), "")
        section.show_example(digit())
    assert "no finite number" in told.args[0]
    ready(section, qtbot)
    # One whose data are not known shows no step of another.
    with qtbot.waitSignal(section.problem, timeout=60_000):
        section.use_network(unknown_model(), "opened:x")
        section.show_example(replace(digit(), label="a"))
        assert section.picture.shown is None
    assert section.picture.shown is None
    assert "not known here" in section.picture.state
    assert not section.grab().isNull()


@pytest.mark.parametrize(
    "text",
    [pytest.param("cnn", marks=pytest.mark.slow), "custom_mlp:0", "custom_mlp:6,8"],
)
def test_other_networks(section, qtbot, text):
    ready(section, qtbot, network(text))
    for number in range(1, 6):
        section.open_stage(number)
        assert not section.grab().isNull()
        assert expressions(shown(section), number)
    table = {row[0]: row[1] for row in section.table().rows}
    figures = shown(section).figures
    length = np.linalg.norm(figures.gradients[0]) / figures.gradients[0].size ** 0.5
    assert float(table["gradient of W1, root mean square"]) == pytest.approx(length, rel=1e-3)
    assert table["mean loss in nats, before → after"].startswith(f"{figures.losses.mean():.6f}")
    # The code is the tutorial's.
    lines = tutorial_lines(TrainingSettings(update="adam", learning_rate=0.01, batch_size=100))
    assert any("adam(loss, params, 0.01)" in text for _, text in lines)
    assert {stage for stage, _ in lines} == {0, 1, 2, 3, 4, 5}
    section.open_stage(4)
    assert "theano.grad(loss, params)" in section.code.code.accessibleDescription()


def test_the_graph_is_shown_without_a_drawing(section, qtbot):
    section.use_network(network(), "")
    section.open_view("graph")
    page = section.graph
    qtbot.waitUntil(lambda: bool(page.graphs), timeout=60_000)
    assert section.view_name() == "graph"
    cells = [page.view.item(1, place).text() for place in range(4)]
    assert cells == ["product", "Dot", "3", "3"]
    page.functions.setCurrentIndex(page.functions.findData("learn"))
    page.functions.activated.emit(page.functions.currentIndex())
    assert page.view.rowCount() == len(section.table().rows)
    assert page.view.item(1, 2).text() == "8"
    assert not section.grab().isNull()
    # Of another network nothing is shown before its own is there.
    section.use_network(network("custom_mlp:1,4"), "learnt:y")
    assert page.view.rowCount() == 0
    page.back.click()
    assert section.view_name() == "stage 1"


@pytest.mark.parametrize("size", [1.0, 1.5])
def test_titles_of_stages_are_whole_at_any_size_of_text(section, size):
    theme.theme().resize_text(size)
    section.resize(892, 700)
    section.grab()
    for chip in section.bar.control.buttons:
        assert chip.fontMetrics().horizontalAdvance(chip.text()) < chip.width()
    # Beside the example in a window of 1280.
    assert section.bar.minimumSizeHint().width() <= 892
