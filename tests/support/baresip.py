"""baresip as an agent's phone: registers by digest, answers by itself, says a tone, and keeps what it hears."""

import asyncio
import json
import math
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from outdial.sandbox.tones import Sound, read_sound
from support.ports import free_port
from support.programs import command_of, root

MODULES = ("g711", "aufile", "sndfile", "ctrl_tcp")
RATE, SAY_SECONDS = 8000, 60


@dataclass(frozen=True)
class Baresip:
    """A phone that runs."""

    folder: Path
    process: asyncio.subprocess.Process
    control_port: int

    async def command(self, word: str) -> None:
        """Have it do what a key would: `hold`, `resume`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.control_port)
        asked = json.dumps({"command": word, "token": word})
        writer.write(f"{len(asked)}:{asked},".encode())
        # It also tells what happens meanwhile: the answer is the one with our token.
        while f'"token":"{word}"' not in (await reader.readuntil(b",")).decode():
            pass
        writer.close()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def heard(self) -> Sound:
        """What it received on its latest call."""
        received = sorted(self.folder.glob("dump-*-dec.wav"))
        return read_sound(received[-1]) if received else Sound((), RATE)


@asynccontextmanager
async def phone(
    folder: Path, user: str, password: str, registrar: tuple[str, int], *, tone: int
) -> AsyncIterator[Baresip]:
    """It runs, and registers, inside."""
    folder.mkdir(parents=True, exist_ok=True)
    command = await asyncio.to_thread(command_of, "baresip")
    host, port = registrar
    sip_port = free_port()
    control_port = free_port()
    (folder / "accounts").write_text(
        f"<sip:{user}@{host}:{port}>;auth_user={user};auth_pass={password};answermode=auto;regint=60;audio_codecs=pcma\n"
    )
    (folder / "config").write_text(
        "\n".join(
            [
                f"sip_listen 127.0.0.1:{sip_port}",
                "rtp_ports 41000-42000",
                f"audio_source aufile,{_tone_file(folder, tone)}",
                "audio_player aufile,/dev/null",
                f"snd_path {folder}",
                f"ctrl_tcp_listen 127.0.0.1:{control_port}",
                f"module_path {root() / 'usr' / 'lib' / 'baresip' / 'modules'}",
                *(f"module {name}.so" for name in MODULES),
                *(f"module_app {name}.so" for name in ("account", "menu")),
                "",
            ]
        )
    )
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(*command, "-f", str(folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
        )
    runs = Baresip(folder, process, control_port)
    try:
        yield runs
    except Exception as error:
        error.add_note(runs.output[-3000:])
        raise
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _tone_file(folder: Path, tone: int) -> Path:
    """What it says: a tone, for longer than any call lasts."""
    path = folder / "tone.wav"
    period = array("h", (round(8000 * math.sin(2 * math.pi * tone * at / RATE)) for at in range(RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(period.tobytes() * SAY_SECONDS)
    return path
