"""The error of this package."""

from __future__ import annotations

from mnist_draw.errors import UserError


class DatasetError(UserError):
    """A data set cannot be used: the sentence names the file, what was found and expected."""
