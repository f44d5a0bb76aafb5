"""The picture formats that the program knows: one entry each.

What decodes a file, what a folder of digits is searched for, the dialogs that open and save, what
the board accepts when it is dropped there and the command line's help all follow this table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PictureFormat:
    """One kind of picture file.

    Attributes
    ----------
    title : str
        What the user knows it as, such as ``"JPEG"``.
    suffixes : tuple of str
        Endings of its files, lower case with the dot; new files get the first.
    decoder : str
        Pillow's name of its decoder; empty where such files are not read.
    saved_as : str
        What a drawing is saved as: ``"pixels"``, ``"curves"``, or empty where drawings are not
        saved in this format.
    """

    title: str
    suffixes: tuple[str, ...]
    decoder: str = ""
    saved_as: str = ""

    @property
    def patterns(self) -> str:
        """Its files as a file dialog names them, such as ``"*.jpg *.jpeg"``."""
        return " ".join(f"*{suffix}" for suffix in self.suffixes)


#: Not all that Pillow decodes: some of its decoders start other programs.
FORMATS: list[PictureFormat] = [
    PictureFormat("PNG", (".png",), "PNG", "pixels"),
    PictureFormat("JPEG", (".jpg", ".jpeg"), "JPEG"),
    PictureFormat("BMP", (".bmp",), "BMP"),
    PictureFormat("GIF", (".gif",), "GIF"),
    PictureFormat("TIFF", (".tif", ".tiff"), "TIFF"),
    PictureFormat("WebP", (".webp",), "WEBP"),
    PictureFormat("PNM", (".ppm", ".pgm", ".pbm"), "PPM"),
    PictureFormat("SVG", (".svg",), saved_as="curves"),
]


def read_formats() -> list[PictureFormat]:
    """Return the formats that are read."""
    return [known for known in FORMATS if known.decoder]


def saved_formats() -> list[PictureFormat]:
    """Return the formats that a drawing can be saved in."""
    return [known for known in FORMATS if known.saved_as]


def read_suffixes() -> frozenset[str]:
    """Return the endings of files that are read, lower case with the dot."""
    return frozenset(suffix for known in read_formats() for suffix in known.suffixes)


def read_titles() -> str:
    """Return the formats that are read as a list for a sentence, such as ``"PNG, JPEG, BMP"``."""
    return ", ".join(known.title for known in read_formats())


def saved_titles() -> str:
    """Return the formats that a drawing is saved in, such as ``"PNG or SVG"``."""
    return " or ".join(known.title for known in saved_formats())
