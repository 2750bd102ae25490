"""exota probe with real senders: what it writes down, that it accepts nothing, and that `explain` judges its evidence."""
import json
import re
import shutil
import signal
import smtplib
import subprocess

import pytest
from harness.exota import Exota
from harness.postfix import Postfix
from harness.processes import Process, fresh_directory, wait_for
from harness.smtp import SmtpClient, tls_context


class Probe:
    """One run of `exota probe` on loopback."""

    def __init__(self, workshop, directory, *arguments):
        self.directory, self.report_file = directory, directory / "report.json"
        certificate, key = workshop.pki["server"]
        zone = directory / "zone.json"
        zone.write_text("{}")
        self.process = Process([workshop.binary, "probe", "--listen", "inet:127.0.0.1:0", "--certificate", certificate, "--key", key, "--client-ca",
                                workshop.pki.certificate("ca"), "--hostname", "probe.test", "--report", self.report_file, "--evidence", directory,
                                "--dns", zone, *arguments], directory / "probe.log")
        self.port = int(wait_for(lambda: re.search(r"listening on inet:127\.0\.0\.1:(\d+)", self.process.tail()), self.process.tail)[1])

    def end(self, number=None):
        if number:
            self.process.send(number)
        assert self.process.wait() == 0, self.process.tail()
        return json.loads(self.report_file.read_text())


@pytest.fixture(scope="module")
def seen(workshop, base_directory):
    """One probe, and everybody who came to it: the report, its folder, what the senders were told, and whose message is which."""
    directory = fresh_directory(base_directory)
    probe = Probe(workshop, directory)
    told, raw = {}, workshop.message()
    try:
        for certificate in ("exo_both", "exo_server", "exo_expired", "exo_inter_chain", None):
            with SmtpClient(probe.port) as client:
                client.hello("exo.test")
                client.start_tls(workshop.pki[certificate] if certificate else None, "exo.test")
                client.write(b"MAIL FROM:<jane@contoso.com> SIZE=900 AUTH=<> XOORG=contoso.com\r\nRCPT TO:<bob@dest.test>\r\nDATA\r\n")
                assert [client.reply().code for _ in range(3)] == [250, 250, 354]
                client.write(raw + b".\r\n")
                told[certificate] = str(client.reply())
                client.quit()
        with smtplib.SMTP("127.0.0.1", probe.port, local_hostname="lib.test") as client:
            client.starttls(context=tls_context(workshop.pki["exo_client"]))
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail("jane@contoso.com", ["bob@dest.test"], raw, mail_options=["XOORG=contoso.com", "X-UNHEARD-OF=1"])
            told["smtplib"] = str(refused.value)
        certificate, key = workshop.pki["exo_both"]
        dialogue = b"EHLO ossl.test\nMAIL FROM:<> XOORG=contoso.com\nRCPT TO:<bob@dest.test>\nDATA\n" + raw.replace(b"\r\n", b"\n") + b".\nQUIT\n"
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{probe.port}", "-starttls", "smtp", "-quiet", "-crlf", "-ign_eof", "-cert", certificate,
                               "-key", key], input=dialogue, capture_output=True, timeout=60)
        told["openssl"] = done.stdout.decode()
        if shutil.which("swaks"):
            done = subprocess.run(["swaks", "--server", f"127.0.0.1:{probe.port}", "--from", "jane@contoso.com", "--to", "bob@dest.test", "--ehlo", "swaks.test", "--pipeline"],
                                  capture_output=True, text=True)
            told["swaks"] = done.stdout
        sender = Postfix(fresh_directory(base_directory), sink_port=probe.port, milters=[], name="sender",
                         settings={"smtp_tls_security_level": "encrypt", "smtp_tls_cert_file": certificate, "smtp_tls_key_file": key, "myhostname": "out.test"})
        try:
            sender.sendmail("jane@contoso.com", "bob@dest.test", raw.decode().replace("\r\n", "\n"))
            sender.wait_for_log("status=deferred")
            told["postfix"] = sender.log()
        finally:
            sender.stop()
        report = probe.end(signal.SIGTERM)
    finally:
        probe.process.kill()
    return report, directory, told


def session(report, hello):
    return next(each for each in report["sessions"] if any(command["line"].lower() == f"ehlo {hello}" for command in each["commands"]))


def test_every_sender_is_told_to_keep_its_message(seen):
    report, _, told = seen
    assert all("451" in str(text) and "4.7.1" in str(text) for text in told.values()), told
    assert report["ended_by"] == "SIGTERM" and len(report["sessions"]) == len(told)
    assert all(each["messages"][0]["complete"] for each in report["sessions"])
    assert not any(command["answered"].startswith("2") for each in report["sessions"] for command in each["commands"] if command["line"] == "DATA")


