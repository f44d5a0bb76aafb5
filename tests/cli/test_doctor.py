"""``doctor``: what is sound, what is missing, what is broken."""

import hashlib
import json

import numpy as np
import pytest

from mnist_draw.cli import doctor, main
from mnist_draw.cli.doctor import CHECKSUMS, Finding
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.folders import config_folder, data_folder
from mnist_draw.storage.my_digits import TaughtDigit, my_digits_folder, pack_digit
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.settings import TrainingSettings


def findings(capsys):
    lines = capsys.readouterr().out.splitlines()
    return {found["name"]: found for found in map(json.loads, lines)}


def test_a_sound_installation(capsys):
    status = main(["doctor", "--json"])
    found = findings(capsys)
    broken = [finding for finding in found.values() if finding["state"] == "broken"]
    assert (status, broken) == (0, [])
    names = {"mnist_draw", "Python", "import theano", "cache", "mnist"}
    assert names <= found.keys()


def only(monkeypatch, check):
    monkeypatch.setattr(doctor, "CHECKS", (check,))


def test_a_broken_thing_is_the_exit_status(monkeypatch, capsys):
    def found():
        yield Finding("one", "fine")
        yield Finding("two", "Gone. Bring it back.", "broken")

    only(monkeypatch, found)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "Bring it back" in out
    assert "1 thing" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(("qt", "word"), [("pyqt5", "gets nothing"), ("pyqt6", "is given")])
def test_what_a_screen_reader_gets(monkeypatch, capsys, qt, word):
    monkeypatch.setenv("QT_API", qt)
    monkeypatch.setattr(doctor.metadata, "version", lambda package: "1.2")
    main(["doctor"])
    assert word in capsys.readouterr().out


def test_a_changed_file(tmp_path, monkeypatch, capsys):
    for folder in ("mnist", "models"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.npz").write_bytes(b"sound")
        digest = hashlib.sha256(b"sound").hexdigest()
        (tmp_path / folder / CHECKSUMS).write_text(f"{digest}  a.npz\n")
    monkeypatch.setattr(doctor, "resource_path", lambda *names: tmp_path.joinpath(*names))
    only(monkeypatch, doctor.check_shipped_files)
    assert main(["doctor"]) == 0
    capsys.readouterr()
    (tmp_path / "models" / "a.npz").write_bytes(b"changed")
    assert main(["doctor", "--json"]) == 1
    found = findings(capsys)
    assert found["mnist"]["state"] == "ok"
    assert "a.npz" in found["models"]["text"]


def test_a_home_that_is_a_file(monkeypatch, capsys, tmp_path):
    (tmp_path / "home").write_text("in the way")
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    only(monkeypatch, doctor.check_folders)
    assert main(["doctor", "--json"]) == 1
    assert "MNIST_DRAW_HOME" in findings(capsys)["data"]["text"]


def test_damaged_files_of_the_user_are_named_and_left_alone(monkeypatch, capsys, own_home):
    sound, damaged = new_run_folder(), new_run_folder()
    for folder in (sound, damaged):
        RunSession(TrainingSettings(), folder).begin()
    (damaged / "run.json").write_text("{ half")
    (sound / "checkpoint.npz").write_bytes(b"half")
    (sound / "model.npz").write_bytes(b"half")
    (sound / "run.json.unreadable-20260101-120000").write_text("older")
    taught = pack_digit(TaughtDigit(3, np.full((28, 28), 255, np.uint8)))
    (my_digits_folder() / "3-a.png").write_bytes(taught[:-40])
    (my_digits_folder() / "4-b.png").write_bytes(b"junk")
    (damaged / "history.npz").write_bytes(b"")
    drawing = {"format": "mnist_draw drawing", "version": 1, "items": [{"stroke": 3}]}
    (data_folder() / "board.json").write_text(json.dumps(drawing))
    (config_folder() / "preferences.json").write_text("{{")
    before = {path: path.read_bytes() for path in own_home.rglob("*") if path.is_file()}
    only(monkeypatch, doctor.check_user_files)
    assert main(["doctor", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ("run.json", "checkpoint.npz", "model.npz", "history.npz", "digits", "board",
             "unreadable", "preferences")  # fmt: skip
    noted = [one for one in found if one["state"] == "note"]
    told = {name: [one["text"] for one in noted if name in one["name"]] for name in names}
    assert [len(texts) for texts in told.values()] == [1, 1, 1, 1, 2, 1, 1, 1]
    assert str(damaged / "run.json") in told["run.json"][0]
    assert told["board"][0].startswith(f"{data_folder() / 'board.json'} cannot be used: ")
    assert [one["text"] for one in found if one["state"] == "ok"] == ["1 can be used"]
    after = {path: path.read_bytes() for path in own_home.rglob("*") if path.is_file()}
    assert after == before


def test_the_last_crash_and_mistake_are_named(monkeypatch, capsys):
    only(monkeypatch, doctor.check_last_crash)
    assert main(["doctor", "--json"]) == 0
    assert not capsys.readouterr().out
    log = data_folder() / "log"
    log.mkdir(parents=True)
    for name in ("crash-20260101-120000.txt", "crash-20260102-120000.txt"):
        (log / name).touch()
    (data_folder() / "last-mistake.txt").touch()
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "crash-20260102" in out
    assert "crash-20260101" not in out
    assert "last-mistake.txt" in out
