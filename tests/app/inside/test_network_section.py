"""The section Network: live layers, the sum behind the answer, units kept and switched off."""

from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QFontMetricsF, QPainter
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget

from mnist_draw.analysis.layer_inspection import inspect_layers
from mnist_draw.analysis.network_probe import Layer, NetworkProbe, describe_layers
from mnist_draw.analysis.strokes import find_strokes
from mnist_draw.analysis.unit_profiles import UnitProfiles
from mnist_draw.app.inside.network import layers_view, network_painter, network_section
from mnist_draw.app.inside.network.layers_view import paint_legend
from mnist_draw.app.inside.network.network_reader import NetworkReader, Question, Weights, frame_of
from mnist_draw.app.inside.network.network_section import NetworkSection
from mnist_draw.app.inside.network.panel_rows import unit_rows, why_rows
from mnist_draw.app.inside.network.side_panel import RunLayers
from mnist_draw.app.inside.network.units import MAX_UNITS, Layout
from mnist_draw.app.inside.rows_view import (
    Code,
    Heading,
    Line,
    PictureRow,
    RowsView,
    short,
    signed,
    sum_line,
    term_lines,
)
from mnist_draw.app.inside.section import Example
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.threads import running
from mnist_draw.i18n import parse_number
from mnist_draw.storage.models import ModelFile

from .. import seen
from ..seen import point_at, wait_for_threads
from .examples import digit

#: Milliseconds after which a state is not waited for any longer; none is asserted to take less.
PATIENCE = 60_000


def network(text="custom_mlp:2,16", **metadata):
    return random_model(text, **metadata)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch, digits):
    """Look for the units' profiles among few pictures."""
    monkeypatch.setattr("mnist_draw.analysis.unit_profiles.load_dataset", lambda: digits)


@pytest.fixture
def section(qtbot, show, monkeypatch):
    """Return an active section that waits for nothing."""
    monkeypatch.setattr(network_section, "REST_S", 0.0)
    made = show(NetworkSection(), 1090, 600)
    made.show_details(True)
    made.set_active(True)
    yield made
    # A loaded machine may still be compiling when it is first asked to end.
    qtbot.waitUntil(running.shut_down, timeout=PATIENCE)


def until(qtbot, condition):
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


def frame_where(section, qtbot, condition):
    """Wait for a frame for which a condition holds, and return it."""

    def is_found():
        # Between two networks there is no frame.
        frame = section.network.frame
        return frame is not None and condition(frame)

    until(qtbot, is_found)
    return section.network.frame


def ready(section, qtbot, model=None):
    """Show a network and a digit, and wait until everything is known."""
    section.use_network(model or network(), "")
    section.show_example(digit())
    until(qtbot, lambda: section.network.profiles is not None and section.network.frame is not None)
    return section.network.frame


def values(rows, terms=False):
    """Return the numbers of a sum's lines, or of its terms, which have bars."""
    return [row.value for row in rows.rows if isinstance(row, Line) and bool(row.largest) == terms]


def test_only_zero_itself_has_no_sign():
    assert signed(-0.001) == "−0.00"
    assert signed(0.0) == "0.00"


def test_maps_of_many_layers_have_room_in_a_narrow_window():
    layers = NetworkProbe(random_model("deep_cnn")).layers
    rows = [None] * (len(layers) - 1)
    columns = Layout(layers, 407, 440, rows, rows).places().columns
    assert columns[0].cell >= 16
    assert min(column.cell for column in columns if column.tile) >= 8


@pytest.mark.parametrize(
    "row",
    [
        *(
            Line("what the unit carries", "0.2529", "2.26 × 0.1120", value, largest=value)
            for value in (0.0, 0.25)
        ),
        Heading("One weight, followed", "unit 249 of the layer hidden 2 → 3"),
        PictureRow("where there is more ink, and less", None, "after the change"),
        Code("dz4 = dot(dz5, W5.T) · (z4 > 0)", "250 × 256"),
    ],
)
def test_words_are_below_each_other_where_they_do_not_fit_beside_each_other(show, row):
    theme.theme().resize_text(1 / theme.text_scale())
    heights = []
    for wide in (600, 270):
        view = show(RowsView("rows", "Rows", "Rows of a sum."), wide, 20)
        view.show_rows([row])
        found = seen.texts(view)
        assert not any("…" in text.text for text in found)
        for one, other in combinations(found, 2):
            assert not one.place.adjusted(0, 3, 0, -3).intersects(other.place), (one, other)
        heights.append(view.minimumHeight())
    assert heights[0] < heights[1]


