"""What is asked before the window closes while only the memory has a trained network."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QMessageBox, QWidget

from mnist_draw.app.kit.files import NETWORKS, ask_save
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.unsaved import UnsavedNetworks
from mnist_draw.errors import UserError
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.unique_paths import file_name, taken_file
from mnist_draw.training.network_places import SUFFIX

#: So many networks are named; of more, how many they are.
_NAMED = 5


class ClosingQuestion(QObject):
    """Asks whether networks that could be saved nowhere are saved elsewhere or discarded.

    Files are written off the GUI thread, and there is no event loop of its own: whatever ends the
    program meanwhile ends it.
    """

    settled = pyqtSignal()
    cancelled = pyqtSignal()

    def __init__(self, unsaved: UnsavedNetworks, window: QWidget) -> None:
        super().__init__(window)
        self._unsaved, self._window = unsaved, window
        self._background = Background(self)
        self._box: QMessageBox | None = None
        self._trying = False
        self._besides = ""

    @property
    def needed(self) -> bool:
        """Whether something would be lost."""
        return bool(self._unsaved)

    def ask(self, besides: str = "") -> None:
        """Save at home if there is room by now; if not, ask.

        However often the window is told to close: it is asked once.
        """
        self._besides = besides
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
        why = (
            problem
            or "No place that was tried could be written: neither the folder of its run, nor the "
            "program's folders, your documents or the temporary files. Save it on another disk, or "
            "cancel, make room, and close the window again: then it is kept by itself."
        )
        box.setInformativeText(f"{why} {self._besides}".strip())
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
        """Ask for a file for each network; a folder that was meant otherwise would hide it."""
        chosen: list[tuple[str, Path]] = []
        for key, model in self._unsaved.items():
            title = model.describe()
            wanted = f"{file_name(model.title)}{SUFFIX}"
            path = ask_save(self._window, f"Save {title}", wanted, NETWORKS)
            if not path:
                self.cancelled.emit()
                return
            chosen.append((key, Path(path)))
        self._trying = True
        self._background.run(lambda: self._save_as(chosen), self._tried)

    def _save_as(self, chosen: list[tuple[str, Path]]) -> str:
        """Save each in its file and say where on the terminal; return why one could not be."""
        networks = dict(self._unsaved.items())
        saved: set[Path] = set()
        for key, path in chosen:
            try:
                where = _save(path, networks[key], replace=path not in saved)
            except UserError as error:
                return str(error)
            saved.add(where)
            self._unsaved.forget(key)
            reporter.say_at_the_end(f"The network {networks[key].describe()} is saved in {where}.")
        return ""


def _save(path: Path, model: ModelFile, replace: bool) -> Path:
    """Save a network and return where: whoever is asked for a name may replace what has it."""
    if replace and path.suffix == SUFFIX:
        save_model(path, model)
        return path
    # Nobody was asked about a file of this name.
    with taken_file(path.with_name(f"{path.name.removesuffix(SUFFIX)}{SUFFIX}")) as free:
        save_model(free, model)
    return free
