"""Without a display or Qt's libraries the user reads what to install."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mnist_draw.app.shell import platform_check


@pytest.fixture
def plugins(tmp_path):
    """Return a plugin folder like Qt's."""
    for name in ("libqxcb.so", "libqwayland-generic.so", "libqoffscreen.so"):
        (tmp_path / name).touch()
    return tmp_path


def look(plugins, missing=(), answers=True, **environ):
    """Ask for obstacles on a Linux where some libraries are missing."""

    def loads(library):
        return not (library in missing or (missing and library.endswith("libqxcb.so")))

    return platform_check.startup_problem(environ, "linux", loads, lambda display: answers, plugins)


def test_all_is_well(plugins):
    assert look(plugins, DISPLAY=":0") is None
    assert look(plugins, WAYLAND_DISPLAY="wayland-0") is None
    assert look(plugins, QT_QPA_PLATFORM="offscreen") is None


def test_no_display(plugins):
    sentence = look(plugins)
    assert "no display" in sentence
    assert "xvfb-run" in sentence


def test_missing_libraries_are_named_with_their_packages(plugins):
    sentence = look(plugins, ("libxcb-icccm.so.4", "libxkbcommon-x11.so.0"), DISPLAY=":0")
    assert "apt install libxcb-icccm4 libxkbcommon-x11-0" in sentence
    assert "dnf install libxkbcommon-x11 xcb-util-wm" in sentence


def test_silent_server(plugins):
    assert "DISPLAY=:7" in look(plugins, answers=False, DISPLAY=":7")


def test_silent_compositor(plugins):
    sentence = look(plugins, answers=False, WAYLAND_DISPLAY="wayland-7", XDG_RUNTIME_DIR="/run")
    assert "no Wayland compositor answers at /run/wayland-7" in sentence
    assert "wayland-7" in look(
        plugins, answers=False, QT_QPA_PLATFORM="wayland-egl", WAYLAND_DISPLAY="wayland-7"
    )


def test_unknown_platform(plugins):
    sentence = look(plugins, QT_QPA_PLATFORM="hologram:size=3", DISPLAY=":0")
    assert "QT_QPA_PLATFORM is 'hologram'" in sentence
    assert "offscreen, wayland-generic, xcb" in sentence
    # Qt takes the first that works, and may find plugins in other places.
    assert look(plugins, QT_QPA_PLATFORM="hologram;offscreen") is None
    assert look(plugins, QT_QPA_PLATFORM="hologram", QT_PLUGIN_PATH="/opt/qt") is None


def test_other_systems_are_not_asked(plugins):
    assert platform_check.startup_problem({}, "win32", plugins=plugins) is None


def test_failed_import_names_the_package():
    error = ImportError("libGL.so.1: cannot open shared object file")
    sentence = platform_check.qt_import_failure(error, lambda name: name != "libGL.so.1")
    assert "libgl1" in sentence or not sys.platform.startswith("linux")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is Linux's")
@pytest.mark.parametrize(
    "surroundings",
    [
        {},
        {"DISPLAY": ":4711"},
        {"QT_QPA_PLATFORM": "hologram"},
        {"WAYLAND_DISPLAY": "wayland-4711", "XDG_RUNTIME_DIR": "/nowhere"},
    ],
)
@pytest.mark.process
def test_the_program_says_so_and_ends_with_1(tmp_path, surroundings):
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kept.pop("QT_QPA_PLATFORM", None)
    environ = {**kept, "MNIST_DRAW_HOME": str(tmp_path), **surroundings}
    code = "import sys; from mnist_draw.app import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("No window can open here")
    assert "Traceback" not in done.stderr
