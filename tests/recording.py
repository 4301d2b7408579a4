"""A server on loopback that writes down what is sent to it, with TLS or without, also as a proxy.

It stands for every service that hands out something: an S3 store, AWS behind a proxy, the endpoints
of a container's and a machine's role, the security token service, MLflow.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_NAMES = ("*.amazonaws.com", "*.s3.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com")

_PEM = serialization.Encoding.PEM
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Sent:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def signed_by(self) -> tuple[str, str]:
        """Access key and region of the signature; empty where there is none."""
        scope = self.headers.get("authorization", "").partition("Credential=")[2].split("/")
        return (scope[0], scope[2]) if len(scope) > 2 else ("", "")


@dataclass
class Recorder:
    """What has been sent, and what is answered: path -> body; anything else is 404."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def last(self) -> Sent:
        return self.sent[-1]


@contextmanager
def recording(certificate: Path | None = None, *, is_proxy: bool = False) -> Iterator[Recorder]:
    """Serve until the block ends.

    Args:
        certificate: Serve over TLS, with this certificate and key in one file.
        is_proxy: Wait for CONNECT before TLS begins, and take the place of whoever was asked for.
    """
    recorder = Recorder()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        tls.load_cert_chain(certificate)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.sent.append(Sent(self.command, self.path, headers))
            body = recorder.answers.get(self.path.partition("?")[0])
            content = (body or "").encode()
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_HEAD = do_POST = answer  # noqa: N815

        def do_CONNECT(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.request = tls.wrap_socket(self.request, server_side=True)
            self.setup()
            self.close_connection = False

        def finish(self) -> None:
            try:
                super().finish()
            finally:
                self.request.close()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def finish_request(self, request: Any, client_address: Any) -> None:
            if certificate and not is_proxy:
                request = tls.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)

        def handle_error(self, *_: object) -> None:
            """Stay silent about clients that do not trust the certificate."""

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "https" if certificate and not is_proxy else "http"
    recorder.url = f"{scheme}://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Authority:
    """A made-up authority.

    Attributes:
        file: Its own certificate, for whoever is to trust it.
        certificate: What it signed, with the key: for 127.0.0.1 and for S3 in eu-central-1.
    """

    file: Path
    certificate: Path


def make_authority(folder: Path) -> Authority:
    """Make an authority that nobody knows, and one certificate of it."""
    key, authority_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody's authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ip_address("127.0.0.1")), *map(x509.DNSName, _NAMES)]
    )
    own = _unsigned(issuer, authority_key).subject_name(issuer)
    own = own.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = x509.KeyUsage(**dict.fromkeys(_USES, False) | {"key_cert_sign": True, "crl_sign": True})
    own = own.add_extension(usage, critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    own = own.add_extension(identifier, critical=False)
    of_server = _unsigned(issuer, key).subject_name(subject).add_extension(names, critical=False)
    known = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    of_server = of_server.add_extension(known, critical=False)
    made = Authority(folder / "authority.pem", folder / "server.pem")
    made.file.write_bytes(own.sign(authority_key, hashes.SHA256()).public_bytes(_PEM))
    secret = key.private_bytes(
        _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = of_server.sign(authority_key, hashes.SHA256()).public_bytes(_PEM)
    made.certificate.write_bytes(secret + signed)
    return made


def _unsigned(issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def role(access_key: str, *, seconds: float = 3600) -> str:
    """Give the answer of an endpoint that hands out a role's temporary keys."""
    expires = datetime.now(UTC) + timedelta(seconds=seconds)
    return json.dumps(
        {
            "Code": "Success",
            "AccessKeyId": access_key,
            "SecretAccessKey": "secret",
            "Token": f"token-of-{access_key}",
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )
