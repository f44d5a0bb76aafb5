"""``mnist-draw export`` writes networks and runs for other programs; ``digits`` shares digits."""

from __future__ import annotations

import argparse
import contextlib
from collections import Counter
from pathlib import Path

from mnist_draw.cli.command import MisuseError, Subcommand, add_json_option, add_network_option
from mnist_draw.cli.output import echo, json_line, tell
from mnist_draw.errors import UserError
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.storage.folders import data_folder
from mnist_draw.training.record import Run
from mnist_draw.training.run_formats import RUN_FORMATS, FileFormat

_FORMATS: dict[str, FileFormat] = {**NETWORK_FORMATS, **RUN_FORMATS}


def _add_export_options(parser: argparse.ArgumentParser) -> None:
    meanings = "; ".join(
        f"{entry.name} ({entry.ending}): {entry.meaning}" for entry in _FORMATS.values()
    )
    parser.add_argument(
        "what",
        metavar="MODEL",
        help="a network: a file, a name such as best, or one that mnist-draw models lists; latest "
        "is that of the newest run. For figures a run: latest, or one that mnist-draw runs lists",
    )
    parser.add_argument("out", metavar="OUT", help="the file to write; its ending says the format")
    parser.add_argument(
        "--format", choices=_FORMATS, metavar="FORMAT", help=f"the format: {meanings}"
    )
    add_network_option(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    add_json_option(
        parser,
        'print a JSON object: "title", "file", "format" and "bytes"',
    )
    parser.set_defaults(run=export)


EXPORT = Subcommand(
    "export",
    "write a network or the figures of a run for other programs",
    "Write a trained network, or the figures of a run, for other programs. ONNX needs the package "
    "onnx and TensorBoard's events need tensorboardX; both come with mnist_draw[export].",
    (
        ("best best.onnx", "the best network that ships, for ONNX Runtime"),
        ("my.npz reader.py", "a Python program that needs NumPy alone"),
        ("my.npz parameters.npz", "weights and biases as numpy.savez writes them"),
        ("latest curves.csv", "loss and accuracy of the newest run, epoch by epoch"),
        ("latest logs/run.tfevents", "the same for tensorboard --logdir logs"),
    ),
    _add_export_options,
)


def export(arguments: argparse.Namespace) -> int:
    """Write the file; replace one only with --overwrite."""
    from mnist_draw.storage import check_writable, write_atomically

    out = Path(arguments.out)
    kind = _FORMATS[arguments.format] if arguments.format else _format_of(out)
    endings = {entry.ending for entry in _FORMATS.values()}
    if out.suffix.lower() in endings - {kind.ending}:
        raise MisuseError(
            f"{out} does not end in {kind.ending}, as files of the format {kind.name} do. Nothing "
            "was written. Choose another name, or another format."
        )
    _require_free(out, arguments.overwrite)
    check_writable(out)
    if kind.name in RUN_FORMATS:
        from mnist_draw.training.record import load_history

        run = _run_of(arguments.what)
        content, title = kind.pack(run, load_history(run)), run.full_title
    else:
        from mnist_draw.library.networks import find_network

        model = find_network(arguments.what, arguments.network)
        content, title = kind.pack(model), model.title
    write_atomically(out, content)
    if arguments.json:
        entry = {"title": title, "file": str(out), "format": kind.name, "bytes": len(content)}
        echo(json_line(entry))
        return 0
    echo(f"{title} is written to {out} ({kind.title}, {_size(len(content))}).")
    return 0


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e3:,.0f} kB"


def _require_free(out: Path, overwrite: bool) -> None:
    if out.exists() and not overwrite:
        raise UserError(f"{out} exists and is unchanged. Choose another name, or add --overwrite.")


def _run_of(what: str) -> Run:
    from mnist_draw.library.networks import find_stored
    from mnist_draw.training.run_list import list_runs, run_called

    try:
        return run_called(what, list_runs()[0])
    except UserError:
        is_network = Path(what).is_file()
        with contextlib.suppress(UserError):
            is_network = is_network or find_stored(what) is not None
        if not is_network:
            raise
        raise UserError(
            f"{what} is a network without a run, so there are no figures to write. "
            "mnist-draw runs lists the runs."
        ) from None


def _format_of(out: Path) -> FileFormat:
    """Return the format of a file's ending; of two, that for other programs, or for epochs."""
    preferred = [_FORMATS["npz"], *_FORMATS.values()]
    for entry in preferred:
        if out.suffix.lower() == entry.ending:
            return entry
    endings = ", ".join(dict.fromkeys(entry.ending for entry in preferred))
    raise MisuseError(
        f"The ending of {out} says no format. There are {endings}; --format names others."
    )


def _add_digits_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=("count", "export", "import"),
        default="count",
        help="count those that are kept, write them into one file, or take in those of files "
        "(default: count)",
    )
    parser.add_argument("files", metavar="FILE.zip", nargs="*", help="the file to share")
    parser.add_argument(
        "--overwrite", action="store_true", help="let export replace a file that exists"
    )
    parser.set_defaults(run=share_digits)


DIGITS = Subcommand(
    "digits",
    "share the digits that you have taught",
    "Count the digits under My digits, write them into one file for others, or take in those of "
    "others. Each digit is kept once, however often it is taken in; nothing is replaced.",
    (
        ("", "how many of each are kept"),
        ("export anna.zip", "all of them, for others"),
        ("import anna.zip ben.zip", "those of others, beside your own"),
    ),
    _add_digits_options,
)


def share_digits(arguments: argparse.Namespace) -> int:
    from mnist_draw.storage.my_digits import list_digits, merge_digits, pack_digits

    data_folder()
    files = arguments.files
    if arguments.action == "import":
        if not files:
            raise MisuseError("Say which files to take in: mnist-draw digits import FILE.zip …")
        status = 0
        for file in files:
            merged = merge_digits(file)
            for sentence in merged.refused:
                tell(sentence)
            if merged.added or merged.known:
                new = _digits(merged.added, "new ")
                echo(f"{file}: {new}, {merged.known:,} that {_were(merged.known)} kept already.")
            else:
                tell(f"{file} holds no digit that can be taken in.")
                status = 1
        return status
    digits = list_digits()
    if arguments.action == "export":
        if len(files) != 1:
            raise MisuseError("Say into which file to write: mnist-draw digits export FILE.zip")
        out = Path(files[0])
        if out.suffix.lower() != ".zip":
            raise MisuseError(
                f"Digits are written into a file whose name ends in .zip, which {out} does not. "
                "Nothing was written."
            )
        if not digits:
            raise UserError("No digits were taught yet; nothing was written.")
        _require_free(out, arguments.overwrite)
        pack_digits(out, digits)
        echo(f"{_digits(len(digits))} {'is' if len(digits) == 1 else 'are'} in {out}.")
        return 0
    counts = Counter(digit.label for digit in digits)
    echo(f"{_digits(len(digits))} {_were(len(digits))} taught.")
    for label in sorted(counts):
        echo(f"  {label}: {counts[label]:,}")
    return 0


def _digits(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}digit{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
