"""SIP over TLS: where the switch listens for it, and the files that it proves itself and checks others by.

Signalling alone: audio is not encrypted. Must not know where the settings come from.
"""

import ssl
from dataclasses import dataclass

MEANINGFUL = frozenset(";\r\n[]")
"""What the switch's configuration gives a meaning to."""


class TlsUnusable(Exception):
    """A certificate or a key can't be used. One line for people, which names the setting."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A listener for SIP over TLS. Paths are as text, as they are kept in the switch's settings."""

    port: int
    certificate: str
    """PEM: ours, and those between it and its authority."""
    key: str
    authorities: str
    """PEM: whose certificates a carrier's must come from."""


def check_files(tls: Tls) -> None:
    """Raises TlsUnusable for files that the switch could not use: it would say so in its own log alone."""
    for setting, path in (("sip_tls_certificate", tls.certificate), ("sip_tls_key", tls.key)):
        _check_readable(setting, path)
    _check_readable("sip_tls_authorities", tls.authorities)
    try:
        # A key with a password would ask for it on the terminal: an empty one is offered instead.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, password="")
    except (ssl.SSLError, ValueError):
        raise TlsUnusable(
            f"sip_tls_certificate {tls.certificate}: it and sip_tls_key must be a certificate and its key without a "
            "password, as PEM"
        ) from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(tls.authorities)
    except ssl.SSLError:
        raise TlsUnusable(f"sip_tls_authorities {tls.authorities}: must be certificates as PEM") from None


def _check_readable(setting: str, path: str) -> None:
    if set(path) & MEANINGFUL:
        raise TlsUnusable(f"{setting} {path}: its name must not hold any of ; [ ]")
    try:
        with open(path, "rb"):
            return
    except OSError as error:
        raise TlsUnusable(f"{setting} {path}: {error.strerror}") from None
