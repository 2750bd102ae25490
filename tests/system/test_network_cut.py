"""Servers whose network is cut: LDAP, PostgreSQL, Redis (alone, a master of a Cluster, the master of Sentinels) are gone without a word (no RST,
no FIN, no ICMP) and come back; and servers that answer late. Each on a host of its own, which is a network namespace.

Nothing is accepted meanwhile that the last state would not have accepted, nothing refused for good because of it, nobody waits but who must, and
nobody has to be restarted. test_ldap, test_postgresql and test_limits_store* have servers that are killed, that hang, and that lie.
"""
import contextlib
import json

import pytest
from harness.held import Held
from harness.hosts import Hosts
from harness.ldap import READERS_PASSWORD, Slapd
from harness.limits import metric, send, tenants_with_limits, together
from harness.message import CONTOSO_ID
from harness.milter import frame
from harness.namespace import NotPermitted
from harness.postgres import Postgres
from harness.processes import fresh_directory, wait_for
from harness.redis import PASSWORD, Redis
from harness.redis_ha import MASTER_NAME, SENTINEL_PASSWORD, Cluster, Watched
from test_ldap import AWAY, ENTRIES, NOBODY, OK, SCHEMA, at_door, begun, state, toml_of, verdict
from test_limits_store_ha import counted
from test_postgresql import becomes, settings
from test_recipients import InLdap, InPostgres, answers, door_of, told

LDAP, DATABASE, STORE, FIRST, SECOND, THIRD, MASTER, REPLICAS = range(8)

# Of a Cluster, fabrikam's slot is of the first master, contoso's of the second, foo's of the third.
NAMES = ("restarted", "alone", "hung", "free", "strict", "full", "fabrikam", "contoso", "foo")
TENANTS = tenants_with_limits(NAMES, {"alone": ["5 messages / hour"], "full": ["2 messages / hour"], "free": []})


@pytest.fixture(scope="module", autouse=True)
def hosts(workshop):
    """All of this module happens on the host of the program; servers are started on theirs."""
    try:
        made = Hosts(workshop.pki, 8)
    except NotPermitted as problem:
        pytest.skip(f"no network of our own here: {problem}")
    with made.ours:
        yield made
    made.close()


def ready(exota):
    wait_for(lambda: exota.http("/readyz")[0] == 200, lambda: "the source to answer: " + exota.process.tail())
    return exota


# --- LDAP ---


@pytest.fixture(scope="module")
def slapd(hosts, workshop, base_directory):
    made = Slapd(fresh_directory(base_directory, "l"), workshop.pki, ENTRIES, SCHEMA, hosts.servers[LDAP])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def asks_ldap(exota_of, workshop, base_directory, hosts):
    """Makes daemons whose tenants are asked for at a URL."""
    def make(url, **changes):
        directory = fresh_directory(base_directory)
        (directory / "ldap.password").write_text(READERS_PASSWORD + "\n")
        (directory / "recipients").write_text("bob@contoso.com\n")
        tree = toml_of(url, workshop.pki, **changes)
        tree["tenants"]["max_stale"] = 3600
        exota = exota_of(directory=directory, changes={**tree, "server": {"threads": 1}, "recipients": {"source": "file", "file": str(directory / "recipients")},
                                                       "inbound": {"listen": [f"unix:{directory}/door.sock"], "mode": "enforce"}})
        exota.door = directory / "door.sock"
        return exota
    return make


def end_without_waiting(exota, domain):
    """A message whose end was sent, and that has no answer yet: its connection and its queue id."""
    mta, queue_id = begun(exota, domain)
    mta.write(frame("E"))
    return mta, queue_id


def verdict_of(exota, mta, queue_id):
    """Waits for the answer of such a message."""
    with mta:
        _, (command, payload) = mta.answer()
    record = exota.judged(queue_id)
    assert command in "ac" if record["verdict"] == "accept" else payload[:1] == {"tempfail": b"4", "reject": b"5"}[record["verdict"]], (command, payload, record)
    return record["judged"], record["reason"]


