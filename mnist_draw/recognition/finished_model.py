"""Calibrate a trained network on the validation pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.mnist import scale
from mnist_draw.recognition.answer import fit_temperature
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import RejectionRule, shipped_rule
from mnist_draw.storage import ModelFile, cache

#: The rule reads about so many validation pictures: enough to tell whether it refuses one in a
#: hundred, as of digits, or most, as of clothes; all of them take seconds.
_ASKED = 1000
#: Of the cache entry.
_VERSION = 1


def calibrated(
    model: ModelFile,
    validation_images: npt.NDArray[np.uint8],
    validation_labels: npt.NDArray[np.integer[Any]],
) -> ModelFile:
    """Return a network with its temperature, and with how many pictures the rule refuses.

    Parameters
    ----------
    model : ModelFile
        The trained network.
    validation_images : numpy.ndarray, uint8, shape (N, 1, 28, 28)
    validation_labels : numpy.ndarray, shape (N,)

    Raises
    ------
    mnist_draw.storage.ModelFileError
        The parameters are unsound.
    """
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
