"""The words of the field, each in two sentences with a picture; F1 on a control opens its word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QObject, QSize, Qt
from PyQt5.QtGui import QCursor, QHelpEvent, QKeyEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QListWidget,
    QToolTip,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, label
from mnist_draw.app.shell import word_pictures as pictures
from mnist_draw.app.shell.word_pictures import Sketch
from mnist_draw.recognition.certainty import FAIRLY_SURE, SURE, UNCLEAR


@dataclass(frozen=True)
class Word:
    """A term, as in "What is …?", two sentences, its picture, and the names of what it explains."""

    name: str
    asked: str
    sentences: str
    paint: Callable[[Sketch], None]
    widgets: tuple[str, ...] = ()


WORDS = (
    Word(
        "Accuracy",
        "accuracy",
        "The part of the pictures that the network reads right. 98 % means that 2 of 100 are "
        "read wrongly.",
        pictures.accuracy,
        ("accuracyFigure", "trainAccuracyLabel", "validationAccuracyLabel", "accuracyPlot"),
    ),
    Word(
        "Augmentation",
        "augmentation",
        "In each epoch every picture is bent, turned or moved a little before it is learnt. The "
        "network then also reads digits that are written in another way.",
        pictures.augmentation,
        ("augmentationCombo",),
    ),
    Word(
        "Batch",
        "a batch",
        "The pictures that the network looks at before it changes its weights once, also called "
        "a minibatch. Small batches learn in more steps, large ones in steadier steps.",
        pictures.batch,
        ("batchSizeSpinBox", "throughputLabel"),
    ),
    Word(
        "Certainty",
        "certainty",
        f"The best digit is called sure from {SURE:.0%} on and fairly sure from "
        f"{FAIRLY_SURE:.0%} on. An answer is unclear where two digits together have "
        f"{UNCLEAR:.0%}, else it is not sure.",
        pictures.certainty,
        ("predictionLabel", "confidenceLabel", "secondGuessLabel"),
    ),
    Word(
        "CNN",
        "a CNN",
        "A convolutional neural network moves small filters over the picture, and so finds a "
        "stroke wherever it is. It reads more digits right than an MLP, and learns more slowly.",
        pictures.cnn,
    ),
    Word(
        "Dropout",
        "dropout",
        "While it learns, a part of the units is switched off at random for each batch. No unit "
        "can rely on one other, and overfitting becomes weaker.",
        pictures.dropout,
        ("dropoutSpinBox", "inputDropoutSpinBox"),
    ),
    Word(
        "Early stopping",
        "early stopping",
        "A run ends before its last epoch when the validation loss falls no more. The weights of "
        "the best epoch can be kept.",
        pictures.early_stopping,
        ("patienceSpinBox", "targetSpinBox", "keepBestCheckBox"),
    ),
    Word(
        "Epoch",
        "an epoch",
        "One pass through all pictures of the training set. The network sees each of them once, "
        "batch by batch.",
        pictures.epoch,
        ("epochsSpinBox", "epochLabel", "epochBar", "stepButton"),
    ),
    Word(
        "Filter",
        "a filter",
        "The weights with which a unit looks at the picture. Where ink is under a large weight "
        "the unit becomes active.",
        pictures.filter_weights,
        ("filtersView",),
    ),
    Word(
        "Fine-tuning",
        "fine-tuning",
        "A trained network is trained a little further with a few new pictures. Learn does that "
        "with the digits that you taught.",
        pictures.fine_tuning,
        ("learnButton", "nextStep", "startCombo"),
    ),
    Word(
        "Hidden unit",
        "a hidden unit",
        "A number between the picture and the answer, computed from the layer before it. Each "
        "unit answers to its own pattern.",
        pictures.hidden_unit,
        ("unitsSpinBox", "hiddenUnitsView"),
    ),
    Word(
        "L2 penalty",
        "an L2 penalty",
        "A cost for large weights that is added to the loss. It keeps weights small and "
        "overfitting weak.",
        pictures.l2_penalty,
        ("l2SpinBox",),
    ),
    Word(
        "Layer",
        "a layer",
        "A row of units that all look at the row before it. A picture passes through all layers "
        "to become an answer.",
        pictures.layer,
        ("networkCombo", "layersView"),
    ),
    Word(
        "Learning rate",
        "the learning rate",
        "How far the weights move at each batch. A large rate learns fast but may jump past the "
        "best place, and a schedule makes it smaller with time.",
        pictures.learning_rate,
        ("learningRateSpinBox", "scheduleCombo"),
    ),
    Word(
        "Loss",
        "the loss",
        "A measure of how wrong the probabilities are: 0 is perfect. Training makes the loss "
        "smaller.",
        pictures.loss,
        ("lossLabel", "trainLossLabel", "validationLossLabel", "lossPlot"),
    ),
    Word(
        "MLP",
        "an MLP",
        "A multilayer perceptron: layers in which each unit is joined to all units before it. "
        "The network of the Lasagne tutorial is one.",
        pictures.mlp,
    ),
    Word(
        "MNIST",
        "MNIST",
        "70,000 digits that were written by hand and cut out to 28×28 pixels. 50,000 are for "
        "training, 10,000 for validation and 10,000 for the test.",
        pictures.mnist,
        ("dataCombo", "picturesSpinBox", "networkInputView"),
    ),
    Word(
        "Not a digit",
        "not a digit",
        "The ink is like no digit that the program knows: a letter, a scribble or several "
        "strokes apart. Then it gives no answer, and its bars would mean nothing.",
        pictures.not_a_digit,
    ),
    Word(
        "Optimizer",
        "an optimizer",
        "The rule by which the loss changes the weights: SGD, RMSProp, Adam and others. Most "
        "remember earlier steps and adapt the size of the next.",
        pictures.optimizer,
        ("updateCombo",),
    ),
    Word(
        "Overfitting",
        "overfitting",
        "The network learns its training pictures by heart, and new ones less well. The training "
        "loss falls on, while the validation loss rises.",
        pictures.overfitting,
        ("hintLine",),
    ),
    Word(
        "Probability",
        "a probability",
        "How likely the network finds each digit; all ten add up to 100 %. It is calibrated: of "
        "answers with 80 %, about 80 of 100 are right.",
        pictures.probability,
        ("allTenButton", "probabilityBars"),
    ),
    Word(
        "Seed",
        "a seed",
        "The number from which all random numbers of a run are made. The same seed and settings "
        "give the same network.",
        pictures.seed,
        ("seedSpinBox",),
    ),
    Word(
        "Validation and test",
        "a validation set",
        "Digits that the network never learns from. Validation is read after each epoch to "
        "compare and choose, the test once at the end.",
        pictures.held_back,
        ("testAccuracyLabel", "twelveDigits"),
    ),
    Word(
        "Weight",
        "a weight",
        "The strength of one connection between two units. Learning changes the weights, and "
        "nothing else.",
        pictures.weight,
        ("weightView",),
    ),
)
_BY_WIDGET = {widget: word for word in WORDS for widget in word.widgets}


class Words(QObject):
    """Opens the words of a window, and names the word of a control in its tooltip."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: WordsDialog | None = None

    def attach(self) -> None:
        """Follow the tooltips of controls that have been built since the last time."""
        for widget in self._window.findChildren(QWidget):
            if widget.objectName() in _BY_WIDGET:
                widget.installEventFilter(self)

    def open_word(self, name: str = "") -> None:
        """Show a word; without a name, the one shown last."""
        if self._dialog is None:
            self._dialog = WordsDialog(self._window)
        self._dialog.show_word(name)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def open_here(self) -> None:
        """Show the word of what is under the pointer, or has the keyboard."""
        pointed = QApplication.widgetAt(QCursor.pos())
        for widget in (pointed, QApplication.focusWidget()):
            while widget is not None and widget.window() is self._window:
                if widget.objectName() in _BY_WIDGET:
                    self.open_word(_BY_WIDGET[widget.objectName()].name)
                    return
                widget = widget.parentWidget()
        self.open_word()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.ToolTip:
            return False
        assert isinstance(watched, QWidget)
        lines = watched.toolTip(), f"What is {_BY_WIDGET[watched.objectName()].asked}? F1"
        QToolTip.showText(event.globalPos(), "\n".join(filter(None, lines)), watched)
        return True


