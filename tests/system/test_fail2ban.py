"""packaging/fail2ban: strangers whose mail is refused are banned, Exchange Online's addresses never, and nobody can have another banned."""
import json
import os
import subprocess

import pytest
from harness.exota import SOURCE, Exota
from harness.milter import MilterClient
from harness.processes import wait_for
from harness.recipes import PACKAGING, Fail2ban, needs

ENDPOINTS = SOURCE / "packaging/endpoints.json"
NEVER_BAN = PACKAGING / "fail2ban/exota-never-ban"
FILTER = PACKAGING / "fail2ban/exota-filter.conf"
MICROSOFT = ["40.92.0.10", "40.107.3.4", "52.100.0.1", "104.47.0.1", "2a01:111:f403::10", "40.95.0.10"]  # the last: relay pool
STRANGERS = ["203.0.113.9", "2001:db8::9"]


def refused(exota, address, queue_id, author="<jane@nobody.test>"):
    with MilterClient(exota.where) as mta:
        mta.connect(address=address)
        mta.message([("From", author)], queue_id=queue_id)


def log_of(binary, directory, clients, **changes):
    """logfmt records of refused messages, one of each client."""
    exota = Exota(binary, directory, changes={"log": {"format": "logfmt", "evidence": "none"}, **changes})
    try:
        for number, (address, author) in enumerate(clients):
            refused(exota, address, f"Q{number}", author)
        exota.said(f"queue_id=Q{len(clients) - 1} ")
    finally:
        exota.stop()
    return exota.log_file


def matched(log):
    """The addresses that the filter finds in a log."""
    done = subprocess.run([needs("fail2ban-regex", "fail2ban"), "-o", "<ip>", log, FILTER], capture_output=True, text=True)
    assert done.returncode in (0, 1), done
    return done.stdout.split()


def test_the_filter_takes_the_client_and_nothing_that_a_sender_writes(binary, directory):
    forged = ['" client=198.51.100.1 " <a@nobody.test>', '"x\\" client=198.51.100.2 reason=no-policy" <a@nobody.test>', "<a@client=198.51.100.3>",
              "<a@nobody.test>, <b client=198.51.100.4@x>"]
    log = log_of(binary, directory, [("203.0.113.9", text) for text in forged] + [("2001:db8::9", "<jane@nobody.test>")])
    assert "event=message" in log.read_text()
    found = matched(log)
    assert set(found) == {"203.0.113.9", "2001:db8::9"}


def test_the_filter_leaves_out_what_exota_marks_as_exchange_online(binary, directory):
    marked = [address for address in MICROSOFT if address != "40.95.0.10"]
    log = log_of(binary, directory, [(address, "<jane@nobody.test>") for address in [*marked, "203.0.113.9"]])
    assert matched(log) == ["203.0.113.9"]
    unmarked = directory / "unmarked.log"  # the same records without the mark would be found: the filter leaves them out for nothing else
    unmarked.write_text(log.read_text().replace(' findings="client-ip=holds"', ""))
    assert set(matched(unmarked)) == {*marked, "203.0.113.9"}
    proven = directory / "proven.log"
    proven.write_text(unmarked.read_text().replace("peer_proven=false", "peer_proven=true"))
    assert matched(proven) == []


def test_nothing_matches_in_monitor_mode(binary, directory):
    log = log_of(binary, directory, [("203.0.113.9", "<jane@nobody.test>")], authorisation={"mode": "monitor"})
    assert "judged=reject" in log.read_text() and matched(log) == []


def test_fail2ban_bans_strangers_and_never_exchange_online(binary, directory):
    """The daemon knows no endpoint list, so its records mark nobody: the jail alone keeps Exchange Online out."""
    if os.geteuid() != 0:
        pytest.skip("fail2ban-server is root's")
    needs("fail2ban-server", "fail2ban")
    microsoft = ["40.107.3.4", "2a01:111:f403::10", "40.95.0.10"]  # each is looked up by a process of its own: some are enough
    clients = [(address, "<jane@nobody.test>") for address in [*microsoft, *STRANGERS] for _ in range(2)]
    log = log_of(binary, directory, [*clients, ("198.51.100.7", "<jane@nobody.test>")], client_ip={"endpoints_file": None, "relay_pool": []})
    assert set(matched(log)) == {*microsoft, *STRANGERS, "198.51.100.7"}
    fail2ban = Fail2ban(directory, log, ENDPOINTS, maxretry=2)
    try:
        wait_for(lambda: set(STRANGERS) <= set(fail2ban.banned()), fail2ban.tail)
        assert sorted(fail2ban.banned()) == sorted(STRANGERS)
    finally:
        fail2ban.stop()


@pytest.mark.parametrize("address, never", [(address, True) for address in MICROSOFT if address != "40.95.0.10"] + [
    ("::ffff:40.107.3.4", True), ("203.0.113.9", False), ("2001:db8::9", False), ("::ffff:203.0.113.9", False), ("no address", True), ("", True)])
def test_who_is_never_banned(address, never):
    done = subprocess.run([NEVER_BAN, ENDPOINTS, address], capture_output=True, text=True)
    assert done.returncode == (0 if never else 1), done.stderr


@pytest.mark.parametrize("content", [None, "", "[]", "{", '[{"serviceArea": "Exchange"}]', '[{"serviceArea": "SharePoint", "ips": ["203.0.113.0/24"]}]',
                                     '[{"serviceArea": "Exchange", "ips": ["nonsense"]}]', "17"])
def test_nobody_is_banned_while_the_list_cannot_be_read(directory, content):
    path = directory / "list.json"
    if content is not None:
        path.write_text(content)
    done = subprocess.run([NEVER_BAN, path, "203.0.113.9"], capture_output=True, text=True)
    assert done.returncode == 0 and "nobody is banned" in done.stderr


def test_each_list_that_is_there_counts(directory):
    """The one that was copied first stays where it was when exota-endpoints.timer maintains another (docs/packages.md)."""
    newer, missing = directory / "newer.json", directory / "missing.json"
    newer.write_text(json.dumps([{"serviceArea": "Exchange", "ips": ["198.51.100.0/24"]}]))
    ends = lambda *words: subprocess.run([NEVER_BAN, *words], capture_output=True).returncode
    assert ends(ENDPOINTS, "198.51.100.1") == 1, "the old list does not know it"
    for lists in ([ENDPOINTS, newer], [newer, ENDPOINTS]):
        assert ends(*lists, "198.51.100.1") == 0 and ends(*lists, "40.107.3.4") == 0 and ends(*lists, "203.0.113.9") == 1
    assert ends(missing, newer, "198.51.100.1") == 0 and ends(ENDPOINTS, missing, "203.0.113.9") == 1
    assert ends(missing, missing, "203.0.113.9") == 0, "no list: nobody is banned"
    newer.write_text("{")
    assert ends(ENDPOINTS, newer, "203.0.113.9") == 0, "one that cannot be read: nobody is banned"
    assert ends("203.0.113.9") == 0 and ends() == 0


def test_a_list_with_a_byte_order_mark_is_read(directory):
    path = directory / "list.json"
    path.write_text("\ufeff" + json.dumps([{"serviceArea": "Exchange", "ips": ["198.51.100.0/24"]}]))
    assert subprocess.run([NEVER_BAN, path, "198.51.100.1"]).returncode == 0
    assert subprocess.run([NEVER_BAN, path, "203.0.113.9"]).returncode == 1
