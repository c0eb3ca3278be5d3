# SPDX-License-Identifier: Apache-2.0
"""64 processes claim 10,000 approved requests at the same moment, each of them many: every request is released exactly
once, and the evidence says so."""
import multiprocessing
import random
import struct

import fixed
from fixed import UIDS, module, person
from people import countersign, events, whole
from wire import PERMIT, SHOW, SUBMIT, VOTE, read_request, submit, vote

REQUESTS, PROCESSES, EACH = 10_000, 64, 1_250  # every request is claimed by eight processes, more or less
ASKING = list(fixed.REQUESTERS)
BATCH = 100  # calls that are sent ahead of their answers

# What an application does needs no file, so that calls can be sent ahead.
GATE = """
gate jobs { service = jobs command = "job.run **"
  permission = release.deploy scope = "project/tomcat"
  approval committee { count = 1 permission = release.approve }
  lifetime = 1h use_within = 1h }
"""


def setup():
    fixed.POLICY += GATE
    fixed.configure(per_uid=REQUESTS, total=3 * REQUESTS)
    countersign("countersign_start")


def teardown():
    countersign("countersign_stop")


def answers(wire, calls):
    """Sends calls ahead, a batch at a time; the readers of their answers, in order."""
    for at in range(0, len(calls), BATCH):
        for kind, payload in calls[at:at + BATCH]:
            wire.send(kind, payload)
        for _ in calls[at:at + BATCH]:
            error, what, reader = wire.reply()
            assert error == 0, (error, what)
            yield reader


def job(n):
    name = ASKING[n % len(ASKING)]
    return SUBMIT, submit(UIDS[name], name, "job.run", ["job.run", str(n)], may_wait=False, service="jobs")


def verdict_and_number(reader):
    verdict = reader.u32()
    reader.u32(), reader.text(), reader.text(), reader.text()
    return verdict, reader.u64()


def ask_for_all():
    wire = module()
    asked = [verdict_and_number(reader) for reader in answers(wire, [job(n) for n in range(REQUESTS)])]
    wire.close()
    assert all(verdict != PERMIT for verdict, _ in asked)
    numbers = [number for _, number in asked]
    assert len(set(numbers)) == REQUESTS and min(numbers) > 0
    return numbers


def approve_all(numbers):
    wire = person("bob")
    digests = []
    for reader in answers(wire, [(SHOW, struct.pack(">Q", number) + struct.pack(">I", 0)) for number in numbers]):
        read_request(reader)
        digests.append(reader.raw(32))
    for reader in answers(wire, [(VOTE, vote(*of)) for of in zip(numbers, digests)]):
        assert reader.u32() == PERMIT
    wire.close()


def claim_some(seed, ready, told):
    """One of the processes: what it was permitted."""
    wire = module()
    mine = random.Random(seed).sample(range(REQUESTS), EACH)
    ready.wait()
    found = [verdict_and_number(reader) for reader in answers(wire, [job(n) for n in mine])]
    told.put([number for verdict, number in found if verdict == PERMIT])
    wire.close()


def claim_all():
    """All of them begin together."""
    context = multiprocessing.get_context("fork")
    ready, told = context.Barrier(PROCESSES), context.Queue()
    processes = [context.Process(target=claim_some, args=(seed, ready, told)) for seed in range(PROCESSES)]
    for process in processes:
        process.start()
    permitted = [number for _ in processes for number in told.get(timeout=250)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return permitted


def test_claims_a091_each_of_10000_requests_is_used_once():
    numbers = ask_for_all()
    approve_all(numbers)
    permitted = claim_all()
    # Whoever came first was let in, and nobody after him.
    assert len(permitted) == len(set(permitted)) and set(permitted) <= set(numbers)
    contested = {n for seed in range(PROCESSES) for n in random.Random(seed).sample(range(REQUESTS), EACH)}
    assert len(permitted) == len(contested) > 0.99 * REQUESTS
    claimed = [event["request"] for event in events() if event["kind"] == "claimed"]
    assert sorted(claimed) == sorted(permitted)
    # The few that no process drew are claimed by one that asks for everything; all others again by nobody.
    wire = module()
    rest = [verdict_and_number(reader) for reader in answers(wire, [job(n) for n in range(REQUESTS)])]
    wire.close()
    rest = [number for verdict, number in rest if verdict == PERMIT]
    assert sorted(permitted + rest) == sorted(numbers)
    claimed = [event["request"] for event in events() if event["kind"] == "claimed"]
    assert sorted(claimed) == sorted(numbers)
    assert whole()
