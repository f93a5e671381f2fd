"""Command lines of curl as requests: what somebody typed, without the program."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class CurlLine:
    """What a command line sends."""

    method: str
    path: str
    """With its query."""
    headers: tuple[tuple[str, str], ...]
    body: str

    def headers_with(self, token: str) -> dict[str, str]:
        """Its headers, with a real token."""
        return {name: value.replace("<ACCESS_TOKEN>", token) for name, value in self.headers}


def read(file: Path) -> list[CurlLine]:
    """Every command line in a file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [parsed(line) for line in lines if line.startswith("curl ")]


def parsed(line: str) -> CurlLine:
    """One command line, which may go on after line ends that are escaped."""
    words = iter(shlex.split(line.replace("\\\n", " "))[1:])
    method, url, data, headers = "GET", "", [], []
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "-d" | "--data-binary":
                data.append(next(words))
            case "-o":
                next(words)
            case "-N":
                pass
            case "-H":
                name, _, value = next(words).partition(":")
                headers.append((name.strip(), value.strip()))
            case _:
                url = word
    return CurlLine(method, urlsplit(url)._replace(scheme="", netloc="").geturl(), tuple(headers), "&".join(data))
