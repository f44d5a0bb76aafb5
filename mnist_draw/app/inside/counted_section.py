"""The base of sections that count something slow: a run that trains on does not restart it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_draw.app.inside.section import Section

if TYPE_CHECKING:
    from mnist_draw.analysis.example import Example
    from mnist_draw.storage.models import ModelFile


class CountedSection(Section):
    """A section whose figures stay while its network is trained, until they are counted anew."""

    def __init__(self) -> None:
        super().__init__()
        self._key = ""
        self._newer: ModelFile | None = None
        self._example: Example | None = None
        self._active = False

    def use_network(self, model: ModelFile, key: str) -> None:
        old, old_key = self._model, self._key
        self._key = key
        if old is not None and not key and not old_key and old.network == model.network:
            # The same run after another epoch: what is counted stays until it is asked for anew.
            self._newer = model
            self._show_state()
        else:
            self._begin(model)

    def _begin(self, model: ModelFile) -> None:
        """Count a network from the start, and set `_model` and `_newer`."""
        raise NotImplementedError

    def _show_state(self) -> None:
        """Show the progress, and what the link beside it does."""
        raise NotImplementedError

    def _epochs(self, verb: str) -> str:
        """Return a sentence about the epoch that was counted and a newer one, "" if none."""
        if self._newer is None or self._model is None:
            return ""
        counted, newest = (m.metadata.get("epochs", "?") for m in (self._model, self._newer))
        return f"{verb} after epoch {counted}, now at {newest}"
