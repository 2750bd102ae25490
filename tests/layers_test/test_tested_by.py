"""`Tested by …` in the comment of a file names what tests it: those files exist, and no test is there that nobody names."""
import re

from tree import SOURCE, tracked

SOURCES = [path for path in tracked(".cc", ".h") if path.is_relative_to(SOURCE / "src")]
TESTS = [path for path in SOURCES if path.name.endswith("_test.cc")]


def names_in(text):
    """The files and folders that the sentences behind "Tested by" name, over the lines of their comment."""
    found = []
    for sentence in re.findall(r"Tested by ((?:[^\n]|\n\s*// ?(?=\S))*)", text):
        found += re.findall(r"(?:[\w-]+/)*[\w-]+(?:_test\.cc|_fuzz\.cc|\.py)\b|\btests/[\w/-]*\w(?!\.)\b", sentence)
    return found


def resolved(name, source):
    """Where a name leads: beside the file that names it, below src/, or from the root; None if nowhere."""
    return next((place for place in (source.parent / name, SOURCE / "src" / name, SOURCE / name) if place.exists()), None)


def named_tests():
    return {resolved(name, path) for path in SOURCES if not path.name.endswith("_test.cc") for name in names_in(path.read_text())}


def test_what_is_named_exists():
    dead = [f"{path.relative_to(SOURCE)}: {name}" for path in SOURCES for name in names_in(path.read_text()) if resolved(name, path) is None]
    assert dead == []


def test_each_test_is_named_or_has_the_name_of_what_it_tests():
    named = named_tests()
    lost = []
    for path in TESTS:
        subject = path.with_name(path.name.removesuffix("_test.cc"))
        if path not in named and not subject.with_suffix(".cc").exists() and not subject.with_suffix(".h").exists():
            lost.append(str(path.relative_to(SOURCE)))
    assert lost == []


def test_most_files_say_what_tests_them():
    """Else the two above would pass on a tree without such comments."""
    assert len(named_tests()) > 100


def test_names_are_found_over_lines_and_only_there():
    assert names_in("// Tested by a_test.cc,\n// b_test.cc and fuzz/c_fuzz.cc.\n#include \"d_test.cc\"\n") == ["a_test.cc", "b_test.cc", "fuzz/c_fuzz.cc"]
    assert names_in("// Tested by tests/cases and tests/cli_test.py (all of it).\n//\n// e_test.cc\n") == ["tests/cases", "tests/cli_test.py"]
    assert names_in("// See f_test.cc.\n") == []
    assert resolved("missing_test.cc", SOURCE / "src/base/text.h") is None
    assert resolved("text_test.cc", SOURCE / "src/base/text.h") == SOURCE / "src/base/text_test.cc"
