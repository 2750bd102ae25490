"""Where tenants are kept, for bench/sources: a file, a real slapd, a real PostgreSQL, each with the same tenants, and daemons on them."""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

from harness.exota import SOURCE, Exota
from harness.ldap import BASE, READER, READERS_PASSWORD, Slapd
from harness.ldap import tenant as entry
from harness.postgres import READERS_PASSWORD as DATABASE_PASSWORD
from harness.postgres import Postgres
from harness.processes import wait_for
from harness.redis import PASSWORD as REDIS_PASSWORD
from sources_load import load, messages_of

here = pathlib.Path(__file__).resolve().parent
KINDS = {"tenant_ids": "tenant_id", "organizations": "organization", "domains": "domain", "dkim_domains": "dkim_domain"}
HOUR = 3600


def configuration(**changes):
    """One loop, and what a default log has of each message."""
    return {"server": {"threads": 1}, "log": {"evidence": None}, "authorisation": {"mode": "enforce", "proofs": ["client-cert + dkim"]}, **changes}


def memory(exota):
    """CPU seconds; resident now and at most so far, in MiB."""
    status = pathlib.Path(f"/proc/{exota.process.pid}/status").read_text()
    fields = pathlib.Path(f"/proc/{exota.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    resident, most = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024 for name in ("VmRSS", "VmHWM"))
    return {"cpu": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), "resident_mib": resident, "peak_mib": most}


class Tenants:
    """The same ones as a file, as entries, as rows."""

    def __init__(self, work, domains):
        self.file = work / "tenants.json"
        subprocess.run([sys.executable, here / "tenants_make.py", "2", str(domains), self.file], check=True)
        self.all = json.loads(self.file.read_text())["tenants"]
        self.count = sum(len(one["domains"]) for one in self.all.values())
        self.first = next(iter(self.all))

    def with_one_more(self):
        """The file, with the domain one-more.test."""
        text = self.file.read_text()
        found = f'"domains": ["{self.all[self.first]["domains"][0]}"'
        assert text.count(found) == 1
        return text.replace(found, found + ', "one-more.test"')

    def predecessors(self, path):
        path.write_text(json.dumps({domain: {"tenant_id": one["tenant_ids"][0], "dkim_enabled": True, "dkim_alignment_required": True}
                                    for one in self.all.values() for domain in one["domains"] if not domain.startswith("*.")}, indent=2))
        return path

    def ldif(self):
        return "".join(entry(name, one["domains"], exotaTenantId=one["tenant_ids"], exotaOrganization=one["organizations"], exotaDkimDomain=one["dkim_domains"])
                       for name, one in self.all.items())

    def some(self, count):
        """(domain, tenant id) of so many domains, none of them a wildcard or of the first tenant."""
        every = [(domain, one["tenant_ids"][0]) for name, one in self.all.items() if name != self.first for domain in one["domains"] if not domain.startswith("*.")]
        random.Random(2).shuffle(every)
        return every[:count]


class Of:
    """Daemons of one source; what it has can be added to."""

    def __init__(self, binary, work, tenants, pki):
        self.binary, self.work, self.tenants, self.pki, self.number, self.count = binary, work, tenants, pki, 0, tenants.count

    def daemon(self, changes=None):
        """A daemon that serves them: (it, what that took). `changes`: of the configuration."""
        self.number += 1
        folder = self.work / f"{self.name}-{self.number}"
        folder.mkdir()
        for name, password in (("ldap.password", READERS_PASSWORD), ("password", DATABASE_PASSWORD), ("redis.password", REDIS_PASSWORD)):
            (folder / name).write_text(password + "\n")
        exota = Exota(self.binary, folder, tenants="{}", changes=configuration(**self.settings(folder), **(changes or {})), started=False)
        begin = time.monotonic()
        exota.start()
        wait_for(lambda: self.serves(exota), lambda: f"{self.name}: " + exota.process.tail(), HOUR)
        return exota, {"seconds": time.monotonic() - begin, **memory(exota)}

    def serves(self, exota):
        return exota.metrics()["exota_tenant_domains"] == self.count

    def change(self, exota):
        """One domain more, until it counts: what that took."""
        before = memory(exota)["cpu"]
        self.count += 1
        begin = time.monotonic()
        self.add(exota)
        wait_for(lambda: self.serves(exota), lambda: f"{self.name}: " + exota.process.tail(), HOUR)
        found = {"seconds": time.monotonic() - begin, **memory(exota)}
        found["cpu"] -= before
        return found

    def stop(self):
        pass


