"""Limits counted in a Redis that three Sentinels watch, and in a Cluster of three masters: masters that are killed, hang and come back, slots
that move, and strangers in their place. Everything under TLS, but for one of the daemons on the Cluster."""
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.limits import metric, said_of_store, send, tenants_with_limits, together
from harness.processes import fresh_directory, wait_for
from harness.redis import PASSWORD, Garbage
from harness.redis_ha import MASTER_NAME, SENTINEL_PASSWORD, Cluster, Watched

# contoso: slot 6250, of the second master; foo: 12182, of the third; fabrikam: 3962, of the first.
NAMES = ("fabrikam", "contoso", "foo", "hung", "together", "wrong", "movers", "asked")
TENANTS = tenants_with_limits(NAMES, {"together": ["60 messages / hour"], "hung": ["30 messages / hour"]})


@pytest.fixture(scope="module")
def make(exota_of, base_directory, workshop):
    def make(servers, kind, password=PASSWORD, sentinel_password=SENTINEL_PASSWORD, **changes):
        directory = fresh_directory(base_directory)
        (directory / "redis.password").write_text(password + "\n")
        (directory / "sentinel.password").write_text(sentinel_password + "\n")
        # A machine under load is not a store that is away: nothing here is about how long 5 ms are.
        store = {"servers": servers, "kind": kind, "password_file": "redis.password", "timeout": "1 s",
                 "ca_file": str(workshop.pki.certificate("ca"))}
        if kind == "sentinel":
            store |= {"master_name": MASTER_NAME, "sentinel_password_file": "sentinel.password"}
        return exota_of(directory=directory, tenants=TENANTS, changes={"limits_store": store | changes, "server": {"threads": 2}})
    return make


def why(exota, text):
    """Messages go, until the log says so of the store."""
    wait_for(lambda: send(exota, "wrong") and text in said_of_store(exota), lambda: said_of_store(exota))
    assert not any(secret in line for line in exota.lines() for secret in ("hunter2", PASSWORD, SENTINEL_PASSWORD))


# --- Sentinels ---


@pytest.fixture(scope="module")
def watched(workshop, base_directory):
    made = Watched(base_directory, workshop.pki)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def follower(make, watched):
    node = make(watched.urls, "sentinel")
    together(node, "foo")
    return node


def test_the_master_is_asked_for_and_counts(follower, watched):
    assert send(follower, "together", 61).count("accept") == 60
    assert watched.master().command("keys", "exota:{together}*") == ["exota:{together}:messages:3600"]


def test_who_is_promoted_is_followed(follower, watched):
    killed = watched.master()
    watched.sentinels[0].kill()  # it is the one that was asked
    killed.kill()
    assert send(follower, "contoso", 4) == ["accept"] * 4, "this node counts by itself meanwhile"
    promoted = watched.wait_for_another(killed)
    together(follower, "foo")
    assert promoted.command("keys", "exota:{foo}*") == ["exota:{foo}:messages:3600"]
    follower.said("limits-store-back")
    killed.start()  # and is a replica


def test_a_master_that_hangs_holds_nobody_up_and_is_left(follower, watched):
    hung = watched.master()
    before = metric(follower, "failures_total")
    hung.hang()
    assert send(follower, "hung", 31).count("accept") == 30, "this node counts by itself meanwhile"
    assert metric(follower, "failures_total") - before <= 2 * 31, "each message was asked at most once"
    watched.wait_for_another(hung)
    together(follower, "foo")
    hung.go_on()
    together(follower, "foo")


def test_who_is_no_sentinel_of_ours_says_why(make, watched):
    sentinel = watched.urls[1]
    why(make([sentinel], "sentinel", sentinel_password="hunter2", fallback="tempfail"), "WRONGPASS")
    why(make([sentinel], "sentinel", password="hunter2"), "WRONGPASS")
    why(make([sentinel], "sentinel", master_name="others"), "it knows no master of this name")


