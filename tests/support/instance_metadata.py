"""EC2's instance metadata service, as far as the container asks it; an address of its own for each test."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class InstanceMetadata(ThreadingHTTPServer):
    """An instance metadata service that wants a token."""

    reclaims = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: InstanceMetadata

    def do_PUT(self) -> None:
        self._answer(200, "token" if self.path == "/latest/api/token" else "")

    def do_GET(self) -> None:
        identity = {
            "instanceId": "i-0abc", "instanceType": "g4dn.xlarge", "availabilityZone": "eu-west-1a",
            "pendingTime": "2026-11-23T02:07:00Z",
        }  # fmt: skip
        known = {
            "/latest/dynamic/instance-identity/document": json.dumps(identity),
            "/latest/meta-data/instance-life-cycle": "spot",
        }
        if self.server.reclaims:
            known["/latest/meta-data/spot/instance-action"] = json.dumps({"action": "terminate"})
        if self.headers["X-aws-ec2-metadata-token"] != "token":
            self._answer(401, "")
        elif self.path in known:
            self._answer(200, known[self.path])
        else:
            self._answer(404, "")

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
