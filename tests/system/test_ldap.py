"""Tenants in a directory server: a real slapd that is killed, hangs, lies, and comes back; the verdicts meanwhile, and the predecessor's set-up."""
import json
import subprocess
import threading

import pytest
from harness.exota import SOURCE, Exota
from harness.hosts import Here
from harness.ldap import BASE, READER, READERS_PASSWORD, Liar, Slapd, message, policy, tenant
from harness.message import CONTOSO_ID, FABRIKAM_ID, SIGNATURE_FIELD, fields_of
from harness.milter import MilterClient
from harness.postgres import Pretender, late
from harness.processes import fresh_directory, wait_for

SCHEMA = SOURCE / "packaging/ldap/exota.schema"
CERTIFICATE = {"cert_subject": "mail.protection.outlook.com", "tls_version": "TLSv1.3"}


class OfClients(Here):
    certificate = "no_server"


def results_of(domain):
    return [("Authentication-Results", f" mx.test; dkim=pass header.d={domain}"), ("Received", " from exo by mx.test; Sat, 21 Nov 2026 10:00:00 +0000"),
            (SIGNATURE_FIELD[0], " " + SIGNATURE_FIELD[1].replace("contoso.com", domain))]


_number = 0


def begun(exota, author_domain, *, tenant_id=CONTOSO_ID, organization=None, signed=None, author=None):
    """One signed message from Exchange Online through the milter, all but its end: (connection, queue id)."""
    global _number
    _number += 1
    queue_id = f"L{_number:05d}"
    fields = results_of(signed or author_domain)
    fields += [(name, " " + value) for name, value in fields_of(author or f"j@{author_domain}", tenant_id, organization) if value is not None]
    mta = MilterClient(exota.where)
    mta.macros("C", v="Postfix 3.7.11")
    mta.connect()
    mta.macros("H", **CERTIFICATE)
    mta.send("H", b"outbound.protection.outlook.com\0")
    mta.begin_message(fields, sender=f"<j@{author_domain}>", queue_id=queue_id)
    return mta, queue_id


def judged(exota, author_domain, **arguments):
    """The same to its end: (reply, log record)."""
    mta, queue_id = begun(exota, author_domain, **arguments)
    with mta:
        _, (command, payload) = mta.end_of_message()
    return {"a": "accept", "c": "accept", "y": payload.decode().rstrip("\0")}.get(command, command), exota.judged(queue_id)


def verdict(exota, author_domain, **arguments):
    reply, record = judged(exota, author_domain, **arguments)
    assert (reply == "accept") == (record["verdict"] == "accept"), (reply, record)
    return record["judged"], record["reason"]


def at_door(exota, recipient):
    """What RCPT of this is told where mail comes in: a reply's code, or 250."""
    with MilterClient(exota.door) as mta:
        mta.connect("client", "203.0.113.9")
        mta.send("H", b"client.test\0")
        mta.send("M", b"<a@sender.test>\0")
        command, payload = mta.send("R", f"<{recipient}>".encode() + b"\0")
        while command == "p":  # it waits for the directory
            command, payload = mta.read()
    return int(payload[:3]) if command == "y" else 250


OK, NOBODY, AWAY = ("accept", "authorised"), ("reject", "no-policy"), ("tempfail", "unavailable")


def toml_of(slapd_or_url, pki, **changes):
    """The sections of the configuration; `sections` of TOML are named as written."""
    url = slapd_or_url if isinstance(slapd_or_url, list) else [getattr(slapd_or_url, "url", slapd_or_url)]
    ldap = {"servers": url, "ca_file": str(pki.certificate("ca")), "base": BASE, "filter": "(exotaDomain=%d)", "tenant_id_filter": "(exotaTenantId=%t)",
            "wildcards": True, "timeout": 2, "bind_dn": READER, "password_file": "ldap.password", **changes}
    return {"tenants": {"source": "ldap", "file": None, "state_directory": None}, "tenants.ldap": {key: value for key, value in ldap.items() if value is not None}}


ENTRIES = (
    tenant("contoso", ["contoso.com", "*.contoso.com"], exotaTenantId=CONTOSO_ID, exotaOrganization="contoso.com", exotaRecipients="authoritative")
    + tenant("fabrikam", ["fabrikam.com"], exotaTenantId=FABRIKAM_ID, exotaMode="monitor", exotaLimit="2 messages / day")
    + tenant("one", ["twice.test"]) + tenant("two", ["twice.test"]) + tenant("loud", ["malformed.test"], exotaMode="loud")
    + policy("full.test", exotaMilterTenantId=CONTOSO_ID, exotaMilterDkimEnabled="TRUE", exotaMilterDkimAlignmentRequired="TRUE")
    + policy("bare.test"))


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
        (directory / "recipients").write_text("bob@contoso.com\n")
        exota = exota_of(directory=directory, changes={**toml_of(servers, workshop.pki, **changes), "server": {"threads": 1}, "tenants": {
            **toml_of(servers, workshop.pki)["tenants"], "max_stale": changes.pop("max_stale", 3600)},
            "inbound": {"listen": [f"unix:{directory}/door.sock"], "mode": "enforce"}, "recipients": {"source": "file", "file": str(directory / "recipients")}},
            started=False)
        exota.door = directory / "door.sock"
        exota.start()
        return exota
    return make


