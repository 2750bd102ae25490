"""Forged Authentication-Results in forms that OpenDKIM cannot read, so that its clean-up leaves them in place (docs/decisions/0003).

They name the authserv-id of the OpenDKIM before us and a pass of the author domain, in a message that nobody signed. None may lead to an
accept: not with `position = "top"`, where OpenDKIM's own field stands above; not with "any", nor in drop-in mode, where every field is read.
"""
import json

import pytest
from harness.chain import Chain
from harness.drop_in import FULL, DropIn
from harness.processes import fresh_directory

PASS = "dkim=pass header.d=contoso.com"
# Behind the authserv-id: what OpenDKIM leaves, and what looks alike but is read and removed.
FORMS = {
    "unknown ptype": f"; {PASS} foo.bar=x",
    "unknown ptype first": "; dkim=pass foo.bar=x header.d=contoso.com",
    "action=none": "; dkim=pass action=none header.d=contoso.com",
    "second reason": '; dkim=pass reason="a" reason="b" header.d=contoso.com',
    "reason behind a property": f'; {PASS} reason="a"',
    "comment before the equals sign": "; dkim(a)=pass header.d=contoso.com",
    "comment before the dot": "; dkim=pass header(a).d=contoso.com",
    "value that begins with an equals sign": f"; {PASS} header.b==x",
    "over 4,096 octets": f"; {PASS}" + "\r\n (" + ")\r\n (".join(["x" * 900] * 5) + ")",
    "over 4,096 octets in front": ";" + "\r\n (" + ")\r\n (".join(["x" * 900] * 5) + f") {PASS}",
    "method version": "; dkim/1=pass header.d=contoso.com",
    "seventeen results": "; spf=none" * 16 + f"; {PASS}",
}
REMOVED = {
    "many properties": f"; {PASS}" + "".join(f"\r\n header.b={number}" for number in range(70)),
    "many comments": f"; {PASS}" + "".join(f"\r\n ({number})" for number in range(70)),
}


@pytest.fixture(scope="module", params=["top", "any", "drop-in"])
def path(request, workshop, base_directory):
    directory = fresh_directory(base_directory)
    if request.param == "drop-in":
        exota = DropIn(workshop.binary, directory, FULL)
    else:
        exota = None
    changes = {"authorisation": {"proofs": ["client-cert + dkim"]}, "authentication_results": {"position": request.param}}
    try:
        made = Chain(workshop, directory, opendkim="default", **({"exota": exota} if exota else {"changes": changes}))
    except BaseException:
        if exota:
            exota.stop()
        raise
    yield made
    made.stop()
    if exota:
        exota.stop()


def result_fields(path, reply):
    """What we saw of the header's results, as text; empty in drop-in mode, which logs no evidence."""
    return "" if isinstance(path.exota, DropIn) else json.dumps(path.judged(reply)["evidence"]["header"]["authentication_results"])


@pytest.mark.parametrize("place", ["top", "extra"])
@pytest.mark.parametrize("form", [*FORMS, *REMOVED])
def test_no_form_authorises(path, form, place):
    value = "mx.test" + (FORMS.get(form) or REMOVED[form])
    reply = path.send(path.workshop.message(**{place: [("Authentication-Results", value)]}))
    assert reply.code in (550, 450, 451), reply
    assert path.sink.find(reply.queue_id) is None
    if not isinstance(path.exota, DropIn):
        assert path.judged(reply)["judged"] != "accept" and path.finding(reply, "dkim") != "holds"
        assert ("contoso.com" in result_fields(path, reply)) == (form in FORMS), "the form is in the wrong table"


@pytest.mark.parametrize("form", FORMS)
def test_a_true_signature_is_accepted_beside_a_stranger_who_writes_so(path, form):
    """The twin: the same field of another validator, which is none of ours, spoils nothing."""
    reply = path.send(path.workshop.message(signed_by="contoso.com", top=[("Authentication-Results", "other.test" + FORMS[form])]))
    assert reply.code == 250, reply
    assert "auth=pass" in path.delivered(reply).values("X-ExOTA-Authentication-Results")[0]


def test_without_a_signature_the_same_message_is_refused(path):
    assert path.send(path.workshop.message()).code == 550
