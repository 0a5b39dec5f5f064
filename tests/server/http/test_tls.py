"""With a certificate, the server speaks HTTPS, and nothing else."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.server.support import program
from tests.support import CATS, write_files


def certify(folder: Path) -> tuple[Path, Path]:
    """Write a certificate that this machine signs for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bunko test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret


def test_https_with_a_certificate(tmp_path: Path) -> None:
    docs = write_files(tmp_path / "docs", {"cats.txt": CATS})
    pem, secret = certify(tmp_path)
    trusted = ssl.create_default_context(cafile=str(pem))
    with program(docs, flags=["--tls-cert", str(pem), "--tls-key", str(secret)], trusted=trusted) as running:
        assert running.url.startswith("https://")
        with running.client() as client:
            answer = client.post("/api/libraries/docs/ask", json={"question": "Where does the cat sleep?"}).json()
            assert answer["evidence"][0]["path"] == "cats.txt"
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            httpx.get(running.url + "/health", timeout=5)
        with pytest.raises(httpx.HTTPError):
            httpx.get(running.url.replace("https:", "http:") + "/health", timeout=5)
