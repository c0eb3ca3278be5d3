#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The world of the demo and of the system tests: people, a directory, sshd and sudo, inside the sandbox.
#
# Source it, or call one function from another language: world.sh world_slapd_pause
#
# Every function ends when what it promises is so: it waits for a line in a log, a socket, the end of a process. What runs
# is recorded in $WORLD/NAME.pid and ended by that number; what it says is in /var/log/NAME.log.
#
# shellcheck disable=SC2034 # the variables are for those who source this

WORLD=/run/world
WORLD_SUPPORT=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
WORLD_CHECKOUT=$(realpath "$WORLD_SUPPORT/../..")

WORLD_BASE=dc=example,dc=org
WORLD_LDAPI_SOCKET=$WORLD/slapd/ldapi
WORLD_LDAPI=ldapi://${WORLD_LDAPI_SOCKET//\//%2F}
WORLD_LDAP=ldap://127.0.0.1:389
WORLD_LDAPS=ldaps://127.0.0.1:636
WORLD_CA=$WORLD/tls/ca.pem
WORLD_BIND_DN=cn=countersign,ou=services,$WORLD_BASE
WORLD_BIND_PASSWORD_FILE=$WORLD/slapd/countersign.password
WORLD_DEPLOYS=/var/log/deploys
WORLD_BUILD=${CS_SYSTEM_BUILD:-$WORLD_CHECKOUT/build/plain}

# The example whose people and policy the world has. A folder without a directory of its own has the demo's.
WORLD_EXAMPLE=$WORLD_CHECKOUT/etc/examples/${WORLD_EXAMPLE_NAME:-release-deployment}
WORLD_TREE=$WORLD_EXAMPLE/directory.ldif
[ -f "$WORLD_TREE" ] || WORLD_TREE=$WORLD_CHECKOUT/etc/examples/demo-tree.ldif
# login name:number, as the directory has them
mapfile -t WORLD_PEOPLE < <(awk '/^dn: / { name = "" } /^uid: / { name = $2 } /^uidNumber: / { print name ":" $2 }' "$WORLD_TREE")

world_fail() {
    printf 'world: %s\n' "$@" >&2
    return 1
}

if [ ! -f /run/.countersign-sandbox/here ]; then
    world_fail "this is not the sandbox; it would change the machine itself" "run it as: tests/support/sandbox COMMAND"
    exit 1
fi
mkdir -p "$WORLD"

# --- waiting and processes

# world_until SECONDS WHAT COMMAND...: wait until the command says yes. WHAT is for the message.
world_until() {
    local seconds=$1 what=$2 end
    shift 2
    end=$((SECONDS + seconds + 1))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || {
            world_fail "waited $seconds s in vain: $what"
            return 1
        }
        sleep 0.02
    done
}

