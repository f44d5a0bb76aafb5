"""One option for each training setting, with its help, from the setting's declaration."""

from __future__ import annotations

import argparse
from typing import Any, assert_never

from mnist_draw.networks import NETWORKS
from mnist_draw.training.setting import (
    AnySetting,
    Choice,
    Flag,
    Folder,
    NetworkFile,
    NetworkText,
    RealNumber,
    RuleParameters,
    Setting,
    WholeNumber,
    settings_of,
)
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES


def add_options(parser: argparse.ArgumentParser, kind: type[TrainingSettings]) -> None:
    """Add an option for each setting; what is not given stays None."""
    defaults = kind().to_json()
    for name, setting in settings_of(kind).items():
        parser.add_argument(
            setting.option,
            dest=name,
            # argparse reads a percent sign as the beginning of a name of its own.
            help=_help(name, setting, defaults[name]).replace("%", "%%"),
            **_reading(setting),
        )


def given_options(arguments: argparse.Namespace, kind: type[TrainingSettings]) -> dict[str, Any]:
    """Return the settings that were given as options, by name; ``kind`` as for `add_options`."""
    given = {
        name: value
        for name, value in vars(arguments).items()
        if name in settings_of(kind) and value is not None
    }
    if "update_parameters" in given:
        given["update_parameters"] = dict(given["update_parameters"])
    return given


def _reading(setting: AnySetting) -> dict[str, Any]:
    """Return what `argparse` needs in order to read a setting's option."""
    metavar: dict[str, Any] = {"metavar": setting.metavar}
    match setting:
        case WholeNumber():
            return {"type": int, **metavar}
        case RealNumber():
            return {"type": float, **metavar}
        case Choice(bare=bare) if bare:
            return {"nargs": "?", "const": bare, **metavar}
        case Choice() | NetworkText() | Folder() | NetworkFile():
            return metavar
        case RuleParameters():
            return {"action": "append", "type": _name_and_number, **metavar}
        case Flag():
            return {"action": "store_const", "const": True}
        case _:
            assert_never(setting)


def _help(name: str, setting: Setting, default: Any) -> str:
    """Return the setting's sentence as options are explained: with its default, without a stop."""
    sentence = setting.sentence.removesuffix(".")
    text = sentence if sentence.startswith(("MNIST", "L2")) else sentence[0].lower() + sentence[1:]
    match setting:
        case NetworkText():
            entries = "; ".join(f"{kind.grammar} ({kind.meaning})" for kind in NETWORKS.values())
            text += f": {entries}"
        case Choice(choices=choices):
            entries = "; ".join(f"{known}: {entry.meaning}" for known, entry in choices.items())
            text += f" ({entries})"
        case Flag() | RuleParameters():
            return text
        case RealNumber(percent=True):
            text += ", a share of 1"
        case NetworkFile():
            text += "; its kind of network is taken too unless --network is given"
    if name == "learning_rate":
        rates = ", ".join(f"{rule.name} {rule.learning_rate:g}" for rule in UPDATE_RULES.values())
        return f"{text} (default: the usual one of the update rule: {rates})"
    if isinstance(setting, Choice) and setting.bare:
        text += f"; without {setting.metavar}: {setting.bare}"
    return f"{text} (default: {setting.nothing if default is None else default})"


def _name_and_number(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name.strip(), float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name with a number, such as rho=0.95"
        ) from None
