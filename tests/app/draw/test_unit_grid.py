"""Where the lights of a layer lie."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QPointF

from mnist_draw.app.draw.activations_view import lay_out

SHAPES = [(1,), (7,), (300,), (500,), (10_000,), (6, 5, 4), (32, 24, 24), (128, 8, 8)]
ROOMS = [(316.0, 112.0), (240.0, 96.0), (900.0, 400.0), (120.0, 500.0)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("room", ROOMS)
def test_all_units_fit_and_are_found_again(
    shape: tuple[int, ...], room: tuple[float, float]
) -> None:
    grid = lay_out(shape, *room)
    assert grid.columns * grid.rows >= shape[0]
    assert grid.size.width() <= room[0] + 1e-6
    assert grid.size.height() <= room[1] + 1e-6
    for unit in {0, shape[0] // 2, shape[0] - 1}:
        assert grid.unit_at(grid.box(unit).center()) == unit
    assert grid.unit_at(QPointF(-1, 0)) is None
    assert grid.unit_at(QPointF(0, grid.size.height() + 1)) is None


def test_room_is_used() -> None:
    grid = lay_out((500,), 316.0, 112.0)
    used = grid.size.width() * grid.size.height()
    assert used > 0.7 * 316 * 112
    few = lay_out((4,), 316.0, 112.0)
    assert few.rows == 1
    assert few.cell <= 24


def test_the_mosaic_puts_units_in_reading_order() -> None:
    grid = lay_out((5,), 66.0, 44.0)
    mosaic = grid.mosaic(np.arange(1, 6, dtype=np.float32))
    assert mosaic.shape == (grid.rows, grid.columns)
    assert mosaic.ravel()[:5].tolist() == [1, 2, 3, 4, 5]
    assert not mosaic.ravel()[5:].any()


def test_the_mosaic_keeps_maps_apart() -> None:
    grid = lay_out((6, 5, 4), 200.0, 120.0)
    maps = np.arange(1, 121, dtype=np.float32).reshape(6, 5, 4)
    mosaic = grid.mosaic(maps)
    assert mosaic.shape == (grid.rows * 6, grid.columns * 5)
    for unit in range(6):
        row, column = divmod(unit, grid.columns)
        cell = mosaic[row * 6 : row * 6 + 6, column * 5 : column * 5 + 5]
        assert np.array_equal(cell[:5, :4], maps[unit])
        assert not cell[5].any()
        assert not cell[:, 4].any()
