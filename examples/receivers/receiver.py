"""A receiver of sayso's webhooks: pip install standardwebhooks; python3 receiver.py [PORT] [SECRET]"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
SECRET = sys.argv[2] if len(sys.argv) > 2 else "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            Webhook(SECRET).verify(body, {name.lower(): value for name, value in self.headers.items()})
        except Exception as error:
            print("refused:", error, flush=True)
            self.send_response(401)
        else:
            event = json.loads(body)
            if event["type"] == "feedback.analyzed":
                routes = [route["name"] for route in event["data"]["analysis"]["routes"]]
                print(self.headers["webhook-id"], routes, event["data"]["feedback"]["text"], flush=True)
            else:
                print(self.headers["webhook-id"], event["type"], flush=True)
            self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", PORT), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
