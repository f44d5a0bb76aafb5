"""What to train and how: the fields of the Train tab's side panel."""

from __future__ import annotations

from typing import Any

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.shared.icons import set_icon
from mnist_draw.app.shared.theme import Size
from mnist_draw.app.shared.widgets import ComboBox, Field, NumberBox, RealBox, explain, label
from mnist_draw.app.train.augmentation_preview import AugmentationView
from mnist_draw.app.train.folder_combo import data_combo, extra_combo
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.dataset.augmentation.augmenter import RECIPES
from mnist_draw.errors import UserError
from mnist_draw.training.settings import LARGEST_BATCH, SCHEDULES, TrainingSettings
from mnist_draw.training.settings_file import load_settings, save_settings
from mnist_draw.training.updates import UPDATE_RULES

_RECIPE_NAMES = {
    "off": "off",
    "warp": "Warp",
    "elastic": "Elastic",
    "pen": "Pen width",
    "handwriting": "Handwriting",
}
_SCHEDULE_NAMES = {"constant": "constant", "step": "in steps", "cosine": "cosine"}
_FILES = "Settings (*.json)"
_LARGEST_SEED = 2**31 - 1
_MOST_EPOCHS = 100_000
_MOST_PICTURES = 10_000_000


class SettingsPanel(QWidget):
    """Fields for every training setting; reads and shows ``TrainingSettings``.

    Signals
    -------
    learning_rate_changed, l2_changed, augmentation_changed
        ``(value)``: by the user, also during a run.
    told
        ``(sentence)``: what became of a settings file.
    """

    learning_rate_changed = pyqtSignal(float)
    l2_changed = pyqtSignal(float)
    augmentation_changed = pyqtSignal(str)
    told = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rule_boxes: dict[str, RealBox] = {}
        self._fixed: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(Size.MARGIN, Size.CARD_GAP, Size.MARGIN, Size.FIELD_GAP)
        column.setSpacing(Size.FIELD_GAP)
        self._build_network(column)
        self._build_data(column)
        self._build_stop(column)
        column.addStretch(1)
        self.show_settings(TrainingSettings())

    # -- building

    def _build_network(self, column: QVBoxLayout) -> None:
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addWidget(label("NETWORK", "heading"))
        top.addStretch(1)
        self.defaults_button = QPushButton("The tutorial's settings")
        self.defaults_button.setObjectName("defaultsButton")
        self.defaults_button.setProperty("look", "link")
        explain(
            self.defaults_button,
            "The tutorial's settings",
            "Set every field back to what the tutorial uses.",
        )
        self.defaults_button.clicked.connect(lambda: self.show_settings(TrainingSettings()))
        self._fixed.append(self.defaults_button)
        top.addWidget(self.defaults_button)
        top.addWidget(self._build_file_menu())
        column.addLayout(top)
        self.network = NetworkFields()
        self._fixed.append(self.network)
        column.addWidget(self.network)

        self.update_combo = ComboBox()
        self.update_combo.setObjectName("updateCombo")
        for rule in UPDATE_RULES.values():
            self.update_combo.addItem(rule.name)
            self.update_combo.setItemData(
                self.update_combo.count() - 1, rule.meaning, Qt.ToolTipRole
            )
        explain(
            self.update_combo,
            "Update rule",
            "How the weights follow the gradient; one of Lasagne's update rules.",
        )
        self.update_combo.currentTextChanged.connect(self._show_rule)
        self.learning_rate = RealBox(1e-7, 100.0, 7)
        self.learning_rate.setObjectName("learningRateSpinBox")
        explain(
            self.learning_rate,
            "Learning rate",
            "Length of each step along the gradient, without unit; can be changed during a run.",
        )
        self.learning_rate.valueChanged.connect(self.learning_rate_changed)
        column.addLayout(
            _row(
                Field("Update rule", self.update_combo), Field("Learning rate", self.learning_rate)
            )
        )
        self._rule_row = QHBoxLayout()
        self._rule_row.setSpacing(Size.FIELD_GAP)
        column.addLayout(self._rule_row)

        self.batch_size = NumberBox(1, LARGEST_BATCH, 50)
        self.batch_size.setObjectName("batchSizeSpinBox")
        explain(self.batch_size, "Minibatch", "Pictures that each step learns from.")
        self.epochs = NumberBox(1, _MOST_EPOCHS)
        self.epochs.setObjectName("epochsSpinBox")
        explain(self.epochs, "Epochs", "How many times the network sees all training pictures.")
        self.seed = NumberBox(0, _LARGEST_SEED)
        self.seed.setObjectName("seedSpinBox")
        self.seed.setGroupSeparatorShown(False)
        explain(
            self.seed,
            "Seed",
            "Start of the random numbers; the same seed gives the same run.",
        )
        column.addLayout(
            _row(
                Field("Minibatch", self.batch_size),
                Field("Epochs", self.epochs),
                Field("Seed", self.seed),
            )
        )

        self.schedule_combo = ComboBox()
        self.schedule_combo.setObjectName("scheduleCombo")
        for name, meaning in SCHEDULES.items():
            self.schedule_combo.addItem(_SCHEDULE_NAMES.get(name, name), name)
            self.schedule_combo.setItemData(
                self.schedule_combo.count() - 1, meaning, Qt.ToolTipRole
            )
        explain(
            self.schedule_combo,
            "Schedule",
            "How the learning rate changes during the run: "
            + "; ".join(f"{_SCHEDULE_NAMES.get(n, n)}: {m}" for n, m in SCHEDULES.items())
            + ".",
        )
        self.l2 = RealBox(0.0, 10.0, 7)
        self.l2.setObjectName("l2SpinBox")
        explain(
            self.l2,
            "L2",
            "Weight of the sum of squared weights in the loss, without unit; 0 switches it off. "
            "Can be changed during a run.",
        )
        self.l2.valueChanged.connect(self.l2_changed)
        column.addLayout(_row(Field("Schedule", self.schedule_combo), Field("L2", self.l2)))

    def _build_file_menu(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName("settingsFileButton")
        button.setProperty("look", "small")
        explain(
            button,
            "Settings file",
            "Open or save all settings as a file, which mnist-draw train --config reads too.",
        )
        set_icon(button, "dots-three", Size.SMALL_ICON)
        menu = QMenu(button)
        self.open_action = menu.addAction("Open settings …")
        self.open_action.triggered.connect(self.open_file)
        menu.addAction("Save settings …").triggered.connect(self.save_file)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.InstantPopup)
        return button

    def open_file(self) -> None:
        """Let the user choose a settings file and fill the fields from it."""
        path, _ = QFileDialog.getOpenFileName(self, "Open settings", "", _FILES)
        if not path:
            return
        try:
            self.show_settings(load_settings(path))
        except UserError as error:
            self.told.emit(f"{error} The fields are unchanged.")

    def save_file(self) -> None:
        """Let the user choose where to save the settings as a file."""
        path, _ = QFileDialog.getSaveFileName(self, "Save settings", "settings.json", _FILES)
        if not path:
            return
        try:
            save_settings(path, self.settings())
        except UserError as error:
            self.told.emit(str(error))
        else:
            self.told.emit(f"Saved {path}.")

    def apply(self, name: str, value: Any) -> None:
        """Set the field of one setting that can be changed during a run."""
        if name == "augmentation":
            self.augmentation.setCurrentIndex(self.augmentation.findData(value))
        else:
            {"learning_rate": self.learning_rate, "l2": self.l2}[name].setValue(value)

    def _build_data(self, column: QVBoxLayout) -> None:
        column.addWidget(label("DATA", "heading"))
        self.data = data_combo()
        self.pictures = NumberBox(0, _MOST_PICTURES, 1000)
        self.pictures.setObjectName("picturesSpinBox")
        self.pictures.setSpecialValueText("all")
        explain(
            self.pictures,
            "Training pictures",
            "How many of the training pictures to learn from; 0 takes all (MNIST: 50,000).",
        )
        self.extra = extra_combo()
        column.addLayout(_row(Field("Data set", self.data), Field("Also learn", self.extra)))
        self.augmentation = ComboBox()
        self.augmentation.setObjectName("augmentationCombo")
        for name, recipe in RECIPES.items():
            self.augmentation.addItem(_RECIPE_NAMES.get(name, name), name)
            self.augmentation.setItemData(
                self.augmentation.count() - 1, recipe.meaning, Qt.ToolTipRole
            )
        explain(
            self.augmentation,
            "Augmentation",
            "How the training pictures are varied, anew in each epoch; the network then reads "
            "more kinds of handwriting. Can be changed during a run.",
        )
        row = _row(Field("Augmentation", self.augmentation), Field("Pictures", self.pictures))
        row.setStretch(0, 2)
        row.setStretch(1, 1)
        column.addLayout(row)
        self.examples = AugmentationView()
        column.addWidget(self.examples)
        self.augmentation.currentIndexChanged.connect(self._show_examples)
        self.augmentation.currentIndexChanged.connect(
            lambda: self.augmentation_changed.emit(str(self.augmentation.currentData()))
        )
        self.seed.valueChanged.connect(self._show_examples)
        self.data.activated.connect(self._show_examples)

    def _build_stop(self, column: QVBoxLayout) -> None:
        top = QHBoxLayout()
        top.addWidget(label("STOP", "heading"))
        top.addStretch(1)
        column.addLayout(top)
        self.target = RealBox(0.0, 100.0, 2, " %")
        self.target.setObjectName("targetSpinBox")
        self.target.setSpecialValueText("off")
        explain(
            self.target,
            "At accuracy",
            "Stop once this validation accuracy, in percent, is reached; 0 switches it off.",
        )
        self.patience = NumberBox(0, _MOST_EPOCHS, 1, " epochs")
        self.patience.setObjectName("patienceSpinBox")
        self.patience.setSpecialValueText("off")
        explain(
            self.patience,
            "Without progress",
            "Stop after so many epochs without a lower validation loss; 0 switches it off.",
        )
        column.addLayout(
            _row(Field("At accuracy", self.target), Field("Without progress", self.patience))
        )
        self.keep_best = QCheckBox("keep the best epoch")
        self.keep_best.setObjectName("keepBestCheckBox")
        explain(
            self.keep_best,
            "Keep the best epoch",
            "End with the weights of the epoch with the lowest validation loss, not the last.",
        )
        top.addWidget(self.keep_best)
        self._fixed += [
            self.update_combo,
            self.batch_size,
            self.epochs,
            self.schedule_combo,
            self.data,
            self.extra,
            self.pictures,
            self.seed,
            self.target,
            self.patience,
            self.keep_best,
        ]

    def _show_examples(self) -> None:
        self.examples.show_recipe(
            str(self.augmentation.currentData()), self.data.folder(), self.seed.value()
        )

    def _show_rule(self, name: str) -> None:
        """Show the fields of one update rule, with Lasagne's defaults."""
        while self._rule_row.count():
            widget = self._rule_row.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._rule_boxes = {}
        rule = UPDATE_RULES.get(name)
        for key, value in rule.parameters.items() if rule else ():
            low, high = (1e-10, 1.0) if key == "epsilon" else (0.0, 0.999999)
            box = RealBox(low, high, 10)
            box.setObjectName(f"{key}SpinBox")
            box.setValue(value)
            explain(box, key, f"The parameter {key} of {name}, without unit.")
            self._rule_boxes[key] = box
            self._rule_row.addWidget(Field(key, box), 1)

    # -- values

    def settings(self) -> TrainingSettings:
        """Return what the fields say."""
        rule = UPDATE_RULES[self.update_combo.currentText()]
        changed = {
            key: box.value()
            for key, box in self._rule_boxes.items()
            if abs(box.value() - rule.parameters[key]) > 1e-12
        }
        return TrainingSettings(
            network=self.network.text(),
            update=rule.name,
            update_parameters=changed,
            learning_rate=self.learning_rate.value(),
            schedule=self.schedule_combo.currentData(),
            batch_size=self.batch_size.value(),
            epochs=self.epochs.value(),
            l2=self.l2.value(),
            seed=self.seed.value(),
            training_examples=self.pictures.value() or None,
            data_folder=self.data.folder(),
            extra_folder=self.extra.folder(),
            augmentation=str(self.augmentation.currentData()),
            patience=self.patience.value() or None,
            target_accuracy=self.target.value() / 100 or None,
            keep_best=self.keep_best.isChecked(),
        )

    def show_settings(self, settings: TrainingSettings) -> None:
        """Fill the fields."""
        self.network.show_network(settings.network)
        self.update_combo.setCurrentText(settings.update)
        self._show_rule(settings.update)
        for key, value in settings.update_parameters.items():
            self._rule_boxes[key].setValue(value)
        self.learning_rate.setValue(settings.learning_rate)
        self.schedule_combo.setCurrentIndex(self.schedule_combo.findData(settings.schedule))
        self.batch_size.setValue(settings.batch_size)
        self.epochs.setValue(settings.epochs)
        self.l2.setValue(settings.l2)
        self.seed.setValue(settings.seed)
        self.pictures.setValue(settings.training_examples or 0)
        self.data.show_folder(settings.data_folder)
        self.extra.show_folder(settings.extra_folder)
        self.augmentation.setCurrentIndex(self.augmentation.findData(settings.augmentation))
        self.patience.setValue(settings.patience or 0)
        self.target.setValue(100 * (settings.target_accuracy or 0.0))
        self.keep_best.setChecked(settings.keep_best)

    def show_stored(self, values: dict[str, Any]) -> None:
        """Fill the fields from stored JSON values; raises ``UserError`` if they make no sense."""
        self.show_settings(TrainingSettings.from_json(values))

    def set_running(self, running: bool) -> None:
        """During a run learning rate, L2 and augmentation can be changed, nothing else."""
        self.open_action.setEnabled(not running)
        for widget in (*self._fixed, *self._rule_boxes.values()):
            widget.setEnabled(not running)


def _row(*fields: Field) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(Size.FIELD_GAP)
    for field in fields:
        row.addWidget(field, 1)
    return row
