"""All tenants of a real slapd, read a page at a time and held: changed, killed, hung, back; a start without a server; who is not believed."""
import signal

import pytest
from harness.ldap import BASE, READERS_PASSWORD, Liar, Slapd, tenant
from harness.message import CONTOSO_ID, FABRIKAM_ID
from harness.processes import fresh_directory, wait_for
from test_ldap import AWAY, NOBODY, OK, SCHEMA, state, toml_of, verdict

MANY = 1200  # more than two pages

ENTRIES = (tenant("contoso", ["contoso.com", "*.contoso.com"], exotaTenantId=CONTOSO_ID, exotaOrganization="contoso.com")
           + tenant("fabrikam", ["fabrikam.com"], exotaTenantId=FABRIKAM_ID) + tenant("loud", ["loud.test"], exotaMode="loud")
           + "".join(tenant(f"t{n}", [f"d{n}.test"]) for n in range(MANY)))
GOOD = MANY + 2


def changed(name, attribute, value):
    return f"dn: cn={name},{BASE}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n\n"


@pytest.fixture(scope="module")
def slapd(workshop, base_directory):
    made = Slapd(fresh_directory(base_directory, "l"), workshop.pki, ENTRIES, SCHEMA)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def make(exota_of, workshop, base_directory):
    def make(servers, password=READERS_PASSWORD, **changes):
        directory = fresh_directory(base_directory)
        (directory / "ldap.password").write_text(password + "\n")
        sections = toml_of(servers, workshop.pki, **{"mode": "snapshot", "filter": None, "tenant_id_filter": None, "wildcards": None, "timeout": 1,
                                                     "refresh_interval": 1, **changes})
        sections["tenants"] |= {"snapshot_file": str(directory / "snapshot"), "state_directory": str(directory)}
        return exota_of(directory=directory, changes={**sections, "server": {"threads": 1}})
    return make


@pytest.fixture(scope="module")
def exota(make, slapd):
    return make(slapd)  # a start waits for what comes of the first reading


def becomes(exota, author_domain, wanted, what):
    wait_for(lambda: verdict(exota, author_domain, tenant_id=None) == wanted, what)


def test_all_of_it_is_served(exota, slapd):
    assert exota.http("/readyz")[0] == 200
    assert exota.metrics()["exota_tenants"] == GOOD
    assert verdict(exota, "contoso.com") == OK and verdict(exota, "deep.below.contoso.com") == OK
    assert verdict(exota, f"d{MANY - 1}.test", tenant_id=None) == OK, "of the last page"
    assert verdict(exota, "nobody.test", tenant_id=None) == NOBODY
    assert verdict(exota, "loud.test", tenant_id=None) == NOBODY
    assert any("loud" in line for line in exota.said("tenants-problem"))
    assert slapd.searches("exotaDomain=") == 0, "nobody is asked for a message"
    assert slapd.searches("objectClass=exotaTenant") >= 3, "three pages each time"


def test_what_changes_counts_with_the_next_reading(exota, slapd):
    slapd.change(tenant("new", ["new.test"]) + changed("t0", "exotaDomain", "other.test"))
    becomes(exota, "new.test", OK, "the new tenant")
    assert verdict(exota, "other.test", tenant_id=None) == OK and verdict(exota, "d0.test", tenant_id=None) == NOBODY
    # Who is no tenant any more as he stands there is served as he was, and named.
    slapd.change(changed("t1", "exotaMode", "loud") + changed("t1", "exotaDomain", "wrong.test") + changed("t2", "exotaDomain", "d2x.test"))
    becomes(exota, "d2x.test", OK, "the change behind it")
    assert verdict(exota, "d1.test", tenant_id=None) == OK and verdict(exota, "wrong.test", tenant_id=None) == NOBODY
    wait_for(lambda: any("t1" in line and "last good version" in line for line in exota.said("tenants-problem")), "the entry to be named")


