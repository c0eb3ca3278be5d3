#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh : installs what is missing, builds, and plays a release day with Countersign as a transcript, on a real directory,
# sshd and sudo, in a private copy of this machine. Exit status 0 only if every step went as told.
# demo.sh --shell : the same world, but for yourself: terminals of alice, bob and carol.
set -euo pipefail

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
build=$root/build/demo
log=$build/demo.log

die() {
    printf 'demo.sh: %s\n' "$@" >&2
    exit 1
}

# Keeps all that the tools say in the log, and shows how far they are: a counting line on a terminal, else nothing.
show_progress() {
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        if [ -t 1 ] && [[ $line =~ ^\[\ *([0-9]+%|[0-9]+/[0-9]+)\] ]]; then
            printf '\rbuild: %s ' "${BASH_REMATCH[1]}"
        fi
    done
    if [ -t 1 ]; then
        printf '\r\033[K'
    fi
}

make_build() {
    mkdir -p "$build"
    : >"$log"
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCS_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr 2>&1 &&
        cmake --build "$build" --parallel "$(nproc)" 2>&1
}

build_or_die() {
    local begun=$SECONDS
    [ -t 1 ] || printf 'build: this takes a minute or two the first time\n'
    if ! make_build | show_progress; then
        tail -n 30 "$log" >&2
        die "it could not be built; the end of $log is above"
    fi
    printf 'build: done in %d s (%s)\n' "$((SECONDS - begun))" "${build#"$root/"}"
}

story=story
case ${1:-} in
'') ;;
--shell) story=shell ;;
*) die "usage: demo.sh [--shell]" ;;
esac
[ $# -le 1 ] || die "usage: demo.sh [--shell]"
[ "$(id -u)" = 0 ] || die "run this as root: it makes a private copy of the machine to play in; the machine itself stays as it is"
if [ "$story" = shell ] && ! { [ -t 0 ] && [ -t 1 ]; }; then
    die "--shell needs a terminal"
fi

"$root/tests/support/packages.sh" build run world
build_or_die
export CS_SYSTEM_BUILD=$build
export DEMO_PID=$$
exec "$root/tests/support/sandbox" "$root/tests/demo/$story"
