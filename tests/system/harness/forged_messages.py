"""Forged messages against own verification: what a forger can do who has neither the key nor the tenant of the domain he writes in From.

`FORGED` is refused or deferred, row by row for the reason named there; `HONEST` are the twins that differ in the forger's one change and
must pass. A message is made by a function of the keys. Unless a row says otherwise the forger has one genuine signed message and a tenant
of his own at Microsoft whose id Microsoft did not stamp: the weakest position in which own verification is asked to hold.
"""
from dataclasses import dataclass, field

from .evaluation import Session
from .forger import EXCHANGE, add, sign
from .message import CONTOSO_ID, FABRIKAM_ID, message

UNSTAMPED = {"tenant_id": None, "organization": None}


@dataclass
class Row:
    name: str
    make: object  # keys → message
    reason: str = "not-proven"
    config: str = "default"
    session: Session = field(default_factory=Session)


def plain(**more):
    return message(**{**UNSTAMPED, **more})


def genuine(keys, **how):
    """contoso's own message, as someone who got it once may send it again."""
    return sign(plain(extra=how.pop("extra", ())), keys, "contoso.com", **how)


def topped(*fields, **how):
    return lambda keys: add(genuine(keys, **how), *fields)


def ended(*fields, **how):
    return lambda keys: add(genuine(keys, **how), *fields, below=True)


def twice(name, first="one", second="two", **how):
    """A field that stands once, unsigned or not, and the forger's second one above it."""
    return lambda keys: add(genuine(keys, extra=[(name, first)], **how), (name, second))


def by_evil(d, **how):
    """The forger's own key signs; what DNS has for `d` is in the zone where he could put it there."""
    return lambda keys: sign(plain(author=how.get("author", "jane@contoso.com")), keys, d, key="evil.test",
                             **{name: value for name, value in how.items() if name != "author"})


def authored(author, signer="fabrikam.com", extra=()):
    """A customer writes; he may sign as himself."""
    return lambda keys: sign(plain(author=author, extra=extra), keys, signer)


def replaced(old, new, **how):
    def make(keys):
        raw = genuine(keys, **how)
        assert old in raw, old
        return raw.replace(old, new)
    return make


def stamped(*fields, signer=None):
    """Fields as they come from Microsoft, in this order, and whatever the sender wrote among them."""
    def make(keys):
        raw = plain(extra=fields)
        return sign(raw, keys, signer) if signer else raw
    return make


ID, ORGANIZATION = "X-MS-Exchange-CrossTenant-Id", "X-OriginatorOrg"
ATTRIBUTED = "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp"
AUTH_AS = "X-MS-Exchange-CrossTenant-AuthAs"
OURS = f"TenantId={CONTOSO_ID};Ip=[203.0.113.7];Helo=[host.test]"
BODY = b"Hello from the test.\r\n"

