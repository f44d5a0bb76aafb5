"""Files that are opened in the window: where each kind goes, however and wherever it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.shell.lesson import open_lesson
from mnist_draw.app.train.lesson import SUFFIXES as LESSONS
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.dataset.picture_formats import read_suffixes
from mnist_draw.i18n import _, listed
from mnist_draw.library.handed_in import SUFFIX as HANDED_IN
from mnist_draw.library.stored_network import SUFFIX as NETWORK

if TYPE_CHECKING:
    from mnist_draw.app.shell.window import Window

_Opener: TypeAlias = "Callable[[Window, list[str]], object]"
notifier = Notifier("opening")


def open_files(window: Window, paths: Sequence[str]) -> None:
    """Open each file where its kind belongs; files of a kind go there together."""
    found: dict[_Opener, list[str]] = {}
    for path in paths:
        found.setdefault(_opener_of(path), []).append(path)
    for opener, of_kind in found.items():
        opener(window, of_kind)


def _opener_of(path: str) -> _Opener:
    for endings, opener in _OPENERS:
        if path.lower().endswith(endings):
            return opener
    return _open_unknown


def _open_lessons(window: Window, paths: list[str]) -> None:
    for path in paths:
        open_lesson(window, path)


def _take_in(window: Window, paths: list[str]) -> None:
    window.navigation.show_library()
    window.library.handed_in.take(paths)


def _use_networks(window: Window, paths: list[str]) -> None:
    for path in paths:
        window.library.open_file(path)


def _show_settings(window: Window, paths: list[str]) -> None:
    window.navigation.show_page(TrainTab.name)
    window.train_tab.show_page("new")
    window.train_tab.drawer.open_settings(paths[-1])


def _show_pictures(window: Window, paths: list[str]) -> None:
    window.navigation.show_page(DrawTab.name)
    if window.navigation.current is window.draw_tab:
        window.draw_tab.pictures.input.read(paths)


def _open_unknown(window: Window, paths: list[str]) -> None:
    """Try what lies on the board as a picture, whose file may have any name; refuse the rest."""
    if window.navigation.current is window.draw_tab:
        _show_pictures(window, paths)
        return
    notifier.problem(
        _(
            "{files}: neither a picture, a network, a lesson, settings, nor what a class handed "
            "in. Nothing was opened.",
            files=listed(paths),
        ),
    )


_OPENERS: tuple[tuple[tuple[str, ...], _Opener], ...] = (
    (LESSONS, _open_lessons),
    ((HANDED_IN,), _take_in),
    ((NETWORK,), _use_networks),
    ((".json",), _show_settings),
    (tuple(sorted(read_suffixes())), _show_pictures),
)
