"""A private slapd with ExOTA's schema, and servers that only pretend to be one."""
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from .hosts import HERE
from .processes import PATIENCE, Process, disown, free_port, listens, own, wait_for

SUFFIX = "dc=example,dc=test"
READER, READERS_PASSWORD = f"cn=reader,{SUFFIX}", "readersecret"
BASE = f"ou=tenants,{SUFFIX}"

START = f"""dn: {SUFFIX}
objectClass: domain
dc: example

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {READERS_PASSWORD}

dn: {BASE}
objectClass: organizationalUnit
ou: tenants

"""


def tenant(name, domains, **attributes):
    """An entry of schema 2."""
    lines = [f"dn: cn={name},{BASE}", "objectClass: applicationProcess", "objectClass: exotaTenant", f"cn: {name}", f"exotaTenantName: {name}"]
    lines += [f"exotaDomain: {domain}" for domain in domains]
    for attribute, values in attributes.items():
        lines += [f"{attribute}: {value}" for value in (values if isinstance(values, list) else [values])]
    return "\n".join(lines) + "\n\n"


def policy(domain, **attributes):
    """An entry as the predecessor's README has it (schema 1)."""
    lines = [f"dn: associatedDomain={domain},{BASE}", "objectClass: domainRelatedObject", "objectClass: organizationalUnit", "objectClass: exotaMilterPolicy",
             f"ou: {domain}", f"associatedDomain: {domain}"]
    return "\n".join(lines + [f"{attribute}: {value}" for attribute, value in attributes.items()]) + "\n\n"


class Slapd:
    """One slapd, in the clear with StartTLS, on 127.0.0.1 or at the address of a host, and on a Unix socket. Its data outlive kill() and start().

    `log`: its levels; searches() and closed_at_rest() need "stats". `octets`: what its database may take at most. `many`: filling it may take an
    hour. `idle_timeout`: it closes a connection on which nobody asked for so many seconds; 0: never.
    """

    def __init__(self, directory, pki, ldif, schema, host=HERE, *, log="stats", octets=104857600, many=False, idle_timeout=0):
        self.directory, self.host, self.log, self.patience = Path(directory), host, log, 3600 if many else PATIENCE
        for name in ("db", "run"):
            (self.directory / name).mkdir(parents=True)
        self.port, self.socket = free_port(), self.directory / "run/ldapi"
        self.url = f"ldap://{host.address}:{self.port}"
        self.socket_url = "ldapi://" + str(self.socket).replace("/", "%2F")
        certificate, key = pki[host.certificate]
        (self.directory / "slapd.conf").write_text(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
            f"include {schema}\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"pidfile {self.directory}/run/slapd.pid\nargsfile {self.directory}/run/slapd.args\nidletimeout {idle_timeout}\n"
            f"TLSCACertificateFile {pki.certificate('ca')}\nTLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\nTLSVerifyClient try\n"
            f"database mdb\nmaxsize {octets}\nsuffix \"{SUFFIX}\"\nrootdn \"cn=admin,{SUFFIX}\"\nrootpw secret\ndirectory {self.directory}/db\n"
            "index objectClass,associatedDomain,exotaDomain,exotaTenantId eq\n"
            f"limits dn.exact=\"{READER}\" size.prtotal=unlimited\n"
            f"access to * by dn.exact=\"cn=admin,{SUFFIX}\" write by users read by anonymous auth\n")
        self.process = None
        self._run("slapadd", *(["-q"] if many else []), "-f", self.directory / "slapd.conf", text=START + ldif)
        self.start()

    def _run(self, *command, text=""):
        with self.host:
            done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, timeout=self.patience,
                                  env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self):
        urls = f"{self.url} ldap://127.0.0.2:{self.port} {self.socket_url}"
        with self.host:
            self.process = Process(["/usr/sbin/slapd", "-f", self.directory / "slapd.conf", "-h", urls, "-d", self.log], self.directory / "run/log")
            wait_for(lambda: listens(self.host.address, self.port) or not self.process.running(), lambda: "slapd: " + self.process.tail())
        assert self.process.running(), self.process.tail()

    def change(self, ldif):
        """LDIF of ldapmodify; an entry without changetype is added."""
        self._run("ldapmodify", "-a", "-x", "-H", self.url, "-D", f"cn=admin,{SUFFIX}", "-w", "secret", text=ldif)

    def searches(self, text):
        """How often it was asked with `text` in the filter."""
        return sum(text in line for line in self._lines() if "SRCH base" in line)

    def closed_at_rest(self):
        """How many connections it closed because nobody asked on them."""
        return sum("closed (idletimeout)" in line for line in self._lines())

    def _lines(self):
        return (self.directory / "run/log").read_text(errors="replace").splitlines()

    def pause(self):
        self.process.pause()

    def go_on(self):
        self.process.send(signal.SIGCONT)

    def kill(self):
        self.process.kill()

    def stop(self):
        if self.process.running():
            self.process.send(signal.SIGCONT)
            self.process.stop(signal.SIGINT)


def message(number, operation):
    content = b"\x02\x01" + bytes([number]) + operation
    return b"\x30" + bytes([len(content)]) + content


SUCCESS = b"\x0a\x01\x00\x04\x00\x04\x00"
BOUND = message(1, b"\x61\x07" + SUCCESS)


class Liar:
    """Accepts connections, and says to each whatever `says` is (octets; None: nothing) once it was spoken to. `bound` first answers a bind."""

    def __init__(self, says, bound=False):
        self.says, self.bound, self.asked = says, bound, 0
        self._listener = socket.create_server(("127.0.0.1", free_port()))
        self.url = "ldap://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._open, self._ended = [], False
        threading.Thread(target=self._accept, daemon=True).start()
        own(self)

    def _accept(self):
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if self.bound:
                client.recv(4096)
                client.sendall(BOUND)
            while octets := client.recv(4096):
                self.asked += 1
                if self.says is not None:
                    client.sendall(self.says(octets) if callable(self.says) else self.says)
        except OSError:
            pass

    def kill(self):
        self._ended = True
        self._listener.close()
        for client in self._open:
            client.close()
        disown(self)

    stop = kill
