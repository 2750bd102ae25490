"""Messages as Exchange Online sends them, and DKIM keys to sign them with."""
import subprocess
from email.utils import formatdate
from pathlib import Path

import dkim

CONTOSO_ID = "1234abcd-18c5-45e8-88de-123456789abc"
FABRIKAM_ID = "99999999-2222-4333-8444-555555555555"
# What Exchange Online signs (seen in published mail): none of its own X-MS-Exchange-CrossTenant fields.
SIGNED_FIELDS = [b"From", b"Date", b"Subject", b"Message-ID", b"Content-Type", b"MIME-Version", b"X-MS-Exchange-SenderADCheck"]

SIGNING_DOMAINS = ["contoso.com", "contoso.onmicrosoft.com", "fabrikam.com", "fabrikam.onmicrosoft.com", "evil.test", "author.test"]

# In good form, as the signature that a validator's "dkim=pass header.d=contoso.com" is about; it verifies nowhere.
SIGNATURE_FIELD = ("DKIM-Signature", "v=1; a=rsa-sha256; c=relaxed/relaxed; d=contoso.com; s=selector1; h=From:Date:Subject; bh=" + "A" * 43 + "=; b=AAAA")

_sequence = 0


class Keys:
    """One RSA key a domain, the public halves in a file for OpenDKIM's TestPublicKeys (so that no DNS is needed)."""

    def __init__(self, directory, domains):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        self.public_keys = self.directory / "public"
        lines = []
        for domain in domains:
            private = self.directory / domain
            subprocess.run(["openssl", "genrsa", "-traditional", "-out", private, "2048"], check=True, capture_output=True)
            der = subprocess.run(["openssl", "rsa", "-in", private, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
            text = subprocess.run(["openssl", "base64", "-A"], input=der, check=True, capture_output=True).stdout.decode()
            lines.append(f"selector1._domainkey.{domain} v=DKIM1; k=rsa; p={text}\n")
        self.public_keys.write_text("".join(lines))

    def sign(self, raw, domain):
        """The message with a signature of `domain` on top, relaxed/relaxed as Exchange Online signs."""
        field = dkim.sign(raw, b"selector1", domain.encode(), (self.directory / domain).read_bytes(), canonicalize=(b"relaxed", b"relaxed"),
                          include_headers=SIGNED_FIELDS)
        return field + raw


def fields_of(author="Jane Doe <jane@contoso.com>", tenant_id=CONTOSO_ID, organization="contoso.com", subject="Invoice", recipient="bob@dest.test"):
    """Header fields of an ordinary message, as a list of (name, value) to change before `text_of`. None leaves a field out."""
    global _sequence
    _sequence += 1
    fields = [
        ("From", author),
        ("To", f"Bob <{recipient}>"),
        ("Subject", subject),
        ("Thread-Topic", subject),
        ("Date", formatdate()),
        ("Message-ID", f"<DB9PR01MB{_sequence:06d}@DB9PR01MB1234.eurprd01.prod.exchangelabs.com>"),
        ("Accept-Language", "de-DE, en-US"),
        ("X-MS-Has-Attach", ""),
        ("x-ms-publictraffictype", "Email"),
        ("Content-Type", 'text/plain; charset="us-ascii"'),
        ("MIME-Version", "1.0"),
        ("X-OriginatorOrg", organization),
        ("X-MS-Exchange-CrossTenant-AuthAs", "Internal"),
        ("X-MS-Exchange-CrossTenant-AuthSource", "DB9PR01MB1234.eurprd01.prod.exchangelabs.com"),
        ("X-MS-Exchange-CrossTenant-Id", tenant_id),
    ]
    return [(name, value) for name, value in fields if value is not None]


def text_of(fields, body="Hello from the test.\r\n"):
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + (body if isinstance(body, bytes) else body.encode())


def message(keys=None, signed_by=(), top=(), extra=(), body="Hello from the test.\r\n", **fields):
    """One message. `signed_by`: domains that sign it; `extra`: fields at the end of the header, signed over if named by Exchange;
    `top`: fields put above everything after signing, as a relay or forger does."""
    raw = text_of(fields_of(**fields) + list(extra), body)
    for domain in [signed_by] if isinstance(signed_by, str) else signed_by:
        raw = keys.sign(raw, domain)
    return "".join(f"{name}: {value}\r\n" for name, value in top).encode("utf-8", "surrogateescape") + raw
