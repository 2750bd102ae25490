"""`exota explain` on the command line: exit codes, logged evidence, stored messages."""
import json
import os
import re
import shutil
import subprocess

import pytest
from cli_test import EXOTA, FACTS, GOOD, SIGNATURE, folder, run  # noqa: F401 -- the fixture is used by its name

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")


def test_explain_exit_by_judged(folder):
    explain = ["explain", "-c", folder / "exota.toml"]
    assert run(*explain, *FACTS, folder / "good.eml").returncode == 0
    assert run(*explain, *FACTS, "-", input=GOOD).returncode == 0
    assert run(*explain, folder / "good.eml").returncode == 77
    # TLS from Exchange Online's address without a verified name: perhaps its certificate is for servers only. Unknown is no refusal.
    assert run(*explain, "--client-ip", "40.92.0.1", "--tls-version", "TLSv1.3", folder / "good.eml").returncode == 75
    assert run(*explain, *FACTS, folder / "missing.eml").returncode == 66
    assert run(*explain, *FACTS, "-", input=b"").returncode == 65
    assert run(*explain, *FACTS, "--client-ip", "nonsense", "-", input=GOOD).returncode in (64, 65)
    text = (folder / "exota.toml").read_text()
    (folder / "exota.toml").write_text(text.replace('"enforce"', '"monitor"'))
    assert run(*explain, folder / "good.eml").returncode == 77, "the exit code is by what enforce would say"


def test_an_empty_fact_takes_no_other(folder):
    """`--mail-from=` is the null sender; the option behind it stays one."""
    for empty in (["--mail-from="], ["--mail-from", ""]):
        done = run("explain", "-c", folder / "exota.toml", "--json", "--client-ip", "40.92.0.1", *empty, f"--client-cert={FACTS[-1]}", folder / "good.eml")
        evidence = json.loads(done.stdout)["evidence"]
        assert done.returncode == 0 and evidence["envelope"]["has_mail"] and evidence["envelope"]["reverse_path"] == ""
        assert evidence["session"]["tls"]["certificate_name"]["value"] == FACTS[-1]


def test_documents_are_named_as_they_are_installed(folder):
    """Wherever the tree was installed to: found from where the program lies."""
    for path in ("bin", "share/doc/exota/docs/reference"):
        (folder / "prefix" / path).mkdir(parents=True)
    (folder / "prefix/bin/exota").symlink_to(EXOTA)
    explain = ["explain", "-c", folder / "exota.toml", folder / "good.eml"]
    assert b" docs/reference/reasons.md says" in run(*explain).stdout, "not installed"
    (folder / "prefix/bin/exota").unlink()
    shutil.copy2(EXOTA, folder / "prefix/bin/exota")
    documents = f"{folder}/prefix/share/doc/exota/docs"

    def installed(*arguments, environment=None):
        done = subprocess.run([folder / "prefix/bin/exota", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **(environment or {})})
        assert not re.search(r"(?<!/)docs/[a-z/-]+\.md", done.stdout + done.stderr), done.stdout + done.stderr
        return done.stdout
    assert f" {documents}/reference/reasons.md says" in installed(*explain)
    assert f"({documents}/migration.md)" in installed("serve", "--help")
    (folder / "doctor.toml").write_text((folder / "exota.toml").read_text() + '\n[dns]\nservers = ["127.0.0.1@9"]\ntimeout = 1\n')
    doctor = ["doctor", "-c", folder / "doctor.toml", "--postconf", "/nowhere/postconf"]
    assert f" [{documents}/postfix.md, main.cf]\n" in installed(*doctor)
    assert {finding["document"] for finding in json.loads(installed(*doctor, "--json"))["findings"]} == {f"{documents}/postfix.md"}
    (folder / "policy.json").write_text('{"contoso.test": {"dkim_alignment_required": false}}')
    environment = {"MILTER_POLICY_FILE": str(folder / "policy.json"), "MILTER_X509_ENABLED": "1", "MILTER_DKIM_ENABLED": "1", "MILTER_TRUSTED_AUTHSERVID": "mx.test"}
    for command in ("migrate", "check"):
        assert f"{documents}/migration.md" in installed(command, "--json", environment=environment)


