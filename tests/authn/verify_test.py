"""`exota verify` and `exota explain --dns`: messages that dkimpy signed, a zone file, and what is printed and returned."""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

dkim = pytest.importorskip("dkim")

SOURCE = Path(__file__).resolve().parents[2]
EXOTA = Path(os.environ.get("EXOTA_BUILD_DIR", SOURCE / "build/dev")) / "exota"
pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")

NOW = int(time.time())  # what dkimpy writes as t=
FACTS = ["--client-ip", "192.0.2.1", "--helo", "mx.contoso.test", "--mail-from", "jane@contoso.test"]


def run(*arguments, given=None):
    return subprocess.run([EXOTA, *map(str, arguments)], input=given, env={"PATH": os.environ["PATH"]}, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def key():
    pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], capture_output=True, check=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=pem, capture_output=True, check=True).stdout
    return pem, b"".join(public.splitlines()[1:-1]).decode()


@pytest.fixture
def folder(tmp_path, key):
    pem, public = key
    message = b"From: Jane <jane@contoso.test>\nSubject: hello\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n\nline\n  blanks \t\nend\n"
    signature = dkim.sign(message.replace(b"\n", b"\r\n"), b"s1", b"contoso.test", pem, include_headers=[b"from", b"subject"])
    (tmp_path / "good.eml").write_bytes(signature.replace(b"\r\n", b"\n") + message)  # lines as files have them
    (tmp_path / "crlf.eml").write_bytes(signature + message.replace(b"\n", b"\r\n"))
    (tmp_path / "changed.eml").write_bytes(signature.replace(b"\r\n", b"\n") + message.replace(b"end", b"eNd"))
    zone = {"s1._domainkey.contoso.test": [{"TXT": f"v=DKIM1; p={public}"}], "contoso.test": [{"TXT": "v=spf1 ip4:192.0.2.0/24 -all"}],
            "_dmarc.contoso.test": [{"TXT": "v=DMARC1; p=reject"}]}
    (tmp_path / "zone.json").write_text(json.dumps(zone))
    (tmp_path / "slow.json").write_text(json.dumps({**zone, "s1._domainkey.contoso.test": ["TIMEOUT"]}))
    (tmp_path / "bogus.json").write_text(json.dumps({**zone, "s1._domainkey.contoso.test": ["BOGUS"]}))
    (tmp_path / "empty.json").write_text("{}")
    return tmp_path


def verify(folder, message, zone="zone.json", *more):
    return run("verify", "--dns", folder / zone, "--now", NOW, *more, folder / message)


def results(done):
    """method → result of the one field that is printed."""
    name, _, value = done.stdout.decode().partition(":")
    assert name == "Authentication-Results"
    return dict(part.split()[0].split("=") for part in value.split(";")[1:])


@pytest.mark.parametrize("message,zone,code,wanted", [
    ("good.eml", "zone.json", 0, {"dkim": "pass", "spf": "pass", "dmarc": "pass", "arc": "none"}),
    ("crlf.eml", "zone.json", 0, {"dkim": "pass", "spf": "pass", "dmarc": "pass", "arc": "none"}),
    ("changed.eml", "zone.json", 0, {"dkim": "fail", "spf": "pass", "dmarc": "pass", "arc": "none"}),
    ("good.eml", "slow.json", 75, {"dkim": "temperror", "spf": "pass", "dmarc": "temperror", "arc": "none"}),
    ("good.eml", "bogus.json", 75, {"dkim": "temperror", "spf": "pass", "dmarc": "temperror", "arc": "none"}),
    ("good.eml", "empty.json", 0, {"dkim": "permerror", "spf": "none", "dmarc": "none", "arc": "none"}),
])
def test_results(folder, message, zone, code, wanted):
    done = verify(folder, message, zone, *FACTS)
    assert (results(done), done.returncode) == (wanted, code), done


def test_what_was_not_told_is_not_judged(folder):
    done = verify(folder, "changed.eml")
    assert results(done) == {"dkim": "fail", "dmarc": "fail", "arc": "none"} and done.returncode == 0
    assert "spf" not in results(verify(folder, "good.eml", "zone.json", "--client-ip", "192.0.2.1"))


def test_null_sender_is_checked_by_its_helo(folder):
    (folder / "helo.json").write_text(json.dumps({"mx.contoso.test": [{"TXT": "v=spf1 -all"}]}))
    assert results(verify(folder, "good.eml", "helo.json", "--client-ip", "192.0.2.1", "--helo", "mx.contoso.test", "--mail-from", ""))["spf"] == "fail"


def test_two_authors_are_no_author(folder):
    (folder / "two.eml").write_bytes(b"From: a@contoso.test\nFrom: b@fabrikam.test\n\n")
    assert results(verify(folder, "two.eml"))["dmarc"] == "permerror"


