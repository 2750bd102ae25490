"""What a forger sends to fool each exception of the inbound door: seals, forwarders, excepted domains, what EOP passes on, own domains. Real signatures, real
seals, through a real Postfix; and beside each exception the honest mail that it is for."""
import pytest
from harness.dns import txt
from harness.forged_arc import ARC, HONEST_ARC
from harness.forger import add, sign
from harness.inbound import EOP, STRANGER, Door, key_of
from harness.message import CONTOSO_ID, FABRIKAM_ID, Keys
from harness.processes import fresh_directory

SIGNERS = ["contoso.com", "contoso.onmicrosoft.com", "fabrikam.com", "evil.test", "author.test", "sealer.test", "forwarder.test", "microsoft.com"]
FORWARDER = "203.0.113.77"
STRANGERS_ID = "99999999-9999-4999-8999-999999999999"
BANK, OWN, EXCEPTED = "Jane <jane@author.test>", "Jane <jane@contoso.com>", "Jane <jane@pay.partner.test>"
REJECTS = txt("_dmarc", "v=DMARC1; p=reject")


@pytest.fixture(scope="module")
def keys(base_directory):
    return Keys(fresh_directory(base_directory) / "keys", SIGNERS)


@pytest.fixture(scope="module")
def door(workshop, base_directory, keys):
    key = lambda domain: txt("selector1._domainkey", key_of(keys, domain))  # noqa: E731
    made = Door(workshop, fresh_directory(base_directory), keys=keys, inbound={"trusted_forwarders": [f"{FORWARDER}/32", "dkim:forwarder.test"]},
                changes={"arc": {"trusted_sealers": ["sealer.test", "microsoft.com"]}, "inbound.domains": {'"*.partner.test"': "none", '"contoso.com"': "none"}},
                signed=["signed.test"], broken=["broken.test"], breaks=("p=reject", "p=none"),
                more_zones={"signed.test": REJECTS, "broken.test": REJECTS, "sealer.test": key("sealer.test"), "forwarder.test": key("forwarder.test") + REJECTS, "partner.test": REJECTS,
                            "evilpartner.test": REJECTS, "evil.test": key("evil.test") + REJECTS + txt("@", "v=spf1 +all"),
                            "microsoft.com": key("microsoft.com") + REJECTS + txt("@", "v=spf1 -all"),
                            "contoso.onmicrosoft.com": key("contoso.onmicrosoft.com") + REJECTS + txt("@", "v=spf1 ip4:40.92.0.0/15 -all")})
    yield made
    made.stop()


def judged(door, raw, **how):
    reply = door.send(raw, **how)
    record = door.chain.judged(reply)
    return reply.code, record["reason"], record.get("compauth"), record


# --- Seals ------------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("row", ARC, ids=[row.name for row in ARC])
def test_no_forged_seal_lets_an_own_domain_in(door, keys, row):
    code, reason, _, record = judged(door, row.make(keys))
    assert (code, reason) == (550, "own-domain"), record


@pytest.mark.parametrize("row", HONEST_ARC, ids=[row.name for row in HONEST_ARC])
def test_a_trusted_seal_does(door, keys, row):
    code, reason, compauth, record = judged(door, row.make(keys))
    assert (code, reason) == (250, "passed") and compauth in ("pass 130", "pass 100"), record


# --- Forwarders -------------------------------------------------------------------------------------------------------------------------

def forwarded(door, keys, author=BANK, signer="forwarder.test", **how):
    return sign(door.message(author), keys, signer, **how)


FORWARDED = [
    ("his key, the forwarder's name", lambda door, keys: forwarded(door, keys, key="evil.test")),
    ("a domain below the forwarder's", lambda door, keys: forwarded(door, keys, signer="x.forwarder.test", key="forwarder.test")),
    ("his own signature in the forwarder's name as i=", lambda door, keys: forwarded(door, keys, signer="evil.test", more="i=@forwarder.test")),
    ("his own signature alone", lambda door, keys: forwarded(door, keys, signer="evil.test")),
    ("another body", lambda door, keys: forwarded(door, keys).replace(b"Hello", b"Hallo")),
    ("another author", lambda door, keys: forwarded(door, keys, author="Eve <eve@evil.test>").replace(b"Eve <eve@evil.test>", b"Jane <jane@author.test>")),
    ("signed without the body's end", lambda door, keys: forwarded(door, keys, l=0) + b"\r\nPay to this account\r\n"),
    ("From is not signed", lambda door, keys: forwarded(door, keys, h="To:Subject:Date")),
    ("long expired", lambda door, keys: forwarded(door, keys, more="t=1; x=2")),
    ("a selector that is not there", lambda door, keys: forwarded(door, keys, s="nowhere")),
    ("the forwarder's results, written by himself", lambda door, keys: add(door.message(BANK), ("Authentication-Results", "mx.test; dkim=pass header.d=forwarder.test"))),
    ("the forwarder's address in Received", lambda door, keys: add(door.message(BANK), ("Received", f"from x ([{FORWARDER}]) by gw.test; Sat, 21 Nov 2026 10:00:00 +0000"))),
    ("our own field says that it passed", lambda door, keys: add(door.message(BANK), ("X-ExOTA-Authentication-Results", "mx.test; auth=pass door=inbound compauth=pass"))),
]


