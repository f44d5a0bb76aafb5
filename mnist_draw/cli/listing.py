"""``mnist-draw models``, ``runs`` and ``data`` list networks, runs and a data set's classes."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_draw.cli.command import Subcommand, add_json_option
from mnist_draw.cli.output import echo, json_line, report, table, typed
from mnist_draw.errors import without_middle
from mnist_draw.i18n import _, format_percent, number, pgettext

if TYPE_CHECKING:
    from mnist_draw.training.run import Run


def list_networks(arguments: argparse.Namespace) -> int:
    from mnist_draw.library.networks import list_all

    networks = list_all()
    if arguments.json:
        for stored in networks:
            entry = {
                "name": stored.typed_name,
                "title": stored.title,
                "network": stored.network,
                "kind": stored.kind,
                "accuracy": stored.info.test_accuracy,
                "epochs": stored.info.epochs,
                "file": str(stored.path),
            }
            echo(json_line(entry))
        return 0
    rows = [
        (
            stored.typed_name,
            without_middle(stored.title),
            stored.kind or pgettext("network", "damaged"),
            stored.info.accuracy or "–",
        )
        for stored in networks
    ]
    for line in table((_("Name"), _("Title"), _("Network"), _("Accuracy")), rows):
        echo(line)
    return 0


def list_runs(arguments: argparse.Namespace) -> int:
    from mnist_draw.library.entries import list_entries
    from mnist_draw.recognition.run_session import in_use
    from mnist_draw.training import run_list
    from mnist_draw.training.record import cut_off, to_json
    from mnist_draw.training.run import STATE_WORDS

    runs, messages = run_list.list_runs()
    for sentence in messages:
        report(sentence)
    rows = []
    going_on = []
    names = {entry.run.folder: entry.name for entry in list_entries(runs) if entry.run}
    for run in map(cut_off, runs):
        state = run.state
        if state == "running" and not in_use(run.folder):
            state = "interrupted"
        if state == "interrupted" and (checkpoint := _elsewhere(run)):
            command = f"mnist-draw train --resume {typed(checkpoint) or checkpoint}"
            going_on.append(
                _("{name} continues with: {command}", name=run.folder.name, command=command),
            )
        if arguments.json:
            found: dict[str, Any] = {**to_json(run), "title": run.title, "state": state}
            found |= {"name": run.folder.name, "folder": str(run.folder)}
            echo(json_line(found))
        rows.append(
            (
                run.folder.name,
                without_middle(names[run.folder]),
                pgettext("run", "running") if state == "running" else STATE_WORDS[run.state],
                _("{done} of {total}", done=run.epochs_done, total=run.settings.epochs),
                format_percent(run.figures.get("validation_accuracy")),
                format_percent(run.figures.get("test_accuracy")),
            ),
        )
    if not arguments.json:
        heading = (
            _("Name"),
            _("Title"),
            _("State"),
            _("Epochs"),
            _("Validation accuracy"),
            _("Test accuracy"),
        )
        for line in table(heading, rows):
            echo(line)
        for sentence in going_on:
            echo(sentence)
        if not rows:
            echo(
                _(
                    "There is no run yet. Start one with mnist-draw train, or with Start in "
                    "the window.",
                ),
            )
    return 0


def _elsewhere(run: Run) -> str:
    """Return the checkpoint from which alone a run can go on, outside its folder; else nothing."""
    with contextlib.suppress(OSError, ValueError):
        place = run.checkpoint_elsewhere
        return place if not run.checkpoint.exists() and place and Path(place).is_file() else ""
    return ""


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="PATH",
        nargs="?",
        help=_(
            "the data set, a file or a folder as for train --data (default: MNIST, which ships)",
        ),
    )
    add_json_option(parser)


def describe_data(arguments: argparse.Namespace) -> int:
    from mnist_draw.dataset.mnist import load_dataset

    data = load_dataset(arguments.folder, report)
    for sentence in data.messages:
        report(sentence)
    labels = {
        "training": data.train_labels,
        "validation": data.validation_labels,
        "test": data.test_labels,
    }
    classes = len(data.classes)
    counts = {part: np.bincount(found, minlength=classes) for part, found in labels.items()}
    if arguments.json:
        entry = {"name": data.name, "folder": str(data.folder), "classes": data.classes}
        echo(json_line(entry | {part: found.tolist() for part, found in counts.items()}))
        return 0
    echo(_("{name}, in {folder}:", name=data.name, folder=data.folder))
    rows = [
        (name, *(number(found[place]) for found in counts.values()))
        for place, name in enumerate(data.classes)
    ]
    rows.append((_("all"), *(number(found.sum()) for found in counts.values())))
    for line in table((_("class"), _("training"), _("validation"), _("test")), rows):
        echo(line)
    return 0


MODELS = Subcommand(
    "models",
    _(
        "List all trained networks.\nThe first column names the network for predict --model, "
        "evaluate and export.",
    ),
    ("", "--json"),
    list_networks,
    add_json_option,
)


RUNS = Subcommand(
    "runs",
    _(
        "List all runs, the newest first.\nThe first column names the run for export, and its "
        "network for predict --model, evaluate and train --from.",
    ),
    ("", "--json"),
    list_runs,
    add_json_option,
)


DATA = Subcommand(
    "data",
    _("Check the files of a data set and count the pictures of each class."),
    ("", "fashion --json"),
    describe_data,
    _add_data_options,
)
