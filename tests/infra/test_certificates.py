"""One certificate, signed by an authority that can sign no second one."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from infra.certificates import AUTHORITY, CERTIFICATE, KEY, ensure_certificates


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Let two ends shake hands in memory; raises as a network connection would."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue


def contexts(directory: Path, *, with_certificate: bool) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=directory / AUTHORITY)
    server.load_cert_chain(directory / CERTIFICATE, directory / KEY)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=directory / AUTHORITY)
    if with_certificate:
        client.load_cert_chain(directory / CERTIFICATE, directory / KEY)
    return server, client


def test_both_ends_accept_each_other_on_loopback(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "made")
    handshake(*contexts(tmp_path / "made", with_certificate=True))


def test_a_client_without_the_certificate_is_refused(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    server, client = contexts(tmp_path, with_certificate=False)
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        handshake(server, client)


def test_the_key_is_private_and_the_authority_has_none(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "made")
    files = sorted(file.name for file in (tmp_path / "made").iterdir())
    assert files == sorted([AUTHORITY, CERTIFICATE, KEY])
    assert stat.S_IMODE((tmp_path / "made" / KEY).stat().st_mode) == 0o600
    assert (tmp_path / "made" / AUTHORITY).read_bytes().count(b"BEGIN") == 1


def test_they_are_made_once(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    before = (tmp_path / KEY).read_bytes()
    ensure_certificates(tmp_path)
    assert (tmp_path / KEY).read_bytes() == before


def test_a_half_written_set_is_made_anew(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    (tmp_path / KEY).unlink()
    ensure_certificates(tmp_path)
    handshake(*contexts(tmp_path, with_certificate=True))


def test_the_store_cannot_sign_for_others(tmp_path: Path) -> None:
    ensure_certificates(tmp_path)
    made = x509.load_pem_x509_certificate((tmp_path / CERTIFICATE).read_bytes())
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
