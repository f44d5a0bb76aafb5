"""Preferences: remembered, migrated, and never a reason not to start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_draw.storage import StorageError, preferences
from mnist_draw.storage.preferences import Preferences, migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preferences.json"


def test_remembered(path: Path) -> None:
    first = Preferences(path)
    first.set("epochs", 20)
    first.set("folder", "/Zürich")
    first.save()
    second = Preferences(path)
    assert second.notice == ""
    assert second.get("epochs", 1) == 20
    assert second.get("folder", "") == "/Zürich"
    assert second.get("missing", 1.5) == 1.5


def test_nothing_is_written_when_nothing_changed(path: Path) -> None:
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


def test_values_unknown_to_this_version_are_kept(path: Path) -> None:
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
def test_values_of_another_kind_give_the_default(
    path: Path, stored: object, default: int, expected: object
) -> None:
    path.write_text(json.dumps({"schema": 1, "values": {"x": stored}}))
    found = Preferences(path).get("x", default)
    assert found == expected
    assert type(found) is type(expected)


def test_removed_value_is_gone(path: Path) -> None:
    first = Preferences(path)
    first.set("a", 1)
    first.save()
    first.remove("a")
    first.save()
    assert Preferences(path).get("a", 0) == 0


def test_values_that_are_not_json_are_refused(path: Path) -> None:
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
def test_unreadable_file_is_put_aside_and_reported(path: Path, content: bytes, reason: str) -> None:
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


def test_two_unreadable_files_in_one_second_are_both_kept(path: Path) -> None:
    for content in ("one", "two", "three"):
        path.write_text(content)
        Preferences(path)
    assert {entry.read_text() for entry in path.parent.iterdir()} == {"one", "two", "three"}


def test_folder_in_the_way_is_put_aside(path: Path) -> None:
    path.mkdir()
    assert "folder" in Preferences(path).notice
    assert not path.exists()


def test_file_that_may_not_be_read_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path.write_text("{}")
    monkeypatch.setattr(preferences.Path, "read_bytes", refuse)
    assert "no permission" in Preferences(path).notice
    assert path.exists()


def test_failed_save_keeps_the_values(tmp_path: Path) -> None:
    first = Preferences(tmp_path / "gone" / "preferences.json")
    first.set("a", 1)
    with pytest.raises(StorageError, match="does not exist"):
        first.save()
    (tmp_path / "gone").mkdir()
    first.save()
    assert Preferences(first.path).get("a", 0) == 1


def test_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    assert Preferences().path == tmp_path / "config" / "preferences.json"


def test_migrations_run_in_order() -> None:
    steps = {
        1: lambda values: {"rate": values["learning rate"]},
        2: lambda values: {"rate": values["rate"] * 10},
    }
    document = {"schema": 1, "values": {"learning rate": 5}}
    assert migrate(document, 3, steps) == {"rate": 50}
    assert migrate({"schema": 2, "values": {"rate": 5}}, 3, steps) == {"rate": 50}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"schema": 1, "values": {}}, "do not fit its schema 1"),
        ({"schema": 2, "values": {}}, "schema 2 is too old"),
    ],
)
def test_migration_that_cannot_be_done(document: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        migrate(document, 3, {1: lambda values: {"rate": values["learning rate"]}})
