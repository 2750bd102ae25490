"""Data written by other people, through the built `exota eval`: counts are printed, and every deviation is named here with its reason.

The corpora are not part of this tree: EXOTA_CORPORA names their folder, else ../shared/corpora beside the tree is tried; without them these
tests are skipped and say so.
"""
import base64
import json
import os
import re
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1]
EXOTA = Path(os.environ.get("EXOTA_BUILD_DIR", SOURCE / "build/dev")) / "exota"
CORPORA = Path(os.environ.get("EXOTA_CORPORA", SOURCE / "../shared/corpora"))

pytestmark = [pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built"),
              pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}: set EXOTA_CORPORA")]


def ask(questions):
    text = "".join(json.dumps(dict(question, id=number)) + "\n" for number, question in enumerate(questions))
    done = subprocess.run([EXOTA, "eval"], input=text.encode(), capture_output=True, timeout=120)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and [answer.pop("id") for answer in answers] == list(range(len(questions)))
    return answers


def report(capsys, name, good, total, deviations=()):
    with capsys.disabled():
        print(f"\n{name} {good} of {total}" + "".join(f"\n  {line}" for line in deviations), end=" ")


# --- authres ------------------------------------------------------------------------------------------------------------------------

# Microsoft's own field: a bare domain stands where a result should be. Refused whole, which the corpus allows: it never counts.
REFUSED_WHOLE = {"authres-23"}


def lenient_matches(answer, wanted):
    """What a reader may make of a field that breaks the grammar: the same methods with the same results."""
    return "results" in answer and [(r["method"], r["result"]) for r in answer["results"]] == [(r["method"], r["result"]) for r in wanted["results"]]


def test_authres(capsys):
    cases = json.loads((CORPORA / "authres/parse-cases.json").read_text())
    answers = ask([{"op": "authres", "field": case["header"]} for case in cases])
    wrong, deviations, good = [], [], 0
    for case, answer in zip(cases, answers):
        if case["conforming"] or "lenient" not in case:
            wanted = case["expect"]
            same = answer.get("authserv_id") == wanted["authserv_id"] and answer.get("version") == wanted["version"] and answer.get("results") == [
                {"method": r["method"], "version": r["method_version"], "result": r["result"], "reason": r["reason"], "properties": r["properties"]} for r in wanted["results"]]
        elif case["id"] in REFUSED_WHOLE:
            same = "error" in answer
            deviations.append(f"{case['id']}: breaks the grammar, refused whole")
        else:
            same = lenient_matches(answer, case["lenient"])
            deviations.append(f"{case['id']}: breaks the grammar, read leniently")
        good += same
        if not same:
            wrong.append((case["id"], answer))
    report(capsys, "authres", good, len(cases), deviations)
    assert wrong == []


# --- addresses ----------------------------------------------------------------------------------------------------------------------

ACCEPTED_ALTHOUGH_ERROR = {"35": "a final dot of a domain is dropped: no two readers differ about it"}
# Not errors of syntax, but refused as an author: two programs could read them differently, or they name no domain.
REFUSED = {
    "ISEMAIL_RFC5321": "address literals, numeric top-level domains, escapes in a quoted local part",
    "ISEMAIL_RFC5322": "address literals and names beyond the limits of DNS",
    "ISEMAIL_DEPREC": "obsolete local parts, control characters, comments inside the address",
    "ISEMAIL_CFWS": "comments inside the address",
}


def address_cases():
    for test in xml.etree.ElementTree.parse(CORPORA / "addresses/isemail-tests.xml").getroot().iter("test"):
        text = test.findtext("address") or ""
        address = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) <= 0x2421 else c for c in text)
        yield test.get("id"), address, test.findtext("category"), test.findtext("diagnosis")


def test_addresses(capsys):
    cases = list(address_cases())
    answers = ask([{"op": "from", "message_b64": base64.b64encode(f"From: <{address}>\r\n\r\n".encode()).decode()} for _, address, _, _ in cases])
    wrong, good, refused = [], 0, {}
    for (number, address, category, diagnosis), answer in zip(cases, answers):
        verdict = answer.get("verdict")
        if category == "ISEMAIL_ERR":
            same = verdict == ("ok" if number in ACCEPTED_ALTHOUGH_ERROR else "reject")
        elif category in ("ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"):
            same = verdict == "ok" and answer["domain"] == address.rsplit("@", 1)[1].lower()
        else:
            same = category in REFUSED and verdict in ("ok", "reject")
            if verdict == "reject":
                refused[category] = refused.get(category, 0) + 1
            elif "LITERAL" in diagnosis or "IPV6" in diagnosis:
                same = False  # an address literal names no domain, so no tenant
        good += same
        if not same:
            wrong.append((number, address, category, diagnosis, answer))
    deviations = [f"{number}: accepted, {why}" for number, why in ACCEPTED_ALTHOUGH_ERROR.items()]
    deviations += [f"{category}: {count} refused ({REFUSED[category]})" for category, count in sorted(refused.items())]
    report(capsys, "addresses", good, len(cases), deviations)
    assert wrong == []


