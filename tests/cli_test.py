"""The command line: exit codes, help, documents that say what the program does."""
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1]
EXOTA = Path(os.environ.get("EXOTA_BUILD_DIR", SOURCE / "build/dev")) / "exota"
COMMANDS = ["serve", "check", "doctor", "explain", "verify", "report", "tenant", "endpoints", "probe", "migrate", "eval", "healthcheck", "completion"]  # in the order of the manual
TENANTS = {"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"]}}}
SIGNATURE = b"DKIM-Signature: v=1; a=rsa-sha256; d=contoso.test; s=s1; h=From; bh=AAAA; b=AAAA\r\n"
GOOD = b"Authentication-Results: mx.test; dkim=pass header.d=contoso.test\r\nReceived: x\r\n" + SIGNATURE + b"From: Jane <jane@contoso.test>\r\n\r\nbody\r\n"
FACTS = ["--client-ip", "40.92.0.1", "--client-cert", "mail.protection.outlook.com"]

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")


def run(*arguments, environment=None, **options):
    clean = {"PATH": os.environ["PATH"], **(environment or {})}
    return subprocess.run([EXOTA, *map(str, arguments)], env=clean, capture_output=True, timeout=60, **options)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tenants.json").write_text(json.dumps(TENANTS))
    (tmp_path / "exota.toml").write_text(
        '[authorisation]\nmode = "enforce"\n[dkim]\nsource = "authentication-results"\n[authentication_results]\ntrusted_authserv_ids = ["mx.test"]\n'
        f'[client_ip]\nendpoints_file = "{SOURCE}/packaging/endpoints.json"\n[tenants]\nfile = "tenants.json"\nstate_directory = "."\n')
    (tmp_path / "good.eml").write_bytes(GOOD)
    return tmp_path


# --- usage --------------------------------------------------------------------------------------------------------------------------

def test_version_and_usage():
    assert run("--version").stdout.startswith(b"exota ")
    assert run().returncode == 64
    wrong = run("chekc")
    assert wrong.returncode == 64 and b'did you mean "check"' in wrong.stderr
    assert run("check", "--nonsense").returncode == 64
    assert run("explain").returncode == 64


def listed_commands():
    shown = run("--help").stdout.decode()
    return set(re.findall(r"^  ([a-z]+)  ", shown[shown.index("Subcommands:"):], re.M))


def test_help_lists_the_commands():
    assert set(COMMANDS) - {"serve"} <= listed_commands() <= set(COMMANDS)


def options_of(*command):
    """Of the command, and of all below it."""
    text = run(*command, "--help").stdout.decode()
    below = re.findall(r"^  ([a-z]+)  ", text.partition("Subcommands:")[2], re.M)
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)).union(*(options_of(*command, one) for one in below))


@pytest.mark.parametrize("command", COMMANDS)
def test_manual_has_every_option_and_no_other(command):
    if command not in listed_commands():
        pytest.skip(f"this build has no {command}")
    shown = run(command, "--help")
    assert shown.returncode == 0
    manual = (SOURCE / "docs/man/exota.1").read_text().replace("\\-", "-")
    sections = re.split(r"^\.SS exota (\w+)$|^\.SH ", manual, flags=re.M)
    section = sections[sections.index(command) + 1]
    documented = set(re.findall(r"--[a-z][a-z-]*", section))
    wanted = options_of(command) - {"--help"}
    assert wanted - documented == set()
    own = set(re.findall(r"^\.(?:B|BI|BR)\s.*?(--[a-z][a-z-]*)", section, re.M))
    assert own - wanted - {"--help", "--strict", "--evidence"} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_documented(command):
    assert f"`exota {command}" in (SOURCE / "docs/reference/commands.md").read_text()


# --- settings -----------------------------------------------------------------------------------------------------------------------

def keys():
    return json.loads(run("check", "--keys", "--json").stdout)


