"""The Library: runs and networks listed, opened, used, compared, renamed, deleted, exported."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from qtpy.QtCore import QPoint, QRectF, Qt, QTimer
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QInputDialog, QLineEdit, QMenu, QPushButton

from mnist_draw.app.kit import files, theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.notifier import board
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.views import ROW
from mnist_draw.app.train import library_files
from mnist_draw.app.train.compare_card import CompareCard, DifferencesTable
from mnist_draw.app.train.library_delegate import curve_points, menu_area, tick_area
from mnist_draw.app.train.library_rows import LibraryModel
from mnist_draw.app.train.series import SWATCH, swatch
from mnist_draw.library.arrangement import SORTS, SeedGroup
from mnist_draw.library.comparison import columns_of
from mnist_draw.library.entries import Entry, entry_of_run
from mnist_draw.library.networks import list_opened, save_opened
from mnist_draw.networks import parse_network, title_of_model
from mnist_draw.storage.models import ModelFile, load_model, save_model
from mnist_draw.storage.unique_paths import move_to_bin
from mnist_draw.training import events
from mnist_draw.training.record import read_run
from mnist_draw.training.run_list import list_runs

from .. import seen
from ..fakes import Loop
from ..shell.conftest import Setup
from .conftest import add_run, figures, write_epochs

TEXT = "layers:4"


def weights(network=TEXT):
    shapes = parse_network(network).parameter_shapes()
    return tuple(np.zeros(shape, np.float32) for shape in shapes)


def names(page):
    return [entry.name for entry in page.list.rows.entries if not entry.is_shipped]


def row(page, number=0):
    return page.list.rows.row_view(page.list.rows.entries[number])


def with_change(run, change):
    """Return a run of three epochs with a change of a setting."""
    history = figures(3)
    history.add(change)
    return replace(run, history=history)


def choose(page, name):
    """Make the entry of a name the current one, and return it."""
    entry = next(entry for entry in page.list.rows.entries if entry.name == name)
    assert page.list.choose(entry.key)
    return entry


def act(room, entry, text):
    menu = room.library.build_menu(entry, room.tab)
    parts = [*menu.actions(), *menu.findChild(QMenu).actions()]
    found = next(action for action in parts if action.text().startswith(text))
    assert found.isEnabled()
    found.trigger()
    menu.deleteLater()


def said_in(room):
    """Return whether a subject is that of the last message."""
    return lambda subject: bool(subject) and subject == room.notices[-1].subject


def click(page, number, area):
    rect = page.list.visualRect(page.list.rows.index(number))
    QTest.mouseClick(page.list.viewport(), Qt.LeftButton, pos=area(rect).center())


def test_rows_say_what_a_run_is_and_how_far_it_came(make):
    run = add_run("2026-01-02 10:00", seed=3)
    write_epochs(run, 3)
    add_run("2026-01-03 10:00", seed=3)
    page = make().show_library()
    # Two runs with one name are told apart, and the state needs no column.
    assert names(page)[0] == f"{names(page)[1]} (2)"
    assert row(page).detail.endswith("3 of 20 epochs, 3 min 0 s")
    assert row(page, 1).detail.endswith("3 of 20 epochs, can be continued, 3 min 0 s")
    assert row(page, 1).accuracy == ("95.00% validation", False)
    read = page.list.rows.index(0).data(Qt.AccessibleTextRole)
    assert "(2)" in read
    assert "Jan" in read
    assert row(page, 2).accuracy[0] == "99.56%"
    page.search.setText("SEED 3 (2)")
    assert page.list.rows.rowCount() == 1
    page.search.setText("reliable")
    assert page.list.rows.entry(page.list.currentIndex()).name == "Best reader"


def test_each_curve_has_its_own_scale_and_is_read_when_it_is_seen(make):
    add_run("2026-01-01 10:00")
    room = make()
    page = room.show_library()
    room.qtbot.waitUntil(lambda: row(page).curve == (0.95, 0.95, 0.95))
    assert row(page).climb == "95.0% → 95.0% in 3 epochs"
    assert not page.list.rows.without_figures(page.list.seen())


def test_the_comparison_below_the_list_leaves_it_several_rows(make):
    for day in (1, 2, 3):
        add_run(f"2026-01-0{day} 10:00", batch_size=100 * day)
    room = make()
    page = room.show_library()
    page.window().resize(1024, 700)
    for number in (0, 1):
        click(page, number, tick_area)
    room.qtbot.waitUntil(lambda: len(page.compare.curves) == 2)
    seen.settle()
    assert page.list.viewport().height() > 2 * page.list.sizeHintForRow(0)


@pytest.mark.parametrize(
    ("curve", "climbs"),
    [
        # From near guessing on it climbs all of its row; a better network is nearly level.
        ((0.05, 0.4, 0.67), 30.0),
        ((0.976, 0.98, 0.981), 3.6),
        ((0.95, 0.95), 0.0),
        ((0.0, 1.0), 30.0),
    ],
)
def test_a_small_curve_shows_how_much_was_learned(curve, climbs):
    places = curve_points(curve, QRectF(0, 0, 84, 30))
    assert places[0].y() - places[-1].y() == pytest.approx(climbs, abs=0.2)
    assert all(0 <= place.y() <= 30 for place in places)


def test_rows_say_data_set_and_classes_and_escape_clears_the_ticks(make):
    add_run("2026-01-01 10:00")
    add_run("2026-01-02 10:00", data_folder="/data/letters")
    room = make()
    page = room.show_library()
    assert row(page).data == ("letters", "10 classes")
    assert row(page, 1).data == ("MNIST", "10 classes")
    assert row(page, 2).data == ("MNIST", "10 classes")
    assert "letters, 10 classes" in page.list.rows.index(0).data(Qt.AccessibleTextRole)
    closed: list[Any] = []
    page.close_requested.connect(lambda: closed.append(True))
    click(page, 0, tick_area)
    click(page, 1, tick_area)
    assert "2 selected" in page.ticked.text()
    QTest.keyClick(page.list, Qt.Key_Escape)
    assert not page.list.rows.ticked()
    assert not closed
    QTest.keyClick(page.list, Qt.Key_Escape)
    assert closed
    page.search.setText("data:letters")
    assert page.list.rows.rowCount() == 1
    page.search.setText("dat:letters")
    assert "data" in page.list.rows.search_problem


def test_an_empty_library_leads_to_the_first_run(make):
    room = make()
    page = room.show_library()
    assert page.empty.isVisible()
    assert room.button("trainFirstButton").isVisible()
    add_run("2026-01-01 10:00")
    room.library.refresh()
    room.qtbot.waitUntil(lambda: not page.empty.isVisible())
    # One run is compared with nothing.
    assert "Tick" not in page.compare.message.text()


def test_a_click_opens_ticks_or_shows_the_menu(make):
    run = add_run("2026-01-01 10:00")
    save_opened(ModelFile(TEXT, weights()), "from elsewhere")
    room = make()
    page = room.show_library()
    opened: list[Any] = []
    room.library.run_requested.connect(opened.append)
    click(page, 1, lambda rect: rect)
    QTest.keyClick(page.list, Qt.Key_Return)
    assert [one.folder for one in opened] == [run.folder] * 2
    click(page, 1, tick_area)
    assert [entry.run.folder for entry in page.list.rows.ticked()] == [run.folder]
    QTest.keyClick(page.list, Qt.Key_Space)
    assert page.list.rows.ticked() == []
    asked: list[Any] = []
    page.list.menu_requested.disconnect()
    page.list.menu_requested.connect(lambda entry, place: asked.append(entry))
    click(page, 1, menu_area)
    QApplication.sendEvent(page.list, QContextMenuEvent(QContextMenuEvent.Keyboard, QPoint()))
    assert [entry.run.folder for entry in asked] == [run.folder] * 2
    # A network without a run is shown in Inside, where the one that answers is; a way leads back.
    room.network.use_default()
    with room.qtbot.waitSignal(room.library.inside_requested):
        click(page, 0, lambda rect: rect)
    assert room.network.state.answering_key == "opened:from elsewhere.npz"
    assert row(page).answers
    room.undo()
    assert room.network.state.answering_key == "shipped:best"


def test_two_ticked_runs_are_laid_over_each_other(make):
    add_run("2026-01-01 10:00", epochs=2, learning_rate=0.01)
    add_run("2026-01-02 10:00", epochs=5, update="adam")
    room = make()
    page = room.show_library()
    assert not page.differences.isVisible()
    for name in names(page):
        choose(page, name)
        QTest.keyClick(page.list, Qt.Key_Space)
    room.qtbot.waitUntil(lambda: len(page.compare.curves) == 2)
    assert [len(curve.getData()[0]) for curve in page.compare.curves] == [5, 2]
    # Their names are outside the plot: no curve crosses them.
    parts = page.compare.findChildren
    room.qtbot.waitUntil(
        lambda: (
            [one.text() for one in parts(FittedLabel, "comparedName") if one.isVisible()]
            == ["Adam", "RMSProp"]
        ),
    )
    table = page.differences
    titles = [table.verticalHeaderItem(line).text() for line in range(table.rowCount())]
    # Of the results, too, only those that differ.
    assert titles == ["Optimizer", "Learning rate", "Epochs", "Time"]
    assert table.item(1, 1).text() == "0.01"
    page.compare.choice.setCurrentIndex(1)
    assert page.compare.curves[0].getData()[1][0] == pytest.approx(np.log10(0.2))
    QTest.keyClick(page.list, Qt.Key_Space)
    assert len(page.compare.curves) == 1
    assert not page.compare.message.isHidden()
    QTest.keyClick(page.list, Qt.Key_Space)
    assert page.differences.isVisible()
    # What is deleted takes its tick along, brings it back, and with it what differs.
    QTest.keyClick(page.list, Qt.Key_Delete)
    room.qtbot.waitUntil(lambda: not page.differences.isVisible())
    room.undo()
    room.qtbot.waitUntil(page.differences.isVisible)
    # One that came with the program has no curve, and a column of the table.
    best = choose(page, "Best reader")
    QTest.keyClick(page.list, Qt.Key_Space)
    assert best in page.list.rows.ticked()
    assert "no curves" in page.compare.message.text()
    assert table.columnCount() == 3
    QTest.keyClick(page.list, Qt.Key_Space)
    # Below the list the comparison waits until two are ticked.
    choose(page, names(page)[-1])
    QTest.keyClick(page.list, Qt.Key_Space)
    room.tab.resize(1024, 640)
    room.qtbot.waitUntil(lambda: not page.compare.isVisible())
    QTest.keyClick(page.list, Qt.Key_Space)
    assert page.compare.isVisible()


def test_a_ticked_run_without_an_epoch_is_named_where_runs_are_compared(make):
    add_run("2026-01-01 10:00", epochs=2)
    add_run("2026-01-02 10:00", epochs=0, update="adam", state="diverged")
    page = make().show_library()
    for name in names(page):
        choose(page, name)
        QTest.keyClick(page.list, Qt.Key_Space)
    (without,) = (one.name for one in page.list.rows.ticked() if not one.run.epochs_done)
    assert page.compare.message.text() == f"No complete epoch, so no curves: {without}."


def compare(show, *names, epochs=2):
    """Return a card that compares runs of these names."""
    rows = LibraryModel(AppState())
    card = show(CompareCard(rows), 480, 400)
    card.prepare()
    runs = [
        add_run(f"2026-01-0{day} 10:00:{len(names)}0", name=name, epochs=epochs)
        for day, name in enumerate(names, 1)
    ]
    entries = [entry_of_run(run) for run in runs]
    rows.show_entries(entries)
    rows.show_figures({run.key: (epochs, columns_of(run, run.history)) for run in runs})
    rows.choose(ticked=tuple(entry.key for entry in entries))
    seen.settle()
    return card


def test_names_of_compared_runs_are_whole(show):
    for names in (["one", "two"], ["A long name, with a change", "A long name, with another", "c"]):
        card = compare(show, *names)
        shown = [one for one in card.findChildren(FittedLabel, "comparedName") if one.isVisible()]
        assert [one.fitted()[1] for one in shown] == names
        assert (len({one.parent().y() for one in shown}) == 1) == (names[0] == "one")


def test_in_large_text_names_keep_their_room(make, qtbot):
    add_run("2026-01-01 10:00")
    room = make()
    page = room.show_library()
    room.tab.resize(theme.scaled(1280), 640)
    wide = page.list.width()
    theme.theme().resize_text(1.5)
    # The comparison leaves the place beside the list.
    qtbot.waitUntil(lambda: page.list.width() > wide)
    # The search gets narrower before it would be below a button.
    theme.theme().resize_text(1.75)
    button = page.findChild(QPushButton, "openNetworkButton")
    button.setText("A longer name of what opens a network")
    room.tab.resize(1022, 640)
    seen.settle()
    assert page.search.geometry().right() < button.x()


def test_a_rate_changed_during_a_run_is_shown_as_such(qtbot):
    steady = add_run("2026-01-01 10:00", learning_rate=0.0003)
    change = events.SettingChanged(2, 1, 1, "learning_rate", 0.001, 0.0003)
    changed = with_change(steady, change)
    table = DifferencesTable()
    qtbot.addWidget(table)
    table.show_entries([entry_of_run(steady), entry_of_run(changed)])
    assert table.verticalHeaderItem(0).text() == "Learning rate"
    values = [table.item(0, column).text() for column in (0, 1)]
    assert values == ["0.0003", "0.001 → 0.0003"]
    # The swatches follow the theme.
    theme.theme().apply("dark")
    icons = table.horizontalHeaderItem(1).icon(), swatch(1)
    shown, expected = (icon.pixmap(*SWATCH).toImage() for icon in icons)
    assert shown == expected


def test_columns_show_where_three_runs_differ(qtbot):
    entries = []
    for day, rate in enumerate((0.000345, 0.00345, 0.0345), 1):
        run = add_run(f"2026-01-0{day} 10:00", learning_rate=rate)
        change = events.SettingChanged(2, 1, 1, "learning_rate", 0.001234, rate)
        entries.append(entry_of_run(with_change(run, change)))
    table = DifferencesTable()
    qtbot.addWidget(table)
    table.resize(260, 200)
    table.show_entries(entries)
    table.show()
    for column in range(3):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column)


def test_the_table_says_a_clause_of_a_name_a_line_and_all_of_it_on_asking(show):
    entries = [
        entry_of_run(add_run(f"2026-01-0{day} 10:00", seed=day, name=name))
        for day, name in enumerate(("Tutorial-MLP with noise, batch 50", "CNN", "A long name"), 1)
    ]
    table = show(DifferencesTable(), 500, 300)
    table.show_entries(entries)
    seen.settle()
    assert not table.horizontalScrollBar().maximum()
    for column, entry in enumerate(entries):
        heading = table.horizontalHeaderItem(column)
        assert heading.text().count("\n") == entry.name.count(",")
        assert entry.name in heading.toolTip()
    assert table.horizontalHeaderItem(1).text() == "CNN"


def test_one_epoch_has_its_name_and_a_scale(show):
    card = compare(show, "one", epochs=1)
    (left, right), (low, high) = card.plot.getPlotItem().viewRange()
    axis = card.plot.getAxis("bottom")
    assert axis.tickValues(left, right, 400)[0][1] == [1]
    assert 0.75 * right > 1
    assert high - low >= 9


def test_seeds_are_one_row_that_unfolds_and_is_compared_as_mean_and_spread(make):
    for seed in (1, 2, 3):
        add_run(f"2026-01-0{seed} 10:00", seed=seed)
    room = make()
    page = room.show_library()
    rows = page.list.rows
    (group,) = [one for one in rows.shown if isinstance(one, SeedGroup)]
    assert "3 seeds" in rows.row_view(group).detail
    page.list.choose(group.key)
    QTest.keyClick(page.list, Qt.Key_Right)
    inside = [rows.row_view(one).title for one in group.members]
    assert inside == ["seed 3", "seed 2", "seed 1"]
    listed = [one.key for one in rows.shown if isinstance(one, Entry)]
    assert listed[:4] == [group.key, *(one.key for one in group.members)]
    assert "expanded" in page.list.currentIndex().data(Qt.AccessibleTextRole)
    QTest.keyClick(page.list, Qt.Key_Left)
    assert len(rows.shown) == len(listed) - 3 + 1
    QTest.keyClick(page.list, Qt.Key_A, Qt.ControlModifier)
    assert len(rows.ticked()) == rows.rowCount() - 1
    rows.choose(ticked=())
    page.list.choose(group.key)
    QTest.keyClick(page.list, Qt.Key_Down, Qt.ShiftModifier)
    assert [one.name for one in rows.ticked()] == [group.name, "Best reader"]
    rows.choose(ticked=(group.key,))
    room.qtbot.waitUntil(lambda: len(page.compare.curves) == 1)
    page.compare.means.click()
    assert len(page.compare.curves) == 3
    # A new run like a group has another seed.
    with room.qtbot.waitSignal(room.library.repeat_requested) as asked:
        menu = room.library.build_menu(group, room.tab)
        next(one for one in menu.actions() if one.text() == "New run like this").trigger()
    assert asked.args[0].settings.seed == 4
    # Deleted together, they come back together.
    rows.choose(ticked=(group.key,))
    page.list.window().show()
    room.tab.show_page("library")
    page.delete_button.click()
    room.qtbot.waitUntil(lambda: not rows.ticked())
    room.undo()
    room.qtbot.waitUntil(lambda: [one.key for one in rows.ticked()] == [group.key])
    page.delete_button.click()
    room.qtbot.waitUntil(lambda: not rows.ticked())
    page.undo.trigger()
    room.qtbot.waitUntil(lambda: [one.key for one in rows.ticked()] == [group.key])
    assert len(rows.ticked()[0].members) == 3


def test_the_list_is_sorted_by_what_is_chosen(make):
    for day, rate in enumerate((0.01, 0.002, 0.05), 1):
        add_run(f"2026-01-0{day} 10:00", learning_rate=rate)
    page = make().show_library()

    def rates():
        return [one.settings.learning_rate for one in page.list.rows.shown[:3]]

    assert rates() == [0.05, 0.002, 0.01]
    place = list(SORTS).index("rate")
    page.order.activated.emit(place)
    assert rates() == [0.002, 0.01, 0.05]
    assert page.list.rows.index(0).data(ROW).when == "0.002"
    assert page.order.currentText().endswith("↑")
    page.order.activated.emit(place)
    assert page.order.currentText().endswith("↓")
    assert rates() == [0.05, 0.01, 0.002]


def test_a_run_that_is_going_on_is_listed_with_its_figures_and_not_deleted(make, qtbot):
    room = make(Loop(free_epochs=2))
    room.loop.gate.clear()
    room.start(epochs=5)
    page = room.show_library()
    qtbot.waitUntil(lambda: "epoch 3 of 5" in row(page).detail)
    assert row(page).accuracy[0] == "97.84% validation"
    qtbot.waitUntil(lambda: row(page).curve == (0.9784, 0.9784))
    assert 0.4 <= row(page).part <= 0.6
    ((run,), _) = list_runs()
    room.library.delete(entry_of_run(run))
    assert "stop it first" in room.message
    room.run.continue_run(run)
    assert "in progress" in room.message
    assert run.folder.exists()
    # What was refused is not told after the run.
    with qtbot.waitSignal(board.withdrawn, check_params_cb=said_in(room)):
        room.loop.gate.set()
    room.wait_for_end()
    qtbot.waitUntil(lambda: not row(page).entry.going_on)
    assert row(page).part is None


@pytest.mark.slow
def test_a_run_of_another_window_is_followed_and_not_touched(make, qtbot, monkeypatch):
    monkeypatch.setattr(files, "FOLLOW_MS", 50)
    run = add_run("2026-01-01 10:00")
    add_run("2025-01-01 10:00")
    write_epochs(run, 2)
    with FileLock(run.folder / "run.lock"):
        room = make()
        page = room.show_library()
        assert "epoch 3 of 20, 2 min 0 s, in another program" in row(page).detail
        page.list.rows.toggle_tick(row(page).entry)
        qtbot.waitUntil(lambda: len(page.compare.curves) == 1)
        write_epochs(run, 5)
        qtbot.waitUntil(lambda: "epoch 6 of 20" in row(page).detail)
        qtbot.waitUntil(lambda: len(page.compare.curves[0].getData()[0]) == 5)
        before = room.text("stateLabel")
        room.run.continue_run(run)
        assert "in another program" in room.message
        QTest.keyClick(page.list, Qt.Key_Delete)
        assert "nothing was changed" in room.message
        assert not room.training.running
        assert room.text("stateLabel") == before
        page.list.edit_name()
        assert not page.list.editing
        # A name that is being typed stays where it is.
        assert page.list.choose(row(page, 1).entry.key)
        page.list.edit_name()
        write_epochs(run, 6)
        for timer in room.library.findChildren(QTimer):
            if timer.interval() == files.FOLLOW_MS:
                qtbot.waitSignal(timer.timeout).wait()
        assert page.list.editing
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Escape)
        qtbot.waitUntil(lambda: "epoch 7 of 20" in row(page).detail)
    qtbot.waitUntil(lambda: "can be continued" in row(page).detail)


@pytest.mark.parametrize("what", ["rename", "delete"])
def test_a_run_that_another_window_has_deleted_leaves_the_list(make, what):
    run = add_run("2026-01-01 10:00")
    room = make()
    page = room.show_library()
    move_to_bin(run.folder, "The run")
    page.list.rows.toggle_tick(row(page).entry)
    room.wait_for_background()
    assert "lost" not in room.message
    if what == "rename":
        page.list.rows.renamed.emit(row(page).entry, "Slow steps")
    else:
        QTest.keyClick(page.list, Qt.Key_Delete)
    room.qtbot.waitUntil(lambda: names(page) == [])
    assert "is gone" in room.message
    assert "choose another place" not in room.message
    assert not run.folder.exists()


@pytest.mark.parametrize("key", [Qt.Key_Return, Qt.Key_Enter])
def test_a_name_is_changed_in_its_row(make, qtbot, capfd, key):
    run = add_run("2026-01-01 10:00")
    room = make()
    page = room.show_library()
    opened: list[Any] = []
    room.library.run_requested.connect(opened.append)
    # From the menu of networks in the header, too.
    room.tab.show_page("new")
    room.library.rename(entry_of_run(run))
    qtbot.waitUntil(lambda: page.list.editing)
    editor = page.list.findChild(QLineEdit)
    QTest.keyClicks(editor, "Slow steps")
    page.list.edit_name()
    assert editor.text() == "Slow steps"
    assert "editing failed" not in capfd.readouterr().err
    QTest.keyClick(editor, key)
    qtbot.waitUntil(lambda: read_run(run.folder).name == "Slow steps")
    qtbot.waitUntil(lambda: names(page) == ["Slow steps"])
    assert not opened
    choose(page, "Best reader")
    page.list.edit_name()
    assert not page.list.editing


def test_the_open_run_is_named_as_in_the_library(make, qtbot):
    for day in (1, 2):
        add_run(f"2026-01-0{day} 10:00")
    room = make()
    page = room.show_library()
    qtbot.waitUntil(lambda: any("(2)" in name for name in names(page)))
    for number in (0, 1):
        room.run.show_run(row(page, number).entry.run)
        room.wait_for_background()
        assert room.text("runTitle") == names(page)[number]
        page = room.show_library()
    page.list.rows.renamed.emit(row(page, 1).entry, "Slow steps")
    qtbot.waitUntil(lambda: room.text("runTitle") == "Slow steps")


def test_a_file_that_is_opened_takes_the_place_of_one_that_cannot_be_used(make, qtbot, tmp_path):
    good, bad = tmp_path / "good.npz", tmp_path / "bad.npz"
    save_model(good, ModelFile(TEXT, weights()))
    bad.write_bytes(b"no network")
    room = make()
    room.library.open_file(str(bad))
    qtbot.waitUntil(lambda: "bad.npz" in room.message)
    with qtbot.waitSignal(board.withdrawn, check_params_cb=said_in(room)):
        room.library.open_file(str(good))
    qtbot.waitUntil(lambda: room.network.state.answering_key == "opened:good.npz")


def test_what_was_deleted_comes_back(make, qtbot):
    add_run("2026-01-01 10:00")
    save_opened(ModelFile(TEXT, weights()), "from elsewhere")
    before = add_run("2026-01-03 10:00", name="Of old")
    move_to_bin(before.folder, "The run")
    room = make()
    page = room.show_library()
    # It was deleted before this start.
    (action,) = page.bin.menu().actions()
    assert action.text().startswith("Of old")
    action.trigger()
    qtbot.waitUntil(lambda: "Of old" in names(page))
    assert not page.bin.isVisible()
    for name in ("Of old", "from elsewhere"):
        entry = choose(page, name)
        room.network.use_key(entry.key)
        QTest.keyClick(page.list, Qt.Key_Delete)
        qtbot.waitUntil(lambda name=name: name not in names(page))
        # What took its place is the current one; what answered answers no more.
        assert page.list.current() is not None
        assert room.network.state.answering_key == "shipped:best"
        QTest.keyClick(page.list, Qt.Key_Z, Qt.ControlModifier)
        qtbot.waitUntil(lambda name=name: name in names(page))
        assert room.message == f"{name} is back."


def test_a_network_is_used_and_has_its_new_name_at_once(make, qtbot):
    save_opened(ModelFile(TEXT, weights(), {"test_accuracy": 0.5}), "from elsewhere")
    room = make()
    page = room.show_library()
    entry = choose(page, "from elsewhere")
    assert row(page).accuracy == ("50.00%", True)
    act(room, entry, "Use")
    assert room.network.state.answering_key == "opened:from elsewhere.npz"
    assert row(page).answers
    page.list.rows.setData(page.list.currentIndex(), "Mine")
    qtbot.waitUntil(lambda: title_of_model(room.network.state.model) == "Mine")
    qtbot.waitUntil(lambda: names(page) == ["Mine"])


def test_the_settings_of_a_run_or_network_start_another(make):
    add_run("2026-01-01 10:00", seed=7)
    kept = ModelFile(TEXT, weights(), {"settings": {"network": TEXT, "seed": 9}})
    save_opened(kept, "from elsewhere")
    room = make()
    page = room.show_library()
    for entry, seed in zip(page.list.rows.entries[:2], (9, 7), strict=True):
        with room.qtbot.waitSignal(room.library.repeat_requested) as asked:
            act(room, entry, "New run like this")
        assert asked.args[0].settings.seed == seed
    menu = room.library.build_menu(page.list.rows.entries[-1], room.tab)
    # What came with the program keeps its name.
    assert not [one for one in menu.actions() if one.text().startswith(("Rename", "Delete"))]


def test_a_run_without_epochs_says_what_it_cannot_do_and_can_be_deleted(make, qtbot):
    run = add_run("2026-01-01 10:00", epochs=0, state="diverged")
    run.model.unlink()
    run.checkpoint.unlink()
    room = make()
    page = room.show_library()
    menu = room.library.build_menu(row(page).entry, room.tab)
    shown = {action.text(): action for action in menu.actions()}
    for text in ("Use", "Continue", "Share…"):
        assert not shown[text].isEnabled()
        assert shown[text].toolTip() != text
    # Disabled entries look so.
    before = menu.grab().toImage()
    shown["Use"].setEnabled(True)
    assert menu.grab().toImage() != before
    # Where it was tried all the same, it is free afterwards.
    room.run.continue_run(run)
    room.wait_for_end()
    room.library.delete(row(page).entry)
    qtbot.waitUntil(lambda: not run.folder.exists())


def test_all_formats_and_the_shared_file(make, tmp_path, monkeypatch):
    run = add_run("2026-01-01 10:00")
    room = make()
    page = room.show_library()
    entry = row(page).entry

    def save(ending, text):
        path = tmp_path / f"export{ending}"
        path.unlink(missing_ok=True)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        act(room, entry, text)
        return path

    for ending, text, beginning in (
        (".png", "Curves (PNG)", b"\x89PNG"),
        (".csv", "Figures of each epoch", b"epoch,seconds"),
        (".npz", "Network of mnist_draw", b"PK"),
        (".py", "Python program", b'"""Read pictures'),
    ):
        path = save(ending, text)
        room.qtbot.waitUntil(path.exists)
        room.qtbot.waitUntil(lambda path=path: room.message == f"Saved {path}.")
        assert path.read_bytes().startswith(beginning)
        room.notices.clear()
    shown: list[Any] = []
    monkeypatch.setattr(library_files, "show_in_folder", shown.append)
    shared = save(".npz", "Share")
    room.qtbot.waitUntil(lambda: shown == [shared])
    # It holds the settings, too, and looks like a network to the desktop.
    assert title_of_model(load_model(shared)) == entry.name
    assert b"mnist_draw model" in shared.read_bytes()[:512]
    run.model.unlink()
    run.checkpoint.unlink()
    path = save(".py", "Python program")
    room.qtbot.waitUntil(lambda: "has no network" in room.message)
    assert not path.exists()


