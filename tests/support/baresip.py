"""baresip as an agent's phone: registers by digest, answers by itself, says a tone, and keeps what it hears."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from outdial.sandbox.tones import Sound, read_sound
from support.programs import command_of, root
from support.sipp import free_udp_port

MODULES = ("account", "stdio", "uuid", "menu", "g711", "ausine", "aufile", "sndfile")


@dataclass(frozen=True)
class Baresip:
    """A phone that runs."""

    folder: Path
    process: asyncio.subprocess.Process

    def heard(self) -> Sound:
        """What it received on its latest call."""
        received = sorted(self.folder.glob("dump-*-dec.wav"))
        return read_sound(received[-1]) if received else Sound((), 8000)


@asynccontextmanager
async def phone(
    folder: Path, user: str, password: str, registrar: tuple[str, int], *, tone: int
) -> AsyncIterator[Baresip]:
    """It runs, and registers, inside."""
    folder.mkdir(parents=True, exist_ok=True)
    command = await asyncio.to_thread(command_of, "baresip")
    host, port = registrar
    (folder / "accounts").write_text(
        f"<sip:{user}@{host}:{port}>;auth_user={user};auth_pass={password};answermode=auto;regint=60;audio_codecs=pcma\n"
    )
    (folder / "config").write_text(
        "\n".join(
            [
                f"sip_listen 127.0.0.1:{free_udp_port()}",
                "rtp_ports 41000-42000",
                f"audio_source ausine,{tone}",
                "audio_player aufile,/dev/null",
                f"snd_path {folder}",
                f"module_path {root() / 'usr' / 'lib' / 'baresip' / 'modules'}",
                *(f"module {name}.so" for name in MODULES if name not in ("account", "uuid", "menu")),
                *(f"module_app {name}.so" for name in ("account", "menu")),
                "",
            ]
        )
    )
    process = await asyncio.create_subprocess_exec(
        *(*command, "-f", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=(folder / "output").open("wb"),
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    try:
        yield Baresip(folder, process)
    finally:
        process.terminate()
        await process.wait()
