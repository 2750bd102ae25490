"""Recipients that a server is asked for: a real slapd and a real PostgreSQL that are killed, hang, lie and come back. What is not known is put off, nobody
is refused for want of an answer."""
import os

import pytest
from harness.exota import SOURCE
from harness.hosts import HERE
from harness.inbound import tenants
from harness.ldap import READER, READERS_PASSWORD, SUFFIX, Liar, Slapd
from harness.milter import MilterClient
from harness.postgres import READERS_PASSWORD as DATABASE_PASSWORD
from harness.postgres import Postgres, Pretender, endless, garbage
from harness.processes import fresh_directory, wait_for

PEOPLE = f"ou=people,{SUFFIX}"
PROXY_ADDRESSES = ("include {schema}\nattributetype ( 1.2.840.113556.1.2.210 NAME 'proxyAddresses' EQUALITY caseIgnoreMatch "
                   "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )\n")
ADDRESSES = ["bob@contoso.com", "sales@contoso.com", "@contoso.onmicrosoft.com"]


def person(name, *lines):
    return "\n".join([f"dn: cn={name},{PEOPLE}", "objectClass: applicationProcess", "objectClass: extensibleObject", f"cn: {name}", *lines]) + "\n\n"


class InLdap:
    """As Active Directory has them: an address of its own, others beside it."""

    section, refusals = "recipients.ldap", {"password": "Invalid credentials (49)", "ca": "certificate is not verified"}

    def trusting(self, ca):
        return {"ca_file": ca}

    def __init__(self, workshop, base_directory, host=HERE):
        directory = fresh_directory(base_directory, "l")
        schema = directory / "people.schema"
        schema.write_text(PROXY_ADDRESSES.format(schema=SOURCE / "packaging/ldap/exota.schema"))
        people = f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n\n" + person(
            "bob", "mail: Bob@Contoso.com", "proxyAddresses: SMTP:Bob@Contoso.com", "proxyAddresses: smtp:Sales@Contoso.com") + person(
                "all", "mail: @contoso.onmicrosoft.com") + person("none", "proxyAddresses: x500:/o=Contoso/cn=nobody@contoso.com")
        self.ca = str(workshop.pki.certificate("ca"))
        self.server = Slapd(directory, workshop.pki, people, schema, host)
        self.freeze, self.thaw, self.kill, self.start, self.stop = (self.server.pause, self.server.go_on, self.server.kill, self.server.start, self.server.stop)

    def settings(self, directory, url=None):
        (directory / "people.password").write_text(READERS_PASSWORD + "\n")
        return {"recipients": {"source": "ldap", "positive_ttl": 1, "negative_ttl": 1},
                "recipients.ldap": {"servers": [url or self.server.url], "ca_file": self.ca, "base": PEOPLE, "bind_dn": READER, "password_file": "people.password",
                                    "starttls": url is None}}

    def add(self, address):
        self.server.change(person("new", f"mail: {address}"))

    def liars(self):
        for says, bound in ((b"HTTP/1.1 400 Bad Request\r\n\r\n", False), (b"\x30\x84\x7f\xff\xff\xff", True)):
            liar = Liar(says, bound)
            yield liar.url
            liar.stop()


class InPostgres:
    section, refusals = "recipients.postgresql", {"password": "password authentication failed", "ca": "certificate verify failed"}

    def trusting(self, ca):
        return {"conninfo": self.server.conninfo(ca=ca)}

    def __init__(self, workshop, base_directory, server=None):
        self.server = server or Postgres(fresh_directory(base_directory, "p"), workshop.pki)
        for address in ADDRESSES:
            self.add(address)
        self.freeze, self.thaw, self.kill, self.start, self.stop = (self.server.freeze, self.server.thaw, self.server.kill, self.server.start, self.server.remove)

    def settings(self, directory, conninfo=None):
        (directory / "database.password").write_text(DATABASE_PASSWORD + "\n")
        return {"recipients": {"source": "postgresql", "positive_ttl": 1, "negative_ttl": 1},
                "recipients.postgresql": {"conninfo": conninfo or self.server.conninfo(), "password_file": "database.password", "timeout": 2}}

    def add(self, address):
        self.server.sql(f"INSERT INTO exota.recipient VALUES ('{address}')")

    def liars(self):
        for serve in (garbage, endless):
            pretender = Pretender(serve)
            yield f"host=127.0.0.1 port={pretender.port} dbname=exota user=x sslmode=disable gssencmode=disable"
            pretender.close()


