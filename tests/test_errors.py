import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass import errors
from proteoclass.cli import EXIT_CODES
from proteoclass.errors import InputError, ProteoclassError, TooLittleDataError, name_list

KINDS = {
    "InputError": 3,
    "PanelMismatchError": 4,
    "ModelRefusedError": 5,
    "TooLittleDataError": 6,
    "CheckFailedError": 7,
    "SystemFailureError": 8,
}


def test_every_kind_has_its_own_exit_code():
    found = {kind.__name__: kind.exit_code for kind in ProteoclassError.__subclasses__()}
    assert found == KINDS
    assert ProteoclassError.exit_code == 1


@pytest.mark.parametrize("code", KINDS.values())
def test_every_exit_code_is_on_the_help_page(code):
    assert f" {code}  " in EXIT_CODES


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_caught_by_the_base(name):
    with pytest.raises(ProteoclassError, match=r"^a: found 1, expected 2$"):
        raise getattr(errors, name)("a: found 1, expected 2")


@pytest.mark.parametrize("kind", [InputError, TooLittleDataError])
def test_what_is_wrong_with_the_data_is_a_value_error_to_numpy_users(kind):
    assert issubclass(kind, ValueError)


@given(st.text())
def test_a_message_is_one_printable_line_whatever_a_file_holds(text):
    line = str(InputError(f"a{text}b"))
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert line[0] == "a"
    assert line[-1] == "b"


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1))
def test_printable_names_are_kept_as_they_are(name):
    assert str(InputError(f"{name}: not found")) == f"{name}: not found"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nerror: forged", "a error: forged"),
        ("wiped\x1b[2J", r"wiped\x1b[2J"),
        ("over\x08\x08", r"over\x08\x08"),
        ("right\u202eleft", r"right\u202eleft"),
        ("not text \udcff", r"not text \udcff"),
        ("hidden\ufeff", r"hidden\ufeff"),
        ("two\u2028lines\x85three", "two lines three"),
    ],
)
def test_a_name_cannot_forge_a_message_or_steer_the_terminal(name, shown):
    assert str(InputError(name)) == shown


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        ([1, None, 2.5], "1, None, 2.5"),
        (list("abcde"), "a, b, c, d, e"),
        (list("abcdef"), "a, b, c, d, e and 1 more"),
        ((str(i) for i in range(900)), "0, 1, 2, 3, 4 and 895 more"),
        (["x" * 200], "x" * 80),
        (["/data/" + "x" * 200 + "/a_07.raw"], "..." + "x" * 68 + "/a_07.raw"),
        (["D:\\" + "x" * 200 + "8"], "..." + "x" * 76 + "8"),
    ],
)
def test_names_are_listed_up_to_five_and_counted_beyond(names, text):
    assert name_list(names) == text


@given(st.lists(st.integers()), st.integers(1, 20))
def test_every_name_is_shown_or_counted(names, limit):
    shown, _, rest = name_list(names, limit).partition(" and ")
    listed = shown.split(", ") if shown else []
    counted = int(rest.removesuffix(" more")) if rest else 0
    assert listed == [str(name) for name in names[:limit]]
    assert len(listed) + counted == len(names)
