"""What is known about a trained network: read once from its file, then used by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mnist_draw.errors import one_line, strip_control_chars
from mnist_draw.storage.document import Fields

_LONGEST = 200
#: More names of classes than this, or a longer one, are none that the program has written.
_MAX_CLASSES, _MAX_CLASS_LENGTH = 256, 100
_MAX_COUNT = 2**53
#: The tutorial's network passes 97 % in its fifth epoch; one that does not is not at its best.
_FEW_EPOCHS, _GOOD = 5, 0.97


@dataclass(frozen=True)
class ModelInfo:
    """What a model file tells about its network; everything may be unknown.

    The names are those of the file's metadata, which may hold more.

    Attributes
    ----------
    name : str
        What the user or the program's list of networks calls it; empty where unknown, as are all
        texts.
    title : str
        What it is, such as ``"Tutorial MLP 784–500–300–10"``.
    data : str
        The data set that it was trained and tested with, such as ``"MNIST"``.
    classes : tuple of str
        What it tells apart, in the order of its outputs; empty for digits and where unknown.
    side : int
        How long the longer side of the ink was in the pictures that it learnt, in pixels of 28:
        20 as in MNIST unless the file tells another.
    test_accuracy, validation_accuracy : float or None
        Shares from 0 to 1.
    test_loss : float or None
        Mean cross-entropy in nats.
    epochs : int or None
        Epochs of training.
    created : str
        Local date and time, as ``2026-11-25T10:15:00+0100``.
    program, engine : str
        What trained it.
    temperature : float
        Divides the logits so that probabilities mean what they say; 1 changes nothing.
    refused : float
        Share of the validation pictures that are no digits in the eyes of the rule for digits.
    lenience : float
        Log odds of likeness by which that rule is to be less strict.
    threshold : float or None
        Of that rule itself: log odds under which a picture is no digit.
    before : str
        The key of the network that fine-tuning began with.
    extra_digits : int
        Digits of the user's among the training pictures.
    settings : Mapping
        The settings of the training, as `mnist_draw.training.settings` writes them.
    learnt : Mapping
        How fine-tuning changed what is read rightly.
    """

    name: str = ""
    title: str = ""
    data: str = ""
    classes: tuple[str, ...] = ()
    side: int = 20
    test_accuracy: float | None = None
    validation_accuracy: float | None = None
    test_loss: float | None = None
    epochs: int | None = None
    created: str = ""
    program: str = ""
    engine: str = ""
    temperature: float = 1.0
    refused: float = 0.0
    lenience: float = 0.0
    threshold: float | None = None
    before: str = ""
    extra_digits: int = 0
    settings: Mapping[str, Any] | None = None
    learnt: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> ModelInfo:
        """Read the metadata of a model file; a value of no use counts as unknown."""
        read = Fields(metadata)
        settings, learnt = read.get_fields("settings", None), read.get_fields("learnt", None)
        return cls(
            name=one_line(read.get_text("name", _LONGEST, "").strip()),
            title=one_line(read.get_text("title", _LONGEST, "").strip()),
            data=read.get_text("data", _LONGEST, ""),
            classes=_class_names(read),
            side=read.get_int("side", 1, 28, 20),
            test_accuracy=read.get_float("test_accuracy", 0, 1, None),
            validation_accuracy=read.get_float("validation_accuracy", 0, 1, None),
            test_loss=read.get_float("test_loss", 0, 1e300, None),
            epochs=read.get_int("epochs", 0, _MAX_COUNT, None),
            created=read.get_text("created", _LONGEST, ""),
            program=read.get_text("program", _LONGEST, ""),
            engine=read.get_text("engine", _LONGEST, ""),
            temperature=read.get_float("temperature", 1e-6, 1e6, 1.0),
            refused=read.get_float("refused", 0, 1, 0.0),
            lenience=read.get_float("lenience", 0, 1e6, 0.0),
            threshold=read.get_float("threshold", -1e6, 1e6, None),
            before=read.get_text("before", _LONGEST, ""),
            extra_digits=read.get_int("extra_digits", 0, _MAX_COUNT, 0),
            settings=settings.values if settings is not None else None,
            learnt=learnt.values if learnt is not None else None,
        )

    def accuracy_words(self) -> str:
        """Return the accuracy for the screen; empty where it is unknown."""
        if self.test_accuracy is not None:
            return f"{100 * self.test_accuracy:.2f} % on {self.data or 'its test pictures'}"
        if self.validation_accuracy is not None:
            return f"{100 * self.validation_accuracy:.2f} % in validation"
        return ""

    def doubt_words(self) -> str:
        """Say why the network may not be able to tell; empty where nothing speaks for that."""
        if self.epochs is not None and 0 < self.epochs < _FEW_EPOCHS:
            epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
            return f"Trained for {epochs} only."
        accuracy = self.validation_accuracy if self.test_accuracy is None else self.test_accuracy
        if accuracy is not None and accuracy < _GOOD:
            return f"Right in {100 * accuracy:.2f} % of its test pictures only."
        return ""


def _class_names(read: Fields) -> tuple[str, ...]:
    """Return the names of the classes; none at all where one of them is of no use."""
    found = read.get_list("classes", _MAX_CLASSES, [])
    sound = all(isinstance(name, str) and 0 < len(name) <= _MAX_CLASS_LENGTH for name in found)
    return tuple(one_line(strip_control_chars(name)) for name in found) if sound else ()


#: What can be told with :meth:`mnist_draw.storage.models.ModelFile.with_info`.
NAMES = frozenset(entry.name for entry in fields(ModelInfo))
