"""Where nothing can be kept, nothing is: commands that list what is kept say so, and work."""

from __future__ import annotations

from mnist_draw.cli.output import tell
from mnist_draw.errors import StorageError
from mnist_draw.storage.folders import data_folder


def data_home() -> bool:
    """Tell whether there is a folder for what is kept; say why where there is none."""
    try:
        data_folder()
    except StorageError as error:
        tell(str(error))
        return False
    return True
