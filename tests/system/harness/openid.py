"""A local server that plays Microsoft's, which knows the tenant of a domain."""
import http.server
import json
import ssl
import threading

from .message import CONTOSO_ID


class OpenidServer(http.server.ThreadingHTTPServer):
    """Knows domains of `tenants` (domain → tenant id), and no others."""

    def __init__(self, certificate, key, tenants):
        super().__init__(("127.0.0.1", 0), self.Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.asked, self.tenants = [], tenants
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            domain, _, document = self.path[1:].partition("/")
            tenant = self.server.tenants.get(domain) if document == ".well-known/openid-configuration" else None
            body = json.dumps({"issuer": f"https://login.microsoftonline.com/{tenant}/v2.0"} if tenant else {"error": "invalid_tenant"}).encode()
            self.send_response(200 if tenant else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


def openid_server(workshop, tenants=None):
    """One with a certificate of the workshop's root; it knows contoso.com, if nothing else is said."""
    if not (workshop.directory / "pki").exists() or not workshop.pki.certificate("openid").exists():
        workshop.pki._leaf("openid", "/CN=login", "ca", 3650, ["subjectAltName=DNS:localhost", "extendedKeyUsage=serverAuth"])
    return OpenidServer(workshop.pki.certificate("openid"), workshop.pki.key("openid"), tenants or {"contoso.com": CONTOSO_ID})
