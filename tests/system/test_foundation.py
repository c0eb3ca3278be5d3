# SPDX-License-Identifier: Apache-2.0
"""A foundation's trusted releases, as etc/examples/foundation has them: two keys for what cannot be undone. Its release
platform asks the real daemon, which reads the committees from a real slapd and tells them through a real program."""
import datetime
import json
import pwd

from example import Application, example_end, example_policy, example_world, notices, told
from people import approve, approved_by, events, from_clean, reject, requests, show, until, whole
from wire import DENY, VOTE, Wire, vote
from wire import show as seen
from world import run_as, world

PEOPLE = "/run/countersign/people.sock"
PLATFORM = "release-platform"
LIST = "https://lists.example.org/private/tomcat/2026-11/msg00042"
NO_PERMISSION = "You do not have permission to approve or reject this request"


def setup():
    example_world("foundation")


def teardown():
    assert whole()
    example_end()


def asks(user, *words, reason=f"Agreed on the list: {LIST}"):
    return Application(PLATFORM, user, *words, reason=reason)


def kinds(number):
    return [event["kind"] for event in events() if event["request"] == number]


def refused(user, number):
    """What the daemon says to that person's vote for exactly this request, whatever a program would have shown before."""
    root = Wire(PEOPLE)
    _, digest, _ = seen(root, number)
    root.close()
    voter = Wire(PEOPLE, pwd.getpwnam(user).pw_uid)
    said = voter.ask(VOTE, vote(number, digest))
    voter.close()
    assert said["verdict"] == DENY, said
    return said["text"]


def released(project, how):
    """Adds or deletes that the project has releases, in its group."""
    world("world_ldap_modify", stdin=f"dn: cn={project},ou=project,ou=groups,dc=example,dc=org\nchangetype: modify\n"
          f"{how}: businessCategory\nbusinessCategory: released\n")


def withdrawn(application, user):
    """What is not looked at any further."""
    assert run_as(user, "countersign", "cancel", application.number).status == 0
    assert not application.end()


def test_foundation_four_steps_of_archiving_a_project():
    # Somebody initiates, with a link to what the committee said.
    platform = asks("alice", "project.archive", "tomcat")
    number = platform.number
    # The committee is told, by name. Not alice, not her second account, no committer, no other committee. Kills: telling
    # the requester, and not frank: he is on the committee, but his account has expired.
    notice = told(number, "asked")
    assert sorted(notice["recipients"]) == ["bob", "carol"], notice
    assert (notice["requester"], notice["gate"], notice["scope"]) == ("alice", "project-archive", "project/tomcat"), notice
    assert notice["command"] == f"countersign show {number}" and LIST in notice["reason"], notice
    assert notice["line"].startswith("release-platform project.archive"), notice
    assert platform.code not in json.dumps(notice), notice
    lasts = datetime.timedelta(milliseconds=notice["deadline_wall_ms"] - notice["wall_ms"])
    assert datetime.timedelta(days=6, hours=23) < lasts <= datetime.timedelta(days=7), notice
    # A member of the committee looks at it, in place of a confirmation page.
    page = run_as("bob", "countersign", "show", number)
    assert page.status == 10 and LIST in page.out and "project.archive" in page.out and "tomcat" in page.out, page
    waiting = show(number, "bob")
    assert (waiting["status"], waiting["pending_approval_count"], waiting["approvals"]) == ("pending", 2, []), waiting
    assert [row["number"] for row in requests("bob", "--waiting")] == [number]
    # A committer and the committee of another project do not even learn what it is; a vote of theirs on exactly this, sent
    # past our own program, is refused. So are who asked, her second account, and the expired one.
    for user in ("dave", "erin"):
        done = approve(user, number, platform.code)
        assert done.status != 0 and done.out == "" and NO_PERMISSION in done.err, (user, done)
        assert done.err.replace(str(number), "N") == approve(user, 999999, platform.code).err.replace("999999", "N"), user
        assert refused(user, number).startswith(NO_PERMISSION), user
    for user in ("alice", "alice-adm"):
        assert "own" in approve(user, number, platform.code).err, user
    assert "locked" in refused("frank", number)
    assert kinds(number).count("vote-refused") == 5 and show(number)["approvals"] == []
    # One key is not two; then the guarded action runs by itself.
    approved_by(number, platform.code, "bob")
    assert not platform.done and show(number)["pending_approval_count"] == 1
    approved_by(number, platform.code, "carol")
    assert platform.end()
    outcome = told(number, "outcome")
    assert outcome["recipients"] == ["alice"] and outcome["text"].startswith("Approved by carol"), outcome
    assert [kind for kind in kinds(number) if kind != "closed"][-2:] == ["approved", "claimed"], kinds(number)


