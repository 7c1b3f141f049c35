"""A mail server and a messenger's robot on loopback, which can be stopped and started again on the same port."""

import json
import socketserver
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver:
    """A server in a thread; `got` is what it received, over all its lives."""

    handler: type

    def __init__(self) -> None:
        self.got: list = []
        self.port = 0
        self.start()

    def start(self) -> None:
        received = self.got
        handler = type("Handler", (self.handler,), {"got": received})
        self.server = self.make(("127.0.0.1", self.port), handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def make(self, address, handler):
        socketserver.TCPServer.allow_reuse_address = True
        return socketserver.TCPServer(address, handler)


class _Mail(socketserver.StreamRequestHandler):
    """As much SMTP as a letter needs."""

    got: list

    def handle(self) -> None:
        self.say("220 loopback")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.got.append(message_from_bytes(b"".join(lines), policy=policy.default))
            self.say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(Receiver):
    handler = _Mail


class _Robot(BaseHTTPRequestHandler):
    got: list
    status, goal = 200, ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(json.loads(body))
        self.send_response(self.status)
        if self.goal:
            self.send_header("Location", self.goal)
        self.end_headers()

    def log_message(self, *args) -> None:
        pass


class Robot(Receiver):
    handler = _Robot

    def make(self, address, handler):
        return HTTPServer(address, handler)
