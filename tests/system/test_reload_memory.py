"""Many reloads of a large tenants file while messages are in hand: the tables of old are given back, whoever used them.

EXOTA_RELOADS=10000 (and EXOTA_RELOAD_DOMAINS=1000, or it takes an hour) runs as many; `-s` prints what memory did meanwhile.
"""
import json
import os
import re
from pathlib import Path

import pytest
from harness.exota import TENANTS
from harness.milter import MilterClient, strings

DOMAINS = int(os.environ.get("EXOTA_RELOAD_DOMAINS", "100000"))  # about 4 MiB of tables each
RELOADS = int(os.environ.get("EXOTA_RELOADS", "20"))
MOST_MORE = 12  # MiB: room for an allocator's ways, not for three more sets of tables


def tenants(generation):
    names = [f"customer-{number}.g{generation % 2}.example" for number in range(DOMAINS)]
    return json.dumps({**TENANTS, "tenants": {**TENANTS["tenants"], "many": {"organizations": ["many.example"], "domains": names}}})


def resident_mib(exota, what="VmRSS"):
    return int(re.search(what + r":\s+(\d+)", Path(f"/proc/{exota.process.pid}/status").read_text())[1]) / 1024


def forget_peak(exota):
    Path(f"/proc/{exota.process.pid}/clear_refs").write_text("5")


@pytest.fixture
def exota(exota_of):
    return exota_of(tenants=tenants(0), changes={"tenants": {"watch_interval": 0, "state_directory": ""}})  # no guard: nearly all names are others each time


def test_memory_does_not_grow_with_the_number_of_reloads(exota, sanitized):
    with MilterClient(exota.where) as mta, MilterClient(exota.where) as idle:
        idle.connect()
        mta.connect()
        mta.send("M", strings("<a@b.test>"))  # this message is judged by the tenants of now, whatever is loaded until its end
        files = [tenants(0), tenants(1)]

        def reload(number):
            exota.write_tenants(files[number % 2])
            assert any("reloaded" in line for line in exota.reload())
            assert exota.metrics()["exota_snapshots_retired"] <= 1, "the one that the message began with, and no more"
        for number in range(3):
            reload(number)
        before = resident_mib(exota)
        forget_peak(exota)
        for number in range(RELOADS):
            reload(number + 1)
            if number % max(1, RELOADS // 10) == 0:
                print(f"{number} reloads: {resident_mib(exota):.1f} MiB, at most {resident_mib(exota, 'VmHWM'):.1f}")
        after, peak = resident_mib(exota), resident_mib(exota, "VmHWM")
        print(f"{before:.1f} MiB before, {after:.1f} after, at most {peak:.1f}")
        if not sanitized:  # a sanitizer keeps what was freed
            assert after < before + MOST_MORE, f"{before:.0f} MiB, and {after:.0f} after {RELOADS} more reloads"
            assert peak < before + 2 * MOST_MORE, f"{before:.0f} MiB, and {peak:.0f} meanwhile: more than one set was being loaded"
        mta.send("R", strings("<r@dest.test>"))
        mta.macros("E", i="OLDEST")
        assert mta.end_of_message()[1][0] == "y"
    assert exota.judged("OLDEST")["reason"] == "from-missing"
    assert exota.stop() == 0