def door_of(exota_of, settings, directory):
    exota = exota_of(directory=directory, tenants=tenants(), started=False, changes={
        "inbound": {"listen": [f"unix:{directory}/door.sock"], "mode": "enforce"}, "server": {"threads": 1}, **settings})
    exota.door = directory / "door.sock"
    exota.start()
    return exota


@pytest.fixture(scope="module", params=[InLdap, InPostgres], ids=["ldap", "postgresql"])
def source(request, workshop, base_directory):
    if request.param is InPostgres and os.geteuid() != 0:
        pytest.skip("PostgreSQL runs as another user than we")
    made = request.param(workshop, base_directory)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def door(exota_of, source, base_directory):
    directory = fresh_directory(base_directory)
    made = door_of(exota_of, source.settings(directory), directory)
    wait_for(lambda: answers(made), lambda: "the server to answer: " + made.process.tail())
    yield made
    made.stop()


def answers(door):
    return door.metrics().get("exota_recipients_answered") == 1


def told(door, *recipients):
    """What RCPT of each is told, all in one session: the code."""
    codes = []
    with MilterClient(door.door) as mta:
        mta.connect("client", "203.0.113.9")
        mta.send("H", b"client.test\0")
        mta.send("M", b"<a@sender.test>\0")
        for recipient in recipients:
            command, payload = mta.send("R", b"<" + (recipient if isinstance(recipient, bytes) else recipient.encode()) + b">\0")
            assert command != "p", "Sendmail would take it for an error"
            codes.append(int(payload[:3]) if command == "y" else 250)
    return codes


KNOWN = ["bob@contoso.com", "BOB+news@Contoso.COM", "sales@contoso.com", "any@contoso.onmicrosoft.com", "postmaster@contoso.com", "any@fabrikam.com"]
UNKNOWN = ["nobody@contoso.com", "nobody+bob@contoso.com", "*@contoso.com", "b*b@contoso.com", "bob@contoso.com.evil.test", '"bob)(cn=*"@contoso.com',
           "\"x' OR '1'='1\"@contoso.com", '"{bob,@contoso.com}"@contoso.com', b"b\xffb@contoso.com", "b\u00f6b@contoso.com", "bob%@contoso.com", "@contoso.com"]


def test_each_recipient_by_what_the_server_says(door):
    assert told(door, *KNOWN) == [250] * len(KNOWN)
    assert told(door, *UNKNOWN) == [550] * len(UNKNOWN)
    assert told(door, *KNOWN, *UNKNOWN) == [250] * len(KNOWN) + [550] * len(UNKNOWN)
    def reasons():
        return {record["reason"] for record in door.records() if record.get("verdict") == "reject"}
    wait_for(lambda: reasons() == {"recipient-unknown", "recipient-foreign"}, reasons)


def test_whoever_is_new_exists_once_the_answer_is_forgotten(door, source):
    assert told(door, "new@contoso.com") == [550]
    source.add("new@contoso.com")
    wait_for(lambda: told(door, "new@contoso.com") == [250], "the new recipient to be known")
    metrics = door.metrics()
    assert metrics['exota_recipient_lookups_total{from="server"}'] > 0 and metrics['exota_recipient_lookups_unanswered_total{served="nothing"}'] == 0, metrics


