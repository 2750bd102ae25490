"""ARC sets, forged and honest: sealed by whom it may be, over whatever results the sealer claims."""
import base64
import hashlib

from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key

from .forged_messages import Row, genuine, plain
from .forger import add, canonical_body, hashed_header, relaxed_field, split

PASSED = "dkim=pass header.d=contoso.com"


def seal(raw, keys, domain, instance, results, *, cv=None, key=None):
    """`raw` with one ARC set on top, valid but for what it claims.

    The seal covers the sets that stand in `raw`, in order, as RFC 8617 section 5.1.1 has it."""
    secret = parse_pem_private_key((keys.directory / (key or domain)).read_bytes())
    encoded = lambda digest: base64.b64encode(RSASSA_PKCS1_v1_5_sign(digest, secret)).decode()  # noqa: E731
    fields, body = split(raw)
    aar = f"ARC-Authentication-Results: i={instance}; {domain}; {results}\r\n".encode()
    body_hash = base64.b64encode(hashlib.sha256(canonical_body(body, "relaxed")).digest()).decode()
    ams = f"ARC-Message-Signature: i={instance}; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=selector1; h=From:Date:Subject; bh={body_hash}; b=".encode()
    ams += encoded(hashlib.sha256(hashed_header(fields, ["From", "Date", "Subject"], ams + b"\r\n", "relaxed"))).encode() + b"\r\n"
    own = f"ARC-Seal: i={instance}; a=rsa-sha256; cv={cv or ('none' if instance == 1 else 'pass')}; d={domain}; s=selector1; b=".encode()
    text = b""
    for number in range(1, instance):
        for name in (b"arc-authentication-results", b"arc-message-signature", b"arc-seal"):
            text += b"".join(relaxed_field(field) for field in fields
                             if field.lower().startswith(name + b":") and f"i={number};".encode() in field.replace(b" ", b""))
    text += relaxed_field(aar) + relaxed_field(ams) + relaxed_field(own + b"\r\n")[:-2]
    own += encoded(hashlib.sha256(text)).encode() + b"\r\n"
    return own + ams + aar + raw


def sealed(*steps, message=None):
    """Steps: (domain, results) one after the other; the key is the forger's but for a sealer whose key is his own."""
    def make(keys):
        raw = (message or (lambda _: plain()))(keys)
        for number, (domain, results, *more) in enumerate(steps, 1):
            raw = seal(raw, keys, domain, number, results, **(more[0] if more else {}))
        return raw
    return make


def changed(make, old, new):
    def other(keys):
        raw = make(keys)
        assert old in raw, old
        return raw.replace(old, new)
    return other


TRUSTED = ("sealer.test", PASSED)
ARC = [
    Row("sealed by himself", sealed(("evil.test", PASSED)), config="arc"),
    Row("Microsoft's first instance, which says pass to everything", sealed(("microsoft.com", PASSED)), config="arc"),
    Row("sealed by himself below a trusted sealer who says nothing", sealed(("evil.test", PASSED), ("sealer.test", "arc=pass")), config="arc"),
    Row("trusted, then resealed by himself", sealed(TRUSTED, ("evil.test", "arc=pass")), config="arc"),
    Row("trusted sealer who saw another's signature", sealed(("sealer.test", "dkim=pass header.d=evil.test")), config="arc"),
    Row("trusted sealer who saw it in a comment", sealed(("sealer.test", f"dkim=fail ({PASSED}) header.d=contoso.com")), config="arc"),
    Row("trusted sealer who saw a failure of ours", sealed(("sealer.test", "dkim=fail header.d=contoso.com; dkim=pass header.d=evil.test")), config="arc"),
    Row("trusted sealer's name, the forger's key", sealed(("sealer.test", PASSED, {"key": "evil.test"})), config="arc"),
    Row("trusted chain, another body", changed(sealed(TRUSTED), b"Hello from", b"Hallo from"), config="arc"),
    Row("trusted chain, other results", changed(sealed(("sealer.test", "dkim=none")), b"dkim=none", PASSED.encode()), config="arc"),
    Row("trusted chain, another Subject on top", lambda keys: add(sealed(TRUSTED)(keys), ("Subject", "forged")), config="arc"),
    Row("chain that the last sealer found broken", sealed(TRUSTED, ("sealer.test", "arc=fail; " + PASSED, {"cv": "fail"})), config="arc"),
    Row("two sets of one instance", lambda keys: seal(sealed(TRUSTED)(keys), keys, "sealer.test", 1, PASSED), config="arc"),
    Row("an instance is missing", lambda keys: seal(plain(), keys, "sealer.test", 2, PASSED), config="arc"),
    Row("results alone, without a seal", lambda keys: add(plain(), ("ARC-Authentication-Results", f"i=1; sealer.test; {PASSED}")), config="arc"),
]
HONEST_ARC = [
    Row("a trusted sealer", sealed(TRUSTED), config="arc"),
    Row("a trusted sealer behind Microsoft", sealed(("microsoft.com", "dkim=none"), ("sealer.test", "arc=pass; " + PASSED)), config="arc"),
    Row("sealed over our own signature", sealed(("sealer.test", PASSED), message=lambda keys: genuine(keys)), config="arc"),
]
