"""The tabs of the window from left to right: to add one is one entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.inside.inside_tab import InsideTab
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.page import Page
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.storage.preferences import Preferences

P = TypeVar("P", bound=Page)


@dataclass
class Shell:
    """What the window offers to its pages."""

    preferences: Preferences
    network: ActiveNetwork
    pages: list[Page] = field(default_factory=list)

    def page(self, kind: type[P]) -> P:
        """Return the page of a class."""
        return next(page for page in self.pages if isinstance(page, kind))


def _inside(shell: Shell) -> InsideTab:
    draw = shell.page(DrawTab)
    return InsideTab(draw.canvas, draw.models, shell.preferences)


#: Each makes one page; a later one can use those before it.
PAGES: tuple[Callable[[Shell], Page], ...] = (
    lambda shell: TrainTab(),
    lambda shell: DrawTab(shell.network, shell.preferences),
    _inside,
)
#: The page that is shown at the first start.
FIRST = DrawTab.name


def make_pages(shell: Shell) -> list[Page]:
    """Return all pages, from left to right."""
    for make in PAGES:
        shell.pages.append(make(shell))
    return shell.pages
