#!/usr/bin/env bash
# Builds the installer for Windows, 64 bits, on Linux: a Windows Python under Wine runs PyInstaller, and NSIS packs its folder.
#
#   installers/build_windows.sh FOLDER            then FOLDER has mnist-draw/ and mnist-draw-VERSION-setup.exe
#   installers/build_windows.sh FOLDER --quick    an installer that is large but packed at once: to try it
#
# Debian: wine gcc-mingw-w64-x86-64 nsis. FOLDER/python is kept for the next time. What is packed holds the wheels as PyPI has
# them: what windows_python.py changes in them so that they run under Wine is changed back.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
quick=${2:-}
# shellcheck source=tools/windows_python.sh
. "$root/tools/windows_python.sh"
install_packages pyinstaller pyinstaller-hooks-contrib pefile pywin32-ctypes

cd "$out"
rm -rf mnist-draw work
wine python/python.exe -m PyInstaller --noconfirm --log-level ERROR --distpath . --workpath work "Z:$root/installers/mnist-draw.spec"
wine python/python.exe "Z:$root/installers/collect_licenses.py" mnist-draw/licenses
# Wine has its own of these, so PyInstaller leaves them to Windows, which need not have them.
cp mnist-draw/_internal/PyQt5/Qt5/bin/{MSVCP140,MSVCP140_1,VCRUNTIME140_1}.dll mnist-draw/_internal
"$out/tools/bin/python" "$root/tools/windows_python.py" restore mnist-draw
"$out/tools/bin/python" "$root/tools/windows_python.py" check mnist-draw

version=$(python3.11 -c "exec(open('$root/mnist_draw/version.py').read()); print(__version__)")
"$out/tools/bin/pip" install -q pillow
"$out/tools/bin/python" -c "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])" \
    "$root/resources/desktop/mnist-draw.png" mnist-draw.ico
packing=()
[ "$quick" = --quick ] && packing=(-DQUICK)
makensis -V2 -INPUTCHARSET UTF8 "-DVERSION=$version" "-DFOLDER=$out/mnist-draw" "-DSIZE=$(du -sk mnist-draw | cut -f1)" \
    "-DICON=$out/mnist-draw.ico" "-DSETUP=$out/mnist-draw-$version-setup.exe" "${packing[@]}" "$root/installers/mnist-draw.nsi"
du -sh mnist-draw mnist-draw-*-setup.exe
