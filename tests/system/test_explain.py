"""`exota explain`: its JSON keeps to the schema, and from logged evidence it comes to the very verdict that the daemon came to."""
import json

import jsonschema
import pytest
from harness.exota import SOURCE
from harness.message import FABRIKAM_ID, CONTOSO_ID

SCHEMAS = SOURCE / "docs/schema"


def validator(name):
    path = SCHEMAS / f"{name}.schema.json"
    schema = json.loads(path.read_text())
    resolver = jsonschema.RefResolver(path.as_uri(), schema, {
        document.get("$id", each.as_uri()): document for each in SCHEMAS.glob("*.json") for document in [json.loads(each.read_text())]})
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, resolver=resolver)


MESSAGES = {
    "good": dict(signed_by="contoso.com"),
    "unsigned": dict(tenant_id=None, organization=None),
    "contradiction": dict(tenant_id=FABRIKAM_ID, organization="fabrikam.com"),
    "ambiguous": dict(extra=[("From", "x@evil.test")]),
    "missing": dict(author=None),
    "stranger": dict(author="x@nobody.test"),
    "forward": dict(author="ann@author.test", tenant_id=FABRIKAM_ID, organization="fabrikam.com", signed_by="fabrikam.onmicrosoft.com"),
    "8 bit": dict(author="J\udcffne <jane@contoso.com>", extra=[("X-OriginatorOrg", "\udcfe"), ("Authentication-Results", "\udcff")]),
    "many": dict(extra=[("X-N", "1")] * 2100),
    "differing ids": dict(extra=[("X-MS-Exchange-CrossTenant-Id", FABRIKAM_ID)]),
    "unreadable id": dict(tenant_id="not a uuid"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_logged_evidence_is_explained_as_it_was_decided(path, name):
    reply = path.send(path.workshop.message(**MESSAGES[name]))
    record = path.judged(reply)
    validator("evidence").validate(record["evidence"])
    explained = path.exota.explain_evidence(record["evidence"])
    validator("decision").validate(explained)
    for key in ("verdict", "judged", "reason"):
        assert explained[key] == record[key], key
    assert explained["evidence"] == record["evidence"], "evidence reads back as it was written"
    if explained["reply"]:
        assert reply.code == explained["reply"]["code"] and reply.text == f"{explained['reply']['enhanced']} {explained['reply']['text']}"


@pytest.mark.parametrize("name", MESSAGES)
def test_explain_of_a_message_file(path, name):
    """Exit codes are those of sysexits: 0 accepted, 75 tempfail, 77 rejected."""
    raw = path.workshop.message(**MESSAGES[name])
    status, explained = path.exota.explain(raw, "--client-ip", "40.92.0.10", "--client-cert", "mail.protection.outlook.com", "--mail-from", "jane@contoso.com",
                                           "--rcpt", "bob@dest.test", "--helo", "exo.test", "--queue-id", "Q1")
    validator("decision").validate(explained)
    assert status == {"accept": 0, "tempfail": 75, "reject": 77}[explained["judged"]]


def test_xoorg_counts_from_a_proven_peer_only(path):
    raw = path.workshop.message(tenant_id=None, organization=None)
    proven = ("--client-ip", "40.92.0.10", "--client-cert", "mail.protection.outlook.com", "--xoorg", "contoso.com")
    findings = {entry["factor"]: entry["finding"] for entry in path.exota.explain(raw, *proven)[1]["findings"]}
    assert findings["xoorg"] == "holds"
    findings = {entry["factor"]: entry["finding"] for entry in path.exota.explain(raw, "--client-ip", "203.0.113.9", "--xoorg", "contoso.com")[1]["findings"]}
    assert findings["xoorg"] == "absent"


def test_schemas_are_strict():
    """A schema that takes anything would prove nothing."""
    with pytest.raises(jsonschema.ValidationError):
        validator("decision").validate({})
    for name in ("decision", "evidence"):
        with pytest.raises(jsonschema.ValidationError):
            validator(name).validate({"nonsense": 1})


def test_exit_codes(path):
    run = path.exota.run
    assert run("explain", "-c", path.exota.configuration, "/nowhere/message.eml").returncode == 66
    assert run("explain", "-c", "/nowhere/exota.toml", "-").returncode in (66, 78)
    assert run("explain", "--nonsense").returncode == 64
    assert run("nonsense").returncode == 64
    for command in ("serve", "check", "explain", "eval", "migrate", "report"):
        done = run(command, "--help")
        assert done.returncode == 0 and command.encode() in done.stdout
    assert run("check", "-c", path.exota.configuration).returncode == 0, run("check", "-c", path.exota.configuration)


def test_check_names_line_and_nearest_key(path, directory):
    broken = directory / "broken.toml"
    broken.write_text('[milter]\nlisten = ["inet:127.0.0.1:1"]\n\n[authorisation]\nmodus = "monitor"\n')
    done = path.exota.run("check", "-c", broken)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 78 and "broken.toml" in said and "5" in said and "mode" in said, said


def test_the_tenant_id_of_the_tests_is_the_tenants(path):
    status, explained = path.exota.explain(path.workshop.message(), "--client-ip", "40.92.0.10", "--client-cert", "mail.protection.outlook.com")
    findings = {entry["factor"]: entry for entry in explained["findings"]}
    assert status == 0 and findings["tenant-id"]["finding"] == "holds" and CONTOSO_ID.startswith("1234abcd")
