"""Tenants in PostgreSQL: a real server that is killed, hangs and comes back, servers that lie, rows that are wrong, two daemons on one
database; the verdicts meanwhile."""
import json
import os
import threading
from pathlib import Path

import pytest
from harness.exota import SOURCE, Exota
from harness.message import CONTOSO_ID, FABRIKAM_ID
from harness.openid import openid_server
from harness.postgres import READER, READERS_PASSWORD, WRITER, WRITERS_PASSWORD, Postgres, Pretender, endless, garbage, silence, slowly
from harness.processes import fresh_directory, wait_for
from test_ldap import AWAY, NOBODY, OK, state, verdict

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL runs as another user than we")

CONTOSO = {"domains": ["contoso.com", "*.contoso.com"], "tenant_ids": [CONTOSO_ID], "organizations": ["contoso.com"]}
FABRIKAM = {"domains": ["fabrikam.com"], "tenant_ids": [FABRIKAM_ID], "mode": "monitor", "limits": ["2 messages / day"]}


def settings(conninfo, directory, password=READERS_PASSWORD, **changes):
    """A hang is noticed within three timeouts; a machine that is busy shall not look like one."""
    (directory / "password").write_text(password + "\n")
    return {"tenants": {"source": "postgresql", "file": None, "snapshot_file": str(directory / "tenants.snapshot"), "state_directory": str(directory)},
            "tenants.postgresql": {"conninfo": conninfo, "password_file": "password", "timeout": 3, **changes}, "server": {"threads": 1}}


def becomes(node, wanted):
    """It is looked at once a second."""
    wait_for(lambda: state(node) == wanted, lambda: f"the state to be {wanted}: " + node.process.tail())


@pytest.fixture(scope="module")
def make(binary, base_directory):
    made = []

    def node(conninfo, directory=None, **changes):
        directory = directory or fresh_directory(base_directory)
        exota = Exota(binary, directory, changes=settings(conninfo, directory, **changes))
        made.append(exota)
        return exota
    yield node
    for exota in made:
        exota.stop()


@pytest.fixture(scope="module")
def database(base_directory, workshop):
    made = Postgres(fresh_directory(base_directory, "p"), workshop.pki)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def writer(binary, base_directory, database):
    """`exota tenant` as it is used beside the daemons: (exit code, what it printed)."""
    directory = fresh_directory(base_directory)
    exota = Exota(binary, directory, changes=settings(database.conninfo(WRITER), directory, WRITERS_PASSWORD, timeout=30), started=False)

    def run(action, *arguments, standard_input=b""):
        done = exota.run("tenant", action, "-c", exota.configuration, *arguments, standard_input=standard_input)
        return done.returncode, (done.stdout + done.stderr).decode()
    run.exota = exota
    return run


@pytest.fixture(scope="module")
def nodes(make, database, writer):
    """Two daemons on one database with two tenants."""
    tenants = json.dumps({"version": 2, "tenants": {"contoso": CONTOSO, "fabrikam": FABRIKAM}}).encode()
    code, said = writer("import", "-", standard_input=tenants)
    assert code == 0, said
    return [make(database.conninfo()) for _ in range(2)]


def test_the_tables_say_what_may_not_be(database, nodes):
    def refuses(statement, why):
        with pytest.raises(AssertionError, match=why):
            database.sql(statement)
    refuses("INSERT INTO exota.tenant_name VALUES ('domain', 'contoso.com', 'fabrikam')", "domain_of_one_tenant|organization_of_one_tenant")
    refuses("INSERT INTO exota.tenant_name VALUES ('organization', 'contoso.com', 'fabrikam')", "organization_of_one_tenant")
    refuses("INSERT INTO exota.tenant_name VALUES ('dkim_domain', 'contoso.com', 'fabrikam')", "domain_of_one_tenant")
    refuses(f"INSERT INTO exota.tenant_name VALUES ('tenant_id', '{CONTOSO_ID}', 'fabrikam')", "tenant_id_of_one_tenant")
    refuses("INSERT INTO exota.tenant_name VALUES ('tenant_id', 'x', 'fabrikam')", "tenant_id_is_a_uuid")
    refuses("INSERT INTO exota.tenant_name VALUES ('domain', 'Fabrikam.com', 'fabrikam')", "name_is_canonical")
    refuses("INSERT INTO exota.tenant_name VALUES ('organization', '*.fabrikam.com', 'fabrikam')", "wildcards_are_domains")
    refuses("INSERT INTO exota.tenant (name, mode) VALUES ('x', 'loud')", "tenant_mode_check")
    refuses("INSERT INTO exota.tenant (name) VALUES (E'x\\n')", "name_is_fit")
    refuses(f"SET ROLE {READER}; DELETE FROM exota.tenant", "permission denied")
    refuses(f"SET ROLE {READER}; SELECT * FROM exota.tenant", "permission denied")