def test_certificates_are_told_with_what_they_verify_for(seen):
    report = seen[0]
    shown = [each["tls"]["certificate"] for each in report["sessions"][:5]]
    assert [each and (each["verified"], each["verifies_for"], len(each["chain"])) for each in shown] == [
        (True, ["clientAuth", "serverAuth"], 1), (True, ["serverAuth"], 1), (False, [], 1), (True, ["clientAuth", "serverAuth"], 2), None]
    assert "expired" in shown[2]["error"]
    leaf, issuer = shown[3]["chain"]
    assert (leaf["extended_key_usage"], leaf["key_usage"], leaf["authority"]) == (["serverAuth", "clientAuth"], ["digitalSignature"], False)
    assert (issuer["extended_key_usage"], issuer["key_usage"], issuer["authority"]) == (None, ["keyCertSign", "cRLSign"], True)
    assert leaf["issuer"] == issuer["subject"] and "CN=Test Intermediate CA" in leaf["issuer"]
    assert leaf["dns_names"] == ["mail.protection.outlook.com", "*.mail.protection.outlook.com", "mail.messaging.microsoft.com"]


def test_parameters_and_header_are_told_as_they_came(seen):
    report = seen[0]
    first = session(report, "exo.test")["messages"][0]
    assert first["mail"] == {"mailbox": "jane@contoso.com", "parameters": [{"keyword": "SIZE", "value": "900"}, {"keyword": "AUTH", "value": "<>"},
                                                                         {"keyword": "XOORG", "value": "contoso.com"}]}
    assert {"name": "X-OriginatorOrg", "value": " contoso.com"} in first["header"]
    library = session(report, "lib.test")["messages"][0]
    assert {"keyword": "X-UNHEARD-OF", "value": "1"} in library["mail"]["parameters"]
    assert session(report, "ossl.test")["messages"][0]["mail"]["mailbox"] == ""
    postfix = session(report, "out.test")
    assert [command["line"] for command in postfix["commands"] if command["line"].startswith("EHLO")] == ["EHLO out.test", "EHLO out.test"]
    assert any(parameter["keyword"] == "SIZE" for parameter in postfix["messages"][0]["mail"]["parameters"])


def test_explain_judges_its_evidence(seen, binary, base_directory):
    """As the gateway would: with Microsoft's certificate and the tenant's id accepted, without a certificate refused."""
    report, directory, _ = seen
    exota = Exota(binary, fresh_directory(base_directory), changes={"dkim": {"source": "verify"}, "authorisation": {"proofs": ["client-cert + tenant-id"]},
                                                                  "authentication_results": None}, started=False)
    verdicts = {}
    for each in report["sessions"]:
        evidence = directory / f"probe-{each['number']}-1.json"
        assert json.loads(evidence.read_text()) == each["messages"][0]["evidence"]
        done = exota.run("explain", "-c", exota.configuration, "--json", "--evidence", evidence)
        verdicts[each["number"]] = json.loads(done.stdout)["verdict"]
    assert [verdicts[number] for number in range(1, 6)] == ["accept", "accept", "reject", "accept", "reject"]


def test_it_ends_after_so_many_sessions_and_listens_no_more(workshop, directory):
    probe = Probe(workshop, directory, "--sessions", "2")
    for _ in range(2):
        with SmtpClient(probe.port) as client:
            assert client.quit().code == 221
    report = probe.end()
    assert (report["ended_by"], len(report["sessions"])) == ("sessions", 2)
    with pytest.raises(OSError):
        SmtpClient(probe.port)


@pytest.mark.parametrize("arguments, code, says", [
    (["--sessions", "0"], 64, ""), (["--sessions", "21"], 64, ""), (["--minutes", "0"], 64, ""), (["--minutes", "11"], 64, ""), (["--key", "x"], 64, "--certificate"),
    (["--certificate", "/nowhere.pem"], 66, "/nowhere.pem"), (["--listen", "unix:/tmp/x"], 64, "TCP"), (["--listen", "what"], 64, "what"),
    (["--listen", "inet:192.0.2.1:25"], 69, "192.0.2.1"), (["--dns", "/nowhere.json"], 66, "/nowhere.json")])
def test_what_it_does_not_take(binary, arguments, code, says):
    done = subprocess.run([binary, "probe", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == code and says in done.stderr, done
