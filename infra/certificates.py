"""Certificates by which the parts of one store know each other, and nobody else."""

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.ports import LOOPBACK

AUTHORITY = "authority.crt"
CERTIFICATE = "store.crt"
KEY = "store.key"

_LIFETIME = timedelta(days=3650)
_CLOCK_TOLERANCE = timedelta(days=1)


def ensure_certificates(directory: Path) -> None:
    """Make a key with its certificate for loopback, unless the directory holds them already.

    The authority that signs it is made for this one signature: its key is never written, so no
    second certificate that a part of the store would accept can ever be made.

    Args:
        directory: Gets AUTHORITY, CERTIFICATE and KEY; made with mode 700 if missing.
    """
    if (directory / KEY).exists():
        return
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _sign("authority of one store", authority_key.public_key(), None, authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign("store", key.public_key(), authority, authority_key)
    _write(directory / AUTHORITY, authority.public_bytes(serialization.Encoding.PEM))
    _write(directory / CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    _write(  # the last one, because its presence says that all are there
        directory / KEY,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _sign(
    name: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_TOLERANCE)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))])
        builder = builder.add_extension(loopback, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _write(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
