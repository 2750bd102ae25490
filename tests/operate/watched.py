"""What the tests of dashboard, alerts and documents share: which metrics there are, and which an expression asks for."""
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

SOURCE = Path(__file__).resolve().parents[2]
RULES = SOURCE / "packaging/prometheus/exota.rules.yml"
DASHBOARD = SOURCE / "packaging/grafana/exota.json"
# What Prometheus itself adds to every series, and what becomes of a histogram.
OF_PROMETHEUS = {"job", "instance", "le"}


def needs(program, package):
    """The path of a program; without it the test is skipped, saying which package has it."""
    found = shutil.which(program)
    if not found:
        pytest.skip(f"no {program} here (Debian: {package}; scripts/setup installs it)")
    return found


def sources():
    return [path for path in (SOURCE / "src").rglob("*.cc") if not path.name.endswith("_test.cc")] + list((SOURCE / "src").rglob("*.h"))


def metrics_of_the_program():
    """Every metric's name, as the sources spell it."""
    return {name for path in sources() for name in re.findall(r'"(exota_[a-z0-9_]+)"', path.read_text())}


def metrics_of_the_reference():
    """name → (type, its labels), from the table of docs/reference/metrics.md."""
    rows = re.findall(r"^\| `(exota_\w+)` \| (\w+) \|([^|]*)\|", (SOURCE / "docs/reference/metrics.md").read_text(), re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def base_name(name):
    """A histogram's series have endings that the histogram has not."""
    stripped = re.sub(r"_(bucket|sum|count)$", "", name)
    return stripped if metrics_of_the_reference().get(stripped, ("",))[0] == "histogram" else name


def asked_for(expression):
    """The metrics that an expression names. (Names with colons are recording rules.)"""
    return {base_name(name) for name in re.findall(r"(?<![\w:])exota_\w+", expression)}


def labels_asked_for(expression):
    """(label, its value or None) of all selectors and groupings of an expression."""
    found = {(label, value) for block in re.findall(r"\{([^}]*)\}", expression) for label, value in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', block)}
    return found | {(label.strip(), None) for block in re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expression) for label in block.split(",")}


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels():
    return json.loads(DASHBOARD.read_text())["panels"]


def dashboard_expressions():
    return [target["expr"] for panel in panels() for target in panel["targets"]]
