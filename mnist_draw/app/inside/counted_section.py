"""A section that counts in other threads; its figures stay until they are counted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.inside.section import Section
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import keep_room, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import push_button
from mnist_draw.i18n import N_, _

if TYPE_CHECKING:
    from mnist_draw.app.inside.section import Example
    from mnist_draw.storage.models import ModelFile

#: Of a count of a run in training, that a newer epoch could be counted.
COUNTED = N_("Counted after epoch {counted}, now at {newest}")
_LINKS = (_("Count again"), _("Look again"), _("Try again"), _("Go on"), _("Stop"))


class StateLine(QWidget):
    """What a section does now, and a link to stop it or to go on with it."""

    def __init__(self, name: str, lines: int) -> None:
        super().__init__()
        self.label = FittedLabel(Text.AXIS, Qt.ElideRight, lines > 1, "muted", f"{name}State")
        sentence = _("Stop counting, or go on with it.")
        self.link = push_button(f"{name}Link", _LINKS[0], sentence, look="link")
        # Its place is kept while there is nothing to do.
        keep_room(self.link)
        theme.follow(self, self._fit_link)
        row((FixedLabel(self.label, lines), 1), self.link, owner=self)
        self.show_state("", "")

    def _fit_link(self) -> None:
        self.link.ensurePolished()
        widest = max(map(self.link.fontMetrics().horizontalAdvance, _LINKS))
        self.link.setFixedWidth(widest + 12)

    def show_state(self, words: str, link: str) -> None:
        self.label.setText(words)
        self.link.setText(link)
        self.link.setVisible(bool(link))


class CountedSection(Section):
    """A section whose figures stay while its network is trained, until they are counted anew."""

    def __init__(self, lines: int = 1) -> None:
        super().__init__()
        self._key = ""
        self._newer: ModelFile | None = None
        self._example: Example | None = None
        self.state = StateLine(self.name, lines)
        self.state.link.clicked.connect(self._stop_or_go_on)

    def use_network(self, model: ModelFile, key: str) -> None:
        old, same_key, self._key = self._model, key == self._key, key
        same = old is not None and same_key and old.network == model.network
        if old is not None and same and old.info.epochs != model.info.epochs:
            # The same run after another epoch: what is counted stays until it is asked for anew.
            self._newer = model
            self._show_state()
        else:
            self._begin(model)

    def _begin(self, model: ModelFile) -> None:
        """Set `_model` and `_newer`, clear what is shown, and count a network from the start."""
        raise NotImplementedError

    def _stop_or_go_on(self) -> None:
        raise NotImplementedError

    def _show_state(self) -> None:
        self.state.show_state(*self._state())

    def _state(self) -> tuple[str, str]:
        """Return what the section does now, and the link's text, "" for none."""
        raise NotImplementedError

    def _epochs(self, message: str) -> str:
        """Fill a message such as `COUNTED`; return "" if there is no newer epoch."""
        if self._newer is None or self._model is None:
            return ""
        counted, newest = (m.metadata.get("epochs", "?") for m in (self._model, self._newer))
        return _(message, counted=counted, newest=newest)
