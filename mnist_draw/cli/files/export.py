"""``mnist-draw export`` writes a network or the figures of a run for other programs."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping
from pathlib import Path

from mnist_draw.cli.command import Command, MisuseError
from mnist_draw.cli.output import json_line, put
from mnist_draw.errors import UserError
from mnist_draw.recognition.export.formats import NETWORK_FORMATS, NetworkFormat
from mnist_draw.training.runs.formats import RUN_FORMATS, RunFormat
from mnist_draw.training.runs.record import Run

_FORMATS: Mapping[str, NetworkFormat | RunFormat] = {**NETWORK_FORMATS, **RUN_FORMATS}


def _add_options(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument(
        "--network",
        metavar="NETWORK",
        default="",
        help="the architecture of a file of numpy.savez, as in mnist-draw train --network, where "
        "its shapes leave several",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument(
        "--json",
        action="store_true",
        help='print a JSON object: "title", "file", "format" and "bytes"',
    )
    parser.set_defaults(run=export)


EXPORT = Command(
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
    _add_options,
)


def export(arguments: argparse.Namespace) -> int:
    """Write the file; nothing is replaced unless that is asked for."""
    from mnist_draw.storage import check_writable, write_atomically

    out = Path(arguments.out)
    kind = _FORMATS[arguments.format] if arguments.format else _format_of(out)
    endings = {entry.ending for entry in _FORMATS.values()}
    if out.suffix.lower() in endings - {kind.ending}:
        raise MisuseError(
            f"{out} does not end in {kind.ending}, as files of the format {kind.name} do. Nothing "
            "was written. Choose another name, or another format."
        )
    require_free(out, arguments.overwrite)
    check_writable(out)
    if isinstance(kind, RunFormat):
        from mnist_draw.training.runs.record import load_history

        run = _run_of(arguments.what)
        content, title = kind.pack(run, load_history(run)), run.full_title
    else:
        from mnist_draw.recognition.network_files import find_network

        model = find_network(arguments.what, arguments.network)
        content, title = kind.pack(model), model.title
    write_atomically(out, content)
    if arguments.json:
        told = {"title": title, "file": str(out), "format": kind.name, "bytes": len(content)}
        put(json_line(told))
        return 0
    put(f"{title} is written to {out} ({kind.title}, {_size(len(content))}).")
    return 0


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e3:,.0f} kB"


def require_free(out: Path, overwrite: bool) -> None:
    """Refuse to write over a file, unless that is asked for."""
    if out.exists() and not overwrite:
        raise UserError(f"{out} exists and is unchanged. Choose another name, or add --overwrite.")


def _run_of(what: str) -> Run:
    from mnist_draw.recognition.network_files import find_kept
    from mnist_draw.training.runs.run_list import find_run

    try:
        return find_run(what)
    except UserError:
        is_network = Path(what).is_file()
        with contextlib.suppress(UserError):
            is_network = is_network or find_kept(what) is not None
        if not is_network:
            raise
        raise UserError(
            f"{what} is a network without a run, so there are no figures to write. "
            "mnist-draw runs lists the runs."
        ) from None


def _format_of(out: Path) -> NetworkFormat | RunFormat:
    """Return the format that a file's ending says.

    Of two with one ending it is the one for other programs, not the program's own, and the one
    for epochs, not the one for minibatches.
    """
    preferred = [_FORMATS["npz"], *_FORMATS.values()]
    for entry in preferred:
        if out.suffix.lower() == entry.ending:
            return entry
    endings = ", ".join(dict.fromkeys(entry.ending for entry in preferred))
    raise MisuseError(
        f"The ending of {out} says no format. There are {endings}; --format names others."
    )
