"""The made-up photographs show what they are said to show."""

from __future__ import annotations

import io
import json

import numpy as np
import photographs
import pytest
from PIL import Image

from mnist_draw.dataset.mnist import load_dataset


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "chalk", "squared, faint", "on a table"])
def test_a_photograph_is_a_picture_with_something_on_it(name):
    digit = load_dataset().test_images[0, 0]
    kind = photographs.KINDS[name]
    once, again = (photographs.photograph(digit, kind, np.random.default_rng(1)) for _ in range(2))
    assert once == again
    grey = np.asarray(Image.open(io.BytesIO(once)).convert("L"))
    assert grey.shape == (photographs.HEIGHT, photographs.WIDTH)
    blank = photographs.photograph(digit * 0, kind, np.random.default_rng(1))
    difference = np.abs(grey - np.asarray(Image.open(io.BytesIO(blank)).convert("L")).astype(int))
    assert 0.002 < np.mean(difference > 25) < 0.2


@pytest.mark.slow
def test_the_result_is_counted(monkeypatch, capsys):
    monkeypatch.setattr(
        photographs, "KINDS", {name: photographs.KINDS[name] for name in ("plain", "ruled")}
    )
    assert photographs.main(["--each", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == 4
    assert [*found["right"]] == ["plain", "ruled"]
    # Some of MNIST's digits nobody can read.
    assert 2 <= sum(found["right"].values()) <= 4


def test_a_model_that_is_not_there_is_said(capsys):
    assert photographs.main(["--model", "none.npz"]) == 2
    assert "none.npz" in capsys.readouterr().err
