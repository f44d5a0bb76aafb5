"""``mnist-draw train``: train a network and save it."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mnist_draw.errors import UserError
from mnist_draw.training.settings import SCHEDULES, TrainingSettings
from mnist_draw.training.settings_file import load_settings

if TYPE_CHECKING:
    from mnist_draw.training.runs.checkpoint import Checkpoint

_DEFAULTS = TrainingSettings()
_DEFAULT_OUTPUT = "model.npz"
_BEST_RECIPE = "handwriting"
#: Options that a continued run may still be given; the others were settled when it began.
_WITH_RESUME = {"epochs", "data_folder", "extra_folder"}


def add_command(commands: Any) -> None:
    """Add ``train`` to the parser's commands."""
    from mnist_draw.dataset.augmentation.augmenter import RECIPES
    from mnist_draw.networks import NETWORKS
    from mnist_draw.training.updates import UPDATE_RULES

    parser = commands.add_parser(
        "train",
        help="train a network and save it",
        description="Train a network on MNIST and save it. Without options this is the "
        "tutorial's recipe. Ctrl-C stops and saves what was learnt.",
        allow_abbrev=False,
    )
    _add = parser.add_argument
    what = {name: f"{name} ({meaning})" for name, meaning in NETWORKS.items()}
    _add("--network", metavar="NETWORK", help=_help("; ".join(what.values()), "network"))
    _add("--epochs", type=int, metavar="N", help=_help("passes over the pictures", "epochs"))
    _add("--batch-size", type=int, metavar="N", help=_help("pictures at once", "batch_size"))
    _add("--learning-rate", type=float, metavar="X", help=_help("step size", "learning_rate"))
    schedules = "; ".join(f"{name}: {meaning}" for name, meaning in SCHEDULES.items())
    _add("--schedule", metavar="NAME", help=_help(schedules, "schedule"))
    rules = ", ".join(UPDATE_RULES)
    _add("--update", metavar="RULE", help=_help(f"update rule: {rules}", "update"))
    _add(
        "--update-parameter",
        dest="update_parameters",
        action="append",
        type=_name_and_number,
        metavar="NAME=X",
        help="a parameter of the update rule, such as rho=0.95; may be repeated",
    )
    recipes = "; ".join(f"{name}: {recipe.meaning}" for name, recipe in RECIPES.items())
    _add(
        "--augment",
        dest="augmentation",
        nargs="?",
        const=_BEST_RECIPE,
        metavar="RECIPE",
        help=_help(f"vary the training pictures ({recipes})", "augmentation")
        + f"; without RECIPE: {_BEST_RECIPE}",
    )
    _add("--l2", type=float, metavar="X", help=_help("weight of the L2 penalty", "l2"))
    _add("--seed", type=int, metavar="N", help=_help("same seed, same run", "seed"))
    _add(
        "--examples",
        dest="training_examples",
        type=int,
        metavar="N",
        help="use only the first N training pictures (default: all)",
    )
    _add(
        "--patience",
        type=int,
        metavar="N",
        help="stop after N epochs without a lower validation loss (default: never)",
    )
    _add(
        "--target-accuracy",
        type=float,
        metavar="X",
        help="stop at this validation accuracy, 0 to 1 (default: never)",
    )
    _add(
        "--keep-best",
        action="store_const",
        const=True,
        help="end with the weights of the epoch with the lowest validation loss",
    )
    _add(
        "--data",
        dest="data_folder",
        metavar="DIR",
        help="a folder with IDX files (default: MNIST, which ships)",
    )
    _add(
        "--extra",
        dest="extra_folder",
        metavar="DIR",
        help="learn the digits in this folder too: those taught in the window, or pictures in "
        "subfolders 0 to 9 or with names that begin with their digit",
    )
    _add(
        "--from",
        dest="start_model",
        metavar="FILE.npz",
        help="start from the weights of a trained network (default: fresh weights); its kind "
        "of network is taken too unless --network is given",
    )
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
    given = _given(arguments)
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


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given as options."""
    values = {
        field.name: getattr(arguments, field.name, None)
        for field in dataclasses.fields(TrainingSettings)
    }
    given = {name: value for name, value in values.items() if value is not None}
    if "update_parameters" in given:
        given["update_parameters"] = dict(given["update_parameters"])
    return given


def _load_resume(
    arguments: argparse.Namespace, given: dict[str, Any], misuse: Callable[[str], NoReturn]
) -> Checkpoint | None:
    if arguments.resume is None:
        return None
    if arguments.config is not None:
        misuse(
            "--config cannot be combined with --resume: the run's settings are in its checkpoint"
        )
    surplus = sorted(set(given) - _WITH_RESUME)
    if surplus:
        misuse(
            f"{_option(surplus[0])} cannot be combined with --resume: the run's settings are in "
            "its checkpoint"
        )
    from mnist_draw.training.runs.checkpoint import load_checkpoint

    return load_checkpoint(arguments.resume)


def _settings(
    arguments: argparse.Namespace,
    given: dict[str, Any],
    resume: Checkpoint | None,
    misuse: Callable[[str], NoReturn],
) -> TrainingSettings:
    if resume is not None:
        base = resume.settings
    elif arguments.config is not None:
        base = load_settings(arguments.config)
    else:
        base = _DEFAULTS
    settings = base.replace(**given)
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


def _option(field: str) -> str:
    names = {
        "training_examples": "--examples",
        "update_parameters": "--update-parameter",
        "data_folder": "--data",
        "extra_folder": "--extra",
        "start_model": "--from",
        "augmentation": "--augment",
    }
    return names.get(field, "--" + field.replace("_", "-"))


def _name_and_number(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name with a number, such as rho=0.95"
        ) from None


def _help(text: str, field: str) -> str:
    default = getattr(_DEFAULTS, field)
    return f"{text} (default: {default})".replace("%", "%%")
