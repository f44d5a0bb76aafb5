"""Letters and symbols that people drew, read from a file, for fitting the rule that refuses.

The file is an ``.npz`` archive, read without pickle: ``points`` (N, 2), ``stroke_offsets``
(S + 1,), ``digit_stroke_offsets`` (D + 1,), ``text`` (D,), ``writer`` (D,) and ``writer_names``;
stroke s consists of the points ``stroke_offsets[s]`` to ``stroke_offsets[s + 1] - 1``, drawing i
of the strokes ``digit_stroke_offsets[i]`` to ``digit_stroke_offsets[i + 1] - 1``.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import UserError

Points = npt.NDArray[np.float64]

#: Letters that cannot be told from a digit out of context: 0, 1, 2, 5, 6, 8 and 9.
LOOKALIKES = frozenset("OoDQIliZzSsGbBgq/|")
#: … and those that are often written exactly like a digit.
TWINS = {"O": 0, "o": 0, "I": 1, "l": 1, "/": 1, "|": 1, "Z": 2, "z": 2, "S": 5, "s": 5} | {
    "b": 6, "G": 6, "B": 8, "g": 9, "q": 9,
}  # fmt: skip


class DrawingsFileError(UserError):
    """The file with drawings cannot be used."""


@dataclass(frozen=True)
class Drawings:
    """Drawings and who made them.

    Attributes
    ----------
    strokes : list of tuple of numpy.ndarray
        For each drawing its strokes, float64 (n, 2), its longer side being 1, its middle at
        (0.5, 0.5).
    text : list of str
        What each drawing shows.
    writers : list of str
        The name of each drawing's writer.
    """

    strokes: list[tuple[Points, ...]]
    text: list[str]
    writers: list[str]

    def of(self, fitted: bool) -> Drawings:
        """Return the drawings of the writers that the rule is fitted on, or of all others."""
        rows = [n for n, writer in enumerate(self.writers) if is_fitted_on(writer) == fitted]
        return Drawings(*([part[n] for n in rows] for part in vars(self).values()))


def is_fitted_on(writer: str) -> bool:
    """Tell whether the rule is fitted on a writer's drawings: of three in four, by the name."""
    return zlib.crc32(writer.encode()) % 4 != 1


def load_drawings(path: Path, twins: bool = False) -> Drawings:
    """Read drawings, without those that look like digits."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            points = archive["points"].astype(np.float64)
            ends, first = archive["stroke_offsets"], archive["digit_stroke_offsets"]
            text, writer = archive["text"].tolist(), archive["writer"]
            names = archive["writer_names"].tolist()
    except (OSError, ValueError, KeyError) as error:
        raise DrawingsFileError(f"The drawings in {path} cannot be read: {error}.") from error
    rows = [
        n for n in range(len(text)) if (text[n] in TWINS if twins else text[n] not in LOOKALIKES)
    ]
    return Drawings(
        [
            _boxed([points[ends[s] : ends[s + 1]] for s in range(first[n], first[n + 1])])
            for n in rows
        ],
        [text[n] for n in rows],
        [names[writer[n]] for n in rows],
    )


def _boxed(strokes: list[Points]) -> tuple[Points, ...]:
    """Scale and shift a drawing to the box of 1 × 1."""
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    size = max(float((high - low).max()), 1e-6)
    return tuple((stroke - (low + high) / 2) / size + 0.5 for stroke in strokes)