def test_between_the_units_of_two_digits_there_is_a_gap():
    layers = NetworkProbe(random_model("custom_mlp:2,300")).layers
    rows, few = np.arange(300) % 10, [np.ones(300)] * 2
    for column in Layout(layers, 1000, 560, [rows, rows], few, depth=2).places().columns:
        ends = [column.top_of(row) for row in range(column.rows)]
        gaps = np.diff(ends)[column.group - 1 :: column.group] - column.high
        assert gaps.min() >= 2


def test_the_bars_of_terms_have_one_scale_and_begin_below_each_other(show):
    view = show(RowsView("rows", "Rows", "Rows of a sum."), 450, 90)
    names = ("unit 33", "1.0 × 0.6"), ("another unit 217", "10.25 × 0.06"), ("8", "0 × 0.6")
    view.show_rows(term_lines([(*name, 0.6) for name in names]))
    image, accent = view.grab().toImage(), theme.color("accent").rgb()
    found = []
    for y in range(image.height()):
        line = [image.pixel(x, y) == accent for x in range(image.width())]
        # Not the strokes of a figure.
        if sum(line) > 30:
            start = line.index(True)
            found.append((start, line.index(False, start)))
    assert len(found) == 3 * 8
    assert len(set(found)) == 1


def test_the_sums_shown_add_up(section, qtbot):
    frame = ready(section, qtbot, network(temperature=2.0))
    speaking_for, against, bias, difference, divided = values(section.panel.why_rows)
    assert speaking_for + against + bias == pytest.approx(difference, abs=1e-4)
    assert divided == pytest.approx(difference / 2)
    # Each is rounded for itself.
    lines = [row for row in section.panel.why_rows.rows if isinstance(row, Line)][:4]
    shown = [parse_number(line.figure) for line in lines]
    assert shown == [round(value, 3) for value in (speaking_for, against, bias, difference)]
    ratio = frame.passed.p[0, frame.answer] / frame.passed.p[0, frame.rival]
    assert np.log(ratio) == pytest.approx(divided, abs=1e-3)
    terms = values(section.panel.why_rows, terms=True)
    weights = frame.layers[-1].W[:, frame.answer] - frame.layers[-1].W[:, frame.rival]
    products = frame.passed.x[-1][0] * weights
    largest = products[np.argsort(-np.abs(products))][: len(terms)]
    np.testing.assert_allclose(terms, largest, rtol=1e-6)
    assert len(terms) == min(12, np.count_nonzero(products))
    assert section.panel.why_title.text() == f"Why {frame.answer} rather than"
    for unit in ((0, 3), (1, 7), (2, 4)):
        section.network.pin(unit)
        above, below, bias, total = values(section.panel.unit_rows)[:4]
        assert above + below + bias == pytest.approx(total, abs=1e-3)
        table = section.table()
        assert table.rows[-1][0] == "sum"
        assert parse_number(table.rows[-1][3]) == pytest.approx(total, abs=1e-3)


def test_a_pair_ends_with_the_answer_that_it_was_chosen_for(section, qtbot):
    first = ready(section, qtbot)
    probe = NetworkProbe(network())
    found = (
        (digit(index), int(probe.run(digit(index).picture[None, None]).p[0].argmax()))
        for index in range(1, 100)
    )
    other, answer = next(each for each in found if each[1] != first.answer)
    section.open_view(f"why {first.answer} {answer}")
    frame_where(section, qtbot, lambda now: now.rival == answer)
    section.show_example(other)
    now = frame_where(section, qtbot, lambda now: now.question.picture is other.picture)
    assert now.answer == answer
    until(qtbot, lambda: section.panel.why_title.text() == f"Why {answer} rather than")


def test_another_rival_is_compared_and_nothing_while_it_cannot_be_seen(section, qtbot):
    frame = ready(section, qtbot)
    rival, other = [d for d in range(10) if d not in (frame.answer, frame.rival)][:2]
    section.panel.rival.activated.emit(rival)
    assert frame_where(section, qtbot, lambda now: now.rival == rival).answer == frame.answer
    section.open_view(f"why {rival} {frame.answer}")
    until(qtbot, lambda: section.panel.why_title.text() == f"Why {rival} rather than")
    # The same frame follows with more of it.
    until(qtbot, lambda: not section.job.is_running)
    # A pair that the answer has left behind is forgotten.
    before = section.network.frame
    section.open_view(f"why {rival} {other}")
    assert frame_where(section, qtbot, lambda now: now is not before).answer == frame.answer
    until(qtbot, lambda: not section.job.is_running)
    section.set_active(False)
    before = section.network.frame
    section.show_example(digit(1))
    wait_for_threads(qtbot)
    assert section.network.frame is before
    section.set_active(True)
    frame_where(section, qtbot, lambda frame: frame is not before)


