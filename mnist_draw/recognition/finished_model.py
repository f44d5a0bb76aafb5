"""From the end of a training run to a model that can be asked about drawings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.networks import parse_network
from mnist_draw.recognition.answer import fit_temperature
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import Refusal, shipped_refusal
from mnist_draw.storage import ModelFile, cache
from mnist_draw.training.epoch_pictures import side_of_ink
from mnist_draw.training.settings import TrainingSettings

#: Pictures asked about at once: enough to be quick, few enough to take little memory.
SLICE = 500
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
    probabilities = predict_all(Recogniser(model), validation_images)
    temperature = fit_temperature(probabilities, validation_labels)
    model = model.with_info(temperature=round(temperature, 4))
    refusal = shipped_refusal()
    if refusal is None or model.info.classes:
        return model
    some = validation_images[:: max(1, len(validation_images) // _ASKED)]
    return model.with_info(refused=round(_refused(refusal, some), 4))


def _refused(refusal: Refusal, pictures: npt.NDArray[np.uint8]) -> float:
    """Return the share of pictures that the rule refuses.

    Asking takes seconds, and the answer is the same for every network of these data.
    """
    rule = [cache.digest_of(layer) for layer in refusal.layers]
    key = " ".join([cache.digest_of(pictures), *rule])
    kept = (cache.read("refused", _VERSION, key) or {}).get("likeness")
    if kept is not None and kept.shape == (len(pictures),):
        likeness = kept
    else:
        likeness = refusal.likeness(scale(pictures))
        cache.keep("refused", _VERSION, key, {"likeness": likeness})
    return float(np.mean(likeness < refusal.threshold))


def dataset_metadata(data: Dataset) -> dict[str, Any]:
    """Return what a model is told about the data that it was trained on.

    Of digits only the data set's name: that a network reads digits goes without saying.
    """
    if data.shows_digits:
        return {"data": data.name}
    return {"data": data.name, "classes": list(data.classes), "side": side_of_ink(data)}


def predict_all(recogniser: Recogniser, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the probabilities of many pictures of MNIST's kind.

    Parameters
    ----------
    recogniser : Recogniser
    images : numpy.ndarray, uint8, shape (N, 1, 28, 28)

    Returns
    -------
    numpy.ndarray, float32, shape (N, classes)
    """
    slices = [
        recogniser.predict(scale(images[start : start + SLICE]))
        for start in range(0, len(images), SLICE)
    ]
    return np.concatenate(slices)
