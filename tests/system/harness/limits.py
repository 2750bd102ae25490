"""Tenants with limits, their messages, and what a daemon says of the store that counts them."""
import threading
import zlib

from .message import fields_of
from .milter import MilterClient
from .processes import wait_for

CERTIFICATE = {"cert_subject": "mail.protection.outlook.com", "tls_version": "TLSv1.3"}


def id_of(tenant):
    return f"1234abcd-18c5-45e8-88de-{zlib.crc32(tenant.encode()):012x}"


def tenants_with_limits(names, limits):
    """A tenants file; who is not in `limits` may send 1,000 messages an hour."""
    return {"version": 2, "tenants": {name: {"tenant_ids": [id_of(name)], "organizations": [f"{name}.test"], "domains": [f"{name}.test"],
                                             "limits": limits.get(name, ["1000 messages / hour"])} for name in names}}


class Sender:
    """One connection of an MTA; each message is one of the tenant's own."""
    _lock, _number = threading.Lock(), 0

    def __init__(self, exota):
        self.mta = MilterClient(exota.where)
        self.mta.macros("C", v="Postfix 3.7.11")
        self.mta.connect()
        self.mta.macros("H", **CERTIFICATE)
        self.mta.send("H", b"outbound.protection.outlook.com\0")

    def send(self, tenant, recipients=1):
        """"accept", or the reply."""
        with Sender._lock:
            Sender._number += 1
            queue_id = f"R{Sender._number:05d}"
        fields = [(name, " " + value) for name, value in fields_of(f"j@{tenant}.test", id_of(tenant), f"{tenant}.test") if value is not None]
        _, (command, payload) = self.mta.message(fields, sender=f"<j@{tenant}.test>", queue_id=queue_id,
                                                 recipients=[f"<r{n}@dest.test>" for n in range(recipients)])
        return {"a": "accept", "c": "accept"}.get(command) or payload.decode().rstrip("\0")


def send(exota, tenant, count=1, **arguments):
    sender = Sender(exota)
    replies = [sender.send(tenant, **arguments) for _ in range(count)]
    sender.mta.close()
    return replies


def metric(exota, name, **labels):
    text = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return exota.metrics()[f"exota_limits_store_{name}" + ("{" + text + "}" if text else "")]


def together(exota, tenant):
    """Waits until each thread's messages of this tenant are counted in the store, or told by it to be too many."""
    def told():
        return sum(metric(exota, "messages_total", limit=limit) for limit in ("within", "exceeded"))

    def counted():
        before = told()
        for _ in range(8):
            send(exota, tenant)
        return told() - before == 8 and metric(exota, "loops_away") == 0  # which thread takes a connection is chance
    wait_for(counted, "the store to count all messages")


def said_of_store(exota):
    """What its log says of the store."""
    return " ".join(line for line in exota.lines() if "limits-store" in line)
