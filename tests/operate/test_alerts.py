"""packaging/prometheus/exota.rules.yml by Prometheus' own promtool: the rules parse, each alert fires and does not fire, each has its paragraph."""
import copy
import re
import subprocess

import pytest
import yaml
from watched import RULES, SOURCE, needs, rules

TESTS = SOURCE / "tests/operate/alerts_test.yml"
ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


@pytest.fixture
def promtool():
    return needs("promtool", "prometheus")


def without_texts(tree):
    tree = copy.deepcopy(tree)
    for group in tree["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    return tree


def run_tests(promtool, directory, rule_tree):
    (directory / "exota.rules.yml").write_text(yaml.safe_dump(without_texts(rule_tree)))
    (directory / "alerts_test.yml").write_text(TESTS.read_text())
    return subprocess.run([promtool, "test", "rules", directory / "alerts_test.yml"], capture_output=True, text=True)


def test_promtool_reads_the_rules(promtool):
    done = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_refuses_a_broken_rule(promtool, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(RULES.read_text().replace('up{job="exota"} == 0', 'up{job="exota" == 0'))
    assert subprocess.run([promtool, "check", "rules", broken], capture_output=True).returncode != 0


def test_each_alert_fires_when_it_should_and_only_then(promtool, tmp_path):
    done = run_tests(promtool, tmp_path, yaml.safe_load(RULES.read_text()))
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_that_never_fires_or_always_does_is_found(promtool, tmp_path):
    for name, changed in (("never", "vector(0) == 1"), ("always", "vector(1)")):
        tree = yaml.safe_load(RULES.read_text())
        for group in tree["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    rule["expr"] = changed
        done = run_tests(promtool, tmp_path, tree)
        assert done.returncode != 0
        told = set(re.findall(r"alertname: (\w+)", done.stdout + done.stderr))
        assert told == set(ALERTS), name


def test_every_alert_is_tested_on_both_sides():
    fires, silent = {}, {}
    for case in yaml.safe_load(TESTS.read_text())["tests"]:
        hosts = {host for series in case["input_series"] for host in re.findall(r'instance="(\w+)"', series["series"])}
        for check in case["alert_rule_test"]:
            firing = {alert["exp_labels"]["instance"] for alert in check.get("exp_alerts", [])}
            fires.setdefault(check["alertname"], set()).update(firing)
            silent.setdefault(check["alertname"], set()).update(hosts - firing)
    for name in ALERTS:
        assert fires.get(name) and silent.get(name), f"{name}: say in {TESTS.relative_to(SOURCE)} when it fires and when it does not"
        assert "b" in silent[name] - fires[name], f"{name}: no host `b` at which it stays silent"


def test_every_alert_has_its_paragraph():
    text = (SOURCE / "docs/errors.md").read_text()
    paragraphs = dict(re.findall(r"^### Alert: `(\w+)`\n+(.*?)(?=^#|\Z)", text, re.S | re.M))
    assert set(paragraphs) == set(ALERTS), "docs/errors.md has one heading `### Alert: NAME` for each alert, and no other"
    for name, rule in ALERTS.items():
        texts = rule["annotations"]
        assert texts["runbook"] == f"docs/errors.md#alert-{name.lower()}"
        assert texts["summary"] and texts["description"] and rule["labels"]["severity"] in ("critical", "warning")
        assert "**To do:**" in paragraphs[name], f"{name}: what is to be done?"
