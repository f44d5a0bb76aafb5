"""The network that the program starts with: the one used last, or else the one that ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_draw.app.shared.reporting import reporter
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile


class FirstNetwork:
    """Reads it, in whichever thread asks.

    Parameters
    ----------
    key : str
        What the preferences remember, see `mnist_draw.recognition.network_library`; may be
        anything.

    Attributes
    ----------
    key : str
        Empty once it turned out that it leads nowhere.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def load(self) -> ModelFile:
        """Return the network; the user is told if it is another than the one used last.

        Raises
        ------
        ModelFileError
            None can be used at all.
        """
        from mnist_draw.recognition.network_library import default_model, load_by_key

        if self.key:
            try:
                return load_by_key(self.key)
            except UserError as error:
                self.key = ""
                reporter.tell(f"{error} The network that ships answers instead.")
        return default_model()
