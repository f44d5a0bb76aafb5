"""Settings that belong together, by name: one entry for each preset."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_draw.training.setting import check_name
from mnist_draw.training.settings import TrainingSettings


@dataclass(frozen=True)
class Preset:
    """All settings of a run at once."""

    title: str
    meaning: str
    widget: str
    settings: TrainingSettings


#: All presets by name, the tutorial's first.
PRESETS: dict[str, Preset] = {
    "tutorial": Preset(
        "Tutorial",
        "what the tutorial uses",
        "defaults",
        TrainingSettings(),
    ),
    "quick": Preset(
        "Quick",
        "the tutorial's network, as accurate as with the tutorial's recipe, in less than half of "
        "its time",
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
    ),
}


def find_preset(name: str) -> Preset:
    """Return the preset of a name."""
    check_name("preset", name, PRESETS)
    return PRESETS[name]
