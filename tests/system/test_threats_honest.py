"""Honest mail is not lost: one old or broken signature beside a good one spoils nothing, with OpenDKIM's real results and by own verification.

Mailing lists, old signers and expired signatures are all about; what is unacceptable but readable takes the effect of that one signature only.
"""
import os

import pytest
from harness.chain import Chain
from harness.forger import EXCHANGE, add, sign
from harness.keyserver import KeyServer
from harness.message import message
from harness.processes import fresh_directory
from harness.silencers import signature

NAMES = ":".join(f"X-Field-{number}" for number in range(300))
UNSTAMPED = {"tenant_id": None, "organization": None}


def by_contoso(raw, keys, **how):
    return sign(raw, keys, "contoso.com", **how)


# What stands beside the good signature; some verify, none may be needed.
BESIDE = {
    "rsa-sha1": lambda raw, keys: by_contoso(raw, keys, a="rsa-sha1"),
    "v=0.5": lambda raw, keys: by_contoso(raw, keys, v="0.5"),
    "c=nowsp": lambda raw, keys: by_contoso(raw, keys, c="simple").replace(b"c=simple", b"c=nowsp", 1),
    "x= before t=": lambda raw, keys: by_contoso(raw, keys, more="t=1700000060; x=1700000000"),
    "expired": lambda raw, keys: by_contoso(raw, keys, more="t=1700000000; x=1700000060"),
    "h= without From": lambda raw, keys: by_contoso(raw, keys, h="Date:Subject"),
    "h= of 300 names": lambda raw, keys: by_contoso(raw, keys, h=f"From:{NAMES}"),
    "algorithm unknown": lambda raw, keys: by_contoso(raw, keys, more="t=1700000000").replace(b"a=rsa-sha256", b"a=rsa-sha512", 1),
    "body hash of another body": lambda raw, keys: by_contoso(raw, keys).replace(b"bh=", b"bh=AAAA", 1),
    "key without record": lambda raw, keys: by_contoso(raw, keys, s="nowhere"),
    "foreign i=": lambda raw, keys: by_contoso(raw, keys, more="i=list@evil.test"),
    "i= of a user": lambda raw, keys: by_contoso(raw, keys, more="i=jane+news_1=2Da@contoso.com"),
    "short l=": lambda raw, keys: by_contoso(raw, keys, l=5),
    "q= unknown": lambda raw, keys: by_contoso(raw, keys, more="q=dns/other"),
    "copied fields in z=": lambda raw, keys: by_contoso(raw, keys, more="z=From:jane=40contoso.com|Subject:Inv=6Fice"),
    "unknown tags": lambda raw, keys: by_contoso(raw, keys, more="r=y; xx_1=(a)[b]"),
    "a final semicolon": lambda raw, keys: add(raw, ("DKIM-Signature", signature(d="evil.test") + ";")),
    "a list's own": lambda raw, keys: sign(raw, keys, "evil.test", h=EXCHANGE + ":List-Id"),
    "a list's own with d= in capitals": lambda raw, keys: sign(raw, keys, "EVIL.test", key="evil.test"),
    "the onmicrosoft name's": lambda raw, keys: sign(raw, keys, "contoso.onmicrosoft.com"),
}
# Odd but honest in themselves.
ALONE = {
    "as Exchange signs": lambda raw, keys: by_contoso(raw, keys),
    "selector in capitals": lambda raw, keys: by_contoso(raw, keys, s="Selector1"),
    "d= in capitals": lambda raw, keys: sign(raw, keys, "Contoso.COM", key="contoso.com"),
    "simple/simple": lambda raw, keys: by_contoso(raw, keys, c="simple/simple"),
    "oversigned": lambda raw, keys: by_contoso(raw, keys, h=EXCHANGE + ":From:Subject:To"),
    "below the other fields": lambda raw, keys: by_contoso(raw, keys, below=True),
    "by the onmicrosoft name": lambda raw, keys: sign(raw, keys, "contoso.onmicrosoft.com"),
    "a stranger's results beside": lambda raw, keys: add(by_contoso(raw, keys), ("Authentication-Results", "mx.google.com; dkim=pass header.d=a.test; spf=pass foo.bar=x")),
    "an equal Subject twice": lambda raw, keys: add(by_contoso(raw, keys), ("Subject", "  Invoice")),
}


@pytest.fixture(scope="module")
def key_server(workshop, base_directory):
    server = KeyServer(fresh_directory(base_directory), workshop.keys)
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["verify", "results", "results with job id"])
def path(request, workshop, base_directory, key_server):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    changes = {"authorisation": {"proofs": ["client-cert + dkim"]}}
    if request.param == "verify":
        changes |= {"dkim": {"source": "verify"}, "authentication_results": None, "dns": {"servers": [key_server.address], "dnssec": "off"}}
        opendkim = False
    else:
        job_id = "job" in request.param
        changes |= {"dkim": {"source": "authentication-results"}, "authentication_results": {"trusted_authserv_ids": ["mx.test"]} | ({"job_id": True} if job_id else {})}
        opendkim = {"key_server": key_server, "unix": True, "job_id": job_id}
    made = Chain(workshop, fresh_directory(base_directory), opendkim=opendkim, changes=changes)
    yield made
    made.stop()


def accepted(path, raw):
    reply = path.send(raw)
    assert reply.code == 250, (str(reply), {factor: (entry["finding"], entry["detail"]) for factor, entry in path.explained(reply).items() if "dkim" in factor},
                               path.judged(reply)["evidence"]["header"]["authentication_results"])


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize("beside", BESIDE)
def test_beside_a_good_signature(path, beside, place):
    raw, keys = message(**UNSTAMPED), path.keys
    signers = [by_contoso, BESIDE[beside]]
    for signer in signers if place == "above" else signers[::-1]:
        raw = signer(raw, keys)
    accepted(path, raw)


@pytest.mark.parametrize("alone", ALONE)
def test_odd_but_honest(path, alone):
    accepted(path, ALONE[alone](message(**UNSTAMPED), path.keys))


def test_the_twin_that_nobody_signed_is_refused(path):
    assert path.send(message(**UNSTAMPED)).code == 550
