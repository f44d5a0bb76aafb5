"""Files with what people drew: read, halved by writer, and named when damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from unipen_drawings import (
    LOOKALIKES,
    TWINS,
    DrawingsFileError,
    is_fitted_on,
    load_drawings,
)


def write(path: Path) -> Path:
    names = [f"writer {n}" for n in range(20)]
    text = ["A", "O", "k", "/"] * 10
    lines = np.linspace([2.0, 10.0], [12.0, 30.0], 5)
    np.savez(
        path,
        points=np.concatenate([lines, lines + 3] * 40),
        stroke_offsets=np.arange(0, 401, 5),
        digit_stroke_offsets=np.arange(0, 81, 2),
        text=np.array(text),
        writer=np.arange(40) // 2,
        writer_names=np.array(names),
    )
    return path


def test_drawings_without_those_that_look_like_digits(tmp_path: Path) -> None:
    drawings = load_drawings(write(tmp_path / "letters.npz"))
    assert sorted(set(drawings.text)) == ["A", "k"]
    for strokes in drawings.strokes:
        points = np.concatenate(strokes)
        assert len(strokes) == 2
        assert np.ptp(points, axis=0).max() == pytest.approx(1)
        assert (points.min(axis=0) + points.max(axis=0)) / 2 == pytest.approx([0.5, 0.5])


def test_twins_of_digits_alone(tmp_path: Path) -> None:
    drawings = load_drawings(write(tmp_path / "letters.npz"), twins=True)
    assert sorted(set(drawings.text)) == ["/", "O"]
    assert set(drawings.text) <= set(TWINS) <= LOOKALIKES
    assert set(TWINS.values()) <= set(range(10))


def test_halves_share_no_writer(tmp_path: Path) -> None:
    drawings = load_drawings(write(tmp_path / "letters.npz"))
    fitted, left_out = drawings.of(fitted=True), drawings.of(fitted=False)
    assert len(fitted.text) + len(left_out.text) == len(drawings.text)
    assert not set(fitted.writers) & set(left_out.writers)
    assert all(is_fitted_on(writer) for writer in fitted.writers)
    assert 4 <= len(set(fitted.writers)) <= 16


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "few.npz", points=np.zeros((2, 2)))
    for name in ("none.npz", "text.npz", "few.npz"):
        with pytest.raises(DrawingsFileError, match=name.replace(".", r"\.")):
            load_drawings(tmp_path / name)
