"""pyspf (Debian's python3-spf) and ours on generated zones: every difference has a reason that is named here.

Seeded: EXOTA_SPF_SEED changes the zones, EXOTA_SPF_ROUNDS their number.
"""
import collections
import json
import os
import random
import re
import subprocess
from pathlib import Path

import pytest

spf = pytest.importorskip("spf")

SOURCE = Path(__file__).resolve().parents[2]
EXOTA = Path(os.environ.get("EXOTA_BUILD_DIR", SOURCE / "build/dev")) / "exota"
pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")

SEED = int(os.environ.get("EXOTA_SPF_SEED", "7208"))
ROUNDS = int(os.environ.get("EXOTA_SPF_ROUNDS", "1500"))
NOW = 1_700_000_000
NAMES = [f"{label}.example.com" for label in "abcdefgh"]
ADDRESSES = ["192.0.2.1", "192.0.2.77", "198.51.100.9", "2001:db8::1", "2001:db8:1::77"]


# --- what is asked --------------------------------------------------------------------------------------------------------------------

def macro(dice):
    return dice.choice(["%{s}", "%{l}.%{d}", "%{ir}.%{d}", "%{i}.b.example.com", "%{d2}", "%{d1r}.example.com", "%{o}", "%{h}", "%{v}.%{d}",
                        "%{lr-}.%{d}", "%{l1r+-}.%{d}", "%%x.%{d}", "%_%-.%{d}", "%{D}", "%{o}.%{d}"] * 4 + ["%{x}.%{d}", "%{d0}", "%{d", "%z"])


def target(dice):
    return macro(dice) if dice.random() < 0.2 else dice.choice(NAMES + ["absent.example.com", "slow.example.com"])


def term(dice):
    sign = dice.choice(["", "", "", "+", "-", "~", "?"])
    prefix = dice.choice(["", "", "", "/24", "/32", "/0", "//64", "/24//64", "//128"] * 4 + ["/33", "//129", "/024"])
    kind = dice.randrange(97)
    if kind < 14:
        return sign + "ip4:" + dice.choice(["192.0.2.1", "192.0.2.0/24", "198.51.100.0/25", "0.0.0.0/0", "192.0.2.77/32"] * 4 + ["192.0.2.0/33", "192.0.2"])
    if kind < 22:
        return sign + "ip6:" + dice.choice(["2001:db8::/32", "2001:db8::1", "::/0", "2001:db8:1::/48"] * 4 + ["2001:db8:1::/129", "2001:db8::g"])
    if kind < 36:
        return sign + "a" + (":" + target(dice) if dice.random() < 0.7 else "") + prefix
    if kind < 48:
        return sign + "mx" + (":" + target(dice) if dice.random() < 0.7 else "") + prefix
    if kind < 62:
        return sign + "include:" + target(dice)
    if kind < 70:
        return sign + "exists:" + target(dice)
    if kind < 74:
        return sign + "ptr" + (":" + dice.choice(NAMES) if dice.random() < 0.5 else "")
    if kind < 84:
        return sign + "all"
    if kind < 90:
        return "redirect=" + target(dice)
    if kind < 94:
        return dice.choice(["unknown=x", "x.y-z_1=%{d}", "op=1"] * 3 + ["unknown=%{", "1x=y"])
    return sign + dice.choice(["nonsense", "ip4", "ip4:", "include", "exists:", "a:", "all:x", "mx/", "a/", "ALL", "Ip4:192.0.2.1", "redirect", "ptr/24"])


def record(dice):
    version = dice.choice(["v=spf1"] * 30 + ["V=SPF1", "v=spf10", "v=spf2", ""])
    return dice.choice([" "] * 9 + ["  "]).join([version] + [term(dice) for _ in range(dice.randrange(1, 6))]) + dice.choice(["", "", " "])


def zone(dice):
    made = {"slow.example.com": ["TIMEOUT"]}
    for name in NAMES:
        if dice.random() < 0.1:
            continue
        entries = [{"TXT": record(dice)}]
        if dice.random() < 0.06:
            entries.append({"TXT": record(dice)})
        if dice.random() < 0.2:
            entries.append({"TXT": "something else"})
        for address in dice.sample(ADDRESSES, dice.randrange(3)):
            entries.append({"AAAA" if ":" in address else "A": address})
        for _ in range(dice.choice([0, 0, 1, 2, 11])):
            entries.append({"MX": [dice.randrange(3) * 10, dice.choice(NAMES + ["absent.example.com"])]})
        made[name] = entries
    for address in ADDRESSES:
        if ":" not in address and dice.random() < 0.5:
            reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
            made[reverse] = [{"PTR": dice.choice(NAMES)} for _ in range(dice.choice([1, 1, 2]))]
    return made


