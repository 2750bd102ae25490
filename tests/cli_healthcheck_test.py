"""`exota healthcheck` on the command line: against a server of the test that is ready, is not, lies or is silent."""
import json
import socket
import threading

import pytest
from cli_test import EXOTA, folder, run  # noqa: F401 -- the fixture is used by its name

pytestmark = pytest.mark.skipif(not EXOTA.exists(), reason="the program is not built")

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"


class Server:
    """Answers each connection with `parts`, one write each; None keeps it open in silence. What was asked is in `asked`."""

    def __init__(self, *parts, host="127.0.0.1"):
        self.parts, self.asked, self.open = parts, [], []
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.asked.append(link.recv(4096))
            for part in self.parts:
                if part is None:
                    self.open.append(link)
                    break
                link.sendall(part)
            else:
                link.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for link in self.open:
            link.close()


def test_ready():
    with Server(READY) as server:
        done = run("healthcheck", "--http", f"127.0.0.1:{server.port}")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"ready\n", b"")
        assert server.asked[0].startswith(b"GET /readyz HTTP/1.1\r\n")
        done = run("healthcheck", "--http", f"127.0.0.1:{server.port}", "--json")
        assert json.loads(done.stdout) == {"ready": True, "text": "ready"}


@pytest.mark.parametrize("parts, text", [
    ([b"HTTP/1.1 503 Service Unavailable\r\n\r\n"], b"not ready"),
    ([b"HTTP/1.1 404 Not Found\r\n\r\n"], b"status 404"),
    ([b"220 mx.test ESMTP\r\n"], b"not HTTP"),
    ([b"HTTP/1.1 2x0 OK\r\n"], b"not HTTP"),
    ([b"HTTP/1.1 20"], b"not HTTP"),
    ([b"x" * 20000], b"not HTTP"),
    ([], b"not HTTP"),
])
def test_not_ready(parts, text):
    with Server(*parts) as server:
        done = run("healthcheck", "--http", f"127.0.0.1:{server.port}")
        assert done.returncode == 69 and done.stderr.startswith(b"exota healthcheck: ") and text in done.stderr, done
        assert json.loads(run("healthcheck", "--http", f"127.0.0.1:{server.port}", "--json").stdout)["ready"] is False


def test_an_answer_in_two_parts():
    with Server(b"HTTP/1.1 2", b"00 OK\r\n\r\n") as server:
        assert run("healthcheck", "--http", f"127.0.0.1:{server.port}").returncode == 0


def test_silence_ends_in_time():
    with Server(b"HTTP", None) as server:
        done = run("healthcheck", "--http", f"127.0.0.1:{server.port}", "--timeout", "1")
        assert done.returncode == 69 and b"in time" in done.stderr


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run("healthcheck", "--http", f"127.0.0.1:{port}")
    assert done.returncode == 69 and b"cannot connect" in done.stderr


def test_the_configuration_names_the_place(folder):
    config = folder / "exota.toml"
    without = run("healthcheck", "-c", config)
    assert without.returncode == 78 and b"http.listen is not set" in without.stderr
    text = config.read_text()
    (folder / "tenants.json").write_text("no longer JSON")  # not read: the daemon may well be serving what it had
    with Server(READY) as server:
        config.write_text(f'{text}\n[http]\nlisten = "0.0.0.0:{server.port}"\n')
        assert run("healthcheck", "-c", config).returncode == 0
    with Server(READY, host="::1") as server:
        config.write_text(f'{text}\n[http]\nlisten = "inet6:[::]:{server.port}"\n')
        assert run("healthcheck", "-c", config).returncode == 0
    # Nor does anything else of the file that a running daemon may have refused; without a place to ask, what is wrong is said.
    with Server(READY) as server:
        config.write_text(f'[http]\nlisten = "127.0.0.1:{server.port}"\n[log]\nformat = "jsn"\n')
        assert run("healthcheck", "-c", config).returncode == 0
        assert run("check", "-c", config).returncode == 78
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config.write_text(f'[http]\nlisten = "127.0.0.1:{port}"\n[log]\nformat = "jsn"\n')
    assert run("healthcheck", "-c", config).returncode == 69
    for wrong in ("[authorisation]\nmode = 1\n", '[http]\nlisten = "nonsense"\n', "[http]\nlisten = 1\n", "http = 1\n", '[http]\nlisten = ""\n', "[http\n"):
        config.write_text(wrong)
        assert run("healthcheck", "-c", config).returncode == 78, wrong
    assert run("healthcheck", "-c", folder / "none.toml").returncode == 66


@pytest.mark.parametrize("arguments", [["--http", "unix:/run/x"], ["--http", "nonsense"], ["--timeout", "0"], ["--timeout", "61"],
                                       ["--http", "127.0.0.1:1", "-c", "x"]])
def test_usage(arguments):
    assert run("healthcheck", *arguments).returncode == 64
