"""The whole path of a message: SMTP client → Postfix (TLS) → [OpenDKIM] → exota → sink."""
from pathlib import Path

from .exota import Exota
from .message import SIGNING_DOMAINS, Keys, message
from .opendkim import OpenDkim
from .parts import Parts
from .pki import Pki
from .postfix import Postfix
from .sink import Sink
from .smtp import SmtpClient


class Workshop:
    """What many chains share because it is slow to make: certificates and keys."""

    def __init__(self, directory, binary):
        self.directory, self.binary = Path(directory), Path(binary)
        self.pki = Pki(self.directory / "pki")
        self.keys = Keys(self.directory / "keys", SIGNING_DOMAINS)

    def message(self, **arguments):
        return message(self.keys, **arguments)


class Chain(Parts):
    """Starts everything; `stop` ends everything. Arguments not named here go to Exota.

    @param opendkim  False: no validator before us; "default": one with OpenDKIM's default clean-up; a dict: arguments of OpenDkim
    @param postfix   settings of main.cf over the usual ones
    @param exota     an Exota that runs already
    @param second    settings of a second service of Postfix, see there
    """

    def __init__(self, workshop, directory, *, opendkim=True, postfix=None, address="127.0.0.1", exota=None, second=None, **arguments):
        self.workshop, self.directory = workshop, Path(directory)
        self.pki, self.keys = workshop.pki, workshop.keys
        super().__init__()
        try:
            self.sink = self._own(Sink(), "close")
            self.opendkim = None
            if opendkim:
                how = opendkim if isinstance(opendkim, dict) else {"removal": opendkim != "default"}
                self.opendkim = self._own(OpenDkim(self.directory, self.keys, **how), "stop")
            self.exota = exota or self._own(Exota(workshop.binary, self.directory, **arguments), "stop")
            milters = ([self.opendkim.listen] if self.opendkim else []) + [self.exota.listen]
            self.postfix = self._own(Postfix(self.directory, sink_port=self.sink.port, milters=milters, pki=self.pki, address=address,
                                             settings=postfix, second=second), "stop")
        except BaseException:
            self.stop()
            raise

    def connect(self, certificate="exo_both", *, source=None, tls=True, port=None):
        """A client that has said EHLO, in TLS with this certificate (a name of pki.py, None for no certificate)."""
        client = SmtpClient(port or self.postfix.port, self.postfix.address, source)
        try:
            client.hello()
            if tls:
                client.start_tls(self.pki[certificate] if certificate else None)
        except BaseException:
            client.close()
            raise
        return client

    def send(self, raw, *, certificate="exo_both", sender="jane@contoso.com", recipients=("bob@dest.test",), source=None, tls=True):
        """One message over a connection of its own; the reply that decided it."""
        with self.connect(certificate, source=source, tls=tls) as client:
            return client.message(sender, recipients, raw)

    def judged(self, reply):
        """The log record of the message that got this reply."""
        assert reply.queue_id, f"no queue id in {reply}"
        return self.exota.judged(reply.queue_id)

    def delivered(self, reply):
        assert reply.accepted, str(reply)
        return self.sink.wait_for(reply.queue_id)

    def finding(self, reply, factor):
        """What was found for one factor of the message that got this reply: holds, absent, contradicts, unavailable."""
        return self.explained(reply)[factor]["finding"]

    def detail(self, reply, factor):
        return self.explained(reply)[factor]["detail"]

    def explained(self, reply):
        """factor → finding, by `exota explain` from the evidence that the daemon logged for this message."""
        return {entry["factor"]: entry for entry in self.exota.explain_evidence(self.judged(reply)["evidence"])["findings"]}
