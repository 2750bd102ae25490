"""The client certificate matrix: which certificates Postfix verifies, and what is decided of each.

`unavailable` is the answer when Exchange Online's own address shows no verified name: then the certificate's purpose or the MTA's settings
are to blame, and a refusal for good would lose honest mail. Anybody else without a certificate has none.
"""
import pytest

EXCHANGE_ONLINE, SOMEBODY, RELAY_POOL = "40.92.0.10", "203.0.113.9", "40.95.0.10"
HOLDS, ANOTHER, NOT_VERIFIED = "holds", "another name", "not verified"

MATRIX = [
    ("exo_both", HOLDS), ("exo_client", HOLDS), ("exo_noeku", HOLDS), ("exo_nosan", HOLDS), ("exo_upper", HOLDS), ("exo_inter_chain", HOLDS),
    ("exo_twocn", ANOTHER), ("other", ANOTHER), ("exo_space", ANOTHER),
    (None, NOT_VERIFIED), ("exo_server", NOT_VERIFIED), ("exo_untrusted", NOT_VERIFIED), ("exo_expired", NOT_VERIFIED), ("exo_self", NOT_VERIFIED),
    ("exo_inter", NOT_VERIFIED),
]


def sent_from(path, address, certificate, **message):
    with path.connect(certificate) as client:
        client.xclient(name="[UNAVAILABLE]", addr=address)
        return client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message(**{"signed_by": "contoso.com", **message}))


@pytest.mark.parametrize("certificate, kind", MATRIX)
@pytest.mark.parametrize("address", [EXCHANGE_ONLINE, SOMEBODY])
def test_matrix(path, certificate, kind, address):
    reply = sent_from(path, address, certificate)
    judged = path.judged(reply)
    finding = path.finding(reply, "client-cert")
    if kind == HOLDS:
        assert (reply.code, judged["verdict"], judged["reason"], finding) == (250, "accept", "authorised", "holds"), (reply, judged)
    elif kind == NOT_VERIFIED and address == EXCHANGE_ONLINE:
        assert (reply.code, judged["verdict"], judged["reason"], finding) == (451, "tempfail", "unavailable", "unavailable"), (reply, judged)
    else:
        assert (reply.code, judged["verdict"], judged["reason"], finding) == (550, "reject", "not-proven", "absent"), (reply, judged)


def test_a_certificate_without_a_common_name_is_no_name(path):
    """SAN only: Postfix says "verified", and passes the empty string as name."""
    reply = sent_from(path, SOMEBODY, "exo_sanonly")
    assert reply.code == 550 and path.judged(reply)["reason"] == "not-proven"


def test_the_hint_names_the_purpose(path):
    """An operator must learn from reason and log that a certificate may have been there: the clientAuth purpose, or smtpd_tls_ask_ccert."""
    reply = sent_from(path, EXCHANGE_ONLINE, "exo_server")
    finding = path.explained(reply)["client-cert"]
    assert finding["detail"] == "certificate-not-verified" and "clientAuth" in finding["hint"] and "smtpd_tls_ask_ccert" in finding["hint"], finding
    assert "clientAuth" in path.judged(reply)["hint"] and "clientAuth" in str(reply)


def test_missing_certificates_are_counted_and_said_once(chain):
    """The operator's alarm that the MTA asks for none, or takes none without the clientAuth purpose: only for addresses of Exchange Online."""
    path = chain(changes={"server": {"threads": 1}}, postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})

    def counted():
        return path.exota.metrics()["exota_missing_certificates_total"]

    def warnings():
        return [record for record in path.exota.records() if record["event"] == "missing-certificate"]
    for address, certificate in ((SOMEBODY, None), (SOMEBODY, "exo_server"), (EXCHANGE_ONLINE, "exo_both"), (RELAY_POOL, None)):
        path.judged(sent_from(path, address, certificate))
    with path.connect(tls=False) as client:
        client.xclient(name="[UNAVAILABLE]", addr=EXCHANGE_ONLINE)
        path.judged(client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message()))
    assert counted() == 0 and warnings() == []
    first = sent_from(path, EXCHANGE_ONLINE, None)
    assert first.code == 451
    path.judged(first)
    path.judged(sent_from(path, EXCHANGE_ONLINE, "exo_server"))
    assert counted() == 2
    (warning,) = warnings()  # at most one a minute
    assert warning["level"] == "warning" and warning["queue_id"] == first.queue_id and "smtpd_tls_ask_ccert" in warning["text"], warning


def test_no_tls_is_no_certificate(path):
    reply = path.send(path.workshop.message(signed_by="contoso.com"), tls=False)
    assert reply.code == 550 and path.finding(reply, "client-cert") == "absent"


def test_mail_straight_after_the_handshake(path):
    """Postfix takes MAIL without a second EHLO. By default it then names no certificate, but we ask for it with MAIL as well: judged alike."""
    for certificate, accepted in (("exo_both", True), ("exo_server", False)):
        with path.connect(tls=False) as client:
            client.start_tls(path.pki[certificate], hello=None)
            reply = client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message(signed_by="contoso.com"))
        assert reply.accepted == accepted, reply


def test_the_certificate_counts_for_every_message_of_the_session(path):
    with path.connect() as client:
        for _ in range(3):
            reply = client.message("jane@contoso.com", ["bob@dest.test"], path.workshop.message(signed_by="contoso.com"))
            assert reply.code == 250 and path.finding(reply, "client-cert") == "holds"


def test_postfix_that_does_not_ask_is_named(chain):
    """smtpd_tls_ask_ccert missing: every session from Exchange Online looks without certificate. Metric and warning say so."""
    path = chain(postfix={"smtpd_tls_ask_ccert": "no", "smtpd_authorized_xclient_hosts": "127.0.0.0/8"})
    reply = sent_from(path, EXCHANGE_ONLINE, "exo_both")
    assert reply.code == 451
    path.exota.said("smtpd_tls_ask_ccert")


def test_settings_decide_about_exempt_clients_and_missing_certificates(chain):
    path = chain(postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"},
                 changes={"client_cert": {"exempt": ["203.0.113.9"], "missing": "absent"}, "authorisation": {"proofs": ["client-cert + dkim"]}})
    exempt = sent_from(path, SOMEBODY, None)
    assert exempt.code == 250 and path.finding(exempt, "client-cert") == "holds"
    assert path.finding(exempt, "peer") == "absent", "exempt never proves the peer"
    assert sent_from(path, "203.0.113.10", None).code == 550
    assert sent_from(path, EXCHANGE_ONLINE, None).code == 550, "client_cert.missing = absent"
