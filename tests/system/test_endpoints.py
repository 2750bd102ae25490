"""Microsoft's list of addresses, the whole way: an HTTPS service, `exota endpoints update` beside a daemon that runs, and what that judges.

A message comes from an address that only the new list has. Whatever else the service answers, the daemon judges by the list of before; what it
refused once is not in force after a restart.
"""
import itertools
import subprocess
import time

import pytest
from harness.endpoint_service import GROWN, PREFIXES, SHIPPED, Service, cut_off, listing, silent
from harness.message import SIGNATURE_FIELD
from harness.milter import MilterClient
from harness.pki import Pki
from harness.processes import PATIENCE, fresh_directory, wait_for

OLD, NEW, NOBODYS = "40.92.0.10", "203.0.113.9", "198.51.100.7"
FIELDS = [("Authentication-Results", "mx.test; dkim=pass header.d=contoso.com"), SIGNATURE_FIELD, ("Received", "from a by b; now"), ("From", "jane@contoso.com")]
SHRUNK = listing("40.92.0.0/15", NOBODYS + "/32", *[prefix for prefix in PREFIXES if ":" in prefix])
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def pki(base_directory):
    return Pki(fresh_directory(base_directory) / "pki")


@pytest.fixture(scope="module")
def service(pki):
    with Service(pki["server"]) as made:
        yield made


class Host:
    """One daemon, whose proof is the address alone with a signature, and the command beside it."""

    def __init__(self, exota_of, directory, pki, service):
        self.file = directory / "endpoints.json"
        self.file.write_text(SHIPPED)
        self.trusts = {"SSL_CERT_FILE": str(pki.certificate("ca")), "SSL_CERT_DIR": str(directory)}
        self.exota = exota_of(directory=directory, changes={
            "authorisation": {"proofs": ["client-ip + dkim"], "peer_proof": "client-ip"}, "tenants": {"watch_interval": 1},
            "client_ip": {"endpoints_file": str(self.file), "endpoints_base": service.base}})

    def command(self, *options):
        return [self.exota.binary, "endpoints", "update", "-c", str(self.exota.configuration), *options]

    def update(self, *options):
        return self.exota.run(*self.command(*options)[1:], environment=self.trusts)

    def an_hour_passes(self):
        (self.exota.directory / "endpoints.update").unlink(missing_ok=True)

    def accepts(self, address):
        """Whether a message from there is, by the reply and by the log."""
        queue_id = f"E{next(_numbers):04d}"
        with MilterClient(self.exota.where) as mta:
            mta.macros("C", v="Postfix 3.7.11")
            mta.connect(address=address)
            _, (command, payload) = mta.message(FIELDS, queue_id=queue_id)
        record = self.exota.judged(queue_id)
        assert (command in "ca") == (record["verdict"] == "accept"), (command, payload, record)
        return record["verdict"] == "accept"

    def judges_by(self):
        return {address for address in (OLD, NEW, NOBODYS) if self.accepts(address)}

    def times(self, event):
        return sum(record.get("event") == event for record in self.exota.records())

    def in_use(self):
        """What a change of the list would change."""
        metrics = self.exota.metrics()
        return {name: metrics[name] for name in ("exota_snapshot_generation", "exota_reloads_total", "exota_reload_failures_total", "exota_endpoint_prefixes")}


@pytest.fixture(scope="module")
def begun(exota_of, base_directory, pki, service):
    return Host(exota_of, fresh_directory(base_directory), pki, service)


@pytest.fixture(scope="module")
def taken_up(begun, service):
    """The host after one update, and what it judged by before and after."""
    begun.pid, begun.before = begun.exota.process.pid, begun.judges_by()
    service.says("2026091400", GROWN)
    begun.asked_at = int(time.time())
    begun.updated = begun.update()
    wait_for(lambda: begun.times("reloaded"), lambda: "the new list in use: " + begun.exota.process.tail())
    begun.after = begun.judges_by()
    return begun


def test_a_new_list_counts_without_a_restart(taken_up):
    assert taken_up.updated.returncode == 0 and b"+ 203.0.113.0/24" in taken_up.updated.stdout, taken_up.updated
    assert taken_up.before == {OLD} and taken_up.after == {OLD, NEW}
    assert taken_up.exota.process.running() and taken_up.exota.process.pid == taken_up.pid
    assert [record["cause"] for record in taken_up.exota.records() if record.get("event") == "reloaded"] == ["endpoints-file"]
    assert taken_up.in_use()["exota_endpoint_prefixes"] == len(PREFIXES) + 1


def test_the_metrics_tell_how_young_the_list_is(taken_up, service):
    assert taken_up.asked_at <= taken_up.exota.metrics()["exota_endpoints_timestamp_seconds"] <= time.time()
    state = taken_up.exota.directory / "endpoints.update"
    lines = dict(line.split(" ", 1) for line in state.read_text().splitlines())
    confirmed = int(time.time()) + 3600  # ahead, so unknown; then a later word of the service than the file
    for said, wanted in ((confirmed, taken_up.file.stat().st_mtime), (int(time.time()), int(time.time()))):
        state.write_text("".join(f"{name} {said if name == 'confirmed' else value}\n" for name, value in lines.items()))
        assert int(wanted) <= taken_up.exota.metrics()["exota_endpoints_timestamp_seconds"] <= time.time()


