"""The files of packaging/compose with a real Postfix: a message comes by TLS, is judged in monitor mode, and reaches the sink."""
import json
import re

from harness.exota import SOURCE, Exota
from harness.processes import fresh_directory, free_port

FOLDER = SOURCE / "packaging/compose"
OF_THE_PLACE = {"maillog_file", "smtpd_milters", "relayhost", "smtpd_tls_cert_file", "smtpd_tls_key_file", "smtpd_tls_CAfile", "compatibility_level", "myhostname"}


def main_cf():
    return dict(re.findall(r"^(\w+) = ?(.*)$", (FOLDER / "main.cf").read_text(), re.M))


def test_a_message_goes_through_the_files_of_the_compose_file(workshop, base_directory, chain):
    directory = fresh_directory(base_directory)
    exota = Exota(workshop.binary, directory, tcp=True, started=False)
    text = (FOLDER / "exota/exota.toml").read_text()
    for theirs, ours in (("inet:0.0.0.0:8893", exota.listen), ("0.0.0.0:8894", f"127.0.0.1:{exota.http_port}"), ("/etc/exota-endpoints.json", f"{SOURCE}/packaging/endpoints.json"),
                         ("/etc/exota/tenants.json", str(FOLDER / "exota/tenants.json"))):
        assert text.count(theirs) == 1
        text = text.replace(theirs, ours)
    exota.configuration.write_text(text + f'[dns]\nservers = ["127.0.0.1@{free_port()}"]\n')  # nothing leaves the machine
    checked = json.loads(exota.run("check", "-c", exota.configuration, "--json").stdout)
    assert checked["errors"] == 0 and checked["tenants"] == 1, checked
    exota.start()
    try:
        path = chain(opendkim=False, exota=exota, postfix={key: value for key, value in main_cf().items() if key not in OF_THE_PLACE})
        reply = path.send(workshop.message(author="a@contoso.com"), sender="a@contoso.com")
        assert reply.accepted, reply
        [line] = exota.said(f"queue_id={reply.queue_id} ")
        assert " verdict=accept judged=reject reason=not-proven mode=monitor tenant=contoso " in line, line
        assert path.delivered(reply).values("X-ExOTA-Authentication-Results")
    finally:
        exota.stop()
