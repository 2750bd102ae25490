"""Two daemons on one PostgreSQL and one Redis: what `exota tenant` changes counts on both because the database tells of it, and what is counted
is counted together.

Nothing here waits for the interval at which everything is read again: it is a day. That no other reading brought the change either is seen from
a row that was written while the triggers were off: nobody tells of it, so nobody knows it until everything is read. How long a change takes is
measured and printed (pytest -s), and asserted by nobody, for a machine may be busy; `bench/postgresql --two` gives the figure.
"""
import json
import os
import time

import pytest
from harness.exota import Exota
from harness.message import CONTOSO_ID, FABRIKAM_ID
from harness.postgres import WRITER, WRITERS_PASSWORD, Postgres
from harness.processes import PATIENCE, fresh_directory, wait_for
from harness.redis import PASSWORD, Redis
from test_ldap import NOBODY, OK, verdict
from test_postgresql import becomes, settings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL runs as another user than we")

QUICK_ID = "22222222-2222-4333-8444-555555555555"
TENANTS = {"contoso": {"domains": ["contoso.com", "*.contoso.com"], "tenant_ids": [CONTOSO_ID]},
           # So many domains that none of what follows is too great a loss.
           "fabrikam": {"domains": [f"{name}fabrikam.com" for name in ("", "a.", "b.", "c.", "d.", "e.")], "tenant_ids": [FABRIKAM_ID]}}
A_DAY = 86400


@pytest.fixture(scope="module")
def database(base_directory, workshop):
    made = Postgres(fresh_directory(base_directory, "p"), workshop.pki)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def redis(base_directory, workshop):
    made = Redis(fresh_directory(base_directory, "r"), workshop.pki)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def tenant(binary, base_directory, database):
    """`exota tenant` as an operator runs it beside the daemons, whose end is the moment from which a change is to count."""
    directory = fresh_directory(base_directory)
    exota = Exota(binary, directory, changes=settings(database.conninfo(WRITER), directory, WRITERS_PASSWORD, timeout=30), started=False)

    def run(action, *arguments, standard_input=b""):
        done = exota.run("tenant", action, "-c", exota.configuration, *arguments, standard_input=standard_input)
        assert done.returncode == 0, done
        return time.monotonic()
    run("import", "-", standard_input=json.dumps({"version": 2, "tenants": TENANTS}).encode())
    return run


@pytest.fixture(scope="module")
def nodes(binary, base_directory, database, redis, tenant):
    made = []
    for _ in range(2):
        directory = fresh_directory(base_directory)
        (directory / "redis.password").write_text(PASSWORD + "\n")
        changes = settings(database.conninfo(), directory, timeout=30, resync_interval=A_DAY)
        changes["limits_store"] = {"servers": [redis.url], "password_file": "redis.password", "timeout": "1 s"}
        made.append(Exota(binary, directory, changes=changes))
    for node in made:
        becomes(node, "loaded")
        assert verdict(node, "contoso.com") == OK and verdict(node, "quick.test", tenant_id=QUICK_ID) == NOBODY
    yield made
    for node in made:
        node.stop()


@pytest.fixture(scope="module")
def silent(database, nodes):
    """A tenant of whom nobody tells the daemons."""
    triggers = "ALTER TABLE exota.tenant {0} TRIGGER tell", "ALTER TABLE exota.tenant_name {0} TRIGGER tell"
    for one in triggers:
        database.sql(one.format("DISABLE"))
    database.sql("INSERT INTO exota.tenant (name) VALUES ('silent'); INSERT INTO exota.tenant_name VALUES ('domain', 'silent.test', 'silent'), "
                 "('tenant_id', '33333333-2222-4333-8444-555555555555', 'silent')")
    for one in triggers:
        database.sql(one.format("ENABLE ALWAYS"))
    return lambda node: verdict(node, "silent.test", tenant_id="33333333-2222-4333-8444-555555555555")


def count_on_both(nodes, wanted, since, what):
    """Each is sent messages until it judges so; when both did, after the command had ended."""
    seconds = {}

    def all_do():
        for node in nodes:
            if node not in seconds and verdict(node, "quick.test", tenant_id=QUICK_ID) == wanted:
                seconds[node] = time.monotonic() - since
        return len(seconds) == len(nodes)
    wait_for(all_do, lambda: f"{what}: " + nodes[-1].process.tail(), PATIENCE)
    print(f"{what}: counts on both after " + " and ".join(f"{1000 * seconds[node]:.0f} ms" for node in nodes))


def test_a_change_counts_on_both_for_the_database_tells_of_it(nodes, tenant, silent, database):
    said_before = [len(node.lines()) for node in nodes]
    count_on_both(nodes, OK, tenant("add", "quick", "--domain", "quick.test", "--tenant-id", QUICK_ID), "a tenant more")
    assert [silent(node) for node in nodes] == [NOBODY] * 2, "everything was read, so nobody knows what brought the change"

    # A limit, which both count together from its first message on.
    generations = [node.metrics()["exota_snapshot_generation"] for node in nodes]
    tenant("set", "quick", "limits=2 messages / hour")
    for node, before in zip(nodes, generations):
        wait_for(lambda node=node, before=before: node.metrics()["exota_snapshot_generation"] > before, lambda node=node: "the limit: " + node.process.tail())
    assert [verdict(nodes[which], "quick.test", tenant_id=QUICK_ID)[1] for which in (0, 1, 0, 1)] == ["authorised"] * 2 + ["limit-exceeded"] * 2
    assert [silent(node) for node in nodes] == [NOBODY] * 2

    count_on_both(nodes, NOBODY, tenant("remove", "quick"), "a tenant less")
    assert [silent(node) for node in nodes] == [NOBODY] * 2

    # The silent one was there all the time: who is told to read everything finds it.
    database.sql("SELECT pg_notify('exota_tenants', '')")
    for node, lines in zip(nodes, said_before):
        wait_for(lambda node=node: silent(node) == OK, lambda node=node: "everything: " + node.process.tail())
        assert not [line for line in node.lines()[lines:] if "tenants-loaded" in line], "no connection was made anew"
