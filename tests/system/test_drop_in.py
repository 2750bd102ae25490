"""The predecessor's environment and policy file, behind real Postfix and OpenDKIM: replies to the letter, header, and the closed holes."""
import json

import pytest
from harness.chain import Chain
from harness.drop_in import FULL, POLICY, DropIn
from harness.exota import Exota
from harness.message import FABRIKAM_ID
from harness.processes import fresh_directory

TEXT = "Security policy violation!"


@pytest.fixture(scope="module")
def drop_in_of(workshop, base_directory):
    made = []

    def make(**variables):
        directory = fresh_directory(base_directory)
        exota = DropIn(workshop.binary, directory, {**FULL, **{f"MILTER_{name}": value for name, value in variables.items()}})
        made.append(exota)
        made.append(Chain(workshop, directory, exota=exota, postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"}))
        return made[-1]
    yield make
    for part in reversed(made):
        part.stop()


@pytest.fixture(scope="module")
def drop_in(drop_in_of):
    return drop_in_of()


REPLIES = [
    ("no certificate", "No trusted x509 client CN found", dict(certificate=None), {}),
    ("unverified certificate", "No trusted x509 client CN found", dict(certificate="exo_server"), {}),
    ("wrong name", "Untrusted x509 client CN: mail.contoso.test", dict(certificate="other"), {}),
    ("from missing", "5322.from header missing", {}, dict(author=None)),
    ("no policy", "No policy for 5322.from_domain unknown.test", {}, dict(author="a@unknown.test")),
    ("no policy, resent", "No policy for 5322.resent_from_domain unknown2.test", {}, dict(author="a@unknown.test", extra=[("Resent-From", "b@unknown2.test")])),
    ("tenant id missing", "Tenant-ID is missing!", {}, dict(tenant_id=None)),
    ("tenant id wrong", "No policy match for tenant-id", {}, dict(tenant_id=FABRIKAM_ID)),
    ("tenant ids differ", "Multiple/different tenant-ID headers found!", {}, dict(extra=[("X-MS-Exchange-CrossTenant-Id", FABRIKAM_ID)])),
    ("not signed", "No valid DKIM authentication results found", {}, dict()),
    ("not aligned", "DKIM alignment required!", {}, dict(signed_by="evil.test")),
]


@pytest.mark.parametrize("name, reason, how, message", REPLIES, ids=[row[0] for row in REPLIES])
def test_replies_to_the_letter(drop_in, name, reason, how, message):
    reply = drop_in.send(drop_in.workshop.message(**message), **how)
    assert reply.queue_id
    assert str(reply) == f"550 5.7.1 queue_id: {reply.queue_id} - {TEXT} - reason: {reason}"


def test_an_unusable_author_has_no_reason(drop_in):
    reply = drop_in.send(drop_in.workshop.message(author="undisclosed-recipients:;"))
    assert str(reply) == f"550 5.7.1 queue_id: {reply.queue_id} - {TEXT}"


def test_honest_mail_and_its_header(drop_in):
    reply = drop_in.send(drop_in.workshop.message(signed_by="contoso.com"))
    (value,) = drop_in.delivered(reply).values("X-ExOTA-Authentication-Results")
    assert value == "mx.test; auth=pass 5322_from_domain=contoso.com dkim=True dkim_aligned=True x509_client_trust=True forwarded=False"


def test_policies_of_other_kinds(drop_in):
    for author, signer, dkim, aligned in (("a@unsigned.test", (), "False", "False"), ("a@loose.test", "evil.test", "True", "False")):
        reply = drop_in.send(drop_in.workshop.message(author=author, signed_by=signer))
        (value,) = drop_in.delivered(reply).values("X-ExOTA-Authentication-Results")
        assert f"dkim={dkim} dkim_aligned={aligned}" in value, value


def test_the_forwarded_message(drop_in):
    """Resent-From has a policy: accepted as forwarded. Alignment is asked of the From domain, so the policy must waive it."""
    reply = drop_in.send(drop_in.workshop.message(author="ann@author.test", signed_by="evil.test", extra=[("Resent-From", "jane@loose.test")]))
    (value,) = drop_in.delivered(reply).values("X-ExOTA-Authentication-Results")
    assert "5322_from_domain=author.test" in value and "forwarded=True" in value


def test_whitelisted_client_needs_no_certificate(drop_in):
    for address, accepted in (("192.0.2.25", True), ("192.0.2.26", False)):
        with drop_in.connect(None) as client:
            client.xclient(name="[UNAVAILABLE]", addr=address)
            reply = client.message("jane@contoso.com", ["bob@dest.test"], drop_in.workshop.message(signed_by="contoso.com"))
        assert reply.accepted == accepted, reply


CLOSED = [
    ("two From fields", dict(signed_by="contoso.com", extra=[("From", "x@evil.test")])),
    ("two From fields, ours last", dict(author="x@evil.test", extra=[("From", "jane@contoso.com")])),
    ("dkim/1=pass", dict(top=[("Authentication-Results", "mx.test; dkim/1=pass header.d=contoso.com")])),
    ("sixteenth result", dict(top=[("Authentication-Results", "mx.test; " + "spf=none; " * 15 + "dkim=pass header.d=contoso.com")])),
]


@pytest.mark.parametrize("name, message", CLOSED, ids=[row[0] for row in CLOSED])
def test_closed_holes_stay_closed_behind_opendkims_defaults(workshop, base_directory, name, message):
    directory = fresh_directory(base_directory)
    exota = DropIn(workshop.binary, directory, FULL)
    path = Chain(workshop, directory, exota=exota, opendkim="default")
    try:
        reply = path.send(workshop.message(**message))
        assert reply.code in (550, 450) and path.sink.messages == [], reply
    finally:
        path.stop()
        exota.stop()


def test_a_silent_validator_is_no_refusal_for_good(workshop, base_directory):
    """The predecessor answered 550 when OpenDKIM's resolver was down (no field at all)."""
    directory = fresh_directory(base_directory)
    exota = DropIn(workshop.binary, directory, FULL)
    path = Chain(workshop, directory, exota=exota, opendkim=False)
    try:
        reply = path.send(workshop.message(signed_by="contoso.com"))
        assert reply.code == 450 and reply.text.startswith("4.7.1 queue_id: "), reply
    finally:
        path.stop()
        exota.stop()


def test_percent_signs_reach_the_client(drop_in_of):
    path = drop_in_of(REJECT_MESSAGE="100% refused, %s")
    reply = path.send(path.workshop.message(author="a@unknown.test"))
    assert str(reply) == f"550 5.7.1 queue_id: {reply.queue_id} - 100% refused, %s - reason: No policy for 5322.from_domain unknown.test"


def test_forged_result_header_in_lower_case_is_removed(drop_in):
    reply = drop_in.send(drop_in.workshop.message(signed_by="contoso.com", extra=[("x-exota-authentication-results", "mx.test; auth=pass forged=1")]))
    values = drop_in.delivered(reply).values("X-ExOTA-Authentication-Results")
    assert len(values) == 1 and "forged" not in values[0]


START_ERRORS = [
    ({"MILTER_DKIM_ALIGNMENT_REQUIRED": "true"}, "MILTER_DKIM_ALIGNMENT_REQUIRED"),
    ({"MILTER_POLICY_SOURCE": "ldap"}, "MILTER_LDAP_SERVER_URI"),
    ({"MILTER_POLICY_FILE": "/nowhere/policy.json"}, "/nowhere/policy.json"),
    ({"MILTER_SOCKET": "carrier-pigeon:1"}, "carrier-pigeon"),
]


@pytest.mark.parametrize("change, named", START_ERRORS, ids=[row[1] for row in START_ERRORS])
def test_start_errors_name_the_variable(binary, directory, change, named):
    (directory / "policy.json").write_text(json.dumps(POLICY))
    exota = Exota(binary, directory, started=False)
    done = exota.run("serve", environment={**FULL, "MILTER_SOCKET": f"unix:{directory}/s", "MILTER_POLICY_FILE": str(directory / "policy.json"), **change})
    assert done.returncode == 78 and named.encode() in done.stderr, done


def test_open_holes_are_printed_at_start(drop_in_of):
    path = drop_in_of(DKIM_ALIGNMENT_REQUIRED="False")
    assert len(path.exota.said("MILTER_DKIM_ALIGNMENT_REQUIRED")) == 1
