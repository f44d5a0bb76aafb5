"""What is asked before the window closes while only the memory has a trained network."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QFileDialog, QMessageBox, QWidget

from mnist_draw.app.services.unsaved import UnsavedNetworks
from mnist_draw.app.shared.threads import Background
from mnist_draw.errors import UserError
from mnist_draw.storage.models import save_model
from mnist_draw.storage.spare_names import file_name, taken_file
from mnist_draw.training.runs.network_names import SUFFIX

#: So many networks are named; of more, how many they are.
_NAMED = 5


class ClosingQuestion(QObject):
    """Asks whether networks that could be saved nowhere are saved elsewhere or discarded.

    Files are written off the GUI thread, and there is no event loop of its own: whatever ends the
    program meanwhile ends it.

    Parameters
    ----------
    unsaved : UnsavedNetworks
    window : QWidget
        What closes.

    Signals
    -------
    settled
        Nothing is at stake any longer; the window may close.
    cancelled
        The window stays.
    """

    settled = pyqtSignal()
    cancelled = pyqtSignal()

    def __init__(self, unsaved: UnsavedNetworks, window: QWidget) -> None:
        super().__init__(window)
        self._unsaved, self._window = unsaved, window
        self._background = Background(self)
        self._box: QMessageBox | None = None
        self._trying = False

    @property
    def needed(self) -> bool:
        """Whether something would be lost."""
        return bool(self._unsaved)

    def ask(self) -> None:
        """Save at home if there is room by now; if not, ask.

        However often the window is told to close: it is asked once.
        """
        if self._box is not None:
            self._box.raise_()
            self._box.activateWindow()
        elif not self._trying:
            self._trying = True
            self._background.run(self._unsaved.save_at_home, lambda _: self._tried())

    def withdraw(self) -> None:
        """Ask no longer: the program ends whatever the answer is."""
        self._trying = False
        if self._box is not None:
            self._box.done(QMessageBox.Cancel)

    def _tried(self, problem: str = "") -> None:
        if not self._trying:
            return
        self._trying = False
        if not self.needed:
            self.settled.emit()
            return
        self._box = box = QMessageBox(self._window)
        box.setObjectName("closingQuestion")
        box.setIcon(QMessageBox.Warning)
        box.setWindowTitle("Not saved")
        box.setText(self._at_stake())
        box.setInformativeText(
            problem
            or "No place that was tried could be written: neither the folder of its run, nor the "
            "program's folders, your documents or the temporary files. Save it on another disk, or "
            "cancel, make room, and close the window again: then it is kept by itself."
        )
        elsewhere = box.addButton("Save elsewhere …", QMessageBox.AcceptRole)
        discard = box.addButton("Discard", QMessageBox.DestructiveRole)
        cancel = box.addButton("Cancel", QMessageBox.RejectRole)
        box.setDefaultButton(elsewhere)
        box.setEscapeButton(cancel)
        for button, name in (
            (elsewhere, "saveElsewhereButton"), (discard, "discardNetworkButton"),
            (cancel, "cancelClosingButton"),
        ):  # fmt: skip
            button.setObjectName(name)

        def answered(_: int) -> None:
            clicked, self._box = box.clickedButton(), None
            box.deleteLater()
            if clicked is elsewhere:
                self._save_elsewhere()
            elif clicked is discard:
                self._unsaved.forget_all()
                self.settled.emit()
            else:
                self.cancelled.emit()

        box.finished.connect(answered)
        box.open()

    def _at_stake(self) -> str:
        names = [model.describe() for _, model in self._unsaved.items()]
        if len(names) == 1:
            return (
                f"The network {names[0]} could be saved nowhere. If the window closes now, what it "
                "has learnt is lost."
            )
        more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
        return "\n".join([
            f"{len(names)} networks could be saved nowhere. If the window closes now, what they "
            "have learnt is lost:",
            *names[:_NAMED],
            *more,
        ])  # fmt: skip

    def _save_elsewhere(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "A folder with room for a network")
        if not folder:
            self.cancelled.emit()
            return
        self._trying = True
        self._background.run(lambda: self._save_in(Path(folder)), self._tried)

    def _save_in(self, folder: Path) -> str:
        """Save all under free names; return why one could not be saved."""
        for key, model in self._unsaved.items():
            try:
                with taken_file(folder / f"{file_name(model.title)}{SUFFIX}") as path:
                    save_model(path, model)
            except UserError as error:
                return str(error)
            self._unsaved.forget(key)
        return ""
