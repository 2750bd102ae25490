"""A type has one definition: two headers that define one name in one namespace make programs that crash (the linker takes either)."""
import re

from tree import SOURCE, tracked

NAMESPACE = re.compile(r"^namespace (exota[\w:]*) \{", re.MULTILINE)
TYPE = re.compile(r"^(?:struct|class|enum class|enum|union) (?:alignas\(\w+\) )?(\w+)(?: final)?(?: : [^;{]*)? \{", re.MULTILINE)


def defined_in(text):
    """(namespace, name) of each type at namespace scope. What is nested is indented, and so not found."""
    namespaces = [(found.start(), found[1]) for found in NAMESPACE.finditer(text)]
    for found in TYPE.finditer(text):
        within = [name for start, name in namespaces if start < found.start()]
        yield (within[-1] if within else "", found[1])


def test_finds_what_it_looks_for():
    text = "namespace exota::a {\nstruct One {\n    struct Inner {};\n};\nclass Two final : public Base {\n};\nstruct Three;\nenum class Four : int { x };\n}\n"
    assert list(defined_in(text)) == [("exota::a", "One"), ("exota::a", "Two"), ("exota::a", "Four")]


def test_no_name_is_defined_in_two_headers():
    where = {}
    for path in tracked(".h"):
        if path.is_relative_to(SOURCE / "src"):
            for name in defined_in(path.read_text()):
                where.setdefault(name, []).append(path.relative_to(SOURCE).as_posix())
    assert len(where) > 300
    twice = {"::".join(name): places for name, places in where.items() if len(places) > 1}
    assert not twice
