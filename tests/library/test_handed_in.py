"""What a pupil hands in is read back, holds nothing private, and is read without trust."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.library.handed_in import (
    SUFFIX,
    HandedInError,
    hand_in,
    handed_in_folder,
    read_handed_in,
    take_in,
)
from mnist_draw.storage.my_digits import TaughtDigit, list_digits, merge_digits, save_digit
from mnist_draw.training.run import Run, Summary
from mnist_draw.training.settings import TrainingSettings

LESSON = "How few?"
AUTHOR = "M. Weber, for class 9b"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))


def run(pictures, share):
    settings = TrainingSettings(
        training_examples=pictures,
        epochs=5,
        start_model="/home/anna/secret/mine.npz",
    )
    summary = Summary(5, 2.25, {"test_accuracy": share})
    return Run(
        Path("x"),
        settings,
        started="2026-11-25 10:15:00",
        state="completed",
        summary=summary,
        checkpoint_elsewhere="/home/anna/there.npz",
        lesson=LESSON,
    )


@pytest.fixture
def file(tmp_path):
    ink = np.zeros((40, 30), np.uint8)
    ink[5:35, 10:14] = 255
    save_digit(TaughtDigit(1, ink))
    path = tmp_path / f"Anna{SUFFIX}"
    hand_in(path, LESSON, AUTHOR, [run(500, 0.7007), run(5_000, 0.905)])
    return path


def test_what_was_handed_in_is_taken_in(file):
    taken = take_in(file)
    assert taken.path.parent == handed_in_folder()
    assert read_handed_in(taken.path) == taken
    assert (taken.pupil, taken.lesson, taken.author, taken.digits) == ("Anna", LESSON, AUTHOR, 1)
    few, many = taken.runs
    assert (few.settings.training_examples, few.figures["test_accuracy"]) == (500, 0.7007)
    assert (many.epochs_done, many.seconds, many.lesson) == (5, 2.25, LESSON)
    # Another of that name replaces nothing.
    assert take_in(file).path != taken.path
    assert len(list(handed_in_folder().iterdir())) == 2


def test_no_place_on_the_computer_of_a_pupil_is_handed_in(file):
    with zipfile.ZipFile(file) as archive:
        record = archive.read("handed_in.json").decode()
    assert "mine.npz" in record
    assert "/home" not in record


def test_the_digits_can_be_added_to_those_of_the_teacher(file, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    merged = merge_digits(file, mine)
    assert (merged.added, merged.refused) == (1, ())
    assert [digit.label for digit in list_digits(mine)] == [1]


def archive_of(path, **entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_json", ".json"), content, zipfile.ZIP_DEFLATED)
    return path


def document(**values):
    return json.dumps({"format": "mnist_draw handed in", "version": 1, "runs": [], **values})


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ({"other": "1"}, "not handed in"),
        ({"handed_in_json": "[" * 100_000}, "not a JSON"),
        ({"handed_in_json": b" " * (8 * 1024 * 1024 + 1)}, "too large"),
        ({"handed_in_json": json.dumps({"format": "other"})}, "not mnist_draw handed in"),
        ({"handed_in_json": document(version=2)}, "newer program"),
        ({"handed_in_json": document(runs=3)}, "runs is 3"),
        ({"handed_in_json": document(runs=[3])}, "no record"),
        ({"handed_in_json": document(runs=[{"state": "completed"}])}, "missing"),
        ({"handed_in_json": document(runs=[{"settings": {"epochs": -1}}])}, "cannot be used"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(entries, reason, tmp_path):
    path = archive_of(tmp_path / f"Ben{SUFFIX}", **entries)
    with pytest.raises(HandedInError, match=reason):
        take_in(path)
    assert not handed_in_folder().exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"no archive"])
def test_a_damaged_file_is_refused(content, tmp_path):
    path = tmp_path / f"Ben{SUFFIX}"
    path.write_bytes(content)
    with pytest.raises(HandedInError, match="cannot be used"):
        take_in(path)


def test_an_entry_never_chooses_its_place(tmp_path):
    path = archive_of(tmp_path / f"Ben{SUFFIX}", handed_in_json=document(), **{"../../x": "1"})
    taken = take_in(path)
    assert taken.digits == 1
    assert merge_digits(taken.path).added == 0
    assert not (tmp_path.parent / "x").exists()
