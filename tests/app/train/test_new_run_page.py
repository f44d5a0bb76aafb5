"""A new run: four cards, the start bar, what to expect."""

from dataclasses import replace

import pytest
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from mnist_draw.app.kit import theme
from mnist_draw.app.train import new_run_page
from mnist_draw.app.train.new_run_page import numbered_epochs
from mnist_draw.app.train.preset_cards import PresetCard
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.training.expectation import Expectation
from mnist_draw.training.presets import PRESETS

from .. import seen


@pytest.fixture
def tab(show, own_home, monkeypatch):
    def expect(settings, runs):
        known = settings in [preset.settings for preset in PRESETS.values()]
        share = 0.983 if known else None
        return Expectation("98.3%" if known else "–", "expected", f"{settings.epochs} s", share)

    monkeypatch.setattr(new_run_page, "expect", expect)
    return show(TrainTab(), 1366, 676)


def chosen(tab):
    return [name for name, card in tab.new_run.cards.cards.items() if card.isChecked()]


def test_a_card_sets_every_field_and_says_what_to_expect(tab, qtbot):
    cards = tab.new_run.cards.cards
    assert chosen(tab) == ["tutorial"]
    cards["cnn"].click()
    assert tab.settings.settings() == PRESETS["cnn"].settings
    qtbot.waitUntil(lambda: cards["cnn"].expectation.time == "10 s")
    assert cards["cnn"].expectation.accuracy == "98.3%"
    assert tab.new_run.curve.final == 0.983
    tab.settings.fields["epochs"].widget.setValue(3)
    qtbot.waitUntil(lambda: cards["cnn"].expectation.time == "3 s")
    assert cards["cnn"].changes == "3 epochs"
    assert cards["cnn"].expectation.accuracy == "–"
    # No curve climbs to what nobody has reached.
    assert tab.new_run.curve.final is None
    assert chosen(tab) == ["cnn"]
    assert not cards["quick"].changes
    # A press on the chosen card overwrites nothing.
    cards["cnn"].click()
    assert tab.settings.settings().epochs == 3
    tab.settings.undo()
    tab.settings.undo()
    assert chosen(tab) == ["tutorial"]


def test_the_sentence_of_a_card_is_never_cut(show, qapp):
    before, font = qapp.font(), qapp.font()
    font.setPixelSize(13)
    qapp.setFont(font)
    pictures = []
    for line in ("picture.", "pictured"):
        card = PresetCard(
            "cnn",
            replace(PRESETS["cnn"], meaning=f"looks for strokes anywhere in the {line}"),
        )
        show(card, theme.scaled(240), card.sizeHint().height())
        seen.settle()
        pictures.append(card.grab().toImage())
    qapp.setFont(before)
    assert pictures[0] != pictures[1]


def test_data_that_are_gone_show_no_digits(tab, qtbot):
    digits = tab.new_run.digits
    qtbot.waitUntil(lambda: digits.grid.twelve is not None)
    for folder, shown in (("/gone", False), (None, True)):
        tab.settings.apply("data_folder", folder)
        qtbot.waitUntil(lambda shown=shown: digits.isVisible() == shown)
        assert bool(tab.settings.fields["data_folder"].remark.text()) != shown


def test_arrows_walk_the_cards(tab, qtbot):
    tab.activateWindow()
    first, *others = tab.new_run.cards.cards.values()
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    # Tab leaves them.
    assert not [card for card in others if card.focusPolicy() & Qt.TabFocus]
    QTest.keyClick(first, Qt.Key_Right)
    assert chosen(tab) == ["quick"]
    assert tab.settings.settings() == PRESETS["quick"].settings