def test_killed_hung_and_back(exota, slapd):
    slapd.kill()
    wait_for(lambda: state(exota) == "stale", "the trouble to be known")
    exota.said("tenants-stale")
    assert exota.http("/readyz")[0] == 200
    assert verdict(exota, "contoso.com") == OK, "who was read is served"
    assert verdict(exota, "late.test", tenant_id=None) == AWAY, "he may be a new one"
    slapd.start()
    slapd.change(tenant("late", ["late.test"]))
    becomes(exota, "late.test", OK, "what changed meanwhile")
    wait_for(lambda: state(exota) == "loaded", "the state to be loaded again")
    assert verdict(exota, "nobody.test", tenant_id=None) == NOBODY
    slapd.pause()
    try:
        wait_for(lambda: state(exota) == "stale", "a server that hangs to be known")
        assert verdict(exota, "contoso.com") == OK and verdict(exota, "nobody.test", tenant_id=None) == AWAY
    finally:
        slapd.go_on()
    wait_for(lambda: state(exota) == "loaded", "the directory to be read again")
    exota.said("tenants-loaded")


def test_a_loss_of_many_has_to_be_meant(exota, slapd):
    """A loss of many is one that somebody has to mean. Nobody reads while they go, else each reading would lose a few of them."""
    exota.process.pause()
    try:
        slapd.change("".join(f"dn: cn=t{n},{BASE}\nchangetype: delete\n\n" for n in range(100, 900)))
    finally:
        exota.process.send(signal.SIGCONT)
    wait_for(lambda: state(exota) == "stale", "the loss to be refused")
    assert verdict(exota, "d500.test", tenant_id=None) == OK
    exota.run("check", "-c", exota.configuration, "--accept-shrink")
    becomes(exota, "d500.test", NOBODY, "the loss to be taken, as it is meant")
    wait_for(lambda: state(exota) == "loaded", "the state to be loaded again")


def test_commands_read_the_server(exota, slapd):
    checked = exota.run("check", "-c", exota.configuration)
    said = (checked.stdout + checked.stderr).decode()
    # Two are new. Of t1 the daemon has kept a good version, of loud nobody has one.
    assert f"{GOOD + 2 - 800} tenants" in said and "loud" in said and READERS_PASSWORD not in said, said
    listed = exota.run("tenant", "list", "-c", exota.configuration)
    assert "contoso" in listed.stdout.decode() and READERS_PASSWORD not in listed.stdout.decode(), listed
    assert exota.run("tenant", "remove", "contoso", "-c", exota.configuration).returncode == 64, "changed by ldapmodify"


def test_a_start_without_a_server(exota, slapd):
    slapd.kill()
    try:
        exota.stop()
        exota.start()
        assert state(exota) == "stale" and verdict(exota, "contoso.com") == OK
        assert verdict(exota, "d500.test", tenant_id=None) == AWAY, "what was gone does not come back"
        checked = exota.run("check", "-c", exota.configuration)
        assert "cannot be asked now" in (checked.stdout + checked.stderr).decode(), checked
        exota.stop()
        (exota.directory / "snapshot").unlink()
        exota.start()
        assert state(exota) == "failed" and verdict(exota, "contoso.com") == AWAY
        assert exota.http("/readyz")[0] == 503
    finally:
        slapd.start()
    wait_for(lambda: state(exota) == "loaded", "the directory to be read")
    assert verdict(exota, "contoso.com") == OK


def test_who_is_not_believed(make, slapd):
    wrong = make(slapd, password="wrongsecret")
    assert state(wrong) == "failed" and verdict(wrong, "contoso.com") == AWAY
    assert any("Invalid credentials" in line for line in wrong.said("tenants-failed"))
    assert not any("wrongsecret" in line for line in wrong.lines())
    wrong.stop()
    liar = Liar(None)
    silent = make([liar.url, slapd.url], starttls=False)
    wait_for(lambda: state(silent) == "loaded", "the second server to be read")
    assert verdict(silent, "contoso.com") == OK
    silent.stop()
    liar.stop()
