"""Where a connection comes from: XCLIENT, Exchange Online's own addresses in a network namespace, IPv6, bypassed clients."""
import pytest
from harness.chain import Chain
from harness.exota import Exota
from harness.processes import fresh_directory

BY_ADDRESS = {"authorisation": {"proofs": ["client-ip + dkim"], "peer_proof": "client-ip"}}

#            source             is Exchange Online's
SOURCES = [
    ("40.92.0.10", True), ("40.107.3.4", True), ("52.100.0.1", True), ("104.47.0.1", True),
    ("40.95.0.10", False), ("203.0.113.9", False), ("127.0.0.1", False),
]


@pytest.fixture(scope="module")
def by_address(workshop, base_directory, network):
    with network:
        made = [Chain(workshop, fresh_directory(base_directory), changes=BY_ADDRESS, address=address)
                for address in ("127.0.0.1", "::1")]
    yield dict(zip(("4", "6"), made))
    for path in made:
        path.stop()


@pytest.mark.parametrize("source, ours", SOURCES)
def test_ipv4_sources(by_address, network, source, ours):
    with network:
        path = by_address["4"]
        reply = path.send(path.workshop.message(signed_by="contoso.com"), source=source, certificate=None)
    assert path.judged(reply)["client"] == source or source in str(path.judged(reply)["client"])
    assert (reply.code == 250) == ours, (reply, path.judged(reply))
    assert path.finding(reply, "client-ip") == ("holds" if ours else "absent")


@pytest.mark.parametrize("source, ours", [("2a01:111:f400::10", True), ("2001:db8::9", False)])
def test_ipv6_sources(by_address, network, source, ours):
    with network:
        path = by_address["6"]
        reply = path.send(path.workshop.message(signed_by="contoso.com"), source=source, certificate=None)
    assert (reply.code == 250) == ours, (reply, path.judged(reply))


@pytest.mark.parametrize("address, ours", [("40.92.0.10", True), ("IPV6:2a01:111:f400::10", True), ("203.0.113.9", False), ("IPV6:2001:db8::9", False)])
def test_xclient_passes_the_real_address(chain, address, ours):
    path = chain(changes=BY_ADDRESS, postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8", "inet_protocols": "all"})
    with path.connect(None) as client:
        client.xclient(name="[UNAVAILABLE]", addr=address)
        reply = client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message(signed_by="contoso.com"))
    assert (reply.code == 250) == ours, (reply, path.judged(reply))


def test_a_login_by_xclient_is_no_authentication(chain):
    """bypass.authenticated must not be had by XCLIENT LOGIN=, which any proxy can say."""
    path = chain(changes={"bypass": {"authenticated": True}}, postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})
    with path.connect(None) as client:
        client.xclient(name="[UNAVAILABLE]", addr="203.0.113.9", login="jane")
        reply = client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message())
    assert reply.code == 550 and path.judged(reply)["reason"] == "not-proven"


def test_auth_on_mail_is_no_authentication(chain):
    path = chain(changes={"bypass": {"authenticated": True}}, postfix={"smtpd_sasl_auth_enable": "no"})
    with path.connect(None) as client:
        client.expect("MAIL FROM:<jane@contoso.com> AUTH=<>", 250)
        client.expect("RCPT TO:<bob@dest.test>", 250)
        client.expect("DATA", 354)
        client.write(path.workshop.message() + b"\r\n.\r\n")
        reply = client.reply()
    assert reply.code == 550


def test_bypassed_clients_are_not_judged_but_cleaned(chain):
    path = chain(changes={"bypass": {"clients": ["192.0.2.0/24"]}}, postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})
    forged = path.workshop.message(author="anybody@anywhere.test", extra=[("X-exota-AUTHENTICATION-results", "mx.test; auth=pass")])
    with path.connect(None) as client:
        client.xclient(name="[UNAVAILABLE]", addr="192.0.2.25")
        reply = client.message("a@b.test", ["bob@dest.test"], forged)
    assert reply.code == 250 and path.judged(reply)["reason"] == "bypassed"
    assert path.delivered(reply).values("X-ExOTA-Authentication-Results") == [], "no result of ours, and none that was forged"
    with path.connect(None) as client:
        client.xclient(name="[UNAVAILABLE]", addr="192.0.3.25")
        assert client.message("a@b.test", ["bob@dest.test"], forged).code == 550


def test_the_shipped_endpoint_list_is_what_we_use(binary, directory):
    exota = Exota(binary, directory, started=False)
    assert (exota.settings["client_ip"]["endpoints_file"]).endswith("endpoints.json")
    assert exota.run("check", "-c", exota.configuration).returncode == 0, exota.run("check", "-c", exota.configuration)
