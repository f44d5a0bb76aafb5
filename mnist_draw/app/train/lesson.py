"""Lessons: a file with a task that chooses language, network, tabs and settings for a class.

It may fix some settings. It is read before the window opens; what is wrong in it is told then.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_draw.app.train.run_words import layers_of
from mnist_draw.errors import DocumentError, StorageError, UserError, did_you_mean, reason_of
from mnist_draw.i18n import (
    LANGUAGES,
    N_,
    _,
    format_duration,
    format_percent,
    joined,
    listed,
    number,
)
from mnist_draw.library.networks import find_stored
from mnist_draw.networks import parse_network
from mnist_draw.storage.opening import MEGABYTE, read_file
from mnist_draw.training.settings import PLACES, SETTINGS, TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mnist_draw.library.stored_network import StoredNetwork
    from mnist_draw.training.run import Run

#: The names of the tabs, as `mnist_draw.app.shell.window` has them.
TABS = ("draw", "train", "inside")
#: What a double click opens.
SUFFIX = ".mnist-lesson"
#: Earlier lessons end in .toml.
SUFFIXES = (SUFFIX, ".toml")
#: Begins a line of the task that is a step to tick.
_STEP = "[ ]"
_FIRST_FREE = ("training_examples", "epochs", "data_folder", "learning_rate")
#: In place of the time of what is not tried.
NOT_TIMED = "–"
#: Characters of a task.
MAX_TASK = 600
MAX_TITLE = 60


class LessonError(UserError):
    """A lesson's file cannot be used; the sentence says why."""


@dataclass(frozen=True)
class Lesson:
    """Task, language, network, tabs and settings of a class."""

    #: A path, or the key of a network of the program or the user.
    network: str = ""
    network_key: str = ""
    tabs: tuple[str, ...] = ()
    settings: TrainingSettings | None = None
    fixed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    language: str = ""
    title: str = ""
    task: str = ""
    #: Who wrote it, and for whom.
    author: str = ""
    #: Whether the four cards are offered beside the lesson.
    cards: bool = False
    #: Settings that this version does not have.
    unknown: tuple[str, ...] = ()

    @property
    def free(self) -> list[str]:
        """Names of the settings that can be changed, those that lessons are about first."""
        order = dict.fromkeys((*_FIRST_FREE, *SETTINGS))
        return [name for name in order if name not in self.fixed | self.hidden]


#: Settings that a teacher frees, fixes or hides together.
ROWS: tuple[tuple[str, ...], ...] = (
    ("network",),
    ("start_model",),
    ("update", "learning_rate", "update_parameters"),
    ("schedule",),
    ("batch_size",),
    ("l2",),
    ("seed",),
    ("epochs", "target_accuracy", "patience", "keep_best"),
    ("data_folder", "extra_folder"),
    ("training_examples",),
    ("augmentation",),
)


def describe_row(names: Sequence[str], settings: TrainingSettings) -> tuple[str, str]:
    """Return the title and the value of settings that belong together."""
    name = names[0]
    if name == "network":
        return _("Network"), layers_of(parse_network(settings.network))
    title = SETTINGS[name].title
    value = SETTINGS[name].format_value(getattr(settings, name))
    if name == "update":
        value = listed((value, SETTINGS["learning_rate"].brief(settings.learning_rate)))
    return title, value


def split_task(task: str) -> tuple[str, tuple[str, ...]]:
    """Return the text of a task, and its steps: the lines that begin with ``[ ]``."""
    lines = task.splitlines()
    steps = tuple(line.removeprefix(_STEP).strip() for line in lines if line.startswith(_STEP))
    text = "\n".join(line for line in lines if not line.startswith(_STEP))
    return text.strip(), steps


@dataclass(frozen=True)
class LessonTable:
    """The runs of a lesson as rows by what is free in it."""

    heads: tuple[str, ...]
    #: Of each row a cell for each head; the last row may be what is chosen, not yet tried.
    rows: tuple[tuple[str, ...], ...]


