# SPDX-License-Identifier: Apache-2.0
"""Signed votes with the real ssh-keygen, ssh-agent, sudo and slapd: keys in LDAP and in the roster, votes from the host
and from another machine, and everything that is not the approver's own key. FIDO2 keys are tested with an authenticator in
software (unit_crypto_ssh*, unit_authority_signed): no token is at hand."""
import json
import os
import pwd
import re
import shutil
import stat
import subprocess

from oracle import Oracle
from people import POLICY, countersign, events, held, show, whole
from term import run
from world import run_as, world

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
ROSTER = "/etc/countersign/roster"
CONF = "/etc/countersign/countersignd.conf"
PEOPLE = "ou=people,dc=example,dc=org"
REFUSED, NOT_PERMITTED = 1, 77
agent = {}


def root(*argv, status=0):
    done = run_as("root", *argv)
    assert done.status == status, done
    return done


def public(path):
    with open(path + ".pub") as file:
        return " ".join(file.read().split()[:2])


def in_ldap(user, how, key):
    """Adds or deletes one key of somebody's entry, as the directory's administrator."""
    if how == "add":
        kinds = root("ldapsearch", "-Q", "-LLL", "-Y", "EXTERNAL", "-H", ldapi(), "-b", f"uid={user},{PEOPLE}", "objectClass")
        if "ldapPublicKey" not in kinds.out:
            world("world_ldap_modify", stdin=f"dn: uid={user},{PEOPLE}\nchangetype: modify\nadd: objectClass\n"
                  "objectClass: ldapPublicKey\n")
    world("world_ldap_modify", stdin=f"dn: uid={user},{PEOPLE}\nchangetype: modify\n{how}: sshPublicKey\n"
          f"sshPublicKey: {key}\n")


def ldapi():
    with open(CONF) as file:
        return re.search(r'uri *= "([^"]+)"', file.read())[1]


def as_user(user, *argv):
    done = run_as(user, *argv)
    assert done.status == 0, done
    return done


def start_agent(user):
    out = as_user(user, "ssh-agent", "-s").out
    agent["SSH_AUTH_SOCK"] = re.search(r"SSH_AUTH_SOCK=([^;]+)", out)[1]
    agent["pid"] = int(re.search(r"SSH_AGENT_PID=(\d+)", out)[1])


def with_agent():
    return {"SSH_AUTH_SOCK": agent["SSH_AUTH_SOCK"]}


def sign_policy(signature):
    with open(POLICY) as file:
        text = file.read()
    assert "use_within = 10m" in text
    text = re.sub(r"\n\tsignature = \w+", "", text).replace("use_within = 10m", f"use_within = 10m\n\tsignature = {signature}", 1)
    countersign("countersign_policy", stdin=text)
    root("countersign", "policy", "apply", POLICY, "--yes")


def setup():
    """bob's key lies in ~/.ssh, carol's only in an agent."""
    countersign("countersign_world")
    as_user("carol", "ssh-keygen", "-q", "-t", "ecdsa", "-b", "256", "-N", "", "-f", "/home/carol/agent-key")
    start_agent("carol")
    done = run_as("carol", "ssh-add", "-q", "/home/carol/agent-key", env=with_agent())
    assert done.status == 0, done
    os.unlink("/home/carol/agent-key")
    in_ldap("bob", "add", public("/home/bob/.ssh/id_ed25519"))
    in_ldap("carol", "add", public("/home/carol/agent-key"))
    root("countersign", "roster", "add", "bob", "/home/bob/.ssh/id_ed25519.pub")
    root("countersign", "roster", "add", "carol", "/home/carol/agent-key.pub")
    sign_policy("required")


def teardown():
    if "pid" in agent:
        os.kill(agent["pid"], 15)
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def approve(user, number, code, *more, env=None):
    return run_as(user, "countersign", "approve", number, "--code", code, "--yes", *more, env=env)


def refused(number):
    return [e["reason"] for e in events() if e["kind"] == "vote-refused" and e["request"] == number]


