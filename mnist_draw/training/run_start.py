"""Prepare a run: its network, its pictures, its batch size."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from mnist_draw import theano_bridge
from mnist_draw.dataset.classes import class_list
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.dataset.own_digits import ExtraDigits, mix
from mnist_draw.i18n import counted, number
from mnist_draw.networks.specification import BUILDING, parse_network
from mnist_draw.storage.models import load_model
from mnist_draw.training.presets import PRESETS, batch_size_of
from mnist_draw.training.setting import out_of_range
from mnist_draw.training.settings import SettingsError, TrainingSettings


def build_network(settings: TrainingSettings) -> Any:
    """Build the network of some settings, its weights drawn from their seed or read from a file."""
    import lasagne

    specification = parse_network(settings.network)
    start = None
    if settings.start_model is not None:
        start = load_model(
            settings.start_model,
            lambda text: parse_network(text).parameter_shapes(),
        )
        if start.shapes[-1] != specification.parameter_shapes()[-1]:
            raise SettingsError(
                "The network in {path} tells {known} classes apart, but the data has {needed}. "
                "Choose a network that was trained on such data, or start without a file.",
                "start_model",
                path=settings.start_model,
                known=start.shapes[-1][0],
                needed=specification.classes,
            )
        # Dropout may differ from that of the network in the file: only the shapes count.
        if start.shapes != tuple(specification.parameter_shapes()):
            raise SettingsError(
                "The network in {path} is {found}, which cannot start {wanted}: its layers have "
                "different sizes. Choose the network {found} to train it further, or start "
                "without a file.",
                "start_model",
                path=settings.start_model,
                found=repr(start.network),
                wanted=repr(settings.network),
            )
    with BUILDING, theano_bridge.fixed_shapes():
        before = lasagne.random.get_rng()
        lasagne.random.set_rng(np.random.RandomState(settings.seed))
        try:
            network = specification.build()
        finally:
            lasagne.random.set_rng(before)
    if start is not None:
        lasagne.layers.set_all_param_values(network, list(start.parameters))
    return network


def settings_for(settings: TrainingSettings, classes: int) -> TrainingSettings:
    """Return settings whose network has this number of classes."""
    specification = parse_network(settings.network)
    if specification.classes == classes:
        return settings
    return settings.replace(network=specification.with_classes(classes).text)


def training_data(
    settings: TrainingSettings,
    dataset: Dataset | None,
    extra: ExtraDigits | None,
    is_new: bool = True,
) -> Dataset:
    """Return the pictures of a run; parameters and errors are those of the loop's ``train``."""
    data = dataset or load_dataset(settings.data_folder)
    wanted = settings.training_examples
    there = len(data.train_labels)
    if wanted is not None:
        # Runs of before were told no limit; they can go on.
        if wanted > there and is_new:
            raise out_of_range("training_examples", wanted, 1, there)
        data = data.first(wanted)
    if extra is not None and not data.shows_digits:
        raise SettingsError(
            "The digits in {folder} cannot be learned together with {data}, which shows "
            "{classes}. Nothing was trained; leave them out.",
            "extra_folder",
            folder=extra.folder,
            data=data.name,
            classes=class_list(data.classes),
        )
    if extra is not None:
        data = mix(data, extra)
    elif settings.extra_folder is not None:
        raise SettingsError(
            "The digits in {folder} were not read; nothing was trained. Read them with "
            "mnist_draw.dataset.own_digits.load_extra and pass them as extra=.",
            folder=settings.extra_folder,
        )
    return data


def batch_size_for(settings: TrainingSettings, pictures: int, chosen: bool = False) -> int:
    """Return the batch size of a run: that of the settings, or a smaller one for few pictures.

    A batch size that is a preset's counts as not chosen.
    """
    size = settings.batch_size
    if size <= pictures:
        return size
    if not chosen and size in {preset.settings.batch_size for preset in PRESETS.values()}:
        return batch_size_of(pictures)
    raise SettingsError(
        counted(
            "The batch size is {size}, but there is only {count} training picture. Choose a "
            "smaller batch size.",
            "The batch size is {size}, but there are only {count} training pictures. Choose a "
            "smaller batch size.",
            pictures,
            size=number(size),
        ),
        "batch_size",
    )


def fingerprint(data: Dataset, extra: ExtraDigits | None = None) -> str:
    """Tell data sets apart: count and CRC-32 of the training labels, and of extra pictures."""
    labels = f"{len(data.train_labels)}:{zlib.crc32(data.train_labels.tobytes()):08x}"
    if extra is None:
        return labels
    return f"{labels}+{len(extra)}:{zlib.crc32(extra.images.tobytes()):08x}"
