"""The step as a table: the stages' figures, the ten answers, the weight that is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.step.code_lines import STAGES, stage_figures
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.inside.step.weight_view import weight_rows, weight_title

if TYPE_CHECKING:
    from mnist_draw.analysis.step_weight import Weight

_HEADINGS = ("what", "z", "e to the z", "p", "target", "target − p", "p after")


def step_table(shown: Shown, weight: Weight | None, name: Callable[[int], str]) -> Table:
    """Return everything that the stages show in figures."""
    figures = shown.figures
    blank = ("",) * (len(_HEADINGS) - 2)
    rows: list[tuple[str, ...]] = [
        (stage.title, words, *blank)
        for stage, words in zip(STAGES, stage_figures(shown), strict=True)
    ]
    for digit in range(len(figures.p)):
        target = int(digit == figures.label)
        rows.append(
            (
                name(digit), f"{figures.z[digit]:.4f}",
                f"{float(np.exp(min(float(figures.z[digit]), 80.0))):.6g}",
                f"{figures.p[digit]:.6f}", str(target), f"{target - figures.p[digit]:+.6f}",
                f"{figures.p_after[digit]:.6f}",
            )
        )  # fmt: skip
    if weight is not None:
        rows.append((f"The weight {weight_title(shown, weight)}", "", *blank))
        rows += [
            (row.text, " ".join(part for part in (row.made, row.figure) if part), *blank)
            for row in weight_rows(shown, weight, len(STAGES))
        ]
    return Table.of("One step", _HEADINGS, rows)
