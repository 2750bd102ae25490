"""Discovery through the whole chain: who is recorded, what a restart keeps, who becomes a tenant, and that nothing is authorised by any of it."""
import json

import pytest
from harness.dns import NameServers, txt
from harness.exota import TENANTS
from harness.message import CONTOSO_ID, FABRIKAM_ID
from harness.openid import openid_server
from harness.processes import fresh_directory, wait_for
from test_verify import key_of

STRANGER, OTHER = "fabrikam.com", "fabrikam.onmicrosoft.com"  # of whom no tenant is known here
FORGERS_ID = "66666666-0000-4000-8000-000000000006"


@pytest.fixture(scope="module")
def names(workshop, base_directory):
    servers = NameServers(fresh_directory(base_directory), {
        name: txt("selector1._domainkey", key_of(workshop.keys, name)) for name in (STRANGER, OTHER, "contoso.com")})
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def microsoft(workshop):
    server = openid_server(workshop, {STRANGER: FABRIKAM_ID})
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def path(chain, names, microsoft, directory):
    known = {"version": 2, "tenants": {"contoso": TENANTS["tenants"]["contoso"]}}
    made = chain(opendkim=False, tenants=known, changes={
        "authorisation": {"mode": "monitor", "proofs": ["client-cert + dkim"]}, "dkim": {"source": "verify"}, "authentication_results": None,
        "dns": {"servers": [names.address], "dnssec": "off", "timeout": 2}, "discovery": {"enabled": True, "file": str(directory / "candidates")},
        "tenants": {"openid_base": f"https://localhost:{microsoft.server_port}", "watch_interval": 1}})
    made.candidates_file = directory / "candidates"
    return made


def candidates(path):
    done = path.exota.run("tenant", "candidates", "-c", path.exota.configuration, "--json")
    assert done.returncode == 0, done
    return {one["domain"]: one for one in json.loads(done.stdout)}


def adopt(path, *arguments):
    return path.exota.run("tenant", "candidates", "adopt", "-c", path.exota.configuration, *arguments,
                          environment={"SSL_CERT_FILE": str(path.pki.certificate("ca"))})


def test_from_a_stranger_to_a_tenant(path):
    def send(author=f"jo@{STRANGER}", signed_by=STRANGER, tenant_id=FABRIKAM_ID, certificate="exo_both", **more):
        reply = path.send(path.workshop.message(author=author, signed_by=signed_by, tenant_id=tenant_id, organization=STRANGER, **more),
                          sender=author, certificate=certificate)
        judged = path.judged(reply)
        return reply.code, judged["judged"], judged["reason"]

    refused = (250, "reject", "no-policy")  # in monitor mode it passes, and the verdict is what it is
    assert send() == refused
    path.exota.said('"event":"candidate"')
    wait_for(path.candidates_file.exists, "the candidate in the file")
    assert candidates(path)[STRANGER]["tenant_ids"] == [{"name": FABRIKAM_ID, "messages": 1}]

    # Nobody learns from these: unsigned, signed by another, from anybody's host, redirected, of a tenant.
    assert send(signed_by=()) == refused
    assert send(signed_by=OTHER) == refused
    assert send(certificate=None) == refused
    assert send(tenant_id=FORGERS_ID, top=[("Resent-From", "eve@evil.test")]) == refused
    assert send(author="jane@contoso.com", signed_by="contoso.com", tenant_id=CONTOSO_ID) == (250, "accept", "authorised")
    # Another stranger.
    assert send(author=f"eve@{OTHER}", signed_by=OTHER) == refused

    # A restart keeps it.
    assert path.exota.stop() == 0
    kept = candidates(path)
    assert {name: one["messages"] for name, one in kept.items()} == {STRANGER: 1, OTHER: 1}
    assert not kept[STRANGER]["conflicting"]
    path.exota.start()
    wait_for(lambda: path.exota.metrics()["exota_candidates"] == 2, "what was kept")
    assert send() == refused, "who is a candidate is nobody's tenant"

    # A redirect that shows no mark: the author's signature is good, the tenant is the forger's.
    assert send(tenant_id=FORGERS_ID) == refused
    path.exota.said('"event":"candidate-conflicting"')
    wait_for(lambda: path.exota.metrics()["exota_candidates_conflicting"] == 1, "the conflict")

    # What is chosen becomes a tenant, with the id that Microsoft has for it.
    assert adopt(path, OTHER).returncode == 69, "Microsoft knows no such domain"
    dry = adopt(path, "--dry-run", STRANGER)
    assert dry.returncode == 0 and FABRIKAM_ID in dry.stdout.decode(), dry
    assert STRANGER not in path.exota.tenants_file.read_text()
    assert adopt(path, STRANGER).returncode == 0
    assert json.loads(path.exota.tenants_file.read_text())["tenants"][STRANGER] == {
        "tenant_ids": [FABRIKAM_ID], "domains": [STRANGER], "mode": "monitor"}
    path.exota.said('"event":"reloaded"')
    assert send() == (250, "accept", "authorised"), "by its own proof now"
    assert send(tenant_id=FORGERS_ID) == (250, "reject", "contradiction")
    wait_for(lambda: path.exota.metrics()["exota_candidates"] == 1, "the candidate gone")
    assert path.exota.stop() == 0
    assert list(candidates(path)) == [OTHER]
    assert adopt(path, STRANGER).returncode == 65


def test_it_needs_monitor(exota_of):
    exota = exota_of(changes={"discovery": {"enabled": True}}, started=False)
    done = exota.run("check", "-c", exota.configuration)
    assert done.returncode == 78 and b"discovery.enabled" in done.stdout + done.stderr, done
