"""Rules that let only known users pass: nobody is one here, for there is no identity provider to ask.

Source: AWS ALB User Guide, "Authenticate users using an Application Load Balancer" and "Troubleshoot", HTTP 401, 500
and 561.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlencode

# Where an identity provider sends users back to, on every host of the load balancer.
CALLBACK_PATH = "/oauth2/idpresponse"


@dataclass(frozen=True, kw_only=True)
class Authenticate:
    """An authenticate-oidc or authenticate-cognito action, or jwt-validation, which knows `deny` only."""

    # authenticate, deny or allow.
    on_unauthenticated: str
    endpoint: str = ""
    client_id: str = ""
    scope: str = "openid"
    extra: Mapping[str, str] = field(default_factory=dict)

    def location(self, host: str, state: str) -> str:
        """Return where the client is sent to log in; *host* is where it comes back to."""
        fields = {
            "client_id": self.client_id,
            "redirect_uri": f"https://{host}{CALLBACK_PATH}",
            "response_type": "code",
            "scope": self.scope,
            "state": state,
            **self.extra,
        }
        return f"{self.endpoint}{'&' if '?' in self.endpoint else '?'}{urlencode(fields, quote_via=quote)}"


def callback_status(query: str) -> int:
    """Return how a user is answered who comes back from the provider.

    561 when the provider says that it refused; 500 when it gave a code, for its token endpoint cannot be reached; 401
    for neither, which is no answer of a provider.
    """
    answer = parse_qs(query, keep_blank_values=True)
    if "error" in answer:
        return 561
    return 500 if "code" in answer else 401
