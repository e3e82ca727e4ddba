"""The certificate of the loopback stand-in for AWS, and the roots that a function trusts while it talks to it."""

from __future__ import annotations

import datetime
import functools
import ipaddress
import os
import ssl
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .places import BENCH

_ROOTS = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")
_FOLDER = BENCH / "tls"


@functools.cache
def trusted_roots() -> Path:
    """The machine's own root certificates, as many as they are, and the stub's beside them: whoever loads them pays for all."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    own = _make_certificates()
    machines = next(Path(path) for path in (*_ROOTS, certifi.where()) if os.path.exists(path))
    bundle = _FOLDER / "roots.pem"
    bundle.write_bytes(machines.read_bytes() + b"\n" + own)
    return bundle


def server_context() -> ssl.SSLContext:
    """What the stub serves with."""
    trusted_roots()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_FOLDER / "server.pem", _FOLDER / "server.key")
    return context


def _make_certificates() -> bytes:
    now = datetime.datetime.now(datetime.UTC)

    def made(name: str, issuer: str, key: rsa.RSAPrivateKey, signer: rsa.RSAPrivateKey, is_root: bool) -> x509.Certificate:
        subject, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer))
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        if not is_root:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer, hashes.SHA256())

    root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    root = made("bench root", "bench root", root_key, root_key, True)
    leaf = made("localhost", "bench root", key, root_key, False)
    pem = serialization.Encoding.PEM
    (_FOLDER / "server.pem").write_bytes(leaf.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    (_FOLDER / "server.key").write_bytes(private)
    return root.public_bytes(pem)