def test_a_unit_is_kept_switched_off_and_let_go(section, qtbot):
    plain, view, panel = ready(section, qtbot), section.network, section.panel
    unit = (1, int(plain.passed.a[1][0].argmax()))
    center = view.places().column_of(1).rect(unit[1]).center().toPoint()
    QTest.mouseClick(view, Qt.LeftButton, Qt.NoModifier, center)
    assert view.pinned == unit
    toggled = frame_where(section, qtbot, lambda frame: frame.question.toggled == unit)
    assert panel.unit_title.text() == f"Unit {unit[1]} of hidden 2"
    assert panel.pages.currentWidget().objectName() == "unitPanel"
    without = toggled.passed.p[1].copy()
    panel.switch.click()
    off = frame_where(section, qtbot, lambda frame: frame.question.off)
    np.testing.assert_allclose(off.passed.p[0], without, atol=1e-5)
    np.testing.assert_allclose(off.passed.p[1], plain.passed.p[0], atol=1e-5)
    assert panel.switch_label.text() == "Switched off"
    panel.all_on_button.click()
    frame_where(section, qtbot, lambda frame: not frame.question.off)
    QTest.keyClick(view, Qt.Key_Escape)
    assert view.unit is None
    assert panel.pages.currentWidget().objectName() == "whyPanel"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        pytest.param("cnn", "light", marks=pytest.mark.slow),
        ("custom_mlp:0,1", "dark"),
        ("custom_mlp:6,8", "light"),
        ("layers:12@tanh,8@elu", "dark"),
    ],
)
def test_every_kind_of_network_is_painted(section, qtbot, text, choice):
    theme.theme().apply(choice, False)
    frame = ready(section, qtbot, network(text))
    for layer in range(len(frame.layers)):
        section.network.pin((layer, 2))
        toggled = (layer, 2) if layer < len(frame.layers) - 1 else None
        frame_where(section, qtbot, lambda now, unit=toggled: now.question.toggled == unit)
        assert not section.grab().isNull()
    section.network.clear_selection()
    section.order.setCurrentIndex(1)
    assert not section.grab().isNull()


@pytest.mark.parametrize(("text", "has_both"), [("layers:12@tanh", True), ("layers:12", False)])
def test_the_legend_has_the_color_of_values_below_0_where_there_are_any(
    section, qtbot, text, has_both,
):  # fmt: skip
    ready(section, qtbot, network(text))
    found = [text.text for text in seen.texts(section) if text.widget is section.network]
    written = " ".join(" ".join(found).split())
    assert "lit: the value is above 0" in written
    assert ("below 0" in written) == has_both
    panel = section.findChild(QWidget, "whyRows")
    made = [row.made for row in panel.rows if isinstance(row, Line)]
    assert made
    assert not any("-" in words for words in made)


@pytest.mark.parametrize("by_class", [True, False])
def test_few_units_are_as_large_as_there_is_room_also_with_many_classes(by_class):
    layers = describe_layers(network("custom_mlp:2,60#26"))
    rows = np.arange(60) % 26 if by_class else None
    places = Layout(layers, 760, 540, [rows] * 2, [None] * 2).places()
    for column in places.columns:
        assert column.shown == 60
        assert column.cell >= 8


def patch_sum(frame, unit, place):
    """Return the products of a map's filter with the patch at a place, without the bias."""
    layer, number = unit
    row, column = place
    filters = frame.layers[layer].W[number, :, ::-1, ::-1]
    _, high, wide = filters.shape
    return frame.passed.x[layer][0][:, row : row + high, column : column + wide] * filters


@pytest.mark.parametrize("side", [3, 5, 6, 7, 9])
def test_the_figures_of_a_filter_can_be_added_up_whatever_its_size(section, qtbot, side):
    frame = ready(section, qtbot, network(f"layers:conv4x{side},pool2"))
    # No figure is scrolled out of sight.
    section.resize(1090, 1400)
    section.network.pin((0, 1))
    seen.settle()
    written = [text.text for text in seen.texts(section)]
    for table in section.panel.unit_rows.rows[1:3]:
        for value in table.values.ravel():
            assert short(float(value)) in written
    assert frame.sum_of((0, 1)).terms.size == side * side


