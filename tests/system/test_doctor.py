"""`exota doctor` on a host of ours (Postfix in a chroot, OpenDKIM, exota, DNS): all is well; then each demand of docs/postfix.md is broken."""
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from harness.exota import Exota, merged, toml
from harness.opendkim import OpenDkim
from harness.postfix import Postfix
from harness.processes import fresh_directory, free_port
from harness.root_server import RootServer

ROOTS = "/etc/ssl/certs/ca-certificates.crt"
GOOD = {
    "smtpd_tls_CAfile": ROOTS, "smtpd_forbid_bare_newline": "yes", "smtpd_forbid_bare_newline_exclusions": "", "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, check_client_access cidr:/etc/postfix/exchange_online.cidr, reject_unauth_destination",
}


class Host:
    def __init__(self, workshop, directory):
        self.directory = directory
        self.dns = RootServer(directory)
        self.dkim = OpenDkim(directory, workshop.keys, job_id=True)
        with open(directory / "opendkim.conf", "a") as configuration:  # what only doctor reads
            configuration.write("AutoRestart yes\nMaximumSignaturesToVerify 20\nMaximumHeaders 1048576\n")
        socket = directory / "postfix/queue/exota/milter.sock"
        self.postfix = Postfix(directory, sink_port=free_port(), pki=workshop.pki, chroot=("smtpd", "cleanup"), settings=GOOD,
                               milters=[f"inet:127.0.0.1:{self.dkim.port}", "unix:exota/milter.sock"])
        socket.parent.mkdir(mode=0o755)
        self.exota = Exota(workshop.binary, directory, started=False, changes={
            "milter": {"listen": [f"unix:{socket}"]}, "dkim": {"source": "authentication-results"}, "authentication_results": {"job_id": True},
            "dns": {"servers": [self.dns.address], "trust_anchor_files": [str(self.dns.anchors)], "timeout": 2}})
        self.exota.where = socket
        self.exota.start()
        self.socket = socket

    def stop(self):
        for part in (self.exota, self.postfix, self.dkim, self.dns):
            part.stop()

    def postfix_with(self, main, master):
        """A copy of Postfix's configuration, changed."""
        folder = fresh_directory(self.directory) / "etc"
        shutil.copytree(self.postfix.base / "etc", folder)
        with open(folder / "main.cf", "a") as out:
            out.writelines(f"{name} = {value}\n" for name, value in main.items())
        text = (folder / "master.cf").read_text()
        for old, new in master.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "master.cf").write_text(text)
        past = time.time() - 60  # Postfix programs wait while main.cf looks as if it were being written
        for path in folder.iterdir():
            os.utime(path, (past, past))
        return folder

    def doctor(self, *options, main=None, master=None, dkim="", changes=None, postconf=None):
        """(exit code, {demand: finding}); of several with one demand the worst."""
        folder = fresh_directory(self.directory)
        (folder / "opendkim.conf").write_text((self.directory / "opendkim.conf").read_text() + dkim)
        (folder / "exota.toml").write_text(toml(merged(self.exota.settings, changes or {})))
        done = self.exota.run("doctor", "-c", folder / "exota.toml", "--opendkim-conf", folder / "opendkim.conf", "--json",
                              "--postconf", postconf or self.postfix_with(main or {}, master or {}), *options)
        assert not done.stderr, done.stderr.decode()
        report = json.loads(done.stdout)
        found = {}
        for finding in sorted(report["findings"], key=lambda each: ["ok", "unknown", "warning", "wrong"].index(each["grade"])):
            found[finding["demand"]] = finding
        grades = [finding["grade"] for finding in report["findings"]]
        assert [report["wrong"], report["warnings"], report["unknown"], report["ok"]] == [grades.count(g) for g in ("wrong", "warning", "unknown", "ok")]
        return done.returncode, found


@pytest.fixture(scope="module")
def host(workshop, base_directory):
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    if not Path(ROOTS).exists():
        pytest.skip("no ca-certificates here")
    made = Host(workshop, fresh_directory(base_directory))
    yield made
    made.stop()


def not_ok(found):
    return {demand: (finding["grade"], finding["is"]) for demand, finding in found.items() if finding["grade"] != "ok"}


def test_all_is_well(host):
    code, found = host.doctor()
    assert not not_ok(found)
    assert code == 0
    wanted = {"tls-offered", "tls-certificate", "tls-ask-ccert", "tls-loglevel", "tls-cafile", "milter-before", "milter-named", "milter-default-action", "milter-order", "bare-newline",
              "bare-newline-exclusions", "relay-permission", "listening", "milter-path", "milter-socket-mode", "non-smtpd-milters",
              "opendkim-listening", "opendkim-mode", "opendkim-authserv-id", "opendkim-job-id", "opendkim-always-adds", "opendkim-removes-all",
              "opendkim-removes-from", "opendkim-peer-list", "opendkim-external-ignore-list", "opendkim-actions",
              "opendkim-auto-restart", "opendkim-most-signatures", "opendkim-most-headers", "resolver"}
    assert set(found) == wanted


