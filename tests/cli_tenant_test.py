"""`exota tenant` on a tenants file: what it prints, what it changes, what it refuses, and how it writes."""
import fcntl
import json
import os
import stat
import subprocess

import pytest
from cli_test import EXOTA, TENANTS, folder, run  # noqa: F401 -- the fixture is used by its name

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")
ID = "1234abcd-18c5-45e8-88de-123456789abc"
OTHER_ID = "2234abcd-18c5-45e8-88de-123456789abc"


def tenant(folder, action, *arguments, **options):
    return run("tenant", action, "-c", folder / "exota.toml", *arguments, **options)


def tenants_in(folder):
    return json.loads((folder / "tenants.json").read_text())["tenants"]


def test_list_show_export(folder):
    assert tenant(folder, "list").stdout == b"contoso  1 domain, 1 tenant id, 0 organizations\n"
    assert json.loads(tenant(folder, "list", "--json").stdout) == [
        {"name": "contoso", "tenant_ids": 1, "organizations": 0, "domains": 1, "dkim_domains": 0, "mode": None}]
    assert tenant(folder, "show", "contoso").stdout.decode() == f"contoso\n  tenant_ids: {ID}\n  domains: contoso.test\n"
    assert json.loads(tenant(folder, "show", "--json", "contoso").stdout) == {"name": "contoso", **TENANTS["tenants"]["contoso"]}
    unknown = tenant(folder, "show", "fabrikam")
    assert (unknown.returncode, unknown.stderr) == (65, b'exota tenant: there is no tenant "fabrikam"\n')
    for way in ([], ["--json"]):
        assert json.loads(tenant(folder, "export", *way).stdout) == TENANTS


def test_add_set_remove(folder):
    added = tenant(folder, "add", "fabrikam", "--domain", "fabrikam.test", "--domain", "*.fabrikam.test", "--tenant-id", OTHER_ID,
                   "--proof", "client-cert + tenant-id", "--forwarding", "true", "--hybrid", "false", "--mode", "defer")
    assert added.returncode == 0, added
    assert added.stdout.decode().startswith(f"+ fabrikam\n+   tenant_ids: {OTHER_ID}\n+   domains: fabrikam.test, *.fabrikam.test\n")
    assert added.stdout.decode().endswith("/tenants.json: written\n")
    assert tenants_in(folder)["fabrikam"] == {
        "tenant_ids": [OTHER_ID], "domains": ["fabrikam.test", "*.fabrikam.test"], "proofs": ["client-cert + tenant-id"],
        "forwarding": True, "hybrid": False, "mode": "defer"}
    assert tenants_in(folder)["contoso"] == TENANTS["tenants"]["contoso"]
    changed = tenant(folder, "set", "fabrikam", "mode=monitor", "domains+=shop.fabrikam.test", "domains-=*.Fabrikam.test", "hybrid=", "limits=[]")
    assert changed.returncode == 0, changed
    assert "-   mode: defer\n+   mode: monitor\n" in changed.stdout.decode()
    assert "-   domains: *.fabrikam.test\n+   domains: shop.fabrikam.test\n" in changed.stdout.decode()
    assert tenants_in(folder)["fabrikam"] == {
        "tenant_ids": [OTHER_ID], "domains": ["fabrikam.test", "shop.fabrikam.test"], "proofs": ["client-cert + tenant-id"],
        "forwarding": True, "limits": [], "mode": "monitor"}
    removed = tenant(folder, "remove", "fabrikam", "--accept-shrink", "--json")
    assert removed.returncode == 0 and tenants_in(folder) == TENANTS["tenants"]
    told = json.loads(removed.stdout)
    assert told["written"] and not told["dry_run"] and told["complaint"] is None and told["problems"] == []
    assert [(c["tenant"], c["change"]) for c in told["changes"]] == [("fabrikam", "removed")]
    assert {"field": "mode", "before": "monitor", "after": None} in told["changes"][0]["fields"]
    assert tenant(folder, "set", "contoso", "domains=contoso.test").stdout == b"nothing to change\n"


def test_names_in_lists_are_found_however_they_are_written(folder):
    """Whoever takes an id or a domain away must not find it in force under another spelling."""
    spelled = ["Bücher.Test", "XN--BCHER-KVA.test."]
    assert tenant(folder, "add", "b", "--domain", spelled[0], "--domain", spelled[1], "--tenant-id", OTHER_ID.upper(), "--tenant-id", OTHER_ID).returncode == 0
    assert tenant(folder, "set", "b", "domains+=bücher.test.", f"tenant_ids+={OTHER_ID}").stdout == b"nothing to change\n"
    done = tenant(folder, "set", "b", "domains-=bücher.test", f"tenant_ids-={OTHER_ID}", "--accept-shrink")
    assert done.returncode == 0 and b"Test, XN--BCHER-KVA.test.\n" in done.stdout, done
    assert tenants_in(folder)["b"] == {"tenant_ids": [], "domains": []}


