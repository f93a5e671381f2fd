"""What was measured, for people: a table on the terminal, a page in docs/, and everything as JSON."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.load import Block, percentile

CALM = 25
"""The rate at which the medians and the processor time are compared."""
AIMS = (("set-up, median at 25/s", 1.3), ("highest rate", 0.85), ("processor time a call", 2.5))


@dataclass(frozen=True)
class Row:
    """One side at one rate, all rounds together. Milliseconds."""

    side: str
    rate: float
    calls: int
    failed: int
    p50: float
    p99: float
    ring: float
    dial: float
    processor: dict[str, float]
    """A call, by process."""


@dataclass(frozen=True)
class Result:
    """A whole run."""

    about: dict[str, str]
    rows: list[Row]
    highest: dict[str, float]


def row_of(blocks: Sequence[Block]) -> Row:
    """Several blocks of one side at one rate, as one."""
    setups = [each for block in blocks for each in block.setups]
    calls = len(setups)
    used = {name: sum(block.processor[name] for block in blocks) for name in blocks[0].processor}
    return Row(
        side=blocks[0].side,
        rate=blocks[0].rate,
        calls=calls,
        failed=sum(not math.isfinite(each) for each in setups),
        p50=percentile(setups, 0.5),
        p99=percentile(setups, 0.99),
        ring=statistics.median([each for block in blocks for each in block.rings] or [math.nan]),
        dial=statistics.median([each for block in blocks for each in block.dials] or [math.nan]),
        processor={name: 1000 * seconds / calls for name, seconds in used.items()},
    )


def rows_of(blocks: Sequence[Block]) -> list[Row]:
    """By rate, then side."""
    groups: dict[tuple[float, str], list[Block]] = {}
    for block in blocks:
        groups.setdefault((block.rate, block.side), []).append(block)
    return [row_of(group) for _, group in sorted(groups.items())]


def ratios(result: Result, service: str, bare: str) -> list[tuple[str, float, float, bool]]:
    """Each aim: what it is, what was got, what was aimed at, and whether it was met."""
    at_calm = {row.side: row for row in result.rows if row.rate == CALM}
    ours, its = at_calm.get(service), at_calm.get(bare)
    if ours is None or its is None or not result.highest.get(bare):
        return []
    got = (
        ours.p50 / its.p50,
        result.highest.get(service, 0.0) / result.highest[bare],
        ours.processor[service] / its.processor[bare],
    )
    return [
        (name, value, aim, value >= aim if aim < 1 else value <= aim)
        for (name, aim), value in zip(AIMS, got, strict=True)
    ]


def show(console: Console, result: Result, service: str, bare: str) -> None:
    """The tables on the terminal."""
    table = Table(title="set-up and processor time (ms)")
    for heading in ("calls/s", "side", "calls", "failed", "p50", "p99", "to ring", "to dial", *_processes(result)):
        table.add_column(heading, justify="left" if heading == "side" else "right")
    for row in result.rows:
        table.add_row(*_cells(row, _processes(result)))
    console.print(table)
    for side, rate in result.highest.items():
        console.print(f"highest rate sustained, {side}: {rate:.0f}/s")
    for name, got, aim, met in ratios(result, service, bare):
        console.print(f"{name}: {got:.2f} of the bare driver's (aim {aim}): {'met' if met else 'NOT met'}")


def write(result: Result, blocks: Sequence[Block], folder: Path, name: str) -> Path:
    """Everything, as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**asdict(result), "blocks": [asdict(block) for block in blocks]}, indent=1))
    return path


def page(result: Result, service: str, bare: str, template: str) -> str:
    """The page in docs/: the template's words around what was measured."""
    processes = _processes(result)
    headings = ["calls/s", "side", "calls", "failed", "p50", "p99", "to ring", "to dial", *processes]
    aims = [
        [name, f"{got:.2f}", f"at {'least' if aim < 1 else 'most'} {aim}", "yes" if met else "**no**"]
        for name, got, aim, met in ratios(result, service, bare)
    ]
    parts = {
        "about": _markdown(["", ""], [[name, text] for name, text in result.about.items()]),
        "table": _markdown(headings, [_cells(row, processes) for row in result.rows]),
        "highest": _markdown(["side", "calls/s"], [[side, f"{rate:.0f}"] for side, rate in result.highest.items()]),
        "aims": _markdown(["service / bare driver", "got", "aim", "met"], aims),
    }
    for name, text in parts.items():
        template = template.replace(f"<!-- {name} -->", text)
    return template


def _processes(result: Result) -> list[str]:
    return [name for name in result.rows[0].processor if name != "all"]


def _cells(row: Row, processes: Sequence[str]) -> list[str]:
    times = [f"{value:.1f}" for value in (row.p50, row.p99, row.ring, row.dial)]
    used = [f"{row.processor[name]:.2f}" for name in processes]
    return [f"{row.rate:g}", row.side, str(row.calls), str(row.failed), *times, *used]


def _markdown(headings: Sequence[str], rows: Sequence[Mapping[str, str] | Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
