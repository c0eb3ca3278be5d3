# SPDX-License-Identifier: Apache-2.0
"""How the daemon says who it is to a real slapd, and whom it believes: Kerberos, client certificates, wrong servers."""
import json
import os
import re
import subprocess
import time

import kdc
from people import countersign
from world import directory_worker, run_as, variables, world

W = variables()
CONF = "/etc/countersign/countersignd.conf"
ETC = "/etc/countersign"
TLS = W["DIR"] + "/tls"
SLAPD = W["DIR"] + "/slapd"
REALM = kdc.REALM
US = "countersign/rel1"
DEADLINE = 3

BASE = f'people_base = "ou=people,{W["BASE"]}"\nperson_attribute = employeeNumber\n'
SIMPLE = f'bind_dn = "{W["BIND_DN"]}"\nbind_secret_file = "{ETC}/ldap.secret"\n'
CA = f'ca_file = "{W["CA"]}"\n'
CERTIFICATE = f'tls_certificate = "{ETC}/client.pem"\ntls_key = "{ETC}/client.key"\nsasl_external = true\n'
KEYTAB = f'keytab = "{ETC}/krb5.keytab"\n'

SLAPD_MORE = f"""
TLSVerifyClient try
sasl-host rel1
sasl-realm {REALM}
authz-regexp "^uid={US},cn=gssapi,cn=auth$" "{W["BIND_DN"]}"
authz-regexp "^uid={US},cn={REALM.lower()},cn=gssapi,cn=auth$" "{W["BIND_DN"]}"
authz-regexp "^cn=our client$" "{W["BIND_DN"]}"
"""

# What slapd() writes anew into slapd.conf.
CHANGING = ("TLSCertificate", "TLSVerify", "sasl-", 'authz-regexp "^uid', 'authz-regexp "^cn=')


# --- the world


