"""Microsoft's endpoint service, as a test wants it: over HTTPS, with the two documents or whatever else a service may answer."""
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .exota import SOURCE

SHIPPED = (SOURCE / "packaging/endpoints.json").read_text()


def prefixes_of(text):
    return [ip for record in json.loads(text) for ip in record.get("ips", []) if "25" in str(record.get("tcpPorts", "")).split(",")]


def listing(*prefixes):
    return json.dumps([{"id": 10, "serviceArea": "Exchange", "ips": prefixes, "tcpPorts": "25"}])


PREFIXES = prefixes_of(SHIPPED)
GROWN = listing(*PREFIXES, "203.0.113.0/24")


class Service(ThreadingHTTPServer):
    """Microsoft's, as the test wants it: `answers` has for "version" and "endpoints" a text, a status with its fields, or a function of the handler."""
    daemon_threads = True

    def __init__(self, certificate):
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.over = threading.Event()
        self.asked, self.answers = [], {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def says(self, version="2026081400", endpoints=SHIPPED):
        document = version if callable(version) or isinstance(version, tuple) else json.dumps({"instance": "Worldwide", "latest": version})
        self.asked, self.answers = [], {"version": document, "endpoints": endpoints}

    @property
    def base(self):
        return f"https://localhost:{self.server_port}"

    def handle_error(self, *_):
        """Clients that hang up are what is tested."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answers[self.path.split("/")[1]]
        if callable(answer):
            return answer(self)
        status, fields = answer if isinstance(answer, tuple) else (200, {})
        body = b"" if isinstance(answer, tuple) else answer.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **fields}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Not on standard error."""


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"[")
    handler.close_connection = True


def silent(handler):
    handler.server.over.wait(60)
    handler.close_connection = True
