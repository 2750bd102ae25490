"""Signed by other people's programs, verified by ours (`exota eval`, ops dkim and arc): dkimpy and opendkim from Debian's packages.

What they sign must pass in every pair of canonical forms, with long headers and odd bodies; one octet changed must not pass. Messages that
were changed at random must get the verdict that dkimpy gives, or differ for a reason that is named here.
"""
import base64
import json
import os
import random
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

dkim = pytest.importorskip("dkim")

SOURCE = Path(__file__).resolve().parents[2]
EXOTA = Path(os.environ.get("EXOTA_BUILD_DIR", SOURCE / "build/dev")) / "exota"
pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")

NOW = 1_700_000_000
PAIRS = [(header, body) for header in ("simple", "relaxed") for body in ("simple", "relaxed")]
BODIES = {
    "empty": b"",
    "plain": b"Hello World\r\n",
    "no_final_newline": b"Hello World",
    "only_line_ends": b"\r\n\r\n\r\n",
    "trailing_line_ends": b"a\r\n\r\n\r\n",
    "trailing_blanks": b"a \t \r\nb  c\t\td\r\n \r\n",
    "leading_line_ends": b"\r\n\r\na\r\n",
    "eight_bit": "Grüße\r\n".encode() + bytes(range(128, 256)) + b"\r\n",
    "long_lines": b"x" * 5000 + b" " * 300 + b"y\r\n",
    "large": b"".join(b"line %d \t with  blanks \r\n" % i for i in range(5000)),
    "dots": b".\r\n..\r\n",
}
FIELDS = [
    (b"From", b"Joe <joe@example.com>"), (b"To", b"sue@example.net,\r\n\tbob@example.net"), (b"Subject", b"a  test \t of\r\n  folding "),
    (b"Date", b"Tue, 14 Nov 2023 22:13:20 +0000"), (b"Message-ID", b"<1@example.com>"), (b"X-Long", b"y" * 900 + b"\r\n " + b"z" * 900),
    (b"X-Empty", b""), (b"X-Twice", b"a"), (b"X-Twice", b"b"),
]


def message(body, fields=FIELDS):
    return b"".join(name + b": " + value + b"\r\n" for name, value in fields) + b"\r\n" + body


def openssl(*arguments, given=b""):
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


class Key:
    def __init__(self, kind):
        self.kind = kind
        if kind == "rsa":
            self.pem = openssl("genrsa", "-traditional", "2048")
            public = openssl("rsa", "-pubout", "-outform", "DER", given=self.pem)
            self.secret = self.pem
        else:
            pem = openssl("genpkey", "-algorithm", "ed25519")
            public = openssl("pkey", "-pubout", "-outform", "DER", given=pem)[-32:]
            self.secret = base64.b64encode(openssl("pkey", "-outform", "DER", given=pem)[-32:])
        self.record = f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"

    @property
    def algorithm(self):
        return f"{self.kind}-sha256".encode()


KEYS = {kind: Key(kind) for kind in ("rsa", "ed25519")}
ZONE = {f"{kind}._domainkey.example.com": [{"TXT": key.record}] for kind, key in KEYS.items()}


def ask(questions):
    text = "".join(json.dumps(dict(question, id=number)) + "\n" for number, question in enumerate(questions))
    done = subprocess.run([EXOTA, "eval"], input=text.encode(), capture_output=True, timeout=250)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.pop("id") for answer in answers] == list(range(len(questions)))
    return answers


def question(raw, op="dkim", zone=None, now=NOW):
    return {"op": op, "message_b64": base64.b64encode(raw).decode(), "zone": ZONE if zone is None else zone, "now": now}


def verdicts(messages, zone=None, now=NOW):
    """The result of the first signature of each, with its reason."""
    out = []
    for answer in ask([question(raw, zone=zone, now=now) for raw in messages]):
        assert "signatures" in answer, answer
        out.append((answer["signatures"][0]["result"], answer["signatures"][0]["reason"]) if answer["signatures"] else ("none", None))
    return out


def sign_dkimpy(raw, kind, header, body, names=(b"from", b"to", b"subject", b"date", b"x-long", b"x-empty", b"x-twice", b"x-twice"), length=False):
    key = KEYS[kind]
    return dkim.sign(raw, kind.encode(), b"example.com", key.secret, signature_algorithm=key.algorithm, include_headers=list(names),
                     canonicalize=(header.encode(), body.encode()), length=length) + raw


def dkimpy_says(raw):
    # dkimpy asks for b"name._domainkey.domain." and looks at the real clock, so these messages carry no x=.
    def lookup(name, timeout=5):
        found = ZONE.get(name.decode().rstrip("."))
        return found[0]["TXT"].encode() if found else None
    try:
        return dkim.verify(raw, dnsfunc=lookup)
    except Exception:  # dkimpy raises errors of Python itself on some broken input: no pass
        return False


