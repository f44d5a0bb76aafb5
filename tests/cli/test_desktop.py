"""The entry in the menus of a Linux desktop, and the double click on a network."""

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import mnist_draw.app
from mnist_draw.cli import desktop_entry
from mnist_draw.cli.main import main
from mnist_draw.storage.folders import resource_path

pytestmark = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"),
    reason="menu entries of this kind are Linux's",
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share"


def entry_of(path):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return parser["Desktop Entry"]


@pytest.mark.process
def test_what_is_installed_starts_this_program(home, capsys):
    assert main(["desktop", "install"]) == 0
    entry = entry_of(home / "applications" / "mnist-draw.desktop")
    command = shlex.split(entry["Exec"].replace("\\\\", "\\"))
    assert command.pop() == "%f"
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mnist_draw ")
    for name, place in desktop_entry.PLACES.items():
        assert (home / place / name).is_file()
    assert "desktop remove" in capsys.readouterr().out


def make_lists(home):
    """Write what the desktop's programs make of the folders, whether they are there or not."""
    lists = [home / "mime" / name for name in ("globs2", "mime.cache", "types", "version")]
    lists.append(home / "applications" / "mimeinfo.cache")
    for path in lists:
        path.write_text("")
    return lists


def test_remove_leaves_only_what_is_of_other_programs(home):
    assert main(["desktop", "install"]) == 0
    make_lists(home)
    (home / "mnist_draw").mkdir()
    for _ in range(2):
        assert main(["desktop", "remove"]) == 0
        assert list(home.iterdir()) == [home / "mnist_draw"]
    assert main(["desktop", "install"]) == 0
    lists = make_lists(home)
    others = home / "mime" / "packages" / "other.xml", home / "applications" / "other.desktop"
    others[0].write_text(
        '<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info"/>',
    )
    others[1].write_text("[Desktop Entry]\nType=Application\nName=Other\nExec=true\n")
    assert main(["desktop", "remove"]) == 0
    assert all(path.exists() for path in (*lists, *others))
    assert not any((home / place / name).exists() for name, place in desktop_entry.PLACES.items())


@pytest.mark.parametrize(
    ("argument", "written"),
    [
        ("/opt/mnist draw/bin", '"/opt/mnist draw/bin"'),
        ('/a"b', '"/a\\\\"b"'),
        ("/50%", '"/50%%"'),
        ("/a\\b$c`d", '"/a\\\\\\\\b\\\\$c\\\\`d"'),
    ],
)
def test_odd_places_are_quoted(argument, written):
    assert desktop_entry.quoted(argument) == written


def test_all_that_ships_is_installed():
    shipped = {path.name for path in resource_path("desktop").glob("mnist-draw*")}
    assert shipped == set(desktop_entry.PLACES)


@pytest.mark.process
@pytest.mark.skipif(
    not (shutil.which("update-mime-database") and shutil.which("gio")),
    reason="needs shared-mime-info and GLib's gio",
)
def test_the_content_tells_a_network(home, tmp_path):
    """Whatever its name is; other files of NumPy's are left to whom they belong."""

    def kind(path):
        command = ["gio", "info", "-a", "standard::content-type", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]

    assert main(["desktop", "install"]) == 0
    other = tmp_path / "other.npz"
    np.savez(other, np.zeros(3))
    assert kind(other) != "application/x-mnist-draw-network"
    for path in resource_path("models").glob("m*.npz"):
        assert kind(path) == "application/x-mnist-draw-network"


@pytest.mark.parametrize("name", ["my.npz", "class.mnist-lesson", "UNA.MNIST-HANDIN"])
def test_a_double_click_on_a_file_opens_the_window(name, tmp_path, monkeypatch):
    opened: list[Any] = []

    def open_window(**how):
        opened.append(how)
        return 0

    monkeypatch.setattr(mnist_draw.app, "main", open_window)
    path = tmp_path / name
    path.touch()
    assert main([str(path)]) == 0
    assert opened == [{"file": str(path)}]


def test_a_program_in_one_file_is_started_by_that_file(home, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("APPIMAGE", str(tmp_path / "MNIST Draw.AppImage"))
    assert main(["desktop", "install"]) == 0
    entry = entry_of(home / "applications" / "mnist-draw.desktop")
    assert shlex.split(entry["Exec"])[0] == str(tmp_path / "MNIST Draw.AppImage")


def test_a_program_in_a_folder_of_any_name(home, tmp_path, monkeypatch):
    python = tmp_path / os.fsdecode(b"b\xfcro") / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    assert main(["desktop", "install"]) == 0
    [entry] = home.rglob("*.desktop")
    assert b'Exec="' + os.fsencode(python) + b'" -m mnist_draw' in entry.read_bytes()
