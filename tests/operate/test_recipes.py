"""The recipes that cannot be run here (Vector, Fluent Bit, ClickHouse): they are read as far as that goes, and say that they were not run."""
import re
import tomllib

from watched import SOURCE

PACKAGING = SOURCE / "packaging"
NOT_RUN = ["vector/exota.toml", "vector/clickhouse.sql", "fluent-bit/exota.conf", "fluent-bit/exota-parsers.conf"]


def fields_of_the_log():
    text = (SOURCE / "docs/reference/log.md").read_text()
    return set(re.findall(r"^\| `(\w+)` \|", text, re.M)) | {"time", "level", "event", "text"}


def sections(text):
    """(name, {key: value}) of a classic configuration of Fluent Bit."""
    found = []
    for line in text.splitlines():
        if head := re.fullmatch(r"\[([A-Z]+)\]", line.strip()):
            found.append((head.group(1), {}))
        elif line.strip() and not line.startswith("#"):
            key, value = line.split(None, 1)
            assert line.startswith("    ") and key not in found[-1][1], line
            found[-1][1][key] = value
    return found


def test_they_say_that_they_were_not_run():
    for name in NOT_RUN:
        assert "NOT RUN HERE" in (PACKAGING / name).read_text()[:400], name
    assert "not run here" in (SOURCE / "docs/watching.md").read_text()
    there = {path.relative_to(PACKAGING).as_posix() for folder in ("vector", "fluent-bit") for path in (PACKAGING / folder).iterdir()}
    assert there == set(NOT_RUN)


def test_vector_joins_what_there_is():
    tree = tomllib.loads((PACKAGING / "vector/exota.toml").read_text())
    made = set(tree["sources"]) | set(tree["transforms"])
    for part in [*tree["transforms"].values(), *tree["sinks"].values()]:
        assert set(part["inputs"]) <= made
    assert {sink["type"] for sink in tree["sinks"].values()} == {"clickhouse", "elasticsearch", "loki"}
    assert set(re.findall(r"{{ (\w+) }}", str(tree["sinks"]["loki"]))) <= fields_of_the_log()
    table = f'{tree["sinks"]["clickhouse"]["database"]}.{tree["sinks"]["clickhouse"]["table"]}'
    assert f"CREATE TABLE IF NOT EXISTS {table}\n" in (PACKAGING / "vector/clickhouse.sql").read_text()


def test_the_columns_are_fields_of_the_log():
    text = (PACKAGING / "vector/clickhouse.sql").read_text()
    columns = re.findall(r"^    (\w+) +\w", text, re.M)
    assert len(columns) > 15 and set(columns) - fields_of_the_log() == {"host"}
    assert re.search(r"ORDER BY \((.*)\)", text).group(1).split(", ") == ["event", "tenant", "time"]


def test_fluent_bit_joins_what_there_is():
    parts = sections((PACKAGING / "fluent-bit/exota.conf").read_text())
    [(_, parser)] = sections((PACKAGING / "fluent-bit/exota-parsers.conf").read_text())
    [tag] = [values["Tag"] for kind, values in parts if kind == "INPUT"]
    assert all(values["Match"] == tag for kind, values in parts if kind in ("FILTER", "OUTPUT"))
    assert [values["Parser"] for kind, values in parts if kind == "FILTER"] == [parser["Name"]]
    assert [values["Name"] for kind, values in parts if kind == "OUTPUT"] == ["http", "opensearch", "loki"]
    assert (PACKAGING / "fluent-bit" / parts[0][1]["Parsers_File"]).exists()
    keys = [key for kind, values in parts for key in re.findall(r"\$(\w+)", values.get("Label_Keys", ""))]
    assert keys and set(keys) <= fields_of_the_log()
