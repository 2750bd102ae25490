"""Messages of many tenants for bench/sources, made beforehand, and sessions that send them to a milter as fast as it answers.

milter_load sends one message again and again, which a source is asked for once; here each has an author domain of its own.
"""
import os
import pathlib
import selectors
import socket
import statistics
import struct
import time

from harness.message import SIGNATURE_FIELD, fields_of
from harness.milter import MilterClient, frame

CERTIFICATE = {"cert_subject": "mail.protection.outlook.com", "tls_version": "TLSv1.3"}


class Script(MilterClient):
    """The octets of a message for who negotiated as `mta` did; no step of it may have a reply but the last."""

    def __init__(self, mta):
        self.protocol, self.octets = mta.protocol, b""

    def write(self, octets):
        self.octets += octets

    def read(self):
        raise SystemExit("the milter wants to reply to every step: this cannot be sent in one piece")


def session(exota):
    """A connection at which HELO was said."""
    mta = MilterClient(exota.where)
    mta.macros("C", v="Postfix 3.7.11")
    mta.connect()
    mta.macros("H", **CERTIFICATE)
    mta.send("H", b"outbound.protection.outlook.com\0")
    return mta


def messages_of(exota, tenants):
    """One message of each (domain, tenant id)."""
    made = []
    with session(exota) as mta:
        for number, (domain, tenant_id) in enumerate(tenants):
            fields = [("Authentication-Results", f" mx.test; dkim=pass header.d={domain}"),
                      ("Received", " from exo by mx.test; Sat, 21 Nov 2026 10:00:00 +0000"),
                      (SIGNATURE_FIELD[0], " " + SIGNATURE_FIELD[1].replace("contoso.com", domain))]
            fields += [(name, " " + value) for name, value in fields_of(f"j@{domain}", tenant_id, None) if value is not None]
            script = Script(mta)
            script.begin_message(fields, sender=f"<j@{domain}>", queue_id=f"Q{number:07d}")
            script.write(frame("E"))
            made.append(script.octets)
    return made


class Reader:
    """The answers on one session."""

    def __init__(self, mta):
        self.socket, self.octets, self.sent = mta._socket, b"", 0.0
        self.mta = mta  # it closes the socket when nobody has it

    def answer(self):
        """What was read makes an answer whole: its command; else None."""
        self.octets += self.socket.recv(65536) or self._gone()
        while len(self.octets) >= 4:
            length = struct.unpack(">I", self.octets[:4])[0]
            if len(self.octets) < 4 + length:
                break
            command, self.octets = chr(self.octets[4]), self.octets[4 + length:]
            if command not in "himp+-eq":
                return command
        return None

    @staticmethod
    def _gone():
        raise SystemExit("the milter hung up")


def cpu_seconds(exota):
    fields = pathlib.Path(f"/proc/{exota.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(exota, messages, sessions):
    """Each message once, by so many sessions at a time: rate, the daemon's CPU a message, latency of a message, how many were accepted."""
    pending, latencies, accepted = iter(messages), [], 0
    with selectors.DefaultSelector() as selector:
        readers = []
        for _ in range(sessions):
            reader = Reader(session(exota))
            reader.socket.setblocking(True)
            selector.register(reader.socket, selectors.EVENT_READ, reader)
            readers.append(reader)
        cpu, begin = cpu_seconds(exota), time.perf_counter()

        def send(reader):
            message = next(pending, None)
            if message is not None:
                reader.sent = time.perf_counter()
                reader.socket.sendall(message)
        for reader in readers:
            send(reader)
        while len(latencies) < len(messages):
            for key, _ in selector.select(600):
                reader = key.data
                if command := reader.answer():
                    latencies.append(time.perf_counter() - reader.sent)
                    accepted += command in "ac"
                    send(reader)
        seconds = time.perf_counter() - begin
        used = cpu_seconds(exota) - cpu
        for reader in readers:
            reader.socket.shutdown(socket.SHUT_RDWR)
            reader.mta.close()
    latencies.sort()
    return {"per_second": len(messages) / seconds, "cpu_us": used / len(messages) * 1e6, "p50_us": statistics.median(latencies) * 1e6,
            "p99_us": latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)] * 1e6, "accepted": accepted}