@pytest.mark.slow
@pytest.mark.parametrize("unit", [(0, 1), (1, 2)])
def test_a_map_is_looked_at_place_by_place(section, qtbot, unit):
    frame, view = ready(section, qtbot, network("cnn")), section.network
    layer, number = unit
    view.pin(unit)
    rows = section.panel.unit_rows
    assert rows.isVisible()
    z = frame.passed.z[layer][0, number]
    place = tuple(int(n) for n in np.unravel_index(z.argmax(), z.shape))
    for keys in ((), (Qt.Key_Left, Qt.Key_Up), (Qt.Key_Right, Qt.Key_Right)):
        for key in keys:
            QTest.keyClick(view, key, Qt.ShiftModifier)
            down, right = {Qt.Key_Left: (0, -1), Qt.Key_Up: (-1, 0), Qt.Key_Right: (0, 1)}[key]
            place = tuple(int(n) for n in np.clip(np.add(place, (down, right)), 0, len(z) - 1))
        products = patch_sum(frame, unit, place)
        pictures, filters, shown = rows.rows[:3]
        patch = list(pictures.pictures.values())[-1].values
        chosen = int(np.abs(products).sum(axis=(1, 2)).argmax())
        np.testing.assert_allclose(shown.values, products[chosen], rtol=1e-6)
        np.testing.assert_allclose(patch * filters.values, products[chosen], rtol=1e-6)
        # The sum beside it is of this place, too.
        above, below, bias, total = values(section.panel.unit_rows)[:4]
        assert above + below == pytest.approx(products.sum(dtype=float), abs=1e-4)
        assert above + below + bias == pytest.approx(total, abs=1e-4)
        assert total == pytest.approx(z[place], abs=1e-4)
        assert not section.grab().isNull()
    words = pictures.words()
    assert [short(value) for value in (-0.123, 1.5, -0.001)] == ["−.12", "1.50", "0"]
    assert words in rows.accessibleDescription()
    assert words.startswith(f"Row {place[0]}, column {place[1]}: {products.size} products")
    assert f"to {z[place]:+.2f}".replace("-", "−") in words
    assert parse_number(section.table().rows[-1][3]) == pytest.approx(z[place], abs=1e-3)


@pytest.mark.slow
def test_maps_are_pooled_and_pointed_at_in_the_picture(section, qtbot, monkeypatch):
    frame, view = ready(section, qtbot, network("cnn")), section.network
    rows = section.panel.unit_rows
    for layer, side in ((0, 12), (1, 4)):
        view.pin((layer, 2))
        a = frame.passed.a[layer][0, 2]
        squares = a.reshape(side, 2, side, 2).max(axis=(1, 3))
        pooled = list(rows.rows[0].pictures.values())[1]
        np.testing.assert_array_equal(pooled.values, squares)
    tile = view.places().column_of(1).tile_rect(2)
    cell = QPointF(tile.width() / 8, tile.height() / 8)
    point_at(view, tile.topLeft() + QPointF(3.5 * cell.x(), 5.5 * cell.y()))
    until(qtbot, lambda: view.place == (5, 3))
    words = f"Pooled, row 2, column 1: {squares[2, 1]:.2f}"
    until(qtbot, lambda: words in rows.accessibleDescription())
    # Thin columns of the picture show the pooled maps; they are maps of their layer.
    whole, thin, *_ = view.places().columns
    assert (whole.tile, thin.tile, thin.pooled) == ((24, 24), (12, 12), True)
    assert thin.box.width() < whole.box.width()
    assert view.unit_at(thin.tile_rect(2).center()) == (0, 2)
    # The size of what is pooled is not below the next layer's title.
    notes = []
    monkeypatch.setattr(layers_view, "paint_title", lambda *given: notes.append(given))
    view.paint_titles(None, view.places(), "")
    _painter, place, _title, size, room = next(
        note for note in notes if note[2] == "Pooled" and note[3] == "12×12"
    )
    assert size == "12×12"
    assert place.x() + room <= view.places().columns[2].box.left()
    tile = whole.tile_rect(1)
    point = tile.topLeft() + QPointF(tile.width() * 7.5 / 24, tile.height() * 3.5 / 24)
    point_at(view, point)
    until(qtbot, lambda: view.pointed == (0, 1))
    assert np.abs(np.subtract(view.place, (3, 7))).max() <= 1
    words = "at row {}, column {}".format(*view.place)
    until(qtbot, lambda: words in section.panel.unit_rows.accessibleDescription())


