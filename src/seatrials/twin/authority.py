"""Certificates of a world, which a private authority of this process signs."""

import ssl

import trustme


class Authority:
    """A private certificate authority of this process, and the TLS contexts that come from it."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="seatrials twin")
        self._servers: dict[tuple[str, ...], ssl.SSLContext] = {}
        # This authority alone: a system's own take longer to read than a world takes to begin.
        self.trust = ssl.create_default_context(cadata=self._ca.cert_pem.bytes().decode("ascii"))

    @property
    def certificate_pem(self) -> bytes:
        """The authority's own certificate, for clients outside this process."""
        return self._ca.cert_pem.bytes()

    def server(self, *names: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for *names*."""
        if names not in self._servers:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            # No client resumes a session, and tickets are an eighth of a handshake.
            context.num_tickets = 0
            self._ca.issue_cert(*names).configure_cert(context)
            self._servers[names] = context
        return self._servers[names]
