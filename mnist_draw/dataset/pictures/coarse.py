"""Pictures of few pixels, as they are or enlarged in whichever way.

The corners of pixels are no part of what was written. Between the middles of large pixels, a
smooth surface is nearer to the writer's line than blocks or straight slopes.
`benchmarks/hard_pictures.py` measures what that does for scikit-learn's digits of 8×8 pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_draw.dataset.normalise import ink_box
from mnist_draw.dataset.pictures.enlargement import before_enlarging, without_blocks

Ink = npt.NDArray[Any]

#: Ink with fewer pixels than this on its longer side is coarse: MNIST's has 20.
_COARSE = 14
#: By how much coarse ink is enlarged, and how much paper is left around it, in its own pixels.
_TIMES, _PAPER = 4, 2


class InkPixels:
    """The pixels that a picture was made of, before it was enlarged.

    Parameters
    ----------
    ink : numpy.ndarray, shape (H, W)
        With ink on it; as :func:`mnist_draw.dataset.normalise.normalise_ink` takes it.
    """

    def __init__(self, ink: Ink) -> None:
        self._ink = ink
        blocks = without_blocks(ink)
        self._box = _ink_alone(ink if blocks is None else blocks)
        if blocks is None and self.are_few():
            before = before_enlarging(ink)
            if before is not None:
                self._box = _ink_alone(before)

    def smoothed(self) -> Ink:
        """Enlarge coarse ink smoothly.

        Returns
        -------
        numpy.ndarray, shape (h, w)
            float32 from 0 to 1, cropped, if it was coarse; the same picture otherwise.
        """
        if max(self._box.shape) >= _COARSE:
            return self._ink
        box = np.pad(self._box, _PAPER)
        width, height = box.shape[1] * _TIMES, box.shape[0] * _TIMES
        fine = Image.fromarray(box / box.max()).resize((width, height), Image.Resampling.BICUBIC)
        smooth: Ink = np.clip(np.asarray(fine), 0, 1)
        return smooth

    def are_few(self) -> bool:
        """Tell whether a picture shows no more than some pixels could, however it was enlarged.

        Returns
        -------
        bool
            True where the ink is nowhere so sharp that it turns from paper to its darkest within a
            fifteenth of its longer side: pictures of 8×8 pixels have at most 14 such steps, those
            of MNIST at least 16, drawings more than a hundred.
        """
        box = self._box
        steepest = max(float(np.abs(np.diff(box, axis=axis)).max(initial=0)) for axis in (0, 1))
        return bool(steepest * max(box.shape) < (_COARSE + 1) * float(box.max()))


def _ink_alone(picture: Ink) -> npt.NDArray[np.float32]:
    """Cut off the paper around the ink."""
    top, left, bottom, right = ink_box(picture)
    return picture[top:bottom, left:right].astype(np.float32)
