#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sandbox, seen from outside: it changes nothing on the machine, and leaves nothing behind.
set -euo pipefail

here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
checkout=$(realpath "$here/../..")
sandbox=$checkout/tests/support/sandbox
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

check() {
    local name=$1 status=0
    shift
    # A process of its own: in a function that is asked for its success, bash would not stop at errors.
    (set -e; "$@") >"$scratch/out" 2>&1 &
    wait $! || status=$?
    if [ "$status" = 0 ]; then
        printf 'ok   %s\n' "$name"
        passed=$((passed + 1))
    else
        printf 'FAIL %s\n' "$name"
        sed 's/^/  | /' "$scratch/out"
        failed=$((failed + 1))
    fi
}

equal() {
    [ "$1" = "$2" ] || {
        printf 'expected: %s\ngot:      %s\n' "$2" "$1"
        return 1
    }
}

listing() {
    find /etc -xdev -printf '%p %y %m %u %g %s %T@ %l\n' | sort
    find /usr/local /usr/lib /usr/sbin /var/lib -xdev -maxdepth 2 -printf '%p %y %m %u %g\n' | sort
    cut -d' ' -f5- /proc/self/mountinfo
    hostname
}

play_in_world='
    set -euo pipefail
    . tests/support/world.sh
    world_users; world_slapd_start; world_sudo; world_sshd_start
    as alice sudo deploy-release tomcat 10.1
    mkdir -p /var/lib/countersign; touch /etc/canary /usr/lib/canary /usr/local/canary /var/lib/canary /root/canary-of-the-sandbox
'

# Another program may install something at the same moment: one more try.
machine_is_unchanged() {
    local try
    cd "$checkout"
    for try in 1 2; do
        listing >"$scratch/before"
        "$sandbox" bash -c "$play_in_world"
        listing >"$scratch/after"
        if diff "$scratch/before" "$scratch/after"; then
            [ ! -e /root/canary-of-the-sandbox ]
            return
        fi
        printf 'try %s: the machine changed\n' "$try"
    done
    return 1
}

running() {
    pgrep -c -f "^sleep $1\$" || true
}

processes_end() {
    local mark=70${RANDOM}
    "$sandbox" bash -c "setsid sleep $mark & sleep $mark & pgrep -c -f '^sleep $mark\$'"
    equal "$(running "$mark")" 0
}

killed_with() {
    local mark=71${RANDOM} pid end
    "$sandbox" bash -c "setsid sleep $mark & echo begun; sleep $mark" >"$scratch/begun" &
    pid=$!
    end=$((SECONDS + 10))
    until grep -q begun "$scratch/begun" && [ "$(running "$mark")" = 2 ]; do
        [ "$SECONDS" -lt "$end" ]
        sleep 0.05
    done
    kill -s "$1" "$pid"
    wait "$pid" || true
    until [ "$(running "$mark")" = 0 ]; do
        [ "$SECONDS" -lt "$end" ]
        sleep 0.05
    done
}

status_is_the_commands() {
    local status=0
    "$sandbox" bash -c 'exit 42' || status=$?
    equal "$status" 42
    equal "$("$sandbox" cat <<<'through')" through
}

inside_is_its_own() {
    equal "$("$sandbox" hostname)" rel1
    equal "$("$sandbox" sh -c 'ls -A /home /tmp | grep -v :' | grep -c .)" "$(case $checkout in /home/* | /tmp/*) echo 1 ;; *) echo 0 ;; esac)"
    equal "$("$sandbox" sh -c 'ls /sys >/dev/null; ip -o addr | grep -c "inet 127"')" 1
    equal "$("$sandbox" sh -c 'cat /proc/1/comm')" bash
}

# A clone below a folder that the sandbox covers, with spaces in its name, and a build folder elsewhere.
# The kernel may forbid to have another login uid than one's own, or to take it back; then there is nothing to see.
nobody_logged_in_inside() {
    (
        { echo 1000 >/proc/self/loginuid && echo 4294967295 >/proc/self/loginuid && echo 1000 >/proc/self/loginuid; } \
            2>/dev/null || exit 0
        equal "$("$sandbox" cat /proc/self/loginuid)" 4294967295
    )
}

covered_paths_stay() {
    local parent clone other
    for parent in /tmp /var/tmp /run /usr/local /root; do
        clone=$(mktemp -d "$parent/a clone XXXXXX")
        other=$(mktemp -d "$parent/build XXXXXX")
        mkdir -p "$clone/tests"
        cp -r "$checkout/tests/support" "$clone/tests/"
        # shellcheck disable=SC2016 # the inner bash expands it
        (
            cd "$clone/tests"
            SANDBOX_KEEP="$other" "$clone/tests/support/sandbox" bash -c 'pwd >../mark; touch "$1/mark"' - "$other"
        )
        equal "$(cat "$clone/mark")" "$clone/tests"
        [ -e "$other/mark" ]
        rm -rf "$clone" "$other"
    done
}

unprivileged_is_a_skip() {
    local status=0 copy
    copy=$(mktemp -d /tmp/unprivileged.XXXXXX)
    cp "$sandbox" "$copy/"
    chmod -R a+rX "$copy"
    setpriv --reuid 65534 --regid 65534 --clear-groups "$copy/sandbox" true || status=$?
    rm -rf "$copy"
    equal "$status" 77
}

world_refuses_the_machine() {
    ! bash "$checkout/tests/support/world.sh" world_users
}

check machine_is_unchanged machine_is_unchanged
check processes_end_with_the_command processes_end
check killed_outright_leaves_nothing killed_with KILL
check asked_to_end_leaves_nothing killed_with TERM
check status_and_input_pass_through status_is_the_commands
check inside_is_its_own inside_is_its_own
check nobody_logged_in_inside nobody_logged_in_inside
check clones_below_covered_folders_stay covered_paths_stay
check without_root_it_is_a_skip unprivileged_is_a_skip
check world_refuses_the_machine_itself world_refuses_the_machine

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
