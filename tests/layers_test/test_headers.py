"""Each header compiles alone, and twice: whoever includes it needs to know nothing else.

The build proves most of it: a header that its own source includes before anything else was compiled alone there. Only the others are compiled
here, also those that only a test includes first: tests are compiled behind a precompiled header.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tree import SOURCE, tracked

COMPILER = shutil.which("clang++-19") or shutil.which("clang++")
CACHE = [shutil.which("ccache")] if shutil.which("ccache") else []
FLAGS = ["-std=c++23", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", "-Wold-style-cast",
         "-Wno-missing-designated-field-initializers", "-Werror",
         "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_USE_STD_STRING_VIEW", f"-I{SOURCE / 'src'}"]


def first_include(source):
    """What a source includes first, as it is written there; empty: there is no such source."""
    found = re.search(r'^#\s*include\s*[<"](.+?)[>"]', source.read_text(), re.MULTILINE) if source.exists() else None
    return found[1] if found else ""


def proven_by_the_build(header):
    name = header.relative_to(SOURCE / "src").as_posix()
    return first_include(header.with_suffix(".cc")) == name


def compiles(header, directory):
    name = header.relative_to(SOURCE / "src").as_posix()
    source = directory / (name.replace("/", "_") + ".cc")
    text = f'#include "{name}"\n#include "{name}"\n'
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    done = subprocess.run([*CACHE, COMPILER, *FLAGS, "-c", source, "-o", source.with_suffix(".o")], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{name}:\n{done.stderr[:2000]}"


@pytest.mark.skipif(not COMPILER, reason="no clang++ here")
def test_each_header_compiles_alone(tmp_path):
    build = os.environ.get("EXOTA_BUILD_DIR")
    directory = Path(build) / "headers" if build else tmp_path
    directory.mkdir(exist_ok=True)
    headers = [path for path in tracked(".h") if path.is_relative_to(SOURCE / "src")]
    alone = [header for header in headers if not proven_by_the_build(header)]
    assert len(headers) > len(alone) > 20
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [text for text in pool.map(lambda header: compiles(header, directory), alone) if text]
    assert not wrong, "\n".join(wrong)


def test_each_header_may_be_included_twice():
    wrong = [path.name for path in tracked(".h") if path.is_relative_to(SOURCE / "src") and "\n#pragma once\n" not in path.read_text()]
    assert not wrong


def test_a_source_that_includes_another_header_first_proves_nothing(tmp_path):
    (tmp_path / "x.cc").write_text('// of x\n#include <string>\n#include "base/x.h"\n')
    assert first_include(tmp_path / "x.cc") == "string" and first_include(tmp_path / "none.cc") == ""


@pytest.mark.skipif(not COMPILER, reason="no clang++ here")
def test_a_header_that_needs_another_is_found(tmp_path):
    header = SOURCE / "src/base/text.h"
    (tmp_path / "x.cc").write_text("std::string lonely();\n")
    done = subprocess.run([COMPILER, *FLAGS, "-fsyntax-only", tmp_path / "x.cc"], capture_output=True)
    assert header.exists() and done.returncode != 0