@pytest.mark.parametrize("what, make", FORWARDED, ids=[row[0] for row in FORWARDED])
def test_no_forged_forward_passes(door, keys, what, make):
    code, reason, _, record = judged(door, make(door, keys))
    assert (code, reason) == (550, "dmarc-failed"), record


def test_two_authors_are_none(door, keys):
    raw = forwarded(door, keys, author="Eve <eve@evil.test>")
    code, reason, _, record = judged(door, add(raw, ("From", BANK)))
    assert (code, reason) == (550, "from-ambiguous"), record


def test_a_trusted_forwarder_is_believed_but_not_for_own_domains(door, keys):
    assert judged(door, forwarded(door, keys))[:3] == (250, "passed", "pass 131")
    assert judged(door, door.message(BANK), address=FORWARDER)[:3] == (250, "passed", "pass 131")
    for raw, address in ((forwarded(door, keys, author=OWN), STRANGER), (door.message(OWN), FORWARDER)):
        assert judged(door, raw, address=address)[:2] == (550, "own-domain"), "nor does inbound.domains except it"


def test_marks_of_a_list_make_a_mark_of_a_refusal_only_for_whom_can_prove_himself(door, keys):
    listed = [("List-Id", "<list.evil.test>"), ("List-Post", "<mailto:list@evil.test>")]
    assert judged(door, door.message(BANK, extra=listed))[:2] == (550, "dmarc-failed"), "nothing of his own is proven"
    raw = sign(door.message(BANK, extra=listed), keys, "evil.test")
    reply = door.send(raw)
    assert reply.code == 250 and door.chain.delivered(reply).values("X-ExOTA-Disposition") == ["quarantine reason=dmarc-failed"], reply
    assert judged(door, sign(door.message(OWN, extra=listed), keys, "evil.test"), sender="list@evil.test")[:2] == (550, "own-domain")


# --- Excepted domains -------------------------------------------------------------------------------------------------------------------

def test_an_excepted_domain_is_no_other(door):
    assert judged(door, door.message(EXCEPTED))[:3] == (250, "passed", "none 402")
    for author in ("jane@partner.test", "jane@evilpartner.test", "jane@pay.evilpartner.test"):
        assert judged(door, door.message(author))[:2] == (550, "dmarc-failed"), author
    for author in ('"jane@pay.partner.test" <jane@author.test>', "jane@pay.partner.test@author.test"):
        code, reason, _, record = judged(door, door.message(author))
        assert code == 550 and reason in ("dmarc-failed", "from-ambiguous"), record


# --- DNS --------------------------------------------------------------------------------------------------------------------------------

def test_a_policy_that_was_changed_on_its_way_is_none_at_all(door):
    """Whoever can change an answer makes p=reject p=none; DNSSEC shows it, and then nobody can say."""
    assert judged(door, door.message("jane@signed.test"))[:3] == (550, "dmarc-failed", "fail 000")
    assert judged(door, door.message("jane@broken.test"))[:3] == (451, "unavailable", "none 301")


# --- Exchange Online --------------------------------------------------------------------------------------------------------------------

GOOD = ("spf=pass (sender IP is {sender}) smtp.mailfrom=author.test; dkim=pass (signature was verified) header.d=author.test;"
        "dmarc=pass action=none header.from=author.test;compauth=pass reason=100")
