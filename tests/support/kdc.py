# SPDX-License-Identifier: Apache-2.0
"""A Kerberos KDC of its own in the sandbox, and keytabs of its principals."""
import os
import subprocess

from world import world

REALM = "EXAMPLE.ORG"
DIR = "/run/world/krb5"
CONF = f"""[libdefaults]
    default_realm = {REALM}
    dns_lookup_kdc = false
[realms]
    {REALM} = {{
        kdc = 127.0.0.1:88
    }}
"""
KDC_CONF = f"""[logging]
    kdc = STDERR
[kdcdefaults]
    kdc_listen = 127.0.0.1:88
    kdc_tcp_listen = 127.0.0.1:88
[realms]
    {REALM} = {{
        database_name = {DIR}/principal
        key_stash_file = {DIR}/stash
        acl_file = {DIR}/acl
    }}
"""
ENV = {**os.environ, "KRB5_KDC_PROFILE": DIR + "/kdc.conf"}


def run(*argv):
    done = subprocess.run(argv, env=ENV, text=True, capture_output=True)
    assert done.returncode == 0, f"{argv}: {done.stdout} {done.stderr}"
    return done.stdout


def admin(query):
    return run("/usr/sbin/kadmin.local", "-r", REALM, "-q", query)


def start(*principals):
    """The KDC, and these principals with random keys."""
    os.makedirs(DIR, mode=0o700, exist_ok=True)
    write("/etc/krb5.conf", CONF)
    write(DIR + "/kdc.conf", KDC_CONF)
    run("/usr/sbin/kdb5_util", "create", "-r", REALM, "-s", "-P", "master")
    for principal in principals:
        admin(f"addprinc -randkey {principal}")
    serve()


def serve():
    world("world_spawn", "krb5kdc", "env", "KRB5_KDC_PROFILE=" + DIR + "/kdc.conf", "/usr/sbin/krb5kdc", "-n")
    world("world_ready", "krb5kdc", "commencing operation")


def keytab(path, *principals, new=False):
    """Writes the keys to path; new: the principals get new ones, and older keytabs are worth nothing."""
    if os.path.exists(path):
        os.unlink(path)
    for principal in principals:
        admin(f"ktadd -k {path} {'' if new else '-norandkey '}{principal}")
    os.chmod(path, 0o600)
    return path


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