# world_alive NAME: does it run? A process that ended and was not yet collected does not.
world_alive() {
    local pid state
    pid=$(cat "$WORLD/$1.pid" 2>/dev/null) || return 1
    state=$(sed -E 's/^.*\) (.).*/\1/' "/proc/$pid/stat" 2>/dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

world_gone() {
    ! world_alive "$1"
}

# world_said NAME REGEX: has it written such a line since it was started?
world_said() {
    grep -qE -- "$2" "/var/log/$1.log"
}

world_said_or_gone() {
    world_said "$1" "$2" || world_gone "$1"
}

# world_spawn NAME COMMAND [ARG...]: run in the background, in a session of its own, in no folder of anyone.
world_spawn() {
    local name=$1
    shift
    world_alive "$name" && {
        world_fail "$name runs already"
        return 1
    }
    rm -f "$WORLD/$name.pid"
    # What bash starts in the background ignores Ctrl-C, and a sudo under that sshd would too.
    # shellcheck disable=SC2016 # the inner bash expands it
    (cd / && exec env --default-signal=INT,QUIT setsid -- bash -c 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec "$@"' \
        "$WORLD/$name.pid" "$@" </dev/null >"/var/log/$name.log" 2>&1 &)
    world_until 5 "$name to start" test -s "$WORLD/$name.pid"
}

# world_ready NAME REGEX [SECONDS]: wait for the line by which it says that it serves.
world_ready() {
    world_until "${3:-10}" "$1 to say '$2'" world_said_or_gone "$1" "$2" || return 1
    world_said "$1" "$2" || {
        world_fail "$1 ended at once; its words:" "$(tail -n 20 "/var/log/$1.log")"
        return 1
    }
}

# world_signal NAME SIGNAL
world_signal() {
    kill -s "$2" "$(cat "$WORLD/$1.pid")"
}

# world_stop NAME: end it, in order; it is no error when it does not run.
world_stop() {
    world_alive "$1" || return 0
    # A paused one would not hear it.
    world_signal "$1" CONT
    world_signal "$1" TERM
    if ! world_until 10 "$1 to end" world_gone "$1"; then
        world_signal "$1" KILL
        return 1
    fi
    rm -f "$WORLD/$1.pid"
}

# world_kill NAME: as a crash would.
world_kill() {
    world_signal "$1" KILL
    world_until 5 "$1 to be gone" world_gone "$1"
    rm -f "$WORLD/$1.pid"
}

# --- people

# as USER COMMAND [ARG...]: as that user, in the user's home, with a clean environment and without PAM.
as() {
    local user=$1 home
    shift
    home=$(getent passwd "$user" | cut -d: -f6)
    (cd "$home" 2>/dev/null || cd /
        exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --reset-env -- "$@")
}

# The machine's own people would only be in the way of these names and numbers.
world_forget_people() {
    local name uid
    while IFS=: read -r name _ uid _; do
        if [ "$uid" -ge 1000 ] && [ "$uid" -lt 60000 ]; then
            userdel "$name" 2>/dev/null || true
        fi
    done < <(getent passwd)
    userdel countersign 2>/dev/null || true
}

world_user() {
    local name=$1 number=$2 home=/home/$1
    useradd --uid "$number" --user-group --create-home --shell /bin/bash "$name"
    install -d -m 0700 -o "$name" -g "$name" "$home/.ssh"
    ssh-keygen -q -t ed25519 -N '' -C "$name@rel1" -f "$home/.ssh/id_ed25519"
    cp "$home/.ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
    chown -R "$name:$name" "$home/.ssh"
}

# world_users: the people of WORLD_PEOPLE, with homes, ssh keys and the password pw-NAME; and the system user countersign.
world_users() {
    local person
    world_forget_people
    for person in "${WORLD_PEOPLE[@]}"; do
        world_user "${person%:*}" "${person#*:}"
    done
    for person in "${WORLD_PEOPLE[@]}"; do
        printf '%s:pw-%s\n' "${person%:*}" "${person%:*}"
    done | chpasswd --crypt-method SHA512
    useradd --system --user-group --home-dir /var/lib/countersign --shell /usr/sbin/nologin countersign
}

# --- directory

world_certificates() {
    local dir=$WORLD/tls
    [ ! -f "$WORLD_CA" ] || return 0
    mkdir -p "$dir"
    (
        umask 077
        cd "$dir"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=The private CA of the demo' \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
            -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=rel1' -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:rel1,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out server.pem
    ) >"$dir/openssl.log" 2>&1 || {
        world_fail "openssl made no certificates:" "$(tail -n 5 "$dir/openssl.log")"
        return 1
    }
    chmod 0644 "$WORLD_CA"
}

world_slapd_config() {
    cat <<END
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13 NAME 'sshPublicKey' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0 NAME 'ldapPublicKey' SUP top AUXILIARY MAY ( sshPublicKey \$ uid ) )
modulepath /usr/lib/ldap
moduleload back_mdb

argsfile $WORLD/slapd/args
TLSCACertificateFile $WORLD_CA
TLSCertificateFile $WORLD/tls/server.pem
TLSCertificateKeyFile $WORLD/tls/server.key

# root of this machine, over ldapi, is the administrator
authz-regexp "^gidNumber=0[+]uidNumber=0,cn=peercred,cn=external,cn=auth\$" "cn=admin,$WORLD_BASE"

access to dn.base="" by * read
access to dn.base="cn=subschema" by * read

database mdb
suffix "$WORLD_BASE"
rootdn "cn=admin,$WORLD_BASE"
directory $WORLD/slapd/db
maxsize 67108864
index objectClass,uid,uidNumber,employeeNumber,member,owner,entryUUID eq

access to attrs=userPassword by anonymous auth by * none
access to dn.base="$WORLD_BASE" by dn.exact="$WORLD_BIND_DN" search by * none
access to dn.subtree="ou=people,$WORLD_BASE" by dn.exact="$WORLD_BIND_DN" read by * none
access to dn.subtree="ou=groups,$WORLD_BASE" by dn.exact="$WORLD_BIND_DN" read by * none
access to dn.subtree="ou=levels,$WORLD_BASE" by dn.exact="$WORLD_BIND_DN" read by * none
access to dn.subtree="ou=netgroup,$WORLD_BASE" by dn.exact="$WORLD_BIND_DN" read by * none
access to * by * none
END
}

world_service_account() {
    if ! grep -q "^dn: ou=services,$WORLD_BASE$" "$WORLD_TREE"; then
        printf 'dn: ou=services,%s\nobjectClass: organizationalUnit\nou: services\n\n' "$WORLD_BASE"
    fi
    cat <<END
dn: $WORLD_BIND_DN
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: countersign
userPassword: $(<"$WORLD_BIND_PASSWORD_FILE")
END
}

world_slapd_make() {
    local dir=$WORLD/slapd
    mkdir -p "$dir/db"
    chmod 0700 "$dir/db"
    # A copy, so that no profile that some machine keeps for the installed path stands in the way.
    cp /usr/sbin/slapd "$dir/slapd"
    (
        umask 077
        openssl rand -hex 16 | tr -d '\n' >"$WORLD_BIND_PASSWORD_FILE"
        world_slapd_config >"$dir/slapd.conf"
        world_service_account >"$dir/service.ldif"
    )
    "$dir/slapd" -Tadd -q -f "$dir/slapd.conf" -l "$WORLD_TREE"
    "$dir/slapd" -Tadd -q -f "$dir/slapd.conf" -l "$dir/service.ldif"
}

# world_slapd_start: serves on ldapi, ldap with StartTLS and ldaps. The tree outlives a stop and a start.
world_slapd_start() {
    world_certificates || return 1
    [ -f "$WORLD/slapd/slapd.conf" ] || world_slapd_make || return 1
    world_spawn slapd "$WORLD/slapd/slapd" -d stats -f "$WORLD/slapd/slapd.conf" \
        -h "$WORLD_LDAPI $WORLD_LDAP/ $WORLD_LDAPS/" || return 1
    world_ready slapd 'slapd starting'
}

world_slapd_stop() {
    world_stop slapd
}

# world_slapd_pause: it keeps its sockets and answers nobody.
world_slapd_pause() {
    world_signal slapd STOP
}

world_slapd_resume() {
    world_signal slapd CONT
}

# world_ldap_modify <LDIF: change the tree, as its administrator.
world_ldap_modify() {
    ldapmodify -Q -Y EXTERNAL -H "$WORLD_LDAPI" >/dev/null
}

# world_group GROUP add|delete owner|member USER, GROUP as in cn=infra or cn=tomcat,ou=project
world_group() {
    printf 'dn: %s,ou=groups,%s\nchangetype: modify\n%s: %s\n%s: uid=%s,ou=people,%s\n' \
        "$1" "$WORLD_BASE" "$2" "$3" "$3" "$4" "$WORLD_BASE" | world_ldap_modify
}

# --- sshd and PAM

# world_pam_line SERVICE PLACE LINE: put a line into /etc/pam.d/SERVICE.
# PLACE is first, last, before:REGEX or after:REGEX; the first line that fits counts, and there must be one.
world_pam_line() {
    local file=/etc/pam.d/$1
    PLACE=${2%%:*} REGEX=${2#*:} LINE=$3 awk '
        function put() { print ENVIRON["LINE"]; done = 1 }
        BEGIN { place = ENVIRON["PLACE"]; if (place == "first") put() }
        { fits = !done && (place == "before" || place == "after") && $0 ~ ENVIRON["REGEX"] }
        fits && place == "before" { put() }
        { print }
        fits && place == "after" { put() }
        END { if (place == "last") put(); exit !done }
    ' "$file" >"$file.new" || {
        rm -f "$file.new"
        world_fail "no place '$2' in $file"
        return 1
    }
    # cat, not mv: the owner and the mode stay.
    cat "$file.new" >"$file"
    rm -f "$file.new"
}

world_sshd_config() {
    printf '%s\n' "$@"
    cat <<END
ListenAddress 127.0.0.1
Port 22
HostKey $WORLD/sshd/host_key
PidFile none
UsePAM yes
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
PrintMotd no
LogLevel VERBOSE
Subsystem sftp /usr/lib/openssh/sftp-server
END
}

# world_sshd_start [CONFIG LINE...]: the lines come first in sshd_config, and so win.
world_sshd_start() {
    local dir=$WORLD/sshd
    mkdir -p "$dir" /run/sshd
    [ -f "$dir/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key" || return 1
    printf '127.0.0.1,localhost,rel1 %s\n' "$(<"$dir/host_key.pub")" >/etc/ssh/ssh_known_hosts
    world_sshd_config "$@" >"$dir/sshd_config"
    /usr/sbin/sshd -t -f "$dir/sshd_config" || return 1
    world_spawn sshd /usr/sbin/sshd -D -e -f "$dir/sshd_config" || return 1
    world_ready sshd 'Server listening on'
}

world_sshd_stop() {
    world_stop sshd
}

# world_syslog_start: what programs send to /dev/log is in /var/log/syslog.log, one message a line.
world_syslog_start() {
    world_spawn syslog /usr/bin/python3 "$WORLD_SUPPORT/syslog.py" || return 1
    world_ready syslog '^listening'
}

# --- sudo

# world_sudo: Debian's sudoers, what the people may run, and the guarded command with its canary WORLD_DEPLOYS.
world_sudo() {
    local script=/usr/local/sbin/deploy-release
    rm -f /etc/sudoers.d/[!R]*
    cat >/etc/sudoers <<'END'
Defaults env_reset
Defaults mail_badpass
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults use_pty
root ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
END
    cat >/etc/sudoers.d/countersign-demo <<END
alice, bob, dave ALL=(root) NOPASSWD: $script, /usr/bin/id, /usr/bin/true
END
    chmod 0440 /etc/sudoers /etc/sudoers.d/countersign-demo
    visudo -cq || return 1

    cat >"$script" <<END
#!/bin/sh
# deploy-release PROJECT VERSION
printf 'deployed %s %s by %s\n' "\$1" "\$2" "\$SUDO_USER" >>$WORLD_DEPLOYS
printf 'deploy-release: %s %s is live\n' "\$1" "\$2"
END
    chown root:root "$script"
    chmod 0755 "$script"
    install -m 0600 /dev/null "$WORLD_DEPLOYS"
}

# world_sudo_plugin SYMBOL PATH [ARG...]: the one Plugin line of /etc/sudo.conf. Without arguments: none.
world_sudo_plugin() {
    : >/etc/sudo.conf
    [ $# -eq 0 ] || printf 'Plugin %s\n' "$*" >/etc/sudo.conf
    chown root:root /etc/sudo.conf
    chmod 0644 /etc/sudo.conf
}

# --- what is tested

# world_install [BUILD]: from a build folder (WORLD_BUILD) to the places of the machine (the sandbox's copy of them).
# It must be one without sanitizers, configured with -DCMAKE_INSTALL_PREFIX=/usr, or /etc would become /usr/etc.
world_install() {
    local build=${1:-$WORLD_BUILD}
    DESTDIR='' cmake --install "$build" --prefix /usr >/var/log/install.log 2>&1 || {
        world_fail "nothing could be installed from $build:" "$(tail -n 5 /var/log/install.log)"
        return 1
    }
    ldconfig
}

# world_vars: the variables, one NAME=VALUE a line, for other languages.
world_vars() {
    local name
    for name in WORLD "${!WORLD_@}"; do
        [ "$name" = WORLD_PEOPLE ] || printf '%s=%s\n' "$name" "${!name}"
    done
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    "$@"
fi
