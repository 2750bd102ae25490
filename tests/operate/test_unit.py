"""The unit by systemd's own measure, with each of the drop-ins that are shipped as examples: how exposed it is, and whether it is valid."""
import re
import subprocess

import pytest
from watched import SOURCE, needs

PACKAGING = SOURCE / "packaging"
UNITS = ("exota.service", "exota.socket", "exota-endpoints.service", "exota-endpoints.timer")
DROP_INS = sorted(PACKAGING.glob("exota.*.d/*.conf"))
# Exposure in tenths, by `systemd-analyze security`: the unit alone, and with drop-ins. What is left of the unit alone: the address families that it
# needs, one more group, users of the host, addresses, the device of the clock (ProtectClock= adds it).
EXPOSURE = {(): 15, ("by-socket.conf",): 12, ("this-host-only.conf",): 14, ("by-socket.conf", "this-host-only.conf"): 11}


def root(directory, drop_ins=()):
    """A tree as systemd looks at it, with our units and these drop-ins."""
    units = directory / "etc/systemd/system"
    units.mkdir(parents=True)
    for name in UNITS:
        (units / name).write_text((PACKAGING / name).read_text())
    for path in drop_ins:
        folder = units / path.parent.name
        folder.mkdir(exist_ok=True)
        (folder / path.name).write_text(path.read_text())
    return directory


def exposure(directory, drop_ins=(), unit="exota.service"):
    done = subprocess.run([needs("systemd-analyze", "systemd"), "security", f"--root={root(directory, drop_ins)}", "--offline=true", "--no-pager", unit],
                          capture_output=True, text=True)
    found = re.search(rf"Overall exposure level for {unit}: (\d+)\.(\d)", done.stdout)
    assert found, done.stdout[-500:] + done.stderr
    return int(found.group(1)) * 10 + int(found.group(2))


@pytest.mark.parametrize("names", EXPOSURE)
def test_how_exposed_it_is(tmp_path, names):
    assert exposure(tmp_path, [PACKAGING / "exota.service.d" / name for name in names]) <= EXPOSURE[names]


def test_how_exposed_the_update_of_the_endpoint_list_is(tmp_path):
    assert exposure(tmp_path, unit="exota-endpoints.service") <= 13


def test_a_lock_that_is_taken_away_is_found(tmp_path):
    directory = root(tmp_path / "a")
    unit = directory / "etc/systemd/system/exota.service"
    assert "\nNoNewPrivileges=yes\n" in unit.read_text()
    drop_in = tmp_path / "exota.service.d/open.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nNoNewPrivileges=no\nMemoryDenyWriteExecute=no\nProtectHome=no\n")
    assert exposure(tmp_path / "b", [drop_in]) > EXPOSURE[()]


def complaints(directory, program):
    """What `systemd-analyze verify` says of our units. (The program is put where the unit names it.)"""
    needs("systemd-analyze", "systemd")
    (directory / "usr/bin").mkdir(parents=True)
    (directory / "usr/bin/exota").symlink_to(program)
    for target in ("sysinit", "basic", "shutdown", "sockets", "multi-user", "network-online", "nss-lookup", "timers", "time-set", "time-sync"):
        (directory / f"etc/systemd/system/{target}.target").write_text(f"[Unit]\nDescription={target}\n")
    done = subprocess.run(["systemd-analyze", "verify", f"--root={directory}", "--man=no", *UNITS], capture_output=True, text=True)
    return [line for line in (done.stdout + done.stderr).splitlines() if "exota" in line and "is not executable" not in line]


@pytest.mark.parametrize("drop_in", DROP_INS, ids=[path.name for path in DROP_INS])
def test_drop_ins_are_valid(tmp_path, drop_in):
    assert complaints(root(tmp_path, [drop_in]), "/bin/true") == []


def test_a_drop_in_with_a_mistake_is_found(tmp_path):
    drop_in = tmp_path / "exota.service.d/wrong.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nPrivateUser=yes\n")
    assert any("PrivateUser" in line for line in complaints(root(tmp_path / "root", [drop_in]), "/bin/true"))


def test_there_are_drop_ins_for_both_units():
    assert {path.parent.name for path in DROP_INS} == {"exota.service.d", "exota.socket.d"} and len(DROP_INS) == 5
