#!/usr/bin/python3
"""Writes the message of the benchmarks: Microsoft 365 outbound, 35 header fields, about 7 KiB of header, 20 KiB of body, one RSA-2048
DKIM signature and one ARC set, and on top what the operator's own validator says of it.

usage: make_message.py FOLDER [--header-octets N] [--body-octets N]
Writes FOLDER/message.eml and FOLDER/zone.json (the public keys, in the form of `exota eval`). A longer header has more fields of Exchange's.
"""
import argparse, base64, json, pathlib, random, re, subprocess, time

import dkim

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--header-octets", type=int, default=0)
parser.add_argument("--body-octets", type=int, default=20 * 1024)
options = parser.parse_args()
folder = pathlib.Path(options.folder)
folder.mkdir(parents=True, exist_ok=True)
random.seed(7)
zone = {}


def key(domain, selector):
    pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=pem, capture_output=True, check=True).stdout
    zone[f"{selector}._domainkey.{domain}"] = [{"TXT": "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()}]
    return pem


words = "invoice delivery quarter report meeting contract revenue attached regards project".split()
body = b""
while len(body) < options.body_octets:
    body += (" ".join(random.choice(words) for _ in range(11)) + "\r\n").encode()


def blob(octets):
    text = base64.b64encode(random.randbytes(octets)).decode()
    return "\r\n ".join(text[i:i + 76] for i in range(0, len(text), 76))


tenant = "1234abcd-18c5-45e8-88de-123456789abc"
fields = [
    ("From", "Jane Doe <jane.doe@contoso.com>"), ("To", "Bob <bob@partner.example>"),
    ("Subject", "Quarterly report"), ("Thread-Topic", "Quarterly report"), ("Thread-Index", blob(24)),
    ("Date", time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())),
    ("Message-ID", "<DB9PR01MB12345678@DB9PR01MB1234.eurprd01.prod.exchangelabs.com>"),
    ("Accept-Language", "de-DE, en-US"), ("Content-Language", "de-DE"), ("X-MS-Has-Attach", ""),
    ("x-ms-publictraffictype", "Email"),
    ("x-ms-office365-filtering-correlation-id", "0c7d4a5e-1111-4222-8333-08dc00000000"),
    ("x-ms-exchange-senderadcheck", "1"), ("x-ms-exchange-antispam-relay", "0"), ("x-microsoft-antispam", "BCL:0;ARA:13230040|366016|1800799024;"),
    ("x-microsoft-antispam-message-info", blob(1300)),
    ("x-forefront-antispam-report", "CIP:255.255.255.255;CTRY:;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:DB9PR01MB1234.eurprd01.prod.exchangelabs.com;PTR:;CAT:NONE;SFS:(13230040)(366016);DIR:OUT;SFP:1102;"),
    ("x-ms-exchange-antispam-messagedata-chunkcount", "1"), ("x-ms-exchange-antispam-messagedata-0", blob(1300)),
    ("Content-Type", 'text/plain; charset="us-ascii"'), ("Content-Transfer-Encoding", "7bit"), ("MIME-Version", "1.0"),
    ("X-OriginatorOrg", "contoso.com"), ("X-MS-Exchange-CrossTenant-AuthAs", "Internal"),
    ("X-MS-Exchange-CrossTenant-AuthSource", "DB9PR01MB1234.eurprd01.prod.exchangelabs.com"),
    ("X-MS-Exchange-CrossTenant-Network-Message-Id", "0c7d4a5e-1111-4222-8333-08dc00000000"),
    ("X-MS-Exchange-CrossTenant-originalarrivaltime", "21 Nov 2026 10:00:00.0000 (UTC)"),
    ("X-MS-Exchange-CrossTenant-fromentityheader", "Hosted"), ("X-MS-Exchange-CrossTenant-id", tenant),
]
header_octets = sum(len(name) + len(value) + 4 for name, value in fields) + 3900  # of signatures and results
for number in range(1, 1 + max(0, options.header_octets - header_octets) // 290):
    fields.append((f"x-ms-exchange-crosstenant-note-{number}", blob(180)))
raw = "".join(f"{name}: {value}\r\n" for name, value in fields).encode() + b"\r\n" + body
signed = [b"From", b"Date", b"Subject", b"Message-ID", b"Content-Type", b"MIME-Version", b"X-MS-Exchange-SenderADCheck"]
signature = dkim.sign(raw, b"selector1", b"contoso.com", key("contoso.com", "selector1"), canonicalize=(b"relaxed", b"relaxed"), include_headers=signed)
raw = signature + raw
raw = b"Received: from DB9PR01MB1234.eurprd01.prod.exchangelabs.com by AM0PR01MB5678.eurprd01.prod.exchangelabs.com; Sat, 21 Nov 2026 10:00:00 +0000\r\n" + raw
# The seal needs results to report; the field itself is Microsoft's own and does not stay.
results = (b"Authentication-Results: mx.microsoft.com; spf=pass smtp.mailfrom=contoso.com; dmarc=pass header.from=contoso.com; "
           b"dkim=pass header.d=contoso.com; arc=none\r\n")
arc = dkim.arc_sign(results + raw, b"arcselector9901", b"microsoft.com", key("microsoft.com", "arcselector9901"), b"mx.microsoft.com",
                    include_headers=signed)
raw = b"".join(arc) + raw
data = re.search(rb"\bb=([^;]*)", signature.replace(b"\r\n", b"")).group(1).replace(b" ", b"").replace(b"\t", b"")
ours = (b"Authentication-Results: mx.example.net;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=contoso.com header.i=@contoso.com "
        b"header.a=rsa-sha256 header.s=selector1 header.b=" + data[:8] + b";\r\n\tdkim-atps=neutral\r\n")
raw = ours + raw
(folder / "message.eml").write_bytes(raw)
(folder / "zone.json").write_text(json.dumps(zone))
header = raw.split(b"\r\n\r\n", 1)[0]
count = sum(1 for line in header.split(b"\r\n") if line and line[:1] not in b" \t")
print(f"{folder}/message.eml: {count} fields, {len(header)} octets of header, {len(raw) - len(header)} of body")
