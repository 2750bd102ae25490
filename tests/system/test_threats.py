"""docs/threats.md, cell by cell: the message of the row, judged by the built program under the configuration of the column.

A row or column of the document that nobody can build fails, and so does one that the document leaves out. Columns with a validator get the
field that it would have written: its results are asked of the program's own verification, its form is OpenDKIM 2.11's.
"""
import base64
import json
import re
import subprocess
from dataclasses import replace

import pytest
from harness.evaluation import decide, explain_drop_in, question, zone_of
from harness.exota import SOURCE, Exota
from harness.forged_claims import EVIL_ID
from harness.forged_messages import ID, genuine
from harness.forger import add, key_records
from harness.keyserver import DEAD, KeyServer
from harness.message import CONTOSO_ID, FABRIKAM_ID, Keys
from harness.milter import MilterClient
from harness.processes import PATIENCE, fresh_directory
from harness.threat_columns import BASE, COLUMNS, DROP_IN, GATEWAYS, POLICY, WITH_RESULTS, merged, tenants
from harness.threat_rows import LIMITS, ROWS

DOCUMENT = (SOURCE / "docs/threats.md").read_text()
WORDS = {"accept": "accepted", "reject": "refused", "tempfail": "deferred"}


def table(heading):
    """The rows of the first table below a heading, as lists of cells without backticks; the first is the table's head."""
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    assert len(rows) > 2, f"no table below {heading!r}"
    return [rows[0], *rows[2:]]


VERDICTS = table("Verdicts")
HEAD = VERDICTS[0][1:]
CELLS = {(row[0], column): cell for row in VERDICTS[1:] for column, cell in zip(HEAD, row[1:], strict=True)}


def test_the_document_has_all_rows_and_columns():
    assert HEAD == [*COLUMNS, *DROP_IN] == [row[0] for row in table("Configurations")[1:]]
    assert [row[0] for row in VERDICTS[1:]] == list(ROWS) == [row[0] for row in table("Attacks")[1:]]


def test_every_accepted_cell_says_why():
    reasons = set(re.findall(r"^\* \*\*\((\w)\)\*\*", DOCUMENT, re.M))
    used = set()
    for where, cell in CELLS.items():
        assert (found := re.fullmatch(r"refused|deferred|accepted \((\w)\)", cell)), (where, cell)
        used |= {found[1]} - {None}
    assert used == reasons


@pytest.fixture(scope="module")
def keys(base_directory):
    return Keys(fresh_directory(base_directory) / "keys", ["contoso.com", "fabrikam.com", "evil.test"])


@pytest.fixture(scope="module")
def zone(keys):
    records = key_records(keys)
    return zone_of(records | {"selector1._domainkey.news.contoso.com": records["selector1._domainkey.evil.test"]}, **{f"selector1._domainkey.{DEAD}": ["TIMEOUT"]})


def reported(binary, raws, zone):
    """For each message the results as OpenDKIM would write them, behind its id."""
    asked = "".join(json.dumps({"op": "dkim", "message_b64": base64.b64encode(raw).decode(), "zone": zone}) + "\n" for raw in raws)
    done = subprocess.run([binary, "eval"], input=asked.encode(), capture_output=True, timeout=PATIENCE, check=True)
    out = []
    for raw, line in zip(raws, done.stdout.splitlines(), strict=True):
        fields = re.findall(rb"^DKIM-Signature:.*?(?=\r\n[^ \t])", raw, re.S | re.M)
        begins = [re.sub(rb"\s", b"", field.rpartition(b"b=")[2])[:8].decode("latin1") for field in fields]
        results = [f"dkim={found['result']} (2048-bit key; unprotected) header.d={found['sdid']} header.i={found['auid']} header.a={found['algorithm']} "
                   f"header.s={found['selector']} header.b={begin}" for found, begin in zip(json.loads(line)["signatures"], begins, strict=True)]
        out.append("\r\n\t" + ";\r\n\t".join(results or ["dkim=none"]) + ";\r\n\tdkim-atps=neutral")
    return out


@pytest.fixture(scope="module")
def messages(binary, keys, zone):
    """row → (the message, the validator's words or None)"""
    raws = {row: attack.make(keys) for row, attack in ROWS.items()}
    wrote = dict(zip(raws, reported(binary, raws.values(), zone)))
    return {row: (raw, {"ran": wrote[row], "silent": None}.get(ROWS[row].validator, ROWS[row].validator)) for row, raw in raws.items()}


def as_received(messages, row, column):
    raw, wrote = messages[row]
    if column in DROP_IN and ID.lower().encode() not in raw.lower():
        raw = add(raw, (ID, CONTOSO_ID))  # a drop-in believes it from anybody, so the forger writes it where Microsoft stamps nothing
    if column not in WITH_RESULTS or wrote is None:
        return raw
    authserv_id = f"mx.test/{ROWS[row].session.queue_id}" if column == "job id" else "mx.test"
    return add(raw, ("Authentication-Results", f"{authserv_id};{wrote}"))


def session(row, column):
    seen = ROWS[row].session
    return replace(seen, xoorg=ROWS[row].xoorg) if column in GATEWAYS and seen.client_cert else seen


