"""docs/cli.md, made from the commands themselves: ``python -m proteoclass.cli.reference``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from proteoclass.cli import main

_HEAD = """# Command line

Made from the commands' own help by `make docs`; do not edit by hand.
"""


def commands(
    command: click.Command, path: tuple[str, ...] = ("proteoclass",)
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    """Walk every command below one, in the order of its help page.

    Examples
    --------
    >>> [" ".join(path) for path, _, _ in commands(main)][:2]
    ['proteoclass', 'proteoclass simulate']
    """
    ctx = click.Context(command, info_name=" ".join(path), max_content_width=100)
    ctx.help_option_names = ["-h", "--help"]
    yield path, command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            if below is not None:
                yield from commands(below, (*path, name))


def reference() -> str:
    """Return the page: one section a command, its help as printed.

    Examples
    --------
    >>> reference().splitlines()[0]
    '# Command line'
    """
    parts = [_HEAD]
    for path, command, ctx in commands(main):
        depth = "#" * (len(path) + 1)
        # A terminal's width must not reach into a committed page.
        ctx.terminal_width = 96
        parts.append(f"{depth} {' '.join(path)}\n\n```text\n{command.get_help(ctx)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    click.echo(reference(), nl=False)