class File(Of):
    name = "file"

    def settings(self, folder):
        (self.work / "served.json").write_bytes(self.tenants.file.read_bytes())
        self.count = self.tenants.count
        return {"tenants": {"file": str(self.work / "served.json"), "state_directory": str(folder)}}

    def add(self, exota):
        (self.work / "served.json").write_text(self.tenants.with_one_more())
        exota.process.send(signal.SIGHUP)


class Ldap(Of):
    name, mode = "ldap", "lookup"

    def __init__(self, binary, work, tenants, pki):
        super().__init__(binary, work, tenants, pki)
        begin = time.monotonic()
        self.slapd = Slapd(work / self.name, pki, tenants.ldif(), SOURCE / "packaging/ldap/exota.schema", log="0", octets=2**33, many=True)
        self.filled = time.monotonic() - begin

    def settings(self, folder):
        return {"tenants": {"source": "ldap", "file": None, "state_directory": None}, "tenants.ldap": {
            "servers": [self.slapd.url], "mode": self.mode, "ca_file": str(self.pki.certificate("ca")), "base": BASE, "filter": "(exotaDomain=%d)",
            "tenant_id_filter": "(exotaTenantId=%t)", "wildcards": True, "bind_dn": READER, "password_file": "ldap.password"}}

    def serves(self, exota):
        """By its first tenant's message: /readyz is told once a second."""
        first = self.tenants.all[self.tenants.first]
        return load(exota, messages_of(exota, [(first["domains"][0], first["tenant_ids"][0])]), 1)["accepted"] == 1

    change = None  # an entry counts when the answer that is kept has become old

    def stop(self):
        self.slapd.stop()


class LdapSnapshot(Ldap):
    name, mode = "ldap-snapshot", "snapshot"
    serves, change = Of.serves, Of.change

    def settings(self, folder):
        found = super().settings(folder)
        found["tenants"] |= {"snapshot_file": str(folder / "tenants.snapshot"), "state_directory": str(folder)}
        found["tenants.ldap"] |= {"refresh_interval": 10}
        return found

    @staticmethod
    def missing(binary, work):
        """Whether this program has no such source."""
        folder = work / "asked"
        folder.mkdir()
        exota = Exota(binary, folder, tenants="{}", changes={"tenants": {"source": "ldap"}, "tenants.ldap": {"mode": "snapshot"}}, started=False)
        return b"is not built yet" in exota.run("check", "-c", exota.configuration).stdout

    def add(self, exota):
        self.slapd.change(f"dn: cn={self.tenants.first},{BASE}\nchangetype: modify\nadd: exotaDomain\nexotaDomain: one-more.test\n")


class PostgreSql(Of):
    name = "postgresql"

    def __init__(self, binary, work, tenants, pki):
        super().__init__(binary, work, tenants, pki)
        begin = time.monotonic()
        (work / "pg").mkdir()
        self.database = Postgres(work / "pg", pki, more="max_wal_size = 4GB\n", patience=HOUR)
        (work / "names").write_text("".join(f"{name}\n" for name in tenants.all))
        with open(work / "rows", "w") as rows:
            for name, fields in tenants.all.items():
                for key, kind in KINDS.items():
                    rows.writelines(f"{kind}\t{value}\t{name}\n" for value in fields[key])
        work.chmod(0o755)
        for table, path in (("exota.tenant (name)", "names"), ("exota.tenant_name (kind, name, tenant)", "rows")):
            self.database.sql(f"\\copy {table} FROM '{work / path}'")
        self.database.sql("ANALYZE")
        self.filled = time.monotonic() - begin

    def settings(self, folder):
        return {"tenants": {"source": "postgresql", "file": None, "snapshot_file": str(folder / "tenants.snapshot"), "state_directory": str(folder)},
                "tenants.postgresql": {"conninfo": self.database.conninfo(), "password_file": "password", "timeout": "30 s"}}

    def change(self, exota):
        wait_for((exota.directory / "tenants.snapshot").exists, "the snapshot file", HOUR)  # it is written behind the start
        self.session = self.database.session()
        found = super().change(exota)
        self.session.communicate()
        return found

    def add(self, exota):
        self.session.stdin.write(f"INSERT INTO exota.tenant_name VALUES ('domain', 'one-more.test', '{self.tenants.first}');\n")
        self.session.stdin.flush()

    def stop(self):
        self.database.remove()
