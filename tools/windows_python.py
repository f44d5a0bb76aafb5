"""Make parts of a Windows Python that runs under Wine; `windows_python.sh` calls this.

Wine's C runtime lacks the complex functions that NumPy and SciPy import. A library of the same
length of name brings them, and their compiled modules are patched to load it.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

RUNTIME = b"api-ms-win-crt-math-l1-1-0.dll"
OURS = b"apx-ms-win-crt-math-l1-1-0.dll"
#: What is missing there, of complex numbers to real and to complex ones, and of ``long double``.
TO_REAL = "cabs carg cimag creal"
TO_COMPLEX = (
    "ccos ccosh cexp csin csinh csqrt ctan ctanh catan clog cacos casin cacosh casinh catanh conj "
    "cproj"
)
LONG = "acoshl asinhl atanhl exp2l expm1l log1pl rintl truncl cbrtl copysignl nextafterl"
#: What the runtime has.
FORWARDED = (
    "__setusermatherr _dclass _dpcomp _dsign _fdclass _fdopen _fdpcomp _fdsign _fpclass _hypot "
    "_hypotf _ldclass _nextafter _cabs acos acosf acosh acoshf asin asinf asinh asinhf atan atan2 "
    "atan2f atanf atanh atanhf cbrt cbrtf ceil ceilf copysign copysignf cos cosf cosh coshf erf "
    "erfc erfcf erff exp exp2 exp2f expf expm1 expm1f fabs floor floorf fma fmax fmaxf fmin fminf "
    "fmod fmodf frexp hypot ilogb ilogbf ldexp lgamma lgammaf log log10 log10f log1p log1pf log2 "
    "log2f logb logf lrint lround modf modff nextafter nextafterf pow powf rint rintf round roundf "
    "sin sinf sinh sinhf sqrt sqrtf tan tanf tanh tanhf tgamma tgammaf trunc truncf"
)
#: How the names of Windows' own libraries begin, from Windows 10 on.
OF_WINDOWS = (
    "advapi32 api-ms-win- bcrypt comctl32 crypt32 d3d11 d3d9 dnsapi dwmapi dxgi gdi32 imagehlp "
    "imm32 iphlpapi kernel32 mpr msvcrt netapi32 ntdll ole32 oleaut32 psapi rpcrt4 shell32 user32 "
    "userenv uxtheme version winmm ws2_32 wtsapi32"
)
START = """
#include <windows.h>
typedef int (*Main)(int, wchar_t **);
int wmain(int count, wchar_t **words) {
    HMODULE python = LoadLibraryW(L"python311.dll");
    Main main = python ? (Main)(void *)GetProcAddress(python, "Py_Main") : 0;
    return main ? main(count, words) : 99;
}
"""
BUILD = """
float _Complex x_FCbuild(float real, float imaginary) {
    union { float _Complex whole; float parts[2]; } value;
    value.parts[0] = real;
    value.parts[1] = imaginary;
    return value.whole;
}
"""


def unpack(wheel: Path, python: Path) -> None:
    """Unpack the libraries of Python from the wheel of panda3d."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            file = name.rpartition("/")[2]
            if "deploy_libs/" not in name or not file:
                continue
            is_beside = file.lower().startswith(("python311.dll", "vcruntime", "msvcp"))
            folder = python if is_beside else python / "DLLs"
            (folder / file).write_bytes(archive.read(name))


def write_sources(out: Path) -> None:
    """Write what MinGW compiles: python.exe, python3.dll and the complex functions."""
    import pefile

    exported = pefile.PE(out / "python" / "python311.dll").DIRECTORY_ENTRY_EXPORT.symbols
    names = [entry.name.decode() for entry in exported if entry.name]
    forwarded = [f"{name}=python311.{name}" for name in names]
    (out / "python3.def").write_text("\n".join(['LIBRARY "python3.dll"', "EXPORTS", *forwarded]))
    (out / "empty.c").write_text("int empty;")
    (out / "python.c").write_text(START)
    code = ["#include <complex.h>", BUILD]
    exports = ["_FCbuild=x_FCbuild"]
    # A long double is a double on Windows.
    for suffix, kind, real in (("", "double", ""), ("f", "float", "f"), ("l", "double", "")):
        for name in TO_REAL.split():
            code.append(
                f"{kind} x_{name}{suffix}({kind} _Complex z) {{ return {name}{real}(z); }}",
            )
        for name in TO_COMPLEX.split():
            code.append(
                f"{kind} _Complex x_{name}{suffix}({kind} _Complex z) "
                f"{{ return {name}{real}(z); }}",
            )
        code.append(
            f"{kind} _Complex x_cpow{suffix}({kind} _Complex a, {kind} _Complex b) "
            f"{{ return cpow{real}(a, b); }}",
        )
        exports += [
            f"{name}{suffix}=x_{name}{suffix}" for name in f"{TO_REAL} {TO_COMPLEX} cpow".split()
        ]
    exports += [f"{name}=ucrtbase.{name[:-1]}" for name in LONG.split()]
    exports += [f"{name}=ucrtbase.{name}" for name in FORWARDED.split()]
    (out / "complex.c").write_text("\n".join(code))
    heading = [f'LIBRARY "{OURS.decode()}"', "EXPORTS"]
    (out / "complex.def").write_text("\n".join([*heading, *exports]))


def load_from(runtime: bytes, instead_of: bytes, folder: Path) -> None:
    """Have compiled modules load the complex functions from another library."""
    for pattern in ("*.pyd", "*.dll"):
        for path in folder.rglob(pattern):
            content = path.read_bytes()
            if instead_of in content:
                path.write_bytes(content.replace(instead_of, runtime))


def restore(folder: Path) -> None:
    """Make compiled modules what they were, for real computers with Windows."""
    load_from(RUNTIME, OURS, folder)
    for path in folder.rglob(OURS.decode()):
        path.unlink()


def check(folder: Path) -> None:
    """Stop if a module needs a library that neither the folder nor Windows has."""
    import pefile

    modules = [
        path for path in folder.rglob("*") if path.suffix.lower() in (".dll", ".exe", ".pyd")
    ]
    present = {path.name.lower() for path in modules}
    for path in modules:
        read = pefile.PE(path, fast_load=True)
        read.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_IMPORT"]])
        for entry in getattr(read, "DIRECTORY_ENTRY_IMPORT", []):
            name = entry.dll.decode().lower()
            if name not in present and not name.startswith(tuple(OF_WINDOWS.split())):
                raise SystemExit(f"{path} needs {name}, which is not in {folder}")


if __name__ == "__main__":
    task, *places = sys.argv[1:]
    if task == "make":
        wheel, out = map(Path, places)
        unpack(wheel, out / "python")
        write_sources(out)
    elif task == "patch":
        load_from(OURS, RUNTIME, Path(places[0]))
    elif task == "restore":
        restore(Path(places[0]))
    else:
        check(Path(places[0]))