ONCE_SIGNED = ["Date", "Subject", "Message-ID", "Content-Type", "MIME-Version"]
ONCE_UNSIGNED = ["Sender", "Reply-To", "Cc", "Bcc", "In-Reply-To", "References", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"]

FIELDS = [
    *[Row(f"second {name} on top", topped((name, "forged"))) for name in ONCE_SIGNED],
    *[Row(f"second {name} at the end", ended((name, "forged"))) for name in ONCE_SIGNED],
    *[Row(f"two unsigned {name}", twice(name)) for name in ONCE_UNSIGNED],
    Row("second To", topped(("To", "all@dest.test"))),
    Row("second Subject in capitals", topped(("SUBJECT", "forged"))),
    Row("second Subject with a blank before the colon", topped(("Subject ", "forged"))),
    Row("second Subject with a tab before the colon", topped(("subject\t", "forged"))),
    Row("second Subject that is empty", topped(("Subject", ""))),
    Row("second Subject, folded from its first octet", topped(("Subject", "\r\n forged"))),
    Row("second Subject that differs in letter case alone", topped(("Subject", "invoice"))),
    Row("second Content-Type with another boundary", topped(("Content-Type", 'multipart/mixed; boundary="x"'))),
    Row("second content-type in small letters at the end", ended(("content-type", "text/html"))),
    Row("second MIME-Version with a comment", topped(("MIME-Version", "1.0 (x)"))),
    Row("third Subject where h= names two", topped(("Subject", "a"), ("Subject", "b"), h=EXCHANGE + ":Subject")),
    Row("oversigned Subject, one added", topped(("Subject", "forged"), h=EXCHANGE + ":Subject")),
    Row("oversigned Content-Type, one added below", ended(("Content-Type", "text/html"), h=EXCHANGE + ":Content-Type")),
    Row("oversigned Reply-To, one added", topped(("Reply-To", "x@evil.test"), h=EXCHANGE + ":Reply-To")),
    Row("signed field changed", replaced(b"Subject: Invoice", b"Subject: Invoices")),
    Row("signed field taken away", replaced(b"MIME-Version: 1.0\r\n", b"")),
    Row("signed fields exchanged with an unsigned one's name", replaced(b"Subject: Invoice", b"Comments: Invoice")),
    Row("two Resent-Sender and a second Subject", topped(("Resent-Sender", "a@evil.test"), ("Resent-Sender", "b@evil.test"), ("Subject", "x"))),
]

BODIES = [
    Row("l=0 and another body", replaced(BODY, b"Pay me.\r\n", l=0)),
    Row("l=0 and the signed body", lambda keys: genuine(keys, l=0)),
    Row("l= short by the last line end", lambda keys: genuine(keys, l=len(BODY) - 2)),
    Row("l= of the whole body and more behind it", replaced(BODY, BODY + b"Pay me.\r\n", l=len(BODY))),
    Row("l= longer than the body", replaced(b" l=22;", b" l=23;", l=len(BODY))),
    Row("l= that wraps around 2^64", replaced(b" l=0;", b" l=18446744073709551638;", l=0)),
    Row("l= negative", lambda keys: genuine(keys, more="l=-1")),
    Row("l= with a sign", lambda keys: genuine(keys, more=f"l=+{len(BODY)}")),
    Row("l= in hexadecimal", lambda keys: genuine(keys, more="l=0x16")),
    Row("l= twice", lambda keys: genuine(keys, l=0, more=f"l={len(BODY)}")),
    Row("l= empty", lambda keys: genuine(keys, more="l=")),
    Row("a body where none was signed", lambda keys: sign(plain(body=b""), keys, "contoso.com") + BODY),
    Row("the body is gone", replaced(BODY, b"")),
    Row("a line in front of the body", replaced(b"\r\n\r\n", b"\r\n\r\n\r\n")),
    Row("trailing blanks under a simple body", replaced(BODY, b"Hello from the test. \r\n", c="relaxed/simple")),
    Row("folding changed under a simple header", replaced(b"Subject: Invoice", b"Subject:  Invoice", c="simple/simple")),
    Row("c= changed to hide a blank", replaced(BODY, b"Hello  from the test.\r\n", c="relaxed")),
    Row("c= of three words", lambda keys: genuine(keys).replace(b"c=relaxed/relaxed", b"c=relaxed/relaxed/relaxed")),
]

# name, tags of a signature that verifies with contoso's key as far as its tags allow, or what is changed in it
TAGS = [
    Row("h= without From", lambda keys: genuine(keys, h="Date:Subject:To")),
    Row("h= twice, the second without From", lambda keys: genuine(keys, more="h=Date")),
    Row("h= with From in a comment", lambda keys: genuine(keys, h="Date:(From):Subject")),
    Row("d= twice", lambda keys: sign(plain(), keys, "evil.test", more="d=contoso.com")),
    Row("d= twice, ours first", lambda keys: sign(plain(), keys, "contoso.com", key="evil.test", more="d=evil.test")),
    Row("d= in capitals as a second tag", lambda keys: sign(plain(), keys, "evil.test", more="D=contoso.com")),
    Row("d= with a final dot", lambda keys: sign(plain(), keys, "contoso.com.", key="contoso.com")),
    Row("d= folded in its middle", lambda keys: sign(plain(), keys, "contoso.com\r\n .evil.test", key="evil.test")),
    Row("d= with a comment", by_evil("contoso.com(.evil.test)")),
    Row("d= with a NUL", by_evil("contoso.com\0.evil.test")),
    Row("d= above a homograph", by_evil("xn--cntoso-wqf.com")),
    Row("d= below ours, in the forger's zone", by_evil("contoso.com.evil.test")),
    Row("d= above ours: the public suffix", by_evil("com"), config="relaxed"),
    Row("d= of a shared suffix", by_evil("onmicrosoft.com", author="jane@contoso.onmicrosoft.com"), config="relaxed"),
    Row("d= of a neighbour below a shared suffix", by_evil("evil.onmicrosoft.com", author="jane@contoso.onmicrosoft.com"), config="relaxed"),
    Row("d= of a subdomain, strict", by_evil("news.contoso.com"), config="aligned"),
    Row("d= of a subdomain that nobody listed", by_evil("news.contoso.com")),
    Row("d= of a subdomain that another customer has, relaxed", by_evil("shop.contoso.com"), config="relaxed"),
    Row("author of another customer's subdomain, signed by the domain", lambda keys: sign(plain(author="a@shop.contoso.com"), keys, "contoso.com"),
        config="relaxed"),
    Row("d= of a sibling, relaxed", by_evil("contoso.test"), config="relaxed"),
    Row("i= of ours below d= of his", by_evil("evil.test", more="i=jane@contoso.com")),
    Row("i= that decodes to ours", by_evil("evil.test", more="i=jane=40contoso.com")),
    Row("i= with two at signs", by_evil("evil.test", more="i=jane@contoso.com@evil.test")),
    Row("i= that decodes to results", by_evil("evil.test", more="i=a=3B=20dkim=3Dpass=20header.d=3Dcontoso.com@evil.test")),
    Row("i= below d= under a key with t=s", lambda keys: genuine(keys, s="strict", more="i=jane@news.contoso.com")),
    Row("s= that leads into another zone", by_evil("contoso.com", s="selector1._domainkey.evil.test")),
    Row("s= that ends in a dot", lambda keys: genuine(keys, s="selector1.")),
    Row("s= empty", lambda keys: genuine(keys, s="")),
    Row("s= with a line end", by_evil("contoso.com", s="x._domainkey.evil.test\r\n ")),
    Row("s= whose name is too long", lambda keys: genuine(keys, s=".".join(["s" * 60] * 4))),
    Row("s= without a key", lambda keys: genuine(keys, s="nowhere")),
    Row("s= whose server fails", lambda keys: genuine(keys, s="broken"), "unavailable"),
    Row("s= whose server is silent", lambda keys: genuine(keys, s="dead"), "unavailable"),
    Row("key under test (t=y)", lambda keys: genuine(keys, s="testing")),
    Row("key revoked", lambda keys: genuine(keys, s="revoked")),
    Row("key for sha1 alone", lambda keys: genuine(keys, s="sha1only")),
    Row("key for another service", lambda keys: genuine(keys, s="service")),
    Row("key of another version", lambda keys: genuine(keys, s="version")),
    Row("key of 768 bits, which anybody can factor", lambda keys: genuine(keys, s="short", key="short.test")),
    Row("key of another type", lambda keys: genuine(keys, s="edkey")),
    Row("a=rsa-sha1", lambda keys: genuine(keys, a="rsa-sha1")),
    Row("v=2", lambda keys: genuine(keys, v="2")),
    Row("v=1.0", lambda keys: genuine(keys, v="1.0")),
    Row("expired", lambda keys: genuine(keys, more="t=1600000000; x=1600000060")),
    Row("x= before t=", lambda keys: genuine(keys, more="t=2000000000; x=1999999999")),
    Row("q= of another method", lambda keys: genuine(keys, more="q=http/well-known")),
    Row("bh= of another body", replaced(BODY, b"Pay me.\r\n")),
    Row("b= empty", replaced(b"\tb=", b"\tb=;z=")),
    Row("a signature in a field of another name", replaced(b"DKIM-Signature:", b"X-DKIM-Signature:")),
    Row("a signature in the body", lambda keys: plain(body=genuine(keys))),
    Row("own signature and a result field", lambda keys: add(by_evil("evil.test")(keys), ("Authentication-Results", "mx.test; dkim=pass header.d=contoso.com"))),
    Row("Microsoft's result field", lambda keys: add(plain(), ("Authentication-Results", "spf=pass smtp.mailfrom=contoso.com; dkim=pass header.d=contoso.com;dmarc=pass"))),
    Row("thirty broken signatures of ours", lambda keys: b"".join([genuine(keys).partition(b"\r\nFrom")[0].replace(b"bh=", b"bh=A") + b"\r\n"] * 30) + plain()),
]

AUTHORS = [
    Row("From twice, one name with a blank", authored("x@fabrikam.com", extra=[("From ", "jane@contoso.com")]), "from-ambiguous"),
    Row("From twice, one in capitals", authored("x@fabrikam.com", extra=[("FROM", "jane@contoso.com")]), "from-ambiguous"),
    Row("From signed twice over (h=from:from), one added", lambda keys: add(genuine(keys, h=EXCHANGE + ":From"), ("From", "x@evil.test")), "from-ambiguous"),
    Row("an encoded word that is the address", authored("=?utf-8?q?jane=40contoso=2Ecom?="), "from-ambiguous"),
    Row("an encoded word behind the address", authored("<x@fabrikam.com> =?utf-8?q?=3Cjane=40contoso=2Ecom=3E?="), "from-ambiguous"),
    Row("an encoded word that a quote splits", authored('=?utf-8?q?jane=40contoso.com"?=" <x@fabrikam.com>'), "from-ambiguous"),
    Row("an encoded word that a parenthesis splits", authored("=?utf-8?B?amFuZUBjb250b3NvLmNvbQ(?=) <x@fabrikam.com>"), "from-ambiguous"),
    Row("an encoded word that reaches beyond the address", authored('"=?utf-8?q?jane=40contoso.com" <x@fabrikam.com> (?=)'), "from-ambiguous"),
    Row("an encoded word that never ends", authored("=?utf-8?q?=3Cjane=40contoso.com=3E <x@fabrikam.com>"), "from-ambiguous"),
    Row("a charset that a quote ends", authored('"=?utf-8*" <x@fabrikam.com> (?q?hello?= <jane@contoso.com>)'), "from-ambiguous"),
    Row("a charset in the local part", authored("=?utf-8*@fabrikam.com (?q?ceo?= <jane@contoso.com>)"), "from-ambiguous"),
    Row("the beginning of an encoded word before another", authored("Chief =? <x@fabrikam.com> (<jane@contoso.com> =?utf-8?q?aaaaaaa?=)"), "from-ambiguous"),
    Row("an encoded word with a raw question mark", authored("=?u?q?a?b?= <x@fabrikam.com> (<jane@contoso.com> =?utf-8?q?aaaaaaaaaaaaaaaa?=)"), "from-ambiguous"),
    Row("a quote in a comment", authored('(") <x@fabrikam.com> ((" ) <jane@contoso.com>)'), "from-ambiguous"),
    Row("a bracket in a comment", authored("Boss ([) <x@fabrikam.com> ((]) <jane@contoso.com>)"), "from-ambiguous"),
    Row("an address behind a comment in a comment", authored("x@fabrikam.com (a (b) <jane@contoso.com>)"), "from-ambiguous"),
    Row("an address behind a quoted parenthesis", authored("x@fabrikam.com (a \\) <jane@contoso.com>)"), "from-ambiguous"),
    Row("a line that an MTA folds within the address", authored("(" + "x" * 967 + ") ceo@contoso.com.fabrikam.com"), "from-ambiguous"),
    Row("a field name at which an MTA ends the header", authored("x@fabrikam.com", extra=[("X" * 101, "y")]), "too-complex"),
    Row("a field name that looks like a boundary", authored("x@fabrikam.com", extra=[("--x", "y")]), "too-complex"),
    Row("a second address behind a fold", authored("<x@fabrikam.com>\r\n <jane@contoso.com>"), "from-ambiguous"),
    Row("an unquoted address as display name", authored("jane@contoso.com <x@fabrikam.com>"), "from-ambiguous"),
    Row("a NUL in the address", authored("jane@contoso.com\0@fabrikam.com"), "from-ambiguous"),
    Row("a source route", authored("<@contoso.com:x@fabrikam.com>"), "from-ambiguous"),
    Row("a percent route", authored("jane%contoso.com@nobody.test"), "no-policy"),
    Row("a quoted local part with an at sign", authored('"jane@contoso.com>"@nobody.test'), "from-ambiguous"),
    Row("a semicolon between two", authored("x@fabrikam.com; jane@contoso.com"), "from-ambiguous"),
    Row("a group of two", authored("a: jane@contoso.com, x@fabrikam.com;"), "from-ambiguous"),
    Row("a homograph in Cyrillic", authored("jane@c\u043entoso.com"), "no-policy"),
    Row("a homograph as A-label", authored("jane@xn--cntoso-wqf.com"), "no-policy"),
    Row("ours in full-width letters, unsigned by ours", authored("jane@\uff43\uff4f\uff4e\uff54\uff4f\uff53\uff4f.com", signer="evil.test")),
    Row("ours with a soft hyphen, unsigned by ours", authored("jane@con\u00adtoso.com", signer="evil.test"), "from-ambiguous"),
    Row("ours below his", authored("jane@contoso.com.fabrikam.test"), "no-policy"),
    Row("a wide at sign in the local part", authored("ceo\uff20contoso.com@fabrikam.com"), "from-ambiguous"),
    Row("a blank in Braille in the local part", authored("ceo\u2800\u2800@fabrikam.com"), "from-ambiguous"),
    Row("a capital sharp s in the domain", authored("ceo@stra\u1e9ee.fabrikam.com"), "from-ambiguous"),
    Row("a right-to-left override in the local part", authored("moc.osotnoc\u202e@contoso.com", signer="contoso.com"), "from-ambiguous"),
    Row("a zero-width joiner in the local part", authored("ja\u200dne@contoso.com", signer="contoso.com"), "from-ambiguous"),
    Row("a literal", authored("jane@[40.92.0.10]"), "from-ambiguous"),
    Row("an author of nobody, resent by ours", authored("ceo@bank.test", "evil.test", extra=[("Resent-From", "jane@contoso.com")]), "forwarding-not-allowed", "resent"),
    Row("resent by two customers", authored("ceo@bank.test", "evil.test", extra=[("Resent-From", "jane@contoso.com"), ("Resent-From", "x@fabrikam.com")]),
        "no-policy", "resent"),
    Row("resent by a customer who may forward, unsigned by him", authored("ceo@bank.test", "evil.test", extra=[("Resent-From", "x@fabrikam.com")]),
        "not-proven", "resent"),
]
