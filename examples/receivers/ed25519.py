"""A receiver of a webhook that is signed with ed25519: pip install cryptography; python3 ed25519.py PORT whpk_…"""

import base64
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PORT, PUBLIC_KEY = int(sys.argv[1]), sys.argv[2]
KEY = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC_KEY.removeprefix("whpk_")))


def is_signed(headers, body):
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    for signature in headers["webhook-signature"].split():
        version, _, encoded = signature.partition(",")
        if version == "v1a":
            try:
                KEY.verify(base64.b64decode(encoded), signed)
                return True
            except InvalidSignature:
                pass
    return False


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if is_signed(self.headers, body):
            event = json.loads(body)
            print(self.headers["webhook-id"], event["type"], "is verified", flush=True)
            self.send_response(204)
        else:
            print("refused", flush=True)
            self.send_response(401)
        self.end_headers()

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", PORT), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
