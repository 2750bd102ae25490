"""docs/ as a site by mkdocs: it builds without a warning, its links lead somewhere, it asks no other host for anything, and search finds words."""
import html.parser
import json
import re
import subprocess
import urllib.parse

import pytest
import yaml
from watched import SOURCE, needs

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "object": "data", "embed": "src", "form": "action", "link": "href"}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if attributes.get(LOADS.get(tag, "")):
            self.loads.append(attributes[LOADS[tag]])


def build(directory, configuration=SOURCE / "mkdocs.yml"):
    return subprocess.run([needs("mkdocs", "mkdocs"), "build", "--strict", "-f", configuration, "-d", directory], capture_output=True, text=True, cwd=SOURCE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("site") / "site"
    done = build(directory)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    return directory


def dead_links(directory):
    """(page, link) of each link or file that leads nowhere in the site."""
    pages = {path.resolve(): Page(path.read_text()) for path in directory.rglob("*.html")}
    assert pages
    dead = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if path.name == "404.html" or parts.path.startswith("/"):  # shown for any address: its links begin at the root
                target = (directory / parts.path.lstrip("/")).resolve()
            if target.is_dir():
                target = target / "index.html"
            if not target.exists() or parts.fragment and target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].ids:
                dead.append((path.name, link))
    return dead


def asks_of_others(directory):
    """What a browser would fetch from another host by looking at a page."""
    found = []
    for path in directory.rglob("*"):
        if path.suffix == ".html":
            found += [(path.name, each) for each in Page(path.read_text()).loads if re.match(r"(\w+:)?//", each)]
        elif path.suffix == ".css":
            found += [(path.name, each) for each in re.findall(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)", path.read_text())]
    return found


def test_links_lead_somewhere(site):
    assert dead_links(site) == []


def test_no_other_host_is_asked(site):
    assert asks_of_others(site) == []


def test_mistakes_are_found(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# A\n\n[x](#nowhere) [y](index.md#a)\n\n<img src=\"//else.test/a.png\"> <script src='https://else.test/a.js'></script>\n")
    (tmp_path / "docs/a.css").write_text("@import 'https://else.test/b.css'; a { background: url(//else.test/c.png) } b { background: url(d.png) }")
    (tmp_path / "mkdocs.yml").write_text("site_name: a\ntheme: {name: mkdocs, highlightjs: false}\nuse_directory_urls: false\n")
    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert done.returncode == 0, done.stderr
    assert [link for _, link in dead_links(tmp_path / "site")] == ["#nowhere"]
    assert {each for _, each in asks_of_others(tmp_path / "site")} == {"//else.test/a.png", "https://else.test/a.js", "https://else.test/b.css", "//else.test/c.png"}
    (tmp_path / "docs/index.md").write_text("[x](missing.md)\n")
    assert build(tmp_path / "site", tmp_path / "mkdocs.yml").returncode != 0


def test_search_knows_every_page(site):
    index = json.loads((site / "search/search_index.json").read_text())
    found = {entry["location"].split("#")[0] for entry in index["docs"]}
    pages = {path.relative_to(SOURCE / "docs").with_suffix(".html").as_posix() for path in (SOURCE / "docs").rglob("*.md")}
    assert found == pages and len(pages) > 20
    assert any(entry["location"] == "errors.html#alert-exotareloadfailed" and "accept-shrink" in entry["text"] for entry in index["docs"])


def test_every_page_is_in_the_menu():
    def pages(tree):
        for each in tree:
            for value in each.values() if isinstance(each, dict) else [each]:
                yield from pages(value) if isinstance(value, list) else [value]
    listed = list(pages(yaml.safe_load((SOURCE / "mkdocs.yml").read_text())["nav"]))
    there = sorted(path.relative_to(SOURCE / "docs").as_posix() for path in (SOURCE / "docs").rglob("*.md"))
    assert sorted(listed) == there, "add what is missing to nav in mkdocs.yml"
