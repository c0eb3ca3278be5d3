# SPDX-License-Identifier: Apache-2.0
"""The policy as data of the running daemon, against a real slapd: generations, single changes, a gate on the policy
itself, and the tools that ask the daemon."""
import json
import subprocess

from people import POLICY, approved_by, countersign, events, last_event, show, whole
from world import run_as

GUARD = """
permission policy.apply { label = "Change the policy" }
permission policy.approve { label = "Approve a change of the policy" }
role keeper { label = "Keeper of the policy" permissions = { policy.apply, policy.approve } }
assignment keepers { role = keeper scope = "*" group = "cn=infra,ou=groups,dc=example,dc=org" listed = member }
assignment second-keeper { role = keeper scope = "*" person = {
    "uid=bob,ou=people,dc=example,dc=org", "uid=erin,ou=people,dc=example,dc=org" } }
gate policy-weaker {
	service = countersign
	command = { "policy.apply weaker **", "policy.apply same **" }
	permission = policy.apply
	approval keeper { count = 1 permission = policy.approve }
}
gate policy-stronger {
	service = countersign
	command = "policy.apply stronger **"
	permission = policy.apply
}
"""


def setup():
    for step in ("world_users", "world_slapd_start", "world_install", "countersign_configure", "countersign_start"):
        countersign(step)


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def ask(user, *words, stdin=""):
    return run_as(user, "countersign", *words, stdin=stdin)


def status():
    return json.loads(ask("root", "status", "--json").out)


def generation():
    return status()["policy_generation"]


def text(number=None):
    done = ask("root", "policy", "show", *([str(number)] if number else []))
    assert done.status == 0, done
    return done.out


def write(content, name="/tmp/next.conf"):
    with open(name, "w") as file:
        file.write(content)
    subprocess.run(["chmod", "644", name], check=True)
    return name


def apply(user, content, *more):
    """As `policy apply`: from standard input, so that no file's owner matters."""
    return ask(user, "policy", "apply", "-", "--yes", *more, stdin=content)


def can(user, permission, scope):
    return ask("root", "can", user, permission, scope).status


def test_policy_first_generation_is_the_file():
    assert generation() == 1 and text() == open(POLICY).read()
    history = json.loads(ask("root", "policy", "history", "--json").out)["generations"]
    assert [(row["number"], row["author"]) for row in history] == [(1, "root")], history
    assert POLICY in history[0]["comment"], history


def test_policy_m6_single_changes_are_generations():
    before = generation()
    assert can("carol", "release.deploy", "project/tomcat") == 1
    done = ask("root", "role", "grant", "infra", "release.deploy", "--yes")
    assert done.status == 0 and "gains release.deploy" in done.out, done
    assert generation() == before + 1 and can("carol", "release.deploy", "project/tomcat") == 0
    done = ask("root", "role", "revoke", "infra", "release.deploy", "--yes")
    assert done.status == 0 and "loses release.deploy" in done.out, done
    assert generation() == before + 2 and can("carol", "release.deploy", "project/tomcat") == 1
    done = ask("root", "role", "define", "watcher", "--label", "Watcher", "--permission", "release.stage", "--yes")
    assert done.status == 0 and generation() == before + 3, done
    assert "role watcher" in text() and "role watcher" not in text(before)
    # Comments and everything else stay as they are written.
    kept = [line for line in text(before).splitlines() if line not in text().splitlines()]
    assert kept == [], kept


def test_policy_rollback_is_a_new_generation():
    before = generation()
    done = ask("root", "policy", "rollback", "1", "--yes", "--comment", "as it was")
    assert done.status == 0, done
    assert generation() == before + 1 and text() == text(1)
    newest = json.loads(ask("root", "policy", "history", "--json").out)["generations"][0]
    assert newest["comment"] == "as it was" and newest["number"] == before + 1, newest
    assert ask("root", "policy", "rollback", "4711", "--yes").status != 0


def test_policy_p10_misspelt_permission_is_refused_with_its_line():
    before = generation()
    done = apply("root", text().replace("permissions = release.stage", "permissions = release.stag", 1))
    assert done.status == 1 and 'did you mean "release.stage"?' in done.err, done
    assert generation() == before


def test_policy_only_root_where_no_gate_guards_it():
    before = generation()
    for words in (["role", "grant", "infra", "release.deploy"], ["policy", "rollback", "1"], ["role", "define", "x"]):
        done = ask("alice", *words, "--yes")
        assert done.status == 77, done
    for words in (["policy", "history"], ["policy", "show"], ["who-can", "release.deploy", "project/tomcat"]):
        done = ask("alice", *words)
        assert done.status == 77 and "permission release" not in done.out and "bob" not in done.out, done
    assert generation() == before


