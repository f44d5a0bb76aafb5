"""The report as one HTML page: its pictures are in it, so it can be sent as a single file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_draw.analysis.report import charts
from mnist_draw.analysis.result_tables import (
    Name,
    classes_table,
    reliability_table,
    taken_for,
)
from mnist_draw.analysis.results import Results
from mnist_draw.analysis.table import Table, percent
from mnist_draw.errors import escape_unprintable, one_line

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f27; background: #f4f5f8;
  max-width: 1000px; margin: 2em auto; padding: 0 1em; }
section { background: #fff; border: 1px solid #dde1e8; border-radius: 10px;
  padding: 1em 1.5em; margin: 1em 0; }
h1, h2 { font-weight: 600; } h2 { font-size: 18px; }
.figures { display: flex; flex-wrap: wrap; gap: 1em 3em; }
.figures b { display: block; font-size: 24px; } .muted { color: #5d6675; font-size: 13px; }
table { border-collapse: separate; border-spacing: 3px; }
td, th { padding: 4px 10px; text-align: right; font-variant-numeric: tabular-nums; }
th { color: #5d6675; font-weight: 600; } thead th { vertical-align: bottom; }
.matrix td { border-radius: 5px; min-width: 26px; text-align: center; }
.sheet { display: flex; flex-wrap: wrap; gap: 12px; }
figure { margin: 0; width: 92px; } figure img { width: 56px; image-rendering: pixelated; }
figcaption { font-size: 12px; line-height: 1.3; color: #5d6675; }
img { max-width: 100%; }
"""


def report_page(
    title: str,
    results: Results,
    images: npt.NDArray[np.uint8],
    shown: Sequence[int],
    data_name: str,
    name: Name,
) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
        What the network is called.
    results : Results
        With labels.
    images : numpy.ndarray, uint8, shape (N, 1, 28, 28)
    shown : sequence of int
        The mistakes that are shown as pictures.
    data_name : str
        What the pictures are called.
    name : callable
        What a class is called.
    """
    heading = one_line(f"{title} on {data_name}")
    left = results.wrong - len(shown)
    note = "The surest mistake first."
    if left:
        note += f" The first {len(shown):,} of {results.wrong:,}; all stand in mistakes.csv."
    parts = [
        f"<h1>{escape(heading)}</h1>",
        _figures(results, name),
        _section(taken_for(name), _matrix(results, name)),
        _section("Recall and precision", _table(classes_table(results, name))),
        _section(
            "Does it know when it is unsure?",
            _picture(charts.png(charts.reliability_picture(results)), "Reliability diagram")
            + _table(reliability_table(results))
            + '<p class="muted">Dashed: a network that is exactly as often right as it says. '
            "Bars: where chance alone may put the point, with 95 % (Wilson's interval).</p>",
        ),
        _section(
            "Mistakes",
            f'<p class="muted">{escape(note)}</p>' + _mistakes(results, images, shown, name),
        ),
    ]
    # Classes may be called anything, too.
    return escape_unprintable(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(heading)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _figures(results: Results, name: Name) -> str:
    weakest, wrong = results.weakest, f"{results.wrong:,} of {results.counted:,} wrong"
    figures = [
        (
            f"{100 * results.accuracy:.2f} %",
            "accuracy",
            wrong,
        ),
        (f"{results.loss:.4f}", "mean loss", "cross-entropy, nats"),
        (f"{results.sure_and_wrong:,}", "sure and wrong", "over 90 % sure"),
    ]
    if weakest is not None:
        missed = percent(1 - float(results.recall[weakest]))
        figures.append((name(weakest), "weakest", f"{missed} of them missed"))
    cells = [
        f'<div><span class="muted">{escape(what)}</span><b>{escape(value)}</b>'
        f'<span class="muted">{escape(more)}</span></div>'
        for value, what, more in figures
    ]
    return f'<section><div class="figures">{"".join(cells)}</div></section>'


def _matrix(results: Results, name: Name) -> str:
    colours = charts.cell_colours(results)
    classes = range(results.classes)
    head = "".join(f'<th scope="col">{escape(name(read))}</th>' for read in classes)
    rows = []
    for true in classes:
        cells = "".join(
            f'<td style="background:{colours[true][read][0]};color:{colours[true][read][1]}">'
            f"{int(results.confusion[true, read]) or ''}</td>"
            for read in classes
        )
        recall = percent(float(results.recall[true]))
        rows.append(f'<tr><th scope="row">{escape(name(true))}</th>{cells}<td>{recall}</td></tr>')
    precision = "".join(f"<td>{percent(float(share))}</td>" for share in results.precision)
    return (
        '<p class="muted">Rows: what it is. Columns: what the network reads.</p>'
        f'<table class="matrix"><thead><tr><th></th>{head}<th>recall</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody>"
        f"<tfoot><tr><th>precision</th>{precision}<td></td></tr></tfoot></table>"
    )


def _mistakes(
    results: Results, images: npt.NDArray[np.uint8], shown: Sequence[int], name: Name
) -> str:
    assert results.labels is not None
    figures = []
    for place in shown:
        true, read = name(int(results.labels[place])), name(int(results.answers[place]))
        sure = percent(float(results.confidence[place]))
        alt = f"Picture {place:,}: it is {true}, read as {read}, {sure} sure"
        tile = charts.png(Image.fromarray(images[place, 0]))
        figures.append(
            f"<figure>{_picture(tile, alt)}<figcaption>{escape(true)} → {escape(read)}, {sure}"
            f"<br>no. {place:,}</figcaption></figure>"
        )
    return f'<div class="sheet">{"".join(figures)}</div>'


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(word)}</th>' for word in table.headings)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(word)}</td>" for word in row) + "</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _picture(content: bytes, alt: str) -> str:
    data = base64.b64encode(content).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}">'
