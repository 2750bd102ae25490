"""`exota tenant candidates`: what it prints of the file that discovery keeps, and whom it makes a tenant without asking anybody (--force)."""
import json

import pytest
from cli_tenant_test import ID, OTHER_ID, tenant, tenants_in
from cli_test import EXOTA, TENANTS, folder  # noqa: F401 -- the fixture is used by its name

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")
NEW_ID = "3234abcd-18c5-45e8-88de-123456789abc"
CANDIDATES = f"""exota candidates 1
fabrikam.test fabrikam.test 1764000000 1764086400 3 {OTHER_ID}=3 fabrikam.test=3 fabrikam.test=3,fabrikam.onmicrosoft.com=2
none.test none.test 1764000000 1764000000 1 - - none.test=1
old.test old.test 1764000000 1764000000 1 {ID}=1 - old.test=1
planted.test planted.test 1764000000 1764000001 5 {NEW_ID}=4,{OTHER_ID}=1 - planted.test=5
shop.fabrikam.test fabrikam.test 1764000000 1764000000 1 {OTHER_ID}=1 - shop.fabrikam.test=1
end 5
"""


@pytest.fixture
def found(folder):  # noqa: F811
    (folder / "candidates").write_text(CANDIDATES)
    configuration = folder / "exota.toml"
    configuration.write_text(configuration.read_text().replace('"enforce"', '"monitor"') + '[discovery]\nenabled = true\nfile = "candidates"\n')
    return folder


def adopt(folder, *arguments):  # noqa: F811
    return tenant(folder, "candidates", "adopt", "-c", folder / "exota.toml", *arguments)


def test_what_is_printed(found):
    printed = tenant(found, "candidates")
    assert printed.returncode == 0, printed
    assert printed.stdout.decode().startswith(
        f"planted.test  5 messages, 2025-11-24T16:00:00Z to 2025-11-24T16:00:01Z, CONFLICTING tenant ids\n  tenant_ids: {NEW_ID} (4), {OTHER_ID} (1)\n"
        "  dkim_domains: planted.test (5)\n"
        f"fabrikam.test  3 messages, 2025-11-24T16:00:00Z to 2025-11-25T16:00:00Z\n  tenant_ids: {OTHER_ID} (3)\n  organizations: fabrikam.test (3)\n"), printed
    listed = {one["domain"]: one for one in json.loads(tenant(found, "candidates", "--json").stdout)}
    assert list(listed) == ["planted.test", "fabrikam.test", "none.test", "old.test", "shop.fabrikam.test"]
    assert listed["fabrikam.test"] == {
        "domain": "fabrikam.test", "organizational_domain": "fabrikam.test", "messages": 3, "first_seen": "2025-11-24T16:00:00Z",
        "last_seen": "2025-11-25T16:00:00Z", "conflicting": False, "tenant_ids": [{"name": OTHER_ID, "messages": 3}],
        "organizations": [{"name": "fabrikam.test", "messages": 3}],
        "dkim_domains": [{"name": "fabrikam.test", "messages": 3}, {"name": "fabrikam.onmicrosoft.com", "messages": 2}], "incomplete": False}
    assert listed["planted.test"]["conflicting"]


def test_nobody_yet_and_a_file_that_is_none(found):
    (found / "candidates").write_text(CANDIDATES.replace("end 5", "end 4"))
    bad = tenant(found, "candidates")
    assert bad.returncode == 65 and b"candidates: line 7: " in bad.stderr and bad.stdout == b"", bad
    (found / "candidates").unlink()
    nobody = tenant(found, "candidates")
    assert (nobody.returncode, nobody.stdout, nobody.stderr) == (0, b"no candidates\n", b"")
    assert json.loads(tenant(found, "candidates", "--json").stdout) == []
    configuration = found / "exota.toml"
    configuration.write_text(configuration.read_text().replace("enabled = true", "enabled = false"))
    assert b"discovery.enabled is false" in tenant(found, "candidates").stderr


def test_tenants_elsewhere_do_not_hide_them(found):
    configuration = found / "exota.toml"
    configuration.write_text(configuration.read_text().replace("[tenants]\n", '[tenants]\nsource = "ldap"\n')
                             + '[tenants.ldap]\nservers = ["ldap://127.0.0.1:1"]\nbase = "dc=test"\n')
    assert tenant(found, "candidates").stdout.startswith(b"planted.test ")
    assert adopt(found, "--force", "fabrikam.test").returncode == 64


def test_some_become_a_tenant(found):
    before = (found / "tenants.json").read_bytes()
    dry = adopt(found, "--force", "--dry-run", "fabrikam.test")
    assert dry.returncode == 0 and dry.stdout.decode().startswith(f"+ fabrikam.test\n+   tenant_ids: {OTHER_ID}\n+   domains: fabrikam.test\n"), dry
    assert (found / "tenants.json").read_bytes() == before
    done = adopt(found, "--force", "--name", "fabrikam", "--json", "Fabrikam.test", "shop.fabrikam.test", "fabrikam.test")
    assert done.returncode == 0 and json.loads(done.stdout)["written"], done
    assert tenants_in(found) == {**TENANTS["tenants"], "fabrikam": {
        "tenant_ids": [OTHER_ID], "domains": ["fabrikam.test", "shop.fabrikam.test"], "mode": "monitor"}}


@pytest.mark.parametrize("arguments, exit, says", [
    (["stranger.test"], 65, '"stranger.test" is no candidate'),
    (["not a domain"], 65, '"not a domain" is no candidate'),
    (["planted.test"], 65, "planted.test was seen with more than one tenant id"),
    (["none.test"], 65, "none.test was seen without a tenant id"),
    (["fabrikam.test", "old.test"], 65, "fabrikam.test and old.test are domains of different tenants"),
    (["old.test"], 65, 'tenant "contoso" has this tenant id: exota tenant set NAME domains+=old.test'),
    (["--name", "contoso", "fabrikam.test"], 65, 'there is a tenant "contoso" already'),
    ([], 64, "DOMAIN"),
])
def test_what_is_refused_changes_nothing(found, arguments, exit, says):
    before = (found / "tenants.json").read_bytes()
    done = adopt(found, "--force", *arguments)
    assert done.returncode == exit and says in done.stderr.decode(), done
    assert (found / "tenants.json").read_bytes() == before


def test_an_answer_is_needed(found):
    """Without --force nothing is done where nobody answers."""
    configuration = found / "exota.toml"
    configuration.write_text(configuration.read_text().replace("[tenants]\n", '[tenants]\nopenid_base = "https://localhost:1"\n'))
    before = (found / "tenants.json").read_bytes()
    done = adopt(found, "fabrikam.test")
    assert done.returncode == 69 and b"no tenant id was found for fabrikam.test" in done.stderr, done
    assert (found / "tenants.json").read_bytes() == before
