"""A double of GOV.UK Notify on this machine: it checks who asks and what is sent, and answers as it is told to."""

import base64
import contextlib
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt

SERVICE = "11111111-2222-4333-8444-555555555555"
SECRET = "66666666-7777-4888-9999-aaaaaaaaaaaa"
API_KEY = f"a-test-key-{SERVICE}-{SECRET}"
# What each kind of message must hold, and may hold beside it.
SHAPES = {
    "email": ({"email_address", "template_id", "personalisation", "reference"}, set()),
    "sms": ({"phone_number", "template_id", "personalisation", "reference"}, set()),
    "letter": ({"reference", "content"}, {"postage"}),
}


class NotifyDouble:
    """Keeps what was sent to it, as (kind, what); `answers` holds the status codes of the next tries."""

    def __init__(self):
        self.sent = []
        self.answers = []
        self.tries = 0
        self.message = "phone_number Not a valid number: 07700 900123, Alys"
        self.forgets_to_answer = False
        # Says this instead, whatever it was asked.
        self.words = None

    def take(self, kind, what):
        """Return the status and the answer to one message."""
        self.tries += 1
        status = self.answers.pop(0) if self.answers else 201
        if status != 201:
            return status, {"status_code": status, "errors": [{"error": "BadRequestError", "message": self.message}]}
        needed, allowed = SHAPES[kind]
        assert needed <= set(what) <= needed | allowed, what
        if kind == "letter":
            assert base64.b64decode(what["content"]).startswith(b"%PDF")
        self.sent.append((kind, what))
        return 201, {"id": str(uuid.uuid4()), "reference": what["reference"], "content": {}}

    def known(self, reference):
        found = [{"id": str(uuid.uuid4())} for _kind, what in self.sent if what["reference"] == reference]
        return 200, {"notifications": found, "links": {}}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        what = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = urlsplit(self.path).path.removeprefix("/v2/notifications/")
        self._answer(*(self._refused() or self.server.double.take(kind, what)))

    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        self._answer(*(self._refused() or self.server.double.known(asked["reference"][0])))

    def log_message(self, *args):
        """Write nothing: the output of the tests stays readable."""

    def _refused(self):
        """Return 403 unless the bearer token is signed with the service's own secret, just now."""
        scheme, _, token = self.headers["Authorization"].partition(" ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
        except jwt.InvalidTokenError:
            claims = {}
        if scheme == "Bearer" and claims.get("iss") == SERVICE and abs(claims["iat"] - time.time()) < 30:
            return None
        return 403, {"status_code": 403, "errors": [{"error": "AuthError", "message": "Invalid token"}]}

    def _answer(self, status, answer):
        if self.server.double.forgets_to_answer:
            # The message has arrived, and then the line went dead.
            self.server.double.forgets_to_answer = False
            self.close_connection = True
            return
        body = (self.server.double.words or json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def listening():
    """Yield the double and the address at which it listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.double = NotifyDouble()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.double, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