def test_ldap(asks_ldap, slapd, hosts):
    node = ready(asks_ldap(slapd, timeout=5, cache_ttl=1, negative_ttl=1))
    assert verdict(node, "contoso.com") == OK
    assert at_door(node, "bob@contoso.com") == 250
    hosts.servers[LDAP].pull_cable()
    try:
        waiting = end_without_waiting(node, "deep.below.contoso.com")
        # Who is known is judged by what is known, and does not wait for who is not.
        assert verdict(node, "contoso.com") == OK and not waiting[0].heard()
        assert [at_door(node, recipient) for recipient in ("bob@contoso.com", "nobody@contoso.com")] == [250, 550]
        assert verdict_of(node, *waiting) == AWAY, "his tenant is in the directory, and was not asked for before"
        node.said("tenants-stale")
        assert state(node) == "stale" and node.http("/readyz")[0] == 200
        assert at_door(node, "a@new.test") == 451
        assert verdict(node, "contoso.com") == OK
        # Who starts meanwhile knows nobody, and starts all the same.
        fresh = asks_ldap(slapd, timeout=2, negative_ttl=1)
        assert verdict(fresh, "contoso.com") == AWAY
        fresh.said("tenants-failed")
        assert state(fresh) == "failed" and fresh.http("/readyz")[0] == 503 and fresh.http("/healthz")[0] == 200
    finally:
        hosts.servers[LDAP].restore()
    for each in (node, fresh):
        becomes(each, "loaded")
        each.said("tenants-loaded")
        wait_for(lambda: verdict(each, "deep.below.contoso.com") == OK, "the directory to be asked again")
        assert verdict(each, "new.test", tenant_id=None) == NOBODY
        assert at_door(each, "a@new.test") == 550
        each.stop()


def test_ldap_of_which_the_first_server_is_silent(asks_ldap, slapd, hosts):
    silent = hosts.servers[DATABASE]
    silent.drop_packets()
    try:
        node = ready(asks_ldap([f"ldap://{silent.address}", slapd.url], timeout=1))
        assert verdict(node, "contoso.com") == OK
    finally:
        silent.restore()
    node.stop()


def test_ldap_that_is_slow(asks_ldap, slapd):
    """Who asks waits, and nobody else; what was said in time counts, what comes later counts for nobody."""
    relay = Held((slapd.host.address, slapd.port))
    url = f"ldap://127.0.0.1:{relay.port}"
    patient, hasty = ready(asks_ldap(url, timeout=60)), ready(asks_ldap(url, timeout=1, negative_ttl=1))
    assert verdict(patient, "contoso.com") == OK
    relay.hold()
    waiting = end_without_waiting(patient, "deep.below.contoso.com")
    wait_for(lambda: relay.kept, "an answer that is kept back")
    assert verdict(patient, "contoso.com") == OK and at_door(patient, "bob@contoso.com") == 250
    assert not waiting[0].heard() and state(patient) == "loaded"
    assert verdict(hasty, "contoso.com") == AWAY
    assert at_door(hasty, "bob@contoso.com") == 451
    becomes(hasty, "stale")
    relay.let_go()
    assert verdict_of(patient, *waiting) == OK
    wait_for(lambda: verdict(hasty, "new.test", tenant_id=None) == NOBODY, "the directory to be asked again")
    assert verdict(hasty, "contoso.com") == OK
    becomes(hasty, "loaded")
    for each in (patient, hasty):
        each.stop()
    relay.stop()


# --- PostgreSQL: test_postgresql has one that is slow ---


@pytest.fixture(scope="module")
def database(hosts, workshop, base_directory):
    made = Postgres(fresh_directory(base_directory, "p"), workshop.pki, hosts.servers[DATABASE])
    yield made
    made.remove()


def test_postgresql(exota_of, hosts, database, base_directory):
    def add(name, tenant_id):
        database.sql(f"INSERT INTO exota.tenant (name) VALUES ('{name}'); INSERT INTO exota.tenant_name VALUES ('domain', '{name}.com', '{name}'), "
                     f"('organization', '{name}.com', '{name}'), ('tenant_id', '{tenant_id}', '{name}')")

    def make():
        directory = fresh_directory(base_directory)
        return exota_of(directory=directory, changes=settings(database.conninfo(), directory, timeout=2))
    add("contoso", CONTOSO_ID)
    later_id = "22222222-2222-4333-8444-555555555555"
    node = make()
    becomes(node, "loaded")
    assert verdict(node, "contoso.com") == OK and verdict(node, "later.com", tenant_id=None) == NOBODY
    wait_for((node.directory / "tenants.snapshot").exists, "the snapshot")
    hosts.servers[DATABASE].drop_packets()
    try:
        add("later", later_id)  # nobody hears of it
        becomes(node, "stale")
        node.said("tenants-stale")
        assert node.http("/readyz")[0] == 200
        assert verdict(node, "contoso.com") == OK
        assert verdict(node, "later.com", tenant_id=later_id) == AWAY and verdict(node, "nobody.test", tenant_id=None) == AWAY
        # Another one starts meanwhile on the snapshot of the first, as a restart of it would; and one that has none.
        node.kill()
        node.start()
        assert verdict(node, "contoso.com") == OK and verdict(node, "later.com", tenant_id=later_id) == AWAY
        fresh = make()
        assert verdict(fresh, "contoso.com") == AWAY
        becomes(fresh, "failed")
        assert fresh.http("/readyz")[0] == 503 and fresh.http("/healthz")[0] == 200
        checked = json.loads(node.run("check", "-c", node.configuration, "--json").stdout)
        assert checked["errors"] == 0 and any("cannot be asked now" in problem["text"] for problem in checked["problems"]), checked
    finally:
        hosts.servers[DATABASE].restore()
    for each in (node, fresh):
        becomes(each, "loaded")
        wait_for(lambda: each.metrics()["exota_tenant_domains"] == 2, "what was written meanwhile")
        assert verdict(each, "later.com", tenant_id=later_id) == OK and verdict(each, "nobody.test", tenant_id=None) == NOBODY
    add("fabrikam", "33333333-2222-4333-8444-555555555555")
    for each in (node, fresh):
        wait_for(lambda: each.metrics()["exota_tenant_domains"] == 3, "what is told on the new connection")
        each.stop()


