"""The program under test: configuration, start, log, reload, metrics, and the command line tools."""
import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from .message import CONTOSO_ID, FABRIKAM_ID
from .processes import PATIENCE, Process, free_port, listens, wait_for

SOURCE = Path(__file__).resolve().parents[3]

TENANTS = {
    "version": 2,
    "tenants": {
        "contoso": {
            "tenant_ids": [CONTOSO_ID], "organizations": ["contoso.com"], "domains": ["contoso.com", "contoso.onmicrosoft.com"],
            "dkim_domains": ["contoso.onmicrosoft.com"],
        },
        "fabrikam": {
            "tenant_ids": [FABRIKAM_ID], "organizations": ["fabrikam.com"], "domains": ["fabrikam.com", "*.fabrikam.com", "fabrikam.onmicrosoft.com"],
            "forwarding": True,
        },
    },
}


def toml(tree):
    """Just enough TOML for our configurations: tables of strings, numbers, booleans and lists."""
    return "".join(f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()) for table, keys in tree.items())


def merged(base, changes):
    """`changes` over `base`, table by table; None removes a key or table."""
    tree = {table: dict(keys) for table, keys in base.items()}
    for table, keys in changes.items():
        if keys is None:
            tree.pop(table, None)
            continue
        for key, value in keys.items():
            tree.setdefault(table, {})[key] = value
            if value is None:
                del tree[table][key]
    return tree


class Exota:
    """One `exota serve`. `listen` is what Postfix's smtpd_milters takes; `where` what a MilterClient takes."""

    def __init__(self, binary, directory, *, changes=None, tenants=TENANTS, tcp=False, arguments=(), environment=None, name="exota", started=True, wrapper=()):
        self.binary, self.directory, self.name = str(binary), Path(directory), name
        self.environment, self.arguments, self.wrapper = environment, list(arguments), list(wrapper)
        self.tenants_file = self.directory / f"{name}-tenants.json"
        self.configuration = self.directory / f"{name}.toml"
        self.log_file = self.directory / f"{name}.log"
        self.http_port = free_port()
        if tcp:
            port = free_port()
            self.where, self.listen, listen = ("127.0.0.1", port), f"inet:127.0.0.1:{port}", f"inet:127.0.0.1:{port}"
        else:
            path = self.directory / f"{name}.sock"
            self.where, self.listen, listen = path, f"unix:{path}", f"unix:{path}"
        self.write_tenants(tenants)
        base = {
            "milter": {"listen": [listen], "socket_group": "postfix"},
            "authorisation": {"mode": "enforce", "proofs": ["client-cert + dkim", "client-cert + tenant-id"]},
            "client_ip": {"endpoints_file": str(SOURCE / "packaging/endpoints.json")},
            "dkim": {"source": "authentication-results"},
            "authentication_results": {"trusted_authserv_ids": ["mx.test"]},
            "tenants": {"source": "file", "file": str(self.tenants_file), "state_directory": str(self.directory)},
            "header": {"authserv_id": "mx.test"},
            "log": {"format": "json", "evidence": "all"},
            "http": {"listen": f"127.0.0.1:{self.http_port}"},
        }
        self.settings = merged(base, changes or {})
        self.configuration.write_text(toml(self.settings))
        self.process = None
        if started:
            self.start()

    def write_tenants(self, tenants):
        self.tenants_file.write_text(tenants if isinstance(tenants, str) else json.dumps(tenants, indent=1))

    def command(self):
        if self.environment is not None:
            return [*self.wrapper, self.binary, "serve", *self.arguments]
        return [*self.wrapper, self.binary, "serve", "-c", self.configuration, *self.arguments]

    def start(self, pass_fds=(), before_exec=None):
        environment = {"PATH": os.environ["PATH"], **(self.environment or {})}
        before = len(self.lines())
        self.process = Process(self.command(), self.log_file, environment=environment, pass_fds=pass_fds, before_exec=before_exec)
        self.wait_until_ready()
        if self.settings["log"].get("target", "stderr") == "stderr":  # so that whoever counts lines counts none of the start's
            wait_for(lambda: any("serving " in line for line in self.lines()[before:]), lambda: "the line that ends the start: " + self.process.tail())

    def wait_until_ready(self, seconds=PATIENCE):
        wait_for(lambda: self._reachable() or not self.process.running(), lambda: "exota listening: " + self.process.tail(), seconds)
        assert self.process.running(), "exota ended at start: " + self.process.tail()

    def _reachable(self):
        if isinstance(self.where, tuple):
            return listens(*self.where)
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.where))
                return True
            except OSError:
                return False

    def reload(self):
        """SIGHUP, and waits until it was acted upon; the log lines that it brought."""
        before = len(self.lines())
        self.process.send(signal.SIGHUP)
        wait_for(lambda: any("reload" in line.lower() for line in self.lines()[before:]), "a log line about the reload")
        return self.lines()[before:]

    def stop(self, seconds=PATIENCE):
        return self.process.stop(seconds=seconds) if self.process else 0

    def kill(self):
        return self.process.kill()

    def lines(self):
        """The whole lines of the log; one that is being written is not there yet."""
        return self.log_file.read_text(errors="replace").rpartition("\n")[0].splitlines() if self.log_file.exists() else []

    def said(self, text, seconds=PATIENCE):
        """Waits for a log line with `text` in it; all such lines. (Lines are written in batches, so one may come after what it tells of.)"""
        return wait_for(lambda: [line for line in self.lines() if text in line], lambda: f"{text!r} in the log: {self.process.tail()}", seconds)

    def records(self):
        """The log lines that are JSON objects (all of them, with log.format = "json")."""
        found = []
        for line in self.lines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                found.append(record)
        return found

    def find_judged(self, queue_id):
        """Recipients that an inbound door would refuse have records of their own, in the same queue file."""
        return next((record for record in self.records()
                     if record.get("queue_id") == queue_id and "verdict" in record and record.get("stage") != "recipient"), None)

    def judged(self, queue_id, seconds=PATIENCE):
        """The log record of one message."""
        return wait_for(lambda: self.find_judged(queue_id), lambda: f"log line of {queue_id}: {self.process.tail()}", seconds)

    def http(self, path):
        """(status, text) of the built-in HTTP server."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        """Every sample of /metrics: name{labels} → value."""
        status, text = self.http("/metrics")
        assert status == 200, text
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line and not line.startswith("#")}

    def run(self, *arguments, standard_input=b"", environment=None):
        """A command line tool: the finished process with its output as bytes."""
        return subprocess.run([self.binary, *map(str, arguments)], input=standard_input, capture_output=True, timeout=PATIENCE,
                              env={"PATH": os.environ["PATH"], **(environment or {})})

    def explain(self, raw, *facts):
        done = self.run("explain", "-c", self.configuration, "--json", *facts, "-", standard_input=raw)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr.decode()

    def explain_evidence(self, evidence):
        """What is decided from evidence out of the log (an object)."""
        path = self.directory / f"{self.name}-evidence.json"
        path.write_text(json.dumps(evidence))
        done = self.run("explain", "-c", self.configuration, "--json", "--evidence", path)
        assert done.stdout, done.stderr.decode()
        return json.loads(done.stdout)