@pytest.fixture(scope="module")
def exota(make, slapd):
    made = make(slapd)
    wait_for(lambda: made.http("/readyz")[0] == 200, "the directory to answer")
    return made


def state(exota):
    metrics = exota.metrics()  # once: it changes
    return next(name for name in ("loaded", "stale", "failed") if metrics[f'exota_tenants_state{{state="{name}"}}'] == 1)


def test_each_kind_of_answer_is_another_one(exota, slapd):
    assert verdict(exota, "contoso.com") == OK
    assert verdict(exota, "deep.below.contoso.com") == OK
    assert verdict(exota, "nobody.test") == ("reject", "forwarding-not-allowed"), "the tenant id names contoso, which does not forward"
    assert verdict(exota, "nobody.test", tenant_id=None) == NOBODY
    assert verdict(exota, "contoso.com", tenant_id=FABRIKAM_ID) == ("reject", "contradiction")
    assert verdict(exota, "twice.test") == AWAY
    assert verdict(exota, "malformed.test") == AWAY
    (problem, *_) = exota.said("tenants-problem")
    assert "several entries for the domain twice.test" in problem
    assert "tenants-problem" in exota.said("cn=loud")[0], "named in the same minute"
    for author in ("j@conto*", "j@*", '"a)(exotaDomain=*"@contoso.com.evil.test'):
        reply, record = judged(exota, "contoso.com", author=author, tenant_id=None, signed="evil.test")
        assert record["judged"] == "reject", (author, record)
    assert state(exota) == "loaded"


def test_limits_and_mode_are_the_entrys(exota):
    for _ in range(2):
        assert verdict(exota, "fabrikam.com", tenant_id=FABRIKAM_ID) == OK
    reply, record = judged(exota, "fabrikam.com", tenant_id=FABRIKAM_ID)
    assert (reply, record["reason"], record["mode"]) == ("accept", "limit-exceeded", "monitor")


def test_a_name_is_asked_once_and_then_known(exota, slapd):
    verdict(exota, "contoso.com")
    before = slapd.searches("contoso.com"), exota.metrics()['exota_tenant_lookups_total{from="cache"}']
    for _ in range(5):
        assert verdict(exota, "contoso.com") == OK
    assert slapd.searches("contoso.com") == before[0]
    assert exota.metrics()['exota_tenant_lookups_total{from="cache"}'] >= before[1] + 5


def test_killed_hung_and_back(make, slapd):
    """What is known is served, what is not is deferred, nothing is refused for good, and nobody has to be restarted."""
    exota = make(slapd, negative_ttl=1, cache_ttl=1)
    wait_for(lambda: exota.http("/readyz")[0] == 200, "the directory to answer")
    assert verdict(exota, "contoso.com") == OK
    known = {"bob@contoso.com": 250, "nobody@contoso.com": 550, "a@elsewhere.test": 550}
    assert {recipient: at_door(exota, recipient) for recipient in known} == known

    slapd.kill()
    exota.said("tenants-stale")
    assert state(exota) == "stale" and exota.http("/readyz")[0] == 200
    assert verdict(exota, "contoso.com") == OK
    assert verdict(exota, "new.test", tenant_id=None) == AWAY
    assert [at_door(exota, recipient) for recipient in ("bob@contoso.com", "nobody@contoso.com", "a@new.test")] == [250, 550, 451]
    assert verdict(exota, "contoso.com", signed="evil.test", tenant_id=None) == AWAY, "whose signature that is cannot be asked"
    done = json.loads(exota.run("check", "-c", exota.configuration, "--json").stdout)
    assert any("cannot be asked now" in problem["text"] for problem in done["problems"]), done
    slapd.start()
    wait_for(lambda: state(exota) == "loaded", "the state to be loaded again")
    exota.said("tenants-loaded")
    # Each thread has a connection of its own, and comes back by itself.
    wait_for(lambda: verdict(exota, "new.test", tenant_id=None) == NOBODY, "every thread to ask again")
    assert at_door(exota, "a@new.test") == 550

    slapd.pause()
    try:
        assert verdict(exota, "newer.test", tenant_id=None) == AWAY
        assert [at_door(exota, recipient) for recipient in ("bob@contoso.com", "a@newer.test", "a@newest.test")] == [250, 451, 451]
        wait_for(lambda: state(exota) == "stale", "the hang to be noticed")
        assert verdict(exota, "contoso.com") == OK
    finally:
        slapd.go_on()
    wait_for(lambda: state(exota) == "loaded", "the state to be loaded again")
    wait_for(lambda: verdict(exota, "newer.test", tenant_id=None) == NOBODY, "every thread to ask again")
    slapd.change(tenant("newer", ["newer.test"], exotaTenantId="22222222-2222-4333-8444-555555555555"))
    wait_for(lambda: verdict(exota, "newer.test", tenant_id="22222222-2222-4333-8444-555555555555") == OK, "the new tenant")


