"""``mnist-draw train``: train a network and save it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mnist_draw.cli.setting_options import add_options, given_options
from mnist_draw.errors import UserError
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.settings_file import load_settings, read_settings
from mnist_draw.training.updates import usual_learning_rate

if TYPE_CHECKING:
    from mnist_draw.training.runs.checkpoint import Checkpoint

_DEFAULT_OUTPUT = "model.npz"
#: A name for each option that must not be empty, for the sentence about it.
_LIKE = {"output": _DEFAULT_OUTPUT, "checkpoint": "run.ckpt", "resume": "run.ckpt"}


def add_command(commands: Any) -> None:
    """Add ``train`` to the parser's commands."""
    parser = commands.add_parser(
        "train",
        help="train a network and save it",
        description="Train a network on MNIST and save it. Without options this is the "
        "tutorial's recipe. Ctrl-C stops and saves what was learnt.",
        allow_abbrev=False,
    )
    add_options(parser, TrainingSettings)
    _add = parser.add_argument
    _add(
        "--config",
        metavar="FILE",
        help="a JSON file with settings by name, as in a model's description; options given "
        "here take precedence",
    )
    _add(
        "--output",
        metavar="FILE.npz",
        help=f"where to save the network (default: {_DEFAULT_OUTPUT}, or the next free "
        "model-2.npz and so on)",
    )
    _add(
        "--checkpoint",
        metavar="FILE",
        help="after every epoch, write all that it takes to continue the run",
    )
    _add(
        "--resume",
        metavar="FILE",
        help="continue the run of a checkpoint to its planned number of epochs, as if it had "
        "never been interrupted; goes on writing the same file unless --checkpoint names another",
    )
    parser.set_defaults(run=lambda arguments: run(arguments, parser.error))


def run(arguments: argparse.Namespace, misuse: Callable[[str], NoReturn]) -> int:
    """Train as the options say.

    Parameters
    ----------
    arguments : argparse.Namespace
    misuse : callable
        Ends the program with a sentence about options that make no sense.

    Returns
    -------
    int
        The exit status.
    """
    for option, example in _LIKE.items():
        if vars(arguments)[option] == "":
            misuse(f"--{option} is empty; it must name a file, such as --{option} {example}")
    given = given_options(arguments, TrainingSettings)
    resume = _load_resume(arguments, given, misuse)
    settings = _settings(arguments, given, resume, misuse)
    checkpoint = arguments.checkpoint or arguments.resume
    output = Path(arguments.output) if arguments.output else _free_name(Path(_DEFAULT_OUTPUT))
    _check_places(output, checkpoint, arguments, misuse)
    # Only now: the heavy imports.
    from mnist_draw.cli.train_run import train_and_save

    return train_and_save(
        settings, output, Path(checkpoint) if checkpoint is not None else None, resume
    )


def _load_resume(
    arguments: argparse.Namespace, given: dict[str, Any], misuse: Callable[[str], NoReturn]
) -> Checkpoint | None:
    if arguments.resume is None:
        return None
    if arguments.config is not None:
        misuse(
            "--config cannot be combined with --resume: the run's settings are in its checkpoint"
        )
    surplus = sorted(name for name in given if not SETTINGS[name].with_resume)
    if surplus:
        misuse(
            f"{SETTINGS[surplus[0]].option} cannot be combined with --resume: the run's settings "
            "are in its checkpoint"
        )
    from mnist_draw.training.runs.checkpoint import load_checkpoint

    return load_checkpoint(arguments.resume)


def _settings(
    arguments: argparse.Namespace,
    given: dict[str, Any],
    resume: Checkpoint | None,
    misuse: Callable[[str], NoReturn],
) -> TrainingSettings:
    named = set(given)
    if resume is not None:
        settings = resume.settings
    elif arguments.config is not None:
        settings = load_settings(arguments.config)
        named |= set(read_settings(arguments.config))
    else:
        settings = TrainingSettings()
    settings = settings.replace(**given)
    if resume is None and "learning_rate" not in named:
        settings = settings.replace(learning_rate=usual_learning_rate(settings.update))
    if "start_model" in given and "network" not in given:
        from mnist_draw.recognition.network_library import load_trained

        settings = settings.replace(network=load_trained(given["start_model"]).network)
    try:
        settings.validate()
    except UserError as error:
        misuse(str(error))
    return settings


def _check_places(
    output: Path,
    checkpoint: str | None,
    arguments: argparse.Namespace,
    misuse: Callable[[str], NoReturn],
) -> None:
    """Find out before hours of training whether their result can be kept."""
    from mnist_draw.storage import check_writable

    if checkpoint is not None and Path(checkpoint).resolve() == output.resolve():
        misuse(f"the network and the checkpoint cannot be the same file ({output})")
    check_writable(output)
    if checkpoint is not None:
        check_writable(checkpoint)
    for name in (arguments.config, arguments.resume):
        if name is not None and Path(name).resolve() == output.resolve():
            misuse(f"--output would replace the file that is read ({output})")


def _free_name(path: Path) -> Path:
    """Return a name that no file has: without --output nothing is replaced."""
    return next(name for name in _numbered(path) if not name.exists())


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    number = 2
    while True:
        yield path.with_stem(f"{path.stem}-{number}")
        number += 1
