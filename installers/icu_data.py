"""Make a library of ICU's data for the program's languages alone: Qt for Linux brings all, 25 MB.

    python installers/icu_data.py libicudata.so.56 SMALLER.so

Qt asks it to sort, to change the case of text, and for the encodings of old systems. A language
whose data are missing has those of the root, as one that ICU does not know. Needs gcc.
"""

import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

#: What is kept: properties of characters, how these languages sort, and the encodings that systems
#: in them have had.
KEPT = re.compile(
    r"""[^/]+\.(icu|nrm|spp)
    | coll/(ucadata\.icu|(root|pool|res_index|de|en|es|fr|it|zh)(_[^/]+)?\.res)
    | (root|pool|res_index|de|en|es|fr|it|zh)\.res
    | ([a-z]+[A-Z]\w+|icu\w+|metadata|plurals|zoneinfo64)\.res
    | (ibm-(923|5348|1373|1383|1386)_\w+-\d+|gb18030|windows-(936|950)-2000)\.cnv
    """,
    re.VERBOSE,
)
#: The beginning of the data: the size of their header is in its first two bytes.
_SIGNATURE = b"\xda\x27"
_SIGNATURE_AT = 2
_NAME_AT = 12


def read_parts(library: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return the header of the data, and each part by its name."""
    start = library.index(b"CmnD") - _NAME_AT
    if library[start + _SIGNATURE_AT : start + _SIGNATURE_AT + 2] != _SIGNATURE:
        raise SystemExit("the library does not hold ICU's data as they are known")
    (header,) = struct.unpack_from("<H", library, start)
    table = start + header
    (count,) = struct.unpack_from("<I", library, table)
    places = list(struct.iter_unpack("<II", library[table + 4 : table + 4 + 8 * count]))
    # Nothing tells where the last one ends: what follows is small.
    ends = [place for _name, place in places[1:]] + [len(library) - table]
    parts = {}
    for (name_at, place), end in zip(places, ends, strict=True):
        name_end = library.index(b"\0", table + name_at)
        parts[library[table + name_at : name_end].decode()] = library[table + place : table + end]
    return library[start:table], parts


def joined(header: bytes, parts: dict[str, bytes]) -> bytes:
    """Return data of these parts: a table of names and places, the names, the parts."""
    names_at = 4 + 8 * len(parts)
    names = b""
    content = b""
    table = struct.pack("<I", len(parts))
    size_of_names = sum(len(name) + 1 for name in parts)
    content_at = (len(header) + names_at + size_of_names + 15) // 16 * 16 - len(header)
    for name, part in sorted(parts.items()):
        table += struct.pack("<II", names_at + len(names), content_at + len(content))
        names += name.encode() + b"\0"
        content += part + bytes(-len(part) % 16)
    before = header + table + names
    return before + bytes(len(header) + content_at - len(before)) + content


def make_smaller(library: Path, made: Path) -> Path:
    """Write a library with the data that are kept, under the same name for the linker."""
    header, parts = read_parts(library.read_bytes())
    kept = {name: part for name, part in parts.items() if KEPT.fullmatch(name.partition("/")[2])}
    # As in "icudt56l/root.res", and the symbol "icudt56_dat".
    package = next(iter(parts)).partition("/")[0]
    symbol = f"{package.removesuffix('l')}_dat"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.write_bytes(joined(header, kept))
        source = Path(folder) / "data.s"
        source.write_text(
            f".section .rodata\n.balign 16\n.globl {symbol}\n.type {symbol}, @object\n"
            f'{symbol}:\n.incbin "{data}"\n.size {symbol}, . - {symbol}\n'
            '.section .note.GNU-stack,"",@progbits\n',
        )
        name = f"-Wl,-soname,{library.name}"
        subprocess.run(["gcc", "-shared", "-nostdlib", name, source, "-o", made], check=True)
    return made


if __name__ == "__main__":
    make_smaller(Path(sys.argv[1]), Path(sys.argv[2]))
