"""The gateway from Exchange Online, with real servers behind it and real clients before it: what passes, what does not, and when."""
import re
import shutil
import smtplib
import socket
import subprocess

import pytest
from harness.exim import Exim
from harness.exota import SOURCE
from harness.gateway import mail, plain, whole
from harness.opensmtpd import OpenSmtpd
from harness.postfix import Postfix
from harness.processes import fresh_directory, wait_for
from harness.sink import Sink
from harness.smtp import tls_context
from test_activation import inherited

UNKNOWN = "nobody.example"  # an organisation that no tenant lists


# --- Postfix behind us ----------------------------------------------------------------------------------------------------------------

CLIENTS = ["40.92.0.10", "2a01:111:f400::10"]  # of Exchange Online


def recipe(identity):
    """What docs/gateway.md puts behind the line of the smtpd behind us in master.cf."""
    told = re.findall(r"^127\.0\.0\.1:10025 inet .* smtpd\n((?:  -o \S+\n)+)", (SOURCE / "docs/gateway.md").read_text(), re.M)
    (options,) = [block for block in told if identity in block]
    return dict(re.findall(r"-o ([^=\s]+)=(\S*)", options))


def postfix_that_is_told(house, identity):
    """By the recipe and nothing else, though main.cf knows no IPv6 and lets one client have one connection."""
    postfix = house.postfix(second=recipe(identity), smtpd_client_connection_count_limit="1", smtpd_client_event_limit_exceptions="")
    postfix.port = postfix.second_port
    return postfix


@pytest.mark.parametrize("identity", ["xclient", "proxy"])
def test_postfix_learns_of_the_client(house, network, identity):
    """Exchange Online's address, with which it came to us, is in Postfix's log and in its Received field."""
    with network:
        postfix = postfix_that_is_told(house, identity)
        gateway = house.gateway(postfix, identity=identity, ipv6=True)
        for source in CLIENTS:
            with gateway.connect(house.pki, source=source) as beside, gateway.connect(house.pki, source=source) as client:
                assert mail(beside).code == 250, "it has two connections at once"
                check_what_postfix_learned(house, postfix, gateway, identity, source, whole(client, house.message()))
    assert all("XOORG" not in line and "AUTH=" not in line for line in postfix.log().splitlines())


def check_what_postfix_learned(house, postfix, gateway, identity, source, reply):
    assert reply.code == 250, (reply, postfix.log()[-2000:], gateway.process.tail()[-3000:])
    queue_id = reply.text.split("queued as ")[1].split()[0]
    postfix.wait_for_log(f"{queue_id}: client=unknown[{source}]")
    delivered = house.sink.wait_for(queue_id)
    received = delivered.values("Received")
    assert f"[{'IPv6:' if ':' in source else ''}{source}]" in received[0], received
    assert len(received) == (1 if identity == "xclient" else 2), "received = auto: a field of ours unless the backend's names the client"
    record = gateway.last(verdict="accept", client=source)
    assert (record["front"], record["gateway"], record["stage"]) == ("gateway", "exchange", "header"), record
    assert queue_id in record["backend_reply"] and record["answered"] == record["backend_reply"] and record["backend"].endswith(f":{postfix.port}"), record


def test_postfix_that_is_not_told_to_take_xclient_is_not_used(house):
    """Our own address would be its trusted one."""
    gateway = house.gateway(house.postfix(), identity="xclient")
    with plain(gateway) as client:
        assert client.command("EHLO exo.test").code == 421
    gateway.said("xclient-missing")
    assert gateway.gateway_metric("backend_failures_total", kind="xclient-missing") == 1
    assert wait_for(lambda: gateway.http("/readyz")[0] == 503, "not ready")


def exim_that_is_told(house):
    exim = house.own(Exim(house.directory, "hosts_proxy = 127.0.0.1"))
    return exim, exim.log


def opensmtpd_that_is_told(house):
    house.sink = house.own(Sink(), "close")
    opensmtpd = house.own(OpenSmtpd(house.directory, sink_port=house.sink.port, listen="proxy-v2"))
    return opensmtpd, opensmtpd.log