def openssl(*argv):
    done = subprocess.run(("openssl", *argv), cwd=TLS, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


def make_ca(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_certificate(name, subject, ca="ca", names="DNS:rel1,DNS:localhost,IP:127.0.0.1", valid=None):
    """name.pem and name.key. valid: (from, until) as openssl ca takes them."""
    kdc.write(f"{TLS}/{name}.ext", f"subjectAltName={names}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={subject}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr")
    valid = valid or ("20200101000000Z", "20450101000000Z")
    folder = f"{TLS}/{name}.ca"
    os.makedirs(folder)
    kdc.write(f"{folder}/index", "")
    kdc.write(f"{folder}/conf", f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\n"
              f"rand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    openssl("ca", "-batch", "-notext", "-config", f"{folder}/conf", "-cert", f"{ca}.pem", "-keyfile", f"{ca}.key",
            "-in", f"{name}.csr", "-extfile", f"{name}.ext", "-startdate", valid[0], "-enddate", valid[1],
            "-out", f"{name}.pem")


def install(source, name, mode=0o600):
    subprocess.run(["install", "-m", oct(mode)[2:], source, f"{ETC}/{name}"], check=True)


def slapd(certificate="server", more="", only_tls=False):
    """Starts it again with this certificate."""
    world("world_slapd_stop")
    with open(SLAPD + "/slapd.conf") as file:
        lines = [line for line in file.read().splitlines() if not line.startswith(CHANGING)]
    at = next(i for i, line in enumerate(lines) if line.startswith("TLSCACertificateFile"))
    lines[at + 1:at + 1] = [f"TLSCertificateFile {TLS}/{certificate}.pem",
                            f"TLSCertificateKeyFile {TLS}/{certificate}.key", *SLAPD_MORE.splitlines(), *more.splitlines()]
    kdc.write(SLAPD + "/slapd.conf", "\n".join(lines) + "\n")
    urls = f"{W['LDAPI']} {W['LDAP']}/ {W['LDAPS']}/ ldap://rel1/ ldaps://rel1/"
    world("world_spawn", "slapd", "env", f"KRB5_KTNAME={kdc.DIR}/slapd.keytab", SLAPD + "/slapd", "-d", "stats",
          "-f", SLAPD + "/slapd.conf", "-h", urls)
    world("world_ready", "slapd", "slapd starting")


def setup():
    kdc.start(US, "ldap/rel1", "ldap/localhost", "host/rel1", "nobody/rel1")
    kdc.keytab(kdc.DIR + "/slapd.keytab", "ldap/rel1", "ldap/localhost")
    for step in ("world_users", "world_certificates", "world_slapd_make", "world_install", "countersign_configure"):
        countersign(step)
    make_ca("other")
    make_certificate("client", "our client")
    make_certificate("long", "rel1")
    make_certificate("stranger", "our client", ca="other")
    make_certificate("otherca", "rel1", ca="other")
    make_certificate("othername", "elsewhere", names="DNS:elsewhere.example.org")
    make_certificate("expired", "rel1", valid=("20200101000000Z", "20200201000000Z"))
    make_certificate("early", "rel1", valid=("20440101000000Z", "20450101000000Z"))
    make_certificate("soon", "rel1", valid=("20200101000000Z", time.strftime("%Y%m%d%H%M%SZ", time.gmtime(
        time.time() + 10.5 * 86400))))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", "/CN=rel1", "-addext", "subjectAltName=DNS:rel1",
            "-keyout", "selfsigned.key", "-out", "selfsigned.pem")
    install(f"{TLS}/client.pem", "client.pem", 0o600)
    install(f"{TLS}/client.key", "client.key")
    kdc.keytab(ETC + "/krb5.keytab", US)
    slapd()


def configure(directory):
    """The daemon with another directory section, from now on."""
    with open(CONF) as file:
        top = file.read().split("directory {")[0]
    kdc.write(CONF, top + "directory {\n" + directory + BASE + "}\n")
    os.chmod(CONF, 0o644)


def start(directory, env=None, cwd="/"):
    countersign("countersign_stop")
    configure(directory)
    words = [f"{name}={value}" for name, value in (env or {}).items()]
    world("world_spawn", "countersignd", "env", f"--chdir={cwd}", *words, "/usr/sbin/countersignd", "--config", CONF)
    world("world_ready", "countersignd", "serving .* on ")


def can(user="erin"):
    """0 yes, 1 no, 3 could not tell; with what it said, and how long that took."""
    begun = time.monotonic()
    done = run_as("root", "countersign", "why", user, "release.approve", "project/tomcat")
    return done.status, done.out + done.err, time.monotonic() - begun


def binds():
    status, said, _ = can()
    assert status == 0, said
    status, said, _ = can("dave")
    assert status == 1, said


def doubts(*words):
    """Nothing is told, within the deadline, and the reason has one of the words."""
    status, said, took = can()
    assert status == 3, said
    assert took < DEADLINE + 1.5, took
    said += status_text()
    assert any(word in said for word in words), said


def status_text():
    return run_as("root", "countersign", "status", "--json").out


def slapd_log():
    with open("/var/log/slapd.log") as file:
        return file.read()


# --- Kerberos


def test_gssapi_with_a_keytab():
    start('uri = "ldap://rel1"\n' + KEYTAB)
    binds()
    bind = [line for line in slapd_log().splitlines() if "mech=GSSAPI" in line]
    assert bind and f'dn="{W["BIND_DN"]}"' in bind[-1] and "bind_ssf=256 ssf=256" in bind[-1], bind


def test_gssapi_inside_tls_has_no_second_layer():
    for uri in ('uri = "ldaps://rel1"\n', 'uri = "ldap://rel1"\nstarttls = true\n'):
        start(uri + CA + KEYTAB)
        binds()
        bind = [line for line in slapd_log().splitlines() if "mech=GSSAPI" in line]
        assert "bind_ssf=0 ssf=256" in bind[-1], bind


def test_gssapi_with_the_one_principal_of_many():
    kdc.keytab(ETC + "/krb5.keytab", "host/rel1", US)
    try:
        start('uri = "ldap://rel1"\n' + KEYTAB + f'sasl_principal = "{US}@{REALM}"\n')
        binds()
        start('uri = "ldap://rel1"\n' + KEYTAB)  # the first of the keytab is nobody to slapd
        doubts("does not exist")
    finally:
        kdc.keytab(ETC + "/krb5.keytab", US)


def test_gssapi_without_encryption_is_refused():
    """A server that offers no layer."""
    slapd(more="sasl-secprops noanonymous,noplain,maxssf=0")
    try:
        start('uri = "ldap://rel1"\n' + KEYTAB)
        doubts("bind failed")
    finally:
        slapd()


def test_gssapi_wrong_and_expired_keys():
    try:
        kdc.keytab(ETC + "/krb5.keytab", US)
        kdc.keytab(kdc.DIR + "/newer.keytab", US, new=True)
        start('uri = "ldap://rel1"\n' + KEYTAB)
        doubts("Preauthentication failed", "Decrypt", "password")
        kdc.keytab(ETC + "/krb5.keytab", US)
        start('uri = "ldap://rel1"\n' + KEYTAB)
        binds()
        kdc.admin(f'modprinc -expire "2020-01-01" {US}')
        start('uri = "ldap://rel1"\n' + KEYTAB)
        doubts("expired")
    finally:
        kdc.admin(f"modprinc -expire never {US}")


def test_a083_gssapi_with_no_kdc():
    directory = 'uri = "ldap://rel1"\n' + KEYTAB
    for signal, again in (("STOP", "CONT"), ("KILL", None)):
        world("world_signal", "krb5kdc", signal)
        try:
            start(directory)
            doubts("")
        finally:
            if again:
                world("world_signal", "krb5kdc", again)
            else:
                kdc.serve()
        start(directory)
        binds()


def test_dns_does_not_choose_the_name_of_the_server():
    """Whoever answers for DNS could send us to any host of the realm, whose key he has."""
    with open("/etc/hosts") as file:
        before = file.read()
    try:
        kdc.write("/etc/hosts", before.replace("127.0.1.1 rel1", "127.0.1.1 rel1 ldap"))
        start('uri = "ldap://ldap"\n' + KEYTAB)
        doubts("not found in Kerberos database")
    finally:
        kdc.write("/etc/hosts", before)


# --- certificates


def test_external_with_a_client_certificate():
    for uri in ('uri = "ldaps://rel1"\n', 'uri = "ldap://rel1"\nstarttls = true\n'):
        start(uri + CA + CERTIFICATE)
        binds()
        bind = [line for line in slapd_log().splitlines() if "mech=EXTERNAL" in line and "cn=countersign" in line]
        assert bind, slapd_log()


def test_external_over_ldapi():
    """The worker has the daemon's uid: whatever slapd takes that for."""
    uid = subprocess.run(["id", "-u", "countersign"], text=True, capture_output=True, check=True).stdout.strip()
    gid = subprocess.run(["id", "-g", "countersign"], text=True, capture_output=True, check=True).stdout.strip()
    slapd(more=f'authz-regexp "^gidNumber={gid}[+]uidNumber={uid},cn=peercred,cn=external,cn=auth$" "{W["BIND_DN"]}"')
    try:
        start(f'uri = "{W["LDAPI"]}"\nsasl_external = true\n')
        binds()
    finally:
        slapd()


def test_a_client_certificate_of_another_ca():
    install(f"{TLS}/stranger.pem", "client.pem")
    install(f"{TLS}/stranger.key", "client.key")
    try:
        start('uri = "ldaps://rel1"\n' + CA + CERTIFICATE)
        doubts("TLS", "bind failed")
    finally:
        install(f"{TLS}/client.pem", "client.pem")
        install(f"{TLS}/client.key", "client.key")


def test_a_key_of_another_certificate():
    install(f"{TLS}/stranger.key", "client.key")
    try:
        start('uri = "ldaps://rel1"\n' + CA + CERTIFICATE)
        doubts("tls_key")
    finally:
        install(f"{TLS}/client.key", "client.key")


# What is in the environment and in the current folder of the daemon.
WEAKER = {"LDAPTLS_REQCERT": "never", "LDAPTLS_CACERT": TLS + "/other.pem", "LDAPRC": "ldaprc",
          "LDAPCONF": "/tmp/weak/ldaprc", "HOME": "/tmp/weak", "LDAPSASL_SECPROPS": "none", "LDAPTLS_CACERTDIR": TLS}
WRONG = ("otherca", "othername", "expired", "early", "selfsigned")


def weak_folder():
    os.makedirs("/tmp/weak", exist_ok=True)
    for name in ("ldaprc", ".ldaprc"):
        kdc.write("/tmp/weak/" + name, f"TLS_REQCERT never\nTLS_CACERT {TLS}/other.pem\nSASL_SECPROPS none\n")


def test_a015_a082_servers_with_wrong_certificates():
    weak_folder()
    for certificate in WRONG:
        slapd(certificate)
        for uri in ('uri = "ldaps://rel1"\n', 'uri = "ldap://rel1"\nstarttls = true\n'):
            start(uri + CA + SIMPLE, env=WEAKER, cwd="/tmp/weak")
            doubts("is the certificate for this host name")
            assert W["BIND_DN"] not in slapd_log(), certificate  # not even the name was sent
    slapd()
    start('uri = "ldaps://rel1"\n' + CA + SIMPLE, env=WEAKER, cwd="/tmp/weak")
    binds()


def test_a082_a_server_without_a_certificate():
    slapd("server")
    world("world_slapd_stop")
    with open(SLAPD + "/slapd.conf") as file:
        text = file.read()
    kdc.write(SLAPD + "/slapd.conf", "\n".join(line for line in text.splitlines() if not line.startswith("TLS")) + "\n")
    try:
        world("world_spawn", "slapd", SLAPD + "/slapd", "-d", "stats", "-f", SLAPD + "/slapd.conf",
              "-h", "ldap://rel1/")
        world("world_ready", "slapd", "slapd starting")
        start('uri = "ldap://rel1"\nstarttls = true\n' + CA + SIMPLE)
        doubts("StartTLS failed")
        assert W["BIND_DN"] not in slapd_log()
    finally:
        kdc.write(SLAPD + "/slapd.conf", text)
        slapd()


def test_a015_kerberos_takes_nothing_from_the_environment():
    os.makedirs("/tmp/weak", exist_ok=True)
    kdc.write("/tmp/weak/krb5.conf", f"[libdefaults]\ndefault_realm = EVIL.ORG\ndns_canonicalize_hostname = true\n")
    env = {"KRB5_CONFIG": "/tmp/weak/krb5.conf", "KRB5CCNAME": "FILE:/tmp/weak/cc",
           "KRB5_CLIENT_KTNAME": "FILE:/tmp/weak/kt", "KRB5_TRACE": "/tmp/weak/trace",
           "SASL_PATH": "/tmp/weak", "SASL_CONF_PATH": "/tmp/weak", "LDAPSASL_SECPROPS": "none"}
    os.chmod("/tmp/weak", 0o777)
    start('uri = "ldap://rel1"\n' + KEYTAB, env=env, cwd="/tmp/weak")
    binds()
    assert not os.path.exists("/tmp/weak/cc") and not os.path.exists("/tmp/weak/trace")


def test_secrets_are_in_nobodys_reach():
    """Neither the daemon nor its worker has them open under a name, and the worker holds no other descriptor."""
    start('uri = "ldaps://rel1"\n' + CA + CERTIFICATE)
    binds()
    with open(W["DIR"] + "/countersignd.pid") as file:
        worker = directory_worker(file.read().strip())
    names = [os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")]
    assert sum("memfd:countersign-directory" in name for name in names) == 2, names
    assert not any("client.key" in name or "store" in name or ".db" in name for name in names), names


# --- countersign directory test


def directory_test(directory, *words, base=None, status=None):
    """Runs it with another directory section; returns what --json prints, as a dictionary."""
    with open(CONF) as file:
        top = file.read().split("directory {")[0]
    kdc.write(CONF, top + "directory {\n" + directory + (BASE if base is None else base) + "}\n")
    begun = time.monotonic()
    done = run_as("root", "countersign", "directory", "test", "--json", *words)
    told = json.loads(done.out) if done.out else {"ok": False, "servers": [], "error": done.err}
    assert done.status == (0 if told["ok"] else 1), done
    assert status is None or done.status == status, done
    told["took"] = time.monotonic() - begun
    return told


def step(told, name, server=0):
    found = [step for step in told["servers"][server]["steps"] if step["step"] == name]
    assert len(found) == 1, told
    return found[0]


def wrong(told, name, trouble, *words):
    """This step is wrong for this reason, it is the last but perhaps the schema, and the hint has the words."""
    found = step(told, name)
    assert found["result"] == "wrong" and trouble in found["troubles"] and not told["ok"], told
    hint = found["hints"][found["troubles"].index(trouble)]
    assert all(word in hint for word in words), hint
    later = [s["step"] for s in told["servers"][0]["steps"]]
    assert set(later[later.index(name) + 1:]) <= {"schema"}, later


LDAPS = 'uri = "ldaps://rel1"\n' + CA
STEPS = ["server address", "TLS", "bind", "server", "people", "locked accounts", "groups", "schema"]


def test_directory_test_all_is_well():
    for directory, way, tls in (
            (LDAPS + SIMPLE, "simple", "TLS1.3, CN=rel1, issued by CN=The private CA of the demo, "),
            ('uri = "ldap://rel1"\nstarttls = true\n' + CA + CERTIFICATE, "SASL EXTERNAL", "TLS1.3, CN=rel1"),
            ('uri = "ldap://rel1"\n' + KEYTAB, "SASL GSSAPI", "none, Kerberos encrypts"),
            (f'uri = "{W["LDAPI"]}"\n' + SIMPLE, "simple", "none, a socket of this host")):
        told = directory_test(directory, "erin", "--policy", "/etc/countersign/policy.conf", status=0)
        assert [s["step"] for s in told["servers"][0]["steps"]] == STEPS, told
        assert step(told, "TLS")["found"].startswith(tls), told
        assert step(told, "bind")["found"] == f'{W["BIND_DN"]}, {way}', told
        assert "naming contexts " + W["BASE"] in step(told, "server")["found"], told
        assert "uid 6, uidNumber 6, entryUUID 6, employeeNumber 6" in step(told, "people")["found"], told
        assert step(told, "schema")["found"] == "schema = rfc2307bis fits", told
        assert told["facts"]["person"]["human"] == "1006" and told["facts"]["memberships"], told


def test_directory_test_text_is_as_in_the_manual():
    """The example of countersign(1), but for times, days and the entryUUID."""
    manual = os.path.join(W["CHECKOUT"], "docs/man/countersign.1")
    with open(manual) as file:
        block = file.read().split("# countersign directory test erin\n")[1].split(".Ed")[0]
    slapd("long")
    configure(LDAPS + SIMPLE)
    done = run_as("root", "countersign", "directory", "test", "erin")
    assert done.status == 0, done

    def bare(text):
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text)
        return [" ".join(re.sub(r"\d+ days left|\d+\.\d ms", "N", line).split()) for line in text.splitlines()]
    assert bare(block) == bare(done.out), (block, done.out)
    slapd()


def test_directory_test_certificates():
    hints = {"otherca": ("certificate_ca", "issued by CN=other", "into ca_file"),
             "othername": ("certificate_name", "for elsewhere.example.org, not for rel1"),
             "expired": ("certificate_over", "ended on 2020-02-01"),
             "early": ("certificate_early", "only from 2044-01-01 on"),
             "selfsigned": ("certificate_self", "signed by itself (CN=rel1)")}
    for certificate, (trouble, *words) in hints.items():
        slapd(certificate)
        for uri in ('uri = "ldaps://rel1"\n', 'uri = "ldap://rel1"\nstarttls = true\n'):
            wrong(directory_test(uri + CA + SIMPLE), "TLS", trouble, *words)
            assert W["BIND_DN"] not in slapd_log()
    slapd("soon")
    told = directory_test(LDAPS + SIMPLE, status=0)
    assert step(told, "TLS")["troubles"] == ["certificate_soon"], told
    assert "in 10 days" in step(told, "TLS")["hints"][0] and step(told, "TLS")["result"] == "warning", told
    slapd()


def test_directory_test_reaching():
    wrong(directory_test('uri = "ldaps://nowhere.example"\n' + CA + SIMPLE), "server address", "name",
          "nowhere.example")
    wrong(directory_test('uri = "ldaps://rel1:4"\n' + CA + SIMPLE), "server address", "refused", "rel1:4", "uri")
    wrong(directory_test('uri = "ldapi://%2Frun%2Fnone"\n' + SIMPLE), "server address", "socket", "/run/none")
    told = directory_test('uri = { "ldaps://rel1:4", "ldaps://rel1" }\n' + CA + SIMPLE, "erin")
    assert step(told, "bind", server=1)["result"] == "ok" and not told["ok"], told
    assert told["facts"]["known"] == "yes", told  # the daemon goes on with the second
    wrong(directory_test('srv_domain = "example.org"\n' + CA + SIMPLE), "server address", "srv", "_ldaps._tcp",
          "example.org")


def test_a083_directory_test_of_who_does_not_answer():
    world("world_slapd_pause")
    try:
        for directory, at in ((LDAPS + SIMPLE, "TLS"), ('uri = "ldap://rel1"\nstarttls = true\n' + CA + SIMPLE, "TLS"),
                              (f'uri = "{W["LDAPI"]}"\n' + SIMPLE, "bind"), ('uri = "ldap://rel1"\n' + KEYTAB, "bind")):
            told = directory_test(directory + "deadline = 1s\n")
            wrong(told, at, "silent", "no answer within 1s")
            assert told["took"] < 3, told
    finally:
        world("world_slapd_resume")
    world("world_signal", "krb5kdc", "STOP")
    try:
        told = directory_test('uri = "ldap://rel1"\ndeadline = 1s\n' + KEYTAB)
        wrong(told, "bind", "silent", "KDC")
        assert told["took"] < 3.5, told
    finally:
        world("world_signal", "krb5kdc", "CONT")


def test_directory_test_binds():
    kdc.write(ETC + "/wrong.secret", "wrong")
    os.chmod(ETC + "/wrong.secret", 0o600)
    wrong(directory_test(LDAPS + SIMPLE.replace("ldap.secret", "wrong.secret")), "bind", "password", "wrong.secret",
          W["BIND_DN"])
    kdc.keytab(ETC + "/nobody.keytab", "nobody/rel1")
    wrong(directory_test('uri = "ldap://rel1"\n' + KEYTAB.replace("krb5", "nobody")), "people", "people_base",
          "may not read it")
    kdc.admin(f'modprinc -expire "2020-01-01" {US}')
    try:
        wrong(directory_test('uri = "ldap://rel1"\n' + KEYTAB), "bind", "kerberos", "expired", ETC + "/krb5.keytab")
    finally:
        kdc.admin(f"modprinc -expire never {US}")
    install(f"{TLS}/stranger.key", "other.key")
    wrong(directory_test(LDAPS + CERTIFICATE.replace("client.key", "other.key")), "TLS", "own_files", "tls_key")
    module = "/usr/lib/x86_64-linux-gnu/sasl2/libgssapiv2.so"
    found = subprocess.run("ls /usr/lib/*/sasl2/libg*.so*", shell=True, text=True, capture_output=True).stdout.split()
    assert found, module
    for name in found:
        os.rename(name, name + ".away")
    try:
        wrong(directory_test('uri = "ldap://rel1"\n' + KEYTAB), "bind", "no_gssapi", "libsasl2-modules-gssapi-mit")
        start('uri = "ldap://rel1"\n' + KEYTAB)
        doubts("libsasl2-modules-gssapi-mit")
    finally:
        for name in found:
            os.rename(name + ".away", name)


def test_a070_an_empty_password_is_never_sent():
    """To a server that would let everybody in as nobody."""
    slapd(more="allow bind_anon_cred bind_anon_dn")
    try:
        kdc.write(ETC + "/empty.secret", "\n")
        os.chmod(ETC + "/empty.secret", 0o600)
        told = directory_test(LDAPS + SIMPLE.replace("ldap.secret", "empty.secret"))
        assert "holds an empty password" in told["error"], told
        assert "BIND" not in slapd_log()
    finally:
        slapd()


def test_directory_test_what_is_there():
    plain = 'uri = "ldap://127.0.0.1"\ninsecure_loopback = true\n' + SIMPLE
    told = directory_test(plain, status=0)
    assert step(told, "TLS")["troubles"] == ["plain"], told
    wrong(directory_test(plain, base='people_base = "ou=people,dc=example,dc=com"\n'), "people", "people_base",
          "ou=people,dc=example,dc=com", '"dc=example,dc=org"')
    told = directory_test(plain + "schema = freeipa\n")
    wrong(told, "people", "id_attribute", "ipaUniqueID")
    assert "schema = rfc2307bis" in step(told, "schema")["hints"][0], told
    wrong(directory_test(plain + 'people_filter = "(objectClass=device)"\n'), "people", "nobody",
          "(objectClass=device)")
    told = directory_test(plain + 'locked_filter = "(nope=1)"\n', base=BASE.replace("employeeNumber", "carLicense"),
                          status=0)
    people = step(told, "people")
    assert people["troubles"] == ["person_attribute"], told
    assert "no entry has it, or the bind account may not read it; then two accounts" in people["hints"][0], told
    assert step(told, "locked accounts")["troubles"] == ["locked_filter"], told
    told = directory_test(plain, "mallory")
    assert told["facts"]["known"] == "no" and not told["ok"], told
    slapd(more="sizelimit 3")
    try:
        told = directory_test(plain, status=0)
        people = step(told, "people")
        assert people["troubles"] == ["size_limit"] and "only 3 entries" in people["hints"][0], told
    finally:
        slapd()


def test_directory_test_of_files():
    kdc.write(ETC + "/people.conf", 'person erin { uid = 2006 dn = "uid=erin,ou=people,dc=example,dc=org" }\n')
    told = directory_test(f'file = "{ETC}/people.conf"\n', "erin", base="", status=0)
    assert told["servers"] == [] and told["directory"] == ETC + "/people.conf" and told["facts"]["known"] == "yes", told
    told = directory_test(f'ldif = "{ETC}/nothing.ldif"\n', base="")
    assert "nothing.ldif" in told["error"], told


def test_directory_test_usage():
    assert run_as("root", "countersign", "directory", "test", "--nonsense").status == 2
    assert run_as("root", "countersign", "directory", "test", "a", "b").status == 2
    done = run_as("root", "countersign", "directory", "test", "--config", "/etc/countersign/none.conf")
    assert done.status == 1 and "none.conf" in done.err, done
    configure(LDAPS + SIMPLE)
    done = run_as("dave", "countersign", "directory", "test")
    assert done.status == 1 and "ldap.secret" in done.err, done
