"""Where a header ends is not the same to all: whoever ends it above `From` finds no author, and some then write one of the envelope's sender.

A customer writes contoso's address into the envelope and his own into `From`, and hides that from the servers behind us: Postfix takes a first line
that begins with "From " for an mbox's, finds no colon behind 2,048 octets of a line, and folds a line of more than 998 that it sends, name and all.
(Sendmail takes "--" for a boundary, and no name of more than 100 octets for a field.)
"""
import os

import pytest
from harness.gateway import whole
from harness.message import FABRIKAM_ID

FABRIKAM = {"author": "Eve <eve@fabrikam.com>", "tenant_id": FABRIKAM_ID, "organization": "fabrikam.com"}
FROM = b"From: Eve <eve@fabrikam.com>\r\n"


@pytest.fixture(autouse=True)
def needs_root():
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")


def through_gateway(house, raw):
    """The reply, and the gateway that gave it. Postfix behind it writes the From that it misses."""
    behind = house.postfix(smtpd_authorized_xclient_hosts="127.0.0.0/8", always_add_missing_headers="yes")
    gateway = house.gateway(behind, identity="xclient")
    with gateway.connect(house.pki) as client:
        return whole(client, raw, "fabrikam.com"), gateway


#     what                                                  what stands above From, the name of From   the reason
HIDDEN = [
    ("an mbox's line is the author's",                      b"", b"From ", "from-missing"),
    ("an mbox's line above the author's",                   b">From : x\r\n", b"From ", "from-missing"),
    ("the colon behind 2,048 octets",                       b"X" * 3000 + b": y\r\n", b"From", "too-complex"),
    ("the colon behind 2,048 blanks",                       b"X-A" + b" " * 3000 + b": y\r\n", b"From", "too-complex"),
    ("a name that is folded",                               b"X" * 1500 + b": y\r\n", b"From", "too-complex"),
    ("a name above our limit",                              b"X" * 101 + b": y\r\n", b"From", "too-complex"),
    ("a boundary",                                          b"--x: y\r\n", b"From", "too-complex"),
]


@pytest.mark.parametrize("above, name, reason", [row[1:] for row in HIDDEN], ids=[row[0] for row in HIDDEN])
def test_nobody_hides_his_address_from_the_server_behind_a_gateway(house, above, name, reason):
    raw = house.message(**FABRIKAM)
    assert raw.startswith(FROM)
    reply, gateway = through_gateway(house, above + raw.replace(b"From", name, 1))
    assert reply.code == 550, reply
    assert gateway.last()["reason"] == reason and house.sink.messages == []


#     what                                 what stands above From, the name of From
SHOWN = [
    ("blanks behind From, below a field",  b"X-A: y\r\n", b"From "),
    ("a tab behind From",                  b"", b"From\t"),
    ("a name of 100 octets",               b"X" * 100 + b": y\r\n", b"From"),
    ("a dash before a name",               b"-x: y\r\n", b"From"),
    ("blanks behind From, below a field that we remove", b"X-ExOTA-Authentication-Results: x\r\n", b"From "),
    ("an mbox's line between the two",     b"X-ExOTA-Authentication-Results: x\r\n>From : z\r\n", b"From "),
]


@pytest.mark.parametrize("above, name", [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_an_author_that_all_find_passes(house, above, name):
    reply, gateway = through_gateway(house, above + house.message(**FABRIKAM).replace(b"From", name, 1))
    assert reply.code == 250, reply
    delivered = house.sink.wait_for(reply.queue_id)
    assert delivered.values("From") == ["Eve <eve@fabrikam.com>"] and gateway.last()["author_domain"] == "fabrikam.com"


def test_nobody_hides_it_from_the_next_hop_behind_a_milter(chain):
    path = chain(opendkim=False, changes={"dkim": {"source": "verify"}, "authentication_results": None, "authorisation": {"proofs": ["client-cert + tenant-id"]}})
    for name, reason in ((b"X" * 1500, "too-complex"), (b"X" * 101, "too-complex"), (b"--x", "too-complex"), (b"X" * 100, "authorised")):
        reply = path.send(name + b": y\r\n" + path.workshop.message(**FABRIKAM))
        assert path.judged(reply)["reason"] == reason, (name, reply)
        if reply.accepted:
            assert path.delivered(reply).values("From") == ["Eve <eve@fabrikam.com>"]