def test_a_sentinel_that_lies_or_talks_nonsense_is_passed_over_or_does_no_harm(make, watched, workshop):
    stranger = make([watched.urls[1]], "sentinel", ca_file=str(workshop.pki.certificate("otherca")), fallback="tempfail")
    why(stranger, "not verified")
    assert send(stranger, "wrong")[0].startswith("451 4.7.1 unavailable: the limits of the tenant could not be counted")
    nonsense = Garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    liar = Garbage(b"+OK\r\n+PONG\r\n*2\r\n$9\r\n127.0.0.1\r\n$1\r\n1\r\n")  # where nobody is
    node = make([nonsense.url, liar.url], "sentinel")
    why(node, "Connection refused")
    assert send(node, "contoso", 3) == ["accept"] * 3
    nonsense.stop()
    liar.stop()


# --- Cluster ---


@pytest.fixture(scope="module")
def cluster(workshop, base_directory):
    made = Cluster(base_directory, workshop.pki)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def members(make, cluster):
    """One daemon under TLS that knows one node, and one in the clear that knows all."""
    made = [make([cluster.nodes[0].tls_url], "cluster"), make([node.url for node in cluster.nodes], "cluster")]
    for node in made:
        for tenant in ("fabrikam", "contoso", "foo"):
            together(node, tenant)
    return made


def test_each_tenant_is_counted_by_who_has_his_slot(members, cluster):
    for tenant, node in zip(("fabrikam", "contoso", "foo"), cluster.nodes):
        assert cluster.node_of(tenant) is node
        assert node.command("keys", "*") == [f"exota:{{{tenant}}}:messages:3600"]
    with ThreadPoolExecutor(4) as pool:
        replies = [reply for some in pool.map(lambda i: send(members[i % 2], "together", 30), range(4)) for reply in some]
    assert replies.count("accept") == 60
    assert sum(metric(node, "failures_total") for node in members) == 0


def test_a_slot_that_moves_is_followed(members, cluster):
    for tenant in ("asked", "movers"):
        slot = str(cluster.slot_of(tenant))
        old = cluster.node_of(tenant)
        new = next(node for node in cluster.nodes if node is not old)
        new.command("cluster", "setslot", slot, "importing", old.id)
        old.command("cluster", "setslot", slot, "migrating", new.id)
        for node in members:
            assert counted(node, tenant, 3), "by ASK"
        assert old.command("keys", f"exota:{{{tenant}}}*") == [] and new.command("keys", f"exota:{{{tenant}}}*") != []
        for node in (new, old):
            node.command("cluster", "setslot", slot, "node", new.id)
        for node in members:
            assert counted(node, tenant, 3), "by MOVED"
        assert new.command("hvals", f"exota:{{{tenant}}}:messages:3600")
    assert sum(metric(node, "failures_total") for node in members) == 0


def test_without_one_master_its_tenants_alone_are_counted_here(members, cluster):
    killed = cluster.node_of("contoso")
    killed.kill()
    for node in members:
        assert send(node, "contoso", 3) == ["accept"] * 3
        node.said("limits-store-away")
        wait_for(lambda node=node: counted(node, "fabrikam", 2) and counted(node, "foo", 2), "the others to count")
    killed.start()
    cluster.wait_until_whole()
    for node in members:
        together(node, "contoso")


def test_a_master_that_hangs_holds_up_nobody(members, cluster):
    hung = cluster.node_of("hung")
    hung.hang()
    assert send(members[0], "hung", 31).count("accept") == 30, "this node counts by itself meanwhile"
    assert all(counted(members[0], tenant, 2) for tenant in ("fabrikam", "contoso", "foo") if cluster.node_of(tenant) is not hung)
    hung.go_on()
    cluster.wait_until_whole()
    together(members[0], "hung")


def test_who_is_no_cluster_of_ours_says_why(make, cluster, watched, workshop):
    why(make([cluster.nodes[0].tls_url], "cluster", password="hunter2"), "WRONGPASS")
    why(make([cluster.nodes[0].tls_url], "cluster", ca_file=str(workshop.pki.certificate("otherca"))), "not verified")
    why(make([watched.master().tls_url], "cluster"), "cluster support disabled")


def counted(exota, tenant, messages):
    """Whether the store counts so many of its messages now."""
    before = metric(exota, "messages_total", limit="within")
    assert send(exota, tenant, messages) == ["accept"] * messages
    return metric(exota, "messages_total", limit="within") - before == messages
