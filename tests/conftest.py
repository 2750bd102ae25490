"""Fixtures of the system tests: what they start is theirs alone, lies in a directory of its own, and is ended.

EXOTA_BUILD_DIR says where the program is (default: build/release, else build/dev). EXOTA_KEEP=1 keeps the directories.
"""
import os
import re
import resource
import shutil
from pathlib import Path

import pytest
from harness.chain import Chain, Workshop
from harness.exota import SOURCE, Exota
from harness.gateway import House
from harness.namespace import Namespace, NotPermitted
from harness.processes import end_all_on_signals, fresh_directory, stop_all

ADDRESSES = ["40.92.0.10", "40.107.3.4", "52.100.0.1", "104.47.0.1", "40.95.0.10", "203.0.113.9", "192.0.2.25", "2a01:111:f400::10", "2001:db8::9"]


# Floods need descriptors: as many as the system allows, for us and for what we start.
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


def pytest_configure():
    end_all_on_signals(lambda number: pytest.exit(f"ended by signal {number}", returncode=128 + number))


def built_program():
    chosen = os.environ.get("EXOTA_BUILD_DIR")
    folders = [Path(chosen)] if chosen else [SOURCE / "build/release", SOURCE / "build/dev"]
    for folder in folders:
        path = (folder if folder.is_absolute() else SOURCE / folder) / "exota"
        if path.exists():
            return path.resolve()
    raise pytest.UsageError(f"no exota in {', '.join(map(str, folders))}: build it (cmake --preset release && ninja -C build/release exota)")


@pytest.fixture(scope="session")
def binary():
    return built_program()


@pytest.fixture(scope="session")
def sanitized(binary):
    """Whether the program was built with a sanitizer: then it is slower, and takes several times the memory."""
    caches = [folder / "CMakeCache.txt" for folder in binary.parents if (folder / "CMakeCache.txt").exists()]
    return bool(caches) and re.search(r"^EXOTA_SANITIZE:\w+=\w", caches[0].read_text(), re.M) is not None


@pytest.fixture(scope="session")
def base_directory():
    """Short, because a Unix socket's path ends at 107 octets; searchable, because Postfix's programs look in as user postfix."""
    directory = fresh_directory(None, "exota-")
    yield directory
    stop_all()
    if os.environ.get("EXOTA_KEEP"):
        print(f"\nkept: {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def workshop(base_directory, binary):
    return Workshop(base_directory, binary)


@pytest.fixture
def directory(base_directory):
    return fresh_directory(base_directory)


@pytest.fixture
def chain(workshop, base_directory):
    """Makes mail paths: `path = chain(changes={…}, postfix={…})`; all are stopped after the test."""
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    made = []

    def make(**arguments):
        made.append(Chain(workshop, fresh_directory(base_directory), **arguments))
        return made[-1]
    yield make
    for path in reversed(made):
        path.stop()


@pytest.fixture
def house(workshop, base_directory):
    """Makes gateways and servers behind them: `gateway = house.gateway(house.backend())`; all are stopped after the test."""
    made = House(workshop, fresh_directory(base_directory))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def path(workshop, base_directory):
    """One mail path with the usual settings, shared by the tests of a file that change nothing."""
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    made = Chain(workshop, fresh_directory(base_directory), postfix={"smtpd_authorized_xclient_hosts": "127.0.0.0/8"})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def exota_of(binary, base_directory):
    """Makes `exota serve` processes without an MTA: `exota = exota_of(changes={…})`."""
    made = []

    def make(**arguments):
        made.append(Exota(binary, arguments.pop("directory", None) or fresh_directory(base_directory), **arguments))
        return made[-1]
    yield make
    for exota in reversed(made):
        if exota.process and exota.process.running():
            exota.stop()


@pytest.fixture(scope="module")
def network():
    """A network namespace with Microsoft's and other people's addresses on its loopback; `with network:` is inside."""
    try:
        made = Namespace(ADDRESSES)
    except NotPermitted as problem:
        pytest.skip(f"no network namespace here: {problem}")
    yield made
    made.close()
