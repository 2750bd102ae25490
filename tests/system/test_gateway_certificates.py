"""The client certificate matrix at the gateway, which verifies itself: the certificate whose purpose is server authentication only counts,
unlike behind Postfix below 3.12 (test_certificates.py), and names are the alternative names before the common name."""
import signal
import ssl
import subprocess

import pytest
from harness.gateway import plain, whole
from harness.processes import PATIENCE
from harness.smtp import tls_context

#         certificate       counts, by name, unless client_purpose lacks
MATRIX = [
    ("exo_both", True, "both"), ("exo_client", True, "client"), ("exo_server", True, "server"), ("exo_noeku", True, "none"),
    ("exo_nosan", True, "both"), ("exo_sanonly", True, "both"), ("exo_upper", True, "client"), ("exo_inter_chain", True, "both"),
    ("exo_twocn", True, "client"),  # its alternative names, not its two common names
    ("other", False, ""), ("exo_space", False, ""), ("exo_untrusted", False, ""), ("exo_expired", False, ""), ("exo_self", False, ""), ("exo_inter", False, ""),
    (None, False, ""),
]


@pytest.mark.parametrize("certificate, counts, purpose", MATRIX)
def test_matrix(house, certificate, counts, purpose):
    gateway = house.gateway(house.backend())
    with gateway.connect(house.pki, certificate) as client:
        assert ("XOORG" in client.hello().text.split("\n")) == counts
        reply = whole(client, house.message(), organization="contoso.com" if counts else None)
    record = gateway.last()
    assert (reply.code, record["verdict"]) == ((250, "accept") if counts else (550, "reject")), (reply, record)
    if counts:
        assert record["certificate"] == "mail.protection.outlook.com", record
    evidence = record["evidence"]
    assert gateway.explain_evidence(evidence)["verdict"] == record["verdict"]
    results = {"verified": certificate not in (None, "exo_untrusted", "exo_expired", "exo_self", "exo_inter"), "no-certificate": certificate is None}
    for result, expected in results.items():
        assert gateway.gateway_metric("tls_handshakes_total", side="client", result=result) == expected, result


@pytest.mark.parametrize("taken", [["client"], ["server"], ["none"], ["client", "none"]])
def test_only_purposes_that_the_operator_takes_count(house, taken):
    gateway = house.gateway(house.backend(), section={"client_purpose": taken})
    for certificate, purpose in (("exo_client", "client"), ("exo_server", "server"), ("exo_noeku", "none"), ("exo_both", "both")):
        counts = purpose in taken or (purpose == "both" and {"client", "server"} & set(taken))
        with gateway.connect(house.pki, certificate) as client:
            assert whole(client, house.message(), organization=None).code == (250 if counts else 550), (certificate, taken)


def test_tls_1_2_and_1_3_and_nothing_below_the_least(house):
    gateway = house.gateway(house.backend(), section={"min_tls": "1.3"})
    for version, works in ((ssl.TLSVersion.TLSv1_2, False), (ssl.TLSVersion.TLSv1_3, True)):
        client = plain(gateway)
        client.hello()
        client.expect("STARTTLS", 220)
        context = tls_context(house.pki["exo_both"])
        context.minimum_version = context.maximum_version = version
        if works:
            assert context.wrap_socket(client._socket).version() == "TLSv1.3"
        else:
            with pytest.raises((ssl.SSLError, OSError)):
                context.wrap_socket(client._socket)
        client.close()


def test_a_client_cannot_negotiate_anew(house):
    """Another certificate in the middle of a session would be another client's."""
    gateway = house.gateway(house.backend())
    command = ["openssl", "s_client", "-connect", f"{gateway.address}:{gateway.port}", "-starttls", "smtp", "-tls1_2"]
    done = subprocess.run(command, input=b"R\n", capture_output=True, check=False, timeout=PATIENCE)  # R: negotiate anew
    said = (done.stdout + done.stderr).decode()
    assert "RENEGOTIATING" in said and "no renegotiation" in said, said
    assert gateway.gateway_metric("tls_handshakes_total", side="client", result="no-certificate") == 1


def test_tls_can_be_required(house):
    gateway = house.gateway(house.backend(), section={"require_tls": True})
    with gateway.connect(tls=False) as client:
        refused = client.command("MAIL FROM:<jane@contoso.com>")
        assert (refused.code, "STARTTLS" in refused.text) == (530, True), refused


