"""Limits that two daemons count together in a real Redis that is killed, hangs, lies and comes back; one of them under TLS."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.message import fields_of
from harness.milter import MilterClient
from harness.processes import fresh_directory, wait_for
from harness.redis import PASSWORD, Garbage, Redis

CERTIFICATE = {"cert_subject": "mail.protection.outlook.com", "tls_version": "TLSv1.3"}
NAMES = ("together", "both", "alone", "hung", "wrong", "restarted")
IDS = {name: f"1234abcd-18c5-45e8-88de-{number:012d}" for number, name in enumerate(NAMES)}
LIMITS = {"together": ["160 messages / hour"], "both": ["3 messages / hour", "4 recipients / hour"], "alone": ["5 messages / hour"]}
TENANTS = {"version": 2, "tenants": {name: {"tenant_ids": [IDS[name]], "organizations": [f"{name}.test"], "domains": [f"{name}.test"],
                                            "limits": LIMITS.get(name, ["1000 messages / hour"])} for name in NAMES}}


class Sender:
    """One connection of an MTA; each message is one of the tenant's own."""
    _lock, _number = threading.Lock(), 0

    def __init__(self, exota):
        self.mta = MilterClient(exota.where)
        self.mta.macros("C", v="Postfix 3.7.11")
        self.mta.connect()
        self.mta.macros("H", **CERTIFICATE)
        self.mta.send("H", b"outbound.protection.outlook.com\0")

    def send(self, tenant, recipients=1):
        """"accept", or the reply."""
        with Sender._lock:
            Sender._number += 1
            queue_id = f"R{Sender._number:05d}"
        fields = [(name, " " + value) for name, value in fields_of(f"j@{tenant}.test", IDS[tenant], f"{tenant}.test") if value is not None]
        _, (command, payload) = self.mta.message(fields, sender=f"<j@{tenant}.test>", queue_id=queue_id,
                                                 recipients=[f"<r{n}@dest.test>" for n in range(recipients)])
        return {"a": "accept", "c": "accept"}.get(command) or payload.decode().rstrip("\0")


def send(exota, tenant, count=1, **arguments):
    sender = Sender(exota)
    replies = [sender.send(tenant, **arguments) for _ in range(count)]
    sender.mta.close()
    return replies


@pytest.fixture(scope="module")
def redis(workshop, base_directory):
    made = Redis(fresh_directory(base_directory, "r"), workshop.pki)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def make(exota_of, base_directory):
    def make(server, password=PASSWORD, **changes):
        directory = fresh_directory(base_directory)
        (directory / "redis.password").write_text(password + "\n")
        # A machine under load is not a store that is away: nothing here is about how long 5 ms are.
        store = {"servers": [server], "password_file": "redis.password", "timeout": "1 s", **changes}
        return exota_of(directory=directory, tenants=TENANTS, changes={"limits_store": store, "server": {"threads": 2}})
    return make


@pytest.fixture(scope="module")
def nodes(make, redis, workshop):
    made = [make(redis.url), make(redis.tls_url, ca_file=str(workshop.pki.certificate("ca")))]
    for node in made:
        together(node)
    return made


def metric(exota, name, **labels):
    text = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return exota.metrics()[f"exota_limits_store_{name}" + ("{" + text + "}" if text else "")]


def together(exota, tenant="restarted"):
    """Waits until each thread's messages are counted in the store."""
    def counted():
        before = metric(exota, "messages_total", limit="within")
        replies = [reply for _ in range(8) for reply in send(exota, tenant)]
        return replies.count("accept") == 8 and metric(exota, "messages_total", limit="within") - before == 8
    wait_for(counted, "the store to count all messages")
    assert metric(exota, "loops_away") == 0


