"""Forgeries by name, which passed in trials before 0.1, through real Postfix, OpenDKIM and exota; each has an honest twin that must pass.

The twin differs from its forgery in the one thing that makes it a forgery (and contoso signed it), so nothing else can have refused. Where
the forgery rests on what OpenDKIM does (silent, a result in its own field, "pass" for half a message), the evidence must show that it did.
What the forger has to work with crossed with all else is test_silenced_validator.py's; the settings are docs/threats.md's.
"""
import json
import os

import pytest
from harness.chain import Chain
from harness.drop_in import FULL, DropIn
from harness.forged_claims import EVIL_ID
from harness.forger import EXCHANGE, add, sign
from harness.keyserver import KeyServer
from harness.message import CONTOSO_ID, FABRIKAM_ID, message
from harness.milter import MilterClient
from harness.processes import fresh_directory
from harness.silencers import DEAD_KEYS, FIELD, FORMS, INVENTED, PASS, SILENCERS, signature

UNSTAMPED = {"tenant_id": None, "organization": None}
QUIET = {"in_flow_delay": "0", "smtpd_junk_command_limit": "1000000"}  # else Postfix waits a second for each refused message after the hundredth
REFUSED = (450, 451, 550)
OPENDKIM, PASSED = "dkim-atps=neutral", "dkim=pass (2048-bit key; unprotected) header.d=contoso.com"  # how it ends each of its fields; what it says of contoso's

#         name                                 exota's mode     OpenDKIM removes all results
CHAINS = [("job id", "job id", True), ("job id, default clean-up", "job id", False), ("results", "results", True),
          ("results, default clean-up", "results", False), ("drop-in, default clean-up", "drop-in", False)]


@pytest.fixture(scope="module")
def key_server(workshop, base_directory):
    server = KeyServer(fresh_directory(base_directory), workshop.keys)
    yield server
    server.stop()


@pytest.fixture(scope="module", params=CHAINS, ids=[row[0] for row in CHAINS])
def path(request, workshop, base_directory, key_server):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    mode = request.param[1]
    directory, exota = fresh_directory(base_directory), None
    opendkim = {"key_server": key_server, "unix": True, "job_id": mode == "job id", "removal": request.param[2]}
    try:
        if mode == "drop-in":
            exota = DropIn(workshop.binary, directory, FULL)
            made = Chain(workshop, directory, postfix=QUIET, opendkim=opendkim, exota=exota)
        else:
            results = {"trusted_authserv_ids": ["mx.test"]} | ({"job_id": True} if mode == "job id" else {})
            made = Chain(workshop, directory, postfix=QUIET, opendkim=opendkim, changes={
                "authorisation": {"proofs": ["client-cert + dkim"]}, "dkim": {"source": "authentication-results"}, "authentication_results": results})
    except BaseException:
        if exota:
            exota.stop()
        raise
    made.name, made.mode, made.removal = request.param
    # A drop-in believes tenant ids from anybody, so there the forger writes one. Of queue ids he can know one that was.
    made.claims = {"organization": None} if mode == "drop-in" else UNSTAMPED
    made.ids = ["mx.test", f"mx.test/{made.send(message(**made.claims)).queue_id}"] if mode == "job id" else ["mx.test"]
    yield made
    made.stop()
    if exota:
        exota.stop()


def results_seen(path, reply):
    """The results fields as exota saw them, as text; None of a drop-in, which logs no evidence."""
    return None if path.mode == "drop-in" else json.dumps(path.judged(reply)["evidence"]["header"]["authentication_results"])


def refused(path, raw, seen=(), unseen=()):
    """The forgery is refused, and did reach us: its results had what is in `seen`, nothing of what is in `unseen`."""
    reply = path.send(raw)
    assert reply.code in REFUSED and path.sink.find(reply.queue_id) is None, f"ACCEPTED: {reply}"
    results = results_seen(path, reply)
    if results is not None:
        assert all(part in results for part in seen) and not any(part in results for part in unseen), results


def accepted(path, raw):
    reply = path.send(raw)
    assert reply.code == 250, f"the twin: {reply}; results: {results_seen(path, reply)}"
    path.delivered(reply)