MILTERS = "inet:127.0.0.1:{dkim}, unix:exota/milter.sock"
BROKEN = {
    "tls-offered": dict(main={"smtpd_tls_security_level": "none"}),
    "tls-certificate": dict(main={"smtpd_tls_cert_file": ""}),
    "tls-ask-ccert": dict(main={"smtpd_tls_ask_ccert": "no"}),
    "tls-cafile": dict(main={"smtpd_tls_CAfile": ""}),
    "tls-cafile that is gone": dict(main={"smtpd_tls_CAfile": "/nowhere/ca.pem"}),
    "milter-default-action": dict(main={"milter_default_action": "accept"}),
    "milter-default-action of the entry": dict(main={"smtpd_milters": "inet:127.0.0.1:{dkim}, {{ unix:exota/milter.sock, default_action=accept }}"}),
    "milter-default-action of the service": dict(master={" smtpd\n": " smtpd\n  -o milter_default_action=accept\n"}),
    "milter-named": dict(main={"smtpd_milters": "inet:127.0.0.1:{dkim}"}),
    "milter-named and switched off": dict(master={" smtpd\n": " smtpd\n  -o receive_override_options=no_milters\n"}),
    "milter-order": dict(main={"smtpd_milters": "unix:exota/milter.sock, inet:127.0.0.1:{dkim}"}),
    "milter-order without a validator": dict(main={"smtpd_milters": "unix:exota/milter.sock"}),
    "milter-path": dict(main={"smtpd_milters": "inet:127.0.0.1:{dkim}, unix:{socket}"}),
    "bare-newline": dict(main={"smtpd_forbid_bare_newline": "no"}),
    "non-smtpd-milters": dict(main={"non_smtpd_milters": "$smtpd_milters"}),
    "relay-permission": dict(main={"smtpd_relay_restrictions": "permit_tls_all_clientcerts, reject"}, changes={"authorisation": {"mode": "monitor"}}),
    "listening": dict(changes={"milter": {"listen": ["unix:/nowhere/milter.sock"]}}),
    "opendkim-listening": dict(dkim="Socket inet:1@127.0.0.1\n"),
    "opendkim-mode": dict(dkim="Mode s\n"),
    "opendkim-authserv-id": dict(dkim="AuthservID other.test\n"),
    "opendkim-always-adds": dict(dkim="AlwaysAddARHeader no\n"),
    "opendkim-removes-all": dict(dkim="RemoveARAll no\n"),
    "opendkim-removes-from": dict(dkim="RemoveARFrom other.test\n"),
    "opendkim-actions": dict(dkim="On-BadSignature discard\n"),
}
DOUBTFUL = {
    "bare-newline-exclusions": dict(main={"smtpd_forbid_bare_newline_exclusions": "$mynetworks"}),
    "relay-permission": dict(changes={"authorisation": {"mode": "monitor"}}),
    "milter-default-action": dict(main={"milter_default_action": "reject"}),
    "milter-named": dict(master={"pickup ": "10025 inet n - y - - smtpd\n  -o smtpd_milters=\npickup "}),
    "opendkim-peer-list": dict(dkim="PeerList 192.0.2.1\n"),
    "opendkim-external-ignore-list": dict(dkim="ExternalIgnoreList refile:/etc/hosts\n"),
    "opendkim-job-id": dict(dkim="AuthservIDWithJobID no\n", changes={"authentication_results": {"job_id": False}}),
    "opendkim-internal-hosts": dict(dkim="Mode sv\nInternalHosts 192.0.2.0/24\n"),
    "opendkim-actions": dict(dkim="On-NoSignature reject\n"),
    "opendkim-most-signatures": dict(dkim="MaximumSignaturesToVerify 3\n"),
    "opendkim-most-headers": dict(dkim="MaximumHeaders 65536\n"),
    "tls-loglevel": dict(main={"smtpd_tls_loglevel": "0"}),
    "resolver": dict(changes={"dns": {"dnssec": "off"}}),
}
UNKNOWN = {
    "postfix": dict(postconf="/nowhere/postconf"),
    "tls-cafile": dict(main={"smtpd_tls_CAfile": "", "smtpd_tls_CApath": "/etc/ssl/certs"}),
    "milter-maps": dict(main={"smtpd_milter_maps": "cidr:/nowhere"}),
    "milter-order": dict(main={"smtpd_milters": "inet:127.0.0.1:1, unix:exota/milter.sock"}),
    "milter-before": dict(main={"smtpd_milters": "inet:127.0.0.1:1, inet:127.0.0.1:{dkim}, unix:exota/milter.sock"}),
    "listening": dict(changes={"milter": {"listen": ["systemd"]}}),
    "opendkim": dict(dkim="Include /nowhere/more.conf\n"),
    "opendkim-removes-from": dict(dkim="RemoveARFrom refile:/etc/hosts\n"),
    "opendkim-auto-restart": dict(dkim="AutoRestart no\n"),
}