def question(number):
    dice = random.Random(f"{SEED}.{number}")
    sender = dice.choice(["jane", "strong-bad", "a.b-c+d", "", "\"q\""]) + "@" + dice.choice(NAMES)
    return {"op": "spf", "id": number, "ip": dice.choice(ADDRESSES), "helo": dice.choice(NAMES), "now": NOW,
            "mail_from": dice.choice([sender] * 9 + [""]), "zone": zone(dice)}


# --- what pyspf says -------------------------------------------------------------------------------------------------------------------

class Asked:
    """pyspf's DNSLookup on our zone."""

    def __init__(self, zone):
        self.zone = {name.lower(): entries for name, entries in zone.items()}

    def __call__(self, name, kind, strict=True, timeout=0):
        found, failed = [], False
        for entry in self.zone.get(name.lower().rstrip("."), []):
            if not isinstance(entry, dict):
                failed = True
                continue
            (of_kind, value), = entry.items()
            if of_kind == kind:
                if kind == "TXT":
                    value = [value.encode()]
                elif kind == "MX":
                    value = tuple(value)
                found.append(((name, kind), value))
        if failed and not found:
            raise spf.TempError("DNS timeout")
        return found


def theirs(question, monkeypatch):
    monkeypatch.setattr(spf, "DNSLookup", Asked(question["zone"]))
    query = spf.query(i=question["ip"], s=question["mail_from"], h=question["helo"], receiver="unknown", timeout=20, querytime=0, strict=True)
    query.t = str(NOW)
    result, _, text = query.check()
    return {"none": "none", "unknown": "permerror", "error": "temperror"}.get(result, result), text


# --- the differences -------------------------------------------------------------------------------------------------------------------

def reason(question, ours, said, text):
    """Why pyspf may differ here; None: no reason is known."""
    records = " ".join(entry["TXT"] for entries in question["zone"].values() for entry in entries if isinstance(entry, dict) and "TXT" in entry)
    if "include has trivial recursion" in text:
        return "pyspf refuses an include of itself before the terms in front of it are evaluated (RFC 7208 section 4.6.2: from left to right)"
    if re.search(r"(unknown|op|x\.y-z_1)= MUST appear at most once", text):
        return "pyspf refuses a repeated unknown modifier (section 6: ignored no matter where or how often)"
    if ours["result"] == "permerror" and "%{d0}" in (ours["detail"] or ""):
        return "pyspf takes %{d0} (section 7.3: the digit must not be zero)"
    if ours["result"] == "permerror" and "unknown=%{" in (ours["detail"] or ""):
        return "pyspf does not read the value of unknown modifiers (section 4.6: a syntax error anywhere is permerror; their value is a macro-string)"
    if "Void lookup limit" in text and "ptr" in records.lower():
        return "pyspf counts the look-ups of ptr as void, too (section 5.5: trouble there is no match)"
    return None


def test_every_difference_is_explained(monkeypatch, capsys):
    questions = [question(number) for number in range(ROUNDS)]
    done = subprocess.run([EXOTA, "eval"], input="".join(json.dumps(one) + "\n" for one in questions).encode(), capture_output=True, timeout=250)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    seen, reasons, unexplained = collections.Counter(), collections.Counter(), []
    for one, ours in zip(questions, answers):
        said, text = theirs(one, monkeypatch)
        seen[ours["result"]] += 1
        if ours["result"] == said:
            continue
        why = reason(one, ours, said, text)
        reasons[why] += 1
        if why is None:
            unexplained.append((one["id"], ours["result"], ours["detail"], said, text))
    with capsys.disabled():
        print(f"\nspf against pyspf: {len(questions) - sum(reasons.values())} of {len(questions)} equal, {dict(reasons)} differ; ours {dict(seen)}", end=" ")
    assert unexplained == []
    # A generator that reaches only some results tests little.
    if ROUNDS >= 1500:
        assert all(seen[result] >= 5 for result in ("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"))
