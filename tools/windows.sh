#!/usr/bin/env bash
# The quick tests on a Windows Python under Wine: of the rooms without a window, then of the window.
#
#   tools/windows.sh OUT [tests and options of pytest]
#
# OUT/python is kept for the next time (windows_python.sh).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
# shellcheck source=tools/windows_python.sh
. "$root/tools/windows_python.sh"
# Pytest needs colorama on Windows.
install_packages colorama babel hypothesis mock pytest pytest-qt pytest-timeout pytest-xdist
cd "$out/clone"
# The installed package, not the clone's, whose data are elsewhere.
mv mnist_draw sources-of-mnist_draw
wine "$out/python/python.exe" -m mnist_draw --version
# Wine has no fonts of its own.
cp /usr/share/fonts/truetype/dejavu/*.ttf "$WINEPREFIX/drive_c/windows/Fonts/"
rooms="storage cli library training networks dataset recognition app"
[ $# -gt 0 ] || set -- $(printf 'tests/%s ' $rooms)
# With one worker, which is started again where a test ends it.
wine "$out/python/python.exe" -m pytest -q -p no:cacheprovider -n 1 -m "not slow" \
    --timeout 300 "$@"
