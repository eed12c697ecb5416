"""Shared options: what a command is handed, and what is refused."""

from typing import get_args

import click
import pytest
from click.testing import CliRunner

from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    MatrixRequest,
    folds_options,
    matrix_options,
    outcome_options,
    output_option,
)
from proteoclass.errors import InputError


@pytest.fixture
def files(tmp_path):
    for name in ("m.tsv", "s.tsv", "p.tsv"):
        (tmp_path / name).write_text("x\n")
    return tmp_path


@pytest.fixture
def invoke():
    """Run a command made of shared options; give what it was handed, or the result."""

    def run(*arguments, samples="optional", required=False):
        seen = {}

        @click.command(cls=Command)
        @matrix_options(samples=samples)
        @outcome_options(required=required)
        @folds_options
        @output_option("Somewhere.")
        def command(**handed):
            seen.update(handed)

        result = CliRunner().invoke(command, [str(a) for a in arguments])
        return seen or result

    return run


def test_defaults_are_those_of_the_reader(invoke, files):
    seen = invoke(files / "m.tsv")
    assert seen["source"] == MatrixRequest(
        str(files / "m.tsv"),
        None,
        {
            "format": "auto",
            "sheet": None,
            "proteins": None,
            "scale": "auto",
            "kind": "auto",
            "fluid": "not stated",
            "quantity": "auto",
            "quantity_scope": "auto",
            "reruns": "list",
            "columns": {},
            "samples_sheet": None,
        },
    )
    assert (seen["folds"], seen["repeats"], seen["outcome"], seen["force"]) == (5, 4, None, False)


def test_every_reading_option_arrives(invoke, files):
    seen = invoke(
        files / "m.tsv",
        *("--samples", files / "s.tsv", "--format", "maxquant", "--sheet", "Sheet 2"),
        *("--proteins", files / "p.tsv", "--scale", "log2", "--kind", "npx", "--fluid", "urine"),
        *("--quantity", "LFQ intensity", "--quantity-scope", "cohort"),
        *("--column", "day=visit_day", "--column", "patient_id=Subject=ID"),
        *("--reruns", "mean", "--samples-sheet", "Annot"),
    )
    source = seen["source"]
    assert source.samples == str(files / "s.tsv")
    assert source.options == {
        "format": "maxquant",
        "sheet": "Sheet 2",
        "proteins": str(files / "p.tsv"),
        "scale": "log2",
        "kind": "npx",
        "fluid": "urine",
        "quantity": "LFQ intensity",
        "quantity_scope": "cohort",
        "reruns": "mean",
        "columns": {"day": "visit_day", "patient_id": "Subject=ID"},
        "samples_sheet": "Annot",
    }


@pytest.mark.parametrize("pair", ["day", "=x", "day="])
def test_a_column_without_role_and_name_is_refused(invoke, files, pair):
    result = invoke(files / "m.tsv", "--column", pair)
    assert result.exit_code == 2
    assert f"found '{pair}', expected role=name" in result.stderr


def test_an_absent_file_and_a_folder_are_bad_input(invoke, files):
    result = invoke(files / "absent.tsv")
    with pytest.raises(InputError, match=r"absent\.tsv: no such file; check the path"):
        raise result.exception
    result = invoke(files)
    with pytest.raises(InputError, match="is a folder, expected a file"):
        raise result.exception
    assert result.exception.exit_code == 3


def test_samples_may_be_required_or_not_offered(invoke, files):
    assert "Missing option '--samples'" in invoke(files / "m.tsv", samples="required").stderr
    refused = invoke(files / "m.tsv", "--samples", files / "s.tsv", samples="none")
    assert "No such option" in refused.stderr


def test_choices_are_those_of_the_reader_and_of_the_study_file():
    """The command line repeats them, since it loads no reader to print its help."""
    from proteoclass.matrix.formats.registry import FORMATS
    from proteoclass.matrix.samples.reruns import RULES
    from proteoclass.study_file import InputPart

    @click.command(cls=Command)
    @matrix_options()
    def command(**_handed):
        pass

    offered = {o.name: o.type.choices for o in command.params if isinstance(o.type, click.Choice)}
    fields = InputPart.model_fields
    assert sorted(offered["format"]) == sorted(get_args(fields["format"].annotation))
    assert sorted(offered["format"]) == sorted(FORMATS)
    assert tuple(offered["reruns"]) == get_args(fields["reruns"].annotation) == RULES


def test_methods_are_those_of_the_matrix_room_and_of_the_study_file():
    from proteoclass.cli.normalise import normalise
    from proteoclass.matrix.normalisation import impute
    from proteoclass.matrix.normalisation.normalise import METHODS
    from proteoclass.matrix.normalisation.prepare import STEPS
    from proteoclass.study_file import NormalisePart

    offered = {o.name: o.type.choices for o in normalise.params if isinstance(o.type, click.Choice)}
    fields = NormalisePart.model_fields
    assert tuple(offered["step"]) == STEPS
    assert tuple(offered["normalise"]) == get_args(fields["method"].annotation)
    assert tuple(offered["normalise"]) == ("auto", *METHODS)
    assert tuple(offered["impute"]) == get_args(fields["impute"].annotation) == impute.METHODS


def test_an_outcome_is_handed_over_whole(invoke, files):
    from proteoclass.matrix.outcome import Outcome

    arguments = ("--outcome", "severity", "--positive", "severe")
    assert invoke(files / "m.tsv", *arguments)["outcome"] == Outcome("severity", "severe")
    seen = invoke(files / "m.tsv", *arguments, "--negative", "mild", required=True)
    assert seen["outcome"] == Outcome("severity", "severe", "mild")


@pytest.mark.parametrize(
    "arguments", [("--outcome", "severity"), ("--positive", "severe"), ("--negative", "mild")]
)
def test_half_an_outcome_is_refused(invoke, files, arguments):
    result = invoke(files / "m.tsv", *arguments)
    assert result.exit_code == 2
    assert "--outcome and --positive are given together" in result.stderr


def test_a_model_s_ids_reach_the_reader_only_when_there_are_some(monkeypatch):
    calls = []

    def read(path, samples, **options):
        calls.append(options)
        raise InputError("enough")

    monkeypatch.setattr("proteoclass.matrix.read_matrix", read)
    for known in (None, ["P1"]):
        with pytest.raises(InputError, match="enough"):
            MatrixRequest("m.tsv", None, {"scale": "raw"}).read(known_proteins=known)
    assert calls == [{"scale": "raw"}, {"scale": "raw", "known_proteins": ["P1"]}]
