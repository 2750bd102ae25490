"""The Debian package, made from this tree and the program that the tests have built anyway.

Compiling it once more would take as long as the whole build; `scripts/package` does that, and scripts/package --twice compares two of them.
"""
import os
import re
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
TOOLS = ["dpkg-buildpackage", "dh", "lintian", "mmdebstrap"]


def missing_tools():
    return [tool for tool in TOOLS if not shutil.which(tool)]


def tree_files():
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"], cwd=SOURCE, check=True,
                            capture_output=True).stdout
    return [name for name in listed.decode().split("\0") if name and (SOURCE / name).is_file()]


def build(program, folder, version=None):
    """The .changes file of a package made in `folder`, of another version if one is given."""
    tree = folder / "exota"
    for name in tree_files():
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SOURCE / name, target)
    if version:
        log = tree / "debian/changelog"
        log.write_text(re.sub(r"\(.*?\)", f"({version})", log.read_text(), count=1))
    done = subprocess.run(["dpkg-buildpackage", "-b", "-us", "-uc", "-d"], cwd=tree, capture_output=True, text=True,
                          env={**os.environ, "EXOTA_PROGRAM": str(program), "DEB_BUILD_OPTIONS": "nocheck"})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    shutil.rmtree(tree)
    [changes] = folder.glob("*.changes")
    return changes


def deb_of(changes):
    [deb] = changes.parent.glob("exota_*.deb")
    return deb