def test_few_pixels_that_turn_the_answer_are_shown_and_looked_at(section, qtbot):
    model = linear_model()
    frame, panel = ready(section, qtbot, model), section.panel
    panel.flip_button.click()
    frame = frame_where(section, qtbot, lambda now: now.turned is not None)
    (changed,) = frame.turned
    p = NetworkProbe(model).run(changed[None, None]).p[0]
    assert p.argmax() == frame.rival != frame.answer
    count = np.count_nonzero(changed != frame.question.picture)
    assert any(f"{count} pixel" in row.words() for row in panel.why_rows.rows)
    # None of them could have been left out.
    for place in map(tuple, np.argwhere(changed != frame.question.picture)):
        fewer = changed.copy()
        fewer[place] = frame.question.picture[place]
        assert NetworkProbe(model).run(fewer[None, None]).p[0].argmax() != frame.rival
    assert not section.grab().isNull()
    with qtbot.waitSignal(section.example_picked) as picked:
        panel.flip_button.click()
    assert picked.args[0].picture is changed
    # Another picture has another answer to that.
    section.show_example(digit(1))
    frame_where(section, qtbot, lambda now: now.turned is None)


def begun(model):
    """Return a network, and what its training added to given weights, taken as the start."""
    start = ModelFile(model.network, tuple(value * 0.5 for value in model.parameters))
    return start, model.parameters[0] - start.parameters[0]


def choose(section, weights):
    section.mode.buttons[list(Weights).index(weights)].click()


def test_the_start_answers_and_what_was_learned_is_shown(section, qtbot, monkeypatch, digits):
    model = network()
    start, added = begun(model)
    monkeypatch.setattr("mnist_draw.analysis.network_probe.start_model", lambda model: start)
    now, view = ready(section, qtbot, model), section.network
    view.pin((0, 3))
    choose(section, Weights.START)
    until(qtbot, lambda: view.parts.model is start)
    frame_where(section, qtbot, lambda frame: frame is not now)
    # The unit's strongest pictures are those of its weights at the start.
    until(qtbot, lambda: getattr(section.panel.unit_rows.rows[0], "small", ()))
    pictures = digits.train_images[:, 0].reshape(-1, 784) / np.float32(256)
    W, b = start.parameters[:2]
    heights = np.sort(np.maximum(pictures @ W[:, 3] + b[3], 0))[::-1]
    shown = [parse_number(words) for __, words in section.panel.unit_rows.rows[0].small]
    np.testing.assert_allclose(shown, heights[:6], atol=0.051)
    choose(section, Weights.LEARNED)
    until(qtbot, lambda: view.parts.learned)
    # The network answers as now; only the weights on the screen are what training added.
    same = partial(np.allclose, now.passed.p, atol=1e-6)
    frame_where(section, qtbot, lambda frame: same(frame.passed.p))
    view.pin((0, 3))
    picture = section.panel.unit_rows.rows[0].large.values
    np.testing.assert_array_equal(picture.ravel(), added[:, 3])
    section.panel.choose(2)
    section.open_view("live")
    # What it asks for is seen, whatever the panel was at.
    assert section.panel.choice.group.checkedId() == 0
    until(qtbot, lambda: view.parts.model is model and not view.parts.learned)


def test_an_unknown_start_leaves_the_weights_of_now(section, qtbot):
    ready(section, qtbot, linear_model())
    with qtbot.waitSignal(section.problem, timeout=PATIENCE) as told:
        choose(section, Weights.LEARNED)
    assert "not known" in told.args[0]
    assert section.mode.buttons[0].isChecked()
    assert section.network.parts.weights is Weights.NOW


def test_other_weights_of_the_same_network_are_followed(section, qtbot):
    first = network()
    ready(section, qtbot, first)
    section.network.pin((0, 3))
    before = frame_where(section, qtbot, lambda frame: frame.question.toggled == (0, 3))
    other = ModelFile(first.network, tuple(2 * values for values in first.parameters))
    section.use_network(other, "")
    until(qtbot, lambda: section.network.parts.model is other)
    old = before.passed.logits
    frame_where(section, qtbot, lambda now: not np.allclose(now.passed.logits, old, atol=1e-3))
    assert section.network.pinned == (0, 3)


def test_no_sum_of_another_kind_of_network_is_shown(section, qtbot):
    ready(section, qtbot, network("custom_mlp:2,300"))
    until(qtbot, lambda: bool(section.panel.why_rows.rows))
    section.use_network(network("custom_mlp:1,64"), "")
    assert section.network.frame is None
    assert not section.panel.why_rows.rows
    frame_where(section, qtbot, lambda frame: len(frame.layers) == 2)


