"""`python -m edi` is the same program as the `edi` command.

The command line is imported only once the program runs: worker processes import this module again and need none of it.
"""


def main() -> None:
    """Run the command line."""
    from edi.cli.main import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
