"""Includes go one way, the core has no I/O: proved from the sources and from CMakeLists.txt."""
import re

import pytest

from tree import SOURCE, is_of_tests, layers, tracked

LAYERS = layers()
CORE = {"base", "mail", "milter", "smtp", "authn", "tenant", "evidence", "decision", "gate"}
FOLDERS = {folder: name for name, (folder, _) in LAYERS.items()}
SOURCES = [path for path in tracked(".cc", ".h") if path.is_relative_to(SOURCE / "src")]

# What the core must not touch: sockets, clocks, threads, streams, files, processes. (A duration or a time point given from outside is a value.)
# test_core_symbols.py looks at what was built of it.
NO_IO_HEADERS = re.compile(r"<(sys/(socket|epoll|un|uio|stat|random|mman|wait|time|ioctl|eventfd|timerfd|inotify)\.h|netinet/.*|arpa/inet\.h|netdb\.h|unistd\.h"
                           r"|fcntl\.h|poll\.h|spawn\.h|dlfcn\.h|pthread\.h|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token"
                           r"|iostream|fstream|filesystem|random|boost/asio.*|boost/beast.*|syslog\.h|unbound.*|signal\.h|csignal|ctime|time\.h)>")
# Of any type called now(): an alias hides a clock's name. A variable of a thread is a global.
NO_IO_CODE = re.compile(r"::now\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)|\bgettimeofday\b|\bclock_gettime\b|\b(secure_)?getenv\b|\bgetrandom\b|\bthread_local\b"
                        r"|\bpsl_(latest|load_file)\b")
ALLOWED_IN_CORE = {
    ("src/base/ip.cc", "<arpa/inet.h>"),         # inet_pton and inet_ntop, which are functions of their arguments
    ("src/gate/message.cc", "thread_local"),     # empty buffers kept for the thread's next message: nothing is read out of them
}


def layer_of(path):
    relative = path.relative_to(SOURCE).as_posix()
    return next((name for folder, name in FOLDERS.items() if relative.startswith(folder + "/")), None)


def includes(path):
    return re.findall(r'^\s*#\s*include\s+(["<][^">]+[">])', path.read_text(), re.M)


def code_of(path):
    """The file without its comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)


def test_the_layers_are_read():
    assert CORE <= set(LAYERS) and "exota" in LAYERS
    assert LAYERS["mail"][1] == {"base"}
    assert len(SOURCES) > 30


def test_each_source_lies_in_a_layer():
    assert [path for path in SOURCES if layer_of(path) is None] == []


def test_no_layer_uses_one_above_it():
    order = list(LAYERS)
    for name, (_, uses) in LAYERS.items():
        for used in uses:
            assert order.index(used) < order.index(name), f"{name} uses {used}, which is above it"


@pytest.mark.parametrize("name", LAYERS)
def test_includes_go_downwards(name):
    folder, uses = LAYERS[name]
    allowed = uses | {name}
    wrong = []
    for path in SOURCES:
        if layer_of(path) != name:
            continue
        for include in includes(path):
            if not include.startswith('"'):
                continue
            target = SOURCE / "src" / include.strip('"')
            assert target.exists(), f"{path.relative_to(SOURCE)} includes {include}, which is not below src/"
            if layer_of(target) not in allowed:
                wrong.append(f"{path.relative_to(SOURCE)} includes {include}")
    assert wrong == []


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_uses_the_core_alone(name):
    """No net, no directory, nothing above: so a whole session can be driven by a test or a fuzzer."""
    assert LAYERS[name][1] <= CORE


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_has_no_io(name):
    wrong = []
    for path in SOURCES:
        if layer_of(path) != name or is_of_tests(path):
            continue
        found = [include for include in includes(path) if NO_IO_HEADERS.fullmatch(include)]
        found += [match.group(0) for match in NO_IO_CODE.finditer(code_of(path))]
        wrong += [(where, what) for where in [path.relative_to(SOURCE).as_posix()] for what in found if (where, what) not in ALLOWED_IN_CORE]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(CORE))
def test_core_headers_include_no_library(name):
    wrong = [f"{path.relative_to(SOURCE)}: {include}" for path in SOURCES if layer_of(path) == name and path.suffix == ".h"
             for include in includes(path) if re.match(r"<(boost|fmt|openssl|toml|CLI|idn2|libpsl|unbound|prometheus)", include)]
    assert wrong == []


def test_each_source_is_in_its_namespace():
    wrong = []
    for path in SOURCES:
        name = layer_of(path)
        if name == "exota" or path.name == "main.cc":
            continue
        if not re.search(rf"namespace exota::{name}\b", path.read_text()):
            wrong.append(str(path.relative_to(SOURCE)))
    assert wrong == []


def test_expected_is_included_in_one_place():
    """clang 14 could not read it; base/result.h says what we take instead when that changes."""
    assert [str(path) for path in SOURCES if "<expected>" in includes(path) and path.name != "result.h"] == []


def test_cli11_is_included_in_one_place():
    """Each file that includes it takes seconds to compile; programs/options.h is what the commands see."""
    assert [path.name for path in tracked(".cc", ".h") if "<CLI/CLI.hpp>" in includes(path)] == ["options.cc"]


MAX_LINES = 400


def programs():
    """Scripts without a suffix: their first line names who reads them."""
    return [path for path in tracked("") if path.read_bytes().startswith(b"#!")]


def too_long(paths):
    return {path.name: count for path in paths if (count := len(path.read_text().splitlines())) > MAX_LINES}


def test_files_stay_readable():
    """One topic a file. A file above the limit wants to be two."""
    named = {path.relative_to(SOURCE).as_posix() for path in programs()}
    assert {"bench/run", "scripts/demo", "scripts/test"} <= named and "LICENSE" not in named
    assert too_long([*tracked(".cc", ".h", ".c", ".py", ".sh", ".lua", ".cmake"), *programs()]) == {}
    assert f"at most {MAX_LINES} lines" in (SOURCE / "CONTRIBUTING.md").read_text(), "what a contributor is told"


def test_the_limit_on_lines_on_both_sides(tmp_path):
    for lines, long in ((MAX_LINES, {}), (MAX_LINES + 1, {"file.lua": MAX_LINES + 1})):
        path = tmp_path / "file.lua"
        path.write_text("x\n" * lines)
        assert too_long([path]) == long


def test_the_rules_find_what_they_forbid():
    """The patterns above match what they are for, so that an empty list means something."""
    for header in ("<sys/socket.h>", "<thread>", "<boost/asio/io_context.hpp>", "<fstream>", "<arpa/inet.h>", "<netdb.h>", "<sys/stat.h>", "<sys/random.h>",
                   "<spawn.h>", "<dlfcn.h>", "<sys/mman.h>"):
        assert NO_IO_HEADERS.fullmatch(header)
    for header in ("<string>", "<chrono>", "<boost/json/basic_parser.hpp>", "<openssl/evp.h>"):
        assert not NO_IO_HEADERS.fullmatch(header)
    for code in ("std::chrono::steady_clock::now()", "Clock::now ()", "time(nullptr)", "clock_gettime(CLOCK_REALTIME, &t)", "thread_local Spare spare;",
                 "psl_latest(nullptr)"):
        assert NO_IO_CODE.search(code)
    for code in ("time(now)", "time_point now()", "known::nowhere()", "psl_builtin()"):
        assert not NO_IO_CODE.search(code)