def end(term, number, oracle):
    term.sendintr()
    oracle.ended_as(number, "cancelled", term.wait())


def test_the_roster_knows_people_by_their_id_in_the_directory():
    found = json.loads(root("countersign", "roster", "list", "--json").out)
    assert [key["name"] for key in found["keys"]] == ["bob", "carol"], found
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key["person"]) for key in found["keys"]), found
    status = json.loads(root("countersign", "status", "--json").out)
    assert status["roster"] == "2 keys of 2 people, version 2", status["roster"]
    assert status["host_key"].startswith("ssh-ed25519 AAAA"), status["host_key"]


def test_the_host_key_is_the_daemons_alone():
    st = os.stat("/var/lib/countersign/host_key")
    assert stat.S_IMODE(st.st_mode) == 0o600 and st.st_uid == pwd.getpwnam("countersign").pw_uid
    kept = json.loads(root("countersign", "status", "--json").out)["host_key"]
    countersign("countersign_stop")
    countersign("countersign_start")
    assert json.loads(root("countersign", "status", "--json").out)["host_key"] == kept


def test_two_sign_and_it_runs():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        assert show(number)["request"]["assurance"] == "signature"
        done = approve("bob", number, code)
        assert done.status == 0 and "signed with ssh-ed25519 SHA256:" in done.out, done
        oracle.nothing_ran()
        done = approve("carol", number, code, env=with_agent())
        assert done.status == 0 and "signed with ecdsa-sha2-nistp256 SHA256:" in done.out, done
        oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")
    votes = show(number)["decision"]["votes"]
    assert [vote["assurance"].split()[0] for vote in votes] == ["ssh-ed25519", "ecdsa-sha2-nistp256"], votes
    assert all(vote["signature"] for vote in votes)
    assert whole()


def test_the_head_that_was_seen_is_kept_and_signed_over_next_time():
    with open("/home/bob/.local/state/countersign/receipts") as file:
        kept = json.loads(file.read().splitlines()[-1])
    assert kept["host"] == "rel1" and kept["number"] > 0, kept
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        assert approve("bob", number, code).status == 0
        vote = show(number)["decision"]["votes"][0]
        assert (vote["head_number"], vote["head_chain"]) == (kept["number"], kept["chain"]), (vote, kept)
        end(term, number, oracle)
    done = root("countersign", "evidence", "verify", "--receipts", "/home/bob/.local/state/countersign/receipts")
    assert done.status == 0, done


def test_a_rewritten_record_is_found_by_what_others_keep():
    """An export is checked without the daemon, against the rosters of then and against what bob's own receipts say. A roster
    that gives the key to nobody, or to somebody else, and a receipt of another record are each told."""
    def verify(*options):
        return run_as("root", "countersign", "evidence", "verify", *options, "/root/evidence.jsonl")

    with open("/root/evidence.jsonl", "w") as file:
        file.write(root("countersign", "evidence", "export").out)
    done = verify()
    assert done.status == 0 and "were compared with no roster: give those of then with --roster FILE" in done.out, done
    told = json.loads(verify("--json").out)
    assert told["without_roster"] == told["signatures"] >= 3, told
    done = verify("--roster", ROSTER)
    assert done.status == 0 and "no roster" not in done.out, done
    assert json.loads(verify("--roster", ROSTER, "--json").out)["without_roster"] == 0
    # without bob, and with another key in his name
    shutil.copy(ROSTER, "/root/forged")
    root("countersign", "roster", "remove", "bob", "--roster", "/root/forged")
    done = verify("--roster", "/root/forged")
    assert done.status == 1 and "is not one of bob in the roster" in done.out, done
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/not-bob"], check=True)
    bob = next(row["person"] for row in json.loads(root("countersign", "roster", "list", "--json").out)["keys"]
               if row["name"] == "bob")
    root("countersign", "roster", "add", "bob", "/root/not-bob.pub", "--id", bob, "--roster", "/root/forged")
    done = verify("--roster", "/root/forged")
    assert done.status == 1 and "is not one of bob in the roster" in done.out, done
    # both were in use, one after the other
    assert verify("--roster", "/root/forged", "--roster", ROSTER).status == 0
    # bob's receipts, and one of a record that never was
    with open("/home/bob/.local/state/countersign/receipts") as file:
        lines = file.read().splitlines()
    assert verify("--receipts", "/home/bob/.local/state/countersign/receipts").status == 0
    kept = json.loads(lines[-1])
    kept["chain"] = ("0" if kept["chain"][0] != "0" else "1") + kept["chain"][1:]
    with open("/root/receipts", "w") as file:
        file.write("\n".join([*lines[:-1], json.dumps(kept)]) + "\n")
    done = verify("--receipts", "/root/receipts")
    assert done.status == 1 and "is not the one that was known from" in done.out and str(kept["number"]) in done.out, done