# --- Recipients, of whom either is asked ---


@pytest.mark.parametrize("where", [LDAP, DATABASE], ids=["ldap", "postgresql"])
def test_recipients(request, exota_of, hosts, workshop, base_directory, where):
    host = hosts.servers[where]
    source = InLdap(workshop, base_directory, host) if where == LDAP else InPostgres(workshop, base_directory, request.getfixturevalue("database"))
    directory = fresh_directory(base_directory)
    door = door_of(exota_of, source.settings(directory), directory)
    wait_for(lambda: told(door, "bob@contoso.com", "nobody@contoso.com") == [250, 550], "the server to answer")
    host.drop_packets()
    try:
        # That somebody exists stays known; that somebody does not is asked again.
        wait_for(lambda: told(door, "bob@contoso.com", "nobody@contoso.com", "cut@contoso.com") == [250, 451, 451], "nobody to be refused")
        wait_for(lambda: not answers(door), "the trouble to be told")
        assert told(door, "any@fabrikam.com", "postmaster@contoso.com", "a@elsewhere.test") == [250, 250, 550], "of whom nobody has to be asked"
        assert door.http("/readyz")[0] == 200
    finally:
        host.restore()
    wait_for(lambda: told(door, "bob@contoso.com", "nobody@contoso.com", "cut@contoso.com") == [250, 550, 550], "the server to be asked again")
    wait_for(lambda: answers(door), "the end to be told")
    for event in ("recipients-unanswered", "recipients-answered"):
        door.said(event)
    door.stop()
    if where == LDAP:
        source.stop()


# --- Redis ---


@pytest.fixture(scope="module")
def counts(exota_of, workshop, base_directory, hosts):
    """Makes daemons that count in these servers."""
    def make(servers, kind="server", **changes):
        directory = fresh_directory(base_directory)
        (directory / "redis.password").write_text(PASSWORD + "\n")
        (directory / "sentinel.password").write_text(SENTINEL_PASSWORD + "\n")
        # A machine under load is not a store that is away: nothing here is about how long 5 ms are.
        store = {"servers": servers, "kind": kind, "password_file": "redis.password", "timeout": "1 s", "ca_file": str(workshop.pki.certificate("ca"))}
        if kind == "sentinel":
            store |= {"master_name": MASTER_NAME, "sentinel_password_file": "sentinel.password"}
        return exota_of(directory=directory, tenants=TENANTS, changes={"limits_store": store | changes, "server": {"threads": 2}})
    return make


@pytest.fixture(scope="module")
def redis(hosts, workshop, base_directory):
    made = Redis(fresh_directory(base_directory, "r"), workshop.pki, host=hosts.servers[STORE])
    yield made
    made.stop()


