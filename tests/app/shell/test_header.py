"""The network button and its menu, and which network answers; the room that the header leaves."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from qtpy import sip
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QTabWidget, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import (
    UNSAVED,
    AppState,
    Learns,
    NetworkRequest,
    OfRun,
    ResultMessage,
)
from mnist_draw.app.kit.learning import Outcome
from mnist_draw.app.kit.threads import connect_direct
from mnist_draw.app.kit.waiting import AFTER_LEARNING, Waiting
from mnist_draw.app.shell.header import Header, NetworkButton
from mnist_draw.app.shell.header_content import LIBRARY, MAX_LETTERS, Work, menu_lines, work_of
from mnist_draw.library import stored_network
from mnist_draw.library.entries import NEWEST, Entry, entry_of_run, list_entries
from mnist_draw.library.stored_network import FINE_TUNED, StoredNetwork, fine_tuned_folder
from mnist_draw.storage import ModelFileError
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.events import BatchFinished
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

from .. import fakes


@pytest.fixture
def preferences():
    return Preferences()


@pytest.fixture
def network(qapp, preferences):
    """Return an active network that knows those that ship, of which the first answers."""
    made = ActiveNetwork(preferences)
    fill(made)
    made.confirm(made.load_first())
    yield made
    # Widgets that follow its state are gone before it hears of the Library.
    sip.delete(made)


@pytest.fixture
def requests(network):
    made = []
    network.requested.connect(made.append)
    return made


@pytest.fixture
def button(show, network):
    return show(NetworkButton(network))


def fill(network, own=()):
    made = [Entry(one, one.title, "", when) for when, one in enumerate(reversed(own))]
    shipped = [entry for entry in list_entries() if entry.is_shipped]
    network.take_entries((*reversed(made), *shipped))


def learned(model):
    """Return the outcome of learning whose network could be saved nowhere."""
    return Outcome("better", ResultMessage("Learned."), model)


def fine_tuned(name):
    return StoredNetwork(fine_tuned_folder() / f"{name}.npz", FINE_TUNED, f"My digits, {name}")


def trains(network, key, **facts):
    """Let a run train."""
    folder = Path(key.removeprefix("run:"))
    network.state.set(run=Run(folder, state="training", was_trained_here=True, **facts))


def ticked(network):
    return [line.title for line in menu_lines(network.state) if line.is_wanted]


def titles(network):
    return [line.title for line in menu_lines(network.state)]


def test_those_that_ship_are_listed_with_a_reason_and_the_default_is_no_choice(
    network,
    preferences,
):
    heading, first, *others, last = menu_lines(network.state)
    assert (heading.key, first.title, first.figure) == ("", "Best reader", "99.56%")
    assert first.is_wanted
    assert all(entry.note and entry.key for entry in (first, *others))
    assert (len(others), last) == (2, LIBRARY)
    assert network.state.answering_key == "shipped:best"
    assert preferences.get("network", "") == ""


def test_a_damaged_first_network_is_not_said_to_answer(qapp, monkeypatch, notices):
    load = stored_network.load_trained

    def damaged(path):
        if path.stem == "best":
            raise ModelFileError("best.npz is damaged.")
        return load(path)

    monkeypatch.setattr(stored_network, "load_trained", damaged)
    network = ActiveNetwork()
    fill(network)
    network.confirm(network.load_first())
    assert "'Handwriting MLP' answers" in notices.sentences[0]
    assert ticked(network) == ["Handwriting MLP"]


def test_a_choice_is_kept_by_its_key(network, requests, preferences):
    network.use_key("shipped:mlp")
    assert requests[0].source().network == "mlp"
    # One that is about to answer is the choice already.
    assert preferences.get("network", "") == "shipped:mlp"
    network.confirm(requests[0].model)
    assert network.state.answering_key == preferences.get("network", "") == "shipped:mlp"
    # One that cannot be read is not ticked any longer.
    network.use_key("shipped:best")
    assert ticked(network) == ["Best reader"]
    network.refuse()
    assert ticked(network) == ["Tutorial MLP"]
    assert preferences.get("network", "") == "shipped:mlp"


def test_an_older_answer_does_not_take_the_name_of_a_newer_request(network, requests):
    network.use_key("shipped:mlp")
    network.use_key("shipped:mlp_handwriting")
    network.confirm(requests[0].source())
    assert network.state.answering_key == "shipped:mlp"
    assert ticked(network) == ["Handwriting MLP"]
    network.confirm(requests[1].source())
    assert network.state.answering_key == "shipped:mlp_handwriting"


def test_a_network_that_is_looked_at_says_that_it_answers_and_leads_back(
    network,
    requests,
    notices,
):
    network.use_instead("shipped:best", "Best reader")
    assert not requests
    network.use_fine_tuned(learned(fakes.model()))
    for before in (UNSAVED.key, "shipped:best"):
        network.confirm(fakes.model())
        network.use_instead("shipped:mlp", "Quick")
        assert (requests[-1].name.key, notices[-1].sentence) == (
            "shipped:mlp",
            "Quick answers now.",
        )
        network.confirm(fakes.model())
        notices[-1].action()
        assert requests[-1].name.key == before
        network.use_key("shipped:best")


def test_a_run_answers_after_each_epoch_only_if_it_was_chosen(
    network,
    requests,
    notices,
    preferences,
):
    trains(network, "run:one")
    models = [fakes.model(fill, name="Mine") for fill in (1, 2, 3, 4)]
    network.note_trained(models[0], "run:one")
    assert not requests
    network.use_key("run:one")
    network.note_trained(models[1], "run:one")
    assert [request.model for request in requests] == models[:2]
    network.use_key("shipped:best")
    network.note_trained(models[2], "run:one")
    assert len(requests) == 3
    # The next one is chosen before there is anything of it.
    trains(network, "run:two")
    network.use_key("run:two")
    assert len(requests) == 3
    assert "first epoch" in notices.sentences[-1]
    network.note_trained(models[3], "run:two")
    assert requests[-1].model is models[3]
    network.confirm(models[3])
    assert network.state.answering_key == preferences.get("network", "") == "run:two"
    # Saved elsewhere, it is found there.
    network.move_run("opened:rescued.npz")
    assert requests[-1].name.key == "opened:rescued.npz"


def test_the_newest_of_the_users_and_the_one_that_answers_are_listed(network):
    fill(network, [fine_tuned(f"2026-11-{day:02d}") for day in range(28, 0, -1)])
    assert sum("My digits" in title for title in titles(network)) == NEWEST
    network.use_key(fine_tuned("2026-11-01").key)
    assert ticked(network) == ["My digits, 2026-11-01"]
    # So is what could not be saved.
    unsaved = learned(fakes.model(name="My digits, now"))
    network.use_fine_tuned(unsaved)
    network.confirm(unsaved.model)
    assert (ticked(network), network.state.answering_key) == (["My digits, not saved"], "")
    network.use_key("shipped:best")
    network.use(UNSAVED)
    assert network.state.newest_model is unsaved.model


def test_the_run_that_goes_on_is_listed_once(network):
    network.note_trained(fakes.model(name="Mine"), "run:one")
    trains(network, "run:one", name="Mine")
    assert titles(network).count("Mine") == 1
    network.state.set(run=Run())
    assert titles(network).count("Mine") == 1
    network.note_saved()
    assert "Mine" not in titles(network)


@pytest.mark.parametrize("name", ["", "Named"])
def test_a_run_that_goes_on_is_called_as_its_newest_network(network, tmp_path, name):
    run = Run(tmp_path / "one", name=name, state="running")
    network.take_entries((replace(entry_of_run(run), name=name or "Older"),))
    model = fakes.model(name="Newer")
    network.use_key("run:one")
    network.note_trained(model, "run:one")
    network.confirm(model)
    assert network.state.network_title == (name or "Newer")
    network.note_saved()
    assert network.state.network_title == (name or "Older")


def test_wishes_of_other_threads_arrive(qtbot, network):
    posted = []
    trains(network, "run:1")
    network.use_key("run:1")
    connect_direct(network.requested, lambda _: posted.append(threading.current_thread()))
    thread = threading.Thread(target=network.note_trained, args=(fakes.model(), "run:1"))
    thread.start()
    thread.join()
    assert posted == [thread]
    qtbot.waitUntil(lambda: network.state.network_request is not None)


def test_a_choice_made_while_a_run_posts_its_network_wins(qtbot, network):
    requests = []
    connect_direct(network.requested, requests.append)
    network.use_key("shipped:mlp")
    posted = NetworkRequest(OfRun("run:one"), fakes.model(), is_update=True)
    thread = threading.Thread(target=network.requested.emit, args=(posted,))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(requests) == 3)
    assert requests[-1].name.key == network.state.network_wanted.key == "shipped:mlp"


def test_a_chosen_run_that_ends_without_a_network_is_chosen_no_longer(network):
    trains(network, "run:one")
    network.use_key("run:one")
    assert network.state.network_wanted == OfRun("run:one")
    network.forget_unlearned()
    assert ticked(network) == ["Best reader"]


def test_what_a_network_learned_from_is_known(qapp):
    network = ActiveNetwork()
    for before in ("shipped:best", 7):
        network.confirm(fakes.model(before=before))
        assert network.state.network_before == (before if isinstance(before, str) else "")
    network.use_fine_tuned(learned(fakes.model(before="shipped:mlp")))
    assert network.state.network_before == "shipped:mlp"


def test_a_long_name_is_elided_but_not_its_accuracy(button, network):
    assert button.answering.text() == "Best reader · 99.56%"
    network.use_key("opened:long.npz")
    network.confirm(fakes.model(name=f"{'x' * 40} (2)", test_accuracy=0.5))
    name, accuracy = button.answering.text().split(" · ")
    assert (len(name), accuracy) == (MAX_LETTERS, "50.00%")
    # Of equal names the number tells them apart.
    assert name.endswith("x… (2)")
    assert "x" * 40 in button.answering.accessibleName()
    assert "x" * 40 in button.answering.toolTip()


def test_the_keyboard_walks_the_menu_and_chooses(button, network, qtbot):
    asked = []
    button.menu.library_requested.connect(lambda: asked.append("library"))
    QTest.keyClick(button.answering, Qt.Key_Down)
    lines = button.menu.list
    qtbot.waitUntil(lines.isVisible)
    current = lambda: lines.currentIndex().data()  # noqa: E731
    assert current() == "Best reader"
    for key, title in (
        (Qt.Key_Down, "Handwriting MLP"),
        (Qt.Key_End, "Library"),
        (Qt.Key_Home, "Best reader"),
        (Qt.Key_T, "Tutorial MLP"),
    ):
        QTest.keyClick(lines, key)
        assert current() == title
    spoken = lines.currentIndex().data(Qt.AccessibleTextRole)
    assert "98.24%" in spoken
    QTest.keyClick(lines, Qt.Key_Return)
    assert network.state.network_wanted.key == "shipped:mlp"
    assert not button.menu.isVisible()
    button.answering.click()
    QTest.keyClick(lines, Qt.Key_End)
    QTest.keyClick(lines, Qt.Key_Space)
    assert asked == ["library"]


def ended(state, **settings):
    """Return a run that has ended after two of twenty epochs."""
    made = Run(Path("one"), TrainingSettings(**settings), state=state)
    made.history.epochs = [EpochFigures(number, 1.0, 0.3, 0.9, 0.2, 0.9, 9.0) for number in (1, 2)]
    made.history.test_accuracy = 0.9824 if state == "completed" else None
    return made


def trained(state, epoch=8):
    run = Run(Path("one"), TrainingSettings(epochs=20))
    run.apply(BatchFinished(epoch, 20, 1, 100, 0.5, 0.9, 0.01))
    run.state = state
    return run


LEARNS = {"learning": Learns(0.62)}
WAITS = {**LEARNS, "queue": Waiting("run", "Tutorial MLP", bool, AFTER_LEARNING)}


@pytest.mark.parametrize(
    ("page", "facts", "words", "color"),
    [
        ("draw", {}, "", ""),
        ("inside", LEARNS, "Learning, 62%", "accent"),
        ("train", LEARNS, "Learning, 62%", "accent"),
        # Draw shows by itself that digits are learned, and Train a run that waits or trains.
        ("draw", LEARNS, "", ""),
        ("draw", WAITS, "Next: Tutorial MLP", "muted"),
        ("train", WAITS, "", ""),
        ("draw", {"run": Run(state="loading")}, "Getting ready", "muted"),
        ("draw", {"run": Run(state="compiling")}, "Getting ready", "muted"),
        # Never the name of a function.
        ("draw", {"run": trained("compiling")}, "Epoch 8 of 20", "accent"),
        ("draw", {"run": trained("training")}, "Epoch 8 of 20", "accent"),
        ("draw", {"run": trained("validating")}, "Epoch 8 of 20", "accent"),
        ("draw", {"run": trained("testing")}, "Epoch 8 of 20", "accent"),
        ("draw", {"run": trained("paused")}, "Paused at 8 of 20", "muted"),
        ("draw", {"run": trained("stopping")}, "Stopping", "muted"),
        ("train", {"run": trained("training")}, "", ""),
        ("draw", {"run": ended("completed"), "has_unseen_end": True}, "Finished: 98.24%", "accent"),
        ("draw", {"run": ended("completed")}, "", ""),
        ("draw", {"run": ended("stopped"), "has_unseen_end": True}, "Stopped in epoch 3 of 20",
         "muted"),
        ("draw", {"run": ended("interrupted"), "has_unseen_end": True}, "Continue from epoch 3",
         "muted"),
        ("draw", {"run": ended("diverged", learning_rate=50.0), "has_unseen_end": True},
         "⚠ Failed: rate 50", "alert"),
    ],
)  # fmt: skip
def test_the_header_names_the_work_that_the_page_does_not_show(page, facts, words, color):
    state = AppState()
    state.set(page=page, **facts)
    work = work_of(state)
    if not words:
        assert work is None
    else:
        assert words in work.words
        assert work.color == color


def test_no_work_widens_the_header(button):
    widths = set()
    for words in ("Stopping", "Next: a run with a very long name that goes on"):
        button.work.show_work(Work(words))
        widths.add(button.work.width())
        assert words in button.work.toolTip()
    assert len(widths) == 1


def test_a_state_that_is_soon_over_is_not_shown(button, qtbot, monkeypatch):
    work = button.work
    settling = work.findChild(QTimer)
    work.show_work(Work("Epoch 1 of 20"))
    work.show_work(Work("Reading", is_steady=False))
    assert work.text() == "Epoch 1 of 20"
    work.show_work(Work("Epoch 2 of 20"))
    assert not settling.isActive()
    assert work.text() == "Epoch 2 of 20"
    work.show_work(Work("Paused", is_steady=False))
    qtbot.waitUntil(lambda: work.text() == "Paused")
    work.show_work(None)
    assert work.isHidden()


@pytest.mark.parametrize("scale", [1.0, 1.75])
def test_the_header_leaves_the_tabs_their_room_in_a_small_window(qtbot, network, scale):
    tabs, before = QTabWidget(), theme.theme().text_size
    qtbot.addWidget(tabs)
    header = Header(network, QToolButton())
    for title in ("Draw", "Train", "Inside"):
        tabs.addTab(QWidget(), title)
    tabs.setCornerWidget(header)
    try:
        theme.theme().resize_text(scale)
        network.confirm(fakes.model(name="A network with a long name", test_accuracy=0.5))
        header.network.work.show_work(Work("Paused at 88 of 100"))
        # The interface font of this platform may be larger than 13 pixels.
        tabs.resize(round(1024 * theme.text_scale() / scale), 700)
        tabs.show()
        QApplication.processEvents()
        assert tabs.minimumSizeHint().width() <= tabs.width()
        assert tabs.tabBar().width() >= tabs.tabBar().sizeHint().width()
        assert header.geometry().right() <= tabs.width()
        assert header.x() >= tabs.tabBar().geometry().right()
    finally:
        theme.theme().resize_text(before)