def by_contoso(path, **how):
    """contoso's own, or what the forger replays of it."""
    return sign(message(**path.claims), path.keys, "contoso.com", **how)


# OpenDKIM prints the decoded i= raw into its own field.
INJECTION = "a=3B=20dkim=3Dpass=20header.d=3Dcontoso.com=20header.i=3D@"


def test_a_result_hidden_in_i(path):
    raw = message(**path.claims)
    refused(path, add(raw, ("DKIM-Signature", signature(i=INJECTION + "contoso.com"))), seen=[OPENDKIM, "dkim=fail", f"; {PASS}"])
    accepted(path, add(by_contoso(path), ("DKIM-Signature", signature(i="a=2Db@contoso.com"))))


def test_a_result_hidden_in_i_of_a_valid_signature_of_the_forgers(path):
    """OpenDKIM's field says pass twice: for evil.test, truly, and what the forger had it say."""
    raw = message(**path.claims)
    refused(path, sign(raw, path.keys, "evil.test", more=f"i={INJECTION}evil.test"), seen=[OPENDKIM, "header.d=evil.test", f"; {PASS}"])
    accepted(path, sign(by_contoso(path), path.keys, "evil.test", more="i=a=2Db@evil.test"))


# Signatures at which OpenDKIM adds nothing and removes nothing.
UNREADABLE = {
    "garbage": "garbage", "empty": "", "v=1": "v=1", "semicolons": ";;;;", "NUL": "v=1; a=\0", "NUL in d=": signature(d="contoso.com\0.evil.test"),
    "d= with a comment": signature(d="contoso.com(x).evil.test"), "d=a=b": signature(d="a=b"), "d= 8-bit": signature(d="b\u00fccher.test"),
}


@pytest.mark.parametrize("companion", [True, False], ids=["with an invented signature", "alone"])
@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_plain_result_over_a_signature_that_cannot_be_read(path, kind, companion):
    below = [("DKIM-Signature", INVENTED)] if companion else []
    for authserv_id in path.ids:
        raw = add(message(**path.claims), (FIELD, f"{authserv_id}; {PASS}"), ("DKIM-Signature", UNREADABLE[kind]), *below)
        refused(path, raw, seen=[authserv_id, "contoso.com"], unseen=[OPENDKIM])


def test_its_twin(path):
    """The same field on top, a signature that can be read in the same place, and contoso's."""
    for authserv_id in path.ids:
        accepted(path, add(by_contoso(path), (FIELD, f"{authserv_id}; {PASS}"), ("DKIM-Signature", INVENTED)))


def said(path, fields, queue_id):
    """exota's last word, told by an MTA that lets everything through: c (continue), y (a reply), or "" (it hung up)."""
    facts = {"tls_version": "TLSv1.3", "cert_subject": "mail.protection.outlook.com"}
    with MilterClient(path.exota.where) as mta:
        mta.macros("C", v="Postfix 3.7.11")
        mta.connect()
        mta.macros("H", **facts)
        mta.send("H", b"exo.test\0")
        try:
            return mta.message(fields, queue_id=queue_id, mail_macros=facts)[1][0]
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return ""


@pytest.mark.parametrize("value", [b"v=1; a=\0", b"\0", INVENTED.encode() + b"\0; x"], ids=["in a tag", "alone", "behind a whole signature"])
def test_a_nul_as_no_mta_sends_it(path, value):
    queue_id = "4YNAMED2z"
    own = f"{path.ids[0]}{'/' + queue_id if path.mode == 'job id' else ''}"
    fields = [(FIELD, f"{own}; {PASS}"), ("DKIM-Signature", value), ("DKIM-Signature", INVENTED), ("From", "jane@contoso.com")]
    fields += [("X-MS-Exchange-CrossTenant-Id", CONTOSO_ID)] if path.mode == "drop-in" else []
    assert said(path, [field for field in fields if field[1] != value], queue_id) == "c", "the twin without it passes: nothing else refuses"
    assert said(path, fields, queue_id) in ("y", ""), "ACCEPTED"


