"""Passwords that a person gives: asked for, or read from standard input. As an option, every user could see them."""

import sys

import typer

from outdial.cli.errors import CommandError


def password(what: str) -> str:
    """Ask twice at a terminal; else the first line of standard input.

    Raises:
        CommandError: there is nothing.
    """
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise CommandError(f"{what}: nothing on standard input")
    return line
