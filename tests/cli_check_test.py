"""`exota check` on the command line: what is an error, what a warning, and what it says of the host and of the files."""
import json
import os
import subprocess

import pytest
from cli_test import EXOTA, SOURCE, TENANTS, folder, run  # noqa: F401 -- the fixture is used by its name

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")


TENANT_ID = TENANTS["tenants"]["contoso"]["tenant_ids"][0]


def test_check_exit_codes(folder):
    assert run("check", "-c", folder / "exota.toml").returncode == 0
    missing = run("check", "-c", folder / "missing.toml", "--json")
    assert missing.returncode == 66 and [problem["file"] for problem in json.loads(missing.stdout)["problems"]] == [str(folder / "missing.toml")]
    (folder / "tenants.json").write_text('{"version": 2, "tenants": {"a": {"domains": ["a.test"], "colour": 1}}}')
    broken = run("check", "-c", folder / "exota.toml")
    assert broken.returncode == 78 and b"tenants.json:1:57: error: tenants.a.colour: " in broken.stdout
    (folder / "tenants.json").unlink()
    assert run("check", "-c", folder / "exota.toml").returncode == 66
    (folder / "exota.toml").write_text("[authorisation]\nmode = \n")
    syntax = run("check", "-c", folder / "exota.toml")
    assert syntax.returncode == 78 and b"exota.toml:2:" in syntax.stdout


def test_a_wrong_configuration_hides_no_error_of_the_tenants(folder):
    (folder / "exota.toml").write_text("colour = 1\n" + (folder / "exota.toml").read_text())
    (folder / "tenants.json").write_text('{"version": 2, "tenants": {"a": {"domains": ["a..test"], "colour": 1, "mode": "?"}}}')
    for done in run("check", "-c", folder / "exota.toml"), run("serve", "-c", folder / "exota.toml"):
        assert done.returncode == 78
        said = (done.stdout + done.stderr).decode()
        assert said.count(": error: ") == 4 and all(f"error: {key}: " in said for key in (
            "colour", "tenants.a.colour", "tenants.a.domains[0]", "tenants.a.mode")), said


def test_check_strict_counts_warnings(folder):
    text = (folder / "exota.toml").read_text()
    (folder / "exota.toml").write_text(text.replace('mode = "enforce"', 'mode = "enforce"\npeer_proof = "none"'))
    assert run("check", "-c", folder / "exota.toml").returncode == 0
    strict = run("check", "-c", folder / "exota.toml", "--strict", "--json")
    assert strict.returncode == 78
    assert any(problem["key"] == "authorisation.peer_proof" for problem in json.loads(strict.stdout)["problems"])


