"""Pictures that glide to new values within the theme's time, or jump where motion is off."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt5.QtCore import QVariantAnimation
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit import theme

if TYPE_CHECKING:
    import numpy as np


class ArrayAnimation(QVariantAnimation):
    """Moves an array to a new one, step by step.

    Arrays that follow each other faster than a glide takes are shown as they come: they look
    continuous by themselves, and painting between them would only keep the window busy.
    """

    def __init__(self, widget: QWidget, paint: Callable[[], None]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._paint = paint
        self.shown: np.ndarray | None = None
        self._start: np.ndarray | None = None
        self._end: np.ndarray | None = None
        self._last = float("-inf")
        self.setDuration(theme.ANIMATION_MS)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.valueChanged.connect(self._step)

    def go(self, values: np.ndarray | None) -> None:
        """Glide to these values; jump where there is nothing to glide from, or no time."""
        self.stop()
        self._start, self._end = self.shown, values
        fits = self._start is not None and values is not None and self._start.shape == values.shape
        now = time.monotonic()
        alone, self._last = now - self._last > theme.ANIMATION_MS / 1000, now
        if fits and alone and theme.theme().motion and self._widget.isVisible():
            self.start()
        else:
            self.shown = values
            self._paint()

    def _step(self, part: float) -> None:
        if self.state() != QVariantAnimation.Running and part < 1:
            return
        assert self._start is not None
        assert self._end is not None
        self.shown = self._end if part >= 1 else self._start + (self._end - self._start) * part
        self._paint()
