"""A live scrape: promtool finds nothing to say, and it has what the sources name and the reference describes, no more."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.milter import MilterClient

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/metrics.md"


@pytest.fixture(scope="module")
def scrape(exota_of):
    """What /metrics says after a message that is refused."""
    exota = exota_of()
    with MilterClient(exota.where) as mta:
        mta.connect()
        mta.message([("From", "<jane@nobody.test>")], queue_id="SCRAPE1")
    exota.judged("SCRAPE1")
    status, text = exota.http("/metrics")
    assert status == 200
    return text


def test_promtool_has_nothing_to_say(scrape):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("no promtool here (Debian: prometheus; scripts/setup installs it)")
    done = subprocess.run([promtool, "check", "metrics"], input=scrape, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stdout and not done.stderr, done
    broken = scrape.replace("# TYPE exota_sessions_total counter", "# TYPE exota_sessions_total gauge")
    assert subprocess.run([promtool, "check", "metrics"], input=broken, capture_output=True, text=True).returncode != 0


def test_every_metric_and_label_is_in_the_reference(scrape):
    rows = re.findall(r"^\| `(exota_\w+)` \| (\w+) \|([^|]*)\|", REFERENCE.read_text(), re.M)
    known = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", scrape, re.M))
    assert len(types) > 15 and {name: known[name][0] for name in types} == types
    for name, labels in re.findall(r"^(exota_\w+)(?:\{([^}]*)\})? ", scrape, re.M):
        base = name if name in types else re.sub(r"_(bucket|sum|count)$", "", name)
        assert set(re.findall(r'(\w+)="', labels)) - {"le"} <= known[base][1], name