def filled(host, change):
    main = {name: value.format(dkim=host.dkim.port, socket=host.socket) for name, value in change.get("main", {}).items()}
    return {**change, "main": main}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_reported(host, what):
    code, found = host.doctor(**filled(host, BROKEN[what]))
    finding = found[what.split()[0]]
    assert finding["grade"] == "wrong" and finding["should"] and finding["document"] == "docs/postfix.md", found
    assert code == 78


@pytest.mark.parametrize("what", DOUBTFUL)
def test_what_is_doubtful_is_a_warning(host, what):
    change = filled(host, DOUBTFUL[what])
    code, found = host.doctor(**change)
    assert found[what]["grade"] == "warning" and found[what]["should"], found
    assert code == 0
    assert host.doctor("--strict", **change)[0] == 78


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_known_is_not_said_to_be_well(host, what):
    change = filled(host, UNKNOWN[what])
    _, found = host.doctor(**change)
    assert found[what]["grade"] == "unknown", found
    assert host.doctor("--strict", **change)[0] == 78


def test_a_job_id_on_one_side_only(host):
    for change in (dict(dkim="AuthservIDWithJobID no\n"), dict(changes={"authentication_results": {"job_id": False}})):
        code, found = host.doctor(**change)
        assert found["opendkim-job-id"]["grade"] == "wrong" and code == 78, found


def test_modes_of_the_way_to_the_socket(host):
    folder = host.socket.parent
    for path, mode, usual in ((folder, 0o700, 0o755), (host.socket, 0o600, 0o660)):
        path.chmod(mode)
        try:
            code, found = host.doctor()
        finally:
            path.chmod(usual)
        assert found["milter-socket-mode"]["grade"] == "wrong" and code == 78
        assert f"{mode:04o}" in found["milter-socket-mode"]["is"]


def test_a_resolver_that_is_gone_or_drops_dnssec(host):
    plain = RootServer(host.directory, signed=False, name="plain")
    try:
        _, found = host.doctor(changes={"dns": {"servers": [plain.address]}})
        assert found["resolver"]["grade"] == "warning", found["resolver"]
    finally:
        plain.stop()
    gone = {"dns": {"servers": [f"127.0.0.1@{plain.port}"], "timeout": 1}}
    code, found = host.doctor(changes=gone)
    assert found["resolver"]["grade"] == "warning" and code == 0
    code, found = host.doctor(changes={**gone, "dkim": {"source": "verify"}})
    assert found["resolver"]["grade"] == "wrong" and code == 78


def test_who_verifies_needs_no_validator(host):
    code, found = host.doctor(changes={"dkim": {"source": "verify"}}, main={"smtpd_milters": "unix:exota/milter.sock"}, dkim="Mode s\n")
    assert not_ok(found) == {} and code == 0
    assert found["opendkim"]["grade"] == "ok" and "opendkim-mode" not in found


def test_a_program_in_place_of_a_folder(host):
    program = fresh_directory(host.directory) / "postconf"
    program.write_text(f'#!/bin/sh\nexec /usr/sbin/postconf -c {host.postfix.base}/etc "$@"\n')
    program.chmod(0o755)
    assert host.doctor(postconf=program)[0] == 0


def test_as_text(host):
    done = host.exota.run("doctor", "-c", host.exota.configuration, "--opendkim-conf", host.directory / "opendkim.conf",
                          "--postconf", host.postfix_with({"milter_default_action": "accept"}, {}))
    lines = done.stdout.decode().splitlines()
    label = f"127.0.0.1:{host.postfix.port}/inet"
    assert f"wrong: {label}: milter_default_action = accept; should be tempfail: killing the filter opens the relay [docs/postfix.md, main.cf]" in lines
    assert all(line.split(":")[0] in ("ok", "wrong", "warning", "unknown") for line in lines[:-1])
    assert lines[-1].startswith("1 wrong, ")


@pytest.mark.parametrize(("text", "code"), [("[authorisation]\nmode = 1\n", 78), (None, 66)])
def test_a_configuration_that_cannot_be_read(host, text, code):
    path = fresh_directory(host.directory) / "exota.toml"
    if text:
        path.write_text(text)
    done = host.exota.run("doctor", "-c", path)
    assert done.returncode == code and not done.stdout and b"error" in done.stderr


def test_nothing_is_written_and_only_postconf_is_run(host):
    trace = host.directory / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=execve,openat,open,creat,unlink,unlinkat,rename,renameat,mkdir,chmod,fchmodat,truncate", "-o", trace,
               host.exota.binary, "doctor", "-c", host.exota.configuration, "--opendkim-conf", host.directory / "opendkim.conf",
               "--postconf", host.postfix.base / "etc"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if "PTRACE" in done.stderr or not trace.exists():
        pytest.skip("no strace here")
    calls = trace.read_text().splitlines()
    programs = {line.split('"')[1].rsplit("/", 1)[1] for line in calls if "execve(" in line}
    assert programs == {"exota", "postconf"}
    writes = [line for line in calls if not any(f" {call}(" in line for call in ("execve", "openat", "open"))
              or ("open" in line and any(flag in line for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")) and '"/dev/' not in line)]
    assert [line for line in writes if "---" not in line and "+++" not in line] == []
