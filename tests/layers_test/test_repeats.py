"""Nothing is written twice: no run of fifteen lines stands in two places of the code."""
from tree import SOURCE, tracked

RUN = 15
FOLDERS = ("src", "tests", "fuzz", "bench", "scripts")


def code():
    """path → its lines, of everything that we wrote as code (scripts have no suffix, and conversations are data)."""
    found = {}
    for path in tracked(".cc", ".h", ".py", ".sh", ".cmake", ".lua", ".c", ""):
        if path.relative_to(SOURCE).parts[0] in FOLDERS and "corpus" not in path.parts:
            found[path.relative_to(SOURCE).as_posix()] = path.read_text().splitlines()
    return found


def repeats(files, run=RUN):
    """(place, place) of each run of at least `run` lines that stands in two places. A line counts if something is written in it, and
    without what it is indented by; what is included is not counted, since it says no more than what is used."""
    seen, found = {}, []
    for name, lines in files.items():
        counted = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith(("#include", "import ", "from "))]
        last = -run
        for at in range(len(counted) - run + 1):
            key = tuple(line for _, line in counted[at:at + run])
            first = seen.setdefault(key, (name, at, counted[at][0]))
            overlaps = first[0] == name and at - first[1] < run
            if first != (name, at, counted[at][0]) and not overlaps:
                if at > last + 1:
                    found.append((f"{first[0]}:{first[2]}", f"{name}:{counted[at][0]}"))
                last = at
    return found


def test_nothing_is_written_twice():
    files = code()
    assert len(files) > 300
    assert repeats(files) == []


def test_repeats_are_found():
    lines = [f"line {number}" for number in range(RUN)]
    blank = [text for line in lines for text in ("    " + line, "")]
    assert repeats({"a": lines, "b": ["x", *blank]}) == [("a:1", "b:2")]
    assert repeats({"a": lines + ["x"] + lines}) == [("a:1", f"a:{RUN + 2}")]
    assert repeats({"a": lines, "b": lines[1:]}) == []
    assert repeats({"a": ["same"] * 2 * RUN}) == [("a:1", f"a:{RUN + 1}")]
    assert repeats({"a": ["same"] * (2 * RUN - 1)}) == []
