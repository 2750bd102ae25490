"""The gateway between a client that plays Exchange Online and a server behind it: exota with a section [gateway.exchange]."""
import socket
import struct
import threading

from .exota import Exota, merged
from .keyserver import KeyServer
from .postfix import Postfix
from .processes import PATIENCE, free_port, wait_for
from .sink import Sink
from .smtp import SmtpClient


class Gateway(Exota):
    """exota whose [gateway.exchange] listens on TCP and passes on to `backend`; no milter. Other arguments are Exota's.

    @param backend   what `backend` lists: "inet:127.0.0.1:PORT"; or an object with a port
    @param identity  backend_identity
    @param section   changes to the section
    @param names     a KeyServer that is asked for keys and names; None: one that knows nobody is silent
    @param ipv6      it listens on ::1 too, for clients whose `source` is of that family
    """

    def __init__(self, binary, directory, *, pki, backend, identity="none", section=None, changes=None, names=None, address="127.0.0.1", ipv6=False, **arguments):
        self.address, self.port = address, free_port(address)
        spool = directory / "spool"
        spool.mkdir(exist_ok=True)
        backends = backend if isinstance(backend, list) else [backend]
        base = {
            "direction": "from-exchange", "listen": [f"inet:{address}:{self.port}"] + [f"inet6:[::1]:{self.port}"] * ipv6, "hostname": "gw.test", "backend_identity": identity,
            "backend": [each if isinstance(each, str) else f"inet:127.0.0.1:{each.port}" for each in backends],
            "certificate_file": str(pki.certificate("server")), "key_file": str(pki.key("server")), "client_ca_file": str(pki.certificate("ca")),
            "spool_directory": str(spool),
        }
        ours = {
            "milter": {"listen": [], "socket_group": None}, "gateway.exchange": merged({"x": base}, {"x": section or {}})["x"],
            "dkim": {"source": "verify"},
            # The tenant's id in the header suffices for whoever shows the certificate: no keys are asked for.
            "authorisation": {"proofs": ["client-cert + tenant-id"]},
            "dns": {"servers": [names.address] if names else ["127.0.0.1@9"], "dnssec": "off", "timeout": 2},
        }
        ours = merged(ours, {table: keys for table, keys in (changes or {}).items() if keys is not None})
        super().__init__(binary, directory, changes=ours | {"authentication_results": None}, **arguments)

    def _reachable(self):
        try:
            socket.create_connection((self.address, self.port), 1).close()
            return True
        except OSError:
            return False

    def connect(self, pki=None, certificate="exo_both", *, source=None, tls=True, hello="exo.test"):
        """A client that has said EHLO, in TLS with this certificate (a name of pki.py; None: none)."""
        client = SmtpClient(self.port, "::1" if source and ":" in source else self.address, source)
        try:
            client.hello(hello)
            if tls:
                client.start_tls(pki[certificate] if certificate else None, hello)
        except BaseException:
            client.close()
            raise
        return client

    def gateway_metric(self, name, **labels):
        """The sum of the samples of `exota_gateway_NAME` that have these labels."""
        return sum(value for sample, value in self.metrics().items()
                   if sample.startswith(f"exota_gateway_{name}{{") and all(f'{key}="{word}"' in sample for key, word in labels.items()))

    def last(self, seconds=PATIENCE, **fields):
        """The newest record of a message that has these fields."""
        def found():
            return [record for record in self.records() if record.get("event") == "message" and all(record.get(key) == value for key, value in fields.items())]
        return wait_for(found, lambda: f"a record with {fields}: {self.process.tail()}", seconds)[-1]


