"""``mnist-draw train``: train a network and save it."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_draw.cli.command import MisuseError, Subcommand, add_json_option
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, explained, joined, listed, number, parse_number
from mnist_draw.training.presets import PRESETS, find_preset, load_settings, read_settings
from mnist_draw.training.setting import (
    AnySetting,
    Choice,
    Flag,
    RealNumber,
    RuleParameters,
    Setting,
    WholeNumber,
    wrong_kind,
)
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES, usual_learning_rate

if TYPE_CHECKING:
    from mnist_draw.cli.train_run import NetworkPlace
    from mnist_draw.training.checkpoint import Checkpoint
    from mnist_draw.training.run import Run

#: Without --output, the network is saved under this name, or the next free one.
DEFAULT_OUTPUT = "model.npz"
#: A name for each option that must not be empty, for the sentence about it.
_LIKE = {"output": DEFAULT_OUTPUT, "checkpoint": "run.ckpt", "resume": "run.ckpt"}


def _add_options(parser: argparse.ArgumentParser) -> None:
    _add_setting_options(parser)
    _add = parser.add_argument
    presets = explained({name: preset.meaning for name, preset in PRESETS.items()})
    _add(
        "--preset",
        metavar="NAME",
        help=_(
            "settings that belong together ({presets}); options given here take precedence "
            "(default: tutorial)",
            presets=presets,
        ),
    )
    _add(
        "--config",
        metavar="FILE",
        help=_(
            "a JSON file with settings by name, as in a model's description, or the record of a "
            "run; options given here take precedence",
        ),
    )
    _add(
        "--like",
        metavar="RUN",
        help=_(
            "repeat a run, by its name in mnist-draw runs or its record, with the settings that "
            "were changed while it trained; options given here take precedence",
        ),
    )
    _add(
        "--output",
        metavar="FILE.npz",
        help=_(
            "where to save the network (default: {name}, or the next free model-2.npz "
            "and so on); another network that is there is kept under the next free name",
            name=DEFAULT_OUTPUT,
        ),
    )
    _add(
        "--checkpoint",
        metavar="FILE",
        help=_("after every epoch, write what is needed to continue the run"),
    )
    _add(
        "--resume",
        metavar="FILE",
        help=_(
            "continue the run of a checkpoint to its planned number of epochs, as if it had "
            "never been interrupted; keeps writing to the same file unless --checkpoint names "
            "another",
        ),
    )
    _add(
        "--overwrite",
        action="store_true",
        help=_(
            "do not keep a copy of the network that --output replaces, and let --checkpoint "
            "replace the checkpoint of another run",
        ),
    )
    said = parser.add_mutually_exclusive_group()
    said.add_argument("--quiet", action="store_true", help=_("print nothing but problems"))
    add_json_option(said)
    _add(
        "--no-run",
        action="store_true",
        help=_("do not keep the run in the Library, only the network"),
    )


def _add_setting_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each setting; one that is not given stays None."""
    defaults = TrainingSettings().to_json()
    for name, setting in SETTINGS.items():
        parser.add_argument(
            setting.option,
            dest=name,
            help=_help(name, setting, defaults[name]),
            **_reading(setting),
        )


