"""What the tests of the tree share: the list of its files and of its layers."""
import re
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


def tracked(*suffixes):
    """Files of the tree that git knows or would take, with one of these suffixes; "": without any."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=SOURCE, check=True, capture_output=True)
    paths = (SOURCE / name for name in listed.stdout.decode().split("\0") if name)
    return sorted(path for path in paths if path.suffix in suffixes and path.is_file())


def is_of_tests(path):
    """In no program but a test's, as exota_layer() finds them."""
    return path.name.endswith(("_test.cc", "_helper.cc", "_fixture.cc"))


def layers():
    """name → (folder, the layers that it may include), as CMakeLists.txt links them."""
    text = (SOURCE / "CMakeLists.txt").read_text()
    found = {}
    for name, folder, rest in re.findall(r"exota_(?:layer|program)\((\w+)\s+DIR\s+([^\s)]+)([^)]*)\)", text):
        uses = re.search(r"USES((?:\s+[a-z]+)*)", rest)
        found[name] = (folder, set(uses.group(1).split()) if uses else set())
    return found
