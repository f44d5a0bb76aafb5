"""Begin a lesson in the window, and leave it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.train.lesson import TABS, Lesson, LessonError, read_lesson
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.i18n import counted, language, listed
from mnist_draw.training.settings import TrainingSettings

if TYPE_CHECKING:
    from mnist_draw.app.shell.window import Window

notifier = Notifier("lesson")


def begin_lesson(window: Window, lesson: Lesson, spoken: str = "") -> None:
    """Begin as a lesson wants it; `spoken` is the language from before, to leave it in."""
    form = window.train_tab.settings
    before = form.settings()
    settings = lesson.settings or before
    window.fit_lesson = partial(_fit_again, window, lesson, settings)
    window.leave_lesson = partial(leave_lesson, window, before, spoken)
    _fit(window, lesson, settings, settings)
    window.state.set(lesson=lesson.title)
    shown = lesson.tabs or TABS
    window.state.set(hidden_pages=frozenset(TABS) - frozenset(shown))
    # Where the task is, it is read first.
    has_task = bool(lesson.task) and TrainTab.name in shown
    if has_task or lesson.tabs:
        window.navigation.show_page(TrainTab.name if has_task else shown[0])
    # A lesson begins with a new run, not with the last one.
    window.run.shows_last = False
    window.train_tab.show_page("new")
    if lesson.network_key:
        window.network.use_key(lesson.network_key)
    elif lesson.network:
        QTimer.singleShot(0, partial(window.library.open_file, lesson.network))
    if lesson.unknown:
        notifier.problem(
            counted(
                "The lesson names a setting this version does not have: {names}. The rest is used.",
                "The lesson names settings this version does not have: {names}. The rest is used.",
                len(lesson.unknown),
                names=listed(lesson.unknown),
            ),
        )


def open_lesson(window: Window, path: str) -> None:
    """Begin the lesson in a file, in place of another."""
    try:
        lesson = read_lesson(path)
    except LessonError as error:
        notifier.problem(str(error))
        return
    window.leave_lesson()
    spoken = language()
    if lesson.language not in ("", spoken):
        window.speak(lesson.language)
    begin_lesson(window, lesson, spoken)


def leave_lesson(window: Window, before: TrainingSettings, spoken: str) -> None:
    """Show the pages without the lesson, with the language and the settings from before."""
    window.fit_lesson = window.leave_lesson = lambda: None
    window.state.set(hidden_pages=frozenset(), lesson="")
    window.speak(spoken or language())
    window.train_tab.settings.restore(before)


def _fit_again(window: Window, lesson: Lesson, base: TrainingSettings) -> None:
    _fit(window, lesson, base, window.train_tab.settings.settings())


def _fit(
    window: Window,
    lesson: Lesson,
    base: TrainingSettings,
    chosen: TrainingSettings,
) -> None:
    """Let no page offer what a lesson leaves out."""
    train = window.train_tab
    train.begin_lesson(lesson, base, chosen)
    # Not before its button is released, which is rebuilt.
    leave = train.new_run.lesson_head.leave_requested
    leave.connect(lambda: window.leave_lesson(), Qt.QueuedConnection)  # type: ignore[call-arg]
    if lesson.language:
        window.view.fix_language()
    if lesson.tabs:
        # Nothing opens a page that is not there.
        if "inside" not in lesson.tabs:
            window.draw_tab.answer.why_link.leads = False
            window.train_tab.run_page.leads_inside = False
        # The card of the first start leads through all tabs.
        window.draw_tab.welcomes = False
        window.draw_tab.first_start.end()