def test_foundation_table_of_actions_who_and_when():
    """Who initiated, who approved, and when: in the request, and in a receipt that a third party can check."""
    before = datetime.datetime.now().timestamp() * 1000
    platform = asks("alice", "project.delete", "sketch")
    number = platform.number
    approved_by(number, platform.code, "carol", "bob")
    assert platform.end()
    found = show(number, "alice")
    request, decision = found["request"], found["decision"]
    assert (found["status"], request["subject"]["name"]) == ("used", "alice"), found
    assert LIST in request["reason"] and request["action"]["argv"] == ["project.delete", "sketch"], request
    assert [(vote["person"]["name"], vote["vote"]) for vote in decision["votes"]] == [
        ("carol", "approve"), ("bob", "approve")], decision["votes"]
    times = [request["created_wall_ms"], *(vote["wall_ms"] for vote in decision["votes"])]
    assert times == sorted(times) and before <= times[0] and times[-1] <= datetime.datetime.now().timestamp() * 1000, times
    receipt = run_as("alice", "countersign", "receipt", number)
    assert receipt.status == 0, receipt
    with open("/tmp/receipt", "w") as file:
        file.write(receipt.out)
    key = json.loads(run_as("root", "countersign", "status", "--json").out)["host_key"]
    with open("/tmp/host.pub", "w") as file:
        file.write(key + "\n")
    checked = run_as("dave", "countersign", "receipt", "--verify", "/tmp/receipt", "--key", "/tmp/host.pub", stdin="")
    assert checked.status == 0, checked
    for word in ("requested", "alice", "bob", "carol", "claimed"):
        assert word in checked.out, (word, checked)
    # One bit of what is recorded, in its last line.
    at = receipt.out.rindex('"bytes":') + 40
    bit = "0" if receipt.out[at] != "0" else "1"
    with open("/tmp/receipt", "w") as file:
        file.write(receipt.out[:at] + bit + receipt.out[at + 1:])
    assert run_as("dave", "countersign", "receipt", "--verify", "/tmp/receipt", "--key", "/tmp/host.pub").status == 1


def test_foundation_others_hear_that_a_release_is_deleted_already():
    """An administrator starts it; the committee whose release it is has to agree, all of whom may."""
    platform = asks("erin", "release.delete", "tomcat", "9.0.1")
    number = platform.number
    assert set(told(number, "asked")["recipients"]) == {"alice", "alice-adm", "bob", "carol"}
    approved_by(number, platform.code, "alice")
    done = approve("alice-adm", number, platform.code)
    assert done.status not in (0, 10), done  # one human
    approved_by(number, platform.code, "bob")
    assert platform.end()
    handled = told(number, "handled")
    assert "carol" in handled["recipients"] and not {"alice", "bob", "erin"} & set(handled["recipients"]), handled
    assert "Approved by bob" in handled["text"] and "Nothing is asked of you" in handled["text"], handled
    assert told(number, "outcome")["recipients"] == ["erin"]


def test_foundation_admin_alone_deletes_nothing():
    # Of a committee of two, whose one member asks, too few are left: said at once, not after days.
    answer = asks("erin", "release.delete", "lonely", "1.0")
    assert answer.first["why"] == "unsatisfiable" and not answer.done, answer.first
    # And a committee cannot go on without the administrator: only he starts it.
    answer = asks("bob", "release.delete", "tomcat", "9.0.1")
    assert answer.first["why"] == "no-permission" and not answer.done, answer.first


def test_foundation_release_is_deployed_once():
    platform = asks("bob", "release.deploy", "tomcat", "10.1", reason="")  # here a reason is not asked for
    approved_by(platform.number, platform.code, "alice", "carol")
    assert platform.end()
    again = asks("bob", "release.deploy", "tomcat", "10.1", reason="")
    assert again.number != platform.number and not again.done, again.first
    withdrawn(again, "bob")


def test_foundation_no_without_a_reason():
    answer = asks("alice", "project.delete", "sketch", reason="")
    assert answer.first["why"] == "needs-reason" and answer.number == 0, answer.first
    assert "reason" in answer.first["text"].lower(), answer.first