@pytest.mark.parametrize("make, server", [(exim_that_is_told, Exim), (opensmtpd_that_is_told, OpenSmtpd)], ids=["exim", "opensmtpd"])
def test_other_servers_learn_of_the_client_by_the_proxy_protocol(house, network, make, server):
    """What docs/gateway.md tells operators of Exim and OpenSMTPD: Exchange Online's address is in their log."""
    if not server.is_installed():
        pytest.skip("not installed beside Postfix (scripts/setup)")
    with network:
        behind, log = make(house)
        gateway = house.gateway(behind, identity="proxy", ipv6=True)
        for source in CLIENTS:
            with gateway.connect(house.pki, source=source) as client:
                reply = whole(client, house.message())
            assert reply.code == 250, (source, reply, log())
            assert wait_for(lambda source=source: source in log(), log)
            assert gateway.last(verdict="accept", client=source)


def test_refusals_of_recipients_are_postfixs_own(house):
    gateway = house.gateway(house.postfix(smtpd_recipient_restrictions="check_recipient_access inline:{{bad@dest.test = REJECT not here}}, permit",
                                          smtpd_authorized_xclient_hosts="127.0.0.0/8"), identity="xclient")
    with gateway.connect(house.pki) as client:
        assert mail(client).code == 250
        refused = client.command("RCPT TO:<bad@dest.test>")
        assert (refused.code, "not here" in refused.text) == (554, True), refused
        client.expect("RCPT TO:<bob@dest.test>", 250)
        client.expect("DATA", 354)
        client.write(house.message() + b".\r\n")
        assert client.reply().code == 250
    assert gateway.last(verdict="accept")["recipients"] == 1


# --- When the verdict falls -----------------------------------------------------------------------------------------------------------

def test_an_unknown_organisation_is_refused_at_mail(house):
    backend = house.backend()
    gateway = house.gateway(backend, section={"early_refusal": True})
    with gateway.connect(house.pki) as client:
        refused = mail(client, UNKNOWN)
        assert (refused.code, "no-policy" in refused.text) == (550, True), refused
        assert whole(client, house.message()).code == 250, "the session goes on"
    record = gateway.last(stage="mail")
    assert (record["verdict"], record["reason"], UNKNOWN in record["why"], record["answered"][:3]) == ("reject", "no-policy", True, "550"), record
    assert len(backend.messages) == 1
    assert gateway.gateway_metric("messages_total", stage="mail", verdict="reject") == 1


def test_without_early_refusal_it_is_refused_at_the_end(house):
    backend = house.backend()
    gateway = house.gateway(backend)
    with gateway.connect(house.pki) as client:
        refused = whole(client, house.message(author="Eve <eve@nobody.example>", organization=UNKNOWN, tenant_id=None), UNKNOWN)
        assert refused.code == 550, refused
        assert whole(client, house.message()).code == 250
    assert gateway.last(verdict="reject")["stage"] == "header"
    assert len(backend.messages) == 1 and sum(line == "DATA" for line in backend.sessions[0]) == 1, "nothing of it reached the backend"
    assert any(line == "RSET" for line in backend.sessions[0])


@pytest.mark.parametrize("signed, code", [("contoso.com", 250), ((), 550)])
def test_where_the_body_decides_the_verdict_falls_at_the_final_dot(house, signed, code):
    backend = house.backend()
    gateway = house.gateway(backend, names=house.names(), changes={"authorisation": {"proofs": ["client-cert + dkim"]}}, section={"hold_octets": "4 KiB"})
    raw = house.message(signed_by=signed, body="A line of the body.\r\n" * 5000)
    with gateway.connect(house.pki) as client:
        assert whole(client, raw).code == code
    assert gateway.last()["stage"] == ("message" if signed else "header"), "without a signature no body can help"
    assert len(backend.messages) == (1 if code == 250 else 0)
    if code == 250:
        assert backend.messages[0].endswith(raw[-2000:]), "what was in memory and what was in the file, in order"
    assert wait_for(lambda: gateway.gateway_metric("held_octets") == 0, "all octets given back")


def test_monitor_passes_and_says_what_it_would_have_done(house):
    backend = house.backend()
    gateway = house.gateway(backend, changes={"authorisation": {"mode": "monitor"}})
    with gateway.connect(house.pki, certificate=None) as client:
        assert whole(client, house.message(), organization=None).code == 250
    record = gateway.last()
    assert (record["verdict"], record["judged"], record["reason"]) == ("accept", "reject", "not-proven"), record


