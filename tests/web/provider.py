"""A provider of sign-ins on loopback: OpenID Connect over real HTTP, honest unless told otherwise."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


class Provider:
    """`claims`: what is said of whoever signs in; `lies`: how it misbehaves, by name."""

    def __init__(self):
        self.key, self.other = (RSAKey.generate_key(2048, {"kid": k}) for k in ("one", "two"))
        self.claims = {"email": "lan@phuong.example", "email_verified": True}
        self.lies, self.codes, self.now = set(), {}, int(time.time())
        outer = self

        class Door(BaseHTTPRequestHandler):
            def log_message(self, *words):
                pass

            def do_GET(self):
                outer.answer(self, urlsplit(self.path), b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.answer(self, urlsplit(self.path), body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def sign_in(self, url):
        """A person signs in there: the query the browser comes back with."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def answer(self, door, url, body):
        if url.path.endswith("openid-configuration"):
            issuer = "http://127.0.0.1:1" if "issuer" in self.lies else self.issuer
            found = {"issuer": issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                     "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys"}  # fmt: skip
        elif url.path == "/keys":
            found = {"keys": [self.key.as_dict(private=False)]}
        else:
            found = self.token({k: v[0] for k, v in parse_qs(body.decode()).items()}, door.headers)
        said = json.dumps(found or {"error": "invalid_grant"}).encode()
        door.send_response(200 if found else 400)
        door.send_header("content-type", "application/json")
        door.send_header("content-length", str(len(said)))
        door.end_headers()
        door.wfile.write(said)

    def token(self, given, headers):
        asked = self.codes.pop(given.get("code"), None)
        secret = base64.b64encode(b"ward:word").decode()
        if asked is None or headers["authorization"] != f"Basic {secret}":
            return None
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        claims = {"iss": self.issuer, "sub": "7", "aud": "ward", "iat": self.now, "exp": self.now + 300,
                  "nonce": asked["nonce"], **self.claims}  # fmt: skip
        claims |= {"nonce": {"nonce": "another"}, "audience": {"aud": "somebody"},
                   "expired": {"exp": self.now - 3600}, "speaks for another": {"iss": "https://x"},
                   }.get(next(iter(self.lies), ""), {})  # fmt: skip
        key = self.other if "key" in self.lies else self.key
        if "unsigned" in self.lies:
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
            return {"id_token": f"{head}.{body}."}
        return {"id_token": jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)}