def test_policy_generations_outlive_the_daemon_and_the_file():
    assert ask("root", "role", "grant", "infra", "release.deploy", "--yes").status == 0
    before = generation()
    countersign("countersign_stop")
    countersign("countersign_start")
    assert generation() == before and can("carol", "release.deploy", "project/tomcat") == 0
    told = [line for line in open("/var/log/countersignd.log") if "is not generation" in line]
    assert len(told) == 1 and POLICY in told[0] and "policy apply" in told[0], told
    assert ask("root", "policy", "rollback", "1", "--yes").status == 0


def test_policy_tools_against_the_daemon():
    done = ask("root", "who-can", "release.approve", "project/tomcat")
    assert done.status == 0 and {"alice", "bob", "carol", "erin"} <= set(done.out.split()), done
    done = ask("root", "what-can", "carol")
    assert done.status == 0 and "host.login" in done.out, done
    done = ask("root", "why-not", "dave", "release.deploy", "project/tomcat")
    assert done.status == 0 and "owner" in done.out and "cn = tomcat" in done.out, done
    done = ask("alice", "why", "alice", "release.deploy", "project/tomcat")
    assert done.status == 0 and "cn=tomcat,ou=project" in done.out, done
    # erin is alone in httpd, and carol alone in infra: whoever needs them cannot do without them.
    done = ask("root", "policy", "check")
    assert done.status == 1 and "gate deploy in project/httpd: if erin asks" in done.out, done
    assert "project/tomcat" not in done.out, done
    done = ask("root", "policy", "diff", "1", "current")
    assert done.status == 0, done
    assert ask("root", "policy", "check", "--json").out.startswith("{")


def test_policy_m2_check_without_carol_finds_the_lock_out():
    done = ask("root", "policy", "check", "--without", "carol")
    assert done.status == 1 and "gate deploy in project/tomcat" in done.out, done


def test_policy_p16_the_old_policy_judges_a_weaker_one():
    base = text()
    done = apply("root", base + GUARD, "--comment", "two people from now on")
    assert done.status == 0, done
    before = generation()
    guarded = text()
    weaker = guarded.replace("count = 1\n\t\trole  = infra", "count = 1\n\t\tpermission = release.approve", 1)
    assert weaker != guarded
    since = last_event()
    # Root is judged like anybody, and nobody else without the permission learns anything.
    done = apply("root", weaker)
    assert done.status == 1 and "under your own name" in done.err and generation() == before, done
    done = apply("dave", weaker)
    assert done.status == 77 and "infra" not in done.out, done
    # carol may ask; what is approved is every changed right.
    done = apply("carol", weaker, "--comment", "fewer people of infra")
    assert done.status == 10, done
    assert generation() == before
    number = [e["request"] for e in events(since) if e["kind"] == "requested"][-1]
    seen = show(number, "bob")
    words = seen["request"]["action"]["argv"]
    assert words[:2] == ["policy.apply", "weaker"] and any("gate deploy" in word for word in words), words
    assert seen["request"]["reason"] == "fewer people of infra"
    code = show(number, "carol")["decision"]["check_code"]
    refused = run_as("carol", "countersign", "approve", number, "--code", code, "--yes")
    assert refused.status != 0, refused
    assert apply("carol", weaker).status == 10 and generation() == before
    approved_by(number, code, "bob")
    assert generation() == before, "an approval alone changes nothing"
    # Something else is not what was approved.
    assert apply("carol", weaker + "\n# and one line more\n").status == 10 and generation() == before
    done = apply("carol", weaker, "--comment", "fewer people of infra")
    assert done.status == 0 and generation() == before + 1, done
    newest = json.loads(ask("root", "policy", "history", "--json").out)["generations"][0]
    assert newest["author"] == "carol" and newest["request"] == number, newest
    # Once: back and forth again needs people again, though the same was approved before.
    assert ask("carol", "role", "revoke", "infra", "host.login", "--yes").status == 0
    assert ask("carol", "role", "grant", "infra", "host.login", "--yes").status == 10
    assert whole()


def test_policy_p16_rollback_and_grant_are_guarded_too():
    before = generation()
    done = ask("erin", "policy", "rollback", "1", "--yes")
    assert done.status == 10 and generation() == before, done
    done = ask("erin", "role", "grant", "infra", "policy.apply", "--yes")
    assert done.status == 10 and generation() == before, done
    # What is surely stronger needs the permission and nobody else.
    done = ask("erin", "role", "revoke", "committer", "release.stage", "--yes")
    assert done.status == 0 and generation() == before + 1, done


def test_policy_root_at_the_console_gets_out_of_a_lock_out():
    old = generation()
    path = write(open(POLICY).read(), "/etc/countersign/again.conf")
    countersign("countersign_stop")
    try:
        done = subprocess.run(["/usr/sbin/countersignd", "--apply-policy", path], capture_output=True, text=True,
                              timeout=30)
        assert done.returncode == 0, done
    finally:
        countersign("countersign_start")
    assert generation() == old + 1 and text() == open(POLICY).read()
    found = [e for e in events() if e["kind"] == "policy"][-1]
    assert "console" in found["text"], found
    assert whole()