def warnings_of(folder, *changes):
    """What `check` warns of once each (old, new) of `changes` is made to the configuration."""
    text = (folder / "exota.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "changed.toml").write_text(text)
    done = run("check", "-c", folder / "changed.toml", "--json")
    assert done.returncode == 0, done
    strict = run("check", "-c", folder / "changed.toml", "--strict")
    warnings = [problem for problem in json.loads(done.stdout)["problems"] if problem["severity"] == "warning"]
    assert strict.returncode == (78 if warnings else 0)
    return warnings


@pytest.mark.parametrize("section, line, key", [
    ("[bypass]", 'clients = ["40.92.0.0/15"]', "bypass.clients"),
    ("[client_cert]", 'names = ["*.protection.outlook.com"]', "client_cert.names"),
    ("[milter]", 'listen = ["inet:8893"]', "milter.listen"),
    ("[http]", 'listen = "0.0.0.0:8894"', "http.listen")])
def test_check_warns_of_what_opens_or_kills_the_relay(folder, section, line, key):
    before = warnings_of(folder)
    more = [w for w in warnings_of(folder, ("[tenants]", f"{section}\n{line}\n[tenants]")) if w not in before]
    assert [(w["key"], w["line"]) for w in more] == [(key, 10)]


def test_check_warns_of_what_this_host_lacks(folder):
    def lacks(milter):
        return [(w["key"], w["text"]) for w in warnings_of(folder, ("[tenants]", f"[milter]\n{milter}\n[tenants]")) if w["key"].startswith("milter.")]

    assert lacks(f'listen = ["unix:{folder}/s", "inet:127.0.0.1:8893"]\nsocket_group = "root"') == []
    assert lacks(f'listen = ["unix:{folder}/s"]\nsocket_group = "0"') == []
    (missing, text), = lacks(f'listen = ["unix:{folder}/s", "unix:{folder}/missing/s"]')
    assert missing == "milter.listen" and f"the directory {folder}/missing does not exist" in text
    (missing, text), = lacks(f'listen = ["unix:{folder}/exota.toml/s"]')
    assert missing == "milter.listen" and "exota.toml is no directory" in text
    (missing, text), = lacks(f'listen = ["unix:{folder}/s"]\nsocket_group = "no-such-group"')
    assert missing == "milter.socket_group" and 'no group "no-such-group"' in text
    assert lacks('listen = ["inet:127.0.0.1:8893"]\nsocket_group = "no-such-group"') == [], "it is the group of Unix sockets"


@pytest.mark.parametrize("lines, key, says", [
    ('[inbound]\nmode = "monitor"\nlisten = ["unix:{folder}/missing/s"]', "inbound.listen", "the directory {folder}/missing does not exist"),
    ('source = "postgresql"\n[tenants.postgresql]\nconninfo = "host=127.0.0.1 port=1"\npassword_file = "{folder}/missing"',
     "tenants.postgresql.password_file", "{folder}/missing: No such file"),
    ('source = "postgresql"\n[tenants.postgresql]\nconninfo = "host=127.0.0.1 port=1"\npassword_file = "{folder}"',
     "tenants.postgresql.password_file", "{folder}: not a regular file")])
def test_check_warns_of_what_is_opened_later(folder, lines, key, says):
    text = (folder / "exota.toml").read_text()
    if "postgresql" in lines:
        text = text.replace('file = "tenants.json"\n', "")
    (folder / "exota.toml").write_text(text + lines.format(folder=folder) + "\n")
    problems = json.loads(run("check", "-c", folder / "exota.toml", "--json").stdout)["problems"]
    assert [says.format(folder=folder) in problem["text"] for problem in problems if problem["key"] == key] == [True], problems


def test_check_warns_of_names_with_blanks(folder):
    names = 'names = ["mail.protection.outlook.com", " mail.protection.outlook.com ", "a.test b.test"]'
    warnings = [w for w in warnings_of(folder, ("[tenants]", f"[client_cert]\n{names}\n[tenants]")) if w["key"] == "client_cert.names"]
    assert [w["line"] for w in warnings] == [10] and "a.test b.test" in warnings[0]["text"], "blanks at the ends are harmless"
    (folder / "policy.json").write_text('{"contoso.test": {}}')
    environment = {"MILTER_POLICY_FILE": str(folder / "policy.json"), "MILTER_X509_ENABLED": "1", "MILTER_X509_TRUSTED_CN": "mail.protection.outlook.com ",
                   "MILTER_DKIM_ENABLED": "1", "MILTER_TRUSTED_AUTHSERVID": " mx.test"}
    said = run("check", environment=environment).stdout.decode()
    assert said.count("has a blank") == 2


def test_check_shows_the_line_that_is_no_toml(folder):
    (folder / "exota.toml").write_text("[authorisation]\nmode = monitor\n")
    done = run("check", "-c", folder / "exota.toml")
    assert done.returncode == 78
    place, line, mark, total = done.stdout.decode().splitlines()
    assert place.startswith(f"{folder}/exota.toml:2:8: error: no value: text is in double quotes")
    assert (line, mark) == ("    mode = monitor", "           ^") and total == "1 error, 0 warnings"
    problem, = json.loads(run("check", "-c", folder / "exota.toml", "--json").stdout)["problems"]
    assert (problem["line"], problem["column"]) == (2, 8) and "shown" not in problem


def test_check_warns_that_a_missing_certificate_is_refused_for_good(folder):
    assert "client_cert.missing" not in [w["key"] for w in warnings_of(folder)]
    assert "client_cert.missing" in [w["key"] for w in warnings_of(folder, ("endpoints_file", "# endpoints_file"))]


def test_check_warns_of_no_tenant(folder):
    for tenants in ("{}", '{"version": 2, "tenants": {}}'):
        (folder / "tenants.json").write_text(tenants)
        assert ["names no tenant" in w["text"] for w in warnings_of(folder)].count(True) == 1
        assert not any("names no tenant" in w["text"] for w in warnings_of(folder, ('"enforce"', '"monitor"')))


def test_the_same_socket_twice_is_an_error(folder):
    text = (folder / "exota.toml").read_text()
    (folder / "exota.toml").write_text(text + f'[milter]\nlisten = ["unix:{folder}/s", "local:{folder}/s"]\n')
    done = run("check", "-c", folder / "exota.toml")
    assert done.returncode == 78 and b"cannot be opened: the list has" in done.stdout
    started = run("serve", "-c", folder / "exota.toml")
    assert started.returncode == 78 and b"cannot be opened: the list has" in started.stderr


def test_a_version_in_quotes(folder):
    (folder / "tenants.json").write_text(json.dumps({**TENANTS, "version": "2"}))
    done = run("check", "-c", folder / "exota.toml", "--json")
    problems = json.loads(done.stdout)["problems"]
    assert done.returncode == 78
    assert [p["text"] for p in problems if p["severity"] == "error"] == ["must be the number 2, is a string"]


def test_check_old_endpoint_list(folder):
    copy = folder / "endpoints.json"
    copy.write_bytes((SOURCE / "packaging/endpoints.json").read_bytes())
    os.utime(copy, (1_600_000_000, 1_600_000_000))
    text = (folder / "exota.toml").read_text().replace(f"{SOURCE}/packaging/endpoints.json", "endpoints.json")
    (folder / "exota.toml").write_text(text)
    assert b"days old" in run("check", "-c", folder / "exota.toml").stdout
    copy.write_text("[]")
    shrunk = run("check", "-c", folder / "exota.toml")
    assert shrunk.returncode == 78 and b"shrank to nothing" in shrunk.stdout


def serve_once(*arguments, before=(), environment=None):
    """Starts the daemon and ends it as soon as it serves: it has noted what it found."""
    command, clean = [*before, EXOTA, "serve", *arguments], {"PATH": os.environ["PATH"], **(environment or {})}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=clean) as daemon:
        said = []
        for line in daemon.stderr:
            said.append(line)
            if b"event=ready" in line:
                break
        daemon.terminate()
        assert daemon.wait(timeout=60) == 0, said