def test_foundation_archived_project_is_not_deployed():
    for user in ("alice", "bob", "dave"):
        answer = asks(user, "release.deploy", "attic-tool", "1.0")
        assert answer.first["why"] == "no-permission" and not answer.done, answer.first
    # What is left is deleting it, together, because it has no releases.
    platform = asks("alice", "project.delete", "attic-tool")
    approved_by(platform.number, platform.code, "bob")
    assert not platform.done
    approved_by(platform.number, platform.code, "carol")
    assert platform.end()


def test_foundation_a_project_that_has_releases_is_archived_not_deleted():
    """Said by an attribute of the project's group in the directory: not even the whole committee is asked to delete it. With
    its first release a project gets there; the platform has nothing to check itself."""
    for project in ("tomcat", "attic-core"):
        answer = asks("alice", "project.delete", project)
        assert answer.first["why"] == "no-permission" and not answer.done, (project, answer.first)
    platform = asks("alice", "project.archive", "tomcat")
    approved_by(platform.number, platform.code, "bob", "carol")
    assert platform.end()
    # It was asked and approved before the first release, and is not done after it.
    platform = asks("alice", "project.delete", "sketch")
    approved_by(platform.number, platform.code, "bob")
    released("sketch", "add")
    try:
        approve("carol", platform.number, platform.code)
        assert not {"approved", "claimed"} & set(kinds(platform.number)), kinds(platform.number)
        withdrawn(platform, "alice")
    finally:
        released("sketch", "delete")


def test_foundation_vote_cut_short_waits_for_objections():
    platform = asks("carol", "vote.shorten", "tomcat", "10.1-rc2")
    approved_by(platform.number, platform.code, "alice", "bob")
    # Approved, and an hour in which one of them may change his mind.
    until(lambda: platform.last["why"] == "cooling")
    assert not platform.done and show(platform.number)["status"] == "approved"
    assert reject("bob", platform.number, "the vote is closer than I thought").status == 0
    assert not platform.end() and show(platform.number)["status"] == "rejected"
    outcome = [n for n in until(lambda: notices(platform.number, "outcome")[1:] and notices(platform.number, "outcome"), 30)
               if n["state"] == "rejected"]
    assert [n["recipients"] for n in outcome] == [["carol"]] and "closer than I thought" in outcome[0]["text"], outcome
    # Where nobody objects it goes ahead when the hour is over; here it has two seconds.
    example_policy(("use_after  = 1h", "use_after  = 2s"))
    platform = asks("carol", "vote.shorten", "tomcat", "10.1-rc3")
    approved_by(platform.number, platform.code, "alice", "bob")
    assert platform.end()
    found = {e["kind"]: e["wall_ms"] for e in events() if e["request"] == platform.number}
    assert found["claimed"] - found["approved"] >= 2000, found
    example_policy()


def test_foundation_distribution_is_automated():
    platform = asks("alice", "distribution.automate", "tomcat", "docker", "hub", reason="")
    assert refused("dave", platform.number).startswith(NO_PERMISSION)
    approved_by(platform.number, platform.code, "carol", "bob")
    assert platform.end()
    # Exactly that was approved: another channel asks again.
    other = asks("alice", "distribution.automate", "tomcat", "maven", "central", reason="")
    assert other.number != platform.number and not other.done
    withdrawn(other, "alice")


def test_foundation_nobody_answers():
    example_policy(("lifetime   = 7d\n\tremind     = 24h", "lifetime   = 10s\n\tremind     = 8s"))
    platform = asks("alice", "project.archive", "tomcat")
    number = platform.number
    reminder = told(number, "reminder")
    assert sorted(reminder["recipients"]) == ["bob", "carol"], reminder
    assert not platform.end() and platform.last["why"] == "unanswered", platform.last
    assert show(number)["status"] == "unanswered"
    handled = told(number, "handled")
    assert sorted(handled["recipients"]) == ["bob", "carol"] and handled["state"] == "unanswered", handled
    outcome = told(number, "outcome")
    assert outcome["recipients"] == ["alice"] and outcome["state"] == "unanswered", outcome
    late = approve("bob", number, platform.code)
    assert late.status != 0 and show(number)["approvals"] == [], late
    example_policy()


from_clean(globals())
