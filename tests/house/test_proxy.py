"""The proxy's configuration in a real nginx, in front of an application that says what it was asked."""

import gzip
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None and "REQUIRE_ALL" not in os.environ, reason="nginx is not installed")


class Application(http.server.BaseHTTPRequestHandler):
    """Releases one file under /files/, and answers everything else with the headers it got."""

    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        if self.path.startswith("/files/"):
            self.send_header("X-Accel-Redirect", "/protected/" + self.path.removeprefix("/files/"))
            self.send_header("Content-Disposition", "attachment")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@dataclass
class Proxy:
    plain: int
    tls: int

    def get(self, path: str, *, tls: bool = True, **headers: str) -> tuple[int, Message, bytes]:
        """Status, headers (their names in any case, as servers differ in it) and content."""
        address = f"https://127.0.0.1:{self.tls}{path}" if tls else f"http://127.0.0.1:{self.plain}{path}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), NoRedirect)
        request = urllib.request.Request(address, headers={"Host": "sales.example.com"} | headers)  # noqa: S310 our own proxy
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """The redirect itself is what the test looks at."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def configure(place: Path, application_port: int) -> tuple[Path, int, int]:
    plain, tls = free_port(), free_port()
    for name in ("static", "media", "tls"):
        (place / name).mkdir()
    (place / "static/app.1a2b.css").write_text("body { margin: 0 }" * 100)
    (place / "static/app.1a2b.css.gz").write_bytes(gzip.compress(b"packed before"))
    (place / "media/contract.pdf").write_bytes(b"%PDF contract")
    (place / "media/away").symlink_to("/etc/hostname")
    certificate = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=sales.example.com"]
    files = ["-keyout", "tls/privkey.pem", "-out", "tls/fullchain.pem"]
    subprocess.run(["openssl", *certificate, *files], cwd=place, check=True, capture_output=True)
    names = {
        "APP_ADDRESS": f"127.0.0.1:{application_port}",
        "SERVER_NAME": "sales.example.com",
        "PLAIN_PORT": str(plain),
        "TLS_PORT": str(tls),
        "STATIC_DIR": str(place / "static"),
        "MEDIA_DIR": str(place / "media"),
        "TLS_DIR": str(place / "tls"),
        "PAGES_DIR": str(ROOT / "deploy/nginx/pages"),
    }
    template = (ROOT / "deploy/nginx/salescontrol.conf.template").read_text()
    # nginx's own $variables stay: only ${NAMES} in capitals are filled in, as the container's start does it.
    site = re.sub(r"\$\{([A-Z_]+)\}", lambda name: names[name[1]], template)
    (place / "site.conf").write_text(site)
    temporary = "".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    (place / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error.log;"
        f"events {{}} http {{ access_log off; {temporary} include {place}/site.conf; }}"
    )
    return place / "nginx.conf", plain, tls


@contextmanager
def running(place: Path, application_port: int) -> Iterator[Proxy]:
    configuration, plain, tls = configure(place, application_port)
    checked = subprocess.run([NGINX, "-t", "-p", place, "-c", configuration], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with subprocess.Popen([NGINX, "-p", place, "-c", configuration], stderr=subprocess.DEVNULL) as nginx:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", tls)) == 0:
                    break
            time.sleep(0.05)
        try:
            yield Proxy(plain, tls)
        finally:
            nginx.terminate()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application) as application:
        threading.Thread(target=application.serve_forever, daemon=True).start()
        with running(tmp_path_factory.mktemp("proxy"), application.server_address[1]) as proxy:
            yield proxy
        application.shutdown()


def test_plain_http_is_sent_to_https(proxy):
    status, headers, _ = proxy.get("/board?tower=1", tls=False)
    assert status == 301
    assert headers["Location"] == "https://sales.example.com/board?tower=1"


def test_application_learns_who_asked_and_no_lie_about_it(proxy):
    status, _, body = proxy.get("/", **{"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "http"})
    seen = json.loads(body)
    assert status == 200
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["Host"] == "sales.example.com"
    assert len(seen["X-Request-ID"]) == 32


def test_static_files_come_from_the_proxy_packed_and_may_be_kept_for_ever(proxy):
    status, headers, body = proxy.get("/static/app.1a2b.css", **{"Accept-Encoding": "gzip"})
    assert status == 200
    assert gzip.decompress(body) == b"packed before"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_uploaded_file_is_sent_when_the_application_released_it_with_its_headers(proxy):
    status, headers, body = proxy.get("/files/contract.pdf")
    assert (status, body) == (200, b"%PDF contract")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    "path",
    [
        "/protected/contract.pdf",
        "/static/../media/contract.pdf",
        "/static../media/contract.pdf",
        "/static/%2e%2e/media/contract.pdf",
    ],
)
def test_uploaded_file_has_no_address_of_its_own(proxy, path):
    _, _, body = proxy.get(path)
    assert b"%PDF contract" not in body


def test_link_out_of_the_folder_of_uploads_is_not_followed(proxy):
    status, _, _ = proxy.get("/files/away")
    assert status in (403, 404)


def test_upload_above_the_limit_is_refused_before_the_application(proxy):
    with socket.create_connection(("127.0.0.1", proxy.tls), timeout=10) as raw:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(raw, server_hostname="sales.example.com") as tls:
            tls.sendall(b"POST / HTTP/1.1\r\nHost: sales.example.com\r\nContent-Length: 70000000\r\n\r\n")
            assert tls.recv(100).startswith(b"HTTP/1.1 413")


def test_old_transport_is_refused(proxy):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", proxy.tls), timeout=10) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname="sales.example.com")


def test_while_the_application_is_away_people_are_told_in_three_languages(tmp_path):
    with running(tmp_path, free_port()) as proxy:
        status, headers, body = proxy.get("/")
    assert status == 502
    assert "no-store" in headers["Cache-Control"]
    for words in ("Please try again", "请一分钟后再试", "請一分鐘後再試"):
        assert words in body.decode()
