"""The plots in docs/plots are what bench/plots draws of the figures beside them, and the documents show each."""
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent.parent
PLOTS = SOURCE / "docs/plots"
PLOT_NAMES = sorted(path.stem for path in PLOTS.glob("*.svg"))


def test_every_figure_has_its_plot():
    figures = json.loads((PLOTS / "figures.json").read_text())
    assert PLOT_NAMES == sorted(figures.keys() - {"measured"}) == sorted(figures["measured"]), "bench/plots --measure"


@pytest.mark.skipif(not shutil.which("gnuplot"), reason="not installed: gnuplot-nox (scripts/setup installs it)")
def test_they_are_drawn_of_the_figures(tmp_path):
    subprocess.run([SOURCE / "bench/plots", "--into", tmp_path], check=True, stdout=subprocess.DEVNULL)
    for name in PLOT_NAMES:
        assert (tmp_path / f"{name}.svg").read_text() == (PLOTS / f"{name}.svg").read_text(), name


def test_no_plot_is_drawn_without_its_figures(tmp_path):
    """A copy of the command, whose figures lack one."""
    (tmp_path / "bench").mkdir()
    shutil.copy(SOURCE / "bench/plots", tmp_path / "bench")
    (tmp_path / "docs/plots").mkdir(parents=True)
    figures = json.loads((PLOTS / "figures.json").read_text())
    del figures["body"]
    (tmp_path / "docs/plots/figures.json").write_text(json.dumps(figures))
    done = subprocess.run([tmp_path / "bench/plots"], capture_output=True, text=True)
    assert done.returncode != 0 and "--measure body" in done.stderr and not list(tmp_path.rglob("*.svg"))


@pytest.mark.parametrize("document, folder", [("docs/benchmarks.md", "plots"), ("README.md", "docs/plots")])
def test_documents_show_them(document, folder):
    shown = re.findall(rf"!\[[^\]]+\]\({folder}/(\w+)\.svg\)", (SOURCE / document).read_text())
    assert shown and set(shown) <= set(PLOT_NAMES)
    if document.startswith("docs/"):
        assert sorted(shown) == PLOT_NAMES
