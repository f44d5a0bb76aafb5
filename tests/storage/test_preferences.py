"""Preferences: remembered, and never a reason not to start."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import FileLock

from mnist_draw.storage import StorageError, document, preferences
from mnist_draw.storage.preferences import Preferences


@pytest.fixture
def path(tmp_path):
    return tmp_path / "preferences.json"


def test_remembered(path):
    first = Preferences(path)
    first.set("epochs", 20)
    first.set("folder", "/Zürich")
    first.save()
    second = Preferences(path)
    assert second.notice == ""
    assert second.get("epochs", 1) == 20
    assert second.get("folder", "") == "/Zürich"
    assert second.get("missing", 1.5) == 1.5


def test_what_is_set_while_it_is_written_is_written_next(path, monkeypatch):
    chosen = Preferences(path)
    chosen.set("theme", "dark")
    write = preferences.write_atomically

    def write_meanwhile(place, content):
        chosen.set("theme", "light")
        chosen.set("tab", "draw")
        write(place, content)

    monkeypatch.setattr(preferences, "write_atomically", write_meanwhile)
    chosen.save()
    assert chosen.changed
    monkeypatch.undo()
    chosen.save()
    assert not chosen.changed
    again = Preferences(path)
    assert (again.get("theme", ""), again.get("tab", "")) == ("light", "draw")


def test_nothing_is_written_when_nothing_changed(path):
    first = Preferences(path)
    first.save()
    assert not path.exists()
    first.set("epochs", 20)
    first.save()
    path.unlink()
    first.set("epochs", 20)
    first.remove("other")
    first.save()
    assert not path.exists()


def test_values_unknown_to_this_version_are_kept(path):
    path.write_text('{"schema": 1, "values": {"of another version": [1, 2]}}')
    first = Preferences(path)
    first.set("epochs", 3)
    first.save()
    assert json.loads(path.read_text())["values"]["of another version"] == [1, 2]


@pytest.mark.parametrize(
    ("stored", "default", "expected"),
    [
        (3, 1, 3),
        (3, 0.5, 3.0),
        (True, 1, 1),
        (True, 0.5, 0.5),
        ("3", 1, 1),
        (2.5, 1, 1),
        (None, "a", "a"),
        ([1], [], [1]),
        ({"a": 1}, [], []),
        (False, True, False),
    ],
)
def test_values_of_another_kind_give_the_default(path, stored, default, expected):
    path.write_text(json.dumps({"schema": 1, "values": {"x": stored}}))
    found = Preferences(path).get("x", default)
    assert found == expected
    assert type(found) is type(expected)


def test_removed_value_is_gone(path):
    first = Preferences(path)
    first.set("a", 1)
    first.save()
    first.remove("a")
    first.save()
    assert Preferences(path).get("a", 0) == 0


def test_values_that_are_not_json_are_refused(path):
    with pytest.raises(TypeError, match="'a' is not JSON"):
        Preferences(path).set("a", float("nan"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a JSON file"),
        (b"\xff\xfe\x00", "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b"[]", "does not hold preferences"),
        (b'{"schema": 1}', "does not hold preferences"),
        (b'{"schema": "1", "values": {}}', "schema version is '1'"),
        (b'{"schema": 0, "values": {}}', "schema version is 0"),
        (b'{"schema": 99, "values": {}}', "newer program"),
        (b" " * (5 * 1024 * 1024), "larger than 4 MB"),
    ],
)
def test_unreadable_file_is_put_aside_and_reported(path, content, reason):
    path.write_bytes(content)
    found = Preferences(path)
    assert reason in found.notice
    assert found.get("epochs", 20) == 20
    [aside] = path.parent.iterdir()
    assert aside.name.startswith("preferences.json.unreadable-")
    assert aside.name in found.notice
    assert aside.read_bytes() == content
    found.set("epochs", 5)
    found.save()
    assert Preferences(path).get("epochs", 0) == 5


def test_folder_in_the_way_is_put_aside(path):
    path.mkdir()
    assert "folder" in Preferences(path).notice
    assert not path.exists()


def test_file_that_may_not_be_read_is_reported(path, monkeypatch):
    def refuse(_path, _mode):
        raise PermissionError(13, "Permission denied")

    path.write_text("{}")
    monkeypatch.setattr(document.Path, "open", refuse)
    assert "no permission" in Preferences(path).notice
    assert path.exists()


def test_failed_save_keeps_the_values(tmp_path):
    first = Preferences(tmp_path / "gone" / "preferences.json")
    first.set("a", 1)
    with pytest.raises(StorageError, match="does not exist"):
        first.save()
    (tmp_path / "gone").mkdir()
    first.save()
    assert Preferences(first.path).get("a", 0) == 1


def test_usual_place(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    assert Preferences().path == tmp_path / "config" / "preferences.json"


def test_a_number_that_is_none_costs_only_itself(path):
    content = '{"schema": 1, "values": {"pen": NaN, "hue": 1e999, "far": %s, "epochs": 7}}'
    path.write_text(content % (10**400))
    first = Preferences(path)
    assert "numbers that are none" in first.notice
    assert [first.get(name, 0.5) for name in ("pen", "hue", "far")] == [0.5] * 3
    assert first.get("epochs", 1) == 7
    [aside] = path.parent.iterdir()
    assert aside.name in first.notice
    first.save()
    assert Preferences(path).get("epochs", 1) == 7
    assert Preferences(path).notice == ""


def test_a_surrogate_neither_stops_the_program_nor_the_saving(path):
    path.write_text(r'{"schema": 1, "values": {"folder": "\ud800", "data": "/x/\udcff"}}')
    first = Preferences(path)
    assert first.get("folder", "default") == "default"
    # This one stands for a byte of a name that is not UTF-8.
    assert first.get("data", "default") == "/x/\udcff"
    first.set("output", "/y/\udcfe")
    first.save()
    assert Preferences(path).get("output", "") == "/y/\udcfe"


def test_the_window_closed_last_keeps_what_the_other_chose(path):
    Preferences(path).save()
    first, second = Preferences(path), Preferences(path)
    first.set("epochs", 3)
    first.set("theme", "dark")
    second.set("pen", 40)
    first.save()
    second.remove("theme")
    second.save()
    last = Preferences(path)
    assert (last.get("epochs", 0), last.get("pen", 0)) == (3, 40)


def test_many_windows_at_once_lose_nothing(path):
    def close(number):
        mine = Preferences(path)
        mine.set(f"window {number}", number)
        mine.save()

    with ThreadPoolExecutor(8) as windows:
        list(windows.map(close, range(32)))
    last = Preferences(path)
    assert [last.get(f"window {number}", -1) for number in range(32)] == list(range(32))


def test_another_window_that_hangs_does_not_keep_this_one_from_saving(path, monkeypatch):
    monkeypatch.setattr(preferences, "_PATIENCE", 0.0)
    with FileLock(path.with_name(".preferences.json.lock")):
        first = Preferences(path)
        first.set("epochs", 3)
        first.save()
    assert Preferences(path).get("epochs", 0) == 3