@pytest.fixture(scope="module")
def answers(binary, messages, zone):
    """(row, column) → decision, of the columns with a configuration."""
    cells = [(row, column) for row in ROWS for column in COLUMNS]
    asked = [question(as_received(messages, row, column), session(row, column), config=merged(BASE, COLUMNS[column], ROWS[row].config),
                      tenants=tenants(ROWS[row].domains, ROWS[row].limits), zone=zone) for row, column in cells]
    return dict(zip(cells, decide(binary, asked)))


def described(answer):
    found = " ".join(f"{entry['factor']}={entry['finding']}({entry['detail']})" for entry in answer.get("findings", []))
    return f"{answer.get('why')} {answer.get('error', '')} {found}"


def reasons_for(answer, column):
    """Which of the document's letters an accepting answer bears out. Several where only who wrote the message tells them apart: a stolen account
    from what the forger wrote himself where nothing but the tenant id was asked; in a drop-in, a replay from either."""
    if answer["judged"] != "accept":
        return {"m"} if answer["mode"] == "monitor" else set()
    if answer["reason"] == "bypassed":
        return {"y"}
    if column == "drop-in bare":
        return {"b"} if answer["proof"] == "listed" else set()
    if answer["forward"]:
        return {"f"} if answer["tenant"] == "fabrikam" else set()
    if answer["tenant"] in ("fabrikam", FABRIKAM_ID):
        return {"n"}
    found = {entry["factor"]: entry for entry in answer["findings"]}
    if found["client-cert"]["detail"] == "trusted-relay":
        return {"t"}
    if re.fullmatch(r"[\d.]+", found["hosted"]["detail"]):
        return {"c"}  # it came in through a connector
    signed = found["dkim"]["finding"] == "holds"
    if signed and found["dkim"]["detail"] != "contoso.com":
        return {"e"}
    if found["tenant-id"]["finding"] != "holds":
        return {"r"} if signed else set()
    return {"o"} | (set() if signed else {"w"}) | ({"r"} if column in DROP_IN else set())


def compare(answer, row, column):
    word, _, letter = CELLS[row, column].partition(" ")
    assert WORDS.get(answer["verdict"]) == word, described(answer)
    if letter:
        assert letter.strip("()") in reasons_for(answer, column), (reasons_for(answer, column), described(answer))


@pytest.mark.parametrize("row, column", [cell for cell in CELLS if cell[1] not in DROP_IN], ids=lambda name: name)
def test_cell(answers, row, column):
    compare(answers[row, column], row, column)


@pytest.mark.parametrize("row, column", [cell for cell in CELLS if cell[1] in DROP_IN], ids=lambda name: name)
def test_cell_of_a_drop_in(binary, messages, directory, row, column):
    policy = directory / "policy.json"
    policy.write_text(json.dumps(POLICY))
    environment = {"MILTER_SOCKET": f"unix:{directory / 'milter.sock'}", "MILTER_POLICY_FILE": str(policy), **DROP_IN[column]}
    compare(explain_drop_in(binary, environment, as_received(messages, row, column), ROWS[row].session), row, column)


def judged(exota, raw, number):
    """The reply to one message of Exchange Online's: "c" is continue."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [field.partition(b":") for field in re.split(rb"\r\n(?![ \t])", head)]
    with MilterClient(exota.where) as mta:
        mta.macros("C", v="Postfix 3.7.11")
        mta.connect()
        facts = {"tls_version": "TLSv1.3", "cert_subject": "mail.protection.outlook.com"}
        mta.macros("H", **facts)
        mta.send("H", b"exo.test\0")
        command, payload = mta.message([(name, value.replace(b"\r\n", b"\n")) for name, _, value in fields], queue_id=f"4YLIMIT{number}z", body=body, mail_macros=facts)[1]
        return command if command == "c" else payload.rstrip(b"\0").decode()


@pytest.fixture(scope="module")
def limited(exota_of, keys, base_directory):
    """Makes an exota under whose proof contoso may send as much as the rows `replays-for-the-limit…` say."""
    server = KeyServer(fresh_directory(base_directory), keys)
    yield lambda proof: exota_of(changes={"dkim": {"source": "verify"}, "authentication_results": None, "authorisation": {"proofs": [proof]},
                                          "dns": {"servers": [server.address], "dnssec": "off"}}, tenants=tenants(limits=LIMITS))
    server.stop()


def own(keys):
    return add(genuine(keys), (ID, CONTOSO_ID))


def test_refused_replays_use_up_no_limit(limited, keys):
    """Row replays-for-the-limit: what is refused is not counted, so the customer's own mail passes; the fourth of his own meets the limit."""
    exota = limited("client-cert + dkim")
    for number in range(20):
        assert judged(exota, add(genuine(keys), (ID, EVIL_ID)), number).startswith("550 5.7.1 contradiction")
    assert [judged(exota, own(keys), number) for number in range(20, 23)] == ["c"] * 3
    assert judged(exota, own(keys), 23).startswith("452")


def test_unstamped_replays_use_up_the_limit(limited, keys):
    """Row replays-for-the-limit-unstamped: nothing tells them from contoso's own mail, so they are counted, and that is deferred then.
    A proof that asks for the tenant id refuses them, so there they take nothing."""
    exota = limited("client-cert + dkim")
    assert [judged(exota, genuine(keys), number) for number in range(3)] == ["c"] * 3
    assert judged(exota, own(keys), 3).startswith("452")
    strict = limited("client-cert + dkim-aligned + tenant-id")
    assert all(judged(strict, genuine(keys), number).startswith("550") for number in range(3))
    assert judged(strict, own(keys), 3) == "c"
