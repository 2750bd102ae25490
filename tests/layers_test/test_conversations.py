"""The conversations in SMTP (tests/smtp) are as many as were promised, and each of them is played."""
from tree import SOURCE

FILES = sorted((SOURCE / "tests/smtp").rglob("*.smtp"))


def test_there_are_at_least_120():
    assert len(FILES) >= 120, "issue 9 promises so many new ones for a gateway"


def test_each_lies_in_a_folder_of_a_topic():
    """cases.smtp.TOPIC plays what lies in a folder, and looks no deeper."""
    assert [path for path in FILES if path.parent.parent != SOURCE / "tests/smtp"] == []


def test_no_two_are_the_same():
    bodies = [path.read_bytes().partition(b"\n")[2] for path in FILES]
    assert len(set(bodies)) == len(bodies), [str(path) for path, body in zip(FILES, bodies) if bodies.count(body) > 1]
