"""Verifies one delivery with other people's libraries, and says what each makes of it.

Reads {"secret" or "public_key", "headers", "body"} as JSON, and prints a JSON object: library -> whether it accepts.
"""

import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook


def by_hmac(library, secret, body, headers):
    try:
        library(secret).verify(body, headers)
    except Exception as error:  # each library has errors of its own
        print(f"{library.__module__}: {error}", file=sys.stderr)
        return False
    return True


def by_ed25519(public_key, body, headers):
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    for signature in headers["webhook-signature"].split(" "):
        version, _, encoded = signature.partition(",")
        if version == "v1a":
            try:
                key.verify(base64.b64decode(encoded), signed)
                return True
            except InvalidSignature:
                pass
    return False


case = json.load(sys.stdin)
body, headers = case["body"].encode(), case["headers"]
if "public_key" in case:
    verdicts = {"cryptography": by_ed25519(case["public_key"], body, headers)}
else:
    libraries = {"standardwebhooks": StandardWebhook, "svix": SvixWebhook}
    verdicts = {name: by_hmac(library, case["secret"], body, headers) for name, library in libraries.items()}
print(json.dumps(verdicts))
