"""The order of the rooms, what may be imported where, and what is not loaded until needed."""

import ast
import importlib
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import proteoclass

PACKAGE = Path(proteoclass.__file__).parent
ROOMS = ["matrix", "panel", "scorer", "longitudinal", "report"]
LEAVES = {"errors", "io", "lazy", "stats", "folds", "temporary_files", "_version"}
#: What reading a small text table does without.
NOT_FOR_TEXT = {"sklearn", "scipy", "pydantic", "openpyxl", "pooch", "h5py"}
HEAVY = {"pandas", "pyarrow", "xgboost", "statsmodels", "matplotlib", "shap", *NOT_FOR_TEXT}
ONLY_IN = {
    "click": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
    "typst": {"report"},
    "shap": {"report"},
}
NEVER = {"pickle", "dill", "cloudpickle", "socket", "requests", "urllib.request", "http.client"}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(tree: ast.AST) -> set[str]:
    """Return every module that a tree imports, with `from a import b` as both a and a.b."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_from_its_left_and_from_the_leaves(module):
    room = room_of(module)
    own = {name for name in imported(ast.parse(MODULES[module].read_text())) if name in MODULES}
    reached = {room_of(name) for name in own} - {"", room}
    if room in ROOMS:
        allowed = set(ROOMS[: ROOMS.index(room)]) | LEAVES
    elif room in LEAVES:
        allowed = LEAVES
    else:
        # The package itself, cli, study: they call the rooms, and no room calls them.
        allowed = {*ROOMS, *LEAVES, "study", "study_file", "selftest", "cli"}
    assert reached <= allowed


@pytest.mark.parametrize("module", MODULES)
def test_packages_stay_in_their_room(module):
    names = imported(ast.parse(MODULES[module].read_text()))
    tops = {name.split(".")[0] for name in names}
    misplaced = {top for top in tops if room_of(module) not in ONLY_IN.get(top, {room_of(module)})}
    assert not misplaced
    assert not names & NEVER


def test_no_module_imports_itself_in_a_circle():
    graph = {}
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text())
        # Imports inside functions and under TYPE_CHECKING run later or never.
        now = ast.Module(
            [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], []
        )
        graph[module] = {name for name in imported(now) if name in MODULES and name != module}
        # `from proteoclass.room.file import x` passes through the room's __init__ on its way,
        # which Python allows; the circle that matters is one between files.
        graph[module] -= {name for name in graph[module] if module.startswith(f"{name}.")}
    order = list(TopologicalSorter(graph).static_order())
    assert set(order) == set(MODULES)


def loaded_after(code: str) -> set[str]:
    report = "print(','.join({module.split('.')[0] for module in sys.modules}))"
    script = f"import sys\n{code}\n{report}"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(run.stdout.splitlines()[-1].split(","))


CALL = """
from proteoclass.cli import main
try:
    main({arguments})
except SystemExit as stop:
    assert stop.code == {code}
"""


@pytest.mark.parametrize(
    "code",
    [
        "import proteoclass; proteoclass.__version__; dir(proteoclass)",
        "import proteoclass.cli",
        CALL.format(arguments=["--help"], code=0),
        CALL.format(arguments=["evaluate", "-h"], code=0),
        CALL.format(arguments=["evalute"], code=2),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    loaded = loaded_after(code)
    assert "proteoclass" in loaded
    assert not loaded & HEAVY


def test_checking_a_small_text_table_loads_no_learner_and_no_other_format(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("sample_id\tP02768\ns1\t31.5\ns2\t30.5\n")
    loaded = loaded_after(CALL.format(arguments=["check", str(path)], code=0))
    assert "pandas" in loaded
    assert not loaded & NOT_FOR_TEXT


def test_panel_files_are_read_without_a_learner():
    loaded = loaded_after(CALL.format(arguments=["panel", "list"], code=0))
    assert "pydantic" in loaded
    assert not loaded & {"sklearn", "scipy", "xgboost"}


@pytest.mark.parametrize("package", ["proteoclass", "proteoclass.matrix", "proteoclass.panel"])
def test_no_module_has_the_name_of_a_function_that_loads_on_first_use(package):
    """Once imported, the module would be found in the function's place."""
    names = set(importlib.import_module(package).__all__)
    modules = {name.removeprefix(f"{package}.") for name in MODULES}
    assert not names & modules


@pytest.mark.parametrize(
    ("room", "name"),
    [
        (room, name)
        for room in ("proteoclass.matrix", "proteoclass.panel")
        for name in importlib.import_module(room).__all__
    ],
)
def test_each_name_of_a_room_is_where_it_is_said_to_be(room, name):
    assert getattr(importlib.import_module(room), name).__name__ == name


def test_the_check_above_sees_a_heavy_package():
    assert "pandas" in loaded_after("import proteoclass.matrix.protein_matrix")
