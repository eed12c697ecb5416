"""Click groups that load commands on demand and return the documented exit codes."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click

from proteoclass.cli.console import set_loudness
from proteoclass.errors import ProteoclassError, printable

USAGE, ENVIRONMENT, INTERRUPTED, PIPE_CLOSED = 2, 8, 130, 141


class Command(click.Command):
    """A command that takes -v and -q, as every one of ours does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(["-v", "--verbose"], is_flag=True, help="Say more on stderr."),
            click.Option(["-q", "--quiet"], is_flag=True, help="Say nothing but errors."),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Set how much is said, then run."""
        set_loudness(ctx, verbose=ctx.params.pop("verbose"), quiet=ctx.params.pop("quiet"))
        return super().invoke(ctx)


class Group(click.Group):
    """A group that names the nearest command when one does not exist."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            ctx.fail(f"no such command {name!r}{_hint(near)}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return command names in the order of the work, not of the alphabet."""
        return list(self.commands)


class LazyGroup(Group):
    """The top group: imports a command's module when the command is called.

    Parameters
    ----------
    package : str
        Package that holds the command modules.
    sections : mapping
        Section title -> command name -> (module, one-sentence help). Module ``check``
        holds the command as ``check``.
    """

    def __init__(
        self,
        *args: Any,
        package: str,
        sections: Mapping[str, Mapping[str, tuple[str, str]]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.package = package
        self.sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return command names in the order of the sections."""
        return [name for section in self.sections.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return it."""
        for section in self.sections.values():
            if cmd_name in section:
                module = importlib.import_module(f"{self.package}.{section[cmd_name][0]}")
                command: click.Command = getattr(module, cmd_name)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections without importing any command."""
        for title, section in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in section.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run, print an error as one line, and leave with its exit code.

        What is none of the errors below is a bug: it leaves with its traceback, code 1.
        """

        def run() -> Any:
            return super(LazyGroup, self).main(args, prog_name, complete_var, False, **extra)

        if not standalone_mode:
            return run()
        _write_utf8()
        try:
            with _terminable():
                result = run()
        except click.ClickException as error:
            _leave(_usage_message(error), USAGE)
        except click.Abort:
            _leave("interrupted", INTERRUPTED)
        except ProteoclassError as error:
            _leave(str(error), error.exit_code)
        except (OSError, MemoryError, ModuleNotFoundError) as error:
            _leave(_environment_message(error), ENVIRONMENT)
        sys.exit(result if isinstance(result, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that closes the pipe early ends it quietly."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes stdout once more on its way out and would complain there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)
        return result


@contextmanager
def _terminable() -> Iterator[None]:
    """Take a request to terminate as an interrupt, so that what was begun is cleared away."""

    def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _write_utf8() -> None:
    """Write what leaves through a pipe as what goes to a file: UTF-8 in any locale."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


def _leave(message: str, code: int) -> NoReturn:
    click.echo(f"error: {printable(' '.join(message.split()))}", err=True)
    sys.exit(code)


def _usage_message(error: click.ClickException) -> str:
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.message, err=True)
        return f"no command given (see '{error.ctx.command_path} --help')"
    if isinstance(error, click.NoSuchOption):
        message = f"no such option {error.option_name!r}{_hint(error.possibilities)}"
    else:
        message = error.format_message().rstrip(".")
    return message if ctx is None else f"{message} (see '{ctx.command_path} --help')"


def _hint(near: Sequence[str] | None) -> str:
    return f"; did you mean {near[0]!r}?" if near else ""


def _environment_message(error: OSError | MemoryError | ModuleNotFoundError) -> str:
    if isinstance(error, MemoryError):
        return (
            "not enough memory; close other programs, or use a smaller cohort or a larger machine"
        )
    if isinstance(error, ModuleNotFoundError):
        if (error.name or "").startswith("proteoclass"):
            raise error
        return f"the package {error.name!r} is missing; install proteoclass again with pip"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}; check the disk, the path and its permissions"