def test_a_server_that_closes_what_rests(make, workshop, base_directory):
    """With `idletimeout 1` a connection is closed again and again. That is no trouble: each message is judged, whatever moment it comes in."""
    slapd = Slapd(fresh_directory(base_directory, "l"), workshop.pki, ENTRIES, SCHEMA, idle_timeout=1)
    exota = make(slapd)
    for number in range(3):
        closed = slapd.closed_at_rest()
        wait_for(lambda: slapd.closed_at_rest() > closed, "the server to close the connection")
        name = f"d{number}.contoso.com"  # which nobody asked for yet
        assert verdict(exota, name) == OK
        assert slapd.searches(name) > 0
    assert state(exota) == "loaded"
    unanswered = {key: value for key, value in exota.metrics().items() if key.startswith("exota_tenant_lookups_unanswered_total")}
    assert unanswered and not any(unanswered.values()), unanswered
    exota.stop()
    slapd.stop()
    assert not [line for line in exota.lines() if "tenants-stale" in line or "tenants-failed" in line]


def test_a_slow_server_is_waited_for_as_long_as_a_question_may_take(make, slapd):
    go = threading.Event()
    go.set()
    proxy = Pretender(late(slapd.port, go))
    exota = make(f"ldap://127.0.0.1:{proxy.port}")
    wait_for(lambda: verdict(exota, "contoso.com") == OK, lambda: "an answer in time: " + exota.process.tail())
    go.clear()
    assert verdict(exota, "late.test", tenant_id=None) == AWAY
    assert verdict(exota, "contoso.com") == OK
    go.set()
    wait_for(lambda: verdict(exota, "late.test", tenant_id=None) == NOBODY, lambda: "answers in time: " + exota.process.tail())
    assert verdict(exota, "contoso.com") == OK, "no late answer is taken for another one"
    assert exota.stop() == 0
    proxy.close()


@pytest.mark.parametrize("what", ["password", "ca", "name", "base", "access", "nobody"])
def test_a_server_that_cannot_be_used(make, slapd, workshop, what):
    changes = {"password": {"password": "wrong"}, "ca": {"ca_file": str(workshop.pki.certificate("otherca"))},
               "name": {"servers": slapd.url.replace("127.0.0.1", "127.0.0.2")}, "base": {"base": "ou=elsewhere,dc=example,dc=test"},
               "access": {"bind_dn": None, "password_file": None}, "nobody": {"servers": "ldap://127.0.0.1:1"}}[what]
    why = {"password": "Invalid credentials (49)", "ca": "certificate is not verified", "name": "does not name 127.0.0.2", "base": "No such object (32)",
           "access": "search: ", "nobody": "refused"}[what]
    exota = make(changes.pop("servers", slapd), **changes)
    assert verdict(exota, "contoso.com") == AWAY
    (line, *_) = exota.said("tenants-failed")
    assert why in line and READERS_PASSWORD not in line and "wrong" not in line, line
    assert exota.http("/readyz")[0] == 503 and exota.http("/healthz")[0] == 200
    exota.stop()


def test_a_certificate_that_is_for_clients_only(make, workshop, base_directory):
    """One rule for certificates (docs/decisions/0010): whoever could get one for a client's purpose is no server of that name."""
    stranger = Slapd(fresh_directory(base_directory, "l"), workshop.pki, ENTRIES, SCHEMA, OfClients())
    exota = make(stranger)
    assert verdict(exota, "contoso.com") == AWAY
    assert "its certificate is not for a server" in exota.said("tenants-failed")[0]
    exota.stop()
    stranger.stop()


