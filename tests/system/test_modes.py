"""enforce, defer, quarantine, monitor: what becomes of a verdict that is not accept. Seen at the client, in the queue, at the sink."""
import pytest
from harness.exota import TENANTS
from harness.message import FABRIKAM_ID
from harness.processes import wait_for

FORGED = {"author": "ceo@contoso.com", "tenant_id": None, "organization": None}


def mode(name):
    return {"authorisation": {"mode": name}}


def test_enforce_refuses(chain):
    path = chain(changes=mode("enforce"))
    reply = path.send(path.workshop.message(**FORGED))
    assert reply.code == 550 and reply.text.startswith("5.7."), reply
    assert "contoso.com" in reply.text and reply.queue_id, "the reply names domain and queue id"
    assert path.sink.messages == []


def test_defer_refuses_for_now(chain):
    path = chain(changes=mode("defer"))
    reply = path.send(path.workshop.message(**FORGED))
    judged = path.judged(reply)
    assert reply.code == 451 and reply.text.startswith("4."), reply
    assert (judged["verdict"], judged["judged"]) == ("tempfail", "reject")


def test_quarantine_holds(chain):
    path = chain(changes=mode("quarantine"))
    reply = path.send(path.workshop.message(**FORGED))
    assert reply.code == 250 and path.judged(reply)["judged"] == "reject"
    wait_for(lambda: reply.queue_id in path.postfix.queued("hold"), "the message in the hold queue")
    good = path.send(path.workshop.message(signed_by="contoso.com"))
    path.delivered(good)
    assert path.sink.find(reply.queue_id) is None, "what is on hold is not delivered"


@pytest.mark.parametrize("how", ["configuration", "--monitor"])
def test_monitor_accepts_and_says_what_it_would_have_done(chain, how):
    path = chain(changes=mode("monitor")) if how == "configuration" else chain(changes=mode("enforce"), arguments=["--monitor"])
    reply = path.send(path.workshop.message(**FORGED))
    judged = path.judged(reply)
    assert (judged["verdict"], judged["judged"], judged["reason"]) == ("accept", "reject", "not-proven")
    (value,) = path.delivered(reply).values("X-ExOTA-Authentication-Results")
    assert "auth=fail" in value and "reason=not-proven" in value and "mode=monitor" in value, value


def test_monitor_lets_the_ambiguous_and_the_complex_pass_too(chain):
    path = chain(changes=mode("monitor"))
    for arguments, reason in (({"extra": [("From", "x@evil.test")]}, "from-ambiguous"), ({"author": None}, "from-missing"),
                              ({"extra": [(f"X-N{n}", "1") for n in range(2100)]}, "too-complex")):
        reply = path.send(path.workshop.message(**arguments))
        assert reply.code == 250 and path.judged(reply)["reason"] == reason, (reply, reason)


def test_a_tenants_own_mode(chain):
    tenants = {"version": 2, "tenants": {name: dict(entry) for name, entry in TENANTS["tenants"].items()}}
    tenants["tenants"]["contoso"]["mode"] = "monitor"
    path = chain(changes=mode("enforce"), tenants=tenants)
    assert path.send(path.workshop.message(**FORGED)).code == 250
    assert path.send(path.workshop.message(author="a@fabrikam.com", tenant_id=None, organization=None)).code == 550
    assert path.send(path.workshop.message(author="a@nobody.test", tenant_id=None, organization=None)).code == 550


def test_limits(chain):
    tenants = {"version": 2, "tenants": {name: dict(entry) for name, entry in TENANTS["tenants"].items()}}
    tenants["tenants"]["contoso"]["limits"] = ["3 messages / hour"]
    tenants["tenants"]["fabrikam"] |= {"limits": ["2 messages / hour"], "limit_action": "reject"}
    path = chain(tenants=tenants)
    codes = [path.send(path.workshop.message(signed_by="contoso.com")).code for _ in range(5)]
    assert codes == [250, 250, 250, 452, 452]
    assert path.send(path.workshop.message(**FORGED)).code == 550, "what is refused is not counted, and the limit is no shelter"
    fabrikam = {"author": "a@fabrikam.com", "tenant_id": FABRIKAM_ID, "organization": "fabrikam.com", "signed_by": "fabrikam.com"}
    assert [path.send(path.workshop.message(**fabrikam)).code // 100 for _ in range(3)] == [2, 2, 5]
