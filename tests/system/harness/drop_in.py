"""The predecessor's environment and policy file before `exota serve`: a drop-in."""
import json
import os

from .exota import Exota
from .message import CONTOSO_ID

POLICY = {
    "contoso.com": {"tenant_id": CONTOSO_ID, "dkim_enabled": True, "dkim_alignment_required": True},
    "loose.test": {"tenant_id": CONTOSO_ID, "dkim_alignment_required": False},
    "unsigned.test": {"tenant_id": CONTOSO_ID, "dkim_enabled": False},
}
FULL = {
    "MILTER_TENANT_ID_REQUIRED": "yes", "MILTER_DKIM_ENABLED": "yes", "MILTER_TRUSTED_AUTHSERVID": "mx.test", "MILTER_DKIM_ALIGNMENT_REQUIRED": "True",
    "MILTER_X509_ENABLED": "yes", "MILTER_X509_IP_WHITELIST": "192.0.2.25", "MILTER_ADD_HEADER": "yes", "MILTER_AUTHSERVID": "mx.test",
}


class DropIn(Exota):
    """exota serve with MILTER_* variables and no configuration file."""

    def __init__(self, binary, directory, variables):
        super().__init__(binary, directory, started=False)
        (self.directory / "policy.json").write_text(json.dumps(POLICY))
        self.environment = {"MILTER_SOCKET": f"unix:{self.where}", "MILTER_POLICY_FILE": str(self.directory / "policy.json"), **variables}
        # The socket's mode follows the umask, as with the predecessor; its container started it with umask 0.
        self.process = None
        self.start(before_exec=lambda: os.umask(0))

    def find_judged(self, queue_id):
        return next((line for line in self.lines() if queue_id in line and "verdict" in line), None)