@pytest.mark.parametrize("kind", KEYS)
def test_what_dkimpy_signs_passes(kind, capsys):
    cases = [(pair, name) for pair in PAIRS for name in BODIES]
    signed = [sign_dkimpy(message(BODIES[name]), kind, *pair) for pair, name in cases]
    for case, raw, verdict in zip(cases, signed, verdicts(signed, now=2_000_000_000)):
        assert verdict == ("pass", None), (case, verdict)
        assert dkimpy_says(raw), case
    with capsys.disabled():
        print(f"\ndkimpy {kind}: {len(signed)} of {len(signed)} signed messages pass", end=" ")


def test_l_of_dkimpy_passes_and_tells_when_the_body_goes_on():
    raw = sign_dkimpy(message(BODIES["plain"]), "rsa", "relaxed", "relaxed", length=True)
    whole, longer = (answer["signatures"][0] for answer in ask([question(raw, now=2_000_000_000), question(raw + b"more\r\n", now=2_000_000_000)]))
    assert (whole["result"], whole["counts"]) == ("pass", True)
    assert (longer["result"], longer["counts"]) == ("pass", False)


class Opendkim:
    """opendkim in signing mode, spoken to as an MTA does (the milter protocol, version 6), because its command line cannot choose forms."""

    def __init__(self, folder, header, body):
        self.socket = folder / f"{header}-{body}.sock"
        (folder / "rsa.pem").write_bytes(KEYS["rsa"].pem)
        (folder / "rsa.pem").chmod(0o600)
        configuration = folder / f"{header}-{body}.conf"
        configuration.write_text(f"Domain example.com\nSelector rsa\nKeyFile {folder}/rsa.pem\nCanonicalization {header}/{body}\nMode s\n"
                                 f"SignatureAlgorithm rsa-sha256\nInternalHosts 0.0.0.0/0\nSocket local:{self.socket}\nBackground no\nSyslog no\nRequireSafeKeys no\n")
        self.process = subprocess.Popen([shutil.which("opendkim") or "/usr/sbin/opendkim", "-x", str(configuration)])

    def connect(self):
        deadline = time.monotonic() + 20
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(20)
            try:
                connection.connect(str(self.socket))
                return connection
            except (FileNotFoundError, ConnectionRefusedError):
                connection.close()
                assert self.process.poll() is None and time.monotonic() < deadline, "opendkim does not listen"
                time.sleep(0.02)  # between two looks at a condition

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def sign(self, fields, body):
        with self.connect() as connection:
            stream = connection.makefile("rwb")

            def send(command, data=b""):
                stream.write(struct.pack("!I", len(data) + 1) + command + data)
                stream.flush()

            def answer():
                size = struct.unpack("!I", stream.read(4))[0]
                packet = stream.read(size)
                return packet[:1], packet[1:]

            leading_blank = 0x100000
            send(b"O", struct.pack("!III", 6, 0x1FF, leading_blank))
            command, options = answer()
            assert command == b"O"
            blank = b" " if struct.unpack("!III", options[:12])[2] & leading_blank else b""
            steps = [(b"C", b"localhost\0" + b"4" + struct.pack("!H", 25) + b"127.0.0.1\0"), (b"H", b"localhost\0"), (b"M", b"<joe@example.com>\0"),
                     (b"R", b"<sue@example.net>\0")]
            steps += [(b"L", name + b"\0" + blank + value.replace(b"\r\n", b"\n") + b"\0") for name, value in fields]
            steps += [(b"N", b"")] + [(b"B", body[at:at + 65535]) for at in range(0, len(body), 65535)]
            for command, data in steps:
                send(command, data)
                reply = answer()[0]
                assert reply in (b"c", b"s"), (command, reply)
            send(b"E")
            inserted = []
            while True:
                command, data = answer()
                if command in (b"c", b"a"):
                    break
                assert command in (b"i", b"h"), (command, data)
                name, value, _ = data[4 if command == b"i" else 0:].split(b"\0", 2)
                inserted.append(name + b":" + (b"" if blank else b" ") + value.replace(b"\n", b"\r\n") + b"\r\n")
            return b"".join(inserted) + message(body, fields)


def test_what_opendkim_signs_passes(tmp_path, capsys):
    if not (shutil.which("opendkim") or os.path.exists("/usr/sbin/opendkim")):
        pytest.skip("opendkim is not installed")
    cases, signed = [], []
    for header, body in PAIRS:
        signer = Opendkim(tmp_path, header, body)
        try:
            for name, octets in BODIES.items():
                if name == "no_final_newline":
                    continue  # opendkim signs no such message, and no MTA hands one over
                signed.append(signer.sign(FIELDS, octets))
                cases.append((header, body, name))
        finally:
            signer.stop()
    for case, raw in zip(cases, signed):
        assert raw.startswith(b"DKIM-Signature:") and b"c=%s/%s;" % (case[0].encode(), case[1].encode()) in raw, case
    results = verdicts(signed, now=2_000_000_000)
    assert [(case, verdict) for case, verdict in zip(cases, results) if verdict != ("pass", None)] == []
    with capsys.disabled():
        print(f"\nopendkim rsa: {len(signed)} of {len(signed)} signed messages pass", end=" ")