def test_a_reload_brings_another_certificate_and_drops_nobody(house):
    gateway = house.gateway(house.backend())

    def served():
        with gateway.connect(house.pki) as client:
            return client._socket.getpeercert(binary_form=True)
    before = served()
    with gateway.connect(house.pki) as client:
        text = gateway.configuration.read_text()
        gateway.configuration.write_text(text.replace("/server.pem", "/other.pem").replace("/server.key", "/other.key"))
        assert any("reloaded" in line for line in gateway.reload())
        assert whole(client, house.message()).code == 250, "who is here goes on"
        assert served() != before, "who comes sees the new one"
        assert whole(client, house.message()).code == 250
        gateway.configuration.write_text(text.replace("/server.key", "/exo_both.key"))
        assert any("reload-failed" in line for line in gateway.reload()), "a key of another certificate"
        assert served() != before and gateway.process.running()


def test_a_reload_brings_other_roots_and_who_is_here_keeps_what_was_found(house):
    gateway = house.gateway(house.backend())

    def counts(client):
        """Its certificate does: XOORG is offered, and a message is accepted."""
        offered = "XOORG" in client.hello().text.split("\n")
        accepted = whole(client, house.message(), organization="contoso.com" if offered else None).code == 250
        assert offered == accepted
        return accepted

    def counts_anew(certificate):
        with gateway.connect(house.pki, certificate) as client:
            return counts(client)
    assert counts_anew("exo_both") and not counts_anew("exo_untrusted")
    with gateway.connect(house.pki, "exo_both") as trusted, gateway.connect(house.pki, "exo_untrusted") as stranger:
        text = gateway.configuration.read_text()
        assert text.count("/ca.pem") == 1
        for roots, found in (("/otherca.pem", {"exo_both": False, "exo_untrusted": True}), ("/ca.pem", {"exo_both": True, "exo_untrusted": False})):
            gateway.configuration.write_text(text.replace("/ca.pem", roots))
            assert any("reloaded" in line for line in gateway.reload()), roots
            assert {certificate: counts_anew(certificate) for certificate in found} == found, roots
            assert counts(trusted) and not counts(stranger), "found when they came, whatever the roots are now"


def test_a_session_is_not_resumed_across_a_reload(house):
    """What was found out of a certificate counts as long as the roots and settings by which it was."""
    gateway = house.gateway(house.backend())
    context = tls_context(house.pki["exo_both"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # here the ticket is there with the handshake

    def secured(session=None):
        client = plain(gateway)
        client.hello()
        client.expect("STARTTLS", 220)
        client._socket = context.wrap_socket(client._socket, session=session)
        client._stream = client._socket.makefile("rb")
        return client
    with secured() as first:
        session = first._socket.session
    with secured(session) as second:
        assert second._socket.session_reused
        assert "XOORG" in second.hello().text.split("\n"), "the certificate of the first session still counts"
        assert whole(second, house.message()).code == 250
    gateway.process.send(signal.SIGHUP)
    gateway.said("reloaded")
    with secured(session) as third:
        assert not third._socket.session_reused
        assert "XOORG" in third.hello().text.split("\n")


@pytest.mark.parametrize("level, host, certificate, fault", [
    ("encrypt", "127.0.0.1", "server", None), ("encrypt", "127.0.0.1", "exo_self", None),  # whoever he is
    ("verify", "localhost", "server", None), ("verify", "localhost", "exo_both", "another name"), ("verify", "localhost", "no_server", "not for servers"),
    ("verify", "localhost", "exo_untrusted", "not verified: "), ("verify", "127.0.0.1", "server", None),
    ("verify", "127.0.0.1", "exo_both", "another name"),  # an address by iPAddress only
])
def test_tls_to_postfix_behind_us(house, level, host, certificate, fault):
    postfix = house.postfix(smtpd_tls_security_level="encrypt", smtpd_tls_loglevel="1", smtpd_tls_cert_file=house.pki.certificate(certificate), smtpd_tls_key_file=house.pki.key(certificate),
                            smtpd_authorized_xclient_hosts="127.0.0.0/8")
    # The system's roots, as this process has them.
    gateway = house.gateway(f"inet:{host}:{postfix.port}", identity="xclient", section={"backend_tls": level},
                            wrapper=["env", f"SSL_CERT_FILE={house.pki.certificate('ca')}"])
    with plain(gateway) as client:
        answer = client.command("EHLO exo.test")
        assert answer.code == (421 if fault else 250), answer
        if not fault:
            client.start_tls(house.pki["exo_both"])
            assert whole(client, house.message()).code == 250
    if not fault:
        postfix.wait_for_log("TLS connection established from")
    else:
        assert gateway.gateway_metric("backend_failures_total", kind="not-verified") == 1
        assert fault in gateway.said("backend-failed")[0]
    assert gateway.gateway_metric("tls_handshakes_total", side="backend") == 1


def test_a_backend_without_tls_is_not_used_where_tls_is_wanted(house):
    gateway = house.gateway(house.backend(), section={"backend_tls": "encrypt"})
    with plain(gateway) as client:
        assert client.command("EHLO exo.test").code == 421
    assert gateway.gateway_metric("backend_failures_total", kind="no-tls") == 1
