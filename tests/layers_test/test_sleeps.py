"""No test sleeps: what has to happen is waited for, and time that has to pass is skipped (`LoopThread::pass`) or given as a value.

A sleep is too long on every machine that is quick and too short on one that is busy. Those that are left look again at a condition, or never
come to their end; each is named here with its reason."""
import re

from tree import SOURCE, is_of_tests, tracked

SLEEPS_IN_C = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|(?<![\w.>])sleep *\(|\bp?poll *\( *(?:nullptr|NULL|0) *,|\bselect *\( *0 *,")
SLEEPS_IN_PYTHON = re.compile(r"\btime\.sleep\b|\bfrom time import\b.*\bsleep\b|(?<![\w.])sleep *\(")
BETWEEN_LOOKS = "between two looks at a condition"
# file → (how many, why)
ALLOWED = {
    "tests/authn/sign_verify_test.py": (1, BETWEEN_LOOKS),
    "tests/system/harness/postgres.py": (3, "a server that is slow: 10 ms for each piece are what is played"),
    "tests/system/harness/processes.py": (1, BETWEEN_LOOKS + ": wait_for"),
    "tests/system/test_harness.py": (1, "of a run that is ended from outside: it never comes to its end"),
}


def sleeps(text, pattern, comment):
    return sum(len(pattern.findall(line.split(comment)[0])) for line in text.splitlines())


def found():
    """file → its sleeps, where there are some. Of src, the tests and all headers, of which some are theirs."""
    counted = {}
    for path in tracked(".cc", ".h", ".c", ".py"):
        name = path.relative_to(SOURCE).as_posix()
        of_tests = name.startswith(("tests/", "fuzz/")) or name.startswith("src/") and (is_of_tests(path) or path.suffix == ".h")
        if not of_tests or path.name == "test_sleeps.py":
            continue
        pattern, comment = (SLEEPS_IN_PYTHON, "#") if path.suffix == ".py" else (SLEEPS_IN_C, "//")
        if number := sleeps(path.read_text(), pattern, comment):
            counted[name] = number
    return counted


def test_sleeps_are_found():
    for text in ("std::this_thread::sleep_for(1ms);", "::usleep(5'000);", "sleep(1);", "::sleep (1);", "nanosleep(&time, nullptr);", "::poll(nullptr, 0, 100);", "select(0, nullptr, nullptr, nullptr, &time);"):
        assert sleeps(text, SLEEPS_IN_C, "//") == 1, text
    for text in ("// sleep_for(1ms)", "smtpd_error_sleep_time(0);", "wake_after_sleep(1);", "::poll(&wait, 1, 20)", "select(most + 1, &set, nullptr, nullptr, &time)"):
        assert sleeps(text, SLEEPS_IN_C, "//") == 0, text
    for text in ("time.sleep(3)", "between(port, lambda _: time.sleep(0.01))", "from time import monotonic, sleep", "sleep(1)"):
        assert sleeps(text, SLEEPS_IN_PYTHON, "#") == 1, text
    for text in ("# time.sleep(3)", '{"smtpd_error_sleep_time": "0"}', "from time import monotonic"):
        assert sleeps(text, SLEEPS_IN_PYTHON, "#") == 0, text


def test_no_test_sleeps():
    assert found() == {name: number for name, (number, _) in ALLOWED.items()}