# --- eop ----------------------------------------------------------------------------------------------------------------------------

def test_eop(capsys):
    """Fields of Exchange Online Protection: what the corpus names is read as it says, and what it calls an error is one, in words of ours."""
    cases = json.loads((CORPORA / "eop/cases.json").read_text())
    answers = ask([{"op": "eop", "field": case["field"]} for case in cases])
    wrong = []
    for case, answer in zip(cases, answers):
        wanted = case["expect"]
        seen = {key: {name: answer.get(key, {}).get(name) for name in value} if isinstance(value, dict) else answer.get(key)
                for key, value in wanted.items()}
        if "error" in wanted:
            wanted, seen = True, "error" in answer and not answer.keys() & {"spf", "dkim", "dmarc", "compauth"}
        if seen != wanted:
            wrong.append((case["field"], seen, wanted, answer))
    report(capsys, "eop", len(cases) - len(wrong), len(cases))
    assert wrong == []


# --- m365 ---------------------------------------------------------------------------------------------------------------------------

def test_m365(capsys):
    cases = json.loads((CORPORA / "m365/expect.json").read_text())
    questions = []
    for case in cases:
        message = base64.b64encode((CORPORA / "m365" / case["file"]).read_bytes()).decode()
        tenants = {"version": 2, "tenants": {"them": {"tenant_ids": [case["crosstenant_ids"][0]] if case["crosstenant_ids"] else [], "domains": [case["from_domain"]]}}}
        questions.append({"op": "from", "message_b64": message})
        questions.append({"op": "decide", "message_b64": message, "tenants": tenants,
                          "session": {"client_ip": "40.92.0.1", "client_cert": "mail.protection.outlook.com", "mail_from": case["from_address"]},
                          "config": {"authorisation": {"mode": "enforce", "proofs": ["client-cert + tenant-id"]},
                                     "authentication_results": {"trusted_authserv_ids": ["mx.test"], "position": "any"}}})
    answers = ask(questions)
    wrong = []
    for case, author, decision in zip(cases, answers[::2], answers[1::2]):
        header = decision["evidence"]["header"]
        findings = {finding["factor"]: finding["finding"] for finding in decision["findings"]}
        seen = {
            "from_address": author["address"], "from_domain": author["domain"], "from_headers": header["from_count"],
            "crosstenant_ids": [header["tenant_id"]["value"]] if header["tenant_id"] else [],
            "originator_org": header["originator_orgs"],
            "authas": [header["auth_as"]["value"]] if header["auth_as"] else [],
            "dkim": header["dkim_signature_count"],
        }
        wanted = {key: case[key] for key in ("from_address", "from_domain", "from_headers", "crosstenant_ids")}
        wanted["originator_org"] = [name.lower() for name in case["originator_org"]]
        wanted["authas"] = sorted(set(case["authas"]))
        wanted["dkim"] = len(case["dkim"])
        if seen != wanted:
            wrong.append((case["file"], seen, wanted))
        # Microsoft's inner Authentication-Results has no authserv-id: it never counts, whatever it says.
        if findings["dkim-any"] == "holds" or findings["tenant-id"] != ("holds" if case["crosstenant_ids"] else "absent"):
            wrong.append((case["file"], findings))
    report(capsys, "m365", len(cases) - len({name for name, *_ in wrong}), len(cases))
    assert wrong == []


# --- spf ----------------------------------------------------------------------------------------------------------------------------

# RFC 7208 no longer gives the result that RFC 4408 preferred; the suite allows both.
SINCE_RFC7208 = {"spfonly", "txttimeout", "spfoverride", "multitxt1", "multispf2", "invalid-domain-empty-label", "invalid-domain-long",
                 "invalid-domain-long-via-macro", "exists-dnserr", "mx-limit"}


def spf_zone(data):
    """The suite's zone by its own rules: an SPF entry answers as TXT unless the name has a TXT entry."""
    zone = {}
    for name, entries in data.items():
        has_txt = any(isinstance(entry, dict) and "TXT" in entry for entry in entries)
        made = zone.setdefault(name, [])
        for entry in entries:
            if not isinstance(entry, dict):
                made.append(entry)
                continue
            (kind, value), = entry.items()
            if kind == "SPF":
                if has_txt:
                    continue
                kind = "TXT"
            if (kind, value) != ("TXT", "NONE"):
                made.append({kind: value})
    return zone


