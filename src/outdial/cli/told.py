"""What a command has to say: as a table or a few lines for people, or as one JSON document for machines."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

Item = dict[str, Any]
Column = str | Callable[[Item], object]
"""A member's name, or what to make of the whole item."""
Columns = Mapping[str, Column]
"""By heading."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a command says at its end, and the status it ends with."""

    data: Any
    """For machines."""
    write: Callable[[Console], None]
    """For people."""
    status: int = 0

    def tell(self, *, as_json: bool) -> None:
        """Say it on standard output."""
        if as_json:
            sys.stdout.write(json.dumps(self.data, ensure_ascii=False, indent=2) + "\n")
        else:
            # A pipe has no width: nothing is folded there.
            self.write(Console(highlight=False, width=None if sys.stdout.isatty() else 1000))


def listed(items: Sequence[Item], columns: Columns, none: str) -> Told:
    """A table with a line for each item; a sentence where there is none."""

    def write(console: Console) -> None:
        if not items:
            console.print(none, markup=False)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for number, heading in enumerate(columns):
            # The first says which one it is; folded, it could not be copied.
            table.add_column(heading, overflow="fold", no_wrap=number == 0)
        for item in items:
            table.add_row(*(_cell(item, column) for column in columns.values()))
        console.print(table)

    return Told(list(items), write)


def shown(item: Item, columns: Columns | None = None, secrets: Mapping[str, str] | None = None) -> Told:
    """One thing, a line for each member. `secrets` are members that are shown this once, by what they are called."""
    all_secrets = secrets or {}
    secrets = {member: name for member, name in all_secrets.items() if item.get(member) is not None}

    def write(console: Console) -> None:
        lines: dict[str, Column] = dict(columns or {_heading(name): name for name in item if name not in all_secrets})
        width = max(len(heading) for heading in (*lines, *secrets.values()))
        for heading, column in lines.items():
            console.print(Text(f"{heading:<{width}}  ", style="bold"), _cell(item, column), sep="")
        for member, heading in secrets.items():
            line = Text(f"{heading:<{width}}  ", style="bold"), Text(str(item[member]), style="yellow")
            console.print(*line, Text("  (not shown again)", style="dim"), sep="")

    return Told(item, write)


def said(sentence: str, data: Item, status: int = 0) -> Told:
    """One sentence."""
    return Told(data, lambda console: console.print(sentence, markup=False), status)


def moment(text: str | None) -> str:
    """A moment without its fractions and offset, for a table."""
    return "" if text is None else text[:19].replace("T", " ")


def _cell(item: Item, column: Column) -> Text:
    value = item.get(column) if isinstance(column, str) else column(item)
    return Text(_plain(value))


def _plain(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "-"
        case dict():
            return ", ".join(f"{name} {_plain(each)}" for name, each in value.items() if each is not None) or "-"
        case float():
            return f"{value:g}"
    return str(value)


def _heading(member: str) -> str:
    """`ringSeconds` as `ring seconds`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in member)