def test_redis_alone(counts, redis, hosts):
    node, strict = counts([redis.tls_url]), counts([redis.url], fallback="tempfail")
    for each in (node, strict):
        together(each, "restarted")
    assert send(node, "alone", 2) == ["accept"] * 2
    before, asked = metric(node, "fallback_total", fallback="local"), metric(node, "failures_total")
    hosts.servers[STORE].drop_packets()
    try:
        replies = send(node, "alone", 5)
        assert [reply == "accept" for reply in replies] == [True] * 3 + [False] * 2, "it goes on from what it let through"
        assert all(reply.startswith("452 4.7.1 limit-exceeded: ") for reply in replies[3:]), replies
        assert send(node, "hung", 20) == ["accept"] * 20
        assert metric(node, "fallback_total", fallback="local") == before + 25
        assert metric(node, "failures_total") - asked < 25, "after the first nobody asks, but for one now and then"
        assert send(node, "free", 3) == ["accept"] * 3
        assert all(reply.startswith("451 4.7.1 unavailable: ") for reply in send(strict, "strict", 3))
        for each in (node, strict):
            each.said("limits-store-away")
            assert metric(each, "loops_away") > 0 and each.http("/readyz")[0] == 200
    finally:
        hosts.servers[STORE].restore()
    for each in (node, strict):
        together(each, "restarted")
        each.said("limits-store-back")
        each.stop()


def test_redis_that_is_slow(counts, redis):
    """What it says too late of one tenant is not taken for what it says of the next one."""
    direct = counts([redis.url])
    together(direct, "restarted")
    assert [reply == "accept" for reply in send(direct, "full", 3)] == [True, True, False]
    relay = Held((redis.host.address, redis.port))
    slow = counts([f"redis://127.0.0.1:{relay.port}"])
    together(slow, "restarted")
    relay.hold()
    assert send(slow, "full", 2) == ["accept"] * 2, "it counts by itself"
    wait_for(lambda: relay.kept, "an answer that is kept back")
    assert metric(slow, "fallback_total", fallback="local") >= 2
    slow.said("limits-store-away")
    relay.let_go()
    assert send(slow, "hung", 20) == ["accept"] * 20
    together(slow, "restarted")
    assert send(slow, "hung", 20) == ["accept"] * 20
    assert send(slow, "full")[0].startswith("452 4.7.1 limit-exceeded: ")
    for each in (direct, slow):
        each.stop()
    relay.stop()


def test_a_master_of_a_cluster(counts, workshop, base_directory, hosts):
    cluster = Cluster(base_directory, workshop.pki, hosts.servers[FIRST:THIRD + 1])
    node = counts([cluster.nodes[0].tls_url], "cluster")
    for tenant in ("fabrikam", "contoso", "foo"):
        together(node, tenant)
    gone = cluster.node_of("contoso")
    gone.host.pull_cable()
    try:
        assert send(node, "contoso", 3) == ["accept"] * 3, "this node counts by itself meanwhile"
        node.said("limits-store-away")
        wait_for(lambda: counted(node, "fabrikam", 2) and counted(node, "foo", 2), "the others to count")
        assert send(node, "contoso", 3) == ["accept"] * 3
        # Who starts meanwhile asks the next one that he was told of.
        fresh = counts([gone.tls_url, cluster.nodes[0].tls_url], "cluster")
        wait_for(lambda: counted(fresh, "fabrikam", 2) and counted(fresh, "foo", 2), "the others to count")
    finally:
        gone.host.restore()
    cluster.wait_until_whole()
    for each in (node, fresh):
        for tenant in ("fabrikam", "contoso", "foo"):
            together(each, tenant)
        each.stop()
    cluster.stop()


def role_of(server):
    """None: whoever takes a server for a replica hangs up on all of its clients, on who asks for the role as well."""
    with contextlib.suppress(AssertionError):
        return server.command("role")[0]
    return None


def test_the_master_of_sentinels(counts, workshop, base_directory, hosts):
    """He still takes himself for the master when he is back; nobody else does. The first place of the list of Sentinels is on his host."""
    watched = Watched(base_directory, workshop.pki, hosts.servers[MASTER], hosts.servers[REPLICAS])
    node = counts([f"rediss://{hosts.servers[MASTER].address}:1", *watched.urls], "sentinel")
    together(node, "foo")
    gone = watched.master()
    assert gone.host is hosts.servers[MASTER]
    gone.host.drop_packets()
    try:
        assert send(node, "contoso", 4) == ["accept"] * 4, "this node counts by itself meanwhile"
        node.said("limits-store-away")
        promoted = watched.wait_for_another(gone)
        together(node, "foo")
        assert promoted.command("keys", "exota:{foo}*") == ["exota:{foo}:messages:3600"]
        assert gone.command("role")[0] == "master", "nobody could tell him"
    finally:
        gone.host.restore()
    wait_for(lambda: role_of(gone) == "slave", "the old master to follow the new one")
    together(node, "foo")
    assert watched.master() is promoted
    node.said("limits-store-back")
    node.stop()
    watched.stop()
