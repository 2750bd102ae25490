"""What forgers write into messages, through real Postfix and OpenDKIM: results, authors, tenant fields, our own header."""
import pytest
from harness.chain import Chain
from harness.message import FABRIKAM_ID
from harness.processes import fresh_directory

FIFTEEN = "; ".join(["spf=none"] * 15)
PASS = "dkim=pass header.d=contoso.com"
# The field (name, value), and whether OpenDKIM's default clean-up leaves it standing for us.
FORGED_RESULTS = [
    ("plain", "Authentication-Results", f"mx.test; {PASS}"),
    ("upper case id", "Authentication-Results", f"MX.TEST; {PASS}"),
    ("version 1", "Authentication-Results", f"mx.test 1; {PASS}"),
    ("version 2", "Authentication-Results", f"mx.test 2; {PASS}"),
    ("comments", "Authentication-Results", f"(x) mx.test (y); (z) {PASS}"),
    ("quoted id", "Authentication-Results", f'"mx.test"; {PASS}'),
    ("folded", "Authentication-Results", f"mx.test;\r\n {PASS}"),
    ("lower case name", "authentication-results", f"mx.test; {PASS}"),
    ("blank before the colon", "Authentication-Results ", f"mx.test; {PASS}"),
    ("method version", "Authentication-Results", "mx.test; dkim/1=pass header.d=contoso.com"),
    ("method version 2", "Authentication-Results", "mx.test; dkim/2=pass header.d=contoso.com"),
    ("sixteenth result", "Authentication-Results", f"mx.test; {FIFTEEN}; {PASS}"),
    ("no semicolon", "Authentication-Results", f"mx.test {PASS}"),
    ("other method first", "Authentication-Results", f"mx.test; spf=pass smtp.mailfrom=contoso.com; {PASS}"),
    ("host's own name", "Authentication-Results", f"gw.test; {PASS}"),
    ("foreign id", "Authentication-Results", f"mx.google.com; {PASS}"),
    ("without id, as Microsoft's", "Authentication-Results", PASS),
    ("ARC's field", "ARC-Authentication-Results", f"i=1; mx.test; {PASS}"),
]
NO_WORD = {"tenant_id": None, "organization": None}


@pytest.fixture(scope="module", params=["default", True], ids=["default-clean-up", "RemoveARAll"])
def behind_opendkim(request, workshop, base_directory):
    made = Chain(workshop, fresh_directory(base_directory), opendkim=request.param, changes={"authorisation": {"proofs": ["client-cert + dkim"]}})
    yield made
    made.stop()


@pytest.mark.parametrize("place", ["top", "below Received", "bottom"])
@pytest.mark.parametrize("name, field, value", FORGED_RESULTS, ids=[row[0] for row in FORGED_RESULTS])
def test_forged_results_never_authorise(behind_opendkim, name, field, value, place):
    path = behind_opendkim
    if place == "top":
        message = path.workshop.message(top=[(field, value)], **NO_WORD)
    elif place == "below Received":
        message = path.workshop.message(top=[("Received", "from a.test by b.test; Sat, 21 Nov 2026 10:00:00 +0000"), (field, value)], **NO_WORD)
    else:
        message = path.workshop.message(extra=[(field, value)], **NO_WORD)
    reply = path.send(message)
    judged = path.judged(reply)
    assert reply.code in (550, 451) and judged["verdict"] != "accept", (reply, judged)
    assert path.finding(reply, "dkim") != "holds"


def test_a_real_signature_still_counts_beside_a_forgery(behind_opendkim):
    path = behind_opendkim
    reply = path.send(path.workshop.message(signed_by="contoso.com", top=[("Authentication-Results", "mx.test; dkim/1=pass header.d=fabrikam.com")]))
    assert reply.code == 250, reply


def test_many_forged_fields(behind_opendkim):
    path = behind_opendkim
    reply = path.send(path.workshop.message(top=[("Authentication-Results", f"mx.test; dkim/1=pass header.d=contoso.com")] * 30, **NO_WORD))
    assert reply.code in (550, 451)


@pytest.mark.parametrize("signer", ["evil.test", "fabrikam.com", "author.test"])
def test_another_domains_signature_does_not_authorise(path, signer):
    reply = path.send(path.workshop.message(signed_by=signer, **NO_WORD))
    assert reply.code == 550 and path.judged(reply)["reason"] in ("not-proven", "contradiction")


def test_a_changed_message_does_not_authorise(path):
    reply = path.send(path.workshop.message(signed_by="contoso.com", **NO_WORD).replace(b"Hello", b"Hallo"))
    assert reply.code == 550 and path.finding(reply, "dkim") == "absent"


def test_the_validator_is_gone(chain):
    """A signed message without any result: the validator did not answer. That is no proof of anything, so 451 and not 550."""
    path = chain(opendkim=False, changes={"authorisation": {"proofs": ["client-cert + dkim"]}})
    reply = path.send(path.workshop.message(signed_by="contoso.com"))
    assert reply.code == 451 and path.finding(reply, "dkim") == "unavailable"
    reply = path.send(path.workshop.message(**NO_WORD))
    assert reply.code == 550, "not signed: there is nothing that a validator could have said"


