"""What ships: packages, data files, metadata, public names."""

import ast
import configparser
import importlib
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import proteoclass

ROOT = Path(proteoclass.__file__).parent.parent
CHECKOUT = pytest.mark.skipif(
    not (ROOT / "setup.cfg").is_file(), reason="needs the checkout, not an installed wheel"
)


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


@CHECKOUT
def test_the_named_packages_are_the_folders_that_hold_code():
    named = set(settings()["options"]["packages"].split())
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "proteoclass").rglob("__init__.py")
    }
    assert named == folders | {"proteoclass._panels"}


@CHECKOUT
def test_every_file_that_is_not_code_matches_a_pattern_that_ships_it():
    patterns = settings()["options.package_data"]
    left_out = []
    for path in (ROOT / "proteoclass").rglob("*"):
        if path.is_dir() or path.suffix in {".py", ".pyc"} or path.name.startswith("."):
            continue
        owner = path.parent
        while not (owner / "__init__.py").is_file():
            owner = owner.parent
        package = ".".join(owner.relative_to(ROOT).parts)
        shipped = patterns.get(package, "").split()
        if path not in {found for pattern in shipped for found in owner.glob(pattern)}:
            left_out.append(str(path.relative_to(ROOT)))
    assert not left_out


@CHECKOUT
def test_every_package_that_is_imported_is_declared():
    parser = settings()
    always, extra = parser["options"]["install_requires"], parser["options.extras_require"]
    declared = re.findall(r"^[a-z0-9-]+", always + extra["anndata"], re.M)
    allowed = {"sklearn" if name == "scikit-learn" else name for name in declared}
    allowed |= set(sys.stdlib_module_names) | {"proteoclass"}
    imported = set()
    for path in (ROOT / "proteoclass").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    assert imported <= allowed


@CHECKOUT
def test_panels_ship_and_are_found():
    parser = settings()
    assert "proteoclass._panels = panels" in parser["options"]["package_dir"]
    assert parser["options.package_data"]["proteoclass._panels"].split() == ["*.toml", "*.md"]
    names = importlib.import_module("proteoclass.panel.library").list_panels()
    assert names == sorted(path.stem for path in (ROOT / "panels").glob("*.toml"))


@CHECKOUT
def test_one_version_everywhere():
    assert settings()["metadata"]["version"] == "attr: proteoclass._version.__version__"
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.M).group(1) == proteoclass.__version__
    assert metadata.version("proteoclass") == proteoclass.__version__


@CHECKOUT
def test_the_licence_is_apache_2_in_full():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert settings()["metadata"]["license"] == "Apache-2.0"


@CHECKOUT
def test_pyproject_holds_no_second_set_of_metadata():
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "project" not in content
    assert content["build-system"]["build-backend"] == "setuptools.build_meta"


@CHECKOUT
@pytest.mark.parametrize("target", ["help", "demo", "test", "check", "lint", "type", "docs",
                                    "bench", "study", "long", "clean"])  # fmt: skip
def test_the_makefile_has_each_target_with_a_sentence(target):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*  ## \S+", makefile, re.M)


@CHECKOUT
def test_ci_runs_the_targets_and_may_be_run():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o100
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert {"make test", "make lint type"} <= set(lines)


@CHECKOUT
def test_links_in_the_documents_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "panels" / "README.md"]
    broken = []
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                broken.append(f"{page.name}: {link}")
    assert not broken


@pytest.mark.parametrize("name", proteoclass.__all__)
def test_each_public_name_can_be_imported_and_is_documented(name):
    value = getattr(proteoclass, name)
    assert value is not None
    assert name in dir(proteoclass)
    assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_refused_as_python_does():
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        _ = proteoclass.evalute


def test_errors_carry_the_documented_codes():
    errors = importlib.import_module("proteoclass.errors")
    codes = {
        name: getattr(errors, name).exit_code for name in dir(errors) if name.endswith("Error")
    }
    assert codes == {
        "ProteoclassError": 1,
        "InputError": 3,
        "PanelMismatchError": 4,
        "ModelRefusedError": 5,
        "TooLittleDataError": 6,
        "CheckFailedError": 7,
        "SystemFailureError": 8,
    }