LIES = {
    "silence": (None, False), "another protocol": (b"220 mx.test ESMTP\r\n", False), "a length without end": (b"\x30\x84\xff\xff\xff\xff", False),
    "noise behind the bind": (b"\x30\x05\x02\x01\x02\xff\xff\x00\x00", True), "garbage in an entry": (message(2, b"\x64\x03\x04\x7fx"), True),
    "an end without success": (lambda asked: message(asked[4], b"\x65\x07\x0a\x01\x34\x04\x00\x04\x00"), True),
    "a referral": (lambda asked: message(asked[4], b"\x73\x0a\x04\x08ldap://x") + message(asked[4], b"\x65\x07\x0a\x01\x00\x04\x00\x04\x00"), True),
    "silence behind the bind": (None, True),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies(make, slapd, lie):
    """Nothing is accepted, nothing refused for good; and the server behind it in the list is used where the first is none."""
    says, bound = LIES[lie]
    liar = Liar(says, bound)
    exota = make(liar.url, starttls=False)
    assert verdict(exota, "contoso.com") == AWAY
    assert at_door(exota, "bob@contoso.com") == 451
    assert exota.process.running()
    exota.stop()
    if not bound:
        exota = make([liar.url, slapd.url], starttls=False)
        wait_for(lambda: exota.http("/readyz")[0] == 200, "the second server")
        assert verdict(exota, "contoso.com") == OK
        exota.stop()
    liar.stop()


def test_starttls_sockets_and_certificates_of_ours(make, slapd, workshop):
    certificate, key = workshop.pki["other"]
    for servers, changes in ((slapd.socket_url, {}), (slapd, {"bind_dn": None, "password_file": None, "sasl": "external", "certificate_file": certificate,
                                                             "key_file": key})):
        exota = make(servers, **changes)
        wait_for(lambda: exota.http("/readyz")[0] == 200, "the directory to answer: " + exota.process.tail())
        assert verdict(exota, "contoso.com") == OK
        exota.stop()


def test_check_and_explain_ask_the_server(exota, directory):
    done = json.loads(exota.run("check", "-c", exota.configuration, "--json").stdout)
    assert done["errors"] == 0 and "the directory server answers" in done["notes"], done
    assert any("organization_filter is empty" in problem["text"] for problem in done["problems"]), done
    raw = "".join(f"{name}: {value}\r\n" for name, value in fields_of("j@contoso.com") if value is not None) + "\r\nhi\r\n"
    code, answer = exota.explain(raw.encode(), "--client-ip", "40.92.0.10", "--client-cert", "mail.protection.outlook.com")
    assert answer["tenant"] == "contoso" and answer["reason"] == "authorised", answer


# --- The predecessor ---

VARIABLES = {"MILTER_TENANT_ID_REQUIRED": "yes", "MILTER_DKIM_ENABLED": "yes", "MILTER_TRUSTED_AUTHSERVID": "mx.test",
             "MILTER_DKIM_ALIGNMENT_REQUIRED": "True", "MILTER_POLICY_SOURCE": "ldap", "MILTER_LDAP_RECEIVE_TIMEOUT": "2",
             "MILTER_LDAP_BINDDN": READER, "MILTER_LDAP_BINDPW": READERS_PASSWORD, "MILTER_LDAP_SEARCH_BASE": BASE, "MILTER_LDAP_QUERY": "(associatedDomain=%d)"}


def test_the_predecessors_set_up_works_and_its_injection_does_not(exota_of, slapd, binary):
    exota = exota_of(started=False)
    exota.environment = {**VARIABLES, "MILTER_SOCKET": f"unix:{exota.where}", "MILTER_LDAP_SERVER_URI": slapd.url}
    exota.start()
    exota.find_judged = lambda queue_id: next((line for line in exota.lines() if queue_id in line and "verdict=" in line), None)

    def said(domain, **arguments):
        reply, line = judged(exota, domain, **arguments)
        return reply
    assert said("full.test") == "accept"
    assert said("bare.test", tenant_id=CONTOSO_ID).startswith("550 "), "an empty tenant id, where one is required"
    assert "full.test" not in said("fu*", author="a@fu*", signed="full.test") and said("fu*", author="a@fu*", signed="full.test").startswith("550 ")
    assert said("nobody.test", tenant_id=None).startswith("550 ")
    slapd.kill()
    try:
        # Each event loop keeps what it was asked; of two, the one that judges now may not have been.
        wait_for(lambda: said("full.test") == "accept", "a loop that knows it")
        assert said("other.test").startswith("450 ")
    finally:
        slapd.start()
    wait_for(lambda: said("other.test").startswith("550 "), "the directory to answer again")
    arguments = (exota.directory / "run").as_posix()
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(exota.process.pid)], capture_output=True, text=True).stdout + exota.log_file.read_text()
    assert READERS_PASSWORD not in shown, arguments
    migrated = json.loads(exota.run("migrate", "--json", environment=exota.environment).stdout)
    assert 'source = "ldap"' in migrated["configuration"] and READERS_PASSWORD not in json.dumps(migrated)
    exota.stop()
