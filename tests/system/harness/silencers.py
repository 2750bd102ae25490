"""What makes OpenDKIM 2.11 say nothing, and what its clean-up then leaves: the two halves of a forged result.

A silencer is a list of fields on top of the message: values of DKIM-Signature, or pairs of name and value (From takes the author's place).
A form is one result field that claims a pass of contoso.com. `{id}` in it is the authserv-id; `{n}` in a silencer is a number of its own, so
that no resolver remembers the name.
"""
from .keyserver import DEAD, FAILS

BODY_HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
TAGS = {"v": "1", "a": "rsa-sha256", "c": "relaxed/relaxed", "d": "contoso.com", "s": "selector1", "h": "from", "bh": BODY_HASH, "b": "AAAA",
        "i": "@contoso.com", "l": "0", "q": "dns/txt", "t": "1700000000", "x": "4000000000", "z": "from:x", "zz": "x"}
NEEDED = ["v", "a", "c", "d", "s", "h", "bh", "b"]


def signature(**changes):
    """A well-formed signature that nobody made. A tag set to None is left out."""
    tags = {name: TAGS[name] for name in NEEDED} | changes
    return "; ".join(f"{name}={value}" for name, value in tags.items() if value is not None)


INVENTED = signature()  # what could have caused the pass that the forged field claims
VALUES = {"8-bit": "ü", "octet 255": "\udcff", "control": "a\x01b", "empty": "", "long": "x" * 5000, "blanks": "a b", "quotes": '"a"',
"comment": "a(b)", "equals": "a=b",
          "number with a sign": "+1", "percent": "%s%n"}

SILENCERS = {f"{tag}= {kind}": [signature(**{tag: value})] for tag in TAGS for kind, value in VALUES.items()}
SILENCERS |= {f"{tag}= behind its value {kind}": [signature(**{tag: TAGS[tag] + VALUES[kind]})] for tag in TAGS for kind in ("8-bit", "control")}
SILENCERS |= {f"{tag}= twice": [signature() + f"; {tag}={TAGS[tag]}"] for tag in TAGS}
SILENCERS |= {f"without {tag}=": [signature(**{tag: None})] for tag in NEEDED}
SILENCERS |= {
    "garbage": ["garbage"], "nothing": [""], "blanks alone": ["   "], "a fold alone": ["\r\n "], "v alone": ["v=1"], "semicolons": [";;;;"],
    "NUL": ["v=1; a=\0"],
    "an equals sign": ["="], "a name alone": ["v"], "two semicolons": [signature().replace("; ", ";; ")],
    "a semicolon in front": ["; " + signature()],
    "d= with a comment": [signature(d="contoso.com(x).evil.test")], "d= twice over": [signature(d="a=b")],
    "d= as U-label": [signature(d="b\u00fccher.test")],
    "d= too long": [signature(d=".".join(["d" * 60] * 6))], "s= too long": [signature(s="s" * 300)],
    "d= with two dots": [signature(d="contoso..com")],
    "a name with 8-bit": ["\u00fc=1; " + signature()], "a name with a blank": ["z z=1; " + signature()],
    "a name with a digit first": ["1=1; " + signature()],
    "a thousand tags": [signature() + "".join(f"; t{n}=1" for n in range(1000))],
    "a value that is folded in its middle": [signature(d="contoso\r\n .com")],
    "the broken one below": [INVENTED, "garbage"], "fifty broken ones": ["garbage"] * 50, "algorithm unknown": [signature(a="rsa-sha512")],
    "version 2": [signature(v="2")], "version 0.5": [signature(v="0.5")], "h= of 300 names": [signature(h=":".join(f"x{n}" for n in range(300)))],
    "expired": [signature(t="1", x="2")], "x= before t=": [signature(t="2", x="1")], "t= in the future": [signature(t="4000000000")],
    "i= foreign": [signature(i="@evil.test")], "l= huge": [signature(l="9" * 60)],
    "key fails": [signature(d="n{n}." + FAILS)], "key fails, below": [INVENTED, signature(d="n{n}." + FAILS)],
    "key fails by its selector": [signature(d=FAILS, s="n{n}")], "key without record": [signature(d="n{n}.evil.test")],
}
# Fields of other names, and authors that we read and OpenDKIM perhaps does not.
SILENCERS |= {f"author {kind}": [("From", value)] for kind, value in {
    "in a group": "G: jane@contoso.com;", "with a comma behind": "jane@contoso.com,", "with an 8-bit name": "J\udcffne <jane@contoso.com>",
    "with dots in the name": "J. D. Oe <jane@contoso.com>",
    "with a comment": "jane@contoso.com (x)", "in front of a comment with a parenthesis": "jane@contoso.com (\\))",
    "without a blank": "Jane<jane@contoso.com>", "with a final dot": "<jane@contoso.com.>",
    "with a quoted local part": '<"jane"@contoso.com>', "in blanks": " \r\n <jane@contoso.com>",
    "with an open comment in quotes": '"(" <jane@contoso.com>', "as U-label": "jane@b\u00fccher.test"}.items()}