def test_both_together_let_through_no_more_than_one_alone(nodes, redis):
    with ThreadPoolExecutor(8) as pool:
        replies = [reply for some in pool.map(lambda i: send(nodes[i % 2], "together", 30), range(8)) for reply in some]
    assert len(replies) == 240 and replies.count("accept") == 160, replies.count("accept")
    refused = {reply.partition(" again possible in ")[0] for reply in replies if reply != "accept"}
    assert refused == {"452 4.7.1 limit-exceeded: the tenant sent too much,"}
    seconds = {int(reply.partition(" again possible in ")[2].partition(" ")[0]) for reply in replies if reply != "accept"}
    assert min(seconds) > 3000 and max(seconds) <= 3825, seconds
    near = [record for node in nodes for record in node.records() if record.get("event") == "limit-near" and record["tenant"] == "together"]
    assert [record["limit"] for record in near] == ["160 messages / hour"], near
    assert redis.command("keys", "exota:{together}*") == ["exota:{together}:messages:3600"]
    assert 3600 < int(redis.command("ttl", "exota:{together}:messages:3600")[0]) <= 3885


def test_several_limits_are_counted_in_all_or_none_and_a_reload_forgets_nothing(nodes):
    first, second = nodes
    assert send(first, "both") == ["accept"]
    assert send(second, "both", recipients=4)[0].startswith("452 4.7.1 limit-exceeded: ")
    assert send(second, "both", recipients=5)[0].startswith("452 4.7.1 limit-exceeded: the tenant sent too much, try again later"), "never possible"
    assert send(first, "both", recipients=3) == ["accept"], "what was refused took nothing"
    first.reload()
    assert send(first, "both")[0].startswith("452 4.7.1 limit-exceeded: "), "four recipients"


def test_with_redis_killed_each_node_counts_by_itself(nodes, redis):
    first, second = nodes
    assert send(first, "alone", 2) == ["accept"] * 2
    redis.kill()
    assert [reply == "accept" for reply in send(first, "alone", 5)] == [True] * 3 + [False] * 2, "it goes on from what it let through"
    assert [reply == "accept" for reply in send(second, "alone", 7)] == [True] * 5 + [False] * 2
    for node in nodes:
        (line, *_) = node.said("limits-store-away")
        assert '"fallback":"local"' in line and PASSWORD not in line
        assert metric(node, "fallback_total", fallback="local") >= 5 and metric(node, "loops_away") > 0
        assert node.http("/readyz")[0] == 200
    redis.start()
    for node in nodes:
        together(node)
        node.said("limits-store-back")
        assert sum("limits-store-away" in line for line in node.lines()) == 1, "once a minute"


def test_a_redis_that_hangs_holds_nobody_up(nodes, redis):
    node = nodes[0]
    before = metric(node, "fallback_total", fallback="local")
    redis.hang()
    assert send(node, "hung", 20) == ["accept"] * 20
    assert metric(node, "fallback_total", fallback="local") == before + 20
    redis.go_on()
    together(node)


def test_who_is_not_let_in_says_why(make, redis, workshop):
    wrong = make(redis.url, password="hunter2", fallback="tempfail")
    assert send(wrong, "wrong")[0].startswith("451 4.7.1 unavailable: the limits of the tenant could not be counted")
    stranger = make(redis.tls_url, ca_file=str(workshop.pki.certificate("otherca")), fallback="accept")
    assert send(stranger, "wrong") == ["accept"]
    garbage = Garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    liar = make(garbage.url, fallback="tempfail")
    assert send(liar, "wrong")[0].startswith("451 4.7.1 unavailable: ")
    for exota, why in ((wrong, "WRONGPASS"), (stranger, "not verified"), (liar, "no reply of Redis")):
        wait_for(lambda exota=exota, why=why: send(exota, "wrong") and why in away(exota), lambda exota=exota: away(exota))
        assert metric(exota, "failures_total") == 0, "nobody was asked"
        assert not any(secret in line for line in exota.lines() for secret in ("hunter2", PASSWORD))
    garbage.stop()


def away(exota):
    """What the log says of the store."""
    return " ".join(line for line in exota.lines() if "limits-store" in line)
