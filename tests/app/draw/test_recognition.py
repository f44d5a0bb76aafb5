"""Recognition beside the window: newest ink, networks swapped in, errors in words."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.recognition import Recognition, RecognitionWorker
from mnist_draw.errors import UserError

from .. import fakes

INK = np.full((300, 300), 255, np.uint8)


class Listener:
    """Collects what a worker says."""

    def __init__(self, worker: RecognitionWorker) -> None:
        self.answers: list[tuple[str, int]] = []
        self.models: list[Any] = []
        self.failures: list[str] = []
        worker.answered.connect(lambda said: self.answers.append((said.answer.text, said.ticket)))
        worker.ready.connect(self.models.append)
        worker.failed.connect(self.failures.append)


def test_answers_to_ink_without_any_thread(qapp: QApplication) -> None:
    made = []
    worker = RecognitionWorker(fakes.model, lambda m: made.append(fakes.Recogniser(m)) or made[-1])
    heard = Listener(worker)
    worker.prepare()
    worker.post_ink(INK, 1)
    assert heard.answers == [("1", 1)]
    assert len(heard.models) == 1


def test_a_network_of_the_same_kind_swaps_parameters_and_answers_again(qapp: QApplication) -> None:
    made: list[fakes.Recogniser] = []
    worker = RecognitionWorker(fakes.model, lambda m: made.append(fakes.Recogniser(m)) or made[-1])
    heard = Listener(worker)
    worker.prepare()
    worker.post_ink(INK, 7)
    worker.post_model(fakes.model(fill=2.0))
    assert len(made) == 1
    assert made[0].parameters[0][0, 0] == 2.0
    assert [ticket for _, ticket in heard.answers] == [7, 7]


def test_another_kind_of_network_gets_a_new_recogniser(qapp: QApplication) -> None:
    made: list[fakes.Recogniser] = []
    worker = RecognitionWorker(fakes.model, lambda m: made.append(fakes.Recogniser(m)) or made[-1])
    worker.prepare()
    other = type(fakes.model())("cnn", fakes.model().parameters)
    worker.post_model(other)
    assert len(made) == 2


def test_a_function_is_compiled_when_nothing_was_drawn_for_a_moment(qtbot: QtBot) -> None:
    made: list[fakes.Recogniser] = []
    compiled: list[Any] = []

    def compile_function(model: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        assert made[0].inks
        compiled.append(model)
        return model

    worker = RecognitionWorker(fakes.model, lambda m: made.append(fakes.Recogniser(m)) or made[-1])
    recognition = Recognition(worker, None, compile_function)
    with qtbot.waitSignal(worker.ready):
        recognition.start()
    worker.post_ink(INK, 1)
    qtbot.waitUntil(lambda: made[0].compiled is not None, timeout=5000)
    # The same architecture needs no other function.
    worker.post_model(fakes.model(fill=2.0))
    qtbot.wait(400)
    assert recognition.stop()
    assert len(compiled) == 1
    assert made[0].compiled is compiled[0]


def test_a_function_of_a_network_that_was_left_is_not_used(qapp: QApplication) -> None:
    made: list[fakes.Recogniser] = []
    worker = RecognitionWorker(fakes.model, lambda m: made.append(fakes.Recogniser(m)) or made[-1])
    worker.prepare()
    worker.post_model(type(fakes.model())("cnn", fakes.model().parameters))
    worker.post_compiled("mlp", fakes.model())
    assert [recogniser.compiled for recogniser in made] == [None, None]
    worker.post_compiled("cnn", fakes.model())
    assert made[1].compiled is not None


def test_no_network_is_told_in_words_and_a_trained_one_helps(qapp: QApplication) -> None:
    def none() -> Any:
        raise UserError("No network ships with this copy.")

    worker = RecognitionWorker(none, fakes.Recogniser)
    heard = Listener(worker)
    worker.prepare()
    worker.post_ink(INK, 1)
    assert heard.failures == ["No network ships with this copy."]
    assert heard.answers == []
    worker.post_model(fakes.model())
    assert heard.answers == [("1", 1)]


def test_a_defect_is_told_and_the_worker_goes_on(qapp: QApplication) -> None:
    class Broken(fakes.Recogniser):
        def recognise_ink(self, ink: np.ndarray, strokes: Any = None) -> Any:
            if not self.inks:
                self.inks.append(ink)
                raise ZeroDivisionError("a defect")
            return super().recognise_ink(ink)

    worker = RecognitionWorker(fakes.model, Broken)
    heard = Listener(worker)
    worker.prepare()
    worker.post_ink(INK, 1)
    assert "ZeroDivisionError" in heard.failures[0]
    worker.post_ink(INK, 2)
    assert heard.answers == [("2", 2)]


def test_in_its_thread_only_the_newest_ink_is_answered(qtbot: QtBot) -> None:
    entered, go = threading.Event(), threading.Event()

    class Slow(fakes.Recogniser):
        def recognise_ink(self, ink: np.ndarray, strokes: Any = None) -> Any:
            entered.set()
            assert threading.current_thread() is not threading.main_thread()
            assert go.wait(10)
            return super().recognise_ink(ink)

    worker = RecognitionWorker(fakes.model, Slow)
    recognition = Recognition(worker)
    heard: list[int] = []
    worker.answered.connect(lambda reading: heard.append(reading.ticket))
    with qtbot.waitSignal(worker.ready):
        recognition.start()
    worker.post_ink(INK, 0)
    assert entered.wait(10)
    for ticket in range(1, 20):
        worker.post_ink(INK, ticket)
    go.set()
    qtbot.waitUntil(lambda: 19 in heard)
    assert recognition.stop()
    assert heard == [0, 19]
