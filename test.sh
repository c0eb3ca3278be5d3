#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test.sh [PATTERN] : installs what is missing, builds with the sanitizers, and runs every test, or those whose name fits
# the pattern (as for ctest -R). The last line is the count. Without root the system tests are skipped, and say so.
set -euo pipefail

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
build=$root/build/test
# sudo and sshd cannot load what was built with the sanitizers, so the system tests install this one.
plain=$root/build/plain

die() {
    printf 'test.sh: %s\n' "$@" >&2
    exit 1
}

packages() {
    if [ "$(id -u)" = 0 ]; then
        "$root/tests/support/packages.sh" build run world test
    else
        "$root/tests/support/packages.sh" build run test
    fi
}

make_build() {
    local folder=$1
    shift
    printf 'test.sh: building %s\n' "${folder#"$root/"}"
    cmake -S "$root" -B "$folder" --log-level=WARNING "$@" || die "cmake could not configure $folder; no test ran"
    cmake --build "$folder" --parallel "$(nproc)" || die "$folder could not be built; no test ran"
}

run_tests() {
    local status=0
    rm -f "$build/results.xml"
    # The count decides what failed; ctest's own status is for the case that it wrote no results.
    UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1} CS_SYSTEM_BUILD=$plain \
        ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure --output-junit "$build/results.xml" "$@" || status=$?
    [ -f "$build/results.xml" ] || die "ctest ended with status $status and wrote no results"
    /usr/bin/python3 "$root/tests/support/count.py" "$build/results.xml"
}

case ${1:-} in
-*) die "usage: test.sh [PATTERN]" ;;
esac
[ $# -le 1 ] || die "usage: test.sh [PATTERN]"

packages || die "packages are missing; no test ran"
make_build "$build" -DCMAKE_BUILD_TYPE=Debug -DCS_SANITIZE=ON -DCS_WERROR=ON
if [ "$(id -u)" = 0 ]; then
    make_build "$plain" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCS_WERROR=ON -DCS_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr
fi
if [ $# = 1 ]; then
    run_tests -R "$1"
else
    run_tests
fi