@pytest.mark.parametrize("trouble", ["killed", "hung"])
def test_a_server_in_trouble_refuses_nobody(door, source, trouble):
    assert told(door, "bob@contoso.com", "nobody@contoso.com") == [250, 550]
    source.kill() if trouble == "killed" else source.freeze()
    try:
        # That somebody exists stays known; that somebody does not is asked again.
        wait_for(lambda: told(door, "bob@contoso.com", "nobody@contoso.com", f"{trouble}@contoso.com") == [250, 451, 451], "nobody to be refused", 60)
        wait_for(lambda: not answers(door), "the trouble to be told")
        assert told(door, "any@fabrikam.com", "postmaster@contoso.com", "a@elsewhere.test") == [250, 250, 550], "of whom nobody has to be asked"
        assert door.http("/readyz")[0] == 200
    finally:
        source.start() if trouble == "killed" else source.thaw()
    wait_for(lambda: told(door, "bob@contoso.com", "nobody@contoso.com", f"{trouble}@contoso.com") == [250, 550, 550], "the server to be asked again", 60)
    wait_for(lambda: answers(door), "the end to be told")
    for event in ("recipients-unanswered", "recipients-answered"):
        door.said(event)


def test_a_server_that_lies_refuses_nobody(exota_of, source, base_directory):
    for where in source.liars():
        directory = fresh_directory(base_directory)
        exota = door_of(exota_of, source.settings(directory, where), directory)
        assert told(exota, "bob@contoso.com", "nobody@contoso.com", "any@fabrikam.com") == [451, 451, 250], where
        exota.said("recipients-unanswered")
        exota.stop()


@pytest.mark.parametrize("wrong", ["password", "ca"])
def test_who_is_not_believed_says_why_and_no_secret(exota_of, source, base_directory, workshop, wrong):
    directory = fresh_directory(base_directory)
    settings = source.settings(directory)
    if wrong == "password":
        (directory / settings[source.section]["password_file"]).write_text("an entirely wrong one\n")
    else:
        settings[source.section].update(source.trusting(str(workshop.pki.certificate("otherca"))))
    exota = door_of(exota_of, settings, directory)
    assert told(exota, "bob@contoso.com", "nobody@contoso.com", "any@fabrikam.com") == [451, 451, 250]
    exota.said("recipients-unanswered")
    exota.said(source.refusals[wrong])
    everything = "\n".join(exota.lines()) + exota.http("/metrics")[1]
    assert not any(secret in everything for secret in ("entirely wrong", READERS_PASSWORD, DATABASE_PASSWORD))
    exota.stop()


def test_a_database_without_the_table_is_told_of(exota_of, source, base_directory):
    if isinstance(source, InLdap):
        pytest.skip("a database's")
    source.server.sql("ALTER VIEW exota.recipient_address RENAME TO elsewhere")
    directory = fresh_directory(base_directory)
    exota = door_of(exota_of, source.settings(directory), directory)
    try:
        assert told(exota, "bob@contoso.com") == [451]
        (line, *_) = exota.said("recipients-unanswered")
        assert "recipient_address" in line, line
    finally:
        source.server.sql("ALTER VIEW exota.elsewhere RENAME TO recipient_address")
    wait_for(lambda: told(exota, "bob@contoso.com", "nobody@contoso.com") == [250, 550], "the table to be there", 60)
    for refused in ("Bob@contoso.com", "no address", "bob@CONTOSO.com", "bob@"):
        with pytest.raises(AssertionError, match="address_is_canonical"):
            source.add(refused)
    exota.stop()


def test_check_says_what_is_wrong_with_the_settings(exota_of, source, base_directory):
    directory = fresh_directory(base_directory)
    section = source.section
    wrong = {"recipients.ldap": {"filter": "(mail=john)"}, "recipients.postgresql": {"conninfo": "host=x password=secret"}}[section]
    exota = exota_of(directory=directory, started=False, changes={
        "inbound": {"listen": [f"unix:{directory}/door.sock"], "mode": "enforce"}, **source.settings(directory), section: {**source.settings(directory)[section], **wrong}})
    done = exota.run("check", "-c", exota.configuration)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 78 and f"{section}.{next(iter(wrong))}" in said and "secret" not in said, said
