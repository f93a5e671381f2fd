"""Imports go one way: entry points, adapters, use cases, domain; and no file outgrows its reader."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import outdial

SOURCE = Path(__file__).parent.parent / "src" / "outdial"
FILES = sorted(SOURCE.rglob("*.py"))
ADAPTERS = ("asterisk", "storage", "api", "sandbox", "recordings", "webhooks", "crm")
SENDERS = ("webhooks", "crm")
"""They share the one guard of outgoing requests, which knows neither."""
COMMON = ("durable", "held_file")
"""What any of them may use, for it knows nothing of the product."""
SECRET = re.compile("secret|token|password|ha1|wrapped|_key$")
NO_SECRETS = {
    "Administration.new_secret": "makes them",
    "Administration.hash_secret": "makes what is kept of them",
    "_Bucket.tokens": "how many calls may be placed at once",
    "Settings.sip_tls_key": "where it lies",
}
MOST_LINES = 350
MOST_LINES_OF_A_FUNCTION = 50


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(file: Path) -> list[str]:
    return [name.removeprefix("outdial.") for name in imported(file) if name.startswith("outdial.")]


def within(folder: str) -> list[Path]:
    found = [file for file in FILES if file.relative_to(SOURCE).parts[0] == folder]
    assert found, f"no file in {folder}: this test would prove nothing"
    return found


def test_the_domain_imports_the_standard_library_and_the_numbering_plan_only() -> None:
    for file in within("domain"):
        for name in imported(file):
            first = name.split(".")[0]
            assert first in sys.stdlib_module_names or first == "phonenumbers" or name.startswith("outdial.domain"), (
                f"{file.name} imports {name}"
            )


def test_use_cases_import_no_adapter() -> None:
    for file in within("calls"):
        assert all(name.split(".")[0] in ("calls", "domain") for name in own(file)), file.name


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapters_never_import_each_other(adapter: str) -> None:
    allowed = {adapter, "calls", "domain", *COMMON, *(["outgoing"] if adapter in SENDERS else [])}
    for file in within(adapter):
        strangers = [name for name in own(file) if name.split(".")[0] not in allowed]
        assert not strangers, f"{file.name} imports {strangers}"


def test_what_is_common_knows_nothing_of_ours() -> None:
    assert [name for each in COMMON for name in own(SOURCE / f"{each}.py")] == []


def test_what_guards_outgoing_requests_knows_no_adapter() -> None:
    for file in within("outgoing"):
        assert all(name.split(".")[0] in ("outgoing", "domain") for name in own(file)), file.name


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        file.relative_to(SOURCE).as_posix()
        for file in FILES
        if any(word in file.read_text(encoding="utf-8") for word in ("os.environ", "os.getenv"))
    ]
    assert readers == ["config.py"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_files_and_functions_stay_readable(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_LINES_OF_A_FUNCTION, node.name


def dataclasses_of_ours() -> Iterator[type]:
    for found in pkgutil.walk_packages(outdial.__path__, "outdial."):
        if found.name.endswith("__main__") or ".migrations." in found.name:
            continue
        module = importlib.import_module(found.name)
        for _, each in inspect.getmembers(module, inspect.isclass):
            if each.__module__ == found.name and dataclasses.is_dataclass(each):
                yield each


def test_no_secret_is_shown_with_the_record_it_is_in() -> None:
    """A record is shown in logs and in the text of errors, where secrets must not be."""
    named = {
        f"{each.__name__}.{field.name}": field.repr
        for each in dataclasses_of_ours()
        for field in dataclasses.fields(each)
        if SECRET.search(field.name)
    }
    assert {name for name, shown in named.items() if shown} == set(NO_SECRETS)
    assert "Trunk.password" in named, "this test would prove nothing"