def test_explain_from_logged_evidence_says_the_same(folder):
    first = json.loads(run("explain", "-c", folder / "exota.toml", "--json", *FACTS, folder / "good.eml").stdout)
    for logged in (first["evidence"], first):
        (folder / "evidence.json").write_text(json.dumps(logged))
        again = run("explain", "-c", folder / "exota.toml", "--json", "--evidence", folder / "evidence.json")
        assert again.returncode == 0 and json.loads(again.stdout) == first
    # As it stands in logs: a JSON line, a logfmt line (where a sender's text tries to be evidence, too), the value with its quotes.
    evidence = json.dumps(first["evidence"], separators=(",", ":"))
    for line in (json.dumps({"verdict": "accept", "evidence": first["evidence"]}), json.dumps(evidence),
                 f'time=x helo="a evidence=\\"{{}}\\" b" xevidence="{{}}" evidence={json.dumps(evidence)}', f"evidence={json.dumps(evidence)} judging_us=3\n",
                 f'time=x helo="a evidence=" tls=TLSv1.3 certificate="x y" evidence={json.dumps(evidence)}'):
        (folder / "evidence.json").write_text(line)
        again = run("explain", "-c", folder / "exota.toml", "--json", "--evidence", folder / "evidence.json")
        assert again.returncode == 0 and json.loads(again.stdout) == first, line
    assert "no header field" not in again.stderr.decode()
    (folder / "evidence.json").write_text(json.dumps({"stage": "recipient", "evidence": first["evidence"] | {"header": {**first["evidence"]["header"], "from": [], "from_count": 0, "field_count": 0}}}))
    assert "no header field in this evidence" in run("explain", "-c", folder / "exota.toml", "--json", "--evidence", folder / "evidence.json").stderr.decode()
    for broken in ('time=x evidence="{', 'time=x evidence="{}\\u12"', 'helo="evidence={}"'):
        (folder / "evidence.json").write_text(broken)
        assert run("explain", "-c", folder / "exota.toml", "--evidence", folder / "evidence.json").returncode == 65
    (folder / "evidence.json").write_text(json.dumps(first))
    for more in (["--client-ip", "192.0.2.1"], ["--client-cert="], ["--tls-version", "TLSv1.3"], ["--helo", "x"], ["--mail-from="], ["--rcpt", "a@b.test"],
                 ["--xoorg", "x.test"], ["--queue-id", "4XyZ"], ["--authenticated"], ["--dns", folder / "evidence.json"], ["--now", "0"],
                 ["--from-received"], ["--keep-received"]):
        refused = run("explain", "-c", folder / "exota.toml", "--evidence", folder / "evidence.json", *more)
        assert (refused.returncode, refused.stdout) == (64, b"") and b"--evidence has the session's facts" in refused.stderr, more
    (folder / "evidence.json").write_text('{"colour": 1}')
    assert run("explain", "-c", folder / "exota.toml", "--evidence", folder / "evidence.json").returncode == 65


STORED = (b"Return-Path: <jane@contoso.test>\r\nAuthentication-Results: mx.test; dkim=pass header.d=contoso.test\r\n"
          b"Received: from out.test (unknown [40.92.0.1])\r\n\t(using TLSv1.3 with cipher X (256/256 bits))\r\n"
          b"\t(Client CN \"mail.protection.outlook.com\", Issuer \"Root\" (verified OK))\r\n\tby gw.test (Postfix) with ESMTPS id 4XyZ\r\n"
          b"\tfor <bob@dest.test>; Sat, 28 Nov 2026 10:00:00 +0000 (UTC)\r\nReceived: x\r\n" + SIGNATURE + b"From: Jane <jane@contoso.test>\r\n\r\nbody\r\n")


