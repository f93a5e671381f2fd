"""The object store: any that speaks S3, through obstore. Knows nothing of what is in the files."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from outdial.calls.recordings import PlaceUnusable
from outdial.domain import recordings as domain
from outdial.recordings.places import FileMissing, checked

if TYPE_CHECKING:
    from obstore.store import S3Config

PART_SIZE = 8 * 1024 * 1024
TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the object store is. `endpoint` is none for Amazon's own."""

    name: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    endpoint: str | None = None
    region: str = "us-east-1"
    prefix: str = ""
    """Stands before every name, with a `/` between."""
    path_style: bool = True
    """Whether the bucket's name is in the path, as most stores but Amazon's want it, or in the host's name."""


class Objects:
    """A bucket of sealed files."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = domain.Bucket(bucket.name, bucket.endpoint, bucket.prefix.strip("/"))
        """What is remembered of it with each recording."""
        self.where = self.bucket.where
        """Names it for people."""
        config: S3Config = {"endpoint": bucket.endpoint} if bucket.endpoint else {}
        self._store = S3Store(
            bucket.name,
            config=config,
            prefix=bucket.prefix.strip("/") or None,
            access_key_id=bucket.access_key_id,
            secret_access_key=bucket.secret_access_key,
            region=bucket.region,
            virtual_hosted_style_request=not bucket.path_style,
            # The store compares what arrives with what was sent; we read it back all the same.
            checksum_algorithm="SHA256",
            client_options={
                "allow_http": (bucket.endpoint or "").startswith("http://"),
                "timeout": TIMEOUT,
                "connect_timeout": timedelta(seconds=5),
            },
            # The keeper has a patience of its own, which outlasts any outage and our own restarts.
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )

    async def upload(self, name: str, path: Path) -> None:
        """Put a file there, in parts where it is large. Raises PlaceUnusable; FileMissing where `path` is not there."""
        try:
            await obstore.put_async(self._store, checked(name), path, chunk_size=PART_SIZE, max_concurrency=2)
        except FileNotFoundError:
            raise FileMissing(f"{name} is missing on the local disk") from None
        except (BaseError, OSError) as error:
            raise self._trouble(error) from None

    async def digest(self, name: str) -> tuple[int, str]:
        """Size and SHA-256 of what is there, read back whole. Raises FileMissing."""
        size = await self.size(name)
        if size is None:
            raise FileMissing(f"{name} is missing in the object store")
        digest = hashlib.sha256()
        # In stretches, each with a patience of its own: a long recording over a slow line takes its time.
        for start in range(0, size, PART_SIZE):
            digest.update(await self.read(name, start, min(PART_SIZE, size - start)))
        return size, digest.hexdigest()

    async def read(self, name: str, offset: int, length: int) -> bytes:
        """As a Place."""
        try:
            return bytes(await obstore.get_range_async(self._store, checked(name), start=offset, length=length))
        except (NotFoundError, FileNotFoundError):
            raise FileMissing(f"{name} is missing in the object store") from None
        except (BaseError, OSError) as error:
            raise self._trouble(error) from None

    async def size(self, name: str) -> int | None:
        """As a Place."""
        try:
            return (await obstore.head_async(self._store, checked(name)))["size"]
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise self._trouble(error) from None

    async def delete(self, name: str) -> None:
        """As a Place."""
        try:
            await obstore.delete_async(self._store, checked(name))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise self._trouble(error) from None

    async def names(self, under: str) -> AsyncIterator[str]:
        """As a Place."""
        try:
            async for page in obstore.list(self._store, f"{under}/"):
                for found in page:
                    yield found["path"]
        except (BaseError, OSError) as error:
            raise self._trouble(error) from None

    def probe(self) -> None:
        """Put, get and delete a small object, as recordings will be. Raises PlaceUnusable where that can't be done.

        Blocks: what the library's threads hand to an event loop aborts a process that ends right after, now and then.
        """
        # Beside the accounts' folders: were it left there, no verification would take it for a recording's.
        name, content = f".probe-{secrets.token_hex(8)}", secrets.token_bytes(64)
        try:
            obstore.put(self._store, name, content)
            found = bytes(obstore.get(self._store, name).bytes())
            obstore.delete(self._store, name)
        except (BaseError, OSError) as error:
            raise self._trouble(error) from None
        if found != content:
            raise PlaceUnusable(f"the object store {self.where} gave back something else than was put there")

    def _trouble(self, error: Exception) -> PlaceUnusable:
        # The first line says it; what follows is the library's own configuration.
        return PlaceUnusable(f"the object store {self.where} failed: {str(error).strip().splitlines()[0][:300]}")
