"""The command `outdial`. Must not know any command."""

from outdial.cli.main import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
