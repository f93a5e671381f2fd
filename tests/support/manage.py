"""What tests of the management API share: the operator's token, and one of everything an account can have."""

from outdial.api.auth import SCOPES
from outdial.api.secrets import hash_secret
from outdial.api.tokens import Tokens
from support.api_world import OPERATORS_SECRET, TOKEN_KEY, ApiWorld


def operators_token(world: ApiWorld) -> str:
    """A token as the operator's client would get it."""
    return Tokens(TOKEN_KEY).issue(
        "operator",
        None,
        frozenset(SCOPES),
        hash_secret(OPERATORS_SECRET),
        is_client=True,
        now=world.time.now(),
        lifetime_seconds=3600,
    )
