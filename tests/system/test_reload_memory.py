"""Many reloads of a large tenants file while a message is in hand: the tables of old are given back, whoever used them."""
import json
import re
from pathlib import Path

import pytest
from harness.exota import TENANTS
from harness.milter import MilterClient, strings

DOMAINS = 100_000  # about 7 MiB of tables, so that ten sets kept by mistake cannot hide in what an allocator keeps
RELOADS = 10


def tenants(generation):
    names = [f"customer-{number}.g{generation % 2}.example" for number in range(DOMAINS)]
    return json.dumps({**TENANTS, "tenants": {**TENANTS["tenants"], "many": {"organizations": ["many.example"], "domains": names}}})


def resident_mib(exota):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{exota.process.pid}/status").read_text())[1]) / 1024


@pytest.fixture
def exota(exota_of):
    return exota_of(tenants=tenants(0))


def test_memory_does_not_grow_with_the_number_of_reloads(exota):
    with MilterClient(exota.where) as mta, MilterClient(exota.where) as idle:
        idle.connect()
        mta.connect()
        mta.send("M", strings("<a@b.example>"))  # this message is judged by the tenants of now, whatever is loaded until its end
        generation = 0

        def reload():
            nonlocal generation
            generation += 1
            exota.write_tenants(tenants(generation))
            assert any("reloaded" in line for line in exota.reload())

        for _ in range(3):
            reload()
        before = resident_mib(exota)
        for _ in range(RELOADS):
            reload()
        after = resident_mib(exota)
        assert after < before + 25, f"{before:.0f} MiB, and {after:.0f} after {RELOADS} more reloads"
    assert exota.stop() == 0
