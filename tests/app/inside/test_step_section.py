"""The section One step: a film of learning, and the five stages of each of its steps."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from linear_network import unknown_model
from made_networks import random_model
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QIcon
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QPushButton
from shared_steps import compiled_once as compiled_once

from mnist_draw.analysis.film import END
from mnist_draw.app.inside.step.film_maker import Explained
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
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.library.networks import list_shipped
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

from .. import seen
from .examples import digit

pytestmark = pytest.mark.usefixtures("compiled_once")


def network(text="custom_mlp:2,8", **others):
    """Return a network that seems to be learned from the seed of its settings."""
    import lasagne

    settings = TrainingSettings(network=text, **others)
    start = lasagne.layers.get_all_param_values(build_network(settings))
    model = random_model(text, spread=0.01, settings=settings.to_json())
    values = tuple(one + other for one, other in zip(model.parameters, start, strict=True))
    return type(model)(text, values, model.metadata)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch, digits):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", lambda: digits)


@pytest.fixture
def section(show):
    made = show(StepSection(), 1090, 600)
    made.set_active(True)
    yield made
    assert running.shut_down()


def ready(section, qtbot, model=None, details=False):
    """Show a network and a digit, and wait for the film."""
    section.use_network(model or network(), "")
    section.show_details(details)
    section.show_example(digit())
    whole(section, qtbot)
    return section.stages.picture.shown


def whole(section, qtbot):
    qtbot.waitUntil(lambda: not section.is_pending(), timeout=240_000)
    seen.wait_for_threads(qtbot)


def press(section, qtbot, name):
    section.findChild(QPushButton, name).click()
    whole(section, qtbot)


def words_of(section, name):
    return section.findChild(QLabel, name).text()


def test_the_film_goes_on_by_its_buttons(section, qtbot):
    ready(section, qtbot)
    assert section.number == 0
    assert "%" in words_of(section, "filmAccuracy")
    assert words_of(section, "filmBefore") == "chance: 10%"
    start = words_of(section, "filmAccuracy")
    for name, number in (("oneStepButton", 1), ("tenStepsButton", 11), ("hundredStepsButton", 111)):
        press(section, qtbot, name)
        assert section.number == number
    assert words_of(section, "filmBefore") == f"before: {start}"
    assert words_of(section, "filmSentence").startswith("111 steps changed")
    table = {row[0]: row[1] for row in section.table().rows}
    assert list(table) == ["0", "1", "2", "5", "10", "11", "20", "50", "100", "111", "end"]
    assert not section.grab().isNull()


def test_the_icon_of_one_step_is_seen_on_its_button(section, qtbot):
    def darkest():
        picture = section.findChild(QPushButton, "oneStepButton").icon().pixmap(16, 16).toImage()
        spots = [picture.pixelColor(x, y) for x in range(16) for y in range(16)]
        return min(spot.lightness() for spot in spots if spot.alpha() > 200)

    ready(section, qtbot)
    at_start = darkest()
    press(section, qtbot, "oneStepButton")
    # White on the filled button, dark on the plain one.
    assert at_start > 200 > darkest()
    section.film.show_nothing("Nothing yet.")
    button = section.findChild(QPushButton, "oneStepButton")
    shown = button.icon().pixmap(button.iconSize(), QIcon.Disabled).toImage()
    places = product(range(shown.width()), range(shown.height()))
    spots = [shown.pixelColor(*place) for place in places]
    ground = theme.color("track").lightness()
    assert max(abs(spot.lightness() - ground) for spot in spots if spot.alpha() > 200) > 60


def test_the_slider_goes_back_without_computing_again(section, qtbot):
    ready(section, qtbot)
    press(section, qtbot, "tenStepsButton")
    after_ten = words_of(section, "filmAccuracy")
    slider = section.film.slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key_Home)
    whole(section, qtbot)
    assert section.number == 0
    QTest.keyClick(slider, Qt.Key_Right)
    whole(section, qtbot)
    assert section.number == 1
    QTest.keyClick(slider, Qt.Key_End)
    whole(section, qtbot)
    assert section.number == END
    assert "network itself" in words_of(section, "filmSentence")
    # From the end it goes on where the film has come to.
    press(section, qtbot, "oneStepButton")
    assert section.number == 11
    section.go_to(10)
    whole(section, qtbot)
    assert words_of(section, "filmAccuracy") == after_ten
    assert "After 10 steps" in slider.accessibleDescription()
    QTest.mouseClick(slider, Qt.LeftButton, pos=QPoint(2, slider.height() - 20))
    whole(section, qtbot)
    assert section.number == 0


def test_a_pressed_button_stops(section, qtbot):
    ready(section, qtbot)
    button = section.findChild(QPushButton, "hundredStepsButton")
    button.click()
    qtbot.waitUntil(lambda: "Stop" in button.text(), timeout=60_000)
    button.click()
    whole(section, qtbot)
    assert 0 < section.number < 100
    assert button.text() == "100 more"


def test_the_steps_are_one_stop_of_the_keyboard(section, qtbot):
    ready(section, qtbot)
    names = ("oneStepButton", "tenStepsButton", "hundredStepsButton")
    buttons = [section.findChild(QPushButton, name) for name in names]
    assert [bool(button.focusPolicy() & Qt.TabFocus) for button in buttons] == [True, False, False]
    section.activateWindow()
    buttons[0].setFocus()
    QTest.keyClick(buttons[0], Qt.Key_Right)
    assert buttons[1].hasFocus()
    QTest.keyClick(buttons[1], Qt.Key_Return)
    whole(section, qtbot)
    assert section.number == 10


def test_the_answer_follows_frame_and_picture(section, qtbot):
    ready(section, qtbot)
    first = section.film.bars.accessibleDescription()
    section.show_example(digit(3))
    seen.wait_for_threads(qtbot)
    other = section.film.bars.accessibleDescription()
    assert other != first
    press(section, qtbot, "oneStepButton")
    assert section.film.bars.accessibleDescription() != other
    section.show_example(None)
    assert not section.film.bars.accessibleDescription()


def test_another_unit_is_shown(section, qtbot):
    ready(section, qtbot)
    press(section, qtbot, "oneStepButton")
    before = section.film.unit.grab().toImage()
    press(section, qtbot, "anotherUnitButton")
    assert section.film.unit.grab().toImage() != before
    press(section, qtbot, "tenStepsButton")
    view = section.film.unit
    view.setFocus()
    QTest.keyClick(view, Qt.Key_Right)
    QTest.keyClick(view, Qt.Key_Return)
    whole(section, qtbot)
    assert section.number == 1


def test_the_next_pictures_are_those_of_the_next_step(section, qtbot):
    ready(section, qtbot)
    assert section.aside is not None
    assert "500 of 600 training pictures" in words_of(section.aside, "nextWords")


@pytest.mark.parametrize("size", [(1090, 594), (748, 566)])
def test_the_plain_depth_keeps_its_budget(section, qtbot, size):
    section.resize(*size)
    section.set_room(size[0])
    ready(section, qtbot)
    for name in ("", "oneStepButton", "hundredStepsButton"):
        if name:
            press(section, qtbot, name)
        seen.settle()
        count = sum(len(words.split()) for words in seen.words(section))
        # The example and the bar above have 25 words and eleven stops.
        assert count <= 65
        assert len(seen.stops(section)) <= 5
    found = [text for text in seen.texts(section) if text.widget is section.film.slider]
    assert found
    for one, other in combinations(found, 2):
        assert not one.place.intersects(other.place), (one.text, other.text)


def test_a_network_of_letters_has_all_its_names(section, qtbot, digits, monkeypatch):
    letters = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    own = replace(digits, classes=letters)
    monkeypatch.setattr("mnist_draw.analysis.one_step.own_data", lambda model: own)
    model = network("custom_mlp:1,8#26").with_info(data="letters", classes=list(letters))
    section.resize(1090, 594)
    ready(section, qtbot, model)
    bars = section.film.bars
    assert bars.names == letters
    # The last row ends at the edge, rounded to whole pixels.
    room = bars.rect().adjusted(0, 0, 0, 2)
    assert all(room.contains(bar.geometry()) for bar in bars.bars)
    assert words_of(section, "filmBefore").endswith("%")


def test_where_it_began_may_not_be_known(section, qtbot):
    ready(section, qtbot, random_model("custom_mlp:2,8"))
    assert "not known" in words_of(section, "filmSentence")
    press(section, qtbot, "oneStepButton")
    assert section.number == 1


def test_other_epochs_of_a_run_end_the_same_film(section, qtbot):
    ready(section, qtbot)
    press(section, qtbot, "tenStepsButton")
    rows = section.table().rows
    later = network()
    section.use_network(later.with_info(epochs=2), "")
    whole(section, qtbot)
    assert section.number == 10
    assert section.table().rows[:-1] == rows[:-1]
    section.use_network(network("custom_mlp:1,20"), "run:other")
    assert section.is_pending()
    whole(section, qtbot)
    assert section.number == 0


def test_hidden_nothing_is_computed(section, qtbot):
    section.set_active(False)
    section.use_network(network(), "")
    seen.wait_for_threads(qtbot)
    assert section.is_pending()
    section.set_active(True)
    whole(section, qtbot)


def test_a_network_that_cannot_be_shown_is_said(section, qtbot):
    section.next_pictures.show()
    section.followed.show()
    ready(section, qtbot, details=True)
    assert words_of(section.aside, "nextWords")
    assert words_of(section.instead, "followedTitle")
    with qtbot.waitSignal(section.problem, timeout=60_000):
        section.use_network(unknown_model(), "opened:x")
    assert "not known here" in words_of(section, "filmSecond")
    # Neither pictures nor buttons of the network before stay.
    assert not words_of(section.aside, "nextWords")
    assert not words_of(section.instead, "followedTitle")
    assert not words_of(section.instead, "followedLabel")
    assert not section.findChild(QPushButton, "oneStepButton").isEnabled()
    assert not section.grab().isNull()
    ready(section, qtbot)


@pytest.mark.slow
def test_the_tutorial_begins_at_chance(section, qtbot, monkeypatch):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", load_dataset)
    model = next(found for found in list_shipped() if found.name == "mlp").load()
    ready(section, qtbot, model)
    assert words_of(section, "filmAccuracy") == "6.91%"
    assert "545,000 weights are random" in words_of(section, "filmSentence")
    assert words_of(section, "filmSecond") == "It guesses."


# -- all details


def test_the_stages_show_the_step_after_the_frame(section, qtbot):
    shown = ready(section, qtbot, details=True)
    assert shown.figures.number == 0
    chips = section.stages.bar.control.buttons
    sizes = set()
    for number, stage in enumerate(STAGES, 1):
        section.open_stage(number)
        seen.settle()
        sizes.add((section.stages.card.size().width(), section.stages.code.size().width()))
        assert section.stages.heading.text() == stage.heading
        assert chips[number - 1].isChecked()
        assert not section.grab().isNull()
    # Nothing moves when the stage changes.
    assert len(sizes) == 1
    section.stages.next.click()
    whole(section, qtbot)
    assert section.stage == 1
    assert section.stages.picture.shown.figures.number == 1
    # Back in the plain depth it is the same frame.
    section.show_details(False)
    assert section.number == 1


def test_code_of_another_network_is_never_shown(section, qtbot):
    ready(section, qtbot, network(update="adam"), details=True)
    assert "adam" in section.stages.code.code.accessibleDescription()
    section.use_network(network("custom_mlp:1,20", update="sgd"), "run:x")
    assert not section.stages.code.code.accessibleDescription()
    assert section.stages.picture.state
    whole(section, qtbot)
    assert "sgd" in section.stages.code.code.accessibleDescription()


def test_any_picture_of_the_minibatch_is_followed(section, qtbot):
    first = ready(section, qtbot, details=True).figures
    section.followed.next.click()
    whole(section, qtbot)
    figures = section.stages.picture.shown.figures
    np.testing.assert_array_equal(figures.minibatch.pictures[0], first.minibatch.pictures[1])
    assert words_of(section.followed, "followedTitle") == "Picture 2 of 500"
    section.open_stage(5)
    before = section.stages.weight.accessibleDescription()
    press(section, qtbot, "anotherWeightButton")
    assert section.stages.weight.accessibleDescription() != before


@pytest.mark.parametrize("rule", ["rmsprop", "momentum", "sgd"])
def test_the_end_needs_the_memory_of_the_run(section, qtbot, rule):
    ready(section, qtbot, network(update=rule), details=True)
    press(section, qtbot, "stepEndButton")
    lost = rule == "momentum"
    assert (section.stages.picture.shown is None) == lost
    assert ("not stored" in section.stages.picture.state) == lost
    section.open_stage(5)
    words = section.stages.weight.accessibleDescription()
    if rule == "rmsprop":
        assert "88% full" in words
    press(section, qtbot, "stepBeginningButton")
    assert section.stages.picture.shown is not None


def test_keys_go_through_the_stages_and_play(section, qtbot):
    ready(section, qtbot, details=True)
    section.activateWindow()
    chip = section.stages.bar.control.buttons[0]
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key_Right)
    QTest.keyClick(chip, Qt.Key_Right)
    assert section.stage == 3
    QTest.keyClick(section.stages.picture, Qt.Key_Left)
    assert section.stage == 2
    theme.theme().motion = False
    QTest.keyClick(section.stages.picture, Qt.Key_Space)
    assert section.stage == 2
    theme.theme().motion = True
    section.player.setInterval(1)
    QTest.keyClick(section.stages.picture, Qt.Key_Space)
    qtbot.waitUntil(lambda: section.stage == 5 and not section.player.isActive(), timeout=20_000)
    assert section.stages.play.text() == "Slow"


def test_my_drawing_is_put_among_the_pictures_of_a_step(section, qtbot):
    ready(section, qtbot, details=True)
    mine = section.followed.mine
    mine.click()
    whole(section, qtbot)
    minibatch = section.stages.picture.shown.figures.minibatch
    np.testing.assert_array_equal(minibatch.pictures[0, 0], digit().picture)
    assert str(minibatch.labels[0]) == digit().label
    section.show_example(digit(3))
    whole(section, qtbot)
    pictures = section.stages.picture.shown.figures.minibatch.pictures
    np.testing.assert_array_equal(pictures[0, 0], digit(3).picture)
    # A picture of a data set is never learned from.
    section.show_example(replace(digit(), source="Test picture 1"))
    whole(section, qtbot)
    assert not mine.isEnabled()
    assert not mine.isChecked()
    assert "never learned" in mine.toolTip()
    pictures = section.stages.picture.shown.figures.minibatch.pictures
    assert not np.array_equal(pictures[0, 0], digit().picture)


def test_a_network_whose_rule_is_not_known_has_neither_figures_nor_code(section, qtbot):
    ready(section, qtbot, random_model("custom_mlp:2,8"), details=True)
    assert section.stages.picture.shown is None
    assert "not stored" in section.stages.picture.state
    for number in range(1, 6):
        section.open_stage(number)
        assert not section.stages.code.code.accessibleDescription()
        assert not section.stages.weight.isVisible()


def test_a_network_with_batch_normalization_has_a_film_without_details(section, qtbot):
    ready(section, qtbot, network("layers:8,norm"))
    press(section, qtbot, "tenStepsButton")
    assert section.number == 10
    assert words_of(section, "filmAccuracy").endswith("%")
    section.show_details(True)
    whole(section, qtbot)
    assert section.stages.picture.shown is None
    assert "batch normalization" in section.stages.picture.state


def test_code_is_beside_the_picture_where_it_has_room_and_can_be_put_away(section, qtbot):
    ready(section, qtbot, details=True)
    section.set_room(1090)
    seen.settle()
    assert section.stages.code.x() > section.stages.card.x()
    section.set_room(740)
    assert not section.stages.code.isVisible()
    section.set_room(1090)
    assert section.stages.code.isVisible()
    section.stages.code_switch.click()
    section.set_room(740)
    section.set_room(1090)
    assert not section.stages.code.isVisible()


def test_in_a_narrow_window_the_code_is_below_and_the_buttons_are_in_sight(section, qtbot):
    ready(section, qtbot, details=True)
    section.resize(740, 575)
    section.set_room(740)
    section.stages.code_switch.click()
    for number in range(1, 6):
        section.open_stage(number)
        seen.settle()
        assert section.stages.next.isVisible()
    assert section.stages.code.y() > section.stages.card.y()
    assert [figure.isVisible() for figure in section.stages.bar.figures] == [False] * 4 + [True]


@pytest.mark.parametrize("batch_size", [1, 20, 1200])
def test_sentences_name_the_minibatch_and_the_penalty(section, qtbot, batch_size):
    shown = ready(section, qtbot, network(batch_size=batch_size, l2=0.01), details=True)
    count = len(shown.figures.losses)
    assert (f"here it has {count:,}." in stage_sentence(shown, 1)) == (count < batch_size)
    assert next(row.note for row in expressions(shown, 3)) == f"{count:,} × 10"
    assert any("0.01·W3" in line.text for line in expressions(shown, 4))
    assert any("loss += 0.01" in text for _, text in tutorial_lines(shown.settings))
    assert stage_figures(shown)[0] == ("1 picture" if count == 1 else f"{count} pictures")
    section.open_stage(5)
    assert "L2 penalty" in section.stages.weight.accessibleDescription()


def test_the_figures_of_a_sure_picture_are_not_rounded_to_0(section, qtbot):
    shown = ready(section, qtbot, details=True)
    p = np.full(10, 2e-5, np.float32)
    p[shown.figures.label] = 1 - 9 * 2e-5
    losses = np.full_like(shown.figures.losses, 0.00018)
    figures = replace(shown.figures, p=p, losses=losses, losses_after=losses * 0.96)
    sure: Explained = replace(shown, figures=figures)
    for stage, wanted in (
        (3, ("2×10⁻⁵", "2×10⁻⁴")),
        (4, ("2×10⁻⁵", "+2×10⁻⁵", "−2×10⁻⁴")),
    ):
        section.stages.picture.show_stage(sure, stage)
        found = [text.text for text in seen.texts(section)
                 if text.widget is section.stages.picture]  # fmt: skip
        assert all(any(words in text for text in found) for words in wanted), found


@pytest.mark.parametrize(
    "text",
    [pytest.param("cnn", marks=pytest.mark.slow), "custom_mlp:0", "custom_mlp:6,8"],
)
def test_other_networks(section, qtbot, text):
    figures = ready(section, qtbot, network(text), details=True).figures
    for number in range(1, 6):
        section.open_stage(number)
        assert not section.grab().isNull()
    table = {row[0]: row[1] for row in section.table().rows}
    length = np.linalg.norm(figures.gradients[0]) / figures.gradients[0].size ** 0.5
    assert float(table["gradient of W1, root mean square"]) == pytest.approx(length, rel=1e-3)
    assert table["mean loss in nats, before → after"].startswith(f"{figures.losses.mean():.6f}")
    section.show_details(False)
    press(section, qtbot, "oneStepButton")
    assert not section.grab().isNull()


def test_the_operations_are_counted_in_a_table(section, qtbot):
    ready(section, qtbot, details=True)
    section.stages.code.graph.click()
    qtbot.waitUntil(lambda: section.findChild(object, "graphView") is not None, timeout=60_000)
    view = section.findChild(object, "graphView")
    rows = [[view.item(n, place).text() for place in range(3)] for n in range(view.rowCount())]
    assert ["Dot", "8", "8"] in rows
    view.window().close()


@pytest.mark.parametrize("size", [1.0, 1.5])
def test_titles_of_stages_are_whole_at_any_size_of_text(section, size):
    theme.theme().resize_text(size)
    section.show_details(True)
    section.resize(892, 700)
    section.set_room(892)
    section.grab()
    for chip in section.stages.bar.control.buttons:
        assert chip.fontMetrics().horizontalAdvance(chip.text()) < chip.width()


@pytest.mark.parametrize("filters", [2, 8])
def test_few_filters_are_shown_too(section, qtbot, filters):
    ready(section, qtbot, network(f"layers:conv{filters}x5,pool2"))
    press(section, qtbot, "oneStepButton")
    assert not section.film.unit.grab().isNull()


def test_a_file_with_other_layers_than_before_has_a_film_of_its_own(section, qtbot):
    section.use_network(network(), "opened:own.npz")
    section.show_example(digit())
    whole(section, qtbot)
    problems = []
    section.problem.connect(problems.append)
    section.use_network(network("custom_mlp:1,20"), "opened:own.npz")
    whole(section, qtbot)
    assert not problems
    assert section.number == 0
