"""``mnist-draw predict`` reads pictures; ``mnist-draw evaluate`` measures a network."""

from __future__ import annotations

import argparse
import contextlib
import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_draw.cli.command import MisuseError, Subcommand, add_json_option, add_network_option
from mnist_draw.cli.output import echo, echo_record, json_line, report, table
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.picture_formats import read_suffixes, read_titles
from mnist_draw.errors import UserError, reason_of
from mnist_draw.i18n import _, counted, format_percent, joined, number
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.recognition.glyphs import SIGNS
from mnist_draw.storage.csv_table import csv_table
from mnist_draw.storage.file_system import leaves_patterns

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import Answer, NumberAnswer

#: Digits of a figure: more than float32 has would only be noise.
DECIMALS = 6
_MODEL_HELP = _(
    "a file of this program, one of numpy.savez(file, "
    "*lasagne.layers.get_all_param_values(…)), the built-in best, mlp_handwriting or mlp, or "
    "a name that mnist-draw models or runs lists",
)


def _add_predict_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help=_(
            "a picture file ({names}), a folder of picture files, or - for standard input",
            names=read_titles(),
        ),
    )
    parser.add_argument(
        "--model",
        metavar="FILE.npz",
        help=_(
            "the trained network to use: {forms} (default: the best that ships)",
            forms=_MODEL_HELP,
        ),
    )
    add_network_option(parser)
    parser.add_argument(
        "--number",
        action="store_true",
        help=_(
            "read a number of several digits from left to right, or each line of a page of numbers",
        ),
    )
    parser.add_argument(
        "--decimal",
        action="store_true",
        help=_(
            "with --number: read a decimal point or comma, and a minus in front; otherwise they "
            'are "?"',
        ),
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--csv",
        action="store_true",
        help=_("print a table (CSV): picture, digit, confidence and probabilities"),
    )
    add_json_option(form)


def _add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        metavar="FILE.npz",
        help=_("the trained network: {forms}", forms=_MODEL_HELP),
    )
    add_network_option(parser)
    parser.add_argument(
        "--data",
        metavar="PATH",
        help=_(
            "training data as in mnist-draw train --data, whose test pictures are used (default: "
            "what the network was trained on, where that is known here, or MNIST, which ships)",
        ),
    )
    add_json_option(parser)
    parser.add_argument(
        "--report",
        metavar="DIR",
        help=_(
            "also write a report to this folder: confusion matrix, recall and precision of each "
            "digit, the mistakes with their pictures, and how often the network is right when it "
            "says how sure it is (CSV and SVG files, and one HTML page that needs nothing else)",
        ),
    )