@pytest.mark.parametrize("arguments, exit, says", [
    (["add", "contoso", "--domain", "a.test"], 65, 'there is a tenant "contoso" already'),
    (["set", "fabrikam", "mode=defer"], 65, 'there is no tenant "fabrikam"'),
    (["remove", "fabrikam"], 65, 'there is no tenant "fabrikam"'),
    (["remove", "[contoso,fabrikam]"], 65, 'there is no tenant "[contoso,fabrikam]"'),
    (["remove", "contoso", "fabrikam"], 65, 'there is no tenant "fabrikam"'),
    (["set", "contoso", "colour=red"], 65, 'unknown key "colour"'),
    (["set", "contoso", "moda=defer"], 65, "did you mean mode?"),
    (["set", "contoso", "mode"], 65, "KEY=VALUE"),
    (["set", "contoso", "mode+=defer"], 65, "mode is no list"),
    (["set", "contoso", "domains-=fabrikam.test"], 65, 'domains of "contoso" has no "fabrikam.test"'),
    (["set", "contoso", "recipients=contoso.test:authoritative,Contoso.Test:internal-relay"], 65, 'recipients: "Contoso.Test" stands there twice'),
    (["set", "contoso", "mode=loud"], 78, 'error: tenants.contoso.mode: must be "enforce", "defer", "quarantine" or "monitor", is "loud"'),
    (["set", "contoso", "hybrid=maybe"], 78, "tenants.contoso.hybrid: must be true or false, is a string"),
    (["add", "b", "--domain", "contoso.test"], 78, 'tenants.b.domains[0]: "contoso.test" is a domain of tenant "contoso" too'),
    (["add", "b", "--domain", "*.com"], 78, "public or shared suffix"),
    (["add", "b", "--tenant-id", "x"], 78, "tenants.b.tenant_ids[0]: \"x\" is no UUID"),
    (["add", "b\n"], 78, "no control characters"),
    (["add", "b\x85"], 78, "no control characters"),
    (["remove", "contoso"], 78, "it would leave 0 of 1 domain"),
    (["list", "surplus"], 64, ""),
    (["lst"], 64, 'did you mean "list"?'),
])
def test_what_is_refused_changes_nothing(folder, arguments, exit, says):
    before = (folder / "tenants.json").read_bytes()
    done = tenant(folder, *arguments) if arguments != ["lst"] else run("tenant", "lst")
    assert done.returncode == exit and says in (done.stdout + done.stderr).decode(), done
    assert (folder / "tenants.json").read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["exota.toml", "good.eml", "tenants.json"]


def test_dry_run(folder):
    before = (folder / "tenants.json").read_bytes()
    done = tenant(folder, "add", "--dry-run", "b", "--domain", "b.test")
    assert done.returncode == 0 and done.stdout.startswith(b"+ b\n") and b"nothing was written" in done.stdout
    assert b"warning: tenants.b: neither tenant_ids nor organizations" in done.stdout
    assert (folder / "tenants.json").read_bytes() == before
    told = json.loads(tenant(folder, "add", "--dry-run", "--json", "b", "--domain", "b.test").stdout)
    assert told["dry_run"] and not told["written"] and told["changes"][0]["fields"] == [{"field": "domains", "before": None, "after": ["b.test"]}]


def test_import(folder):
    more = {"version": 2, "tenants": {"contoso": {"domains": ["contoso.test", "contoso.example"], "tenant_ids": [ID]},
                                      "fabrikam": {"domains": ["fabrikam.test"], "tenant_ids": [OTHER_ID]}}}
    (folder / "more.json").write_text(json.dumps(more))
    assert tenant(folder, "add", "old", "--domain", "old.test").returncode == 0
    assert tenant(folder, "import", folder / "more.json").returncode == 0
    assert tenants_in(folder) == {"old": {"domains": ["old.test"]}, **more["tenants"]}
    one = json.dumps({"version": 2, "tenants": {"fabrikam": more["tenants"]["fabrikam"]}}).encode()
    refused = tenant(folder, "import", "--replace", "-", input=one)
    assert refused.returncode == 78 and b"would leave 1 of 4 domains" in refused.stderr
    assert tenant(folder, "import", "--replace", "--accept-shrink", "-", input=one).returncode == 0
    assert list(tenants_in(folder)) == ["fabrikam"]
    (folder / "bad.json").write_text('{"version": 2, "tenants": {"a": {"colour": 1}}}')
    bad = tenant(folder, "import", folder / "bad.json")
    assert bad.returncode == 78 and b"bad.json:1:34: error: tenants.a.colour: unknown key" in bad.stderr
    assert tenant(folder, "import", folder / "missing.json").returncode == 66