def test_what_is_written_counts_on_both(nodes, writer, database):
    for node in nodes:
        assert verdict(node, "contoso.com") == OK
        assert verdict(node, "deep.below.contoso.com") == OK
        assert verdict(node, "new.test", tenant_id=None) == NOBODY
        becomes(node, "loaded")
    limited = [verdict(nodes[0], "fabrikam.com", tenant_id=FABRIKAM_ID) for _ in range(2)]
    assert limited == [OK, OK]
    code, said = writer("add", "new", "--domain", "New.Test", "--tenant-id", "22222222-2222-4333-8444-555555555555")
    assert code == 0 and said.startswith("+ new\n"), said
    for node in nodes:
        wait_for(lambda: node.metrics()["exota_tenant_domains"] == 4, "the new tenant")
        assert verdict(node, "new.test", tenant_id="22222222-2222-4333-8444-555555555555") == OK
    # Counts of limits go on over a change of the tenants.
    assert verdict(nodes[0], "fabrikam.com", tenant_id=FABRIKAM_ID)[1] == "limit-exceeded"
    assert writer("remove", "new")[0] == 78, "a quarter of the domains"
    assert writer("set", "new", "domains+=Bücher.Test")[0] == 0 and writer("set", "new", "domains-=Bücher.Test")[0] == 0, "kept as an A-label"
    assert writer("set", "new", "mode=defer", "domains+=other.test,newer.test,newest.test")[0] == 0
    for node in nodes:
        wait_for(lambda: node.metrics()["exota_tenant_domains"] == 7, "the other domains")
    exported = json.loads(writer("export", "--json")[1])["tenants"]
    assert exported["new"]["domains"] == ["new.test", "newer.test", "newest.test", "other.test"] and exported["contoso"]["tenant_ids"] == [CONTOSO_ID]
    code, said = writer("set", "new", "domains-=other.test", "limits+=many")
    assert code == 78 and '"many"' in said and "nothing was changed" in said
    assert json.loads(writer("export", "--json")[1])["tenants"] == exported
    assert database.sql("SELECT count(*) FROM exota.tenant_name WHERE tenant = 'new' AND kind = 'domain'") == "4"


def test_a_bad_row_is_named_keeps_its_last_good_version_and_stops_nothing_else(nodes, database, writer):
    node = nodes[0]
    database.sql("UPDATE exota.tenant SET limits = '{many}' WHERE name = 'new'; INSERT INTO exota.tenant (name) VALUES ('another'); "
                 "INSERT INTO exota.tenant_name VALUES ('domain', 'another.test', 'another'), ('tenant_id', '33333333-2222-4333-8444-555555555555', 'another')")
    (line, *_) = node.said("its last good version is served")
    assert "tenants.new.limits[0]" in line and "many" in line and json.loads(line)["level"] == "error", line
    assert verdict(node, "another.test", tenant_id="33333333-2222-4333-8444-555555555555") == OK
    assert verdict(node, "new.test", tenant_id="22222222-2222-4333-8444-555555555555") == OK

    def check():
        done = node.run("check", "-c", node.configuration, "--json")
        assert done.returncode == 78
        return json.loads(done.stdout)
    # The version that is served lies in the snapshot file, which is written every five seconds.
    wait_for(lambda: check()["domains"] == node.metrics()["exota_tenant_domains"], "check to count what the daemon serves")
    assert any(problem["key"] == "tenants.new.limits[0]" and "last good version is served" in problem["text"] for problem in check()["problems"])
    # Who changes others is told of it, and not hindered.
    code, said = writer("set", "another", "mode=defer")
    assert code == 0 and "tenants.new.limits[0]" in said and "+   mode: defer" in said, said
    code, said = writer("set", "new", "mode=defer", "domains+=x.new.test")
    assert code == 78 and "nothing was changed" in said, said
    database.sql("UPDATE exota.tenant SET limits = '{NULL}' WHERE name = 'new'")  # this cannot even be read
    code, said = writer("list")
    assert code == 78 and "tenants.new: has what cannot be kept in limits" in said and "another" in said and "contoso" in said, said
    code, said = writer("show", "new")
    assert code == 78 and "in limits" in said and "there is no tenant" not in said, said
    code, said = writer("set", "new", "mode=defer")
    assert code == 78 and "it can only be removed" in said, said
    code, said = writer("remove", "new", "--dry-run")
    assert code == 0 and said.startswith("- new\n"), said
    assert writer("set", "another", "mode=")[0] == 0
    database.sql("UPDATE exota.tenant SET limits = NULL WHERE name = 'new'")
    wait_for(lambda: node.run("check", "-c", node.configuration).returncode == 0, "no bad row")


