"""`exota tenant add --look-up`: the tenant id of a domain from a local server that plays Microsoft's."""
import json

import pytest
from harness.exota import Exota
from harness.message import CONTOSO_ID
from harness.openid import openid_server
from harness.processes import fresh_directory


@pytest.fixture(scope="module")
def server(workshop):
    made = openid_server(workshop, {"contoso.com": CONTOSO_ID, "outlook.com": "84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa"})
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def add(binary, base_directory, workshop, server):
    exota = Exota(binary, fresh_directory(base_directory), changes={"tenants": {"openid_base": f"https://localhost:{server.server_port}"}},
                  tenants={"version": 2, "tenants": {}}, started=False)

    def run(*arguments, roots="ca"):
        done = exota.run("tenant", "add", "-c", exota.configuration, *arguments, environment={"SSL_CERT_FILE": str(workshop.pki.certificate(roots))})
        return done.returncode, done.stdout.decode(), done.stderr.decode()
    run.tenants = lambda: json.loads(exota.tenants_file.read_text())["tenants"]
    return run


def test_the_id_of_the_first_domain(add, server):
    code, printed, said = add("contoso", "--domain", "*.Contoso.com", "--domain", "fabrikam.com", "--look-up")
    assert code == 0, said
    assert add.tenants()["contoso"] == {"tenant_ids": [CONTOSO_ID], "domains": ["*.Contoso.com", "fabrikam.com"]}
    assert f"tenant_ids: {CONTOSO_ID}" in printed
    assert CONTOSO_ID in said and "proves nothing about who owns" in said
    assert server.asked[-1] == "/contoso.com/.well-known/openid-configuration"


def test_what_is_refused_changes_nothing(add, server):
    before = len(server.asked)
    assert add("x", "--look-up")[0] == 64
    assert add("x", "--domain", "contoso.com", "--look-up", "--tenant-id", CONTOSO_ID)[0] == 64
    assert add("x", "--domain", "no domain", "--look-up")[0] == 65
    assert len(server.asked) == before
    code, _, said = add("x", "--domain", "nobody.test", "--look-up")
    assert code == 69 and "HTTP status 400" in said
    code, _, said = add("x", "--domain", "contoso.com", "--look-up", roots="otherca")
    assert code == 69 and "localhost" in said
    code, _, said = add("x", "--domain", "outlook.com", "--look-up")
    assert code == 65 and "nobody's customers" in said
    assert add.tenants() == {}
