"""The section *One step*: how does it learn?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QShortcut

from mnist_draw import i18n
from mnist_draw.analysis.compiled_graph import StepOperations
from mnist_draw.analysis.film import END
from mnist_draw.analysis.one_step import Mine
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.inside_bar import open_table
from mnist_draw.app.inside.section import Example, Section
from mnist_draw.app.inside.step import film_maker, stages
from mnist_draw.app.inside.step.film_maker import Scene, Wish
from mnist_draw.app.inside.step.film_page import FilmPage, NextCard
from mnist_draw.app.inside.step.followed_card import FollowedCard
from mnist_draw.app.inside.step.stage_page import StagePage
from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column
from mnist_draw.app.kit.threads import NewestOnly
from mnist_draw.i18n import N_, _, joined
from mnist_draw.library.network_data import Name, all_names
from mnist_draw.recognition.certainty import certainty_from
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage.models import ModelFile

_STARTING = _("Looking for the weights the training began with.")
_FAILED = _("This step cannot be shown.")
_LOST = {
    "": "",
    "memory": _(
        "What the update rule remembered in the run is not stored: its next step is not known.",
    ),
    "normalization": _("A step through batch normalization is not shown in detail."),
    "rule": _("How this network was trained is not stored: its next step is not known."),
}
#: While it plays, each stage stays so long, in milliseconds.
PLAY_MS = 3000
#: Seconds from one frame of a film that is learned to the next.
_PACE = 0.1


class StepSection(Section):
    name = "step"
    title = _("One step")
    question = _("How does it learn?")

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._wish: Wish | None = None
        #: Which picture of the minibatch is followed.
        self._place = 0
        self.stage = 1
        self._maker = film_maker.FilmMaker()
        self.job = self._job(
            self._show_scene,
            self._show_failure,
            work=self._maker.make,
            name="film",
            pace=_PACE,
        )
        self._answers = NewestOnly(_answer, self, name="answers of the film")
        self._answers.answered.connect(self._show_answer)
        self._graph_job = self._job(
            self._show_graphs,
            self._show_failure,
            work=film_maker.count_operations,
            name="graphs",
        )
        self.player = QTimer(self)
        self.player.setInterval(PLAY_MS)
        self.player.timeout.connect(self._play_on)
        self.film = FilmPage()
        self.stages = StagePage()
        self.next_pictures = NextCard()
        self.aside = self.next_pictures
        self.followed = FollowedCard()
        self.instead = self.followed
        self.stages.hide()
        # Not a stack of Qt: that is as wide as the widest page, shown or not.
        column(self.film, self.stages, owner=self)
        self._connect()
        self._show_waiting(_STARTING)

    def _connect(self) -> None:
        film = self.film
        film.steps.steps_requested.connect(self.learn)
        film.steps.stop_requested.connect(self._stop)
        film.slider.number_chosen.connect(self.go_to)
        film.unit.number_chosen.connect(self.go_to)
        page = self.stages
        page.bar.control.chosen.connect(lambda place: self.open_stage(place + 1))
        page.bar.ends.chosen.connect(self._choose_end)
        page.code.graph.clicked.connect(self._ask_for_graphs)
        page.back.clicked.connect(lambda: self.open_stage(self.stage - 1))
        page.next.clicked.connect(self._go_on)
        page.play.clicked.connect(self.play)
        self.followed.next.clicked.connect(self._follow_next)
        self.followed.mine.clicked.connect(self._put_mine)
        for keys, step in (("Left", -1), ("Right", 1)):
            shortcut = QShortcut(QKeySequence(keys), page)
            shortcut.setContext(Qt.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self.open_stage(self.stage + step))

    # -- what is shown

    @property
    def number(self) -> int:
        """The frame that is shown: steps, or `END`."""
        return 0 if self._scene is None else self._scene.frame.number

    def use_network(self, model: ModelFile, key: str) -> None:
        is_other = self._is_other_run(model, key) or self._model is None
        self._model = model
        if is_other:
            self._forget()
        self._ask(0 if is_other else self.number)

    def _forget(self) -> None:
        self.job.stop()
        self._stop_playing()
        self._scene = None
        self._wish = None
        self._place = 0
        self._show_waiting(_STARTING)

    def show_example(self, example: Example | None) -> None:
        before = self._mine()
        self._example = example
        self.followed.allow_mine(example, self._label())
        self._ask_for_answer()
        if self._model is not None and (before or self._mine()):
            self._put_mine()

    def show_details(self, on: bool) -> None:
        super().show_details(on)
        self.film.setVisible(not on)
        self.stages.setVisible(on)
        if self._model is not None:
            self._ask(self.number)

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        self._answers.watch(on)
        if not on:
            self._stop_playing()

    def update_layout(self) -> None:
        self.film.fit(self._room)
        self.stages.fit(self._room)

    def open_view(self, view: str) -> None:
        """Open one of: ``stage 1`` to ``stage 5``, ``start``, ``step 10`` if there is one."""
        kind, __, number = view.partition(" ")
        place = int(number) if number.isdigit() else 0
        if kind == "stage":
            self.open_stage(place)
        elif self._scene is not None and place in self._scene.numbers:
            self.go_to(place)

    def is_pending(self) -> bool:
        wish = self._wish
        scene = self._scene
        return wish is not None and not (scene and scene.is_whole and scene.wish is wish)

    # -- the film

    def _ask(self, number: int, since: int | None = None) -> None:
        model = self._model
        assert model is not None
        place = self._place if self.details else None
        since = number if since is None else since
        self._wish = Wish(model, self._key, number, since, place, self._mine())
        self.job.ask(self._wish)

    def _mine(self) -> Mine | None:
        """Return the drawing that is put among the pictures of a step, if it is."""
        example = self._example
        label = self._label()
        if not self.followed.mine.isChecked() or example is None or label is None:
            return None
        return Mine(example.picture, label)

    def _put_mine(self) -> None:
        self._place = 0
        self._ask(self.number)

    def go_to(self, number: int) -> None:
        """Show the frame after so many steps, or the network itself."""
        self._place = 0
        self._ask(number)

    def learn(self, steps: int) -> None:
        """Go on by so many steps, from the frame that is shown."""
        last = 0 if self._scene is None else max(self._scene.numbers)
        since = last if self.number == END else self.number
        self._place = 0
        self._ask(since + steps, since)

    def _stop(self) -> None:
        self._maker.is_stopped = True

    def _show_scene(self, scene: Scene) -> None:
        if self._wish is not scene.wish:
            return
        is_other = self._scene is None or self._scene.frame is not scene.frame
        self._scene = scene
        self.film.show_scene(scene)
        self.next_pictures.show_scene(scene)
        if is_other:
            self._ask_for_answer()
        self._show_stage()

    def _show_failure(self, sentence: str) -> None:
        self._forget()
        self._show_waiting(_FAILED, sentence)
        self.problem.emit(sentence)

    def _show_waiting(self, words: str, reason: str = "") -> None:
        self.film.show_nothing(words, reason)
        self.next_pictures.show_nothing()
        self._show_stage()
        self.stages.show_state(joined(words, reason))

    def _ask_for_answer(self) -> None:
        scene = self._scene
        example = self._example
        if scene is None or example is None:
            names = all_names(self._model)
            self.film.bars.show_answer(names, (), (), None, None)
            return
        self._answers.ask((scene, example))

    def _show_answer(self, answer: tuple[Scene, Example, np.ndarray, np.ndarray]) -> None:
        scene, example, before, now = answer
        if scene.frame is not (self._scene and self._scene.frame):
            return
        names = all_names(self._model)
        shown = certainty_from(now, names)
        ticks: Sequence[float] = before.tolist() if scene.frame.number else ()
        label = example.number_among(names)
        self.film.bars.show_answer(names, ticks, now.tolist(), label, shown)
        words = _("The network itself.") if self.number == END else ""
        if self.number != END:
            words = i18n.counted("After {count} step.", "After {count} steps.", self.number)
        right = i18n.format_percent(scene.figures.right / scene.figures.counted)
        said = _("{share} right. Your picture: {answer}", share=right, answer=shown.sentence)
        self.film.slider.setAccessibleDescription(joined(words, said))

    # -- the stages of one step

    def open_stage(self, stage: int) -> None:
        """Bring a stage to the front; those beyond the ends do nothing."""
        if 1 <= stage <= len(STAGES):
            self.stage = stage
            self._show_stage()

    def _go_on(self) -> None:
        """Open the next stage, or the first of the next step."""
        if self.stage < len(STAGES):
            self.open_stage(self.stage + 1)
        elif self.number != END:
            self.stage = 1
            self.learn(1)

    def _choose_end(self, end: int) -> None:
        self.go_to(END if end else 0)

    def _follow_next(self) -> None:
        scene = self._scene
        if scene is not None:
            self._place = (self._place + 1) % scene.batch_size
            self._ask(self.number)

    def _show_stage(self) -> None:
        scene = self._scene
        self.stages.show_scene(scene, self.stage, self.player.isActive(), self._name)
        self.followed.show_scene(scene, self._name)
        waiting = _STARTING
        if scene is not None:
            waiting = _LOST[scene.lost]
        self.stages.show_state(waiting)

    def play(self) -> None:
        """Go through the stages by itself, or stop that; nothing plays where motion is off."""
        if self.player.isActive():
            self._stop_playing()
        elif theme.theme().motion and self._scene is not None:
            self.player.start()
            self.open_stage(1)

    def _play_on(self) -> None:
        self.open_stage(self.stage + 1)
        if self.stage == len(STAGES):
            self._stop_playing()

    def _stop_playing(self) -> None:
        self.player.stop()
        self._show_stage()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Space and self.details:
            self.play()
        else:
            super().keyPressEvent(event)

    # -- tables

    def _ask_for_graphs(self) -> None:
        if self._model is not None:
            self._graph_job.ask(self._model)

    def _show_graphs(self, operations: StepOperations) -> None:
        open_table(operations.table(), self, "graphView")

    def table(self) -> Table:
        scene = self._scene
        if scene is None:
            return Table(self.question, (), ())
        if scene.explained is not None:
            return step_table(scene.explained, self._name)
        rows: list[tuple[object, ...]] = []
        for number in (*scene.numbers, END):
            note = scene.notes.get(number)
            if note is not None:
                words = _("end") if number == END else i18n.number(number)
                rows.append((words, note.right / scene.figures.counted, Figure(note.changed)))
        return Table(_("One step"), (N_("steps"), N_("right"), N_("changed weights")), rows)


def _answer(question: tuple[Scene, Example]) -> tuple[Scene, Example, np.ndarray, np.ndarray]:
    """Return the answers to a picture before the first step and after those of a scene."""
    scene, example = question
    network = scene.wish.model.network
    before, now = (
        Recogniser(ModelFile(network, frame.parameters), compiled=False).predict(
            example.picture[None, None],
        )[0]
        for frame in (scene.first, scene.frame)
    )
    return scene, example, before, now


_COLUMNS = (
    N_("what"),
    N_("sum z"),
    N_("e to the z"),
    N_("probability p"),
    N_("target"),
    N_("gradient: p − target"),
    N_("p after"),
)


def step_table(shown: film_maker.Explained, name: Name) -> Table:
    figures = shown.figures
    blank = ("",) * (len(_COLUMNS) - 2)
    rows: list[tuple[object, ...]] = [
        (stage.title, words, *blank)
        for stage, words in zip(STAGES, stages.stage_figures(shown), strict=True)
    ]
    target = np.arange(len(figures.p)) == figures.label
    columns = (
        (figures.z, ".4f"),
        (np.exp(np.minimum(figures.z, 80.0)), ".6g"),
        (figures.p, ".6f"),
        (target, "d"),
        (figures.p - target, "+.6f"),
        (figures.p_after, ".6f"),
    )
    for digit in range(len(target)):
        cells = (Figure(values[digit].item(), spec) for values, spec in columns)
        rows.append((name(digit), *cells))
    means = (figures.losses.mean(), figures.losses_after.mean())
    before, after = (i18n.number(float(mean), ".6f") for mean in means)
    rows.append((_("mean loss in nats, before → after"), f"{before} → {after}", *blank))
    for number, value in enumerate(figures.gradients[::2], 1):
        what = _("gradient of {weights}, root mean square", weights=f"W{number}")
        rows.append((what, Figure(np.sqrt(np.mean(value**2)), ".4g"), *blank))
    return Table(_("One step"), _COLUMNS, rows)