class Backend:
    """A server of lines behind the gateway that can misbehave: `rules` maps a verb ("MAIL", ".", "greeting"; "octets": when a message's first
    octets have come) to what is done instead.

    A rule is an SMTP reply (str), "hang" (no answer), "close", "reset" (the connection, as by a process that is killed), or a reply and one of
    these behind it (a pair). `sessions` has what each connection said, commands as text.
    """

    def __init__(self, offers=("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 50000000"), port=0, **rules):
        self.offers, self.rules = list(offers), dict(rules)
        self.sessions, self.messages = [], []
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = self._server.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Ends it with all connections, as a server that is killed."""
        for each in (self._server, *self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    stop = close

    def said(self, text):
        return wait_for(lambda: any(text in line for session in list(self.sessions) for line in list(session)), f"{text!r} said to the backend")

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        said = []
        self.sessions.append(said)
        try:
            with connection, connection.makefile("rwb") as stream:
                def act(verb, usual):
                    rule = self.rules.get(verb, usual)
                    reply, then = rule if isinstance(rule, tuple) else (rule, None)
                    if reply in ("close", "reset", "hang"):
                        reply, then = None, reply
                    if reply is not None:
                        stream.write(reply.encode() + b"\r\n")
                        stream.flush()
                    if then == "reset":
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    if then in ("close", "reset"):
                        raise OSError(f"{then} by rule")
                    return reply or ""
                act("greeting", "220 backend.test ESMTP")
                for line in stream:
                    said.append(line.decode("latin1").rstrip("\r\n"))
                    verb = said[-1][:4].upper()
                    if verb == "EHLO":
                        act("EHLO", "\r\n".join(f"250-{each}" for each in ("backend.test", *self.offers[:-1])) + f"\r\n250 {self.offers[-1]}")
                    elif verb == "DATA":
                        if not act("DATA", "354 go").startswith("354"):
                            continue
                        raw = bytearray()
                        for part in stream:
                            if "octets" in self.rules:
                                act("octets", None)
                            if part == b".\r\n":
                                break
                            raw += part[1:] if part.startswith(b".") else part
                        else:
                            said.append("(gone)")
                            return
                        said.append(".")
                        # As servers do, first the message, then the answer: what was answered is kept, whatever happens behind it.
                        rule = self.rules.get(".", f"250 2.0.0 taken as {len(self.messages)}")
                        if (rule[0] if isinstance(rule, tuple) else rule).startswith("250"):
                            self.messages.append(bytes(raw))
                        act(".", rule)
                    elif verb == "QUIT":
                        act("QUIT", "221 bye")
                        return
                    else:
                        act(verb, "250 2.0.0 ok")
                said.append("(gone)")
        except OSError:
            said.append("(closed)")


class House:
    """Gateways and what stands behind them, of one test; `stop` ends all, last made first."""

    def __init__(self, workshop, directory):
        self.workshop, self.directory = workshop, directory
        self.pki, self.message = workshop.pki, workshop.message
        self._made = []

    def own(self, part, verb="stop"):
        self._made.append(getattr(part, verb))
        return part

    def gateway(self, backend, **arguments):
        return self.own(Gateway(self.workshop.binary, self.directory, pki=self.pki, backend=backend, **arguments))

    def backend(self, *arguments, **rules):
        return self.own(Backend(*arguments, **rules))

    def postfix(self, second=None, **settings):
        self.sink = self.own(Sink(), "close")
        return self.own(Postfix(self.directory, sink_port=self.sink.port, milters=[], settings=settings, second=second))

    def names(self):
        return self.own(KeyServer(self.directory, self.workshop.keys))

    def stop(self):
        while self._made:
            self._made.pop()()


def plain(gateway):
    """A client that has read the greeting."""
    return SmtpClient(gateway.port, gateway.address)


def mail(client, organization="contoso.com", sender="jane@contoso.com"):
    return client.command(f"MAIL FROM:<{sender}> SIZE=2396 AUTH=<>" + (f" XOORG={organization}" if organization else ""))


def until_data(client, organization="contoso.com", recipients=("bob@dest.test",)):
    """MAIL with XOORG, RCPT, DATA: the first refusal, or the reply 354."""
    answer = mail(client, organization)
    for recipient in recipients:
        if answer.accepted:
            answer = client.command(f"RCPT TO:<{recipient}>")
    return client.command("DATA") if answer.accepted else answer


def whole(client, raw, organization="contoso.com", recipients=("bob@dest.test",)):
    """One transaction; the reply that decided it."""
    answer = until_data(client, organization, recipients)
    if answer.code != 354:
        return answer
    client.write(raw + b".\r\n")
    return client.reply()
