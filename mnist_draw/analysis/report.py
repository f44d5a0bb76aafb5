"""The results of a network as files: CSV for programs, SVG for slides, one HTML page to read."""

from __future__ import annotations

import base64
import io
import mimetypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise
from pathlib import Path
from string import Template

from PIL import Image

from mnist_draw import i18n
from mnist_draw.analysis import result_tables
from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.results import Bin, Results
from mnist_draw.analysis.table import Table, percent
from mnist_draw.arrays import Bytes
from mnist_draw.errors import StorageError, escape_unprintable, one_line, reason_of
from mnist_draw.i18n import _, joined, language, number
from mnist_draw.library.network_data import Name, class_name, class_names
from mnist_draw.networks import title_of_model
from mnist_draw.storage.atomic import resolve_path, write_atomically
from mnist_draw.storage.folders import named_path, resource_path
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.opening import PathName

#: The page that holds everything.
PAGE = "report.html"
#: At most so many mistakes are shown as pictures; the table lists all of them.
MAX_SHOWN = 1000
_TABLES = ("confusion.csv", "classes.csv", "reliability.csv", "mistakes.csv")
_PICTURES = ("reliability.svg",)

#: The light colors of the window.
_PAPER = "#ffffff"
_MUTED = "#5d6675"
_LINE = "#dde1e8"
_FAMILY = "system-ui, sans-serif"
_WRONG = "#a95900"
#: The size of letters in pixels.
_SMALL = 14
#: Bins with fewer answers are drawn hollow.
_FEW = 10


@dataclass(frozen=True)
class Diagram:
    """Size of a reliability diagram in pixels, and what it is drawn with."""

    width: float = 520
    height: float = 500
    #: The size of its letters.
    letters: int = _SMALL
    family: str = _FAMILY
    text: str = _MUTED
    line: str = _LINE
    point: str = _WRONG
    ground: str = _PAPER

    def at(self, confidence: float, share: float) -> tuple[float, float]:
        left = 4.5 * self.letters
        top = 2.2 * self.letters
        below = 3.2 * self.letters
        wide = self.width - left - 2 * self.letters
        high = self.height - top - below
        return left + wide * confidence, top + high * (1 - share)


def prepare_folder(folder: PathName, data: Path | None = None) -> Path:
    """Make the folder of a report, before the work that fills it begins."""
    if not os.fspath(folder):
        raise StorageError("The report needs a folder: the name given is empty.")
    place = named_path(folder)
    if mimetypes.guess_type(place.name)[0] and not place.is_dir():
        raise StorageError(
            "The report is a folder of files, but {place} is the name of a single file. Nothing "
            "was written. Choose a folder, such as {folder}.",
            place=place,
            folder=place.with_suffix(""),
        )
    if data is not None and resolve_path(place).is_relative_to(resolve_path(data)):
        raise StorageError(
            "The report cannot go to {place}: the folder belongs to the data in {data}, which its "
            "tables would spoil. Choose another folder.",
            place=place,
            data=data,
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            "The folder {folder} cannot be created: {reason}.",
            folder=place,
            reason=reason_of(error),
        ) from error
    files = (PAGE, *_TABLES, *_PICTURES)
    found = next((place / file for file in files if os.path.lexists(place / file)), None)
    if found is not None and not ((place / PAGE).is_file() and _is_page(place / PAGE)):
        raise StorageError(
            "The report would replace {file}, which is not part of a report. That file is "
            "unchanged. Choose another folder.",
            file=found,
        )
    return place


def _is_page(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as found:
            start, _field, rest = _template().partition("$heading")[0].partition("$language")
            # A language has two letters.
            begins = found.read(len(start) + 2 + len(rest))
            return begins.startswith(start) and begins.endswith(rest)
    except OSError:
        return False


def write_report(
    folder: PathName,
    model: ModelFile,
    pictures: Pictures,
    results: Results,
) -> Path:
    """Write confusion matrix, recall and precision, mistakes and reliability."""
    place = prepare_folder(folder)
    # Names of classes in files are the same in every language.
    name = partial(class_name, model)
    file_name = class_names(model, for_files=True).__getitem__
    mistakes = results.mistakes()
    shown = mistakes[:MAX_SHOWN].tolist()
    tables = (
        result_tables.confusion_table(results, file_name),
        result_tables.classes_table(results, file_name),
        result_tables.reliability_table(results),
        result_tables.pictures_table(results, mistakes.tolist(), str, file_name),
    )
    reliability = reliability_svg(results.reliability, Diagram())
    page = _page(
        one_line(_("{network} on {data}", network=title_of_model(model), data=pictures.name)),
        results,
        name,
        reliability,
        _mistakes(results, pictures.images, shown, name),
    )
    # First: it tells the next report that the other files may be replaced.
    write_atomically(place / PAGE, page.encode("utf-8"))
    for file, table in zip(_TABLES, tables, strict=True):
        write_atomically(place / file, table.to_csv().encode("utf-8"))
    write_atomically(place / _PICTURES[0], reliability.encode("utf-8"))
    return place / PAGE


def reliability_svg(bins: Sequence[Bin], look: Diagram) -> str:
    """Draw how often answers are right against how sure they are, with Wilson's intervals."""
    at = look.at
    size = look.letters
    left, bottom = at(0, 0)
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        label = i18n.percent(share)
        parts += [
            _line(at(0, share), at(1, share), look.line),
            _text(left - 2.2 * size, at(0, share)[1], label, size, look.text),
            _text(at(share, 0)[0], bottom + size, label, size, look.text),
        ]
    parts += [
        _line(at(0, 0), at(1, 1), look.text, more=' stroke-dasharray="5 4"'),
        _text(at(0.5, 0)[0], bottom + 2.4 * size, _("how sure it says it is"), size, look.text),
        _text(left + 4 * size, 0.7 * size, _("how often it is right"), size, look.text),
    ]
    points = [at(part.confidence, part.accuracy) for part in bins]
    parts += [_line(a, b, look.point, 2) for a, b in pairwise(points)]
    most = max((part.count for part in bins), default=1)
    for part, (x, y) in zip(bins, points, strict=True):
        ends = at(part.confidence, part.least), at(part.confidence, part.most)
        parts.append(_line(*ends, look.point, 3, ' stroke-opacity="0.45"'))
        # Fewer than ten answers say little: the dot stays open.
        fill = look.ground if part.count < _FEW else look.point
        radius = 4.0 + 3.0 * (part.count / most) ** 0.5
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" '
            f'stroke="{look.point}" stroke-width="2"/>',
        )
    return _svg(look.width, look.height, _("Reliability diagram"), parts, look.family, look.ground)