def _sentence(name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
    """Return a line such as ``photo.png: 7 (99.8%)``."""
    if number is not None and len(number.digits) > 1:
        return f"{name}: {number.text} ({_sureness(number)})"
    if answer.is_empty:
        reason = _("There is no ink in the picture.")
        return _("{name}: nothing ({reason})", name=name, reason=reason)
    if answer.certainty.is_named_alone:
        return f"{name}: {answer.text} ({format_probability(answer.confidence)})"
    line = f"{name}: {answer.text} ({answer.certainty.line})"
    if answer.digit is None:
        share = format_probability(float(answer.probabilities.max()))
        first = _likeliest(answer)
        return joined(line, _("Most probable: {name}, {share}.", name=first, share=share))
    return line


def _object(name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
    """Return an object with the fields that docs/command-line.md lists."""
    shares = [round(value, DECIMALS) for value in answer.probabilities.tolist()]
    found: dict[str, Any] = {
        "image": name,
        **({"digit": answer.digit} if answer.are_digits else {"class": _class(answer)}),
        "confidence": round(_confidence(answer, number), DECIMALS),
        "probabilities": shares,
        **({} if answer.is_empty else {"most_probable": _likeliest(answer)}),
    }
    if not answer.are_digits:
        found["probabilities"] = dict(zip(answer.names, shares, strict=True))
    if number is not None:
        found["number"] = _number_text(number) or None
        found["digits"] = [
            {
                "digit": part.digit,
                **({"sign": part.sign} if part.sign and part.sign in SIGNS else {}),
                "confidence": round(part.confidence, DECIMALS),
                "box": [round(side * scale) for side in part.box],
            }
            for part in number.digits
        ]
    return json_line(found)


def _sentences(name: str, lines: Sequence[NumberAnswer], answer: Answer) -> list[str]:
    """Return a sentence for each line of a page."""
    count = len(lines)
    names = [
        # Translators: such as "page.png, line 2 of 3", before what is read.
        _("{name}, line {place} of {count}", name=name, place=place, count=count)
        for place in range(1, count + 1)
    ]
    return [_sentence(name, answer, line, 1) for name, line in zip(names, lines, strict=True)]


def _columns(names: tuple[str, ...]) -> list[str]:
    answer = "digit" if names == DIGITS else "class"
    shares = [f"p{name}" if names == DIGITS else f"p({name})" for name in names]
    return ["image", answer, "confidence", *shares, "most_probable", "number", "error"]


def _row(name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
    """Return a line of the table; what is no digit or was not asked for is left empty."""
    figures = [_confidence(answer, number), *answer.probabilities.tolist()]
    rounded = (round(figure, DECIMALS) for figure in figures)
    text = "" if number is None else _number_text(number).replace("\n", " ")
    likeliest = "" if answer.is_empty else _likeliest(answer)
    return _line([_no_formula(name), _class(answer) or "", *rounded, likeliest, text, ""])


def _no_formula(name: str) -> str:
    """Name a file so that spreadsheets take it for no formula."""
    return f"{os.curdir}{os.sep}{name}" if name.startswith(tuple("=+-@")) else name


def _class(answer: Answer) -> str | None:
    return None if answer.digit is None else answer.names[answer.digit]


def _likeliest(answer: Answer) -> str:
    """Return the class that the network says first, also where it is refused."""
    return answer.names[int(answer.probabilities.argmax())]


def _line(fields: Sequence[object]) -> str:
    # Older versions of Python quote no end of a line but those that are in the terminator.
    return csv_table([fields], "\r\n").removesuffix("\r\n")


def _confidence(answer: Answer, number: NumberAnswer | None) -> float:
    """Return how sure the number is, if it is one; else the digit."""
    if number is not None and number.is_number:
        return number.confidence
    return answer.confidence


def _number_text(number: NumberAnswer) -> str:
    return number.text if number.text.strip("?\n") else ""


def _sureness(number: NumberAnswer) -> str:
    if number.is_number:
        return format_probability(number.confidence)
    return counted(
        "{strange} of {count} part does not look like a digit",
        "{strange} of {count} parts do not look like digits",
        len(number.digits),
        strange=number.strange,
    )


def _incomplete(option: str, needed: str) -> MisuseError:
    return MisuseError("{option} needs {needed}; give both.", option=option, needed=needed)


def predict(arguments: argparse.Namespace) -> int:
    """Print an answer for each picture; go on after one that cannot be read."""
    from mnist_draw.dataset.classes import class_list
    from mnist_draw.dataset.pictures.picture_file import load_picture, picture_size
    from mnist_draw.library.networks import default_model, find_network
    from mnist_draw.recognition.lines import page_of, read_lines
    from mnist_draw.recognition.number_reader import read_number
    from mnist_draw.recognition.recogniser import Recogniser

    if arguments.decimal and not arguments.number:
        raise _incomplete("--decimal", "--number")
    if arguments.model is None:
        if arguments.network:
            raise _incomplete("--network", "--model")
        model = default_model(report)
    else:
        model = find_network(arguments.model, arguments.network)
    recogniser = Recogniser(model, compiled=False)
    form = _row if arguments.csv else _object if arguments.json else _sentence
    columns = _columns(recogniser.names)
    reads_numbers = arguments.number and recogniser.reads_digits
    if arguments.number and not reads_numbers:
        report(
            _(
                "{title} tells {classes} apart and reads no numbers.",
                title=title_of_model(model),
                classes=class_list(recogniser.names),
            ),
        )
    if arguments.csv:
        echo_record(_line(columns))
    status = 0
    for name in picture_names(arguments.images):
        try:
            source = _source(name)
            ink = load_picture(source)
            answer = recogniser.recognise_ink(ink)
            number = None
            lines: list[NumberAnswer] = []
            if reads_numbers:
                lines = read_lines(recogniser, ink, decimals=arguments.decimal)
                alone = partial(read_number, recogniser, ink, answer, decimals=arguments.decimal)
                number = page_of(lines) if lines else alone()
            size = picture_size(source) if number is not None and number.digits else (1, 1)
            found = [form(name, answer, number, size[0] / ink.shape[1])]
            if form is _sentence and lines:
                found = _sentences(name, lines, answer)
            is_no_digit = form is _sentence and number is None and answer.objection
            if is_no_digit and recogniser.reads_digits:
                several = answer.lines > 1 or read_number(recogniser, ink, answer).is_number
                more = _("With --number it is read as a number.") if several else ""
                found = [joined(*found, more)]
        except UserError as error:
            report(str(error))
            status = 1
            found = [json_line({"image": name, "error": str(error)})] if arguments.json else []
            if arguments.csv:
                found = [_line([_no_formula(name), *([""] * len(columns[2:])), str(error)])]
        # A program reads these lines: nothing in them is escaped.
        write = echo_record if arguments.csv or arguments.json else echo
        for line in found:
            write(line)
    return status


def picture_names(given: Iterable[str]) -> Iterator[str]:
    """Yield the named files and those in named folders; a folder without pictures itself."""
    for name in given:
        names = [name]
        with contextlib.suppress(OSError, ValueError):
            if leaves_patterns() and not Path(name).exists():
                # Unlike Path.glob it takes whole paths, such as C:\scans\*.png.
                names = sorted(glob.glob(name)) or names  # noqa: PTH207
        for each in names:
            found: list[str] = []
            # To Path, an empty name is the working folder.
            with contextlib.suppress(OSError, ValueError):
                if each and Path(each).is_dir():
                    files = (path for path in Path(each).iterdir() if path.is_file())
                    found = sorted(
                        str(path) for path in files if path.suffix.lower() in read_suffixes()
                    )
            yield from found or [each]


def _source(name: str) -> str | bytes:
    """Return a picture's file, or with the name ``-`` what standard input holds."""
    if name != "-":
        _refuse_folders(name)
        return name
    return sys.stdin.buffer.read()


def _refuse_folders(name: str) -> None:
    """Refuse a folder without pictures; suggest its subfolders, as a data set has them."""
    if not name:
        raise UserError("There is no file {path}.", path="''")
    is_folder = False
    with contextlib.suppress(OSError, ValueError):
        is_folder = Path(name).is_dir()
    if not is_folder:
        return
    try:
        below = sorted(path.name for path in Path(name).iterdir() if path.is_dir())
    except OSError as error:
        raise UserError(
            "{path} cannot be read: {reason}.",
            path=name,
            reason=reason_of(error),
        ) from error
    if not below:
        endings = ", ".join(sorted(read_suffixes()))
        raise UserError(
            "{name} is a folder without pictures: no name in it ends with one of {endings}.",
            name=name,
            endings=endings,
        )
    raise UserError(
        "{name} holds no picture itself, but {folders}. Choose those whose pictures are to be "
        "read: {first}, or {all} for all.",
        name=name,
        folders=counted("{count} folder", "{count} folders", len(below)),
        first=Path(name) / below[0],
        all=Path(name) / "*",
    )


def evaluate(arguments: argparse.Namespace) -> int:
    """Print loss and accuracy on the test pictures; write a report if requested."""
    from mnist_draw.analysis.pictures import Pictures
    from mnist_draw.analysis.report import prepare_folder, write_report
    from mnist_draw.analysis.results import count_results
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.library.network_data import class_names, data_of, remember_for, require_classes
    from mnist_draw.library.networks import find_network

    model = find_network(arguments.model, arguments.network)
    names = class_names(model)
    data = load_dataset(arguments.data, report) if arguments.data else data_of(model)
    for sentence in data.messages:
        report(sentence)
    trained_on = model.info.data or data.name
    if arguments.data is None and trained_on != data.name:
        report(
            _(
                "{title} was trained on {data}, and is measured on {name} here. Give its own "
                "data with --data.",
                title=title_of_model(model),
                data=trained_on,
                name=data.name,
            ),
        )
    if model.info.classes or len(data.classes) != len(names):
        require_classes(model, data)
    remember_for(model, arguments.data, data)
    if arguments.report is not None:
        prepare_folder(arguments.report, data.folder)
    pictures = Pictures(data.test_images, data.test_labels, _("{data} test", data=data.name))
    *_parts, results = count_results(model, pictures)
    page = None
    if arguments.report is not None:
        page = write_report(arguments.report, model, pictures, results)
    if arguments.json:
        figures = {
            "loss": round(results.loss, DECIMALS),
            "accuracy": round(results.accuracy, DECIMALS),
            "examples": results.total,
            "confusion": results.confusion.tolist(),
        }
        if names != DIGITS:
            figures["classes"] = list(names)
        echo(json_line(figures))
    else:
        echo(
            _(
                "{title}, on {total} test pictures of {name}:",
                title=title_of_model(model),
                total=number(results.total),
                name=data.name,
            ),
        )
        rows = [
            (_("test loss"), number(results.loss, ".6f")),
            (_("test accuracy"), format_percent(results.accuracy)),
        ]
        for line in table(rows[0], rows[1:]):
            echo(line, before="  ")
        if page is not None:
            echo(_("Saved {path}.", path=page))
    return 0


PREDICT = Subcommand(
    "predict",
    _(
        "Read the digit in each picture.\nPictures may be of any size, dark on light or light "
        "on dark.",
    ),
    (
        "photo.png scan.jpg",
        "scans --csv --model my.npz",
        "--number --decimal price.png",
        "--number year.png --json",
    ),
    predict,
    _add_predict_options,
)


EVALUATE = Subcommand(
    "evaluate",
    _("Measure a trained network on the 10,000 test pictures of MNIST or of another data set."),
    ("my.npz", "best --report results"),
    evaluate,
    _add_evaluate_options,
)
