"""Every way to silence OpenDKIM, crossed with every form of a result that its clean-up leaves, through real Postfix, OpenDKIM and exota.

The sender switches the validator off with a DKIM-Signature that it cannot read or whose key's name server does not answer, and writes its
result himself. None may be accepted: neither with queue ids in the authserv-id (`authentication_results.job_id`), which he cannot know, nor
without, where what the message itself carries must contradict him. Usually a sample runs, in which every silencer and every form occurs;
EXOTA_WHOLE=1 runs the whole product. EXOTA_SUM=FILE appends what was sent and accepted (docs/testing.md).
"""
import itertools
import os

import pytest
from harness.chain import Chain
from harness.forger import add, sign
from harness.keyserver import KeyServer
from harness.message import message
from harness.milter import MilterClient
from harness.processes import fresh_directory
from harness.silencers import DEAD_KEYS, FIELD, FORMS, INVENTED, PASS, SILENCERS, WRITTEN

WHOLE = bool(os.environ.get("EXOTA_WHOLE"))
UNSTAMPED = {"tenant_id": None, "organization": None}
QUIET = {"in_flow_delay": "0", "smtpd_junk_command_limit": "1000000"}  # else Postfix waits a second for each refused message after the hundredth
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def key_server(workshop, base_directory):
    server = KeyServer(fresh_directory(base_directory), workshop.keys)
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["with job id", "without job id"])
def path(request, workshop, base_directory, key_server):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    job_id = request.param == "with job id"
    results = {"trusted_authserv_ids": ["mx.test"]} | ({"job_id": True} if job_id else {})
    made = Chain(workshop, fresh_directory(base_directory), postfix=QUIET, opendkim={"key_server": key_server, "unix": True, "job_id": job_id},
                 changes={"authorisation": {"proofs": ["client-cert + dkim"]}, "dkim": {"source": "authentication-results"},
                          "authentication_results": results, "log": {"evidence": "none"}})
    made.name = request.param
    # What a forger can know of queue ids: one that was.
    made.ids = ["mx.test", f"mx.test/{made.send(message(**UNSTAMPED)).queue_id}"] if job_id else ["mx.test"]
    yield made
    made.stop()


def forged(silencer, form, authserv_id, companion):
    """An unsigned message of contoso's. `companion`: an invented signature below, which could have caused the pass."""
    name, value = FORMS[form] if form else (None, None)
    number = str(next(_numbers))
    fields = [(name, value.replace("{id}", authserv_id))] if form else []
    pairs = [each if isinstance(each, tuple) else ("DKIM-Signature", each.replace("{n}", number)) for each in silencer]
    fields += [pair for pair in pairs if pair[0] != "From"] + ([("DKIM-Signature", INVENTED)] if companion else [])
    author = next((value for name, value in pairs if name == "From"), "jane@contoso.com")
    return add(message(author=author, **UNSTAMPED), *fields)


def product(path, silencers):
    """(what, message maker), all or a sample; the sample steps through the product so that each of both occurs."""
    forms = [*FORMS, None]
    cases = list(itertools.product(silencers, forms, (True, False), path.ids))
    step = 1 if WHOLE else (59 if len(path.ids) == 1 else 127)  # primes, so that no form is always stepped over
    for silencer, form, companion, authserv_id in cases[::step]:
        yield f"{silencer} × {form}, {authserv_id}{', with an invented signature' if companion else ''}", \
            forged(silencers[silencer], form, authserv_id, companion)


def batches(cases):
    """Fewer than Postfix takes errors of one session."""
    while some := list(itertools.islice(cases, 500)):
        yield some


def send_all(path, cases):
    """One session after the other, one message after the other: OpenDKIM 2.11 crashes now and then when several sessions make it look up keys at once.
    What was accepted, and how many were sent."""
    accepted, sent = [], 0
    for some in batches(iter(cases)):
        with path.connect() as client:
            for what, raw in some:
                reply = client.message("jane@contoso.com", ["bob@dest.test"], raw)
                sent += 1
                assert reply.code in (250, 451, 550), f"{what}: {reply}"
                if reply.accepted:
                    accepted.append(what)
    assert path.opendkim.running(), "OpenDKIM ended: from then on nothing was tested"
    return accepted, sent


def count(path, which, sent, accepted):
    if os.environ.get("EXOTA_SUM"):
        with open(os.environ["EXOTA_SUM"], "a") as stream:
            stream.write(f"{path.name}\t{which}\t{sent}\t{len(accepted)}\n" + "".join(f"\taccepted: {what}\n" for what in accepted))


@pytest.mark.parametrize("which, silencers", [("unreadable", SILENCERS), ("written by OpenDKIM", WRITTEN)], ids=lambda value: value if isinstance(value, str) else "")
def test_no_silenced_validator_is_believed(path, which, silencers):
    accepted, sent = send_all(path, product(path, silencers))
    count(path, which, sent, accepted)
    assert sent >= len(silencers) and not accepted, f"{len(accepted)} of {sent}: {accepted[:20]}"


def test_no_silenced_validator_is_believed_while_a_key_is_dead(path):
    """Each of these keeps OpenDKIM waiting for a second; a key that fails at once (above) silences it in the same way."""
    cases = list(product(path, DEAD_KEYS)) if WHOLE else [
        (f"{silencer} × {form}", forged(DEAD_KEYS[silencer], form, path.ids[-1], True)) for silencer, form in itertools.product(["key dead"], list(FORMS)[::5])]
    accepted, sent = send_all(path, cases)
    count(path, "dead key", sent, accepted)
    assert sent == len(cases) and not accepted, f"{len(accepted)} of {sent}: {accepted[:20]}"


NAMES = {"8-bit": b"X-\xfc", "control": b"X\x01", "DEL": b"X\x7f", "no-break space": b"DKIM-Signature\xc2\xa0"}


@pytest.mark.parametrize("kind", NAMES)
def test_a_field_name_that_silences(path, kind):
    """Postfix lets no such name into a header; another MTA may."""
    queue_id = "4YNAMED1z"
    fields = [(FIELD, f"{path.ids[0]}{'/' + queue_id if path.name == 'with job id' else ''}; {PASS}"), (NAMES[kind], "x"), ("DKIM-Signature", INVENTED), ("From", "jane@contoso.com")]
    assert milter_verdict(path, [field for field in fields if field[0] != NAMES[kind]], queue_id) == "c", "the twin without it passes: nothing else refuses"
    assert milter_verdict(path, fields, queue_id) == "y"


def milter_verdict(path, fields, queue_id):
    """The filter's last word: c (continue) or y (a reply of ours)."""
    with MilterClient(path.exota.where) as mta:
        mta.macros("C", v="Postfix 3.7.11")
        mta.connect()
        facts = {"tls_version": "TLSv1.3", "cert_subject": "mail.protection.outlook.com"}
        mta.macros("H", **facts)
        mta.send("H", b"exo.test\0")
        return mta.message(fields, queue_id=queue_id, mail_macros=facts)[1][0]


def test_the_true_message_passes_beside(path):
    """The twin: the same chain accepts what contoso signed, and refuses what nobody signed."""
    assert path.send(sign(message(**UNSTAMPED), path.keys, "contoso.com")).code == 250
    assert path.send(message(**UNSTAMPED)).code == 550


def test_every_silencer_and_every_form_is_in_the_sample(path):
    names = [what for what, _ in product(path, SILENCERS)]
    assert all(any(name.startswith(f"{silencer} ×") for name in names) for silencer in SILENCERS)
    assert all(any(f"× {form}, " in name for name in names) for form in FORMS)
