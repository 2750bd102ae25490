"""Sendmail before ExOTA and behind it: what it makes of a message after the verdict."""
import re

import pytest
from harness.exota import SOURCE, Exota
from harness.gateway import whole
from harness.message import FABRIKAM_ID
from harness.parts import Parts
from harness.processes import wait_for
from harness.sendmail import Sendmail
from harness.sink import Sink
from harness.smtp import SmtpClient

FABRIKAM = {"tenant_id": FABRIKAM_ID, "organization": "fabrikam.com"}
ALIAS = "192.0.2.1 contoso.com x.fabrikam.com\n"  # as a CNAME: x.fabrikam.com is contoso.com
CANONIFY = "FEATURE(`nocanonify')\n"


@pytest.fixture(autouse=True)
def needs_sendmail():
    if not Sendmail.is_installed():
        pytest.skip("no sendmail here (scripts/setup)")


def recipe(exota):
    """What docs/postfix.md has in Sendmail's configuration; no OpenDKIM here."""
    (told,) = re.findall(r"^## Sendmail\n\n```m4\n(.*?)```", (SOURCE / "docs/postfix.md").read_text(), re.M | re.S)
    lines = [line for line in told.splitlines(keepends=True) if "inet:8891" not in line]
    return "".join(lines).replace("opendkim, ", "").replace("/run/exota/milter.sock", str(exota.where))


class House(Parts):
    """Sendmail with exota for a filter, as the document says, and the next hop."""

    def __init__(self, workshop, directory, lines=str):
        """@param lines  makes Sendmail's lines of those in the document"""
        super().__init__()
        self.pki = workshop.pki
        try:
            self.sink = self._own(Sink(), "close")
            self.exota = self._own(Exota(workshop.binary, directory, changes={"dkim": {"source": "verify"}, "authentication_results": None,
                                                                               "authorisation": {"proofs": ["client-cert + tenant-id"]}}), "stop")
            tls = {"CACERT_PATH": self.pki.directory, "CACERT": self.pki.certificate("ca"), "SERVER_CERT": self.pki.certificate("server"), "SERVER_KEY": self.pki.key("server")}
            certificates = "".join(f"define(`conf{name}', `{path}')dnl\n" for name, path in tls.items())
            self.sendmail = self._own(Sendmail(directory, sink_port=self.sink.port, lines=certificates + lines(recipe(self.exota)), hosts=ALIAS), "stop")
        except BaseException:
            self.stop()
            raise

    def send(self, raw, certificate="exo_both"):
        with SmtpClient(self.sendmail.port) as client:
            client.hello()
            client.start_tls(self.pki[certificate] if certificate else None)
            return client.message("eve@fabrikam.com", ["bob@dest.test"], raw)

    def delivered(self, raw):
        before = len(self.sink.messages)
        assert (reply := self.send(raw)).code == 250, reply
        return wait_for(lambda: self.sink.messages[before:], "the message at the next hop")[0]


@pytest.fixture
def house_of(workshop, directory):
    made = []

    def make(*arguments):
        made.append(House(workshop, directory, *arguments))
        return made[-1]
    yield make
    for each in made:
        each.stop()


def test_it_tells_which_certificates_it_verified(house_of, workshop):
    house = house_of()
    for certificate, code in (("exo_both", 250), ("exo_upper", 250), ("exo_server", 550), ("exo_untrusted", 550), ("exo_expired", 550), ("other", 550), (None, 550)):
        assert house.send(workshop.message(author="Eve <eve@fabrikam.com>", **FABRIKAM), certificate).code == code, certificate


def test_forged_results_are_removed(house_of, workshop):
    forged = [("Authentication-Results", "mx.test; x-exota=pass header.from=contoso.com"), ("Authentication-Results", "other.test; none"),
              ("authentication-results\t", "mx.test; x-exota=pass"), ("X-ExOTA-Authentication-Results", "mx.test; auth=pass forged"),
              ("x-exota-authentication-results ", "mx.test; auth=pass forged")]
    delivered = house_of().delivered(workshop.message(author="Eve <eve@fabrikam.com>", top=forged, **FABRIKAM))
    assert delivered.values("Authentication-Results") == ["other.test; none"]
    (ours,) = delivered.values("X-ExOTA-Authentication-Results")
    assert "5322_from_domain=fabrikam.com" in ours and "forged" not in ours


@pytest.mark.parametrize("lines, delivered", [(str, "x.fabrikam.com"), (lambda told: told.replace(CANONIFY, ""), "contoso.com")], ids=["as the document says", "without nocanonify"])
def test_an_alias_of_the_victim_is_not_followed(house_of, workshop, lines, delivered):
    """A customer's name that DNS says is another name of contoso.com; the twin shows what the line in the document is for."""
    house = house_of(lines)
    message = house.delivered(workshop.message(author="Eve <eve@x.fabrikam.com>", **FABRIKAM))
    assert message.values("From") == [f"Eve <eve@{delivered}>"]
    assert [record["author_domain"] for record in house.exota.records() if "verdict" in record] == ["x.fabrikam.com"], "as it was judged"


def test_a_field_that_it_would_cut_is_refused(house_of, workshop):
    """It writes the first 256 octets of From: the customer's domain ended there would be contoso.com. Quotes, backslashes and 8-bit octets count twice."""
    house, address = house_of(), "ceo@contoso.com.fabrikam.com"
    cut = "(" + "a" * (256 - len("() ceo@contoso.com")) + ") " + address
    for author in (cut, "a" * 400 + f" <{address}>", "(" + "a" * (231 - len("() " + address)) + ") " + address):
        reply = house.send(workshop.message(author=author, **FABRIKAM))
        assert reply.code == 550 and "from-ambiguous" in reply.text, (author, reply)
    most = "(" + "a" * (230 - len("() " + address)) + ") " + address
    escaped = '"' + 'J\\"D\\" ' * 17 + '" <' + address + ">"
    assert len(escaped) + escaped.count('"') + escaped.count("\\") <= 230
    for author in (most, escaped):
        assert house.delivered(workshop.message(author=author, **FABRIKAM)).values("From") == [author]


#     what                             what stands above From, the name of From   the code
ABOVE = [
    ("a boundary",                     b"--x: y\r\n", b"From", 550),
    ("a name above 100 octets",        b"X" * 101 + b": y\r\n", b"From", 550),
    ("an mbox's line is the author's", b"", b"From ", 550),
    ("a name of 100 octets",           b"X" * 100 + b": y\r\n", b"From", 250),
    ("a dash before a name",           b"-x: y\r\n", b"From", 250),
    ("blanks behind From, below",      b"X-A: y\r\n", b"From ", 250),
]


@pytest.mark.parametrize("above, name, code", [row[1:] for row in ABOVE], ids=[row[0] for row in ABOVE])
def test_behind_a_gateway_it_finds_the_author_that_was_judged(house, directory, above, name, code):
    """It writes a From of the envelope's sender, contoso's here, where it finds none."""
    sink = house.own(Sink(), "close")
    gateway = house.gateway(house.own(Sendmail(directory, sink_port=sink.port)))
    with gateway.connect(house.pki) as client:
        reply = whole(client, above + house.message(author="Eve <eve@fabrikam.com>", **FABRIKAM).replace(b"From", name, 1), "fabrikam.com")
    assert reply.code == code, reply
    if reply.accepted:
        assert wait_for(lambda: sink.messages, "the message at the next hop")[0].values("From") == ["Eve <eve@fabrikam.com>"]
