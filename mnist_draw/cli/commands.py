"""All commands, one entry each, in the order of the help."""

from __future__ import annotations

from mnist_draw.cli import completion, desktop, predict, script, train
from mnist_draw.cli.command import Command
from mnist_draw.cli.files import data, digits, export, kept
from mnist_draw.cli.health import doctor

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        train.TRAIN,
        predict.EVALUATE,
        predict.PREDICT,
        kept.MODELS,
        kept.RUNS,
        export.EXPORT,
        data.DATA,
        digits.DIGITS,
        script.SCRIPT,
        desktop.DESKTOP,
        doctor.DOCTOR,
        completion.COMPLETION,
    )
}
