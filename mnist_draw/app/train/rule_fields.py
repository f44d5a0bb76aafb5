"""The parameters of the update rule that is chosen."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from mnist_draw.app.kit.number_fields import RealBox
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Field, explain
from mnist_draw.training.updates import UPDATE_RULES, UpdateRule, parameter_range

#: Digits behind the point that a parameter keeps; the box shows those that say something.
_DECIMALS = 40


class RuleFields(QWidget):
    """A field for each parameter of an update rule; hidden for a rule without any."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(Size.FIELD_GAP)
        self.rule: UpdateRule
        self.boxes: dict[str, RealBox] = {}
        self._build(next(iter(UPDATE_RULES)))

    def show_rule(self, name: str) -> None:
        """Show the fields of a rule, with Lasagne's defaults."""
        self._build(name)
        self.setVisible(bool(self.boxes))
        self.changed.emit()

    def _build(self, name: str) -> None:
        self.rule = UPDATE_RULES[name]
        while item := self._row.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        self.boxes = {}
        for key, value in self.rule.parameters.items():
            box = RealBox(*parameter_range(key), _DECIMALS)
            box.setObjectName(f"{key}SpinBox")
            box.setValue(value)
            explain(box, key, f"The parameter {key} of {name}, without unit.")
            box.valueChanged.connect(self.changed)
            self.boxes[key] = box
            self._row.addWidget(Field(key, box), 1)

    def changes(self) -> dict[str, float]:
        """Return the parameters that differ from Lasagne's defaults."""
        return {
            key: box.value()
            for key, box in self.boxes.items()
            if box.value() != self.rule.parameters[key]
        }

    def show_changes(self, changes: Mapping[str, float]) -> None:
        """Show parameters of the rule; those left out get Lasagne's defaults."""
        for key, value in {**self.rule.parameters, **changes}.items():
            self.boxes[key].setValue(value)
