"""What a network tells apart: from its file, or from its outputs."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.dataset.classes import DIGITS
from mnist_draw.library.network_data import class_name, class_names, in_a_sentence, reads_digits
from mnist_draw.networks import NetworkError, parse_network
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile
from mnist_draw.storage.models import load_model, save_model

LETTERS = list(string.ascii_uppercase)


def model(outputs: int, **known: object) -> ModelFile:
    """Return a network that finds the last class most probable."""
    bias = np.linspace(0, 9, outputs)
    text = parse_network("layers:").with_classes(outputs).text
    return ModelFile(text, (np.zeros((784, outputs)), bias)).with_info(**known)


def test_ten_outputs_are_digits_unless_the_file_says_otherwise() -> None:
    assert class_names(model(10)) == DIGITS
    assert reads_digits(model(10))
    foreign = model(10, refused=0.4)
    assert class_names(foreign)[3] == "class 3"
    assert not reads_digits(foreign)
    named = model(10, classes=list("abcdefghij"))
    assert class_names(named) == tuple("abcdefghij")
    assert not reads_digits(named)


@pytest.mark.parametrize("classes", [["a"], [1, 2, 3], ["a", "b", ""], "abc", None])
def test_names_of_no_use_are_numbers(classes: object) -> None:
    made = ModelFile("layers:#3", model(3).parameters, {"classes": classes})
    assert class_names(made) == ("class 0", "class 1", "class 2")
    assert class_name(made, 7) == "class 7"


@pytest.mark.parametrize("side", [20, 24])
def test_a_network_of_letters_answers_with_letters(tmp_path: Path, side: int) -> None:
    save_model(tmp_path / "m.npz", model(26, classes=LETTERS, side=side, temperature=0.2))
    recogniser = Recogniser(load_model(tmp_path / "m.npz"))
    # It refuses nothing.
    found = recogniser.recognise_ink(np.ones((40, 40), np.float32))
    assert (found.text, found.is_sure, found.is_refused) == ("Z", True, False)
    assert found.probabilities.shape == (26,)
    empty = recogniser.recognise_ink(np.zeros((9, 9)))
    assert empty.is_empty
    assert len(empty.probabilities) == 26
    # Ink becomes as large as in its training pictures.
    ink = np.zeros((60, 60), np.float32)
    ink[10:50, 28:32] = 1
    seen = recogniser.recognise_ink(ink).network_input
    assert seen is not None
    assert round(float(seen.max(axis=1).sum())) == side


@pytest.mark.parametrize(("text", "canonical"), [
    ("mlp#26", "mlp#26"), ("mlp:0.4#10", "mlp"), (" cnn # 5", "cnn#5"),
    ("layers:30@tanh/0.5#3", "layers:30@tanh/0.5#3"),
    ("custom_mlp:1,9,0,0#7", "custom_mlp:1,9,0,0#7"),
])  # fmt: skip
def test_a_networks_text_says_how_many_classes(text: str, canonical: str) -> None:
    spec = parse_network(text)
    assert spec.text == canonical
    assert spec.parameter_shapes()[-1] == (spec.classes,)
    assert spec.build().output_shape == (None, spec.classes)
    assert spec.with_classes(10).text == parse_network(text.split("#")[0]).text


@pytest.mark.parametrize("text", ["mlp#", "mlp#1", "mlp#101", "mlp#x", "mlp#2.5", "#3"])
def test_senseless_numbers_of_classes(text: str) -> None:
    with pytest.raises(NetworkError):
        parse_network(text)


def test_in_a_sentence() -> None:
    names = ("3", "8", "11", "class 3", "Bag")
    assert [in_a_sentence(name) for name in names] == ["a 3", "an 8", "an 11", "a class 3", "Bag"]
