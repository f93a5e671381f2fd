"""What API clients look like on the wire."""

from typing import Annotated

from pydantic import Field

from outdial.api.manage.kinds import Body, ClientId, Name, Reply, ScopeWord, optional
from outdial.domain.directory import ApiClient
from outdial.domain.moments import told

Scopes = Annotated[
    list[ScopeWord], Field(min_length=1, max_length=20, description="What its tokens may be asked to open.")
]


class ClientChange(Body):
    """What may be changed of a client; tokens with a scope that is taken away are void."""

    name: Name = optional()
    scopes: Scopes = optional()


class NewClient(Body):
    """A client to be added. Without an id, we make one."""

    id: ClientId = optional()
    name: Name
    scopes: Scopes


class ClientReply(Reply):
    """A program that may ask for tokens."""

    id: str
    name: str
    scopes: list[ScopeWord]
    created_at: str


class ClientCreated(ClientReply):
    """A client that has just been added, with its secret."""

    client_secret: str = Field(description="Not shown again.")


class ClientPage(Reply):
    """A page of clients."""

    items: list[ClientReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class ClientSecret(Reply):
    """A client's new secret."""

    client_secret: str = Field(description="Not shown again.")


def client_reply(client: ApiClient) -> ClientReply:
    """A client as it is told."""
    return ClientReply.model_validate(
        {"id": client.id, "name": client.name, "scopes": list(client.scopes), "created_at": told(client.created_at)}
    )
