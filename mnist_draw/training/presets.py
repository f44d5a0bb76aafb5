"""Settings that belong together, by name; what differs from them; their files."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from mnist_draw.errors import (
    DamagedError,
    DocumentError,
    StorageError,
    UserError,
    plain_name,
    reason_of,
)
from mnist_draw.i18n import _, listed, with_comma
from mnist_draw.networks import parse_network
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields, pack, parse
from mnist_draw.storage.folders import config_folder
from mnist_draw.storage.opening import MEGABYTE, PathName, read_file, reading
from mnist_draw.storage.unique_paths import quarantine
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.history import read_change
from mnist_draw.training.setting import check_name
from mnist_draw.training.settings import SETTINGS, SettingsError, TrainingSettings
from mnist_draw.training.updates import usual_learning_rate


@dataclass(frozen=True)
class Preset:
    """All settings of a run at once.

    ``expected_accuracy`` is the mean test accuracy of seeds 1 to 5 on MNIST;
    `benchmarks/results/presets.json` holds the runs.
    """

    title: str
    meaning: str
    widget: str
    settings: TrainingSettings
    expected_accuracy: float

    @property
    def line(self) -> str:
        """What it is, for the card."""
        return self.meaning[:1].upper() + self.meaning[1:]


#: All presets by name, the tutorial's first.
PRESETS: dict[str, Preset] = {
    "tutorial": Preset(
        _("Tutorial MLP"),
        _("the network of the Lasagne tutorial"),
        "defaults",
        TrainingSettings(),
        0.9826,
    ),
    "quick": Preset(
        _("Quick"),
        _("just as accurate in less than half the time"),
        "quick",
        # Chosen on the validation pictures; `benchmarks/recipes.py` measures it on the test ones.
        TrainingSettings(
            network="mlp:0.3",
            update="adam",
            learning_rate=0.002,
            batch_size=300,
            epochs=8,
            schedule="cosine",
        ),
        0.9836,
    ),
    "cnn": Preset(
        _("CNN"),
        _("looks for strokes anywhere in the picture"),
        "cnn",
        TrainingSettings(network="cnn", update="adam", epochs=10, schedule="cosine"),
        0.9898,
    ),
    "handwriting": Preset(
        _("Handwriting"),
        _("practices bent and slanted pictures too"),
        "handwriting",
        TrainingSettings(
            network="mlp:0.1",
            update="adam",
            epochs=100,
            schedule="cosine",
            augmentation="handwriting",
        ),
        0.9944,
    ),
}


#: What the menu calls the tutorial's settings, data set included.
AS_IN_THE_TUTORIAL = _("Tutorial MLP, on MNIST")
_TAKEN = {AS_IN_THE_TUTORIAL, *(preset.title for preset in PRESETS.values())}
_MAX_NAME_LENGTH = 60


def batch_size_of(pictures: int) -> int:
    """Return the batch size of pictures that are fewer than a preset's batch size."""
    return max(1, pictures // 10)


def find_preset(name: str) -> Preset:
    check_name(_("Preset"), name, PRESETS)
    return PRESETS[name]


# -- what differs


def differences(
    settings: TrainingSettings,
    base: TrainingSettings,
    changes: Sequence[SettingChanged] = (),
) -> dict[str, str]:
    """Return what differs from a preset's settings: names of settings, and what a list says.

    The usual learning rate of another update rule is no difference, nor are the number of classes
    and the batch size of few pictures.
    ``changes`` are those during a run: what was changed back is listed, too.
    """
    names = {*differing(settings, base), *(change.name for change in changes)}
    return {
        name: (name == "network" and _network_text(settings.network, base.network))
        or setting.brief(getattr(settings, name), course_of(name, settings, changes))
        for name, setting in SETTINGS.items()
        if name in names
    }


def differing(settings: TrainingSettings, base: TrainingSettings) -> list[str]:
    """Return the names of the settings that differ."""
    if settings.update != base.update:
        base = base.replace(learning_rate=usual_learning_rate(settings.update))
    pictures = settings.training_examples
    if pictures is not None and settings.batch_size == batch_size_of(pictures) < base.batch_size:
        base = base.replace(batch_size=settings.batch_size)
    names = [name for name in SETTINGS if getattr(settings, name) != getattr(base, name)]
    if "network" in names and _have_same_layers(settings.network, base.network):
        names.remove("network")
    return names


def _have_same_layers(network: str, other: str) -> bool:
    """Whether two networks differ in the number of their classes alone."""
    return parse_network(network).hidden == parse_network(other).hidden


def course_of(name: str, settings: TrainingSettings, changes: Sequence[SettingChanged]) -> str:
    """Format the value of a setting, and those before it during the run."""
    made = [change for change in changes if change.name == name]
    values = [change.before for change in made[:1]] + [change.value for change in made]
    words = map(SETTINGS[name].format_value, values or [getattr(settings, name)])
    return " → ".join(word for word, __ in groupby(words))


def plain_network(network: str) -> str:
    """Return a network's text for ten classes."""
    return parse_network(network.partition("#")[0]).text


def _network_text(network: str, usual: str) -> str:
    """Name a network by its numbers where only these differ, else by its title."""
    spec = parse_network(network)
    other = parse_network(usual)
    if spec.kind != other.kind or not spec.numbers:
        return spec.title
    told = zip(spec.format_numbers(), other.format_numbers(), strict=True)
    return listed(now for now, before in told if now != before)


def nearest_preset(settings: TrainingSettings) -> Preset:
    return min(PRESETS.values(), key=lambda preset: len(differing(settings, preset.settings)))


def run_name(settings: TrainingSettings, changes: Sequence[SettingChanged] = ()) -> str:
    """Name a run: its preset, or a network of another kind than the tutorial's; what differs."""
    preset = nearest_preset(settings)
    found = differences(settings, preset.settings, changes)
    title = parse_network(settings.network).title
    if preset is PRESETS["tutorial"] and found.get("network") == title:
        del found["network"]
        return with_comma(title, *found.values())
    # "CNN, 32–64–10" rather than "CNN, CNN 32–64–10".
    texts = (text.removeprefix(f"{preset.title} ") for text in found.values())
    return with_comma(preset.title, *texts)


# -- files


def save_settings(path: PathName, settings: TrainingSettings) -> None:
    write_atomically(path, pack(settings.to_json(), indent=2) + b"\n")


def load_settings(path: PathName) -> TrainingSettings:
    """Read settings from a JSON file.

    Settings that the file does not name are as `TrainingSettings.from_json` has them.
    """
    values = read_settings(path)
    try:
        return TrainingSettings.from_json(values)
    except UserError as error:
        raise SettingsError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error


def read_settings(path: PathName) -> dict[str, Any]:
    """Read the names and values in a file without checking them."""
    with reading(path, SettingsError):
        values = parse(read_file(path, MEGABYTE))
        if not isinstance(values, dict):
            raise DamagedError("no names with values")
        if isinstance(values.get("settings"), dict):
            return _settings_at_start(values)
        return values


def _settings_at_start(record: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a run's record, without what was changed while it trained."""
    changes = Fields(record).get_list("changes", MEGABYTE, [])
    before = {change.name: change.before for change in map(read_change, reversed(changes))}
    return {**record["settings"], **before}


# -- the user's own presets, in one file by name


def _own_file() -> Path:
    return config_folder() / "presets.json"


def _read_own() -> dict[str, Any]:
    """Read the presets; a file that holds none is set aside."""
    path = _own_file()
    with contextlib.suppress(FileNotFoundError, DocumentError):
        values = parse(read_file(path, MEGABYTE))
        if isinstance(values, dict):
            return values
    if path.exists():
        quarantine(path)
    return {}


def own_presets() -> dict[str, TrainingSettings]:
    """Return the user's presets by name; what is no preset is left out."""
    found: dict[str, TrainingSettings] = {}
    with contextlib.suppress(StorageError):
        for name, values in _read_own().items():
            with contextlib.suppress(UserError):
                found[name] = TrainingSettings.from_json(values)
    return found


def save_preset(name: str, settings: TrainingSettings) -> str:
    """Keep settings under a name, and return it: one line that is not that of another preset."""
    name = plain_name(name)[:_MAX_NAME_LENGTH]
    if not name:
        raise SettingsError("A preset needs a name.")
    if name in _TAKEN:
        raise SettingsError("{name} is taken; choose another name.", name=name)
    presets = {**_read_own(), name: settings.to_json()}
    write_atomically(_own_file(), pack(presets, indent=2) + b"\n")
    return name


def delete_preset(name: str) -> None:
    presets = _read_own()
    presets.pop(name, None)
    write_atomically(_own_file(), pack(presets, indent=2) + b"\n")
