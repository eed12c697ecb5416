"""Run the real command on one model file after another, and say what became of each.

Called as a program: ``python model_driver.py LIST RESULTS``. LIST holds JSON lines of arguments;
RESULTS gets two lines for each: its number before, its end after. A crash or a hang ends this
process, and the number without an end says on which file.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS_EACH = 20


def run_all(commands, folder):
    """Run every command; return (exit code, stdout, stderr) of each, a signal as its negative."""
    listed, results = Path(folder) / "commands.jsonl", Path(folder) / "results.jsonl"
    ends = {}
    while len(ends) < len(commands):
        first = len(ends)
        listed.write_text("".join(f"{json.dumps(each)}\n" for each in commands[first:]))
        results.write_text("")
        done = subprocess.run(
            [sys.executable, __file__, str(listed), str(results)],
            capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        lines = [json.loads(line) for line in results.read_text().splitlines()]
        begun = [line for line in lines if isinstance(line, int)]
        ended = [line for line in lines if isinstance(line, list)]
        assert begun, done.stderr
        for end in ended:
            ends[len(ends)] = tuple(end)
        if len(begun) > len(ended):
            ends[len(ends)] = (done.returncode, done.stdout, done.stderr)
    return [ends[number] for number in range(len(commands))]


def _main(listed, results):
    from proteoclass.cli import main

    with open(listed) as lines, open(results, "a") as out:
        for number, line in enumerate(lines):
            print(number, file=out, flush=True)
            signal.alarm(SECONDS_EACH)
            end = _one(main, json.loads(line))
            signal.alarm(0)
            print(json.dumps(end), file=out, flush=True)


def _one(main, arguments):
    """Run one command as a process would, its two streams in files of the system's own."""
    streams = [tempfile.TemporaryFile() for _ in (1, 2)]  # noqa: SIM115
    kept = [os.dup(number) for number in (1, 2)]
    for number, stream in zip((1, 2), streams, strict=True):
        os.dup2(stream.fileno(), number)
    code = 0
    try:
        main(arguments)
    except SystemExit as error:
        code = error.code
    except BaseException as error:
        # What Python would do: a traceback, and 1.
        sys.__excepthook__(type(error), error, error.__traceback__)
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, old in zip((1, 2), kept, strict=True):
            os.dup2(old, number)
            os.close(old)
    said = []
    for stream in streams:
        stream.seek(0)
        said.append(stream.read().decode("utf-8", "backslashreplace"))
        stream.close()
    return [code, *said]


if __name__ == "__main__":
    _main(*sys.argv[1:])
