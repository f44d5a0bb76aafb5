# What a student does with an installed program, for check_linux.sh and check_windows.sh. Needs Xvfb and xdotool.
#
# The caller sets $home, a folder for the test, and mnist_draw, a function that runs the command.
fail() {
    echo "FAILED: $*"
    exit 1
}
# wait_until SECONDS COMMAND…: ask again until the command succeeds.
wait_until() {
    local last=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$last" ] || fail "$* (not within the time)"
        sleep 0.3
    done
}
milliseconds_since() { echo $((($(date +%s%N) - $1) / 1000000)); }
window_is_open() { xdotool search --onlyvisible --name '^MNIST Draw$'; }
window_is_closed() { ! window_is_open; }
nothing_is_mounted() { ! compgen -G "${TMPDIR:-/tmp}/.mount_mnist-*"; }
# The record of the board holds each stroke.
a_drawing_is_kept() { grep -rq --include='board*.json' '"stroke"' "$home/mnist"; }
a_run_is_completed() { mnist_draw runs | grep -q completed; }

start_screen() {
    exec 3<>"$home/display"
    Xvfb -displayfd 3 -screen 0 1366x768x24 >/dev/null 2>&1 &
    wait_until 20 test -s "$home/display"
    DISPLAY=:$(head -n 1 "$home/display")
    export DISPLAY
}

# A 1: a stroke down the middle of the board.
draw_in_window() {
    local window
    window=$(window_is_open | head -n 1)
    xdotool windowfocus --sync "$window" windowsize "$window" 1366 728 windowmove "$window" 0 0
    sleep 1
    xdotool mousemove 350 250 mousedown 1
    for y in $(seq 260 10 560); do xdotool mousemove 350 "$y"; done
    xdotool mouseup 1
    wait_until 20 a_drawing_is_kept
    echo "a drawing is kept"
    xdotool key ctrl+q
    wait_until 20 window_is_closed
}

# train_and_evaluate FILE: the file as the program names it.
train_and_evaluate() {
    # Varied pictures: they are what needs Numba.
    mnist_draw train --epochs 1 --augment --quiet --output "$1"
    wait_until 5 a_run_is_completed
    mnist_draw evaluate "$1" | tail -n 1
}
