"""The package is made once for all tests here."""
import pytest
from debian_package import build, deb_of, missing_tools


@pytest.fixture(scope="session")
def changes(binary, sanitized, tmp_path_factory):
    if tools := missing_tools():
        pytest.skip(f"not installed: {', '.join(tools)} (scripts/setup installs them)")
    if sanitized:
        pytest.skip("a program with a sanitizer is not packed")
    return build(binary, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def deb(changes):
    return deb_of(changes)
