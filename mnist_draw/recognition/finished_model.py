"""From the end of a training run to a model that can be asked about drawings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.mnist import scale
from mnist_draw.networks import parse_network
from mnist_draw.recognition.answer import fit_temperature
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import RejectionRule, shipped_rule
from mnist_draw.storage import ModelFile, cache
from mnist_draw.training.settings import TrainingSettings

#: Of about so many validation pictures the rule is asked: whether it refuses one in a hundred, as
#: of digits, or most, as of clothes, shows in far fewer, and all of them take seconds.
_ASKED = 1000
#: Another way to ask it needs another version.
_VERSION = 1


def finished_model(
    settings: TrainingSettings,
    parameters: tuple[npt.NDArray[np.float32], ...],
    figures: Mapping[str, Any],
    validation_images: npt.NDArray[np.uint8],
    validation_labels: npt.NDArray[np.integer[Any]],
) -> ModelFile:
    """Describe a trained network and calibrate it on the validation pictures.

    Parameters
    ----------
    settings : TrainingSettings
        What it was trained with. Names of folders and files are left out.
    parameters : tuple of numpy.ndarray
        float32, in Lasagne's order.
    figures : mapping
        What is known about the network, by the names in `mnist_draw.storage.models`.
    validation_images : numpy.ndarray, uint8, shape (N, 1, 28, 28)
    validation_labels : numpy.ndarray, shape (N,)

    Returns
    -------
    ModelFile
        The same for the same run: neither a date nor the name of a computer is in it.

    Raises
    ------
    mnist_draw.storage.ModelFileError
        When the parameters are unsound.
    """
    settings_kept = settings.to_json()
    for place in ("data_folder", "extra_folder", "start_model"):
        settings_kept.pop(place, None)
    title = parse_network(settings.network).title
    model = ModelFile(settings.network, parameters).with_info(
        **{"title": title, "settings": settings_kept, **figures}
    )
    probabilities = Recogniser(model).predict_images(validation_images)
    temperature = fit_temperature(probabilities, validation_labels)
    model = model.with_info(temperature=round(temperature, 4))
    rule = shipped_rule()
    if rule is None or model.info.classes:
        return model
    some = validation_images[:: max(1, len(validation_images) // _ASKED)]
    return model.with_info(refused=round(_refused(rule, some), 4))


def _refused(rule: RejectionRule, pictures: npt.NDArray[np.uint8]) -> float:
    """Return the share of pictures that the rule refuses.

    Asking takes seconds, and the answer is the same for every network of these data.
    """
    layers = [cache.digest_of(layer) for layer in rule.layers]
    key = " ".join([cache.digest_of(pictures), *layers])
    log_odds = (cache.read("refused", _VERSION, key) or {}).get("likeness")
    if log_odds is None or log_odds.shape != (len(pictures),):
        log_odds, _ = rule.log_odds(scale(pictures))
        cache.keep("refused", _VERSION, key, {"likeness": log_odds})
    return float(np.mean(log_odds < rule.threshold))
