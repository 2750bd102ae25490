"""Many sessions on all loops at once, with reloads, scrapes and aborts between: made for ThreadSanitizer (EXOTA_BUILD_DIR=build/tsan).

Every message's verdict is known beforehand, so a mix-up between sessions shows even without a sanitizer.
"""
import random
import signal
import threading
import time

import pytest
from harness.exota import TENANTS
from harness.milter import MilterClient, strings

SECONDS = 15
PASS = ("Authentication-Results", "mx.test; dkim=pass header.d=contoso.com")
GOOD = [PASS, ("Received", "from a by b; now"), ("From", "jane@contoso.com")]
KINDS = [(GOOD, "ca"), ([("From", "jane@nobody.test")], "y"), ([("From", "jane@contoso.com")], "y"), ([*GOOD, ("From", "x@evil.test")], "y")]


@pytest.fixture
def exota(exota_of):
    return exota_of(tcp=True, changes={"client_cert": {"exempt": ["40.92.0.0/15"]}, "authorisation": {"proofs": ["client-cert + dkim"]}})


def storm(exota, seed, until, problems, counts):
    source = random.Random(seed)
    try:
        while time.monotonic() < until:
            with MilterClient(exota.where) as mta:
                mta.macros("C", v="Postfix 3.7.11")
                mta.connect()
                for number in range(source.randrange(1, 8)):
                    if source.random() < 0.2:
                        mta.send("M", strings("<a@b.test>"))
                        mta.write(b"".join([b"\0\0\0\1A"]))
                    fields, wanted = source.choice(KINDS)
                    queue_id = f"S{seed}N{counts[seed]}"
                    _, (command, payload) = mta.message(fields, queue_id=queue_id)
                    counts[seed] += 1
                    if command not in wanted:
                        problems.append(f"{queue_id}: {command} {payload!r} instead of {wanted}")
                if source.random() < 0.5:
                    mta.quit()
    except Exception as problem:  # noqa: BLE001 -- a thread's exception would be lost
        problems.append(repr(problem))


def test_storm_with_reloads(exota):
    until, problems, counts = time.monotonic() + SECONDS, [], [0] * 8
    threads = [threading.Thread(target=storm, args=(exota, seed, until, problems, counts)) for seed in range(8)]
    for thread in threads:
        thread.start()
    reloads = 0
    while time.monotonic() < until:
        exota.write_tenants({**TENANTS, "tenants": {**TENANTS["tenants"], f"t{reloads}": {"domains": [f"d{reloads}.test"], "organizations": [f"d{reloads}.test"]}}})
        exota.process.send(signal.SIGHUP)
        reloads += 1
        assert exota.http("/metrics")[0] == 200
        assert exota.http("/readyz")[0] == 200
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert sum(counts) > 100 and reloads > 5
    assert exota.stop(seconds=40) == 0
    said = "\n".join(exota.lines())
    assert "ThreadSanitizer" not in said and "AddressSanitizer" not in said, said[-3000:]
    judged = [record["queue_id"] for record in exota.records() if "verdict" in record]
    assert len(judged) == len(set(judged)) == sum(counts), "one log line for each message, whole"


def test_ended_in_the_middle_of_a_storm(exota):
    until, problems, counts = time.monotonic() + 4, [], [0] * 4
    threads = [threading.Thread(target=storm, args=(exota, seed, until, problems, counts)) for seed in range(4)]
    for thread in threads:
        thread.start()
    while sum(counts) < 50 and time.monotonic() < until:
        time.sleep(0.01)
    assert exota.stop(seconds=40) == 0
    for thread in threads:
        thread.join(60)
    assert not [text for text in problems if "instead of" in text], "a verdict that was given is right to the end"
    assert "ThreadSanitizer" not in "\n".join(exota.lines())