def test_as_many_other_domains_are_a_loss_as_a_daemon_finds(folder):
    """By name, not by number: nothing of what was there is left. What moves to another tenant, or below a wildcard, stays."""
    def text(**domains):
        return json.dumps({"version": 2, "tenants": {name: {"domains": names} for name, names in domains.items()}})

    many = [f"d{i}.a.test" for i in range(100)]
    (folder / "tenants.json").write_text(text(a=many))
    for others, left in ([f"e{i}.test" for i in range(100)], 0), ([*many[:79], *(f"e{i}.test" for i in range(30))], 79):
        refused = tenant(folder, "import", "--replace", "-", input=text(a=others).encode())
        assert refused.returncode == 78 and f"it would leave {left} of 100 domains".encode() in refused.stderr, refused
        refused = tenant(folder, "import", "-", input=text(a=others).encode())
        assert refused.returncode == 78 and f"it would leave {left} of 100 domains".encode() in refused.stderr, refused
    assert not (folder / "tenants.accepted").exists()
    for kept in {"b": [name.upper() for name in many], "c": ["e.test"]}, {"a": ["*.a.test"], "c": ["e.test"]}:
        done = tenant(folder, "import", "--replace", "-", input=text(**kept).encode())
        assert done.returncode == 0, done
    assert not (folder / "tenants.accepted").exists(), "nobody had to mean it"


def test_a_loss_that_is_meant_is_meant_for_the_daemon_too(folder):
    """A reload takes what `--accept-shrink` wrote: the note is of just this content."""
    assert tenant(folder, "remove", "contoso", "--accept-shrink").returncode == 0
    noted = (folder / "tenants.accepted").read_text()
    (folder / "tenants.accepted").unlink()
    assert run("check", "-c", folder / "exota.toml", "--accept-shrink").returncode == 0
    assert (folder / "tenants.accepted").read_text() == noted


def test_a_domain_that_is_written_twice_is_lost_once(folder):
    """A daemon counts it once, and would refuse the loss of the other."""
    twice = {name: {"domains": [f"{name}.test"]} for name in ("a", "b")}
    twice["a"]["domains"] += ["A.test", "a.TEST", "a.test.", "A.TEST"]
    (folder / "tenants.json").write_text(json.dumps({"version": 2, "tenants": twice}))
    refused = tenant(folder, "remove", "b")
    assert refused.returncode == 78 and b"would leave 1 of 2 domains" in refused.stderr, refused
    assert tenant(folder, "set", "a", "domains=a.test").returncode == 0


def test_mode_owner_and_links_are_kept(folder):
    path = folder / "tenants.json"
    path.rename(folder / "real.json")
    path.symlink_to("real.json")
    (folder / "real.json").chmod(0o604)
    if os.geteuid() == 0:
        os.chown(folder / "real.json", 12, 34)
    before = os.stat(folder / "real.json")
    assert tenant(folder, "set", "contoso", "mode=defer").returncode == 0
    after = os.stat(folder / "real.json")
    assert path.is_symlink() and tenants_in(folder)["contoso"]["mode"] == "defer"
    assert after.st_ino != before.st_ino
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o604, before.st_uid, before.st_gid)


def test_changes_at_once_are_all_there(folder):
    """Each waits for the lock, and looks again at what the one before left."""
    held = os.open(folder / "tenants.json", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    command = [EXOTA, "tenant", "add", "-c", folder / "exota.toml"]
    at_once = [subprocess.Popen([*command, f"t{i}", "--domain", f"t{i}.test"], env={"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL)
               for i in range(8)]
    assert tenant(folder, "list").returncode == 0  # who only looks does not wait
    os.close(held)
    assert [one.wait(60) for one in at_once] == [0] * 8
    assert set(tenants_in(folder)) == {"contoso", *(f"t{i}" for i in range(8))}


def test_files_that_cannot_be_changed(folder):
    path = folder / "tenants.json"
    path.write_text('{"contoso.test": {}}')
    one = tenant(folder, "add", "b")
    assert one.returncode == 78 and b"exota migrate" in one.stdout
    path.write_text('{"version": 2, "tenants": {"a": {"domains": ["a.test"], "domains": []}}}')
    twice = tenant(folder, "add", "b")
    assert twice.returncode == 78 and b"tenants.json:1:57: error: tenants.a.domains: duplicate key" in twice.stdout
    assert tenant(folder, "list").returncode == 78
    path.unlink()
    assert tenant(folder, "list").returncode == 66
    path.mkdir()
    assert tenant(folder, "list").returncode == 69
    assert run("tenant", "list", "-c", folder / "missing.toml").returncode == 66