@pytest.mark.parametrize("suite,total,alternatives", [("rfc7208", 203, set()), ("rfc4408", 191, SINCE_RFC7208)])
def test_spf(capsys, suite, total, alternatives):
    tests, questions = [], []
    for scenario in json.loads((CORPORA / f"spf/{suite}-tests.json").read_text()):
        zone = spf_zone(scenario["zonedata"])
        for name, test in scenario["tests"].items():
            tests.append((name, test))
            questions.append({"op": "spf", "ip": test["host"], "helo": test["helo"], "mail_from": test["mailfrom"], "zone": zone})
    wrong, deviations, good = [], [], 0
    for (name, test), answer in zip(tests, ask(questions)):
        wanted = test["result"] if isinstance(test["result"], list) else [test["result"]]
        result = answer.get("result")
        same = result == wanted[0] or (result in wanted and (name in alternatives or suite == "rfc7208"))
        if result != wanted[0] and same:
            deviations.append(f"{name}: {result}, which the suite allows beside {wanted[0]}")
        if same and result == "fail" and "explanation" in test:
            same = (answer["explanation"] or "DEFAULT") == test["explanation"]
        good += same
        if not same:
            wrong.append((name, answer, test))
    report(capsys, f"spf {suite}", good, len(tests), deviations)
    assert wrong == [] and len(tests) == total


# --- dkim, arc ----------------------------------------------------------------------------------------------------------------------

def crlf(octets):
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_dkim(capsys):
    cases = json.loads((CORPORA / "dkim/cases.json").read_text())
    zone = {name: [{"TXT": record}] for name, record in json.loads((CORPORA / "dkim/dns.json").read_text()).items() if isinstance(record, str)}
    questions = []
    for case in cases:
        clocks = [int(found) for signature in case["signatures"] for found in re.findall(r"clock (\d+)", signature.get("why") or "")]
        questions.append({"op": "dkim", "message_b64": base64.b64encode(crlf((CORPORA / f"dkim/msg/{case['id']}.eml").read_bytes())).decode(),
                          "zone": zone, "now": clocks[-1] if clocks else 1_700_000_000})
    wrong, good, total = [], 0, 0
    for case, answer in zip(cases, ask(questions)):
        results = [signature["result"] for signature in answer["signatures"]]
        assert len(results) == len(case["signatures"]), case["id"]
        for result, wanted in zip(results, case["signatures"]):
            total += 1
            good += result in wanted["expect"]
            if result not in wanted["expect"]:
                wrong.append((case["id"], result, wanted))
    report(capsys, "dkim", good, total)
    assert wrong == [] and total == 48


def test_arc(capsys):
    tests, questions = [], []
    for scenario in json.loads((CORPORA / "arc/arc-validation.shared.json").read_text()):
        zone = {name: [{"TXT": record}] for name, record in scenario["txt-records"].items()}
        for name, test in scenario["tests"].items():
            tests.append((name, test["expect"]))
            questions.append({"op": "arc", "message_b64": base64.b64encode(crlf(test["message"].encode())).decode(), "zone": zone,
                              "now": 1_500_000_000})
    answers = ask(questions)
    wrong = [(name, answer, wanted) for (name, wanted), answer in zip(tests, answers) if answer.get("cv") != wanted]
    report(capsys, "arc", len(tests) - len(wrong), len(tests))
    assert wrong == [] and len(tests) == 82


# --- dmarc --------------------------------------------------------------------------------------------------------------------------

def test_dmarc_evaluations(capsys):
    """Records and suffix vectors are checked by authn_test; evaluations here, each under every RFC that it is of."""
    tests, questions = [], []
    for case in json.loads((CORPORA / "dmarc/dmarc-cases.json").read_text())["evaluations"]:
        zone = {name: [{kind: record} for kind, records in of_name.items() for record in (records if kind == "TXT" else ["192.0.2.1"])]
                for name, of_name in case["dns"].items()}
        for rfc in (9989, 7489) if case["rfc"] == "both" else (9989,):
            tests.append((case["id"], rfc, case["expect"]))
            questions.append({"op": "dmarc", "from_domain": case["from"].partition("@")[2], "zone": zone, "rfc": rfc,
                              "spf": {"result": case["spf"], "domain": case["mailfrom_domain"]},
                              "dkim": [{"result": signature["result"], "domain": signature["d"]} for signature in case["dkim"]]})
    wrong = []
    for (name, rfc, wanted), answer in zip(tests, ask(questions)):
        seen = {"result": answer.get("result"), "policy": answer.get("policy"), "org_domain": answer.get("organizational_domain"),
                "spf_aligned": answer.get("aligned", {}).get("spf"), "dkim_aligned": answer.get("aligned", {}).get("dkim")}
        wanted = {key: value for key, value in wanted.items() if key in seen}
        if {key: seen[key] for key in wanted} != wanted:
            wrong.append((name, rfc, answer, wanted))
    report(capsys, "dmarc evaluations", len(tests) - len(wrong), len(tests))
    assert wrong == [] and len({name for name, _, _ in tests}) == 12