# --- What is spoken -------------------------------------------------------------------------------------------------------------------

def test_what_is_offered_to_whom(house):
    gateway = house.gateway(house.backend())

    def offered(client):
        return {line.split()[0] for line in client.hello().text.split("\n")[1:]}
    with gateway.connect(tls=False) as clear:
        assert {"STARTTLS", "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE"} == offered(clear)
    with gateway.connect(house.pki, certificate=None) as nobody:
        assert "XOORG" not in offered(nobody) and "STARTTLS" not in offered(nobody)
        assert mail(nobody).code == 555
    with gateway.connect(house.pki) as proven:
        assert "XOORG" in offered(proven)
        for malformed in ("XOORG=", "XOORG=a@b", "XOORG=contoso.com XOORG=contoso.com"):
            assert proven.command(f"MAIL FROM:<jane@contoso.com> {malformed}").code == 501, malformed
        assert proven.command("XCLIENT ADDR=192.0.2.1").code == 502 and proven.command("ETRN x").code == 502 and proven.command("VRFY bob").code == 252


def test_pipelined_as_exchange_online_does(house):
    backend = house.backend()
    gateway = house.gateway(backend)
    with gateway.connect(house.pki) as client:
        for _ in range(3):
            client.write(b"MAIL FROM:<jane@contoso.com> SIZE=900 AUTH=<> XOORG=contoso.com\r\nRCPT TO:<bob@dest.test>\r\nRCPT TO:<eve@dest.test>\r\nDATA\r\n")
            assert [client.reply().code for _ in range(4)] == [250, 250, 250, 354]
            client.write(house.message() + b".\r\n")
            assert client.reply().code == 250
        assert client.quit().code == 221
    assert len(backend.messages) == 3
    mails = [line for line in backend.sessions[0] if line.startswith("MAIL")]
    assert mails and all("XOORG" not in line and "AUTH" not in line for line in mails), mails


def test_octets_in_the_clear_behind_starttls_are_never_read_under_tls(house):
    backend = house.backend()
    gateway = house.gateway(backend)
    client = plain(gateway)
    client.hello()
    client.write(b"STARTTLS\r\nMAIL FROM:<eve@contoso.com>\r\n")
    assert client.reply().code == 421
    with pytest.raises(ConnectionError):
        client.reply()
    client.close()
    with gateway.connect(house.pki) as after:
        assert after.quit().code == 221
    assert not any("eve" in line for session in backend.sessions for line in session)