#     what                                    changes of a message that would pass
PASSED_ON = [
    ("the forger's own tenant", {"tenant_id": STRANGERS_ID}),
    ("another customer's tenant", {"tenant_id": FABRIKAM_ID}),
    ("no tenant", {"tenant_id": None}),
    ("two tenants", {"extra": [("X-MS-Exchange-CrossTenant-Id", STRANGERS_ID)]}),
    ("results for another sender than CIP", {"results": GOOD.replace("{sender}", "198.51.100.1")}),
    ("results for another author", {"results": GOOD.replace("header.from=author.test", "header.from=evil.test")}),
    ("results with our own authserv-id", {"results": "mx.test; " + GOOD}),
    ("a method twice", {"results": GOOD + "; dmarc=fail header.from=author.test"}),
    ("an unknown word", {"results": GOOD.replace("dmarc=pass", "dmarc=passed")}),
]


def passed_on(door, results=GOOD, author=BANK, **fields):
    return door.passed_on(results, author=author, **fields)


def test_what_eop_passed_on_is_believed(door):
    assert judged(door, passed_on(door), address=EOP, certificate="exo_both")[:3] == (250, "passed", "pass 100")


@pytest.mark.parametrize("what, changes", PASSED_ON, ids=[row[0] for row in PASSED_ON])
def test_what_it_did_not_is_not(door, what, changes):
    code, reason, _, record = judged(door, passed_on(door, **changes), address=EOP, certificate="exo_both")
    assert code in (550, 451) and reason in ("dmarc-failed", "unavailable"), record


@pytest.mark.parametrize("name", ["X-MS-Exchange-Authentication-Results", "Authentication-Results-Original", "ARC-Authentication-Results"])
def test_results_under_other_names_count_for_nothing(door, name):
    raw = passed_on(door).replace(b"Authentication-Results:", name.encode() + b":", 1)
    code, reason, _, record = judged(door, raw, address=EOP, certificate="exo_both")
    assert (code, reason) == (550, "dmarc-failed"), record


def test_a_second_field_below_takes_no_place(door):
    bad = "spf=fail (sender IP is {sender}) smtp.mailfrom=x.test; dkim=none header.d=none;dmarc=fail action=oreject header.from=author.test;compauth=none reason=451"
    raw = passed_on(door, results=bad, extra=[("Authentication-Results", GOOD.format(sender="203.0.113.5"))])
    assert judged(door, raw, address=EOP, certificate="exo_both")[:2] == (550, "eop-verdict")


def test_results_count_for_the_tenants_own_recipients_only(door):
    code, reason, _, record = judged(door, passed_on(door), address=EOP, certificate="exo_both", recipients=["bob@contoso.com", "any@fabrikam.com"])
    assert (code, reason) == (550, "dmarc-failed"), record


# --- Own domains ------------------------------------------------------------------------------------------------------------------------

def test_own_domains_pass_by_nothing_that_another_tenant_can_do(door, keys, workshop):
    """Any tenant sends from Exchange Online's addresses, with SPF that passes, its certificate, and headers as he likes."""
    own = {"author": "Jane <jane@contoso.onmicrosoft.com>", "recipient": "bob@contoso.com", "organization": None}
    exchange = {"address": EOP, "certificate": "exo_both", "sender": "jane@contoso.onmicrosoft.com"}
    for changes in ({"tenant_id": STRANGERS_ID}, {"tenant_id": None}, {"tenant_id": CONTOSO_ID, "extra": [("X-MS-Exchange-CrossTenant-Id", STRANGERS_ID)]},
                    {"tenant_id": FABRIKAM_ID}):
        code, reason, compauth, record = judged(door, workshop.message(**{**own, **changes}), **exchange)
        assert code in (550, 451) and reason in ("own-domain", "unavailable"), (changes, record)
    for signer in ("fabrikam.com", "evil.test", "contoso.com"):  # the last is the same tenant's, and not aligned
        raw = sign(workshop.message(**own, tenant_id=STRANGERS_ID), keys, signer)
        assert judged(door, raw, **exchange)[:2] == (550, "own-domain"), signer
    raw = sign(workshop.message(**own, tenant_id=STRANGERS_ID), keys, "contoso.onmicrosoft.com")
    assert judged(door, raw, **exchange)[:3] == (250, "passed", "pass 100"), "who has the key"
    # What EOP passed on from the internet bears the own id as well.
    raw = door.passed_on("spf=pass (sender IP is {sender}) smtp.mailfrom=x.test; dmarc=pass action=none header.from=evil.test;compauth=pass reason=100",
                         author="Jane <jane@contoso.onmicrosoft.com>")
    assert judged(door, raw, **exchange)[:2] == (550, "own-domain")
