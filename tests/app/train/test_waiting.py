"""Whatever work waits for: all that shows it takes its words from the reason."""

from types import SimpleNamespace

import pytest
from qtpy.QtCore import QObject, Signal

from mnist_draw.app.draw.next_step import Action, next_step
from mnist_draw.app.kit.waiting import AFTER_LEARNING, Reason, Waiting
from mnist_draw.app.shell.header_content import work_of

from .conftest import add_run

ON_BATTERY = Reason(
    starts=lambda state: "Starts when plugged in",
    why=lambda state: "Spares the battery",
    progress=lambda state: ("Battery: 40%", 0.4),
    button="Start anyway",
    button_help="Empties the battery.",
)


@pytest.fixture
def room(make, own_home):
    """A Train tab on which a run waits to go on, until a laptop is plugged in."""
    run = add_run("2026-01-01 10:00:00")
    made = make()
    battery = SimpleNamespace(running=True, ended=made.training.ended)
    made.queue.serve({ON_BATTERY: battery}, {})
    made.run.continue_run(run)
    return made


def test_the_run_page_shows_the_reason(room):
    assert room.tab.page == "run"
    assert room.text("queuedLabel") == "Starts when plugged in"
    assert room.text("queuedReasonLabel") == "Spares the battery"
    assert room.text("queuedProgressLabel") == "Battery: 40%"
    assert room.button("startNowButton").text() == "Start anyway"


@pytest.mark.parametrize(
    ("page", "words", "part"),
    [("draw", "Next: ", 0.4), ("inside", "Battery: 40%", 0.4)],
)
def test_the_header_shows_the_reason(room, page, words, part):
    room.run.state.set(page=page)
    work = work_of(room.run.state)
    assert work.words.startswith(words)
    assert (work.part, work.sentence) == (part, "Starts when plugged in")


@pytest.mark.parametrize(("kind", "action"), [("run", Action.WATCH), ("learning", Action.CANCEL)])
def test_the_next_step_shows_the_reason(room, kind, action):
    room.run.state.set(queue=Waiting(kind, "One", bool, ON_BATTERY))
    step = next_step(room.run.state)
    assert (step.sentence, step.action) == ("Starts when plugged in", action)


def test_the_library_shows_the_reason(room):
    page = room.show_library()
    rows = page.list.rows
    assert "Starts when plugged in" in rows.row_view(rows.entries[0]).read_out()
    room.run.stop()
    assert "Starts" not in rows.row_view(rows.entries[0]).read_out()


def test_a_run_that_waits_can_be_cancelled_while_another_is_shown(room):
    page = room.show_library()
    waiting = room.run.state.run
    room.library.open(page.list.rows.entries[0])
    room.wait_for_background()
    assert room.run.state.shown_run.folder.name == "2026-01-01 10:00:00"
    room.button("newRunButton").click()
    assert room.run.state.shown_run is waiting
    room.button("stopButton").click()
    assert room.run.state.queue is None
    assert room.tab.page == "new"


def test_the_run_starts_when_nothing_is_in_its_way(room):
    battery = SimpleNamespace(running=False, ended=room.training.ended)
    room.queue.serve({ON_BATTERY: battery}, {})
    room.training.ended.emit()
    assert room.run.state.queue is None
    assert room.training.running


def test_the_button_does_what_its_reason_says(room):
    done = []
    battery = SimpleNamespace(running=True, ended=room.training.ended)
    room.queue.serve({ON_BATTERY: battery}, {ON_BATTERY: lambda: done.append("plugged in")})
    room.queue.start_now()
    assert done == ["plugged in"]


class Work(QObject):
    """Something that a run waits for."""

    ended = Signal()

    def __init__(self, running):
        super().__init__()
        self.running = running


def test_a_run_that_waits_for_two_shows_what_it_waits_for_now(room):
    """Plugged in, it may still have to wait for learning."""
    room.run.state.set(page="train")
    battery = Work(running=False)
    learning = Work(running=True)
    room.queue.serve({ON_BATTERY: battery, AFTER_LEARNING: learning}, {})
    battery.ended.emit()
    assert room.run.state.queue.reason is AFTER_LEARNING
    assert room.text("queuedLabel") == "Starts after learning"
    learning.running = False
    learning.ended.emit()
    assert room.run.state.queue is None
    assert room.training.running
