"""Which test digits a network gets wrong, and that they are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.library.networks import list_shipped
from mnist_draw.recognition.mistakes import Mistake, cached_mistakes, find_mistakes
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile
from mnist_draw.storage.folders import cache_folder

MODEL = ModelFile("mlp", (np.ones((2, 2), np.float32),), {})
FOUND = (Mistake(3, 5, "6"), Mistake(8, 9, "4 or 9"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep nothing of one test for the next."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))


def test_mistakes_of_a_shipped_network_are_mistakes() -> None:
    shipped = {model.name: model for model in list_shipped()}
    recogniser = Recogniser(shipped["mlp"].load())
    data = load_dataset()
    images, labels = data.test_images[:2000], data.test_labels[:2000]
    drawn: list[np.ndarray] = []

    def as_drawn(picture: np.ndarray) -> Any:
        drawn.append(picture)
        return np.kron(picture, np.ones((8, 8), np.uint8))

    found = find_mistakes(recogniser, images, labels, as_drawn)
    assert 5 < len(found) <= len(drawn) < 80
    for mistake in found:
        assert mistake.label == labels[mistake.index]
        answer = recogniser.recognise_ink(as_drawn(images[mistake.index, 0]))
        assert answer.text == mistake.read
        assert answer.digit != mistake.label


def never() -> tuple[Mistake, ...]:
    raise AssertionError("searched again")


def test_each_network_is_searched_once() -> None:
    assert cached_mistakes(MODEL, lambda: FOUND, 10) == FOUND
    others = (
        ModelFile("mlp", (np.zeros((2, 2), np.float32),), {}),
        ModelFile("cnn", MODEL.parameters, {}),
        ModelFile("mlp", MODEL.parameters, {"temperature": 2.0}),
    )
    for other in others:
        assert cached_mistakes(other, tuple, 10) == ()
    assert cached_mistakes(MODEL, never, 10) == FOUND


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"format": "mnist_draw mistakes", "version": 99, "mistakes": []}',
        b'{"format": "mnist_draw mistakes", "version": 1, "mistakes": [[1, 2]]}',
        b'{"format": "mnist_draw mistakes", "version": 1, "mistakes": [[10, 2, "3"]]}',
        b'{"format": "mnist_draw mistakes", "version": 1, "mistakes": [[1, 12, "3"]]}',
    ],
)
def test_what_was_kept_and_is_damaged_is_found_again(content: bytes) -> None:
    cached_mistakes(MODEL, lambda: FOUND, 10)
    (path,) = (cache_folder() / "mistakes").iterdir()
    path.write_bytes(content)
    assert cached_mistakes(MODEL, lambda: FOUND, 10) == FOUND
    assert len(json.loads(path.read_bytes())["mistakes"]) == 2


def test_a_cache_that_cannot_be_written_is_no_error() -> None:
    (cache_folder() / "mistakes").write_bytes(b"in the way")
    assert cached_mistakes(MODEL, lambda: FOUND, 10) == FOUND
