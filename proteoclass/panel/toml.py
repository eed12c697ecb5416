"""TOML files read under a strict schema, and written so that they read back the same."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables.content import open_binary

#: A panel or a study is a page of text; a larger file is a mistake or an attack.
MAX_BYTES = 1_000_000
#: A key of thousands of parts (a.a.a ...) takes the standard library minutes.
MAX_DOTS = 100

Schema = TypeVar("Schema", bound=BaseModel)

_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')

#: The schema's own words where the file's are others: what is a tuple here is a list there.
_WORDS = {
    "tuple_type": "expected a list: [...] of values, or tables under [[...]]",
    "too_short": "expected at least one item",
    "string_type": "expected text in quotes",
    "model_type": "expected a table",
}

_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a small TOML file.

    Parameters
    ----------
    path : path-like
        File of at most 1 MB, UTF-8.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is absent, a folder, a pipe or a device, too large, not UTF-8 or not TOML.
    SystemFailureError
        If the operating system refuses.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.toml"
    ...     _ = file.write_text("size = 20")
    ...     read_toml(file)
    {'size': 20}
    """
    with open_binary(path) as handle:
        content = handle.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: is larger than {MAX_BYTES} bytes; expected a small TOML file")
    return parse_toml(content, str(path))


def parse_toml(content: bytes, where: str) -> dict[str, Any]:
    """Parse TOML bytes, naming `where` in an error.

    Raises
    ------
    InputError
        If the bytes are not UTF-8 or not TOML, or a line has more than 100 dots outside
        quotes: such a key is an attack.

    Examples
    --------
    >>> parse_toml(b"[panel]", "x.toml")
    {'panel': {}}
    """
    try:
        text = content.decode("utf-8-sig")  # Notepad writes a mark
        _refuse_long_keys(text, where)
        return tomllib.loads(text)
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: is not UTF-8 text (byte {error.start}); expected TOML"
        ) from error
    # ValueError also covers an integer of thousands of digits, RecursionError brackets
    # nested thousands deep: neither may end in a traceback.
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: is not TOML: {error}; correct the line") from error


def check_schema(schema: type[Schema], data: dict[str, Any], where: str) -> Schema:
    """Turn plain data into a strict model, or say in one line what is wrong and where.

    Parameters
    ----------
    schema : type of pydantic model
        With ``extra="forbid"``.
    data : dict
        As `read_toml` gives.
    where : str
        File name for the message.

    Returns
    -------
    instance of `schema`

    Raises
    ------
    InputError
        Naming the first problem's place; an unknown key comes with the nearest known one.

    Examples
    --------
    >>> from pydantic import ConfigDict
    >>> class Box(BaseModel):
    ...     model_config = ConfigDict(extra="forbid", strict=True)
    ...     size: int
    >>> check_schema(Box, {"size": 20}, "box.toml").size
    20
    """
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=True)
        # A misspelt key is also a missing one: what is written comes before what is not.
        problems.sort(key=lambda problem: problem["type"] != "extra_forbidden")
        first = _sentence(schema, problems[0])
        # A list whose only item is wrong is also counted as too short.
        places = [problem["loc"] for problem in problems if problem["type"] != "too_short"]
        n_more = sum(
            problem["type"] != "too_short" or not _holds(problem["loc"], places)
            for problem in problems[1:]
        )
        more = f" (and {n_more} more {'problem' if n_more == 1 else 'problems'})" if n_more else ""
        raise InputError(f"{where}: {first}{more}") from error


def toml_value(value: object) -> str:
    r"""Return a scalar or a list of scalars as TOML text.

    Raises
    ------
    TypeError
        If TOML, or this writer, has no such value.

    Examples
    --------
    >>> print(toml_value('a "b"\n'), toml_value(True), toml_value(["x", 1]))
    "a \"b\"\n" true ["x", 1]
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    raise TypeError(f"TOML has no value for {type(value).__name__}")


def toml_table(values: dict[str, Any]) -> str:
    r"""Return ``key = value`` lines; tables inside are left to the caller.

    Examples
    --------
    >>> toml_table({"size": 20, "odd key": "x"})
    'size = 20\n"odd key" = "x"\n'
    """
    return "".join(f"{_key(key)} = {toml_value(value)}\n" for key, value in values.items())


def did_you_mean(wrong: str, known: list[str]) -> str:
    """Return a closing hint: the nearest known name, else the known names.

    Examples
    --------
    >>> did_you_mean("acession", ["id", "accession"])
    "did you mean 'accession'?"
    """
    near = difflib.get_close_matches(wrong, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"expected one of {name_list(known, 12)}"


def _refuse_long_keys(text: str, where: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MAX_DOTS and _QUOTED.sub("", line).count(".") > MAX_DOTS:
            raise InputError(
                f"{where}: line {number} has more than {MAX_DOTS} dots outside quotes; "
                "expected plain keys and values"
            )


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    # All that a terminal would obey rather than show, marks of direction included.
    if not character.isprintable():
        return (
            f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
        )
    return character


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _sentence(schema: type[BaseModel], problem: Any) -> str:
    place = problem["loc"]
    dotted = _dotted(place)
    if problem["type"] == "extra_forbidden":
        known = _keys_at(schema, place[:-1])
        return f"unknown key {dotted!r}; {did_you_mean(str(place[-1]), known)}"
    if problem["type"] == "missing":
        return f"key {dotted!r} is missing; add it"
    message = _WORDS.get(problem["type"], problem["msg"]).removeprefix("Value error, ")
    found = repr(problem["input"])
    if not place or len(found) > 80:
        return f"{dotted}: {message}".removeprefix(": ")
    return f"{dotted}: found {found}, {message[:1].lower()}{message[1:]}"


def _holds(place: tuple[int | str, ...], places: list[tuple[int | str, ...]]) -> bool:
    return any(len(other) > len(place) and other[: len(place)] == place for other in places)


def _dotted(place: tuple[int | str, ...]) -> str:
    # People count tables from one.
    parts = [f" {part + 1}" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).strip(".")


def _keys_at(schema: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    current: type[BaseModel] = schema
    for part in place:
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        if part in fields:
            inner = _model_in(fields[str(part)].annotation)
            current = inner if inner is not None else current
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)
