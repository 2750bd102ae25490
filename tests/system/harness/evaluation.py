"""The built program's judgement without a daemon: `exota eval`, op decide, a line a message; drop-in by `exota explain`."""
import base64
import json
import os
import subprocess
from dataclasses import dataclass, field

from .processes import PATIENCE


@dataclass
class Session:
    """What the MTA knows beside the message; the default is Exchange Online as it should be."""
    client_ip: str = "40.92.0.10"
    client_cert: str | None = "mail.protection.outlook.com"
    mail_from: str = "jane@contoso.com"
    rcpts: tuple = ("bob@dest.test",)
    helo: str = "mail-x.outbound.protection.outlook.com"
    queue_id: str = "4YFORGED1z"
    tls: bool = True
    xoorg: str | None = None
    macros: dict = field(default_factory=dict)

    def as_json(self):
        out = {"client_ip": self.client_ip, "helo": self.helo, "mail_from": self.mail_from, "rcpts": list(self.rcpts), "queue_id": self.queue_id,
               "macros": {"v": "Postfix 3.7.11", **self.macros}}
        if self.client_cert is not None:
            out["client_cert"] = self.client_cert
        if self.tls:
            out["tls_version"] = "TLSv1.3"
        if self.xoorg is not None:
            out["xoorg"] = self.xoorg
        return out


def question(raw, session=None, *, config, tenants, zone=None, now=None):
    out = {"op": "decide", "message_b64": base64.b64encode(raw).decode(), "session": (session or Session()).as_json(), "config": config,
           "tenants": tenants, "zone": zone or {}}
    return out if now is None else {**out, "now": now}


def decide(binary, questions):
    """The answers, in order. One that has no verdict is {"verdict": "error", "error": …}: the caller's expectation shows it."""
    text = "".join(json.dumps({**asked, "id": number}) + "\n" for number, asked in enumerate(questions))
    done = subprocess.run([binary, "eval"], input=text.encode(), capture_output=True, timeout=PATIENCE * 3, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(questions)))
    return [{"verdict": "error", **answer} if "error" in answer else answer for answer in answers]


def explain_drop_in(binary, environment, raw, session):
    """The decision of a drop-in with these MILTER_* variables."""
    facts = [part for recipient in session.rcpts for part in ("--rcpt", recipient)]
    facts += ["--client-ip", session.client_ip, "--helo", session.helo, "--mail-from", session.mail_from, "--queue-id", session.queue_id]
    facts += ["--client-cert", session.client_cert] if session.client_cert is not None else []
    done = subprocess.run([binary, "explain", "--json", *facts, "-"], input=raw, capture_output=True, timeout=PATIENCE,
                          env={"PATH": os.environ["PATH"], **environment})
    assert done.returncode in (0, 75, 77), done
    return json.loads(done.stdout)


def findings(answer):
    """factor → (finding, detail)"""
    return {entry["factor"]: (entry["finding"], entry.get("detail")) for entry in answer["findings"]}


def zone_of(records, **more):
    """name → record as a zone of `eval`."""
    return {name: [{"TXT": text}] for name, text in records.items()} | more