def _given_options(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {
        name: value
        for name, value in vars(arguments).items()
        if name in SETTINGS and value is not None
    }
    if "update_parameters" in given:
        given["update_parameters"] = dict(given["update_parameters"])
    return given


def _reading(setting: AnySetting) -> dict[str, Any]:
    """Return what `argparse` needs in order to read a setting's option."""
    if isinstance(setting, Flag):
        return {"action": "store_const", "const": True}
    reading: dict[str, Any] = {"metavar": setting.metavar}
    if isinstance(setting, WholeNumber | RealNumber):
        kind = int if isinstance(setting, WholeNumber) else float
        reading["type"] = partial(_number, setting, kind)
    elif isinstance(setting, RuleParameters):
        reading |= {"action": "append", "type": _name_and_number}
    elif isinstance(setting, Choice) and setting.bare:
        reading |= {"nargs": "?", "const": setting.bare}
    return reading


def _number(setting: WholeNumber | RealNumber, kind: type[float], text: str) -> float:
    """Read a number in its range; what refuses it names the option itself."""
    try:
        value = _read_number(text, kind)
        setting.check(setting.option, value)
    except ValueError:
        wrong: UserError = wrong_kind(setting.option, text, setting.kind)
    except UserError as error:
        wrong = error
    else:
        return value
    raise argparse.ArgumentError(None, str(wrong))


def _read_number(text: str, kind: type[float] = float) -> float:
    """Read a number as Python writes it, as scripts do in every language; else as the language."""
    try:
        return kind(text)
    except ValueError:
        value = parse_number(text)
        if kind is not float and not value.is_integer():
            raise ValueError(text) from None
        return kind(value)


def _help(name: str, setting: Setting, default: Any) -> str:
    """Return the sentences of a setting's option: what it is, its values and its default."""
    sentences = [setting.sentence, *setting.describe_values()]
    if name == "learning_rate":
        rules = UPDATE_RULES.values()
        usual = (f"{rule.name} {number(rule.learning_rate, 'g')}" for rule in rules)
        rates = listed(usual, long=True)
        sentences.append(_("Default: the update rule's usual one ({rates}).", rates=rates))
    elif setting.has_default:
        value = setting.nothing if default is None else default
        sentences.append(_("Default: {value}.", value=value))
    return joined(*sentences)


def _name_and_number(text: str) -> tuple[str, float]:
    name, _equals, value = text.partition("=")
    try:
        return name.strip(), _read_number(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            _("{text!r} is not a name with a number, such as rho=0.95", text=text),
        ) from None


def run(arguments: argparse.Namespace) -> int:
    for option, example in _LIKE.items():
        if vars(arguments)[option] == "":
            raise MisuseError(
                "--{option} is empty; it must name a file, such as --{option} {example}",
                option=option,
                example=example,
            )
    given = _given_options(arguments)
    resume = _load_resume(arguments, given)
    like = _load_like(arguments)
    settings = _settings(arguments, given, resume, like)
    chosen = "batch_size" in given
    place, checkpoint = _places(arguments, settings)
    # Only now: the heavy imports.
    from mnist_draw.cli.train_run import Form, Progress, train_and_save

    form: Form = "json" if arguments.json else "quiet" if arguments.quiet else "lines"
    return train_and_save(
        settings,
        place,
        Progress(form, arguments.checkpoint is not None or arguments.resume is not None),
        checkpoint=checkpoint,
        resume=resume,
        listed=not arguments.no_run,
        batch_size_chosen=chosen,
        like=like,
    )


def _load_resume(arguments: argparse.Namespace, given: dict[str, Any]) -> Checkpoint | None:
    if arguments.resume is None:
        return None
    surplus = [
        f"--{name}" for name in ("config", "preset", "like") if vars(arguments)[name] is not None
    ]
    surplus += [SETTINGS[name].option for name in sorted(given) if not SETTINGS[name].with_resume]
    if surplus:
        raise MisuseError(
            "{option} cannot be combined with --resume: the run's settings are in its checkpoint",
            option=surplus[0],
        )
    from mnist_draw.training.checkpoint import load_checkpoint

    found = load_checkpoint(arguments.resume)
    epochs = given.get("epochs", found.epoch)
    if epochs < found.epoch:
        raise MisuseError(
            "--epochs {epochs} is less than the {epoch} epochs that the run in {path} "
            "has trained already. Nothing was trained or written. Give it more, such as "
            "--epochs {more}, or leave --epochs out: its plan is {planned}.",
            epochs=epochs,
            epoch=found.epoch,
            path=arguments.resume,
            more=found.epoch + 10,
            planned=found.settings.epochs,
        )
    return found


def _load_like(arguments: argparse.Namespace) -> Run | None:
    if arguments.like is None:
        return None
    for other in ("config", "preset"):
        if vars(arguments)[other] is not None:
            raise MisuseError(
                "--like cannot be combined with --{other}: both specify all settings",
                other=other,
            )
    from mnist_draw.training.repeat import find_run

    return find_run(arguments.like)


def _settings(
    arguments: argparse.Namespace,
    given: dict[str, Any],
    resume: Checkpoint | None,
    like: Run | None,
) -> TrainingSettings:
    named = set(given)
    if arguments.preset is not None and arguments.config is not None:
        raise MisuseError(
            "--preset cannot be combined with --config: both specify all settings",
        )
    if resume is not None:
        settings = resume.settings
    elif like is not None:
        from mnist_draw.training.repeat import settings_at_start

        settings = settings_at_start(like)
        named |= set(SETTINGS)
    elif arguments.config is not None:
        settings = load_settings(arguments.config)
        named |= set(read_settings(arguments.config))
    elif arguments.preset is not None:
        settings = _preset(arguments.preset)
        # Its rate belongs to its rule.
        named |= set() if "update" in given else {"learning_rate"}
    else:
        settings = TrainingSettings()
    settings = settings.replace(**given)
    if resume is None and "learning_rate" not in named:
        settings = settings.replace(learning_rate=usual_learning_rate(settings.update))
    if resume is None and settings.start_model is not None:
        from mnist_draw.library.networks import file_of
        from mnist_draw.library.stored_network import load_trained

        start = file_of(settings.start_model)
        settings = settings.replace(start_model=start)
        if "network" not in (given if "start_model" in given else named):
            settings = settings.replace(network=load_trained(start).network)
    try:
        settings.validate()
    except UserError as error:
        raise MisuseError(str(error)) from error
    return settings


def _preset(name: str) -> TrainingSettings:
    try:
        return find_preset(name).settings
    except UserError as error:
        raise MisuseError(str(error)) from error


def _places(
    arguments: argparse.Namespace,
    settings: TrainingSettings,
) -> tuple[NetworkPlace, Path | None]:
    """Return where to write, having found out whether the result of hours can be kept there."""
    from mnist_draw.storage import check_writable

    read = {"config": arguments.config, "resume": arguments.resume, "from": settings.start_model}
    written = {"output": arguments.output, "checkpoint": arguments.checkpoint}
    for option, name in written.items():
        for source, other in read.items():
            same_run = (option, source) == ("checkpoint", "resume")
            if name and other and not same_run and _is_same(name, other):
                raise MisuseError(
                    "--{option} would replace the file that is read ({name})",
                    option=option,
                    name=name,
                )
    checkpoint = arguments.checkpoint or arguments.resume
    if arguments.output and checkpoint and _is_same(arguments.output, checkpoint):
        raise MisuseError(
            "the network and the checkpoint cannot be the same file ({name})",
            name=arguments.output,
        )
    from mnist_draw.cli.train_run import NetworkPlace

    place = NetworkPlace(Path(arguments.output) if arguments.output else None, arguments.overwrite)
    place.check()
    if checkpoint:
        check_writable(checkpoint)
        if not (arguments.resume and _is_same(checkpoint, arguments.resume)):
            _refuse_other_checkpoint(Path(checkpoint), arguments.overwrite)
    return place, Path(checkpoint) if checkpoint else None


def _is_same(one: str, other: str) -> bool:
    from mnist_draw.storage.atomic import resolve_path

    return resolve_path(one) == resolve_path(other)


def _refuse_other_checkpoint(path: Path, overwrite: bool) -> None:
    """Let a checkpoint replace nothing but a checkpoint, and that of another run when told to."""
    from mnist_draw.storage import StorageError
    from mnist_draw.storage.atomic import has_content
    from mnist_draw.training.checkpoint import CheckpointError, load_checkpoint

    if not has_content(path):
        return
    try:
        found = load_checkpoint(path)
    except CheckpointError as error:
        raise StorageError(
            "{who} would replace {path}, a file of another kind. It is unchanged. "
            "Delete it or choose another name. {error}",
            who="--checkpoint",
            path=path,
            error=error,
        ) from error
    if not overwrite:
        raise StorageError(
            "{path} holds another run ({network}, {epoch} of {epochs} epochs) and is unchanged. "
            "Continue it with --resume {path}, choose another name, or replace it with "
            "--overwrite.",
            path=path,
            network=found.settings.network,
            epoch=found.epoch,
            epochs=found.settings.epochs,
        )


TRAIN = Subcommand(
    "train",
    _(
        "Train a network on MNIST and save it.\nWithout options this is the tutorial's recipe. "
        "Ctrl-C stops and saves what was learned. The run is listed in the Library, here and in "
        "the window.",
    ),
    (
        "--epochs 20 --output my.npz",
        "--network cnn --augment --update adam --schedule cosine",
        "--network layers:500@tanh/0.4,300",
        "--checkpoint run.ckpt",
    ),
    run,
    _add_options,
)
