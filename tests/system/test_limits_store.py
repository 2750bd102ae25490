"""Limits that two daemons count together in a real Redis that is killed, hangs, lies and comes back; one of them under TLS."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.limits import metric, said_of_store, send, tenants_with_limits, together
from harness.postgres import Pretender, late
from harness.processes import fresh_directory, wait_for
from harness.redis import PASSWORD, Garbage, Redis

NAMES = ("together", "both", "alone", "hung", "wrong", "restarted", "slow")
TENANTS = tenants_with_limits(NAMES, {"together": ["160 messages / hour"], "both": ["3 messages / hour", "4 recipients / hour"],
                                      "alone": ["5 messages / hour"], "slow": ["5 messages / hour"]})


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
        together(node, "restarted")
    return made


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
        together(node, "restarted")
        node.said("limits-store-back")
        assert sum("limits-store-away" in line for line in node.lines()) == 1, "once a minute"


def test_a_redis_that_hangs_holds_nobody_up(nodes, redis):
    node = nodes[0]
    before = metric(node, "fallback_total", fallback="local")
    redis.hang()
    assert send(node, "hung", 20) == ["accept"] * 20
    assert metric(node, "fallback_total", fallback="local") == before + 20
    redis.go_on()
    together(node, "restarted")


def test_a_redis_that_is_too_slow_holds_nobody_up_either(make, redis):
    """As the settings are by themselves: 5 ms. Whoever logs in is answered at once, whoever counts is not."""
    go = threading.Event()
    proxy = Pretender(late(redis.port, go, at_once=b"+"))
    node = make(f"redis://127.0.0.1:{proxy.port}", timeout=None)
    assert [reply == "accept" for reply in send(node, "slow", 7)] == [True] * 5 + [False] * 2, "the node counts by itself"
    wait_for(lambda: send(node, "slow") and metric(node, "failures_total") > 0, lambda: "an answer to be late: " + said_of_store(node))
    assert sum(metric(node, "messages_total", limit=limit) for limit in ("within", "exceeded")) == 0
    (line, *_) = node.said("limits-store-away")
    assert PASSWORD not in line and node.http("/readyz")[0] == 200
    go.set()  # what is still kept back goes out, to nobody; that answers in time count again, test_a_redis_that_hangs_holds_nobody_up shows
    assert node.stop() == 0
    proxy.close()


def test_who_is_not_let_in_says_why(make, redis, workshop):
    wrong = make(redis.url, password="hunter2", fallback="tempfail")
    assert send(wrong, "wrong")[0].startswith("451 4.7.1 unavailable: the limits of the tenant could not be counted")
    stranger = make(redis.tls_url, ca_file=str(workshop.pki.certificate("otherca")), fallback="accept")
    assert send(stranger, "wrong") == ["accept"]
    garbage = Garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    liar = make(garbage.url, fallback="tempfail")
    assert send(liar, "wrong")[0].startswith("451 4.7.1 unavailable: ")
    for exota, why in ((wrong, "WRONGPASS"), (stranger, "not verified"), (liar, "no reply of Redis")):
        wait_for(lambda exota=exota, why=why: send(exota, "wrong") and why in said_of_store(exota), lambda exota=exota: said_of_store(exota))
        assert metric(exota, "failures_total") == 0, "nobody was asked"
        assert not any(secret in line for line in exota.lines() for secret in ("hunter2", PASSWORD))
    garbage.stop()