def with_domains(folder, name, count):
    """A configuration like the folder's, with a tenants file of its own that has so many domains."""
    (folder / f"{name}.json").write_text(json.dumps({"version": 2, "tenants": {"contoso": {"domains": [f"d{i}.test" for i in range(count)]}}}))
    text = (folder / "exota.toml").read_text().replace('"tenants.json"', f'"{name}.json"')
    (folder / f"{name}.toml").write_text(f'{text}[milter]\nlisten = ["unix:{folder}/{name}.sock"]\n')
    return folder / f"{name}.toml"


def test_check_of_one_tenants_file_knows_nothing_of_another(folder):
    serve_once("-c", with_domains(folder, "large", 50))
    small = with_domains(folder, "small", 2)
    assert b"--accept-shrink" not in run("check", "-c", small).stdout
    serve_once("-c", small)
    assert b"--accept-shrink" in run("check", "-c", with_domains(folder, "large", 10)).stdout, "its own number is still known"
    assert b"--accept-shrink" not in run("check", "-c", small, "--strict").stdout


def warned_of_nothing(folder):
    """The folder's configuration with own verification, and nothing left that `check` warns of."""
    text = (folder / "exota.toml").read_text().replace('source = "authentication-results"', 'source = "verify"')
    text = text.partition("[authentication_results]")[0] + text[text.index("[client_ip]"):]
    proofs = 'proofs = ["client-cert + dkim", "client-cert + tenant-id + system-mail"]'
    return text.replace("[dkim]", f"{proofs}\n[dkim]") + f'[milter]\nlisten = ["unix:{folder}/s"]\nsocket_group = "root"\n'


