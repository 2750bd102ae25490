"""`exota explain` of a message as it was stored behind Postfix: from its own Received field it comes to the verdict that the daemon came to."""
import json

import pytest

SESSIONS = {
    "microsoft": (dict(certificate="exo_both"), "--client-cert mail.protection.outlook.com"),
    "untrusted": (dict(certificate="exo_server"), "--tls-version TLSv1."),
    "nobody": (dict(certificate=None), "--tls-version TLSv1."),
    "plain": (dict(certificate=None, tls=False), "--client-ip 127.0.0.1"),
}


@pytest.fixture(scope="module")
def monitored(workshop, base_directory):
    """Whatever is judged is delivered, so that there is a stored message of it."""
    from harness.chain import Chain
    from harness.processes import fresh_directory
    made = Chain(workshop, fresh_directory(base_directory), changes={"authorisation": {"mode": "monitor"}}, postfix={"smtpd_tls_received_header": "yes"})
    yield made
    made.stop()


def explained(path, stored, *options):
    """(exit status, JSON, notes)"""
    done = path.exota.run("explain", "-c", path.exota.configuration, "--json", *options, "-", standard_input=stored)
    assert done.stdout, done.stderr.decode()
    return done.returncode, json.loads(done.stdout), done.stderr.decode()


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("signed_by", ["contoso.com", ()], ids=["signed", "unsigned"])
def test_a_stored_message_is_explained_as_it_was_decided(monitored, name, signed_by):
    how, says = SESSIONS[name]
    reply = monitored.send(monitored.workshop.message(signed_by=signed_by), **how)
    record, stored = monitored.judged(reply), monitored.delivered(reply).raw
    assert f"id {reply.queue_id}".encode() in stored, "Postfix's own field is there"
    status, result, notes = explained(monitored, stored, "--from-received", "--mail-from", "jane@contoso.com")
    assert {key: result[key] for key in ("verdict", "judged", "reason")} == {key: record[key] for key in ("verdict", "judged", "reason")}
    mine, its = (json.loads(json.dumps(seen["evidence"]["header"]).replace("\\r\\n", "\\n")) for seen in (result, record))
    as_logged = set(its) - {"octets", "firewall"}  # folds are counted otherwise; names for a firewall that is off are not logged
    assert {key: mine[key] for key in as_logged} == {key: its[key] for key in as_logged}, "no field more and none less than the milter saw"
    mine, its = result["evidence"]["session"], record["evidence"]["session"]
    assert mine["helo"] == its["helo"] and mine["tls"]["version"] == its["tls"]["version"]
    assert result["evidence"]["envelope"]["queue_id"] == reply.queue_id
    assert status == {"accept": 0, "tempfail": 75, "reject": 77}[record["judged"]]
    assert says in notes and "left out" in notes and "--keep-received" in notes


def test_without_facts_it_says_so_and_proposes_those_of_the_field(monitored):
    reply = monitored.send(monitored.workshop.message(signed_by="contoso.com"))
    stored = monitored.delivered(reply).raw
    status, result, notes = explained(monitored, stored)
    assert status == 77 and "not given, so taken as not seen: client address (--client-ip)" in notes
    proposal = next(line for line in notes.splitlines() if "--from-received" in line)
    assert "--client-cert mail.protection.outlook.com" in proposal and f"--queue-id {reply.queue_id}" in proposal
    options = proposal[proposal.index("--client-ip"):].split()
    assert explained(monitored, stored, *options)[0] == 0, "the proposed options do what they promise"


def test_the_field_can_be_kept(monitored):
    reply = monitored.send(monitored.workshop.message(signed_by="contoso.com"))
    stored = monitored.delivered(reply).raw
    kept = explained(monitored, stored, "--from-received", "--keep-received")
    assert "was kept" in kept[2] and kept[1]["evidence"]["header"]["received_count"] == monitored.judged(reply)["evidence"]["header"]["received_count"] + 1


def test_a_log_line_without_evidence_names_the_setting(chain, directory):
    path = chain(changes={"log": {"evidence": "none", "format": "logfmt"}}, opendkim=False)
    path.send(path.workshop.message())
    line = path.exota.said("event=message")[0]
    (directory / "line.txt").write_text(line + "\n")
    done = path.exota.run("explain", "-c", path.exota.configuration, "--evidence", directory / "line.txt")
    assert done.returncode == 65 and b"log.evidence" in done.stderr, done