def test_what_is_drawn_on_an_empty_board_waits_for_no_compiler():
    reader, model = NetworkReader(), network()
    assert all(answer.frame is None for answer in reader.answer(Question(model)))
    first = next(reader.answer(Question(model, picture=digit().picture)))
    assert first.frame.ink.any()


def test_a_question_may_name_units_that_the_network_lacks():
    model = network("custom_mlp:2,30")
    unknown = frozenset({(0, 39), (5, 0)})
    stale = Question(model, picture=digit().picture, off=unknown, toggled=(0, 39))
    passed = frame_of(NetworkProbe(model), stale).passed
    np.testing.assert_array_equal(passed.p[0], passed.p[1])


def test_what_is_no_digit_or_drawing_and_what_cannot_be_used_is_said(section, qtbot):
    ready(section, qtbot)
    drawn = digit(1)
    section.show_example(Example(drawn.picture, drawn.label, is_digit=False))
    until(qtbot, lambda: section.note.text().startswith("Refused"))
    # What it is not is another matter for a network of letters.
    assert "digit" not in section.note.text()
    section.show_example(None)
    assert section.network.frame is None
    assert section.note.text().startswith("Draw on the left")
    assert not section.panel.why_rows.rows
    assert not section.grab().isNull()
    good = network()
    bad = ModelFile(good.network, tuple(values * 1e30 for values in good.parameters))
    with qtbot.waitSignal(section.problem, timeout=PATIENCE) as told:
        section.use_network(bad, "")
        section.show_example(digit())
    assert "far too large" in told.args[0]
    assert not section.is_pending()
    section.use_network(good, "")
    assert section.is_pending()
    ready(section, qtbot, good)
    until(qtbot, lambda: not section.is_pending())


def test_classes_are_named_as_they_are(section, qtbot):
    frame = ready(section, qtbot, network(refused=0.9))
    assert section.panel.why_title.text().startswith("Why class ")
    names = [f"<b>no. {number}</b> & <i>fett" for number in range(10)]
    rows = section.panel.why_rows
    rows.show_rows(why_rows(frame, names.__getitem__))
    assert any(
        f": {names[n]} is" in rows.accessibleDescription() for n in (frame.answer, frame.rival)
    )
    frame = replace(frame, ideal=(np.zeros((28, 28), np.float32), 0.123))
    rows.show_rows(unit_rows(frame, (2, 0), section.network.parts, None, names.__getitem__))
    assert f"reads {names[0]}, 12.3%" in rows.accessibleDescription()


def test_wide_layers_show_their_most_excited_units():
    def zeros(*shape):
        return np.zeros(shape, np.float32)

    count = 10_000
    wide = Layer("hidden 1", (count,), (1, 28, 28), zeros(784, count), zeros(count))
    last = Layer("answer", (10,), (count,), zeros(count, 10), zeros(10))
    heights = zeros(count)
    heights[5000:5100] = 1
    places = Layout((wide, last), 750, 540, [np.arange(count) % 10], [heights]).places()
    (column,) = places.columns
    assert column.shown <= MAX_UNITS
    assert all(column.shows(unit) for unit in range(5000, 5100))
    assert places.unit_at(column.rect(5050).center(), 14) == (0, 5050)
    assert places.unit_at(QPointF(-50, -50), 14) is None


def test_units_stand_in_the_row_of_their_digit_and_are_walked_by_keys(section, qtbot):
    ready(section, qtbot)
    places, profiles = section.network.places(), section.network.profiles
    for column in places.columns:
        # Those that no digit excites are in no row.
        rows = profiles.rows(column.layer)
        assert [column.shows(unit) for unit in range(len(rows))] == (rows >= 0).tolist()
        for unit, row in enumerate(rows):
            assert row < 0 or places.bands[row].contains(column.rect(unit).center())
    # What is 0 for all pictures is excited by none, and in no row.
    silent = UnitProfiles((np.eye(10, 3, dtype=np.float32) * [1, 0, 2],), (), (), None)
    assert silent.rows(0).tolist() == [0, -1, 2]
    view = section.network
    QTest.keyClick(view, Qt.Key_Down)
    first = view.unit
    assert first[0] == 0
    QTest.keyClick(view, Qt.Key_Right)
    QTest.keyClick(view, Qt.Key_Left)
    assert view.unit == first
    QTest.keyClick(view, Qt.Key_Down)
    column = places.columns[0]
    assert column.rect(view.unit[1]).top() > column.rect(first[1]).top()
    assert column.rect(view.unit[1]).left() == column.rect(first[1]).left()
    for layer in (1, 2):
        QTest.keyClick(view, Qt.Key_Right, Qt.ControlModifier)
        assert view.unit[0] == layer
    QTest.keyClick(view, Qt.Key_Return)
    assert view.pinned == view.unit
    assert "Answer" in view.accessibleDescription()
    picture, p = frame_where(section, qtbot, lambda frame: frame.ideal is not None).ideal
    asked = NetworkProbe(section.network.parts.model).run(picture[None, None])
    assert p == pytest.approx(asked.p[0, view.unit[1]], abs=1e-5)


