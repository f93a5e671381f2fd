"""An S3 server in this process (moto) that can be stopped and started again without losing what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import boto3
from moto.server import ThreadedMotoServer

from outdial.recordings.objects import Bucket
from support.ports import held_port


@dataclass(slots=True)
class ObjectStore:
    """One bucket of its own on a server of its own."""

    port: int
    name: str = field(default_factory=lambda: f"recordings-{uuid4().hex[:12]}")
    server: ThreadedMotoServer | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bucket(self) -> Bucket:
        """As the product is told of it."""
        return Bucket(self.name, "test", "test-secret", endpoint=self.endpoint, prefix="vault")

    def start(self) -> None:
        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        """Connections are refused from now on; what it holds stays."""
        if self.server is not None:
            self.server.stop()
            self.server = None

    def client(self) -> "boto3.client":
        """Another's way in, to look and to tamper."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test-secret",
        )

    def names(self) -> list[str]:
        """Every object."""
        return sorted(found["Key"] for found in self.client().list_objects_v2(Bucket=self.name).get("Contents", []))


@contextmanager
def serving() -> Iterator[ObjectStore]:
    """The server runs inside, unless the test stops it."""
    with held_port() as port:
        store = ObjectStore(port)
        store.start()
        try:
            store.client().create_bucket(Bucket=store.name)
            yield store
        finally:
            store.stop()
