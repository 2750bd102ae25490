"""Many sessions on all loops at once, with reloads, scrapes and aborts between: made for ThreadSanitizer (EXOTA_BUILD_DIR=build/tsan/serve).

Every message's verdict is known beforehand, so a mix-up between sessions shows even without a sanitizer.
"""
import random
import signal
import threading
import time

import pytest
from harness.exota import TENANTS
from harness.message import SIGNATURE_FIELD
from harness.milter import MilterClient, strings
from harness.processes import PATIENCE, wait_for

SECONDS, LONGEST = 15, 120
PASS = ("Authentication-Results", "mx.test; dkim=pass header.d=contoso.com")
GOOD = [PASS, SIGNATURE_FIELD, ("Received", "from a by b; now"), ("From", "jane@contoso.com")]
KINDS = [(GOOD, "ca"), ([("From", "jane@nobody.test")], "y"), ([("From", "jane@contoso.com")], "y"), ([*GOOD, ("From", "x@evil.test")], "y")]


@pytest.fixture
def exota(exota_of):
    return exota_of(tcp=True, changes={"client_cert": {"exempt": ["40.92.0.0/15"]}, "authorisation": {"proofs": ["client-cert + dkim"]}})


def storm(exota, seed, over, problems, counts):
    source = random.Random(seed)
    try:
        while not over.is_set():
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
    over, problems, counts = threading.Event(), [], [0] * 8
    threads = [threading.Thread(target=storm, args=(exota, seed, over, problems, counts)) for seed in range(8)]
    for thread in threads:
        thread.start()
    begin, reloads = time.monotonic(), 0
    enough = lambda: time.monotonic() > begin + SECONDS and sum(counts) > 100 and reloads > 5  # noqa: E731
    try:
        while not enough() and not problems and time.monotonic() < begin + LONGEST:
            exota.write_tenants({**TENANTS, "tenants": {**TENANTS["tenants"], f"t{reloads}": {"domains": [f"d{reloads}.test"], "organizations": [f"d{reloads}.test"]}}})
            exota.process.send(signal.SIGHUP)
            reloads += 1
            for page in ("/metrics", "/readyz"):
                if (status := exota.http(page)[0]) != 200:
                    problems.append(f"{page}: {status}")
    finally:
        over.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a session hangs"
    assert problems == []
    assert sum(counts) > 100 and reloads > 5
    assert exota.stop() == 0
    said = "\n".join(exota.lines())
    assert "ThreadSanitizer" not in said and "AddressSanitizer" not in said, said[-3000:]
    judged = [record["queue_id"] for record in exota.records() if "verdict" in record]
    assert len(judged) == len(set(judged)) == sum(counts), "one log line for each message, whole"


def test_ended_in_the_middle_of_a_storm(exota):
    over, problems, counts = threading.Event(), [], [0] * 4
    threads = [threading.Thread(target=storm, args=(exota, seed, over, problems, counts)) for seed in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: sum(counts) >= 50, lambda: f"fifty messages: {counts} {problems}")
        assert exota.stop() == 0
    finally:
        over.set()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a session hangs"
    assert not [text for text in problems if "instead of" in text], "a verdict that was given is right to the end"
    assert "ThreadSanitizer" not in "\n".join(exota.lines())
