"""An SMTP client that can say anything: raw octets, STARTTLS with any certificate, XCLIENT, any source address."""
import socket
import ssl
from dataclasses import dataclass

from .processes import PATIENCE


@dataclass
class Reply:
    code: int
    text: str  # of all lines, without codes, joined by a line feed

    @property
    def accepted(self):
        return 200 <= self.code < 300

    @property
    def queue_id(self):
        """Out of "queued as ID", or out of our own refusal "(… id ID)" or "queue_id: ID"."""
        for mark, end in (("queued as ", None), (", id ", ")"), ("queue_id: ", " ")):
            _, found, rest = self.text.partition(mark)
            if found:
                return rest.split(end)[0].strip() if end else rest.split()[0]
        return ""

    def __str__(self):
        return f"{self.code} {self.text}"


def tls_context(certificate=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(*certificate)
    return context


class SmtpClient:
    def __init__(self, port, address="127.0.0.1", source=None, seconds=PATIENCE):
        self._socket = socket.create_connection((address, port), seconds, source_address=(source, 0) if source else None)
        self._stream = self._socket.makefile("rb")
        self.greeting = self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._stream.close()
        self._socket.close()

    def write(self, octets):
        self._socket.sendall(octets)

    def reply(self):
        lines = []
        while True:
            line = self._stream.readline()
            if not line:
                raise ConnectionError("the server hung up")
            lines.append(line.decode("latin1").rstrip("\r\n"))
            if line[3:4] != b"-":
                return Reply(int(lines[-1][:3]), "\n".join(part[4:] for part in lines))

    def command(self, line):
        self.write(line.encode("latin1") + b"\r\n")
        return self.reply()

    def expect(self, line, code):
        answer = self.command(line)
        assert answer.code == code, f"{line}: {answer}"
        return answer

    def hello(self, name="exo.test"):
        return self.expect(f"EHLO {name}", 250)

    def start_tls(self, certificate=None, hello="exo.test"):
        self.expect("STARTTLS", 220)
        self._socket = tls_context(certificate).wrap_socket(self._socket)
        self._stream = self._socket.makefile("rb")
        if hello:
            self.hello(hello)

    def xclient(self, **attributes):
        """Takes on another client's name and address; Postfix starts over with a greeting."""
        self.expect("XCLIENT " + " ".join(f"{name.upper()}={value}" for name, value in attributes.items()), 220)
        self.hello()

    def envelope(self, sender, recipients):
        """MAIL, RCPT and DATA; the first refusal is returned, else the reply 354."""
        answer = self.command(f"MAIL FROM:<{sender}>")
        for recipient in recipients:
            if answer.code >= 400:
                return answer
            answer = self.command(f"RCPT TO:<{recipient}>")
        return self.command("DATA") if answer.code < 400 else answer

    def message(self, sender, recipients, raw):
        """One whole transaction. `raw` has CRLF line ends; dots are stuffed here. The reply that decided it."""
        answer = self.envelope(sender, recipients)
        if answer.code != 354:
            return answer
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in raw.split(b"\r\n"))
        self.write(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return self.reply()

    def quit(self):
        return self.command("QUIT")
