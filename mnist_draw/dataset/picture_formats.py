"""The picture formats: one entry each.

The decoder, the search of folders, the file dialogs, the files that the board accepts and the help
of the command line follow `FORMATS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from mnist_draw.i18n import _, listed


@dataclass(frozen=True)
class PictureFormat:
    """One kind of picture file; new files get the first suffix.

    `decoder` is Pillow's name, empty if such files are not read. A drawing is `saved_as`
    ``"pixels"``, ``"curves"``, or not.
    """

    title: str
    suffixes: tuple[str, ...]
    decoder: str = ""
    saved_as: str = ""

    @property
    def patterns(self) -> str:
        """Its patterns in a file dialog, such as ``"*.jpg *.jpeg"``."""
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
    return [known for known in FORMATS if known.decoder]


def saved_formats() -> list[PictureFormat]:
    return [known for known in FORMATS if known.saved_as]


def read_suffixes() -> frozenset[str]:
    """Return the suffixes of files that are read, lower case with the dot."""
    return frozenset(suffix for known in read_formats() for suffix in known.suffixes)


def read_titles() -> str:
    """List the formats that are read, such as ``"PNG, JPEG, BMP"``."""
    return listed(known.title for known in read_formats())


def saved_titles() -> str:
    """List the formats that a drawing is saved in, such as ``"PNG or SVG"``."""
    *others, last = (known.title for known in saved_formats())
    return _("{names} or {last}", names=listed(others), last=last)