def own_network(names):
    """Return a network of classes of its own, whose data are not known here."""
    text = f"custom_mlp:1,64#{len(names)}"
    return network(text, data="shapes nobody has", classes=list(names))


def test_a_network_whose_data_are_not_known_is_looked_into(section, qtbot):
    told: list[str] = []
    section.problem.connect(told.append)
    ready(section, qtbot, network("custom_mlp:2,300"))
    for names in ("abcd", "xyz"):
        section.use_network(own_network(names), "")
        # Until its own frame is there, nothing of the network before stands under its names.
        assert section.network.frame is None
        now = frame_where(
            section,
            qtbot,
            lambda frame, names=names: frame.passed.p.shape[1] == len(names),
        )
        section.grab()
        assert section.panel.why_title.text() == f"Why {names[now.answer]} rather than"
        until(qtbot, lambda: "not known here" in section.note.text())
    assert "shapes nobody has" in told[-1]


#: The longest that a class may be called, with spaces and without.
LONG = (
    "Ankle boot for walking in the mountains.",
    "Unterwassergeschwindigkeitsmessvorrichtu",
    "Coat",
)


def test_long_names_of_classes_are_read_in_full_beside_the_network(section, qtbot):
    panel = section.panel
    section.use_network(network(f"custom_mlp:1,64#{len(LONG)}", classes=list(LONG)), "")
    section.show_example(digit())
    first = frame_where(section, qtbot, lambda frame: frame.passed.p.shape[1] == len(LONG))
    section.panel.rival.activated.emit(1 if first.answer != 1 else 0)
    now = frame_where(section, qtbot, lambda frame: 1 in (frame.answer, frame.rival))
    section.grab()
    title, rival = panel.why_title, panel.rival
    assert LONG[now.answer] in title.text()
    # The title has room for its lines, beside a choice that keeps its width.
    assert title.height() >= title.heightForWidth(title.width())
    right = title.mapTo(panel, title.rect().topRight()).x()
    assert right < rival.mapTo(panel, rival.rect().topLeft()).x()


def test_a_long_line_of_a_sum_breaks_before_its_figure(qtbot):
    heights = []
    for name in ("4", *LONG[:2]):
        view = RowsView("rows", "Rows", "Some rows.")
        qtbot.addWidget(view)
        view.resize(300, 100)
        row = sum_line(f"output of {name} less output of {name}", 0.25, colored=False)
        for one in (row, Code(f"{name} = conv(x)", "500 × 32")):
            view.show_rows([one])
            view.grab()
            heights.append(view.minimumHeight())
    for usual, longer, longest in (heights[::2], heights[1::2]):
        assert longer > 1.5 * usual
        assert longest > 1.5 * usual


@pytest.mark.parametrize("room", [1000, 250, 120])
def test_a_legend_breaks_between_its_entries_where_it_must(show, room):
    class Legend(QWidget):
        def paintEvent(self, event):
            entries = [("full", "for Coat"), ("inset", f"for {LONG[0]}")]
            paint_legend(QPainter(self), QRectF(0, 0, room, 0), entries)

    found = seen.texts(show(Legend(), 1000, 120))
    written = " ".join("".join(text.text for text in found).split())
    assert "for Coat" in written
    assert LONG[0].split()[-1] in written
    lines = {round(text.place.center().y() / 8) for text in found}
    assert (len(lines) == 1) == (room == 1000)
    assert max(text.place.right() for text in found) <= room + 1


