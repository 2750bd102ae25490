"""The Grafana dashboard, and every metric that dashboard, alert rules and documents name: it exists, and each that exists is shown somewhere."""
import json
import re
import subprocess

import pytest
import yaml
from watched import (DASHBOARD, OF_PROMETHEUS, SOURCE, asked_for, dashboard_expressions, labels_asked_for, metrics_of_the_program,
                     metrics_of_the_reference, needs, panels, rules, sources)

KINDS = {"timeseries", "stat", "table"}


def not_shown():
    """The metrics that docs/watching.md says are on no panel."""
    text = (SOURCE / "docs/watching.md").read_text()
    part = re.search(r"^## Metrics on no panel\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    return set(re.findall(r"^\| `(exota_\w+)` \| \S", part.group(1), re.M))


def expressions():
    """(where it stands, expression)"""
    return [("the dashboard", text) for text in dashboard_expressions()] + [("the alert rules", rule["expr"]) for rule in rules()]


def test_every_metric_that_is_asked_for_exists():
    known = metrics_of_the_program()
    assert len(known) > 20
    for where, expression in expressions():
        assert asked_for(expression) <= known, f"{where}: {asked_for(expression) - known} in {expression}"


def test_every_metric_that_documents_name_exists():
    known = metrics_of_the_program()
    for path in (SOURCE / "packaging/postgresql").glob("*.sql"):
        known = {*known, *re.findall(r"\bexota_\w+", path.read_text())}  # roles and the channel
    for path in sorted((SOURCE / "docs").rglob("*.md")):
        named = {match for match in re.findall(r"`(exota_[a-z0-9_]+)", path.read_text())}
        assert {name for name in named if name.rstrip("_") not in known and name not in known} == set(), path.name


def test_every_metric_is_shown_or_said_not_to_be():
    shown = {name for expression in dashboard_expressions() for name in asked_for(expression)}
    known, left_out = metrics_of_the_program(), not_shown()
    new = known - shown - left_out
    assert not new, (f"on no panel: {', '.join(sorted(new))}. Give each a panel in {DASHBOARD.relative_to(SOURCE)} (and, if a person must act on "
                     "it, an alert in packaging/prometheus/exota.rules.yml with its test and its paragraph in docs/errors.md), or a line with the reason "
                     "in the table under \"Metrics on no panel\" of docs/watching.md; and a line in docs/reference/metrics.md.")
    assert not shown & left_out, f"on a panel, and said to be on none (docs/watching.md): {shown & left_out}"
    assert not left_out - known, f"docs/watching.md names metrics that there are not: {left_out - known}"


def test_labels_and_their_values_exist():
    """A selector with a typing error matches nothing and says nothing."""
    reference = metrics_of_the_reference()
    literals = {word for path in sources() for word in re.findall(r'"([\w-]+)"', path.read_text())}
    enumerators = {word.replace("_", "-") for path in sources() for word in re.findall(r"\b[a-z_]+\b", path.read_text())}
    for where, expression in expressions():
        allowed = OF_PROMETHEUS.union(*(reference[name][1] for name in asked_for(expression)))
        for label, value in labels_asked_for(expression):
            assert label in allowed, f"{where}: no label {label} in {expression}"
            if value and not value.startswith("$") and label not in OF_PROMETHEUS:
                for word in value.split("|"):
                    assert word in literals or word in enumerators, f"{where}: nothing is called {word}: {expression}"


def test_promtool_parses_every_expression_of_the_dashboard(tmp_path):
    promtool = needs("promtool", "prometheus")

    def parses(texts):
        filled = [text.replace("$__rate_interval", "5m").replace("$job", ".+").replace("$instance", ".+") for text in texts]
        assert not any("$" in text for text in filled), filled
        path = tmp_path / "panels.yml"
        path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(filled)]}]}))
        return subprocess.run([promtool, "check", "rules", path], capture_output=True, text=True)
    done = parses(dashboard_expressions())
    assert done.returncode == 0, done.stdout + done.stderr
    assert parses(["sum(rate(exota_sessions_total[$__rate_interval])"]).returncode != 0


def test_the_dashboard_is_one_that_grafana_takes():
    """No schema of Grafana's is to be had offline: this is what we know that it needs."""
    board = json.loads(DASHBOARD.read_text())
    assert "id" not in board and board["uid"] == "exota" and board["title"] and board["schemaVersion"] >= 37
    variables = {each["name"]: each for each in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    source = {"type": "prometheus", "uid": "${datasource}"}
    assert [each for name, each in variables.items() if name != "datasource" and each["datasource"] != source] == []
    cells, ids = set(), set()
    for panel in board["panels"]:
        assert panel["type"] in KINDS and panel["datasource"] == source, panel["title"]
        assert panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        place = panel["gridPos"]
        mine = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not mine & cells and panel["id"] not in ids, f"{panel['title']} lies on another"
        cells |= mine
        ids.add(panel["id"])
        assert panel["targets"] and len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        for target in panel["targets"]:
            assert target["datasource"] == source and re.search(r"\{[^}]*job=~\"\$job\", instance=~\"\$instance\"\}", target["expr"]), target["expr"]
    assert {panel["type"] for panel in board["panels"]} == KINDS


@pytest.mark.parametrize("expression, named", [
    ('sum by (le) (rate(exota_judging_seconds_bucket{a="b"}[5m]))', {"exota_judging_seconds"}),
    ("exota:refused:share15m > 1 and exota_sessions > 0", {"exota_sessions"}),
    ("exota_sessions_totals", {"exota_sessions_totals"}),
])
def test_names_in_expressions_are_found(expression, named):
    assert asked_for(expression) == named


def test_labels_in_expressions_are_found():
    assert labels_asked_for('sum by (job, why) (x{why!="made-room", kind=~"a|b"})') == {("job", None), ("why", None), ("why", "made-room"), ("kind", "a|b")}


def test_panels_are_read():
    assert len(panels()) > 15