def settings():
    """scripts/settings as a module."""
    loader = importlib.machinery.SourceFileLoader("settings", str(SOURCE / "scripts/settings"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("settings", loader))
    loader.exec_module(module)
    return module


def test_documents_of_the_settings_are_made_from_the_programs_table():
    done = subprocess.run([SOURCE / "scripts/settings", "--check"], capture_output=True, text=True,
                          env={**os.environ, "EXOTA_BUILD_DIR": str(EXOTA.parent)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run scripts/settings"


def test_what_is_made_has_every_key():
    made = settings()
    reference, manual = made.REFERENCE.read_text(), made.MANUAL.read_text().replace("\\-", "-")
    names = [key["key"] for key in keys()]
    assert sorted(re.findall(r"^\| `([a-z_]+(?:\.NAME)?(?:\.[a-z_]+)+)` \|", reference, re.M)) == sorted(names)
    assert sorted(re.findall(r"^\.B ([a-z_]+(?:\.NAME)?(?:\.[a-z_]+)+)$", manual, re.M)) == sorted([*names, "authorisation.mode"])  # the synopsis has that one
    assert len(names) > 60


def test_a_changed_key_and_a_section_without_words_are_noticed():
    made = settings()
    known = keys()
    text, page = made.REFERENCE.read_text(), made.MANUAL.read_text()
    assert made.reference(text, known) == text and made.manual(page, known) == page
    changed = [{**known[0], "default": "[]"}, *known[1:]]
    assert made.reference(text, changed) != text and made.manual(page, changed) != page
    with pytest.raises(ValueError, match=r"no heading with a table for \[door.NAME\]"):
        made.reference(text, [*known, {**known[0], "key": "door.NAME.listen"}])
    with pytest.raises(ValueError, match="## \\[milter\\]"):
        made.reference(text, [key for key in known if not key["key"].startswith("milter.")])


def test_sample_configuration_is_right(tmp_path):
    (tmp_path / "tenants.json").write_text(json.dumps(TENANTS))
    sample = (SOURCE / "packaging/exota.toml").read_text().replace("/etc/exota/endpoints.json", str(SOURCE / "packaging/endpoints.json"))
    (tmp_path / "exota.toml").write_text(sample.replace("/etc/exota/tenants.json", "tenants.json"))
    done = run("check", "-c", tmp_path / "exota.toml", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["errors"] == 0
    assert 'mode = "monitor"' in sample


# --- what is written, and who could take it for more lines ------------------------------------------------------------------------

HIDDEN = "\x85\u2028\u2029\u202e\ufeff\U000e0041"


def test_json_is_one_line_to_every_reader(folder):
    """str.splitlines ends lines at U+0085, U+2028 and U+2029 too, as JavaScript does, and so do some collectors of logs."""
    forged = f'a{HIDDEN}{{"verdict":"accept"}}{HIDDEN}'
    message = f"From: Jane {forged} <jane@contoso.test>\r\nAuthentication-Results: {forged}; none\r\nX-OriginatorOrg: {forged}\r\n\r\n".encode()
    explain = ["explain", "-c", folder / "exota.toml", "--json", *FACTS, "--helo", forged, "--mail-from", forged, "--xoorg", forged, "--queue-id", forged]
    explained = run(*explain, "-", input=message).stdout.decode()
    (folder / "forged.log").write_text(json.dumps({"verdict": "accept", "judged": "accept", "reason": "authorised", "tenant": forged}))
    (folder / "empty.json").write_text("{}")
    question = {"id": forged, "op": "from", "headers": [f"From: j@{forged}"]}
    texts = [explained, run("eval", input=json.dumps(question, ensure_ascii=False).encode() + b"\n").stdout.decode(),
             run("verify", "--json", "--dns", folder / "empty.json", "--helo", forged, "--client-ip", "40.92.0.1", "-", input=message).stdout.decode(),
             run("report", "--json", folder / "forged.log").stdout.decode()]
    for text in texts:
        assert len(text.splitlines()) == 1, text
        assert not [c for c in text if c in HIDDEN], text
    assert json.loads(texts[1])["id"] == forged
    assert json.loads(texts[3])["rows"][0]["tenant"] == forged
    seen = json.loads(explained)["evidence"]
    assert seen["session"]["helo"] == forged and seen["header"]["from"] == [f"Jane {forged} <jane@contoso.test>"]
    (folder / "evidence.json").write_text(explained)
    again = run("explain", "-c", folder / "exota.toml", "--json", "--evidence", folder / "evidence.json")
    assert again.stdout.decode() == explained


# --- eval ---------------------------------------------------------------------------------------------------------------------------

def test_eval_never_ends_on_bad_input():
    lines = [b"", b"x", b"\xff\xfe", b"[" * 10000, b'{"op": "from", "headers": ["From: a@b.test"], "id": 3}', b"{\"op\": \"decide\"}", b'{"id": 9}']
    done = run("eval", input=b"\n".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(answers) == len(lines)
    assert answers[4] == {"id": 3, "verdict": "ok", "domain": "b.test", "address": "a@b.test", "reason": None}
    assert all("error" in answer for index, answer in enumerate(answers) if index != 4)
    assert answers[6]["id"] == 9


def test_eval_answers_each_line_at_once():
    with subprocess.Popen([EXOTA, "eval"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number in range(3):
            process.stdin.write(json.dumps({"op": "from", "headers": ["From: a@b.test"], "id": number}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_eval_line_above_the_limit():
    done = run("eval", input=b" " * (64 * 1024 * 1024 + 1) + b'\n{"op": "nonsense", "id": 1}\n')
    first, second = map(json.loads, done.stdout.splitlines())
    assert "line of more than" in first["error"] and second["id"] == 1


# --- migrate, report ----------------------------------------------------------------------------------------------------------------

def test_migrate_prints_or_writes_what_check_takes(folder):
    (folder / "policy.json").write_text('{"contoso.test": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}, "b.test": {}}')
    environment = {"MILTER_POLICY_FILE": str(folder / "policy.json"), "MILTER_X509_ENABLED": "1", "MILTER_DKIM_ENABLED": "1", "MILTER_TRUSTED_AUTHSERVID": "mx.test"}
    printed = json.loads(run("migrate", "--json", environment=environment).stdout)
    assert printed["tenants"]["version"] == 2 and "[authorisation]" in printed["configuration"]
    new = folder / "new"
    new.mkdir()
    assert run("migrate", "-o", os.path.relpath(new), environment=environment).returncode == 0
    assert run("check", "-c", new / "exota.toml").returncode == 0
    assert f'file = "{new}/tenants.json"' in (new / "exota.toml").read_text(), "the file beside it, by its absolute path"
    assert 'file = "/etc/exota/tenants.json"' in printed["configuration"]
    other = folder / "other"
    other.mkdir()
    told = run("migrate", "-o", other, "--tenants-file", "/srv/t.json", "--json", environment=environment)
    assert told.returncode == 0
    assert json.loads(told.stdout) == {**printed, "configuration": (other / "exota.toml").read_text()}, "what was written, and how exact it is"
    assert 'file = "/srv/t.json"' in (other / "exota.toml").read_text()
    for way in ([], ["--json"]):
        again = run("migrate", "-o", new, *way, environment=environment)
        assert (again.returncode, again.stdout) == (69, b"") and b"exists" in again.stderr, "nothing is overwritten"
    for there, missing in (("exota.toml", "tenants.json"), ("tenants.json", "exota.toml")):
        half = folder / f"half-{there}"
        half.mkdir()
        (half / there).write_text("mine")
        assert run("migrate", "-o", half, environment=environment).returncode == 69
        assert (half / there).read_text() == "mine" and not (half / missing).exists(), "both or none"
    assert run("migrate").returncode == 64
    assert run("migrate", environment={"MILTER_POLICY_FILE": "/does/not/exist"}).returncode == 66
    (folder / "policy.json").write_text('{"contoso.test": {"foo": 1}}')
    assert run("migrate", environment=environment).returncode == 78


def test_migrate_warns_of_what_check_warns_of(folder):
    (folder / "policy.json").write_text('{"contoso.test": {"tenant_id": "1234abcd-18c5-45e8-88de-123456789abc"}}')
    environment = {"MILTER_POLICY_FILE": str(folder / "policy.json"), "MILTER_X509_ENABLED": "false", "MILTER_TENANT_ID_REQUIERD": "1",
                   "MILTER_X509_IP_WHITELIST": "10.0.0.0/8 127.0.0.1, foo, 192.0.2.7"}
    checked = [line for line in run("check", environment=environment).stdout.decode().splitlines() if line.startswith("environment: ")]
    assert len(checked) == 5, "reads as off, two entries, hole 8, a misspelt variable"
    assert any("did you mean MILTER_TENANT_ID_REQUIRED?" in line for line in checked)
    migrated = run("migrate", "--json", environment=environment)
    assert [line for line in migrated.stderr.decode().splitlines() if line.startswith("environment: ")] == checked
    assert [line for line in json.loads(migrated.stdout)["warnings"] if line.startswith("environment: ")] == checked
    quiet = {"MILTER_POLICY_FILE": environment["MILTER_POLICY_FILE"], "MILTER_X509_ENABLED": "1"}
    assert sum("environment: " in line for line in json.loads(run("migrate", "--json", environment=quiet).stdout)["warnings"]) == 1, "hole 8"


def test_report(folder):
    log = folder / "exota.log"
    log.write_text("verdict=accept judged=reject reason=not-proven tenant=contoso author_domain=contoso.test\nstarted\n"
                   '{"verdict": "accept", "judged": "accept", "reason": "authorised", "tenant": "contoso", "author_domain": "contoso.test"}\n')
    summed = json.loads(run("report", "--json", log).stdout)
    assert summed["messages"] == 2 and summed["other_lines"] == 1 and len(summed["rows"]) == 2
    by_tenant = run("report", "--by", "tenant,verdict", log).stdout.decode()
    assert re.search(r"^ +2 +contoso +accept +-$", by_tenant, re.M) and "2 messages, 1 other line\n" in by_tenant
    assert run("report", input=b"nonsense\n").stdout.endswith(b"0 messages, 1 other line\n")
    assert run("report", folder / "missing.log").returncode == 66
    assert run("report", "--by", "colour", log).returncode == 64


def test_report_shows_what_was_missing_and_where_to_look(folder):
    log = folder / "exota.log"
    line = "verdict=accept judged=reject reason=not-proven missing={} tenant=contoso author_domain=contoso.test queue_id={}\n"
    log.write_text(line.format("dkim", "4A") + line.format("dkim", "4B") + line.format("client-cert", "4C"))
    rows = json.loads(run("report", "--json", log).stdout)["rows"]
    assert [(row["messages"], row["missing"], row["queue_id"]) for row in rows] == [(2, "dkim", "4A"), (1, "client-cert", "4C")]
    assert [row["messages"] for row in json.loads(run("report", "--json", "--by", "reason", log).stdout)["rows"]] == [3]
    page = run("report", "--html", log).stdout.decode()
    assert page.startswith("<!DOCTYPE html>") and "<td>dkim</td><td>4A</td></tr>" in page
    assert run("report", "--html", "--json", log).returncode == 64