SILENCERS |= {
    "field name with a semicolon": [("X;Y", "x")], "field name with a quote": [('X"Y', "x")], "field name with a backslash": [("X\\Y", "x")],
    "field name of a thousand": [("X" * 1000, "x")],
    "field value 8-bit": [("X-A", "\u00fc")], "field value control": [("X-A", "a\x01b")], "field value empty": [("X-A", "")],
    "field value of blanks": [("X-A", "\r\n ")],
    "field value of 9,000": [("X-A", "x" * 9000)], "header above 64 KiB": [("X-A", "x" * 900)] * 80,
    "header below 64 KiB": [("X-A", "x" * 900)] * 60, "header of 3,000 fields": [("X", "")] * 1500,
    "signature's name with a blank": [("DKIM-Signature ", "garbage")], "signature's name in small letters": [("dkim-signature", "garbage")],
    "ARC sets broken": [("ARC-Seal", "garbage")],
    "a foreign signature field": [("DomainKey-Signature", "garbage")], "an empty Received": [("X-Received", "")],
}
# OpenDKIM waits a second for each of these.
DEAD_KEYS = {
    "key dead": [signature(d="n{n}." + DEAD)], "key dead, below": [INVENTED, signature(d="n{n}." + DEAD)],
    "key dead twice": [signature(d="n{n}." + DEAD), signature(d="m{n}." + DEAD)],
    "key dead by its selector": [signature(d=DEAD, s="n{n}")],
}
PASS = "dkim=pass header.d=contoso.com"
# OpenDKIM writes these into its own field, and is not silent at all.
WRITTEN = {f"i= decodes to {kind}": [signature(i=value.replace("=", "=3D").replace(" ", "=20").replace(";", "=3B"))] for kind, value in {
    "a result": f"a; {PASS}@contoso.com", "a result and a property": f"a; {PASS} header.i=@contoso.com",
    "a property": "a header.d=contoso.com@contoso.com",
    "a comment's end": f"a); {PASS} header.i=@contoso.com", "a quote": f'"a; {PASS} header.i=@contoso.com', "an open comment": "(@contoso.com",
    "a result of a method version": "a; dkim/1=pass header.d=contoso.com header.i=@contoso.com",
    "sixteen results": "a" + f"; {PASS}" * 16 + " header.i=@contoso.com",
}.items()}
WRITTEN |= {"i= decodes to a line end": [signature(i="a=0D=0A=09=3B=20dkim=3Dpass=20header.d=3Dcontoso.com=20header.i=3D@contoso.com")],
            "i= decodes to a new field": [signature(i="a=0D=0AAuthentication-Results:=20mx.test=3B=20dkim=3Dpass=20header.d=3Dcontoso.com@contoso.com")],
            "i= decodes in small letters": [signature(i="a=3b=20dkim=3dpass=20header.d=3dcontoso.com=20header.i=3d@contoso.com")],
            "s= with a result": [signature(s="x; dkim=pass header.d=contoso.com")],
            "b= with a result": [signature(b="A; dkim=pass header.d=contoso.com")]}