@pytest.mark.parametrize(
    ("width", "high", "low", "rows"),
    [(1366, 700, False, 1), (1024, 640, True, 1), (690, 640, True, 2)],
)
def test_cards_and_bar_fit_the_room(tab, qtbot, width, high, low, rows):
    page = tab.new_run
    tab.resize(theme.scaled(width), theme.scaled(high))
    cards = list(page.cards.cards.values())
    qtbot.waitUntil(lambda: {card.is_low for card in cards} == {low})
    qtbot.waitUntil(lambda: len({card.y() for card in cards}) == rows)
    assert page.widget().minimumSizeHint().width() <= page.viewport().width()
    for name in ("epochs", "data_folder"):
        caption = tab.settings.fields[name].caption
        assert caption.isVisible()
        assert caption.fitted()[1] == caption.text()
        assert caption.height() >= caption.fontMetrics().height()
    # What the epochs may be is said below them: their name stays, and no part of the bar moves.
    parts = [one for field in tab.settings.fields.values() for one in (field.caption, field.widget)]
    parts += [page.settings_button, page.start_button]
    before = [part.geometry() for part in parts]
    epochs = tab.settings.fields["epochs"]
    epochs.widget.selectAll()
    QTest.keyClicks(epochs.widget, "0")
    epochs.widget.interpretText()
    seen.settle()
    remark = epochs.remark
    assert remark.isVisible()
    assert epochs.caption.text() == "Epochs"
    assert [part.geometry() for part in parts] == before
    place = remark.geometry()
    others = [part for part in parts if part.isVisible() and part is not epochs.widget]
    assert not any(
        place.intersects(QRect(part.mapTo(page.widget(), QPoint()), part.size()))
        for part in others if page.widget().isAncestorOf(part)
    )  # fmt: skip


def test_digits_grow_with_the_text(tab, qtbot):
    tab.resize(1366, 768)
    grid = tab.new_run.digits.grid
    theme.theme().resize_text(1.75)
    qtbot.waitUntil(lambda: grid.height() >= 2 * theme.scaled(30))
    qtbot.waitUntil(lambda: grid.side() >= theme.scaled(30))
    # Below the curve they are in a low and wide room, without wide gaps.
    first, second = grid.box_of(0), grid.box_of(1)
    assert second.left() - first.right() < first.width()


def test_the_drawer_and_what_opens_it_take_turns(tab, qtbot):
    tab.activateWindow()
    opener = tab.new_run.settings_button
    opener.setFocus()
    qtbot.waitUntil(opener.hasFocus)
    opener.click()
    assert tab.drawer.isVisible()
    assert opener.isHidden()
    assert tab.drawer.presets.hasFocus()
    # Its key takes the last change back, in a number's field, too.
    tab.settings.apply("seed", 7)
    seed = tab.settings.fields["seed"].widget
    seed.setFocus()
    qtbot.waitUntil(seed.hasFocus)
    QTest.keyClick(seed, Qt.Key_Z, Qt.ControlModifier)
    assert tab.settings.settings().seed == 1
    tab.drawer.close_button.click()
    assert tab.drawer.isHidden()
    assert opener.hasFocus()
    tab.new_run.start_button.setFocus()
    tab.toggle_drawer()
    assert tab.drawer.presets.hasFocus()
    # Beside a run, the settings are those of the next.
    note = tab.drawer.findChild(QLabel, "liveNote")
    assert note.isHidden()
    tab.show_page("run")
    assert "next run" in note.text()
    assert note.isVisible()


@pytest.mark.parametrize(
    ("count", "numbered"),
    [(1, [1]), (3, [1, 2, 3]), (5, [1, 2, 3, 4, 5]), (7, [1, 2, 4, 6]), (20, [1, 5, 10, 15, 20])],
)
def test_the_axis_of_what_will_come_leaves_out_no_number_of_its_step(count, numbered):
    assert numbered_epochs(count) == numbered


def test_a_figure_of_a_narrow_card_is_whole(show):
    card = show(PresetCard("cnn", PRESETS["cnn"]), 200, 160)
    card.show_low(True)
    card.show_expectation("", Expectation("66.48%", "last time", "2 s"))
    assert "66.48%" in [text.text for text in seen.texts(card)]
