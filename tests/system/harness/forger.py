"""DKIM signatures with every tag in the caller's hand: what dkimpy will not sign, a forger does.

The canonical forms are written down from RFC 6376 section 3.4 once more; `test_harness.py` compares them with dkimpy's.
"""
import base64
import hashlib
import re
from pathlib import Path

from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key

EXCHANGE = "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-SenderADCheck"
HASHES = {"rsa-sha256": hashlib.sha256, "rsa-sha1": hashlib.sha1}


def split(raw):
    """([field with its CRLF, …], body) of a message."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return [field + b"\r\n" for field in re.split(rb"\r\n(?![ \t])", head)], body


def relaxed_field(field):
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.strip(b" \t").lower() + b":" + value + b"\r\n"


def canonical_body(body, how):
    if how == "relaxed":
        body = b"\r\n".join(re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n"))
    while body.endswith(b"\r\n"):
        body = body[:-2]
    if body:
        return body + b"\r\n"
    return b"" if how == "relaxed" else b"\r\n"


def hashed_header(fields, names, own, how):
    """What h= covers, from the bottom up, and the signature's own field without its final CRLF."""
    form = relaxed_field if how == "relaxed" else lambda field: field
    left = list(fields)
    covered = b""
    for name in names:
        for position in range(len(left) - 1, -1, -1):
            if left[position].partition(b":")[0].strip(b" \t").lower() == name.encode().lower():
                covered += form(left.pop(position))
                break
    return covered + form(own)[:-2]


def sign(raw, keys, d, *, key=None, h=EXCHANGE, c="relaxed/relaxed", a="rsa-sha256", l=None, s="selector1", v="1", more="", below=False):
    """`raw` with a signature on top (`below`: at the header's end) that verifies as far as its tags allow.

    @param key   the domain whose private key signs; None: that of `d`
    @param more  further tags as text: "i=x@contoso.com; t=1; x=2"
    """
    fields, body = split(raw)
    header_form, _, body_form = c.partition("/")
    text = canonical_body(body, body_form or "simple")
    text = text if l is None else text[:l]
    value = f" v={v}; a={a}; c={c}; d={d}; s={s};\r\n\th={h};\r\n\tbh={base64.b64encode(HASHES[a](text).digest()).decode()};"
    value += (f" l={l};" if l is not None else "") + (f" {more};" if more else "") + "\r\n\tb="
    own = f"DKIM-Signature:{value}\r\n".encode("utf-8", "surrogateescape")
    names = [name.strip() for name in h.split(":")]
    digest = HASHES[a](hashed_header(fields, names, own, header_form))
    pem = (Path(keys.directory) / (key or d)).read_bytes()
    signature = base64.b64encode(RSASSA_PKCS1_v1_5_sign(digest, parse_pem_private_key(pem))).decode()
    own = own[:-2] + "\r\n\t ".join(signature[i:i + 70] for i in range(0, len(signature), 70)).encode() + b"\r\n"
    return b"".join([*fields, own] if below else [own, *fields]) + b"\r\n" + body


def add(raw, *fields, below=False):
    """`raw` with fields (name, value) put above everything, or at the header's end."""
    made = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("utf-8", "surrogateescape")
    if not below:
        return made + raw
    head, _, body = raw.partition(b"\r\n\r\n")
    return head + b"\r\n" + made + b"\r\n" + body


def key_records(keys):
    """name → record, of all keys."""
    return dict(line.split(" ", 1) for line in keys.public_keys.read_text().splitlines())
