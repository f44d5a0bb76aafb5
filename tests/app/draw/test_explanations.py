"""Explanations beside the window: newest question, no work unseen, errors in words."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from mnist_draw.app.draw.explanations import Explanations
from mnist_draw.errors import UserError

from .. import fakes

PICTURE = np.full((28, 28), 0.5, np.float32)


class Heard:
    """Collects what a worker says."""

    def __init__(self, worker):
        self.layers: list[Any] = []
        self.explanations: list[tuple[int, int]] = []
        self.failures: list[str] = []
        worker.prepared.connect(self.layers.append)
        worker.explained.connect(
            lambda explanation, ticket: self.explanations.append((explanation.digit, ticket))
        )
        worker.failed.connect(self.failures.append)


def _worker(**options):
    made: list[fakes.Explainer] = []

    def make(model):
        made.append(fakes.Explainer(model))
        return made[-1]

    options = {"make_explainer": make, "rest": 0.0, "quiet": 0.0, **options}
    worker = fakes.Explaining(**options)
    return worker, Heard(worker), made


def test_explains_the_question(qapp):
    worker, heard, _ = _worker()
    worker.watch(True)
    worker.post_model(fakes.model())
    worker.post(PICTURE, 4, 1)
    worker.post(PICTURE, 7, 2)
    assert heard.explanations == [(4, 1), (7, 2)]
    assert heard.layers == [fakes.LAYERS]


def test_nothing_is_done_while_nobody_watches(qapp):
    worker, heard, made = _worker()
    worker.post_model(fakes.model())
    worker.post(PICTURE, 4, 1)
    worker.post(PICTURE, 7, 2)
    assert made == []
    worker.watch(True)
    assert heard.explanations == [(7, 2)]
    worker.watch(False)
    worker.post(PICTURE, 8, 3)
    assert heard.explanations == [(7, 2)]


def test_a_network_of_the_same_kind_is_not_compiled_again(qapp):
    worker, heard, made = _worker()
    worker.watch(True)
    worker.post_model(fakes.model())
    worker.post_model(fakes.model(fill=2.0))
    assert len(made) == 1
    assert made[0].parameters[0][0, 0] == 2.0
    worker.post_model(type(fakes.model())("cnn", fakes.model().parameters))
    assert len(made) == 2
    assert len(heard.layers) == 2


def test_compiling_waits_for_a_pause(qtbot):
    worker, heard, made = _worker(quiet=0.06)
    worker.watch(True)
    worker.post(PICTURE, 1, 1)
    worker.post_model(fakes.model())
    assert made == []
    worker.post(PICTURE, 2, 2)
    assert made == []
    qtbot.waitUntil(lambda: heard.explanations == [(2, 2)])
    assert len(made) == 1


def test_the_last_question_is_answered_after_the_rest(qtbot):
    worker, heard, _ = _worker(rest=0.06)
    worker.watch(True)
    worker.post_model(fakes.model())
    for ticket in range(20):
        worker.post(PICTURE, 3, ticket)
    assert heard.explanations == [(3, 0)]
    qtbot.waitUntil(lambda: len(heard.explanations) == 2)
    assert heard.explanations[1] == (3, 19)


def test_while_a_network_learns_the_pen_must_be_still(qtbot):
    learns = True
    worker, heard, _ = _worker(still=0.2, is_busy=lambda: learns)
    worker.watch(True)
    worker.post_model(fakes.model())
    for ticket in range(20):
        worker.post(PICTURE, 3, ticket)
    assert heard.explanations == []
    qtbot.waitUntil(lambda: heard.explanations == [(3, 19)])
    learns = False
    worker.post(PICTURE, 4, 20)
    assert heard.explanations == [(3, 19), (4, 20)]


def test_a_network_that_does_not_fit_is_left_to_the_thread_that_answers(qapp):
    tried: list[Any] = []

    def broken(model):
        tried.append(model)
        if len(tried) == 1:
            raise UserError("This network is broken.")
        return fakes.Explainer(model)

    worker, heard, _ = _worker(make_explainer=broken)
    worker.watch(True)
    worker.post_model(fakes.model())
    worker.post(PICTURE, 1, 1)
    worker.post(PICTURE, 1, 2)
    assert len(tried) == 1
    assert heard.failures == []
    assert heard.explanations == []
    worker.post_model(fakes.model())
    assert heard.explanations == [(1, 2)]


def test_a_defect_is_told_and_the_worker_goes_on(qapp):
    class Broken(fakes.Explainer):
        def explain(self, picture, digit):
            if digit == 0:
                raise ZeroDivisionError("a defect")
            return super().explain(picture, digit)

    worker, heard, _ = _worker(make_explainer=Broken)
    worker.watch(True)
    worker.post_model(fakes.model())
    worker.post(PICTURE, 0, 1)
    assert "ZeroDivisionError" in heard.failures[0]
    worker.post(PICTURE, 5, 2)
    assert heard.explanations == [(5, 2)]


@pytest.mark.parametrize("watched", [True, False])
def test_in_its_thread(qtbot, watched):
    threads = []

    def make(model):
        threads.append(threading.current_thread())
        return fakes.Explainer(model)

    explanations = Explanations(make_explainer=make, rest=0.001, quiet=0.001)
    heard = Heard(explanations)
    explanations.watch(watched)
    explanations.post_model(fakes.model())
    explanations.post(PICTURE, 6, 9)
    if watched:
        qtbot.waitUntil(lambda: heard.explanations == [(6, 9)])
        assert threads
        assert threads[0] is not threading.main_thread()
    assert explanations.close()
    assert bool(threads) == watched