def lesson_table(lesson: Lesson, runs: Sequence[Run], chosen: TrainingSettings) -> LessonTable:
    """List the runs of a lesson, the first one first; of equal ones the newest."""
    tried = [run for run in reversed(runs) if run.lesson == lesson.title and run.epochs_done]
    # A run may have been stopped before its last epoch.
    settings = [run.settings.replace(epochs=run.epochs_done) for run in tried]
    usual = [chosen, *(() if lesson.settings is None else (lesson.settings,))]
    varied = [
        name
        for name in lesson.free
        if len({repr(getattr(one, name)) for one in (*usual, *settings)}) > 1
    ]
    names = varied or lesson.free[:1]

    def values_of(one: TrainingSettings) -> tuple[str, ...]:
        return tuple(SETTINGS[name].format_value(getattr(one, name)) for name in names)

    rows = {}
    for run, used in zip(tried, settings, strict=True):
        rows[values_of(used)] = (accuracy_of(run), format_duration(run.seconds))
    rows.setdefault(values_of(chosen), (_("not yet"), NOT_TIMED))
    heads = (*(SETTINGS[name].title for name in names), _("Right"), _("Time"))
    return LessonTable(heads, tuple((*values, *cells) for values, cells in rows.items()))


def accuracy_of(run: Run) -> str:
    """Format the accuracy on test digits, or on validation where they were not read."""
    figures = run.figures
    share = figures.get("test_accuracy", figures.get("validation_accuracy"))
    return format_percent(share)


#: Texts of a lesson, with the most letters of each.
_TEXTS = {"title": MAX_TITLE, "task": MAX_TASK, "from": MAX_TITLE}


def read_lesson(path: str, ending: str = "") -> Lesson:
    """Read a lesson; an error of its file ends in a sentence, if one is given."""
    try:
        values = _parse(read_file(path, MEGABYTE))
        return _lesson(values, Path(path).absolute().parent)
    except FileNotFoundError:
        raise LessonError("There is no file {path}.", path=path) from None
    except StorageError as error:
        raise LessonError(str(error)) from error
    except UserError as error:
        reason = reason_of(error)
        said = _("{path} cannot be used: {reason}.", path=path, reason=reason)
        if reason.endswith(("?", "？")):
            said = said.rstrip(".。")
        raise LessonError(joined(said, ending)) from error


def lesson_text(lesson: Lesson, whole_paths: bool = False) -> str:
    """Return a lesson as the text of its file; of files that it needs, only their names."""
    assert lesson.settings is not None
    training = {name: value for name, value in lesson.settings.to_json().items() if value}
    for name in PLACES:
        if name in training and not whole_paths:
            training[name] = Path(training[name]).name
    entries = {
        "title": lesson.title,
        "task": lesson.task,
        "from": lesson.author,
        "language": lesson.language,
        "network": lesson.network if whole_paths else Path(lesson.network).name,
        "tabs": list(lesson.tabs),
        "cards": lesson.cards,
        "fixed": sorted(lesson.fixed),
        "hidden": sorted(lesson.hidden),
    }
    lines = [f"{name} = {_toml(value)}" for name, value in entries.items() if value]
    lines += ["", "[training]", *(f"{name} = {_toml(value)}" for name, value in training.items())]
    return "\n".join([*lines, ""])


