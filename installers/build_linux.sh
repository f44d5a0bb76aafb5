#!/usr/bin/env bash
# Builds for Linux, x86-64: the folder that starts without Python, the same as an archive, and a package for Debian and Ubuntu.
#
#   installers/build_linux.sh FOLDER            then FOLDER has mnist-draw/, mnist-draw-VERSION-x86_64.tar.xz, mnist-draw_VERSION_amd64.deb
#   installers/build_linux.sh FOLDER --quick    no archive, and a package that is large but packed at once: to try it
#
# Needs Python 3.11 or newer with venv, and dpkg-deb for the package. Build on the oldest system that it is meant for: the C library
# of others must not be older.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
quick=${2:-}
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "$root" "pyinstaller>=6"
cd "$work"
"$work/venv/bin/python" -m PyInstaller --noconfirm --log-level WARN --distpath "$out" --workpath "$work/build" \
    "$root/installers/mnist-draw.spec"

# The license of each part, under its name.
version=$("$out/mnist-draw/mnist-draw" --version | sed -E 's/^mnist_draw ([^ ]+).*/\1/')
"$work/venv/bin/python" "$root/installers/collect_licenses.py" "$out/mnist-draw/licenses"
[ "$quick" = --quick ] || XZ_OPT=-T0 tar -C "$out" -cJf "$out/mnist-draw-$version-x86_64.tar.xz" mnist-draw

command -v dpkg-deb >/dev/null || exit 0
package=$work/package
shared=$package/usr/share
desktop=$root/resources/desktop
install -d "$package/DEBIAN" "$package/usr/lib" "$package/usr/bin"
cp -a "$out/mnist-draw" "$package/usr/lib/mnist-draw"
ln -s ../lib/mnist-draw/mnist-draw "$package/usr/bin/mnist-draw"
install -Dm644 "$desktop/mnist-draw.desktop" "$shared/applications/mnist-draw.desktop"
install -Dm644 "$desktop/mnist-draw.xml" "$shared/mime/packages/mnist-draw.xml"
install -Dm644 "$desktop/mnist-draw.svg" "$shared/icons/hicolor/scalable/apps/mnist-draw.svg"
install -Dm644 "$desktop/mnist-draw.png" "$shared/icons/hicolor/256x256/apps/mnist-draw.png"
install -Dm644 "$desktop/mnist-draw.metainfo.xml" "$shared/metainfo/mnist-draw.metainfo.xml"
install -d "$shared/doc/mnist-draw"
mv "$package/usr/lib/mnist-draw/licenses" "$shared/doc/mnist-draw/licenses"
cp "$root/LICENSE" "$shared/doc/mnist-draw/copyright"
cat >"$package/DEBIAN/control" <<CONTROL
Package: mnist-draw
Version: $version
Architecture: amd64
Section: education
Priority: optional
Maintainer: The authors of mnist_draw <mnist-draw@localhost>
Installed-Size: $(du -sk "$package/usr" | cut -f1)
Depends: libc6, libgl1, libegl1, libdbus-1-3, libfontconfig1, libxkbcommon-x11-0, libxcb-icccm4, libxcb-image0, libxcb-keysyms1, libxcb-randr0, libxcb-render-util0, libxcb-shape0, libxcb-xinerama0, libxcb-xkb1
Description: Draw a digit, train the network that reads it
 Draw digits with the mouse, a pen or a finger and read what a neural network
 says. Train a network of your own on 50,000 handwritten digits in seconds, and
 look inside it. Made for students and teachers.
CONTROL
compression=(-Zxz)
[ "$quick" = --quick ] && compression=(-Zgzip -z1)
dpkg-deb --root-owner-group "${compression[@]}" --build "$package" "$out/mnist-draw_${version}_amd64.deb" >/dev/null
du -sh "$out"/* | sed "s#$out/##"