class WordsDialog(QDialog):
    """All words at the left, found by typing; at the right the chosen one."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("wordsDialog")
        self.setWindowTitle("Words")
        self.search = _Search()
        self.search.textChanged.connect(self._filter)
        self.names = QListWidget()
        self.names.setObjectName("wordList")
        self.names.setAccessibleName("Words")
        self.names.addItems([word.name for word in WORDS])
        self.names.currentRowChanged.connect(self._show_row)
        self.picture = _Picture()
        self.title = label("", "headline", "wordTitle")
        self.text = label("", "sentence", "wordText")
        for shown in (self.title, self.text):
            shown.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextSelectableByMouse)
        left = column(self.search, (self.names, 1))
        right = column(self.picture, self.title, self.text, 1, gap=Size.CARD_GAP)
        margin = Size.MARGIN
        row(
            (left, 2), (right, 3),
            gap=Size.MARGIN, margins=(margin, margin, margin, margin), owner=self,
        )  # fmt: skip
        wide, high = (theme.scaled(side) for side in Size.WORDS)
        self.resize(min(wide, window.width()), min(high, window.height()))
        self.names.setCurrentRow(0)

    def show_word(self, name: str) -> None:
        """Choose a word; begin a new search."""
        self.search.clear()
        self.search.setFocus()
        for place, word in enumerate(WORDS):
            if word.name.lower() == name.lower():
                self.names.setCurrentRow(place)

    def _show_row(self, place: int) -> None:
        word = WORDS[place]
        self.picture.show_word(word)
        self.title.setText(word.name)
        self.text.setText(word.sentences)
        self.names.setAccessibleDescription(word.sentences)

    def _filter(self, wanted: str) -> None:
        """Show the words that begin with, then those that hold, what was typed."""
        wanted = wanted.strip().lower()
        hits = [
            place
            for place, word in enumerate(WORDS)
            if wanted in f"{word.name} {word.sentences}".lower()
        ]
        for place in range(len(WORDS)):
            self.names.setRowHidden(place, place not in hits)
        named = [place for place in hits if wanted in WORDS[place].name.lower()]
        if hits and wanted:
            self.names.setCurrentRow((named or hits)[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # From the search the arrows walk through the list.
        if event.key() in (Qt.Key_Up, Qt.Key_Down, Qt.Key_PageUp, Qt.Key_PageDown):
            QApplication.sendEvent(self.names, event)
        elif event.key() not in (Qt.Key_Return, Qt.Key_Enter):
            super().keyPressEvent(event)


class _Search(QLineEdit):
    """The field that is typed into."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("wordSearch")
        self.setPlaceholderText("Search")
        self.setClearButtonEnabled(True)
        explain(self, "Search", "Type a word, or a part of what it means.")


class _Picture(QWidget):
    """The picture of one word."""

    def __init__(self) -> None:
        super().__init__()
        self._word = WORDS[0]
        theme.follow(self, self.updateGeometry)

    def show_word(self, word: Word) -> None:
        """Show the picture of another word."""
        self._word = word
        self.setAccessibleName(f"A picture of {word.name}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(*Size.WORD_PICTURE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        self._word.paint(Sketch(painter))