def test_a_socket_that_systemd_opened(house):
    listener = socket.create_server(("127.0.0.1", 0))
    gateway = house.gateway(house.backend(), section={"listen": ["systemd:exchange"]}, started=False,
                            wrapper=["/bin/sh", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=exchange; exec "$@"', "sh"])
    gateway.port = listener.getsockname()[1]
    gateway.start(pass_fds=(3,), before_exec=inherited(listener))
    with gateway.connect(house.pki) as client:
        assert whole(client, house.message()).code == 250


# --- Other clients --------------------------------------------------------------------------------------------------------------------

def test_smtplib(house):
    backend = house.backend()
    gateway = house.gateway(backend)
    with smtplib.SMTP(gateway.address, gateway.port, local_hostname="exo.test") as client:
        client.starttls(context=tls_context(house.pki["exo_client"]))
        client.ehlo()
        assert client.has_extn("xoorg")
        refused = client.sendmail("jane@contoso.com", ["bob@dest.test", "eve@dest.test"], house.message(), mail_options=["XOORG=contoso.com"])
    assert refused == {} and len(backend.messages) == 1


@pytest.mark.skipif(not shutil.which("swaks"), reason="swaks is not installed")
def test_swaks(house):
    """In the clear: Debian's swaks has TLS only with another package."""
    backend = house.backend()
    gateway = house.gateway(backend, changes={"authorisation": {"mode": "monitor"}})
    (house.directory / "mail").write_bytes(house.message().replace(b"\r\n", b"\n"))
    done = subprocess.run(["swaks", "--server", f"{gateway.address}:{gateway.port}", "--from", "jane@contoso.com", "--to", "bob@dest.test", "--ehlo", "exo.test",
                           "--pipeline", "--data", f"@{house.directory / 'mail'}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert len(backend.messages) == 1 and "tls" not in gateway.last(judged="reject")


def test_openssl_s_client(house):
    backend = house.backend()
    gateway = house.gateway(backend)
    certificate, key = house.pki["exo_both"]
    dialogue = b"EHLO exo.test\r\nMAIL FROM:<jane@contoso.com> XOORG=contoso.com\r\nRCPT TO:<bob@dest.test>\r\nDATA\r\n" + house.message() + b".\r\nQUIT\r\n"
    done = subprocess.run(["openssl", "s_client", "-connect", f"{gateway.address}:{gateway.port}", "-starttls", "smtp", "-quiet", "-crlf", "-ign_eof",
                           "-cert", certificate, "-key", key], input=dialogue.replace(b"\r\n", b"\n"), capture_output=True, timeout=60)
    assert b"\n221 " in done.stdout.replace(b"\r", b"") and len(backend.messages) == 1, done


def test_postfixs_client_as_sender(house, workshop, base_directory):
    """Postfix → us → Postfix: its smtp client, with a certificate."""
    behind = house.postfix(smtpd_authorized_xclient_hosts="127.0.0.0/8")
    gateway = house.gateway(behind, identity="xclient")
    certificate, key = house.pki["exo_both"]
    before = house.own(Postfix(fresh_directory(base_directory), sink_port=gateway.port, milters=[], name="sender",
                               settings={"smtp_tls_security_level": "encrypt", "smtp_tls_cert_file": certificate, "smtp_tls_key_file": key, "myhostname": "out.test"}))
    before.sendmail("jane@contoso.com", "bob@dest.test", house.message().decode().replace("\r\n", "\n"))
    record = gateway.last(verdict="accept")
    assert record["certificate"] == "mail.protection.outlook.com" and record["tls"].startswith("TLSv1.")
    queue_id = re.search(r"queued as (\S+)", record["answered"])[1]
    assert b"Hello from the test." in house.sink.wait_for(queue_id).raw
    before.wait_for_log("status=sent (250 ")


# --- Seen from outside ----------------------------------------------------------------------------------------------------------------

def test_evidence_from_the_log_is_judged_alike_by_explain(house):
    gateway = house.gateway(house.backend())
    with gateway.connect(house.pki) as client:
        assert whole(client, house.message()).code == 250
    record = gateway.last(verdict="accept")
    explained = gateway.explain_evidence(record["evidence"])
    assert explained["verdict"] == "accept" and explained["reason"] == record["reason"], explained


def test_result_fields_of_the_message_never_count_and_ours_are_removed(house):
    """Bypassed or not: whoever reads mx.test's results behind us must not read the sender's."""
    backend = house.backend()
    gateway = house.gateway(backend, changes={"authorisation": {"proofs": ["client-cert + dkim", "client-cert + tenant-id"], "mode": "monitor"}}, names=house.names())
    forged = [("Authentication-Results", "mx.test; dkim=pass header.d=contoso.com"), ("Authentication-Results", "other.test; spf=pass smtp.mailfrom=contoso.com")]
    with gateway.connect(house.pki) as client:
        assert whole(client, house.message(top=forged)).code == 250
    head = backend.messages[0].partition(b"\r\n\r\n")[0].decode()
    assert "mx.test; dkim=pass" not in head and "other.test; spf=pass" in head, head


def test_a_client_may_have_so_many_sessions(house):
    gateway = house.gateway(house.backend(), section={"max_sessions_per_client": 2})
    with gateway.connect(tls=False), gateway.connect(tls=False):
        with plain(gateway) as third:
            assert (third.greeting.code, "4.7.0" in third.greeting.text) == (421, True), third.greeting
    assert gateway.gateway_metric("sessions_refused_total") == 1
    wait_for(lambda: gateway.gateway_metric("sessions") == 0, "both are gone")
    with gateway.connect(tls=False) as again:
        assert again.greeting.code == 220


def test_a_message_has_at_most_a_thousand_recipients(house):
    with house.gateway(house.backend()).connect(house.pki) as client:
        client.expect("MAIL FROM:<jane@contoso.com>", 250)
        client.write(b"".join(b"RCPT TO:<bob%d@dest.test>\r\n" % number for number in range(1001)))
        assert [client.reply().code for _ in range(1001)] == [250] * 1000 + [452]