@pytest.mark.parametrize("kind", KEYS)
def test_one_octet_changed_anywhere_does_not_pass(kind):
    raw = sign_dkimpy(message(b"Hello\r\nWorld\r\n", FIELDS[:3]), kind, "simple", "simple", names=(b"from", b"to", b"subject"))
    assert verdicts([raw], now=2_000_000_000) == [("pass", None)]
    changed = [raw[:i] + bytes([raw[i] ^ bit]) + raw[i + 1:] for i in range(len(raw)) for bit in (1, 0x20)]
    for i, verdict in enumerate(verdicts(changed, now=2_000_000_000)):
        # The letter case of a field's name is hashed in simple form too, so nothing at all may pass.
        assert verdict[0] != "pass", (i // 2, changed[i])


def explained(raw, ours, theirs):
    """Why a difference between dkimpy and us is right; None if it is not."""
    result, reason = ours
    if theirs and result == "permerror":
        strict = ("at octet", "From fields", "bare line end", "is no domain", "is no selector", "is not base64", "twice", "is no time", "is from the future", "no SHA-256")
        return reason if any(word in reason for word in strict) else None
    return None


def test_messages_changed_at_random_get_the_verdict_of_dkimpy(capsys):
    chance = random.Random(6376)
    messages = []
    for number in range(400):
        header, body = PAIRS[number % 4]
        raw = bytearray(sign_dkimpy(message(BODIES[chance.choice(["plain", "trailing_blanks", "trailing_line_ends"])]), "rsa", header, body))
        for _ in range(chance.choice([0, 1, 1, 2])):
            place = chance.randrange(len(raw))
            change = chance.choice(["flip", "blank", "drop", "double", "case", "line_end"])
            if change == "flip":
                raw[place] ^= 1 << chance.randrange(7)
            elif change == "blank":
                raw[place:place] = chance.choice([b" ", b"\t", b"  "])
            elif change == "drop":
                del raw[place]
            elif change == "double":
                raw[place:place] = raw[place:place + 1]
            elif change == "case":
                raw[place:place + 1] = bytes(raw[place:place + 1]).swapcase()
            else:
                raw[place:place] = b"\r\n" + chance.choice([b"", b" "])
        messages.append(bytes(raw))
    ours = verdicts(messages, now=2_000_000_000)
    unexplained, differences = [], 0
    for raw, verdict in zip(messages, ours):
        theirs = dkimpy_says(raw)
        if (verdict[0] == "pass") != theirs:
            differences += 1
            if explained(raw, verdict, theirs) is None:
                unexplained.append((verdict, theirs, raw))
    with capsys.disabled():
        passed = sum(result == "pass" for result, _ in ours)
        print(f"\nrandom changes: {len(messages)} messages, {passed} pass, {differences} differ from dkimpy and are explained", end=" ")
    assert unexplained == []
    assert 50 < sum(result == "pass" for result, _ in ours) < 350


def test_arc_chains_that_dkimpy_seals_pass(capsys):
    chains = 0
    for _, body in PAIRS[:2]:
        raw = message(BODIES["plain"])
        for hop in range(1, 5):
            results = b"Authentication-Results: mx.example.com; arc=" + (b"none" if hop == 1 else b"pass") + b"; dkim=pass header.d=example.com\r\n"
            sealed = dkim.ARC(results + raw).sign(b"rsa", b"example.com", KEYS["rsa"].secret, b"mx.example.com",
                                                  include_headers=[b"from", b"to", b"subject"], timestamp=NOW + hop)
            raw = b"".join(sealed) + raw
            answer = ask([question(raw, op="arc", now=2_000_000_000)])[0]
            assert answer["cv"] == "pass", (hop, answer)
            assert answer["sealers"] == ["example.com"] * hop
            assert answer["instances"][-1]["authentication_results"].startswith("mx.example.com")
            changed = raw.replace(b"Hello", b"Jello", 1)
            assert ask([question(changed, op="arc", now=2_000_000_000)])[0]["cv"] == "fail"
            chains += 1
    with capsys.disabled():
        print(f"\ndkimpy arc: {chains} of {chains} sealed chains pass", end=" ")


def test_bad_input_is_answered():
    for bad in ({"op": "dkim"}, {"op": "dkim", "message_b64": "!"}, {"op": "arc", "message_b64": 5}, {"op": "dkim", "message_b64": "", "zone": []},
                {"op": "dkim", "message_b64": "", "zone": {"a": [{"TXT": 1}]}}, {"op": "dkim", "message_b64": "", "now": "x"},
                {"op": "dkim", "message_b64": "", "limits": {"unknown": 1}}):
        assert "error" in ask([bad])[0], bad
    assert ask([question(b"")])[0] == {"signatures": [], "incomplete": False}
    assert ask([question(b"", op="arc")])[0]["cv"] == "none"


def test_limits_are_taken():
    raw = message(b"x\r\n")
    for _ in range(3):
        raw = sign_dkimpy(raw, "rsa", "relaxed", "relaxed", names=(b"from",))
    asked = dict(question(raw, now=2_000_000_000), limits={"signatures": 2})
    assert [s["result"] for s in ask([asked])[0]["signatures"]] == ["pass", "pass", "policy"]
