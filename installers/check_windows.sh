#!/usr/bin/env bash
# Runs the installer for Windows under Wine, uses the program as a student does, and removes it:
#
#   installers/check_windows.sh FOLDER            the FOLDER of build_windows.sh
#
# Needs Xvfb and xdotool. It opens the window by its entry in the start menu, draws, trains one epoch, opens a lesson by
# its file type, and looks for what was kept and what was left behind.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "$1" && pwd)
home=$(mktemp -d)
export WINEPREFIX=$home/prefix WINEDEBUG=-all XDG_RUNTIME_DIR=$home MNIST_DRAW_HOME=Z:$home/mnist
# shellcheck source=installers/check_steps.sh
. "$root/installers/check_steps.sh"
cleanup() {
    wineserver -k || true
    jobs -p | xargs -r kill 2>/dev/null || true
    rm -rf "$home"
}
trap cleanup EXIT

start_screen
wine wineboot --init >/dev/null 2>&1
user=$WINEPREFIX/drive_c/users/$(whoami)
installed="$user/AppData/Local/Programs/MNIST Draw"
entry="$user/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/MNIST Draw.lnk"
lessons='HKCU\Software\Classes\.mnist-lesson'
mnist_draw() { wine "$installed/mnist-draw.exe" "$@" | tr -d '\r'; }

wine "$out"/mnist-draw-*-setup.exe /S
[ -e "$installed/mnist-draw-window.exe" ] && [ -e "$entry" ] || fail "the program or its entry in the start menu is missing"
wine reg query "$lessons" >/dev/null || fail "lessons have no file type"
# Wine lacks complex functions that NumPy loads.
"$out/tools/bin/python" "$root/tools/windows_python.py" patch "$installed"
cp "$out/python/apx-ms-win-crt-math-l1-1-0.dll" "$installed/_internal"
cd "$home"
started=$(date +%s%N)
mnist_draw --version
echo "the version after $(milliseconds_since "$started") ms"

started=$(date +%s%N)
wine start /unix "$entry"
wait_until 90 window_is_open
echo "the window after $(milliseconds_since "$started") ms, its first start"
wine "$out"/mnist-draw-*-setup.exe /S && fail "it was installed over a program that runs"
draw_in_window

train_and_evaluate "Z:$home/mine.npz"
echo 'title = "Nine"' >class.mnist-lesson
# Wine knows no file types of one user: run what Windows would.
wine reg query 'HKCU\Software\Classes\MNISTDraw.Lesson\shell\open\command' >command.txt
grep -qF "\"$(winepath -w "$installed/mnist-draw-window.exe")\" \"%1\"" command.txt || fail "lessons are opened by $(cat command.txt)"
wine "$installed/mnist-draw-window.exe" "$(winepath -w "$home/class.mnist-lesson")" &
wait_until 60 window_is_open
echo "the window with a lesson"
xdotool windowfocus --sync "$(window_is_open | head -n 1)" key ctrl+q
wait_until 20 window_is_closed

wine "$installed/uninstall.exe" /S
wait_until 60 test ! -e "$installed"
[ ! -e "$entry" ] || fail "the entry in the start menu is still there"
wine reg query "$lessons" >/dev/null 2>&1 && fail "lessons still have a file type"
[ -s "$home/mine.npz" ] && a_drawing_is_kept || fail "removing it took a network or a drawing away"
trap - EXIT
cleanup
echo "installed, started, drawn in, trained in, removed"
