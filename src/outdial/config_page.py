"""docs/configuration.md, made from the settings themselves: `python -m outdial.config_page > docs/configuration.md`."""

from dataclasses import fields

from outdial.config import PREFIX, SYSTEM_FILE, Settings, variable_of


def describe() -> str:
    """docs/configuration.md, from the settings themselves."""
    lines = [*_INTRODUCTION]
    section = None
    for name, entry in ((entry.name, entry) for entry in fields(Settings)):
        if entry.metadata["section"] != section:
            section = entry.metadata["section"]
            lines += ["", f"## {section}", "", "| TOML | environment | default | |", "|---|---|---|---|"]
        variable = f"`{variable_of(name)}`" + (f", `{variable_of(name)}_FILE`" if entry.metadata["secret"] else "")
        lines.append(f"| `{name}` | {variable} | {_shown(entry.default)} | {entry.metadata['about']} |")
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`{', '.join(default)}`"
    return f"`{default}`"


_INTRODUCTION = (
    "# Configuration",
    "",
    "This page is generated from `src/outdial/config.py`: `python -m outdial.config_page > docs/configuration.md`.",
    "",
    "Settings come from the environment, from a TOML file, or both; the environment wins, and options of the command",
    f"line win over it. The file is the one that `--config` names, else `{PREFIX}CONFIG`, else `{SYSTEM_FILE}`",
    "if there is one. Its keys stand at the top level, without tables; `packaging/outdial.toml` is an example.",
    "A setting that does not exist or can't be used stops the start with one line that names it.",
    "",
    "Secrets can be kept out of the environment: the variable with `_FILE` at its end (or the key with `_file`)",
    "names a file that holds the secret.",
    "",
    "Every listener is on loopback until it is told otherwise. See [operations](operations.md) before opening any,",
    "and [security](security.md) for what each is exposed to.",
)


if __name__ == "__main__":
    print(describe(), end="")
