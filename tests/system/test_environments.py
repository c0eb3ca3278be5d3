# SPDX-License-Identifier: Apache-2.0
"""A forge's protected environments, as etc/examples/protected-environments has them and as the forge's own walk-through
tells it, field by field: approving is not deploying."""
import json

from example import Application, example_end, example_world
from people import approve, approved_by, countersign, from_clean, requests, show, whole
from world import run_as

AGAIN = "You do not have permission to approve or reject this request"


def setup():
    example_world("protected-environments", 'groups_base = "dc=example,dc=org"\nnesting = 4')


def teardown():
    assert whole()
    example_end()


def deploys(user, environment="production"):
    return Application("ci", user, "deploy", "shop", environment, reason="")


def ended(job, user):
    assert run_as(user, "countersign", "cancel", job.number).status == 0
    assert not job.end()


def test_environments_walk_through():
    # The administrator deploys. The job is blocked, one approval is pending, by the rule for maintainers.
    job = deploys("root-admin")
    blocked = show(job.number, "max")
    assert (blocked["status"], blocked["pending_approval_count"], blocked["approvals"]) == ("pending", 1, []), blocked
    rule, = blocked["approval_summary"]
    assert (rule["rule"], rule["count"], rule["approvals"], rule["missing"]) == ("maintainers", 1, [], 1), rule
    # Access levels include the lower ones: an owner could as well.
    assert sorted(rule["could"]) == ["max", "mia", "otto"], rule
    # A maintainer approves, with a comment.
    done = run_as("max", "countersign", "approve", job.number, "--code", job.code, "--comment", "Looks good to me",
                  "--json")
    vote = json.loads(done.out)
    assert (vote["user"], vote["status"], vote["comment"]) == ("max", "approved", "Looks good to me"), vote
    assert vote["created_at"].endswith("Z"), vote
    # The job runs by itself, and the summary lists the approval under its rule.
    assert job.end()
    after = show(job.number, "mia")
    assert (after["status"], after["pending_approval_count"]) == ("used", 0), after
    rule, = after["approval_summary"]
    assert rule["missing"] == 0 and after["approvals"] == rule["approvals"] and len(rule["approvals"]) == 1, after
    assert {name: vote[name] for name in rule["approvals"][0]} == rule["approvals"][0], (vote, rule)


def test_environments_the_same_person_again():
    job = deploys("dora", "production-ap")
    approved_by(job.number, job.code, "max")
    again = approve("max", job.number, job.code)
    assert again.status not in (0, 10) and AGAIN in again.err, again
    half = show(job.number, "mia")
    assert half["pending_approval_count"] == 1 and [vote["user"] for vote in half["approvals"]] == ["max"], half
    assert not job.done
    approved_by(job.number, job.code, "mia")
    assert job.end()


def test_environments_administrators_do_not_pass_silently():
    job = deploys("root-admin")
    for user in ("root-admin", "dora"):
        # The one asked for it, the other may deploy: neither approves.
        assert approve(user, job.number, job.code).status not in (0, 10), user
    assert not job.done and show(job.number)["approvals"] == []
    ended(job, "root-admin")
    # Nor by voting for others.
    job = deploys("dora")
    assert approve("root-admin", job.number, job.code).status not in (0, 10)
    assert not job.done and [row["number"] for row in requests("root-admin", "--waiting")] == []
    ended(job, "dora")


def test_environments_overlapping_people_are_matched():
    """max is a maintainer and of the security team. Counted greedily he would keep one of the two rules from being filled."""
    for order in (("max", "mia", "qa-lead"), ("qa-lead", "mia", "max"), ("max", "qa-lead", "sam")):
        job = deploys("dora", "production-eu")
        approved_by(job.number, job.code, *order[:2])
        assert show(job.number)["pending_approval_count"] == 1 and not job.done
        approved_by(job.number, job.code, order[2])
        assert job.end(), order
        summary = show(job.number)["approval_summary"]
        assert sorted(vote["user"] for rule in summary for vote in rule["approvals"]) == sorted(order), summary
    job = deploys("dora", "production-us")  # there one person may speak for both
    approved_by(job.number, job.code, "max")
    assert job.end()


def test_environments_nested_members_count():
    """Inherited members: who is in a group of the security team's is in the team."""
    countersign("world_ldap_modify", stdin="""dn: cn=red-team,ou=groups,dc=example,dc=org
changetype: add
objectClass: groupOfNames
cn: red-team
member: uid=rita,ou=people,dc=example,dc=org

dn: cn=security,ou=groups,dc=example,dc=org
changetype: modify
add: member
member: cn=red-team,ou=groups,dc=example,dc=org
""")
    job = deploys("dora", "production-eu")
    approved_by(job.number, job.code, "rita", "qa-lead", "mia")
    assert job.end()


def test_environments_who_may_deploy_alone():
    assert deploys("dora", "staging").done
    assert deploys("rita", "staging").first["why"] == "no-permission"


from_clean(globals())
