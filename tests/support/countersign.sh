#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Countersign itself in the world of the demo and of the system tests: its configuration, the daemon, the lines in
# sudo.conf and pam.d. Brings everything of world.sh with it, and is used in the same two ways.
#
# shellcheck disable=SC2034 # the variables are for those who source this

# shellcheck source=tests/support/world.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/world.sh"

WORLD_ETC=/etc/countersign
WORLD_CONF=$WORLD_ETC/countersignd.conf
WORLD_POLICY=$WORLD_ETC/policy.conf
WORLD_SECRET=$WORLD_ETC/ldap.secret
WORLD_STATE=/var/lib/countersign
WORLD_STORE=$WORLD_STATE/countersign.db
WORLD_SOCKETS=/run/countersign
WORLD_EXAMPLE_POLICY=$WORLD_EXAMPLE/policy.conf
WORLD_PLUGIN=/usr/libexec/sudo/sudo_countersign.so

# countersign_configure [HOLD]: the configuration, the example policy, the directory's password and the folders. HOLD is
# how long a request is held on line.
countersign_configure() {
    local hold=${1:-15m}
    install -d -m 0755 "$WORLD_ETC"
    install -d -m 0700 -o countersign -g countersign "$WORLD_STATE"
    install -d -m 0755 "$WORLD_SOCKETS"
    install -m 0600 "$WORLD_BIND_PASSWORD_FILE" "$WORLD_SECRET"
    install -m 0644 "$WORLD_EXAMPLE_POLICY" "$WORLD_POLICY"
    cat >"$WORLD_CONF" <<END
user       = countersign
host       = rel1
store      = "$WORLD_STORE"
policy     = "$WORLD_POLICY"
socket_dir = "$WORLD_SOCKETS"
hold       = $hold
syslog     = true
directory {
    uri              = "$WORLD_LDAPI"
    bind_dn          = "$WORLD_BIND_DN"
    bind_secret_file = "$WORLD_SECRET"
    people_base      = "ou=people,$WORLD_BASE"
    person_attribute = employeeNumber
}
END
    chmod 0644 "$WORLD_CONF"
}

# countersign_policy <FILE: another policy file; the daemon reads it at its first start, or
# `countersign policy apply` does.
countersign_policy() {
    cat >"$WORLD_POLICY.new"
    chmod 0644 "$WORLD_POLICY.new"
    mv "$WORLD_POLICY.new" "$WORLD_POLICY"
}

countersign_serves() {
    countersign status >/dev/null 2>&1
}

countersign_serves_or_gone() {
    countersign_serves || world_gone countersignd
}

countersign_start() {
    world_spawn countersignd /usr/sbin/countersignd --config "$WORLD_CONF" || return 1
    world_until 10 'countersignd to serve' countersign_serves_or_gone || return 1
    countersign_serves || {
        world_fail "countersignd ended at once; its words:" "$(tail -n 20 /var/log/countersignd.log)"
        return 1
    }
}

countersign_stop() {
    world_stop countersignd
}

countersign_kill() {
    world_kill countersignd
}

# countersign_sudo: both points at which sudo is enforced.
countersign_sudo() {
    world_sudo_plugin sudo_countersign "$WORLD_PLUGIN"
    countersign_sudo_session
}

# countersign_sudo_attend: and what attends to the commands that run, beside sudo's own recorder.
countersign_sudo_attend() {
    printf 'Plugin sudoers_io sudoers.so\n' >>/etc/sudo.conf
    printf 'Plugin sudo_countersign_attend %s\n' "$WORLD_PLUGIN" >>/etc/sudo.conf
}

# countersign_sudo_watch: and what shows them to those who look on.
countersign_sudo_watch() {
    printf 'Plugin sudo_countersign_watch %s\n' "$WORLD_PLUGIN" >>/etc/sudo.conf
}

# countersign_sudo_session: only the second one.
countersign_sudo_session() {
    local service
    for service in sudo sudo-i; do
        world_pam_line "$service" last 'session required pam_countersign_hold.so confirm' || return 1
    done
}

countersign_sshd() {
    world_pam_line sshd last 'account required pam_countersign.so hold=session' || return 1
    world_pam_line sshd last 'session required pam_countersign_hold.so'
}

countersign_login() {
    world_pam_line login last 'account required pam_countersign.so'
}

# countersign_sshd_start [CONFIG LINE...]: as world_sshd_start, and under the host's own name, too.
countersign_sshd_start() {
    world_sshd_start 'ListenAddress 127.0.1.1' "$@"
}

# countersign_leave GROUP USER INSTEAD: INSTEAD takes that user's place as a member of the group.
countersign_leave() {
    world_group "$1" add member "$3" && world_group "$1" delete member "$2"
}

# countersign_world [HOLD]: everything: people, directory, sudo, sshd, the daemon, and the lines that ask it.
countersign_world() {
    world_syslog_start &&
        world_users &&
        world_slapd_start &&
        world_sudo &&
        world_install &&
        countersign_configure "$@" &&
        countersign_start &&
        countersign_sudo &&
        countersign_sshd &&
        countersign_login &&
        countersign_sshd_start
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    "$@"
fi
