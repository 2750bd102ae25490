"""Mail hosts of an internet of the tests: one plays Exchange, which announces XOORG under TLS to who shows a certificate, others lack or lie."""
import socket
import ssl
import threading
from dataclasses import dataclass

from .processes import wait_for


@dataclass
class Taken:
    """A message that was taken."""
    mail: str            # the MAIL command
    recipients: list     # the RCPT commands
    raw: bytes
    tls: str             # version; "": in the clear
    client: str          # the CN of the client's certificate; "": it showed none

    def values(self, name):
        head = self.raw.partition(b"\r\n\r\n")[0].decode("latin1")
        return [line.partition(":")[2].strip() for line in head.split("\r\n") if line.lower().startswith(name.lower() + ":")]


class Exchange:
    """@param certificate  (chain file, key file); None: no STARTTLS; "broken": STARTTLS is offered, and no TLS follows
    @param roots  of client certificates, one of which it asks for; None: it asks for none
    @param rules  verb → the reply instead ("MAIL", "RCPT", "DATA", ".", "EHLO", "greeting"), or "close", or "hang"
    """

    def __init__(self, address="127.0.0.1", port=0, *, certificate=None, roots=None, offers=("8BITMIME", "PIPELINING", "SIZE 40000000"), **rules):
        self.offers, self.rules, self.taken, self.connections = list(offers), rules, [], 0
        self._context = certificate
        if certificate and certificate != "broken":
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
            if roots:
                self._context.load_verify_locations(roots)
                self._context.verify_mode = ssl.CERT_OPTIONAL
        self._server = socket.create_server((address, port))
        self.port = self._server.getsockname()[1]
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        for each in (self._server, *list(self._open)):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def wait_for(self, mark):
        """The message whose octets have `mark`."""
        def found():
            return next((taken for taken in list(self.taken) if mark.encode() in taken.raw), None)
        return wait_for(found, f"a message with {mark!r}")

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection:
                Session(self, connection).run()
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            self._open.discard(connection)


class Session:
    def __init__(self, host, connection):
        self.host, self.connection, self.stream = host, connection, connection.makefile("rwb")
        self.tls, self.client = "", ""

    def say(self, verb, usual):
        rule = self.host.rules.get(verb, usual)
        if rule == "close":
            raise OSError("closed by rule")
        if rule == "hang":
            self.stream.read()
            raise OSError("hung by rule")
        self.stream.write(rule.encode() + b"\r\n")
        self.stream.flush()
        return rule

    def run(self):
        self.say("greeting", "220 mail host of the tests ESMTP")
        mail, recipients = "", []
        while line := self.stream.readline():
            text = line.decode("latin1").rstrip("\r\n")
            verb = text[:4].upper()
            if verb in ("EHLO", "LHLO"):
                offers = self.host.offers + (["XOORG"] if self.client else []) + (["STARTTLS"] if self.host._context and not self.tls else [])
                self.say("EHLO", "250-mail host\r\n" + "".join(f"250-{each}\r\n" for each in offers) + "250 HELP")
            elif verb == "STAR" and self.host._context and not self.tls:
                self.say("STARTTLS", "220 go ahead")
                self.start_tls()
            elif verb == "MAIL":
                if self.say("MAIL", "250 2.1.0 ok" if "XOORG=" not in text or self.client else "555 5.5.4 XOORG").startswith("250"):
                    mail, recipients = text, []
            elif verb == "RCPT":
                if self.say("RCPT", "250 2.1.5 ok").startswith("250"):
                    recipients.append(text)
            elif verb == "DATA":
                if self.say("DATA", "354 go").startswith("354"):
                    self.message(mail, recipients)
            elif verb == "QUIT":
                return self.say("QUIT", "221 bye")
            else:
                self.say(verb, "250 2.0.0 ok")

    def start_tls(self):
        if self.host._context == "broken":
            self.connection.recv(1)  # of the ClientHello: what came before it would be an answer to nothing
            self.stream.write(b"this is no TLS\r\n")
            self.stream.flush()
            raise OSError("no TLS by rule")
        self.connection = self.host._context.wrap_socket(self.connection, server_side=True)
        self.stream = self.connection.makefile("rwb")
        self.tls = self.connection.version()
        shown = self.connection.getpeercert() if self.host._context.verify_mode != ssl.CERT_NONE else None
        self.client = next((value for part in (shown or {}).get("subject", ()) for key, value in part if key == "commonName"), "")

    def message(self, mail, recipients):
        raw = bytearray()
        while (line := self.stream.readline()) != b".\r\n":
            if not line:
                raise OSError("the client is gone")
            raw += line[1:] if line.startswith(b".") else line
        if self.host.rules.get(".", "250").startswith("250"):
            self.host.taken.append(Taken(mail, recipients, bytes(raw), self.tls, self.client))
        self.say(".", f"250 2.0.0 taken as number {len(self.host.taken)}")


class PolicyServer:
    """MTA-STS policies by HTTPS: `answers` has for each host a body, or a whole answer in octets; who is not in it gets 404.

    @param certificates  host → (chain, key) instead of the usual one
    """

    def __init__(self, address, port, certificate, answers, certificates=None):
        self.answers, self.asked = answers, []
        self._contexts = {host: self._context_of(pair) for host, pair in (certificates or {}).items()}
        self._context = self._context_of(certificate)
        self._context.sni_callback = self._choose
        self._server = socket.create_server((address, port))
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _context_of(pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        return context

    def _choose(self, connection, host, _):
        connection.context = self._contexts.get(host, self._context)

    def stop(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with self._context.wrap_socket(connection, server_side=True) as secured, secured.makefile("rwb") as stream:
                lines = []
                while (line := stream.readline()) not in (b"\r\n", b""):
                    lines.append(line.decode("latin1").strip())
                host = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")), "")
                self.asked.append(host)
                answer = self.answers.get(host) if lines and lines[0].startswith("GET /.well-known/mta-sts.txt ") else None
                if isinstance(answer, str):
                    body = answer.encode()
                    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
                stream.write(answer or b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        except (OSError, ssl.SSLError):
            pass