def test_check_after_a_drop_in_with_a_large_policy(folder):
    """A drop-in notes its numbers in /run/exota, which may be another daemon's too; here /run is a folder of the test's."""
    (folder / "run/exota").mkdir(parents=True)
    there = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'mount --bind "{folder}/run" /run && exec "$@"', "sh"]
    if (tried := subprocess.run([*there, "true"], capture_output=True)).returncode != 0:
        pytest.skip(f"no mount namespace here: {tried.stderr.decode().strip()}")

    def policy(count):
        (folder / "policy.json").write_text(json.dumps({f"d{i}.test": {"tenant_id": TENANT_ID} for i in range(count)}))
    environment = {"MILTER_POLICY_FILE": str(folder / "policy.json"), "MILTER_SOCKET": f"unix:{folder}/s", "MILTER_TENANT_ID_REQUIRED": "1"}
    policy(50)
    serve_once(before=there, environment=environment)
    assert len(list((folder / "run/exota").glob("tenants.domains.*"))) == 1, "the drop-in did not note its number there"
    (folder / "small.toml").write_text(warned_of_nothing(folder).replace('state_directory = "."', f'state_directory = "{folder}/run/exota"'))
    checked = run("check", "-c", folder / "small.toml", "--strict")
    assert checked.returncode == 0 and b"--accept-shrink" not in checked.stdout, checked
    policy(5)
    lost = subprocess.run([*there, EXOTA, "check"], env={"PATH": os.environ["PATH"], **environment}, capture_output=True, timeout=60)
    assert b"--accept-shrink" in lost.stdout, "the twin: of its own policy's loss it is warned"


def test_check_shrink_is_warned_of_until_accepted(folder):
    serve_once("-c", with_domains(folder, "tenants", 10))
    (folder / "tenants.json").write_text(json.dumps(TENANTS))
    assert b"--accept-shrink" in run("check", "-c", folder / "exota.toml").stdout
    assert run("check", "-c", folder / "exota.toml", "--accept-shrink").returncode == 0
    assert b"--accept-shrink" not in run("check", "-c", folder / "exota.toml").stdout
    tenants = dict(TENANTS["tenants"], other={"domains": ["other.test"]})
    (folder / "tenants.json").write_text(json.dumps({"version": 2, "tenants": tenants}))
    assert b"--accept-shrink" in run("check", "-c", folder / "exota.toml").stdout, "another content was accepted, not this one"


def test_check_notes_what_reading_results_depends_on(folder):
    """That job ids are missing can be mended, so it is a warning. What remains with them is a note: else --strict would refuse the documented setting."""
    def said(text):
        (folder / "exota.toml").write_text(text)
        done, machine = run("check", "-c", folder / "exota.toml", "--strict"), run("check", "-c", folder / "exota.toml", "--json")
        found = json.loads(machine.stdout)
        notes = [note for note in found["notes"] if "safe only as far as the validator before us cannot be silenced" in note]
        assert [line for line in done.stdout.decode().splitlines() if line.startswith("note: ")] == [f"note: {note}" for note in found["notes"]]
        return done.returncode, notes, [w["key"] for w in found["problems"] if w["severity"] == "warning"]
    verified = warned_of_nothing(folder)
    assert said(verified) == (0, [], []), "nothing depends on it"
    without = verified.replace('source = "verify"', 'source = "authentication-results"\n[authentication_results]\ntrusted_authserv_ids = ["mx.test"]')
    code, (note,), warnings = said(without.replace("[client_ip]", "job_id = true\n[client_ip]"))
    assert (code, warnings) == (0, []), "--strict takes it"
    assert all(word in note for word in ("RemoveARAll", "job ids", "Rspamd", 'dkim.source = "verify"'))
    code, (note,), warnings = said(without)
    assert (code, warnings) == (78, ["authentication_results.job_id"])


def test_check_drop_in(folder):
    (folder / "policy.json").write_text('{"contoso.test": {}}')
    done = run("check", environment={"MILTER_POLICY_FILE": str(folder / "policy.json"), "MILTER_X509_ENABLED": "false"})
    assert done.returncode == 0 and b"reads as off" in done.stdout and b"hole 8" in done.stdout
    assert run("check", environment={"MILTER_DKIM_ENABLED": "1"}).returncode == 78