def test_too_large_a_loss_waits_for_somebody_who_means_it(nodes, database, writer):
    node = nodes[0]
    before = node.metrics()["exota_tenant_domains"]
    database.sql("DELETE FROM exota.tenant WHERE name IN ('new', 'another')")
    node.said("if that is meant, say so with exota check --accept-shrink")
    assert verdict(node, "new.test", tenant_id="22222222-2222-4333-8444-555555555555") == OK
    becomes(node, "stale")
    assert node.metrics()["exota_tenant_domains"] == before
    warned = json.loads(node.run("check", "-c", node.configuration, "--json").stdout)
    assert any("--accept-shrink" in problem["text"] for problem in warned["problems"]), warned
    for each in nodes:
        assert each.run("check", "-c", each.configuration, "--accept-shrink").returncode == 0
        wait_for(lambda: each.metrics()["exota_tenant_domains"] == 3, "the loss to be taken")
        becomes(each, "loaded")
    assert verdict(node, "new.test", tenant_id="22222222-2222-4333-8444-555555555555") == NOBODY


def test_a_change_counts_on_both_by_itself(nodes, writer):
    """Long before everything is read again (resync_interval is ten minutes)."""
    code, said = writer("add", "quick", "--domain", "quick.test")
    assert code == 0, said
    for node in nodes:
        wait_for(lambda: node.metrics()["exota_tenant_domains"] == 4, "the new tenant")


def test_changes_of_every_kind_are_told_of(nodes, database):
    """Where no row is changed by itself, or by nobody whom triggers see by default; and what is told means nothing."""
    snapshot = nodes[0].directory / "tenants.snapshot"

    def counts(domains, why):
        for node in nodes:
            wait_for(lambda: node.metrics()["exota_tenant_domains"] == domains, why)
    add = "INSERT INTO exota.tenant_name VALUES ('domain', '{}', 'quick')"
    database.sql("SET session_replication_role = replica; " + add.format("replica.test"))
    counts(5, "what a replica writes")
    database.sql("UPDATE exota.tenant SET name = 'renamed' WHERE name = 'quick'")
    wait_for(lambda: '"renamed":' in snapshot.read_text() and '"quick":' not in snapshot.read_text(), "another name")
    database.sql("BEGIN; CREATE TEMP TABLE t AS SELECT * FROM exota.tenant; CREATE TEMP TABLE n AS SELECT * FROM exota.tenant_name; "
                 "TRUNCATE exota.tenant CASCADE; INSERT INTO exota.tenant SELECT * FROM t; INSERT INTO exota.tenant_name SELECT * FROM n; "
                 "UPDATE exota.tenant SET name = 'quick' WHERE name = 'renamed'; " + add.format("truncated.test") + "; COMMIT")
    counts(6, "what stands there after all was taken away")
    for garbage in ("nobody", "\\x07", "x" * 200, '"}], {'):
        database.sql(f"SELECT pg_notify('exota_tenants', E'{garbage}')")
    database.sql("DELETE FROM exota.tenant_name WHERE name = 'truncated.test'")
    counts(5, "what is told between garbage")
    database.sql("DELETE FROM exota.tenant_name WHERE name = 'replica.test'")
    counts(4, "the last change")
    for node in nodes:
        becomes(node, "loaded")


