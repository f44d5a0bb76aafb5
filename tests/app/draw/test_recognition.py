"""Recognition and explanations beside the window: the newest question, errors in words."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_draw import thread_priority
from mnist_draw.app.draw import recognition as module
from mnist_draw.app.draw.recognition import PostedInk, Recognition
from mnist_draw.app.kit.threads import running
from mnist_draw.app.shell.window import Window
from mnist_draw.errors import UserError
from mnist_draw.library.networks import list_shipped
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer
from mnist_draw.recognition.certainty import Certainty
from mnist_draw.storage.preferences import Preferences

from .. import fakes

INK = np.full((300, 300), 255, np.uint8)


class Heard:
    """A recognition without a thread, started, and what it said."""

    def __init__(self, **options):
        self.recognition = fakes.Answering(**options)
        self.made = self.recognition.made
        self.answers: list[tuple[str, int]] = []
        self.certainties: list[Certainty] = []
        self.models: list[Any] = []
        self.failures: list[str] = []
        self.recognition.answered.connect(lambda said: self.certainties.append(said.certainty))
        self.recognition.answered.connect(
            lambda said: self.answers.append((said.answer.text, said.ticket)),
        )
        self.recognition.ready.connect(self.models.append)
        self.recognition.failed.connect(self.failures.append)
        self.recognition.start()


def test_a_network_of_the_same_kind_swaps_parameters_and_answers_again(qapp):
    heard = Heard()
    heard.recognition.post_ink(PostedInk(lambda: (INK, None), 7))
    assert heard.answers == [("1", 7)]
    assert len(heard.models) == 1
    heard.recognition.post_model(fakes.model(fill=2.0))
    assert len(heard.made) == 1
    assert heard.made[0].parameters[0][0, 0] == 2.0
    assert heard.answers == [("1", 7), ("2", 7)]


@pytest.mark.parametrize("number", ["8", "48"])
@pytest.mark.parametrize("only_digits", [False, True])
def test_where_only_digits_are_drawn_none_is_asked_about(qapp, monkeypatch, only_digits, number):
    said = replace(fakes.answer(8), letter="B")
    monkeypatch.setattr(fakes.Recogniser, "recognise_ink", lambda *_: said)
    parts = tuple(DigitAnswer(int(text), 0.99, (0, 0, 9, 9), letter="B") for text in number)
    read = NumberAnswer(number, parts)
    monkeypatch.setattr(fakes.Recogniser, "read_number", lambda *_: read)
    heard = Heard()
    heard.recognition.post_ink(PostedInk(lambda: (INK, None), 1, only_digits=only_digits))
    assert heard.certainties[-1].is_named_alone is only_digits


def test_an_answer_to_the_pen_claims_a_core_and_a_new_network_none(qapp, monkeypatch):
    monkeypatch.setattr(thread_priority, "_claimed_until", 0.0)
    heard = Heard()
    heard.recognition.post_model(fakes.model())
    assert not thread_priority.is_core_claimed()
    heard.recognition.post_ink(PostedInk(lambda: (INK, None), 1))
    assert thread_priority.is_core_claimed()


def test_another_kind_of_network_gets_a_new_recogniser_and_its_own_function(qapp):
    heard = Heard()
    heard.recognition.post_model(type(fakes.model())("cnn", fakes.model().parameters))
    assert len(heard.made) == 2
    heard.recognition.post_compiled(("mlp", fakes.model()))
    assert [recogniser.compiled for recogniser in heard.made] == [None, None]
    heard.recognition.post_compiled(("cnn", fakes.model()))
    assert heard.made[1].compiled is not None


def test_no_network_is_told_in_words_and_a_trained_one_helps(qapp):
    def none():
        raise UserError("No network ships with this copy.")

    heard = Heard(first=none)
    heard.recognition.post_ink(PostedInk(lambda: (INK, None), 1))
    assert heard.failures == ["No network ships with this copy."]
    assert heard.answers == []
    heard.recognition.post_model(fakes.model())
    assert heard.answers == [("1", 1)]


def test_a_function_is_compiled_once_when_nothing_was_drawn_for_a_moment(qtbot, monkeypatch):
    monkeypatch.setattr(module, "_QUIET", 0.05)
    made: list[fakes.Recogniser] = []
    compiled: list[Any] = []

    def compile_function(model):
        assert threading.current_thread() is not threading.main_thread()
        assert made[0].inks
        compiled.append(model)
        return model

    recognition = Recognition(
        fakes.model,
        None,
        lambda m: made.append(fakes.Recogniser(m)) or made[-1],
        compile_function,
    )
    recognition.post_ink(PostedInk(lambda: (INK, None), 1))
    with qtbot.waitSignal(recognition.ready):
        recognition.start()
    qtbot.waitUntil(lambda: made[0].compiled is not None)
    # The same architecture needs no other function.
    other = fakes.model(fill=2.0)
    recognition.post_model(other)
    qtbot.waitUntil(lambda: made[0].parameters is other.parameters)
    assert running.shut_down()
    assert len(compiled) == 1
    assert made[0].compiled is compiled[0]


PICTURE = np.full((28, 28), 0.5, np.float32)


class Explained:
    """Explanations without a thread, watched, and what they said."""

    def __init__(self, watched=True, **options):
        self.made: list[fakes.Explainer] = []
        self.explanations: list[tuple[int, int]] = []
        self.failures: list[str] = []
        options = {"make_explainer": self._make, "rest": 0.0, "quiet": 0.0, **options}
        self.worker = worker = fakes.Explaining(**options)
        worker.answered.connect(self._hear)
        worker.failed.connect(self.failures.append)
        worker.watch(watched)

    def _make(self, model):
        self.made.append(fakes.Explainer(model))
        return self.made[-1]

    def _hear(self, answer):
        if answer is not None:
            self.explanations.append((answer[0].digit, answer[1]))


def test_the_question_is_explained_while_it_is_watched(qapp):
    heard = Explained(watched=False)
    worker = heard.worker
    worker.post_model(fakes.model())
    worker.post(PICTURE, 4, 1)
    worker.post(PICTURE, 7, 2)
    assert heard.made == []
    worker.watch(True)
    worker.post(PICTURE, 5, 3)
    worker.watch(False)
    worker.post(PICTURE, 8, 4)
    assert heard.explanations == [(7, 2), (5, 3)]
    assert len(heard.made) == 1


def test_a_network_of_the_same_kind_is_not_compiled_again(qapp):
    heard = Explained()
    heard.worker.post_model(fakes.model())
    heard.worker.post_model(fakes.model(fill=2.0))
    assert len(heard.made) == 1
    assert heard.made[0].parameters[0][0, 0] == 2.0
    heard.worker.post_model(type(fakes.model())("cnn", fakes.model().parameters))
    assert len(heard.made) == 2


def test_compiling_waits_for_a_pause(qtbot):
    heard = Explained(quiet=0.06)
    heard.worker.post(PICTURE, 1, 1)
    heard.worker.post_model(fakes.model())
    heard.worker.post(PICTURE, 2, 2)
    assert heard.made == []
    qtbot.waitUntil(lambda: heard.explanations == [(2, 2)])
    assert len(heard.made) == 1


def test_while_a_network_learns_the_pen_must_be_still(qtbot):
    learns = True
    heard = Explained(still=0.2, is_busy=lambda: learns)
    heard.worker.post_model(fakes.model())
    for ticket in range(20):
        heard.worker.post(PICTURE, 3, ticket)
    assert heard.explanations == []
    qtbot.waitUntil(lambda: heard.explanations == [(3, 19)])
    learns = False
    heard.worker.post(PICTURE, 4, 20)
    assert heard.explanations == [(3, 19), (4, 20)]


def test_a_network_that_does_not_fit_is_left_to_the_thread_that_answers(qapp):
    tried: list[Any] = []

    def broken(model):
        tried.append(model)
        if len(tried) == 1:
            raise UserError("This network is broken.")
        return fakes.Explainer(model)

    heard = Explained(make_explainer=broken)
    heard.worker.post_model(fakes.model())
    heard.worker.post(PICTURE, 1, 1)
    heard.worker.post(PICTURE, 1, 2)
    assert len(tried) == 1
    assert heard.failures == heard.explanations == []
    heard.worker.post_model(fakes.model())
    assert heard.explanations == [(1, 2)]


STROKE = [(200, 130), (400, 130), (320, 300), (280, 480)]


def _model(name):
    return next(model for model in list_shipped() if model.name == name).load()


@pytest.mark.window
@pytest.mark.slow
def test_a_drawing_is_explained_by_the_network_in_use_where_it_can_be_seen(qtbot, show):
    window = show(Window(Preferences(), Recognition(lambda: _model("mlp"))))
    window.start()
    panel = window.draw_tab.answer
    saliency = panel.ink.view
    panel.ink.switch.setChecked(True)
    # Nothing is explained while another tab is in front.
    window.navigation.tabs.setCurrentWidget(window.train_tab)
    with qtbot.waitSignal(window.recognition.answered):
        window.draw_tab.canvas.add_stroke(STROKE)
    with qtbot.assertNotEmitted(window.explanations.answered, wait=200):
        pass
    assert saliency.explanation is None
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    qtbot.waitUntil(lambda: saliency.explanation is not None)
    first = saliency.explanation
    assert first.digit == int(panel.block.figure.text()) == 7
    assert first.saliency.any()
    # Another network of the same kind answers, and is explained at once.
    window.recognition.post_model(_model("mlp_handwriting"))
    qtbot.waitUntil(lambda: not np.array_equal(saliency.explanation.saliency, first.saliency))
    # Another digit is asked about.
    window.draw_tab.answer.bars.choose(1)
    qtbot.waitUntil(lambda: saliency.explanation.digit == 1)
    window.draw_tab.canvas.clear()
    assert saliency.explanation is None
    assert running.shut_down()
