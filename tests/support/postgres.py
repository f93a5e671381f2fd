"""A PostgreSQL of the tests' own: one server, and a fresh database for each test that asks for one.

Debian's package, in a temporary folder, on a free port of the loopback. The server refuses to be root, so that as
root it runs as a user without rights. Nothing is flushed to the disk: what a crash of the machine would do is not
what is tested.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from outdial.asterisk.debian import Selection, install, locked
from outdial.storage.migrate import migrate
from support.ports import held_port

PACKAGE = "postgresql"
DEBIAN = Path("/usr/lib/postgresql")
USER, TEMPLATE = "outdial", "template_outdial"
UNPRIVILEGED = "nobody"
START_SECONDS = 120


class Postgres:
    """A running server. `fresh` makes databases; `stop` and `start` play an outage."""

    def __init__(self, programs: Path, libraries: Path | None, folder: Path, port: int) -> None:
        self._programs, self._folder, self.port = programs, folder, port
        self._environment = {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            **({"LD_LIBRARY_PATH": ":".join(map(str, _library_folders(libraries)))} if libraries else {}),
        }
        self._password = secrets.token_urlsafe(12)
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def url(self, database: str) -> str:
        """How the product reaches one of its databases."""
        return f"postgresql://{USER}:{quote(self._password)}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster, start it, and make the template that every database is a copy of."""
        password = self._folder / "password"
        password.write_text(self._password, encoding="ascii")
        if os.geteuid() == 0:
            shutil.chown(self._folder, UNPRIVILEGED)
            shutil.chown(password, UNPRIVILEGED)
        self._run(
            "initdb",
            *("--pgdata", str(self._data)),
            *("--username", USER, "--pwfile", str(password)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync", "--no-instructions"),
        )
        self.start()
        self._sql(f"CREATE DATABASE {TEMPLATE}")
        migrate(self.url(TEMPLATE))

    def start(self) -> None:
        """Start the server on its port; it answers when this returns."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "32MB",
            "fsync": "off",
            "full_page_writes": "off",
            "logging_collector": "off",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._as_nobody("postgres", "-D", str(self._data), *settings),
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while self._ask("SELECT 1").returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "server.log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once: every connection breaks."""
        if self._process is not None:
            # SIGQUIT is its immediate shutdown, as after a crash.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_SECONDS)
            self._process = None

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database with the product's schema and nothing in it; gone afterwards."""
        self._made += 1
        name = f"test_{self._made}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            yield self.url(name)
        finally:
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a database without any table; gone afterwards."""
        self._made += 1
        name = f"empty_{self._made}"
        self._sql(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def allow_writing(self, url: str, allowed: bool) -> None:
        """Whether a database can be written; one of a server that stands by can not."""
        self._sql(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = {not allowed}")
        self.break_connections()

    def break_connections(self) -> None:
        """End every connection but the one that asks; new ones are taken."""
        self._sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _sql(self, statement: str) -> None:
        done = self._ask(statement)
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr}")

    def _ask(self, statement: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._programs / "psql"), "--no-psqlrc", "--quiet", "--dbname", self.url("postgres"), "-c", statement],
            env={**self._environment, "PGCONNECT_TIMEOUT": "60"},
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            self._as_nobody(program, *arguments),
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def _as_nobody(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() != 0:
            return command
        return ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={_group()}", "--clear-groups", *command]


@contextmanager
def running() -> Iterator[Postgres]:
    """A server is up inside; nothing is left of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="outdial-postgres-"))
    with held_port() as port:
        server = Postgres(*programs(), folder, port)
        try:
            server.prepare()
            yield server
        finally:
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)


def programs() -> tuple[Path, Path | None]:
    """Where the server's programs are, and below which folder its libraries, where those are not the system's."""
    folder = Path(__file__).parents[2] / ".cache" / "postgresql"
    if os.geteuid() == 0:
        folder.mkdir(parents=True, exist_ok=True)
        # Tests run in several processes, and each of them comes here: to one that looked without the lock, what another
        # is just unpacking would be there already.
        with locked(folder / "system.lock"):
            found = _newest(DEBIAN) or _installed_on_the_system()
    else:
        found = _newest(DEBIAN)
    if found is not None:
        return found, None
    install(Selection(_release(), (PACKAGE,)), folder, print)
    found = _newest(folder / "root" / DEBIAN.relative_to("/"))
    if found is None:
        raise RuntimeError(f"no PostgreSQL in {folder}")
    return found, folder / "root"


def _installed_on_the_system() -> Path | None:
    for command in (["update"], ["install", "--yes", "--no-install-recommends", PACKAGE]):
        subprocess.run(
            # Whatever else installs packages on this machine is waited for.
            ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *command],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    return _newest(DEBIAN)


def _newest(folder: Path) -> Path | None:
    versions = [path for path in folder.glob("*/bin") if (path / "postgres").is_file() and (path / "initdb").is_file()]
    return max(versions, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), default=None)


def _library_folders(root: Path) -> list[Path]:
    return [path for below in ("usr/lib", "lib") for path in (root / below).glob("*-linux-gnu*") if path.is_dir()]


def _release() -> str:
    words = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines() if "=" in line
    )
    return words.get("VERSION_CODENAME", "bookworm").strip('"')


def _group() -> str:
    import grp  # noqa: PLC0415 -- only where there are such things
    import pwd  # noqa: PLC0415

    return grp.getgrgid(pwd.getpwnam(UNPRIVILEGED).pw_gid).gr_name