def test_a_file_that_does_not_say_which_network_it_is_is_asked_about(make, tmp_path, monkeypatch):
    path = tmp_path / "plain.npz"
    np.savez(path, *weights("layers:7"))
    asked: list[Any] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    monkeypatch.setattr(
        QInputDialog,
        "getItem",
        lambda *given: asked.append(given[3]) or ("MLP 784–7 tanh–10", True),
    )
    room = make()
    page = room.show_library()
    page.open.trigger()
    room.qtbot.waitUntil(lambda: room.network.state.answering_key == "opened:plain.npz")
    # The usual one first.
    assert asked[0][:2] == ["MLP 784–7–10", "MLP 784–7 leaky–10"]
    assert "MLP 784–7 tanh–10" in asked[0]
    assert [one.network for one in list_opened() if one.title == "plain"] == ["layers:7@tanh"]
    room.qtbot.waitUntil(lambda: "plain" in names(page))


def test_what_a_class_handed_in_is_seen_where_a_network_is_opened(make, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(
        QFileDialog,
        "getOpenFileNames",
        lambda *given: asked.append(given[3]) or ([], ""),
    )
    make().show_library().open.trigger()
    (kinds,) = asked
    first = kinds.split(";;")[0]
    assert "*.npz" in first
    assert "*.mnist-handin" in first


@pytest.mark.window
def test_a_file_given_at_the_start_answers_and_the_library_leads_back(qtbot, tmp_path):
    path = tmp_path / "given.npz"
    save_model(path, ModelFile(TEXT, weights()))
    setup = Setup(qtbot)
    window = setup.window
    try:
        for _ in range(2):
            window.open_files([str(path)])
            QApplication.processEvents()
            qtbot.waitUntil(lambda: window.state.answering_key == "opened:given.npz")
            assert window.background.wait()
        # However often it is opened, it is kept once.
        assert [kept.title for kept in list_opened()] == ["given"]
        window.library.library_requested.emit()
        page = window.train_tab.library
        assert page.isVisible()
        qtbot.waitUntil(lambda: names(page) == ["given"])
        QTest.keyClick(page.list, Qt.Key_Escape)
        assert window.navigation.tabs.currentWidget() is window.draw_tab
        assert window.train_tab.page == "new"
    finally:
        setup.close()


def test_a_key_with_its_value_is_a_chip_that_a_click_removes(make, qtbot):
    add_run("2026-01-01 10:00")
    add_run("2026-01-02 10:00", data_folder="/data/letters")
    page = make().show_library()

    def chips():
        return [one for one in page.findChildren(QPushButton, "searchChip") if one.isVisible()]

    page.search.setFocus()
    QTest.keyClicks(page.search, "data:letters run")
    qtbot.waitUntil(lambda: len(chips()) == 1)
    (chip,) = chips()
    assert "data:letters" in chip.accessibleName()
    assert page.search.text() == "run"
    QTest.keyClick(page.search, Qt.Key_Escape)
    assert not page.search.text()
    assert not page.list.rows.choice.chips
    QTest.keyClicks(page.search, "data:letters")
    QTest.keyClick(page.search, Qt.Key_Return)
    assert page.list.rows.rowCount() == 1
    assert page.found.text() == "1 of 5"
    qtbot.waitUntil(lambda: len(chips()) == 1)
    chips()[0].click()
    assert not chips()
    QTest.keyClicks(page.search, "data:letters ")
    QTest.keyClick(page.search, Qt.Key_Backspace)
    assert not page.list.rows.choice.chips
    assert page.list.rows.rowCount() > 2
    assert page.window().focusWidget() is page.search


def test_the_search_completes_keys_and_their_values(make, qtbot):
    add_run("2026-01-01 10:00")
    add_run("2026-01-02 10:00", data_folder="/data/letters")
    page = make().show_library()
    completer = page.search.completer()
    offered = completer.popup().model()

    def offers():
        rows = range(offered.rowCount())
        return [offered.data(offered.index(row, 0)) for row in rows]

    page.search.setFocus()
    QTest.keyClicks(page.search, "MLP D")
    assert offers() == ["data:"]
    QTest.keyClick(completer.popup(), Qt.Key_Down)
    QTest.keyClick(completer.popup(), Qt.Key_Return)
    assert page.search.text() == "MLP data:"
    qtbot.waitUntil(lambda: offers() == ["data:letters", "data:mnist"])
    QTest.keyClicks(page.search, "l")
    assert offers() == ["data:letters"]
    QTest.keyClick(completer.popup(), Qt.Key_Down)
    QTest.keyClick(completer.popup(), Qt.Key_Return)
    # What is complete is a chip, and nothing is left of it.
    qtbot.waitUntil(lambda: page.search.text() == "MLP")
    assert page.list.rows.choice.chips == ("data:letters",)
    assert page.found.text() == "1 of 5"
