#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# packages.sh GROUP... : install the packages of these groups of packages.txt that are missing.
# packages.sh --missing GROUP... : only print them, one a line.
#
# No package starts a service: neither now nor, when this script brought it, at the next boot.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list="$here/../../packages.txt"
policy=/usr/sbin/policy-rc.d
policy_kept=$policy.before-countersign
policy_mark='# written by countersign packages.sh'

die() {
    printf 'packages.sh: %s\n' "$@" >&2
    exit 1
}

packages_of() {
    local group line_group package
    for group in "$@"; do
        grep -qE "^${group}[[:space:]]" "$list" || die "no group '$group' in packages.txt"
        while read -r line_group package _; do
            if [ "$line_group" = "$group" ]; then
                printf '%s\n' "$package"
            fi
        done <"$list"
    done | sort -u
}

missing_of() {
    local package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" != installed ]; then
            printf '%s\n' "$package"
        fi
    done
}

# The policy is put aside and back, because the machine's own may allow services to start.
services_off() {
    if [ -e "$policy" ] && ! grep -qF "$policy_mark" "$policy"; then
        mv "$policy" "$policy_kept"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 0755 "$policy"
}

services_back() {
    if [ -e "$policy" ] && grep -qF "$policy_mark" "$policy"; then
        rm -f "$policy"
    fi
    if [ -e "$policy_kept" ]; then
        mv "$policy_kept" "$policy"
    fi
}

# shellcheck disable=SC2317 # called by the trap
services_back_and_leave() {
    services_back
    exit 1
}

preseed() {
    command -v debconf-set-selections >/dev/null || return 0
    # Without this slapd makes a database of its own.
    printf 'slapd slapd/no_configuration boolean true\n' | debconf-set-selections
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=900 "$@" </dev/null
}

apt_or_die() {
    local log
    log=$(mktemp)
    if ! apt "$@" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "'apt-get $1' failed, its last words are above" \
            "put right what it names (no network, another package manager at work, no space), then run this again"
    fi
    rm -f "$log"
}

# A service that this script brought shall not start at the next boot either.
disable_new_services() {
    local package
    for package in "$@"; do
        case $package in
        slapd) update-rc.d slapd disable >/dev/null 2>&1 || true ;;
        openssh-server) update-rc.d ssh disable >/dev/null 2>&1 || true ;;
        cron) update-rc.d cron disable >/dev/null 2>&1 || true ;;
        at) update-rc.d atd disable >/dev/null 2>&1 || true ;;
        esac
    done
}

install_all() {
    [ "$(id -u)" = 0 ] || die "these packages are missing: $*" "only root can install them: run this as root, or install them by hand"
    command -v apt-get >/dev/null || die "these packages are missing: $*" "there is no apt-get here; the list is made for Debian 12"

    # Two runs at once would take away each other's policy.
    mkdir -p /run/lock
    exec 9>/run/lock/countersign-packages.lock
    flock 9

    printf 'packages: installing %s\n' "$*"
    trap services_back EXIT
    trap services_back_and_leave INT TERM HUP
    services_off
    preseed
    apt_or_die update
    apt_or_die install --no-install-recommends -y "$@"
    disable_new_services "$@"
}

main() {
    local only_print=no wanted missing
    if [ "${1:-}" = --missing ]; then
        only_print=yes
        shift
    fi
    [ $# -gt 0 ] || die "which groups? packages.sh GROUP... (the groups stand in packages.txt)"
    command -v dpkg-query >/dev/null || die "there is no dpkg here; packages.txt says what is needed, for Debian 12"

    wanted=$(packages_of "$@")
    mapfile -t wanted <<<"$wanted"
    mapfile -t missing < <(missing_of "${wanted[@]}")
    if [ "$only_print" = yes ]; then
        [ ${#missing[@]} -eq 0 ] || printf '%s\n' "${missing[@]}"
    elif [ ${#missing[@]} -eq 0 ]; then
        printf 'packages: all there (%s)\n' "$*"
    else
        install_all "${missing[@]}"
    fi
}

main "$@"