@pytest.mark.parametrize("document", ["version", "endpoints"])
@pytest.mark.parametrize("answer, code", [
    ((429, {"Retry-After": "7200"}), 75), ((503, {}), 75), ("<html>", 65), (cut_off, 69), ("redirect", 69)], ids=["429", "503", "garbage", "cut-off", "redirect"])
def test_a_service_that_answers_otherwise_changes_nothing(taken_up, service, pki, document, answer, code):
    with Service(pki["server"]) as elsewhere:
        elsewhere.says("2026101400", listing(*PREFIXES, NOBODYS + "/32"))
        service.says("2026101400", listing(*PREFIXES, NOBODYS + "/32"))
        service.answers[document] = (302, {"Location": f"{elsewhere.base}/{document}/Worldwide"}) if answer == "redirect" else answer
        before = taken_up.in_use()
        taken_up.an_hour_passes()
        done = taken_up.update()
        assert done.returncode == code and service.asked and not elsewhere.asked, done
    assert taken_up.file.read_text() == GROWN and taken_up.judges_by() == {OLD, NEW} and taken_up.in_use() == before


@pytest.mark.parametrize("bad", [SHRUNK, listing(*[prefix for prefix in PREFIXES if ":" not in prefix], NOBODYS + "/32"), listing("198.48.0.0/13", "2001:db8::/47"), "[]"],
                         ids=["shrunk", "no-ipv6", "others", "nothing"])
def test_a_list_that_cannot_be_right_changes_nothing(taken_up, service, bad):
    service.says("2026101400", bad)
    before = taken_up.in_use()
    taken_up.an_hour_passes()
    done = taken_up.update()
    assert done.returncode == 65 and len(service.asked) == 2, done
    assert taken_up.file.read_text() == GROWN and taken_up.judges_by() == {OLD, NEW} and taken_up.in_use() == before


@pytest.mark.parametrize("name", ["exo_untrusted", "exo_server"], ids=["another-ca", "another-name"])
def test_somebody_else_is_not_asked(taken_up, pki, name):
    with Service(pki[name]) as stranger:
        stranger.says("2026101400", listing(*PREFIXES, NOBODYS + "/32"))
        taken_up.an_hour_passes()
        done = taken_up.update("--from", stranger.base)
        assert done.returncode == 69 and not stranger.asked, done
    assert taken_up.file.read_text() == GROWN and taken_up.judges_by() == {OLD, NEW}


def test_while_the_service_says_nothing_messages_are_judged(taken_up, service):
    service.says("2026101400", silent)
    taken_up.an_hour_passes()
    with subprocess.Popen(taken_up.command("--timeout", "2"), env=taken_up.trusts, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        wait_for(lambda: len(service.asked) == 2, "the question for the list")
        assert taken_up.judges_by() == {OLD, NEW}
        _, said = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 69 and b"within the time" in said and taken_up.file.read_text() == GROWN


def test_what_others_wrote_is_refused_as_well_and_after_a_restart(taken_up, service):
    for bad in (GROWN[:-20], SHRUNK):
        failures = taken_up.times("reload-failed")
        new = taken_up.file.with_suffix(".new")
        new.write_text(bad)
        new.rename(taken_up.file)
        wait_for(lambda failures=failures: taken_up.times("reload-failed") > failures, lambda: "a refusal: " + taken_up.exota.process.tail())
        assert taken_up.judges_by() == {OLD, NEW}
    taken_up.exota.stop()
    failures = taken_up.times("reload-failed")
    taken_up.exota.start()
    assert any("endpoints.used" in line and "less than half" in line for line in taken_up.exota.lines()), taken_up.exota.process.tail()
    assert taken_up.judges_by() == {OLD, NEW}, "the list of before the restart"
    wait_for(lambda: taken_up.times("reload-failed") > failures, "the refusal, as loud as without the restart")
    assert taken_up.judges_by() == {OLD, NEW}
    checked = taken_up.exota.run("check", "-c", taken_up.exota.configuration)
    assert checked.returncode == 0 and b"the one in use before" in checked.stdout, checked

    reloads = taken_up.times("reloaded")
    service.says("2026101400", GROWN)
    taken_up.an_hour_passes()
    # It is unlike what lies in the file, and like what is in use: that is what counts.
    assert taken_up.update().returncode == 0
    wait_for(lambda: taken_up.times("reloaded") > reloads, lambda: "a right list in place of the wrong one: " + taken_up.exota.process.tail())
    assert taken_up.judges_by() == {OLD, NEW} and taken_up.exota.run("check", "-c", taken_up.exota.configuration).stdout.count(b"in use before") == 0