# What OpenDKIM calls a pass, though a reader would see what nobody signed: field → (forged, the twin's value, which is the signed one).
SECOND = ["Subject", "To", "Date", "Message-ID", "Content-Type", "MIME-Version"]
FORGED_VALUES = {"Subject": "Pay this instead", "To": "All <all@dest.test>", "Date": "Mon, 01 Jan 2035 00:00:00 +0000", "Message-ID": "<forged@evil.test>",
                 "Content-Type": 'multipart/mixed; boundary="x"', "MIME-Version": "2.0"}


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize("field", SECOND)
def test_a_second_field_that_nobody_signed(path, field, place):
    """Above: readers show the first. Below: OpenDKIM hashes from the bottom, so there the forged one only passes if the verifier does not look."""
    genuine = by_contoso(path)
    signed = next(line.partition(b":")[2].strip().decode() for line in genuine.split(b"\r\n") if line.lower().startswith(field.lower().encode() + b":"))
    forged = add(genuine, (field, FORGED_VALUES[field]), below=place == "below")
    refused(path, forged, seen=[OPENDKIM, PASSED] if place == "above" or field == "To" else [OPENDKIM])
    accepted(path, add(genuine, (field, signed), below=place == "below"))


def test_a_body_that_is_longer_than_what_was_signed(path):
    """Results are read without the body, so no signature with l= counts (docs/reference/decision.md): the twin is signed without."""
    short = by_contoso(path, l=len("Hello"))
    refused(path, short, seen=[OPENDKIM, PASSED])
    refused(path, short.replace(b"Hello from", b"Hello and pay me, from"), seen=[OPENDKIM, PASSED])
    accepted(path, by_contoso(path))


# Postfix folds what is above 998 octets when it passes the message on: behind our back, and within the address if the sender wants it there.
ADDRESS = "jane@contoso.com"
FOLDED = {"a name": '"{}" <' + ADDRESS + ">", "a comment": "({}) " + ADDRESS, "blanks": "{}" + ADDRESS, "a fold and blanks": "\r\n {}" + ADDRESS}


@pytest.mark.parametrize("padding", FOLDED)
def test_an_address_that_postfix_would_fold(path, padding):
    """Postfix would break it behind "contoso", or where else the sender wants a reader to stop: behind the victim's domain below his own."""
    form = FOLDED[padding]
    line = ("From: " + form.partition(".com")[0]).rpartition("\r\n")[2]  # what ends in "contoso", with "{}" for what fills it up

    def author(octets):
        return form.format((" " if "blanks" in padding else "x") * (octets - len(line) + 2))
    refused(path, sign(message(author=author(998), **path.claims), path.keys, "contoso.com"))
    accepted(path, sign(message(author=author(880), **path.claims), path.keys, "contoso.com"))


# Results in forms that OpenDKIM's clean-up leaves, under signatures that silence it. (The names are harness/silencers.py's.)
LEFT = {"action=none": "action=none", "header(x).d": "comment before the dot", "reason behind a property": "reason behind a property",
        "above 4,000 octets": "over 4,000 octets", "above 4,000 octets, in front": "over 4,000 octets in front"}
SILENT = ["garbage", "the broken one below", "d= with a comment", "zz= 8-bit", "key fails", "key fails by its selector"]
DEAD = ["key dead", "key dead, below", "key dead twice", "key dead by its selector"]
_numbers = iter(range(1, 1_000_000))


def silencing(path, silencer, form, authserv_id):
    """An unsigned message under a silencer and a result in that form, with an invented signature, which could have caused the pass."""
    name, value = FORMS[LEFT[form]]
    number = str(next(_numbers))
    pairs = [each if isinstance(each, tuple) else ("DKIM-Signature", each.replace("{n}", number)) for each in (SILENCERS | DEAD_KEYS)[silencer]]
    return add(message(**path.claims), (name, value.replace("{id}", authserv_id)), *pairs, ("DKIM-Signature", INVENTED))


@pytest.mark.parametrize("silencer", SILENT)
@pytest.mark.parametrize("form", LEFT)
def test_a_result_that_clean_up_leaves(path, form, silencer):
    for authserv_id in path.ids:
        refused(path, silencing(path, silencer, form, authserv_id), seen=["contoso.com"], unseen=[OPENDKIM])