@pytest.mark.parametrize("facts", [[], FACTS])
def test_a_header_above_a_limit_gets_no_better_by_waiting(folder, facts):
    """limits.header_fields is 2000, good.eml has four. A signature and an author beyond that are not seen; one before is not evaluated."""
    header, body = (folder / "good.eml").read_bytes().split(b"\n\n", 1)
    for name, count, below in (("within", 1996, True), ("above", 1997, True), ("before", 2000, False)):
        more = b"X-Filler: x\n" * count
        (folder / f"{name}.eml").write_bytes((header + b"\n" + more if below else more + header + b"\n") + b"\n" + body)
    within = verify(folder, "within.eml", "zone.json", *facts)
    assert within.returncode == 0 and results(within)["dkim"] == "pass"
    for name in ("above", "before"):
        for zone in ("zone.json", "slow.json"):
            done = verify(folder, f"{name}.eml", zone, *facts)
            assert done.returncode == 0 and b"temperror" not in done.stdout, done
            assert {**results(done), "spf": None} == {"dkim": "permerror", "dmarc": "permerror", "arc": "fail", "spf": None}
    (folder / "no_policy.json").write_text(json.dumps({"_dmarc.contoso.test": ["TIMEOUT"]}))
    no_policy = verify(folder, "above.eml", "no_policy.json", *facts)
    assert (no_policy.returncode, results(no_policy)["dkim"], results(no_policy)["dmarc"]) == (75, "permerror", "temperror"), no_policy
    (folder / "silent.json").write_text(json.dumps({"contoso.test": ["TIMEOUT"]}))
    assert verify(folder, "above.eml", "silent.json", *FACTS).returncode == 75, "what DNS does not say may come"


def test_json(folder):
    answer = json.loads(verify(folder, "good.eml", "zone.json", *FACTS, "--json").stdout)
    assert "dkim=pass header.d=contoso.test" in answer["authentication_results"]
    verification = answer["verification"]
    assert verification["dkim"][0]["value"] == "pass" and verification["dkim"][0]["counts"] is True
    assert verification["dmarc"]["aligned_dkim"] is True and verification["dmarc"]["policy"] == "reject"


def test_a_signing_domain_cannot_forge_a_result(folder, key):
    message = b"From: eve@evil.test\r\n\r\nx\r\n"
    for domain in (b"evil.test;dkim=pass header.d=contoso.test", b"evil.test (", b'evil.test"'):
        field = b"DKIM-Signature: v=1; a=rsa-sha256; d=" + domain.replace(b";", b"=3B") + b"; s=s; h=from; bh=AAAA; b=AAAA\r\n"
        (folder / "forged.eml").write_bytes(field + message)
        done = verify(folder, "forged.eml")
        assert results(done)["dkim"] != "pass" and b"header.d=contoso.test" not in done.stdout


def test_bad_input(folder):
    assert verify(folder, "absent.eml").returncode == 66
    assert verify(folder, "good.eml", "absent.json").returncode == 66
    (folder / "empty.eml").write_bytes(b"")
    assert verify(folder, "empty.eml").returncode == 65
    (folder / "broken.json").write_text("{")
    assert verify(folder, "good.eml", "broken.json").returncode == 65
    assert verify(folder, "good.eml", "zone.json", "--client-ip", "x").returncode == 64
    assert verify(folder, "good.eml", "zone.json", "-c", folder / "absent.toml").returncode == 66
    (folder / "wrong.toml").write_text("x = 1\n")
    assert verify(folder, "good.eml", "zone.json", "-c", folder / "wrong.toml").returncode == 78
    assert run("verify").returncode == 64
    assert run("verify", "--now", "soon", folder / "good.eml").returncode == 64
    piped = run("verify", "--dns", folder / "zone.json", "--now", NOW, "-", given=(folder / "good.eml").read_bytes())
    assert results(piped)["dkim"] == "pass"


@pytest.mark.parametrize("proof,message,zone,code", [
    ("client-cert + dkim", "good.eml", "zone.json", 0), ("client-cert + dkim", "changed.eml", "zone.json", 77),
    ("client-cert + dkim", "good.eml", "slow.json", 75), ("client-cert + dkim", "good.eml", "bogus.json", 75),
    ("client-cert + dmarc", "good.eml", "zone.json", 0), ("client-cert + dmarc", "changed.eml", "zone.json", 77),
    ("client-cert + dmarc", "good.eml", "empty.json", 77),
])
@pytest.mark.parametrize("source", ["verify", "both"])
def test_explain_verifies(folder, proof, message, zone, code, source):
    (folder / "tenants.json").write_text(json.dumps({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"]}}}))
    (folder / "exota.toml").write_text(f'[authorisation]\nmode = "enforce"\nproofs = ["{proof}"]\n[dkim]\nsource = "{source}"\n'
                                       '[authentication_results]\ntrusted_authserv_ids = ["mx.test"]\nmissing = "absent"\n'
                                       '[tenants]\nfile = "tenants.json"\nstate_directory = "."\n')
    done = run("explain", "-c", folder / "exota.toml", "--dns", folder / zone, "--now", NOW, "--json", "--client-ip", "40.92.0.1",
               "--client-cert", "mail.protection.outlook.com", "--mail-from", "jane@contoso.test", folder / message)
    assert done.returncode == code, done


@pytest.mark.parametrize("record,code", [("v=spf1 ip4:40.92.0.0/15 -all", 0), ("v=spf1 -all", 77)])
def test_explain_checks_spf_whatever_the_source_of_dkim(folder, record, code):
    (folder / "spf.json").write_text(json.dumps({"contoso.test": [{"TXT": record}]}))
    (folder / "tenants.json").write_text(json.dumps({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"]}}}))
    (folder / "exota.toml").write_text('[authorisation]\nmode = "enforce"\nproofs = ["client-cert + spf"]\n'
                                       '[tenants]\nfile = "tenants.json"\nstate_directory = "."\n')
    done = run("explain", "-c", folder / "exota.toml", "--dns", folder / "spf.json", "--client-ip", "40.92.0.1", "--json",
               "--client-cert", "mail.protection.outlook.com", "--mail-from", "jane@contoso.test", folder / "good.eml")
    assert done.returncode == code, done
