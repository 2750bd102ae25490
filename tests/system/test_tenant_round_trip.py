"""Tenants from a file into PostgreSQL and back by `exota tenant export` and `import`: every field arrives as it was meant, and a second time there is
nothing to change."""
import json
import os

import pytest
from harness.exota import Exota
from harness.message import CONTOSO_ID, FABRIKAM_ID
from harness.postgres import WRITER, WRITERS_PASSWORD, Postgres
from harness.processes import fresh_directory
from test_postgresql import settings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL runs as another user than we")

# As people write them: in no order, in capitals, with a final dot, as U-labels.
WRITTEN = {
    "Contoso & Söhne": {
        "tenant_ids": [CONTOSO_ID.upper()], "organizations": ["Contoso.com"], "domains": ["contoso.com.", "*.Bücher.test", "a.contoso.com"],
        "dkim_domains": ["contoso.onmicrosoft.com"], "proofs": ["client-cert + xoorg", "client-cert + tenant-id + system-mail"], "alignment": "strict",
        "forwarding": "journal", "hybrid": True, "connector_clients": ["192.0.2.7", "2001:db8::/48"], "limits": ["1000 messages / hour", "5000 recipients / day"],
        "limit_action": "reject", "recipients": {"contoso.com": "authoritative", "a.contoso.com": "internal-relay"}, "mode": "defer"},
    "fabrikam": {"domains": ["fabrikam.com"], "tenant_ids": [FABRIKAM_ID], "organizations": [], "limits": [], "forwarding": False, "hybrid": False,
                 "recipients": "authoritative"},
    "alone": {"domains": ["alone.test"]},
}


def as_kept():
    tenants = json.loads(json.dumps(WRITTEN))
    tenants["Contoso & Söhne"].update(tenant_ids=[CONTOSO_ID], organizations=["contoso.com"], domains=["*.xn--bcher-kva.test", "a.contoso.com", "contoso.com"])
    del tenants["fabrikam"]["organizations"]
    return tenants


@pytest.fixture(scope="module")
def database(base_directory, workshop):
    made = Postgres(fresh_directory(base_directory, "p"), workshop.pki)
    yield made
    made.remove()


def place(binary, base_directory, changes):
    """`exota tenant` where this configuration says: what it printed, if all went well."""
    directory = fresh_directory(base_directory)
    exota = Exota(binary, directory, changes=changes(directory), tenants={"version": 2, "tenants": {}}, started=False)

    def run(action, *arguments, standard_input=b""):
        done = exota.run("tenant", action, "-c", exota.configuration, *arguments, standard_input=standard_input)
        assert done.returncode == 0, done
        return done.stdout
    return run


def test_from_a_file_into_the_database_and_back(binary, base_directory, database):
    in_database = place(binary, base_directory, lambda directory: settings(database.conninfo(WRITER), directory, WRITERS_PASSWORD, timeout=30))
    in_file = place(binary, base_directory, lambda directory: {})
    in_file("import", "-", standard_input=json.dumps({"version": 2, "tenants": WRITTEN}).encode())
    exported = in_file("export")
    assert json.loads(exported)["tenants"] == WRITTEN, "a file keeps what people wrote"

    assert b"+ fabrikam" in in_database("import", "-", standard_input=exported)
    assert json.loads(in_database("export"))["tenants"] == as_kept()
    again = in_database("import", "--replace", "-", standard_input=exported)
    assert b"nothing to change" in again and b"~" not in again, again

    in_file("import", "--replace", "-", standard_input=in_database("export"))
    assert json.loads(in_file("export", "--json"))["tenants"] == as_kept()
    assert b"nothing to change" in in_file("import", "-", standard_input=in_database("export", "--json"))
