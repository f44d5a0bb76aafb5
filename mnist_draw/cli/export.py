"""``mnist-draw export`` writes networks and runs for other programs; ``digits`` shares digits."""

from __future__ import annotations

import argparse
import contextlib
from collections import Counter
from pathlib import Path

from mnist_draw.cli.command import (
    MisuseError,
    Subcommand,
    add_json_option,
    add_network_option,
)
from mnist_draw.cli.output import echo, json_line, report
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, explained, number
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.storage.folders import data_folder
from mnist_draw.training.run import Run
from mnist_draw.training.run_formats import RUN_FORMATS, FileFormat

_FORMATS: dict[str, FileFormat] = {**NETWORK_FORMATS, **RUN_FORMATS}


def _add_export_options(parser: argparse.ArgumentParser) -> None:
    formats = _FORMATS.values()
    meanings = explained({f"{entry.name} ({entry.ending})": entry.meaning for entry in formats})
    parser.add_argument(
        "what",
        metavar="MODEL",
        help=_(
            "a network: a file, a name such as best, or one that mnist-draw models lists; latest "
            "is that of the newest run. For figures a run: latest, or one that mnist-draw runs "
            "lists",
        ),
    )
    parser.add_argument(
        "out",
        metavar="OUT",
        help=_("the file to write; its extension determines the format"),
    )
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        metavar="FORMAT",
        help=_("the format: {meanings}", meanings=meanings),
    )
    add_network_option(parser)
    _add_overwrite_option(parser)
    add_json_option(parser)


def _add_overwrite_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help=_("replace a file that exists"))


def export(arguments: argparse.Namespace) -> int:
    """Write the file; replace one only with --overwrite."""
    from mnist_draw.storage import check_writable, write_atomically

    out = Path(arguments.out)
    kind = _FORMATS[arguments.format] if arguments.format else _format_of(out)
    endings = {entry.ending for entry in _FORMATS.values()}
    if out.suffix.lower() in endings - {kind.ending}:
        raise _wrong_ending(out, kind.ending)
    _require_free(out, arguments.overwrite)
    check_writable(out)
    if kind.name in RUN_FORMATS:
        from mnist_draw.training.record import load_history

        run = _run_of(arguments.what)
        content = kind.pack(run, load_history(run))
        title = run.full_title
    else:
        from mnist_draw.library.networks import find_network

        model = find_network(arguments.what, arguments.network)
        content = kind.pack(model)
        title = title_of_model(model)
    write_atomically(out, content)
    if arguments.json:
        entry = {"title": title, "file": str(out), "format": kind.name, "bytes": len(content)}
        echo(json_line(entry))
        return 0
    echo(_("{title} was written to {path} ({format}).", title=title, path=out, format=kind.title))
    return 0


def _wrong_ending(out: Path, ending: str) -> MisuseError:
    return MisuseError(
        "{path} does not end in {ending}. Nothing was written. Choose another name or format.",
        path=out,
        ending=ending,
    )


def _require_free(out: Path, overwrite: bool) -> None:
    if out.exists() and not overwrite:
        raise UserError(
            "{path} exists and is unchanged. Choose another name, or add --overwrite.",
            path=out,
        )


def _run_of(what: str) -> Run:
    from mnist_draw.library.entries import run_named
    from mnist_draw.library.networks import find_stored
    from mnist_draw.training.run_list import list_runs

    try:
        return run_named(what, list_runs()[0])
    except UserError:
        is_network = Path(what).is_file()
        with contextlib.suppress(UserError):
            is_network = is_network or find_stored(what) is not None
        if not is_network:
            raise
        raise UserError(
            "{what} is a network without a run, so there are no figures to write. mnist-draw runs "
            "lists the runs.",
            what=what,
        ) from None


def _format_of(out: Path) -> FileFormat:
    """Return the format of a file's ending; of two, that for other programs, or for epochs."""
    preferred = [_FORMATS["npz"], *_FORMATS.values()]
    for entry in preferred:
        if out.suffix.lower() == entry.ending:
            return entry
    endings = ", ".join(dict.fromkeys(entry.ending for entry in preferred))
    raise MisuseError(
        "The extension of {path} does not match a format. Use one of {endings}; for other "
        "formats, use --format.",
        path=out,
        endings=endings,
    )


def _add_digits_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        nargs="?",
        choices=("count", "export", "import"),
        default="count",
    )
    parser.add_argument("files", metavar="FILE.zip", nargs="*")
    _add_overwrite_option(parser)


def share_digits(arguments: argparse.Namespace) -> int:
    from mnist_draw.storage.my_digits import list_digits, merge_digits, pack_digits

    data_folder()
    files = arguments.files
    if arguments.action == "import":
        if not files:
            raise _no_file("import")
        status = 0
        for file in files:
            merged = merge_digits(file)
            for sentence in merged.refused:
                report(sentence)
            if merged.added or merged.known:
                found = {"new": number(merged.added), "known": number(merged.known)}
                echo(_("New digits in {file}: {new}; already kept: {known}.", file=file, **found))
            else:
                report(_("{file} holds no digit that can be added.", file=file))
                status = 1
        return status
    digits = list_digits()
    if arguments.action == "export":
        if len(files) != 1:
            raise _no_file("export")
        out = Path(files[0])
        if out.suffix.lower() != ".zip":
            raise _wrong_ending(out, ".zip")
        if not digits:
            raise UserError("No digits have been taught yet; nothing was written.")
        _require_free(out, arguments.overwrite)
        pack_digits(out, digits)
        echo(
            counted(
                "{count} digit is in {path}.",
                "{count} digits are in {path}.",
                len(digits),
                path=out,
            ),
        )
        return 0
    counts = Counter(digit.label for digit in digits)
    echo(counted("{count} digit was taught.", "{count} digits were taught.", len(digits)))
    for label in sorted(counts):
        echo(f"  {label}: {number(counts[label])}")
    return 0


def _no_file(action: str) -> MisuseError:
    return MisuseError("Give the file's name: mnist-draw digits {action} FILE.zip", action=action)


EXPORT = Subcommand(
    "export",
    _(
        "Write a trained network, or the figures of a run, for other programs.\nONNX needs the "
        "package onnx and TensorBoard's events need tensorboardX; both come with "
        "mnist_draw[export].",
    ),
    (
        "best best.onnx",
        "my.npz reader.py",
        "my.npz parameters.npz",
        "latest curves.csv",
        "latest logs/run.tfevents",
    ),
    export,
    _add_export_options,
)


DIGITS = Subcommand(
    "digits",
    _(
        "Count the digits under My digits, write them into one file for others, or add "
        "those of others.\nEach digit is kept once, however often it is added; nothing is "
        "replaced.",
    ),
    ("", "export anna.zip", "import anna.zip ben.zip"),
    share_digits,
    _add_digits_options,
)