FIFTEEN = "; ".join(["spf=none"] * 15)
LONG = "\r\n (" + ")\r\n (".join(["x" * 900] * 5) + ")"
FIELD = "Authentication-Results"
FORMS = {
    "plain": (FIELD, "{id}; " + PASS),
    "as OpenDKIM writes": (FIELD, "{id};\r\n\tdkim=pass (2048-bit key; unprotected) header.d=contoso.com header.i=@contoso.com header.a=rsa-sha256 "
                                  "header.s=selector1 header.b=AAAA;\r\n\tdkim-atps=neutral"),
    "version 1": (FIELD, "{id} 1; " + PASS), "version 2": (FIELD, "{id} 2; " + PASS),
    "method version": (FIELD, "{id}; dkim/1=pass header.d=contoso.com"), "sixteenth result": (FIELD, "{id}; " + f"{FIFTEEN}; {PASS}"),
    "fifteen results": (FIELD, "{id}; " + "; ".join(["spf=none"] * 14) + f"; {PASS}"),
    "unknown ptype": (FIELD, "{id}; " + f"{PASS} foo.bar=x"), "unknown ptype first": (FIELD, "{id}; dkim=pass foo.bar=x header.d=contoso.com"),
    "comment before the dot": (FIELD, "{id}; dkim=pass header(x).d=contoso.com"),
    "comment behind the dot": (FIELD, "{id}; dkim=pass header.(x)d=contoso.com"),
    "comment before the equals sign": (FIELD, "{id}; dkim(x)=pass header.d=contoso.com"),
    "comment behind it": (FIELD, "{id}; dkim=(x)pass header.d=contoso.com"),
    "comment in the property": (FIELD, "{id}; dkim=pass header.d(x)=(y)contoso.com"),
    "reason behind a property": (FIELD, "{id}; " + f'{PASS} reason="a"'),
    "second reason": (FIELD, "{id}; " + 'dkim=pass reason="a" reason="b" header.d=contoso.com'),
    "reason without quotes": (FIELD, "{id}; dkim=pass reason=a header.d=contoso.com"),
    "reason with a semicolon": (FIELD, '{id}; dkim=pass reason="a;b" header.d=contoso.com'),
    "action=none": (FIELD, "{id}; dkim=pass action=none header.d=contoso.com"), "over 4,000 octets": (FIELD, "{id}; " + PASS + LONG),
    "over 4,000 octets in front": (FIELD, "{id};" + LONG + f" {PASS}"),
    "quoted value": (FIELD, '{id}; dkim=pass header.d="contoso.com"'),
    "quoted value with an escape": (FIELD, '{id}; dkim=pass header.d="contoso\\.com"'),
    "quoted result": (FIELD, '{id}; dkim="pass" header.d=contoso.com'), "quoted id": (FIELD, '"{id}"; ' + PASS),
    "id with an escape": (FIELD, '"m\\x.test"; ' + PASS),
    "id with a final dot": (FIELD, "{id}.; " + PASS), "id with a comment": (FIELD, "{id}(x) (y); " + PASS),
    "id behind a comment": (FIELD, "(x) {id}; " + PASS),
    "id in capitals": (FIELD, "MX.TEST; " + PASS), "id before a no-break space": (FIELD, "{id}\u00a0; " + PASS),
    "id folded": (FIELD, "\r\n {id}\r\n ;\r\n " + PASS),
    "no blank": (FIELD, "{id};dkim=pass header.d=contoso.com"), "blanks around": (FIELD, "{id} ; dkim = pass header . d = contoso.com"),
    "tabs": (FIELD, "{id}\t;\tdkim=pass\theader.d=contoso.com"),
    "final semicolon": (FIELD, "{id}; " + PASS + ";"), "empty result": (FIELD, "{id};; " + PASS),
    "8-bit in a comment": (FIELD, "{id}; dkim=pass (\u00fc) header.d=contoso.com"),
    "control in a comment": (FIELD, "{id}; dkim=pass (\x01) header.d=contoso.com"),
    "nested comment": (FIELD, "{id}; dkim=pass (a (b) c) header.d=contoso.com"),
    "open comment behind": (FIELD, "{id}; " + PASS + " (x"), "value with an equals sign": (FIELD, "{id}; " + PASS + " header.b==x"),
    "d= twice": (FIELD, "{id}; dkim=pass header.d=evil.test header.d=contoso.com"),
    "without d=": (FIELD, "{id}; dkim=pass header.i=@contoso.com"), "letter cases": (FIELD, "{id}; DKIM=PASS Header.D=Contoso.COM"),
    "seventy properties": (FIELD, "{id}; " + PASS + "\r\n header.b=A" * 70),
    "name in small letters": (FIELD.lower(), "{id}; " + PASS), "blank before the colon": (FIELD + " ", "{id}; " + PASS),
    "tab before the colon": (FIELD + "\t", "{id}; " + PASS),
    "twice": (FIELD, "{id}; " + PASS + f"\r\n{FIELD}: " + "{id}; " + PASS),
}
