"""A name server with DKIM keys for a validator before us: it answers, fails, or is silent, by name.

Names below `dead.test` are asked at a port where nobody ever answers; those below `fails.test`, and `failing` ones, get SERVFAIL.
"""
import socket
import threading
from pathlib import Path

import dns.message
import dns.name
import dns.rcode
import dns.rrset

from .forger import key_records

DEAD, FAILS = "dead.test", "fails.test"


class KeyServer:
    def __init__(self, directory, keys, more=None, failing=()):
        self.records = key_records(keys) | (more or {})
        self.failing = set(failing)
        self._socket, self._silent = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for each in (self._socket, self._silent):
            each.bind(("127.0.0.1", 0))
        # What OpenDKIM's resolver (libunbound) reads: whom to ask, and that a dead server is asked anew each time.
        self.resolver_configuration = Path(directory) / "resolver.conf"
        self.resolver_configuration.write_text(
            'server:\n  do-not-query-localhost: no\n  local-zone: "test." nodefault\n  infra-keep-probing: yes\n'
            f'forward-zone:\n  name: "{DEAD}"\n  forward-addr: 127.0.0.1@{self._silent.getsockname()[1]}\n'
            f'forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@{self._socket.getsockname()[1]}\n')
        self.address = f"127.0.0.1@{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            octets, peer = self._socket.recvfrom(4096)
            if not octets:
                return
            self._socket.sendto(self._answer(octets), peer)

    def _answer(self, octets):
        query = dns.message.from_wire(octets)
        answer = dns.message.make_response(query, recursion_available=True)
        name = query.question[0].name
        text = self.records.get(name.to_text(omit_final_dot=True).lower())
        if name.is_subdomain(dns.name.from_text(FAILS)) or name.to_text(omit_final_dot=True) in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif text is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            quoted = " ".join(f'"{text[i:i + 250]}"' for i in range(0, len(text), 250))
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", quoted))
        return answer.to_wire()

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()
        self._silent.close()