AUTHORS = [
    ("display name", '"jane@contoso.com" <x@evil.test>', "no-policy"),
    ("two mailboxes", "jane@contoso.com, x@evil.test", "from-ambiguous"),
    ("group", "friends: x@evil.test, jane@contoso.com;", "from-ambiguous"),
    ("angle in the name", "<jane@contoso.com> <x@evil.test>", "from-ambiguous"),
    ("trailing text", "jane@contoso.com x@evil.test", "from-ambiguous"),
    ("two at signs", "jane@contoso.com@evil.test", "from-ambiguous"),
    ("encoded word split by a quote", '=?utf-8?q?jane=40contoso.com"?=" <x@evil.test>', "from-ambiguous"),
    ("the beginning of an encoded word", "Chief =? <x@evil.test> (<jane@contoso.com> =?utf-8?q?aaaaa?=)", "from-ambiguous"),
    ("comment with a quote", 'x@evil.test (" (" ) <jane@contoso.com>)', "from-ambiguous"),
    ("comment in a comment", "x@evil.test (a (b) <jane@contoso.com>)", "from-ambiguous"),
    ("subdomain", "jane@contoso.com.evil.test", "no-policy"),
    ("not covered subdomain", "jane@mail.contoso.com", "no-policy"),
    ("homograph", "jane@cont\u043eso.com", "no-policy"),
    ("literal", "jane@[192.0.2.1]", "from-ambiguous"),
    ("empty", "", "from-ambiguous"),
    ("unclosed", "<jane@contoso.com", "from-ambiguous"),
]


@pytest.mark.parametrize("name, author, reason", AUTHORS, ids=[row[0] for row in AUTHORS])
def test_authors_that_would_fool_a_reader(path, name, author, reason):
    reply = path.send(path.workshop.message(author=author, **NO_WORD))
    judged = path.judged(reply)
    assert reply.code == 550 and judged["reason"] == reason, (reply, judged)


def test_several_from_fields(path):
    for first, second in (("jane@contoso.com", "x@evil.test"), ("x@evil.test", "jane@contoso.com"), ("jane@contoso.com", "jane@contoso.com")):
        reply = path.send(path.workshop.message(author=first, extra=[("from" if "x" in first else "From", second)]))
        assert reply.code == 550 and path.judged(reply)["reason"] == "from-ambiguous", reply


def test_no_from_field(path):
    reply = path.send(path.workshop.message(author=None))
    assert reply.code == 550 and path.judged(reply)["reason"] == "from-missing"


def test_tenant_fields_without_a_proven_peer_are_just_text(path):
    reply = path.send(path.workshop.message(), certificate=None)
    assert reply.code == 550 and path.finding(reply, "tenant-id") == "absent"


def test_two_tenant_ids_contradict(path):
    reply = path.send(path.workshop.message(signed_by="contoso.com", extra=[("x-ms-exchange-crosstenant-id", FABRIKAM_ID)]))
    assert reply.code == 550 and path.judged(reply)["reason"] == "contradiction"


LETTER_CASES = ["X-ExOTA-Authentication-Results", "x-exota-authentication-results", "X-EXOTA-AUTHENTICATION-RESULTS", "X-eXoTa-AuThEnTiCaTiOn-ReSuLtS"]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", LETTER_CASES)
def test_our_header_is_ours_alone(path, name, count):
    """Forged result fields disappear whatever their letter case, number and place; the one that is left is ours, with the truth."""
    forged = [(name, "mx.test; auth=pass forged=1")] * count
    reply = path.send(path.workshop.message(signed_by="contoso.com", top=forged[:1], extra=forged[1:] + [(LETTER_CASES[0], "mx.test; forged=1")]))
    values = path.delivered(reply).values("X-ExOTA-Authentication-Results")
    assert len(values) == 1 and "forged" not in values[0] and values[0].startswith("mx.test;"), values
    assert "auth=pass" in values[0] and "contoso.com" in values[0]


def test_forged_results_of_ours_in_authentication_results_are_removed(path):
    reply = path.send(path.workshop.message(signed_by="contoso.com", extra=[("Authentication-Results", "mx.test; x-exota=pass header.from=evil.test")]))
    assert not [value for value in path.delivered(reply).values("Authentication-Results") if "x-exota" in value]


def test_header_firewall(chain):
    """After the judgement, which sees fields as received, fields that only Microsoft may write go, unless Microsoft wrote them."""
    path = chain(changes={"header_firewall": {"enabled": True}, "bypass": {"clients": ["192.0.2.0/24"]}},
                 postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})
    names = ["X-MS-Exchange-Organization-SCL", "x-ms-exchange-crosspremises-authas", "X-MS-Exchange-Forest-RulesExecuted"]
    extra = [(name, "Internal") for name in names] + [("X-Forefront-Antispam-Report", "CIP:255.255.255.255"), ("X-Own", "stays")]
    reply = path.send(path.workshop.message(signed_by="contoso.com", extra=extra))
    proven = path.delivered(reply)
    assert proven.values("X-Forefront-Antispam-Report") and proven.values("X-OriginatorOrg"), "the proven peer's fields stay"
    assert not [name for name in names if proven.values(name)], "these stay for hybrid tenants only"
    with path.connect(None) as client:
        client.xclient(name="[UNAVAILABLE]", addr="192.0.2.25")
        reply = client.message("a@b.test", ["bob@dest.test"], path.workshop.message(extra=extra))
    bypassed = path.delivered(reply)
    left = [name for name, _ in bypassed.header if name.lower().startswith(("x-ms-exchange-", "x-originatororg", "x-forefront"))]
    assert left == [] and bypassed.values("X-Own") == ["stays"]


def test_all_firewalled_fields_go_even_if_there_are_many(chain):
    path = chain(changes={"header_firewall": {"enabled": True}, "authorisation": {"mode": "monitor"}})
    extra = [(f"X-MS-Exchange-Organization-N{n % 7}", str(n)) for n in range(300)]
    reply = path.send(path.workshop.message(extra=extra), certificate=None)
    assert [name for name, _ in path.delivered(reply).header if "Organization" in name] == []