def test_a120_who_is_root_here_is_not_bob():
    """bob's uid without bob's key: nothing. A104 is the same through su."""
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        done = approve("bob", number, code, "--unsigned")
        assert done.status == REFUSED and "have to be signed" in done.err, done
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/mallory"], check=True)
        os.chmod("/root", 0o755)
        os.chown("/root/mallory", pwd.getpwnam("bob").pw_uid, -1)
        # with a roster of his own the command signs; the daemon has another
        root("countersign", "roster", "add", "bob", "/root/mallory.pub", "--id", "x", "--roster", "/root/roster")
        bob = json.loads(root("countersign", "roster", "list", "--json").out)["keys"][0]["person"]
        with open("/root/roster") as file:
            text = file.read().replace('"x"', f'"{bob}"')
        with open("/root/roster", "w") as file:
            file.write(text)
        done = approve("bob", number, code, "--roster", "/root/roster", "--key", "/root/mallory")
        assert done.status == REFUSED and "is not yours in the roster" in done.err, done
        assert refused(number)[-1] == "key", refused(number)
        oracle.nothing_ran()
        end(term, number, oracle)


def test_a128_an_ldap_administrator_adds_a_key():
    in_ldap("bob", "add", public("/root/mallory"))
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    try:
        with term:
            done = approve("bob", number, code, "--roster", "/root/roster", "--key", "/root/mallory")
            assert done.status == REFUSED and "is not yours in the roster" in done.err, done
            oracle.nothing_ran()
            end(term, number, oracle)
    finally:
        in_ldap("bob", "delete", public("/root/mallory"))


def test_a128_and_the_roster_alone_is_not_enough():
    in_ldap("bob", "delete", public("/home/bob/.ssh/id_ed25519"))
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    try:
        with term:
            done = approve("bob", number, code)
            assert done.status == REFUSED and "not in your entry of the directory" in done.err, done
            end(term, number, oracle)
    finally:
        in_ldap("bob", "add", public("/home/bob/.ssh/id_ed25519"))


def test_a127_a_key_is_revoked_between_vote_and_use():
    term, number, code = held("alice", DEPLOY)
    term.hangup()
    term.wait()
    assert approve("bob", number, code).status == 0
    assert approve("carol", number, code, env=with_agent()).status == 0
    root("countersign", "roster", "remove", "bob")
    oracle = Oracle()
    try:
        status, screen = run(DEPLOY, user="alice")
    finally:
        root("countersign", "roster", "add", "bob", "/home/bob/.ssh/id_ed25519.pub")
    oracle.denied("approver-lost", status)
    assert "approver" in screen.lower(), screen


def test_a123_a_key_is_one_persons():
    done = root("countersign", "roster", "add", "erin", "/home/bob/.ssh/id_ed25519.pub", status=REFUSED)
    assert "bob's" in done.err, done


