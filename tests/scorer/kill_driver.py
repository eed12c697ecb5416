"""Run a command in a forked process and end it with SIGKILL; say what is left of its target.

Called as a program with one JSON object: `commands` (name: arguments), their `target`, `model`
(the one that `train` gives, so that it takes no time), `moments` of random kills, in seconds.
Each command has run once before the first fork, so that all is imported. One JSON object comes
out: name: [[moment, was there before, how it ended, content, names of the folder], ...].
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

OLD = b"the old file\n"


def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner, name):
    setattr(owner, name, die)


def after(owner, name):
    real = getattr(owner, name)

    def then_die(*args, **kwargs):
        real(*args, **kwargs)
        die()

    setattr(owner, name, then_die)


def half_written():
    """Die with half of the content in the file, and on the disk."""
    real = os.fdopen

    def opened(handle, mode):
        stream = real(handle, mode)

        class Half:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                stream.close()

            def write(self, content):
                stream.write(content[: len(content) // 2])
                stream.flush()
                os.fsync(handle)
                die()

        return Half()

    os.fdopen = opened


MOMENTS = {
    "before the temporary file": lambda: before(tempfile, "mkstemp"),
    "after the temporary file": lambda: after(tempfile, "mkstemp"),
    "in the middle of the content": half_written,
    "before it is flushed": lambda: before(os, "fsync"),
    "after it is flushed": lambda: after(os, "fsync"),
    "after its rights": lambda: after(os, "chmod"),
    "before the rename": lambda: before(os, "replace"),
    "after the rename": lambda: after(os, "replace"),
}


def slowed():
    """Make every step of the write last, so that a kill at random lands in it."""
    for name in ("fsync", "chmod", "replace"):
        real = getattr(os, name)

        def slow(*args, real=real, **kwargs):
            time.sleep(0.02)
            real(*args, **kwargs)
            time.sleep(0.02)

        setattr(os, name, slow)


def run(main, arguments, prepare, seconds):
    """Run the command in a fork that dies by itself, or after so many seconds."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        prepare()
        try:
            main(arguments)
        except SystemExit as error:
            os._exit(error.code)
        os._exit(1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main_program(task):
    import proteoclass.scorer
    from proteoclass.cli import main

    model = proteoclass.scorer.load_model(task["model"])
    proteoclass.scorer.train = lambda *_args, **_options: model
    results = {
        name: every_kill(main, arguments, Path(task["target"]), task["moments"])
        for name, arguments in task["commands"].items()
    }
    sys.stdout.write(json.dumps(results))


def every_kill(main, arguments, target, moments):
    kills = [(name, prepare, None) for name, prepare in MOMENTS.items()]
    kills += [(f"{seconds:.3f} s", slowed, seconds) for seconds in moments]
    target.parent.mkdir(exist_ok=True)
    with contextlib.suppress(SystemExit):
        main([*arguments, "--quiet"])
    results = []
    for name, prepare, seconds in kills:
        for existed in (False, True):
            shutil.rmtree(target.parent, ignore_errors=True)
            target.parent.mkdir()
            if existed:
                target.write_bytes(OLD)
            end = run(main, arguments, prepare, seconds)
            content = target.read_bytes().decode() if target.exists() else None
            results.append([name, existed, end, content, sorted(os.listdir(target.parent))])
    return results


if __name__ == "__main__":
    main_program(json.loads(sys.argv[1]))