def test_who_changes_waits_for_others_who_do(database, writer, nodes):
    """A customer database that adds a name meanwhile loses it not."""
    other = database.session()
    other.stdin.write("BEGIN; INSERT INTO exota.tenant_name VALUES ('dkim_domain', 'meanwhile.test', 'contoso') RETURNING 'inserted';\n")
    other.stdin.flush()
    assert other.stdout.readline() == "inserted\n"
    changed = []
    waits = threading.Thread(target=lambda: changed.append(writer("set", "contoso", "mode=defer")))
    waits.start()
    wait_for(lambda: database.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'") == "1", "somebody who waits")
    other.communicate("COMMIT;\n")
    waits.join()
    assert changed[0][0] == 0, changed
    assert database.sql("SELECT count(*) FROM exota.tenant_name WHERE name = 'meanwhile.test'") == "1"
    database.sql("DELETE FROM exota.tenant_name WHERE name = 'meanwhile.test'; UPDATE exota.tenant SET mode = NULL WHERE name = 'contoso'")


def test_killed_hung_and_back(nodes, database, make):
    """What is known is served, what is not is deferred, nothing is refused for good, and nobody has to be restarted."""
    node = nodes[0]
    database.kill()
    try:
        becomes(node, "stale")
        assert node.http("/readyz")[0] == 200
        assert verdict(node, "contoso.com") == OK
        assert verdict(node, "nobody.test", tenant_id=None) == AWAY
        # Another one starts meanwhile, on the snapshot of the first: as a restart of it would.
        node.kill()
        node.start()
        assert verdict(node, "contoso.com") == OK and verdict(node, "nobody.test", tenant_id=None) == AWAY
        checked = json.loads(node.run("check", "-c", node.configuration, "--json").stdout)
        assert checked["errors"] == 0 and checked["domains"] == 4 and any("cannot be asked now" in p["text"] for p in checked["problems"]), checked
        # What the database will have when it is back nobody can mean yet.
        accepted = node.run("check", "-c", node.configuration, "--accept-shrink")
        assert accepted.returncode != 0 and b"there is nothing to accept" in accepted.stdout + accepted.stderr, accepted
        # One without a snapshot has nothing to judge by.
        fresh = make(database.conninfo())
        assert verdict(fresh, "contoso.com") == AWAY
        becomes(fresh, "failed")
        assert fresh.http("/readyz")[0] == 503
    finally:
        database.start()
    for each in (*nodes, fresh):
        becomes(each, "loaded")
        assert verdict(each, "nobody.test", tenant_id=None) == NOBODY
    database.freeze()
    try:
        becomes(node, "stale")
        assert verdict(node, "contoso.com") == OK and verdict(node, "nobody.test", tenant_id=None) == AWAY
    finally:
        database.thaw()
    becomes(node, "loaded")
    database.sql("INSERT INTO exota.tenant (name) VALUES ('later'); INSERT INTO exota.tenant_name VALUES ('domain', 'later.test', 'later')")
    for each in nodes:
        wait_for(lambda: each.metrics()["exota_tenant_domains"] == 5, "what was written after the hang")


@pytest.mark.parametrize("wrong, says", [("password", "password authentication failed"), ("ca", "certificate verify failed")])
def test_who_is_not_believed(make, database, base_directory, workshop, wrong, says):
    """Password and CA are read for each connection; the password is told nobody."""
    directory = fresh_directory(base_directory)
    ca = directory / "ca.pem"
    ca.write_bytes(workshop.pki.certificate("otherca" if wrong == "ca" else "ca").read_bytes())
    node = make(database.conninfo(ca=ca), directory, password="an entirely wrong one" if wrong == "password" else READERS_PASSWORD)
    assert verdict(node, "contoso.com") == AWAY
    (line, *_) = node.said("tenants-failed")
    assert says in line
    ca.write_bytes(workshop.pki.certificate("ca").read_bytes())
    (directory / "password").write_text(READERS_PASSWORD + "\nwhat stands below it\n")
    becomes(node, "loaded")
    assert verdict(node, "contoso.com") == OK
    wait_for((directory / "tenants.snapshot").exists, "the snapshot")
    everything = "\n".join(node.lines()) + node.http("/metrics")[1] + (directory / "tenants.snapshot").read_text()
    assert "entirely wrong" not in everything and READERS_PASSWORD not in everything
    assert READERS_PASSWORD.encode() not in Path(f"/proc/{node.process.pid}/cmdline").read_bytes() + Path(f"/proc/{node.process.pid}/environ").read_bytes()


def test_a_slow_server_is_waited_for_by_nobody_but_the_source(make, database, writer):
    slow = Pretender(slowly(database.port))
    node = make(database.conninfo(port=slow.port), timeout=30)
    becomes(node, "loaded")
    assert verdict(node, "contoso.com") == OK
    before = node.metrics()["exota_tenant_domains"]
    code, said = writer("add", "slow", "--domain", "slow.test")
    assert code == 0, said
    wait_for(lambda: node.metrics()["exota_tenant_domains"] == before + 1, "the new tenant")
    slow.close()
    becomes(node, "stale")
    assert verdict(node, "contoso.com") == OK


@pytest.mark.parametrize("lie", [garbage, silence, endless], ids=lambda one: one.__name__)
def test_a_server_that_lies(make, lie):
    """Nothing is accepted, nothing refused for good, and nothing hangs."""
    pretender = Pretender(lie)
    node = make(f"host=127.0.0.1 port={pretender.port} dbname=exota user=x gssencmode=disable")
    assert verdict(node, "contoso.com") == AWAY
    assert node.http("/readyz")[0] == 503 and node.http("/healthz")[0] == 200
    wait_for(lambda: pretender.connections >= 2, "another attempt")
    pretender.close()
    assert node.stop() == 0


def test_another_schema_or_none_is_no_start(binary, database, base_directory, nodes):
    def ends(conninfo):
        directory = fresh_directory(base_directory)
        exota = Exota(binary, directory, changes=settings(conninfo, directory), started=False)
        done = exota.run("serve", "-c", exota.configuration)
        assert exota.run("check", "-c", exota.configuration).returncode == 78
        return done.returncode, done.stderr.decode()
    code, said = ends(database.conninfo().replace("dbname=exota", "dbname=postgres"))
    assert code == 78 and "has no tables of ExOTA" in said
    database.sql("UPDATE exota.schema_version SET version = 2")
    try:
        code, said = ends(database.conninfo())
        assert code == 78 and 'has tables of version "2", this program reads version 1' in said
        nodes[1].said("has tables of version")  # who runs goes on with what he has
        becomes(nodes[1], "stale")
        assert verdict(nodes[1], "contoso.com") == OK
    finally:
        database.sql("UPDATE exota.schema_version SET version = 1")
    becomes(nodes[1], "loaded")


def test_a_snapshot_that_is_damaged_is_not_used(nodes, database):
    node = nodes[0]
    path = node.directory / "tenants.snapshot"
    node.stop()
    path.write_text(path.read_text().replace("contoso", "c0ntoso", 2))
    database.freeze()
    try:
        node.start()
        assert verdict(node, "contoso.com") == AWAY
        node.said("it will be made anew")
    finally:
        database.thaw()
    becomes(node, "loaded")
    wait_for(lambda: '"contoso"' in path.read_text(), "another snapshot")
    assert verdict(node, "contoso.com") == OK


def test_a_candidate_becomes_a_tenant(binary, database, nodes, base_directory, workshop):
    """Recorded by a daemon, adopted into the database, and a tenant on every node; how candidates are found: test_discovery.py."""
    tenant_id = "77777777-2222-4333-8444-555555555555"
    microsoft = openid_server(workshop, {"stranger.test": tenant_id})
    directory = fresh_directory(base_directory)
    changes = settings(database.conninfo(WRITER), directory, WRITERS_PASSWORD)
    changes["tenants"]["openid_base"] = f"https://localhost:{microsoft.server_port}"
    node = Exota(binary, directory, changes={**changes, "authorisation": {"mode": "monitor"}, "discovery": {"enabled": True, "file": str(directory / "candidates")}})
    try:
        becomes(node, "loaded")
        assert verdict(node, "stranger.test", tenant_id=tenant_id) == NOBODY
        wait_for(lambda: node.metrics().get("exota_candidates") == 1, "the candidate")
        wait_for((directory / "candidates").exists, "the candidate in the file")
        adopted = node.run("tenant", "candidates", "adopt", "-c", node.configuration, "stranger.test",
                           environment={"SSL_CERT_FILE": str(workshop.pki.certificate("ca"))})
        assert adopted.returncode == 0, adopted
        assert database.sql("SELECT kind || ' ' || name FROM exota.tenant_name WHERE tenant = 'stranger.test' ORDER BY kind").split("\n") == [
            "domain stranger.test", f"tenant_id {tenant_id}"]
        for each in (node, *nodes):
            wait_for(lambda: verdict(each, "stranger.test", tenant_id=tenant_id) == OK, "the new tenant")
        wait_for(lambda: node.metrics()["exota_candidates"] == 0, "the candidate gone")
    finally:
        node.stop()
        microsoft.shutdown()
        microsoft.server_close()


def test_packaged_sql_can_be_read_by_whoever_installs_it():
    for name in ("schema.sql", "roles.sql"):
        assert (SOURCE / "packaging/postgresql" / name).stat().st_mode & 0o044