def _svg(
    width: float,
    height: float,
    title: str,
    parts: Sequence[str],
    family: str = _FAMILY,
    ground: str = _PAPER,
) -> str:
    return escape_unprintable(
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" font-family="{family}" '
        f'text-anchor="middle"><title>{title}</title>'
        f'<rect width="{width}" height="{height}" fill="{ground}"/>{"".join(parts)}</svg>\n',
    )


def _text(x: float, y: float, text: str, size: int, fill: str) -> str:
    # A third of the size below the middle: where digits of usual fonts have their baseline.
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" font-size="{size}" fill="{fill}">'
        f"{escape(text)}</text>"
    )


def _line(
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    width: int = 1,
    more: str = "",
) -> str:
    (x1, y1) = start
    (x2, y2) = end
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
        f'stroke-width="{width}"{more}/>'
    )


def _data_uri(picture: Bytes) -> str:
    """Return a picture, uint8 (28, 28), as the address of a PNG that is in the page itself."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


def _page(title: str, results: Results, name: Name, reliability: str, mistakes: str) -> str:
    about = _("The surest mistake first.")
    if results.wrong > MAX_SHOWN:
        shown = number(MAX_SHOWN)
        total = number(results.wrong)
        more = _("The first {count} of {total}; mistakes.csv lists all.", count=shown, total=total)
        about = joined(about, more)
    dashed = _(
        "Dashed: a network that is right exactly as often as it says. Bars: the {share} "
        "confidence interval of each point (Wilson).",
        share=i18n.percent(0.95),
    )
    figures = "".join(
        f'<div><span class="muted">{escape(caption)}</span><b>{escape(value)}</b>'
        f'<span class="muted">{escape(note)}</span></div>'
        for caption, value, note in result_tables.key_figures(results, name)
    )
    sections = [
        f'<section><div class="figures">{figures}</div></section>',
        _section(_("What is mistaken for what"), _confusion(results, name)),
        _section(_("Recall and precision"), _table(result_tables.classes_table(results, name))),
        _section(
            _("Is its certainty justified?"),
            reliability
            + _table(result_tables.reliability_table(results))
            + f'<p class="muted">{escape(dashed)}</p>',
        ),
        _section(_("Mistakes"), f'<p class="muted">{about}</p>{mistakes}'),
    ]
    # Classes may be called anything, too.
    page = Template(_template()).substitute(
        heading=escape(title),
        language=language().partition("_")[0],
        sections="\n".join(sections),
    )
    return escape_unprintable(page)


def _template() -> str:
    return resource_path("look", "report.html").read_text("utf-8")


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(word)}</th>' for word in table.headings)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(word)}</td>" for word in row) + "</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _confusion(results: Results, name: Name) -> str:
    cells = result_tables.confusion_cells(results, name, range(results.classes))
    rows = (
        "".join(
            f'<td class="{cell.kind}" style="--part: {cell.strength:.2f}">{escape(cell.text)}</td>'
            for cell in line
        )
        for line in cells
    )
    return f'<table class="confusion"><tr>{"</tr><tr>".join(rows)}</tr></table>'


def _mistakes(results: Results, images: Bytes, shown: Sequence[int], name: Name) -> str:
    """Return mistakes, white on black as in MNIST, each with a caption."""
    figures = []
    for place in shown:
        true, read = (escape(name(int(of[place]))) for of in (results.labels, results.answers))
        sure = percent(float(results.confidence[place]))
        title = _("Picture {number}", number=place)
        figures.append(
            f'<figure title="{escape(title)}"><img src="{_data_uri(images[place, 0])}" alt="">'
            f"<figcaption>{true} → {read}<br>{sure}</figcaption></figure>",
        )
    return "".join(figures)


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"
