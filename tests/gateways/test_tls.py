"""Real TLS: a server that cannot prove who it is gets no byte of a message."""

import asyncio
import ipaddress
import socket
import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from patience import PATIENCE

from dispatcher.domain.model import Fault
from dispatcher.gateways.contract import Answer, NoAnswer, http_trouble
from dispatcher.gateways.wire import Wire

AUTHORITY, SERVER = (
    x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("authority", "server")
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def signed(subject_key, host, days, by=None):
    """A certificate for `host` that ends in `days`, signed by `by` (key) or by itself."""
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(SERVER if host else AUTHORITY)
        .issuer_name(AUTHORITY)
        .public_key(subject_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        made = made.add_extension(names, critical=False)
    return made.sign(by or subject_key, hashes.SHA256())


@contextmanager
def server(folder, key, certificate):
    """A TLS server at 127.0.0.1: (url, what it could read of requests)."""
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    read: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        read.append(secure.recv(65536))
                        secure.sendall(OK)
                except OSError:
                    connection.close()

        Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/", read


@pytest.mark.parametrize(
    "case, host, days, trusted",
    [
        ("good", "127.0.0.1", 30, True),
        ("expired", "127.0.0.1", -1, True),
        ("another host", "127.0.0.2", 30, True),
        ("a stranger", "127.0.0.1", 30, False),
    ],
)
def test_a_server_that_cannot_prove_who_it_is_gets_nothing(
    case, host, days, trusted, tmp_path, monkeypatch
):
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = tmp_path / "root.pem"
    root.write_bytes(signed(authority, None, 60).public_bytes(serialization.Encoding.PEM))
    if trusted:  # as if this authority were one of those that everybody trusts
        monkeypatch.setattr(
            httpx, "create_ssl_context", lambda **_: ssl.create_default_context(cafile=root)
        )

    async def post(url):
        wire = Wire(deadline=PATIENCE)
        try:
            return await wire.post(url, json_body={"to": "0951234567"})
        finally:
            await wire.close()

    with server(tmp_path, key, signed(key, host, days, by=authority)) as (url, read):
        found = asyncio.run(post(url))
    if case == "good":
        assert isinstance(found, Answer)
        assert b"0951234567" in b"".join(read)
    else:
        assert isinstance(found, NoAnswer)
        assert not found.left
        assert http_trouble(found).fault is Fault.BUSY
        assert b"".join(read) == b""