@pytest.mark.parametrize("silencer", DEAD)
def test_a_result_that_clean_up_leaves_while_a_key_is_dead(path, silencer):
    """OpenDKIM waits a second for each, so all forms go through one chain, and through each other one form a silencer. Where the dead one is not
    the first, OpenDKIM speaks (temperror), and what clean-up leaves stands below."""
    silent = silencer != "key dead, below"
    forms = list(LEFT)
    turn = (DEAD.index(silencer) + [row[0] for row in CHAINS].index(path.name)) % len(forms)
    chosen = forms if path.name == "results, default clean-up" else [forms[turn]]
    for form in chosen:
        refused(path, silencing(path, silencer, form, path.ids[-1]), seen=["contoso.com"] if silent else [OPENDKIM, "temperror"], unseen=[OPENDKIM] if silent else [])


@pytest.mark.parametrize("form", LEFT)
def test_a_result_that_clean_up_leaves_over_a_true_signature(path, form):
    """The twin: nothing is silenced, so OpenDKIM's own field stands above."""
    name, value = FORMS[LEFT[form]]
    for authserv_id in path.ids:
        accepted(path, add(by_contoso(path), (name, value.replace("{id}", authserv_id))))


def test_opendkim_ran_to_the_end(path):
    assert path.opendkim.running(), "OpenDKIM ended: from then on nothing was tested"


# Who sends: the relay pool, or one of Exchange Online's other addresses, with Microsoft's certificate or one that counts for nothing.
POOL = [("40.95.0.10", "exo_both"), ("40.95.0.10", "exo_server")]
PEERS = [*POOL, ("40.92.0.10", "exo_both"), ("40.92.0.10", "exo_server")]


@pytest.fixture(scope="module", params=["both", "client-ip"])
def asking(request, workshop, base_directory, network):
    """`peer_proof`, and a second proof that asks for no peer: nothing but the contradiction can refuse what contoso signed."""
    with network:
        made = Chain(workshop, fresh_directory(base_directory), changes={
            "authorisation": {"proofs": ["client-cert + dkim", "dkim-aligned"], "peer_proof": request.param}})
    yield made
    made.stop()


@pytest.mark.parametrize("stamped, source, certificate", [(EVIL_ID, *peer) for peer in PEERS] + [(FABRIKAM_ID, *peer) for peer in POOL])
def test_a_foreign_tenant_stamped_contradicts_under_the_stricter_proof_of_the_peer(asking, network, stamped, source, certificate):
    """(fabrikam may redirect what contoso signed where the peer is proven to be Exchange Online: docs/threats.md, replay-customer. Not from the pool.)"""
    def send(tenant_id):
        with network:
            return asking.send(sign(message(tenant_id=tenant_id, organization=None), asking.keys, "contoso.com"), source=source, certificate=certificate)
    reply = send(stamped)
    judged = asking.judged(reply)
    assert (reply.code, judged["reason"]) == (550, "contradiction"), f"ACCEPTED? {reply}"
    found = asking.explained(reply)
    assert found["dkim-aligned"]["finding"] == "holds" and (found["client-cert"]["finding"] == "holds") == (certificate == "exo_both")
    assert found["tenant-id"]["finding"] == "contradicts"
    assert send(CONTOSO_ID).code == 250, "the twin: contoso's own id"


def test_a_forwarder_is_no_subdomain_of_another_customers(chain):
    """The subdomain is nobody's entry; fabrikam may forward what is nobody's, and everything that it sends is proven."""
    path = chain(changes={"authorisation": {"proofs": ["client-cert + dkim"]}})

    def by_fabrikam(author):
        raw = message(author=author, tenant_id=FABRIKAM_ID, organization="fabrikam.com")
        return path.send(sign(raw, path.keys, "fabrikam.com"), sender="ceo@fabrikam.com")
    reply = by_fabrikam("ceo@payroll.contoso.com")
    judged = path.judged(reply)
    assert (reply.code, judged["reason"]) == (550, "forwarding-not-allowed"), f"ACCEPTED? {reply}"
    assert by_fabrikam("ceo@payroll.bank.test").code == 250, "the twin: a domain that is no customer's"