def _toml(value: Any) -> str:
    """Write a value as TOML has it; its texts, numbers and lists are those of JSON."""
    if isinstance(value, str) and "\n" in value and "'''" not in value:
        return f"'''\n{value}'''"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_toml(one)}' for name, one in value.items())}}}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parse(content: bytes) -> dict[str, Any]:
    """Return the values of a TOML text; what is wrong is a phrase that fits after a colon."""
    try:
        values = tomllib.loads(content.decode())
        # A number in base 16 may have any length, and then cannot be shown in a sentence.
        repr(values)
    except UnicodeDecodeError:
        raise DocumentError("it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        # Python's words end in "(at line 2, column 8)" or in "(at end of document)".
        words, __, place = str(error).rpartition(" (at ")
        lines = content.decode().split("\n")
        line, column = re.findall(r"\d+", place) or (len(lines), len(lines[-1]) + 1)
        raise DocumentError(
            "it is not a {kind} file (line {line}, column {column}: “{error}”)",
            kind="TOML",
            line=line,
            column=column,
            error=words,
        ) from None
    except RecursionError:
        raise DocumentError("it is nested too deeply") from None
    except ValueError:
        raise DocumentError("a number in it has too many digits") from None
    return values


def _lesson(values: dict[str, Any], folder: Path) -> Lesson:
    known = (*_TEXTS, "language", "network", "tabs", "cards", "fixed", "hidden", "training")
    _check_names(N_("there is no entry {name}. {hint}"), values, known)
    training = values.get("training", {})
    if not isinstance(training, dict):
        raise _wrong("training", training, "{ epochs = 5 }")
    unknown: list[str] = []
    training = _without_unknown(training, unknown)
    training = {
        name: _beside(folder, value) if name in PLACES and isinstance(value, str) else value
        for name, value in training.items()
    }
    start = values.get("training", {}).get("start_model")
    if isinstance(start, str) and (found := _stored(folder, start)) is not None:
        training["start_model"] = str(found.path)
    network = values.get("network", "")
    if not isinstance(network, str):
        raise _wrong("network", network, '"network.npz"')
    language = values.get("language", "")
    if language not in ("", *LANGUAGES):
        raise _wrong("language", language, ", ".join(LANGUAGES))
    stored = _stored(folder, network) if network else None
    lesson = Lesson(
        _beside(folder, network) if network else "",
        "" if stored is None else stored.key,
        tuple(_names("tabs", values, TABS)),
        TrainingSettings.from_json(training) if training else None,
        frozenset(_without_unknown(dict.fromkeys(_list("fixed", values)), unknown)),
        frozenset(_without_unknown(dict.fromkeys(_list("hidden", values)), unknown)),
        language,
        _text("title", values),
        _text("task", values),
        _text("from", values),
        values.get("cards", False) is True,
        tuple(unknown),
    )
    if network and stored is None and not Path(lesson.network).is_file():
        raise LessonError("it needs {name}; put it next to the file", name=network)
    if lesson.tabs == () and "tabs" in values:
        raise LessonError(
            "tabs is empty; leave it out, or list some of {names}",
            names=", ".join(TABS),
        )
    for name in PLACES:
        if name in training and not Path(training[name]).exists():
            needed = Path(training[name]).name
            raise LessonError("it needs {name}; put it next to the file", name=needed)
    return lesson


def _beside(folder: Path, path: str) -> str:
    """Return a whole path: one that is not whole begins beside the lesson's file."""
    try:
        place = (folder / path).resolve()
        # Fails where the name is too long.
        place.exists()
        return str(place)
    except (OSError, ValueError):
        raise LessonError("{path} is not a file name", path=repr(path)) from None


def _stored(folder: Path, name: str) -> StoredNetwork | None:
    """Return the network of a name, as on the command line, unless there is such a file."""
    return None if Path(_beside(folder, name)).exists() else find_stored(name)


def _without_unknown(values: dict[str, Any], unknown: list[str]) -> dict[str, Any]:
    """Leave out what is no setting of this version, and note it."""
    unknown += [name for name in values if name not in SETTINGS and name not in unknown]
    return {name: value for name, value in values.items() if name in SETTINGS}


def _text(name: str, values: dict[str, Any]) -> str:
    most = _TEXTS[name]
    text = values.get(name, "")
    if not isinstance(text, str) or len(text) > most:
        raise LessonError(
            "{name} must be a text of up to {most} characters, in quotes",
            name=name,
            most=number(most),
        )
    return text.strip()


def _names(entry: str, values: dict[str, Any], known: Any) -> list[str]:
    names = _list(entry, values)
    _check_names(N_("{entry} names {name}, which is not there. {hint}"), names, known, entry)
    return names


def _list(entry: str, values: dict[str, Any]) -> list[str]:
    names = values.get(entry, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _wrong(entry, names, str(["draw"] if entry == "tabs" else ["epochs"]))
    return names


def _wrong(entry: str, value: Any, example: str) -> LessonError:
    return LessonError(
        "{entry} is {value}; it should be a value such as {example}",
        entry=entry,
        value=repr(value),
        example=example,
    )


def _check_names(sentence: str, names: Any, known: Any, entry: str = "") -> None:
    """Refuse a name that is not known; ``hint`` suggests one: Did you mean epochs?"""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise LessonError(sentence, entry=entry, name=repr(name), hint=hint)
