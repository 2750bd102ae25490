"""Documents do not lie about the tree: relative links lead somewhere, files and commands that they name exist."""
import re

import pytest

from tree import SOURCE, is_of_tests, layers, tracked

DOCUMENTS = [path for path in tracked(".md") if not path.is_relative_to(SOURCE / "tests/cases")]


def prose_of(text):
    """The text without fenced code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def links(text):
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose_of(text))


def anchors(text):
    """The anchors that headings get, as the usual renderers make them."""
    found = set()
    for heading in re.findall(r"^#+\s+(.*)$", prose_of(text), re.M):
        word = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).strip().lower()).replace(" ", "-")
        found.add(word)
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(SOURCE)) for path in DOCUMENTS])
def test_relative_links_lead_somewhere(path):
    dead = []
    for link in links(path.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        where = (path.parent / target).resolve() if target else path
        if not where.exists():
            dead.append(link)
        elif anchor and where.suffix == ".md" and anchor not in anchors(where.read_text()):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(SOURCE)) for path in DOCUMENTS])
def test_files_of_the_tree_that_are_named_exist(path):
    """`src/mail/domain.h`, `scripts/demo`, `docs/…`: anything in backquotes that begins with one of our folders."""
    named = re.findall(r"`((?:src|tests|docs|scripts|fuzz|bench|packaging|cmake)/[\w./-]*[\w/])`", prose_of(path.read_text()))
    assert [name for name in named if "NAME" not in name and not (SOURCE / name).exists()] == []


def test_commands_of_the_readme_exist():
    text = (SOURCE / "README.md").read_text()
    commands = set(re.findall(r"(?<![\w/.])(scripts/[\w-]+)", text))
    assert {"scripts/setup", "scripts/demo", "scripts/test"} <= commands
    for command in commands:
        path = SOURCE / command
        assert path.is_file() and path.stat().st_mode & 0o111, f"{command} is no program"
    if (SOURCE / "Makefile").exists():
        targets = set(re.findall(r"^([\w-]+):", (SOURCE / "Makefile").read_text(), re.M))
        assert set(re.findall(r"`make ([\w-]+)`", text)) <= targets


def test_subcommands_that_documents_name_exist():
    """`exota WORD` in the documents of operators is a subcommand: one file of src/programs, or the few that come later and are said to."""
    programs = " ".join(path.read_text() for path in (SOURCE / "src/programs").glob("*.cc"))
    if not programs:
        pytest.skip("the program is not in the tree")
    unknown = set()
    for path in DOCUMENTS:
        if path.name in ("CHANGELOG.md",) or "decisions" in path.parts:
            continue
        for word in re.findall(r"`exota ([a-z]+)", path.read_text()):
            if f'"{word}"' not in programs:
                unknown.add(f"{path.relative_to(SOURCE)}: exota {word}")
    assert unknown == set()


def test_details_that_the_table_of_errors_names_exist():
    """Each word in the rows of `findings` is a factor, or a detail with a sentence (src/decision/details.h)."""
    codes = set(re.findall(r'^    {"([a-z-]+)",', (SOURCE / "src/decision/details.h").read_text(), re.M))
    assert len(codes) > 10
    rows = re.findall(r"^\| \(`findings`\) ([^|]*)\|", (SOURCE / "docs/errors.md").read_text(), re.M)
    named = {re.sub(r"^[a-z-]+=[a-z]+\((.*)\)$", r"\1", word) for row in rows for word in re.findall(r"`([^`]+)`", row)}
    assert len(named) > 3 and named - codes == set()


def test_the_tree_of_contributing_is_the_layers():
    """One line a folder, the highest layer first, as CMakeLists.txt orders them."""
    text = (SOURCE / "CONTRIBUTING.md").read_text()
    lines = re.findall(r"^(src/[\w/]+) {2,}(\S.*)$", text, re.M)
    assert [folder for folder, _ in lines] == [folder for folder, _ in reversed(layers().values())]
    with_sources = {path.parent.relative_to(SOURCE).as_posix() for path in tracked(".cc", ".h") if path.is_relative_to(SOURCE / "src")}
    assert {folder for folder, _ in lines} == with_sources


def code_words():
    """Every word of the sources that is code, or stands in a string: no comments, no tests."""
    words = set()
    for path in tracked(".cc", ".h"):
        if path.is_relative_to(SOURCE / "src") and not is_of_tests(path):
            words |= set(re.findall(r"\w+(?:[-.]\w+)*|\w+", re.sub(r"//[^\n]*", "", path.read_text())))
    return words | {part for word in words for part in re.split("[-.]", word)} | {word.lower() for word in words}


def is_there(name, words):
    """A file or folder (from the root or below src/), a command of ours with an option, a word of the code or of what it reads and writes."""
    if "/" in name:
        return (SOURCE / name).exists() or (SOURCE / "src" / name).exists()
    return all(part in words or part.lower() in words for part in re.findall(r"\w+(?:[-.]\w+)*", name))


def test_life_of_a_message_names_what_exists():
    """What stands in backquotes, and the types of its figure."""
    text = (SOURCE / "docs/life-of-a-message.md").read_text()
    figure = re.search(r"^```text\n(.*?)^```", text, re.S | re.M).group(1)
    named = set(re.findall(r"`([^`]+)`", prose_of(text))) | set(re.findall(r"\b[A-Z]\w+", figure))
    assert len(named) > 30
    words = code_words()
    assert [name for name in sorted(named) if not is_there(name, words)] == []


def rooms_named(text):
    """Folders of src that a document names, themselves or by a file in them."""
    return {folder for folder, _ in layers().values() if re.search(rf"`{folder}(?:/[\w.]+)?`", text)}


def test_life_of_a_message_names_every_room():
    assert {folder for folder, _ in layers().values()} - rooms_named((SOURCE / "docs/life-of-a-message.md").read_text()) == set()


def test_a_room_is_named_only_by_its_whole_name():
    assert rooms_named("`src/webs`, src/base, `src/wire/milter/frames.h` and `src/mail`") == {"src/wire/milter", "src/mail"}


def test_names_that_are_not_there_are_found():
    words = code_words()
    for name in ("src/evidence/fact.h", "wire/milter", "Fact", "milter.max_macro_octets", "from-missing", "exota explain --evidence", "Authentication-Results"):
        assert is_there(name, words), name
    for name in ("src/evidence/faith.h", "Faith", "milter.max_colours", "from-colour", "exota colour"):
        assert not is_there(name, words), name


def test_dead_links_are_found(tmp_path):
    text = "[a](there.md) [b](missing.md#x)\n```\n[c](in-code.md)\n```\n"
    assert links(text) == ["there.md", "missing.md#x"]
    assert anchors("## What may be `believed`?\n") == {"what-may-be-believed"}