def test_explain_of_a_stored_message(folder):
    explain = ["explain", "-c", folder / "exota.toml"]
    bare = run(*explain, "-", input=STORED)
    assert bare.returncode == 77 and b"\nnote      not given, so taken as not seen: client address (--client-ip), TLS" in bare.stdout
    assert b"--client-ip 40.92.0.1 --client-cert mail.protection.outlook.com --tls-version TLSv1.3 --helo out.test" in bare.stdout
    taken = run(*explain, "--from-received", "-", input=STORED)
    assert taken.returncode == 0 and b"note      the topmost Received field (by gw.test, id 4XyZ) was left out" in taken.stdout
    assert run(*explain, "--from-received", "--client-ip", "192.0.2.1", "--client-cert", "evil.test", "-", input=STORED).returncode == 77, "what is given wins"
    assert run(*explain, *FACTS, "-", input=STORED).returncode == 0
    assert run(*explain, *FACTS, "--keep-received", "-", input=STORED).returncode == 0
    machine = run(*explain, "--json", "--from-received", "-", input=STORED)
    header = json.loads(machine.stdout)["evidence"]["header"]
    assert header["received_count"] == 1 and machine.stderr.startswith(b"note: ")
    assert json.loads(run(*explain, "--json", "--from-received", "--keep-received", "-", input=STORED).stdout)["evidence"]["header"]["received_count"] == 2


def test_explain_notes_each_missing_fact_that_a_finding_rests_on(folder):
    """One of address and certificate is given, so there is no word about everything that is not."""
    explain = ["explain", "-c", folder / "exota.toml"]
    note = b"note      not given, so taken as not seen: "
    assert b"not given" not in run(*explain, *FACTS, folder / "good.eml").stdout
    assert note + b"TLS and verified certificate (--tls-version, --client-cert)\n" in run(*explain, "--client-ip", "192.0.2.1", folder / "good.eml").stdout
    text = (folder / "exota.toml").read_text()
    (folder / "exota.toml").write_text(text.replace("[client_ip]", "job_id = true\n[client_ip]"))
    mail = GOOD.replace(b"mx.test;", b"mx.test/4XyZ;")
    bare = run(*explain, *FACTS, "-", input=mail)
    assert bare.returncode == 75 and note + b"queue id (--queue-id)\n" in bare.stdout
    told = run(*explain, *FACTS, "--queue-id", "4XyZ", "-", input=mail)
    assert told.returncode == 0 and b"not given" not in told.stdout


def test_explain_reads_no_facts_from_what_a_sender_wrote(folder):
    """Only the topmost Received field is read, and only if Postfix writes such."""
    forged = b"Received: from A by B.outlook.com with Microsoft SMTP Server id 15.20; x\r\n" + STORED
    refused = run("explain", "-c", folder / "exota.toml", "--from-received", "-", input=forged)
    assert refused.returncode == 65 and b"--from-received: " in refused.stderr
    said = run("explain", "-c", folder / "exota.toml", "-", input=forged).stdout
    assert b"no options can be proposed" in said and b"40.92.0.1" not in said.partition(b"note ")[2]
    assert run("explain", "-c", folder / "exota.toml", "--from-received", "--evidence", folder / "x").returncode == 64


def test_explain_of_a_log_line_without_evidence(folder):
    for line, says in (('time=x event=message verdict=accept judged=accept reason=authorised queue_id=4XyZ helo="a b"', b"log.evidence = "),
                       ('{"verdict": "reject", "judged": "reject", "reason": "no-policy"}', b"log.evidence = "),
                       ('verdict=reject reason=no-policy evidence_octets=50000', b"too long for the log")):
        (folder / "line.txt").write_text(line + "\n")
        done = run("explain", "-c", folder / "exota.toml", "--evidence", folder / "line.txt")
        assert done.returncode == 65 and says in done.stderr, done