def test_the_layers_of_a_run_are_shown_after_an_epoch(show):
    view = show(RunLayers(), 300, 560)
    empty = view.grab().toImage()
    # The first epoch of a run may be going on.
    assert "its epochs" in view.accessibleDescription()
    rng = np.random.default_rng(2)
    shapes = ((784, 20), (20,), (20, 10), (10,))
    before = tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)
    after = tuple(value * np.float32(1.1) for value in before)
    pictures = rng.random((5, 1, 28, 28), np.float32)

    def update_of(epoch, before):
        """Return the first layer's bar after an epoch."""
        found = inspect_layers("custom_mlp:1,20,0,0", epoch, before, after, pictures)
        view.show_run("Tutorial MLP, epoch 2", after, found)
        return next(row for row in view.rows if isinstance(row, Line))

    first = update_of(2, before)
    for words in ("10% of their length", "5 validation pictures", "15,880 weights", "epoch 2"):
        assert words in view.accessibleDescription()
    assert view.grab().toImage() != empty
    # The title may be of a newer epoch already.
    assert "epoch 2" in [row.note for row in view.rows if isinstance(row, Heading)]
    # An update is compared with the largest of its run: the bar of a network that settles shrinks.
    nearly = tuple(value * np.float32(0.999) for value in after)
    later = update_of(3, nearly)
    assert later.value < first.value == pytest.approx(later.largest)
    filters = list(view.rows)[-2]
    assert filters.pictures[""].values.shape == (4 * 31, 5 * 31)
    # What is copied is what is shown; the output has no silent units.
    first, last = view.table().values
    assert first[1] == pytest.approx(later.value)
    assert np.isnan(last[2])


def test_titles_have_room_beside_each_other(section, qtbot, monkeypatch):
    view = section.network
    ready(section, qtbot)
    metrics = QFontMetricsF(theme.font(theme.Text.LABEL, bold=True))
    painted: list[tuple[str, float, float]] = []

    def note_title(painter, place, title, note, room):
        painted.append((title, place.x(), room))

    monkeypatch.setattr(layers_view, "paint_title", note_title)
    for wide in (1400, 420):
        view.resize(wide, 600)
        painted.clear()
        view.grab()
        titles, lefts, rooms = zip(*sorted(painted, key=lambda each: each[1]), strict=True)
        assert titles == ("Picture", "Hidden 1", "Hidden 2", "Answer")
        ends = [left + room for left, room in zip(lefts, rooms, strict=True)]
        assert all(end < left for end, left in zip(ends[:-1], lefts[1:], strict=True))
        if wide == 1400:
            assert all(map(float.__ge__, rooms, map(metrics.horizontalAdvance, titles)))


@pytest.mark.parametrize("wide", [420, 750])
def test_the_digits_of_the_rows_are_beside_the_maps_of_the_layer_before(wide):
    layers = NetworkProbe(random_model("deep_cnn")).layers
    unknown = [None] * (len(layers) - 1)
    places = Layout(layers, wide, 480, unknown, unknown).places()
    last_maps = places.columns[-2]
    edge = last_maps.rect(last_maps.columns - 1).right()
    assert edge <= places.bands[0].left() + 1e-6


def test_the_digits_of_the_rows_are_over_the_lines_that_cross_them(section, qtbot, monkeypatch):
    ready(section, qtbot)
    painted: list[str] = []
    monkeypatch.setattr(network_painter, "_paint_links", lambda *_: painted.append("links"))
    monkeypatch.setattr(section.network, "paint_names", lambda *_: painted.append("names"))
    section.network.grab()
    assert painted == ["links", "names"]


def test_nothing_of_another_network_stays(section, qtbot):
    ready(section, qtbot)
    assert section.panel.filters.rows
    section.use_network(network(), "learnt:y")
    assert section.network.frame is None
    assert section.network.dimmed
    assert not section.panel.filters.rows
    assert "Computing" in section.note.text()
    until(qtbot, lambda: section.network.frame is not None and section.panel.filters.rows)
    # The next epoch of a run: its figures stay until the new ones are known.
    section.use_network(network(epochs=2), "learnt:y")
    assert section.network.frame is not None


@pytest.mark.parametrize(("scale", "room"), [(1.0, 734), (1.38, 968)])
def test_the_panel_has_room_beside_the_network(section, scale, room):
    theme.theme().resize_text(scale * theme.theme().text_size / theme.text_scale())
    section.set_room(room)
    assert section.minimumSizeHint().width() <= room
    for button in section.panel.choice.buttons:
        wide = button.fontMetrics().horizontalAdvance(button.text())
        assert 3 * wide < section.panel.minimumSizeHint().width() - 40


@pytest.mark.parametrize("text", ["layers:pool2,16", "layers:pool2", "layers:pool2,conv4x3,8"])
def test_a_network_that_pools_the_picture_first_is_shown(section, qtbot, text):
    frame = ready(section, qtbot, network(text))
    assert frame.picture.shape == (28, 28)
    assert not section.grab().isNull()
    found = find_strokes(NetworkProbe(network(text)), frame.picture)
    assert {stroke.ink.shape for stroke in (*found.most, *found.least)} == {(28, 28)}
