"""``mnist-draw predict`` reads pictures; ``mnist-draw evaluate`` measures a network."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mnist_draw.cli.output import put, tell
from mnist_draw.dataset.picture_formats import read_titles
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import Answer, NumberAnswer

#: Digits of a figure in JSON: more than float32 has would only be noise.
_DECIMALS = 6


def add_predict_command(commands: Any) -> None:
    """Add ``predict`` to the parser's commands."""
    parser = commands.add_parser(
        "predict",
        help="say which digit each picture shows",
        description="Say which digit each picture shows. Pictures may be of any size, dark on "
        f"light or light on dark: {read_titles()}.",
        allow_abbrev=False,
    )
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="a picture file")
    parser.add_argument(
        "--model", metavar="FILE.npz", help="the trained network to ask (default: the shipped one)"
    )
    parser.add_argument(
        "--number",
        action="store_true",
        help="read a whole number: one line of digits from left to right; JSON adds "
        '"number" (text, "?" for what is no digit, null if nothing is one) and "digits", each '
        'with "digit", "confidence" and "box" (left, top, width, height in pixels)',
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='print a JSON object for each picture: "image", "digit" (null for what is no digit), '
        '"confidence" (0 to 1) and "probabilities"; for one that cannot be read "image" and '
        '"error", a sentence',
    )
    parser.set_defaults(run=predict)


def add_evaluate_command(commands: Any) -> None:
    """Add ``evaluate`` to the parser's commands."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a trained network on the test pictures",
        description="Measure a trained network on the 10,000 test pictures of MNIST or of "
        "another data set.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="FILE.npz", help="the trained network")
    parser.add_argument(
        "--data", metavar="DIR", help="a folder with IDX files (default: MNIST, which ships)"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='print a JSON object: "loss" (mean cross-entropy in nats), "accuracy" (0 to 1), '
        '"examples" and "confusion" (10 lists of 10 numbers: how often each true digit, a list, '
        "was read as each digit)",
    )
    parser.add_argument(
        "--report",
        metavar="DIR",
        help="also write a report to this folder: confusion matrix, recall and precision of each "
        "digit, the mistakes with their pictures, and how often the network is right when it says "
        "how sure it is (CSV and PNG files, and one HTML page that needs nothing else)",
    )
    parser.set_defaults(run=evaluate)


def predict(arguments: argparse.Namespace) -> int:
    """Answer for every picture; one that cannot be read does not keep the others from it."""
    from mnist_draw.recognition.kept_model import load_trained
    from mnist_draw.recognition.network_library import default_model
    from mnist_draw.recognition.numbers.number_reader import read_number
    from mnist_draw.recognition.pictures.picture_file import load_picture, picture_size
    from mnist_draw.recognition.recogniser import Recogniser

    model = default_model(tell) if arguments.model is None else load_trained(arguments.model)
    recogniser = Recogniser(model)
    status = 0
    for name in arguments.images:
        try:
            ink = load_picture(name)
            answer = recogniser.recognise_ink(ink)
            number = read_number(recogniser, ink, answer) if arguments.number else None
            size = picture_size(name) if number is not None and number.digits else (1, 1)
        except UserError as error:
            tell(str(error))
            if arguments.json:
                put(json.dumps({"image": name, "error": str(error)}))
            status = 1
        else:
            if arguments.json:
                found = _as_object(name, answer)
                if number is not None:
                    found.update(_number_object(number, size[0] / ink.shape[1]))
                line = json.dumps(found)
            elif number is not None and len(number.digits) > 1:
                line = f"{name}: {number.text} ({_sureness(number)})"
            else:
                line = _as_line(name, answer)
            put(line)
    return status


def evaluate(arguments: argparse.Namespace) -> int:
    """Print loss and accuracy on the test pictures; write a report where one is asked for."""
    from mnist_draw.analysis.pictures import Pictures
    from mnist_draw.analysis.report.files import prepare_folder, write_report
    from mnist_draw.analysis.results import count_results
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.recognition.kept_model import load_trained

    model = load_trained(arguments.model)
    data = load_dataset(arguments.data)
    trained_on = model.info.data or data.name
    if arguments.data is None and trained_on != data.name:
        tell(
            f"{model.title} was trained on {trained_on}, and is measured on {data.name} here. "
            "Name the folder of its own data with --data."
        )
    if arguments.report is not None:
        prepare_folder(arguments.report)
    pictures = Pictures(data.test_images, data.test_labels, f"{data.name} test", "Test picture")
    *_, results = count_results(model, pictures)
    page = None
    if arguments.report is not None:
        page = write_report(arguments.report, model, pictures, results)
    if arguments.json:
        figures = {
            "loss": round(results.loss, _DECIMALS),
            "accuracy": round(results.accuracy, _DECIMALS),
            "examples": results.total,
            "confusion": results.confusion.tolist(),
        }
        put(json.dumps(figures))
    else:
        put(f"{model.title}, on {results.total:,} test pictures of {data.name}:")
        put(f"  test loss:\t\t\t{results.loss:.6f}")
        put(f"  test accuracy:\t\t{results.accuracy * 100:.2f} %")
        if page is not None:
            put(f"  report:\t\t\t{page}")
    return 0


def _as_object(name: str, answer: Answer) -> dict[str, Any]:
    return {
        "image": name,
        "digit": answer.digit,
        "confidence": round(answer.confidence, _DECIMALS),
        "probabilities": _rounded(answer.probabilities.tolist()),
    }


def _number_object(number: NumberAnswer, scale: float) -> dict[str, Any]:
    """Return the JSON of a number; boxes are multiplied to pixels of the picture's own."""
    return {
        "number": number.text if number.text.strip("?") else None,
        "digits": [
            {
                "digit": part.digit,
                "confidence": round(part.confidence, _DECIMALS),
                "box": [round(side * scale) for side in part.box],
            }
            for part in number.digits
        ],
    }


def _sureness(number: NumberAnswer) -> str:
    if not number.strange:
        return f"{number.confidence * 100:.1f} %"
    return f"{number.strange} of {len(number.digits)} parts do not look like digits"


def _as_line(name: str, answer: Answer) -> str:
    if answer.is_empty:
        return f"{name}: nothing ({answer.reason})"
    if answer.is_sure:
        return f"{name}: {answer.text} ({answer.confidence * 100:.1f} %)"
    return f"{name}: {answer.text} ({answer.reason})"


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(value, _DECIMALS) for value in values]