def test_a122_a_forwarded_agent_is_warned_of():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        done = approve("carol", number, code, env=with_agent() | {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"})
        assert done.status == 0 and "whoever is root here can sign with your key" in done.err, done
        end(term, number, oracle)


def test_a_vote_from_another_machine():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        bundle = as_user("bob", "countersign", "show", "--bundle", number).out
        assert bundle.startswith("-----BEGIN COUNTERSIGN REQUEST-----")
        wrong = run_as("bob", "countersign", "sign", "-", "--code", f"{(int(code) + 1) % 10000:04}", stdin=bundle)
        assert wrong.status == REFUSED and "check code" in wrong.err and not wrong.out, wrong
        # no daemon is there: nothing is asked
        signed = run_as("bob", "countersign", "--socket", "/nonexistent", "sign", "-", "--code", code, stdin=bundle)
        assert signed.status == 0 and "deploy-release" in signed.err, signed
        vote = signed.out[signed.out.index("-----BEGIN"):]
        stolen = run_as("carol", "countersign", "submit-vote", "-", stdin=vote)
        assert stolen.status == REFUSED and refused(number)[-1] == "signature", stolen
        sent = run_as("bob", "countersign", "submit-vote", "-", stdin=vote)
        assert sent.status == 0 and "approved" in sent.out, sent
        assert run_as("bob", "countersign", "submit-vote", "-", stdin=vote).status != 0
        assert approve("carol", number, code, env=with_agent()).status == 0
        oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")


def test_a_rejection_is_signed_too():
    oracle = Oracle()
    term, number, _ = held("alice", DEPLOY)
    with term:
        done = run_as("bob", "countersign", "reject", number, "--yes", "--comment", "not on a Friday")
        assert done.status == 0 and "signed with" in done.out, done
        oracle.ended_as(number, "rejected", term.wait())


def test_an_optional_signature_says_which():
    sign_policy("optional")
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    try:
        with term:
            done = approve("bob", number, code)
            assert done.status == 0 and "signed with ssh-ed25519" in done.out, done
            done = approve("carol", number, code)
            assert done.status == 0 and "not signed: none of the keys" in done.out, done
            oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")
    finally:
        sign_policy("required")
    assert [vote["assurance"].split()[0] for vote in show(number)["decision"]["votes"]] == ["ssh-ed25519", "local-uid"]


def test_a128_a_roster_that_officers_sign():
    """Two officers; then a roster that root writes alone is not taken, nor an older one."""
    root("countersign", "roster", "remove", "bob")
    for name, key in (("bob", "/home/bob/.ssh/id_ed25519.pub"), ("erin", "/home/erin/.ssh/id_ed25519.pub")):
        root("countersign", "roster", "add", name, key, "--officer")
    with open(CONF) as file:
        conf = file.read()
    with open(CONF, "w") as file:
        file.write("roster_signatures = 2\n" + conf)
    countersign("countersign_stop")
    countersign("countersign_start")

    def state():
        return json.loads(root("countersign", "status", "--json").out)["roster"]

    assert "roster.sig" in state(), state()
    root("countersign", "roster", "sign", "--key", "/home/bob/.ssh/id_ed25519")
    assert "signed by 1 of the 2 officers" in state(), state()
    # the other officer signs with ssh-keygen alone
    with open(ROSTER) as file:
        text = file.read()
    signed = run_as("erin", "ssh-keygen", "-q", "-Y", "sign", "-n", "roster.v1@countersign", "-f", "/home/erin/.ssh/id_ed25519",
                    stdin=text)
    assert signed.status == 0, signed
    with open(ROSTER + ".sig", "a") as file:
        file.write(signed.out)
    assert state().startswith("3 keys of 3 people"), state()
    done = root("countersign", "roster", "verify")
    assert "signed by 2 of 2 officers" in done.out, done
    root("countersign", "roster", "add", "dave", "/home/dave/.ssh/id_ed25519.pub")
    assert "signed by 0 of the 2 officers" in state(), state()
    with open(ROSTER + ".new", "w") as file:
        file.write(text)
    os.rename(ROSTER + ".new", ROSTER)
    assert state().startswith("3 keys of 3 people"), state()
    with open(ROSTER + ".new", "w") as file:
        file.write(re.sub(r"version = \d+", "version = 1", text))
    os.rename(ROSTER + ".new", ROSTER)
    assert "was in force before" in state(), state()
