"""The alert rules and the dashboard in docs/monitoring: PromQL that names what scanmend has, and nothing else."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest
import yaml

from project import ROOT
from scanmend.metrics.catalogue import COUNTED, LOOKED_UP
from scanmend.metrics.events import RULES
from scanmend.metrics.exposition import render

ALERTS, DASHBOARD = (ROOT / "docs" / "monitoring" / name for name in ("alerts.yaml", "dashboard.json"))
PROMTOOL = shutil.which("promtool")
VARIABLES = {"$__rate_interval": "5m", "$instance": "a", "$folder": "b"}
"""What Grafana puts in place of the dashboard's variables."""
GIVEN = {"instance", "le"}
"""Labels that Prometheus adds: the machine, and the upper bound of a bucket."""

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not here (Debian: package prometheus)")


def alerts():
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return group["rules"]


def panels():
    return json.loads(DASHBOARD.read_text("utf-8"))["panels"]


def expressions():
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"]
            for variable, value in VARIABLES.items():
                text = text.replace(variable, value)
            yield panel["title"], text


def series():
    """Names of all series with their labels, of the kinds that ``render`` really tells."""
    text = render({m: {} for m in (*COUNTED, *LOOKED_UP)}).decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    labels = {m.name: set(m.labels) for m in (*COUNTED, *LOOKED_UP)}
    for name, kind in kinds.items():
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            yield f"{name}{suffix}", labels[name]


EXPRESSIONS = list(expressions())
SERIES = dict(series())


@pytest.mark.parametrize(("where", "text"), EXPRESSIONS)
def test_every_expression_is_promql(where, text):
    """By the parser of a Prometheus in Rust; promtool's own is used below, where it is here."""
    promql_parser.parse(text)


def test_what_is_not_promql_is_found():
    """The check above can fail."""
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("sum(scanmend_running")


@pytest.mark.parametrize(("where", "text"), EXPRESSIONS)
def test_every_metric_is_one_that_scanmend_has(where, text):
    """One that was renamed would leave a panel empty, and an alert silent for ever."""
    named = re.findall(r"\bscanmend_\w+", text)
    assert named
    assert set(named) <= SERIES.keys()


@pytest.mark.parametrize(("where", "text"), EXPRESSIONS)
def test_every_label_is_one_of_the_metrics_named(where, text):
    """In selectors, in what a sum is by, and in what a comparison ignores."""
    has = set().union(*(SERIES[name] for name in re.findall(r"\bscanmend_\w+", text))) | GIVEN
    asked = re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", text)
    grouped = re.findall(r"\b(?:by|ignoring|on|without)\s*\(([^)]*)\)", text)
    assert {*asked, *(label.strip() for labels in grouped for label in labels.split(","))} <= has


@pytest.mark.parametrize(("where", "text"), EXPRESSIONS)
def test_every_word_asked_for_is_one_that_is_counted(where, text):
    """An outcome or kind that no event has would never be found."""
    words = {source[1:] for rules in RULES.values() for rule in rules for source in rule.labels.values()}
    for label, value in re.findall(r"(\w+)=~?\"([^\"]*)\"", text):
        assert label in ("instance", "folder") or set(value.split("|")) <= words


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_alerts_say_what_is_wrong_and_what_to_do(rule):
    """With labels that their expression leaves."""
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    assert rule["annotations"].keys() == {"summary", "description"}
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert "by" not in rule["expr"] or re.search(rf"\bby \([^)]*\b{label}\b", rule["expr"]), label


def test_panels_do_not_overlap_and_have_ids_of_their_own():
    """As Grafana would silently move them."""
    cells = []
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        cells += itertools.product(across, down)
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_dashboard_belongs_to_no_one_data_source():
    """Whoever imports it chooses one."""
    assert {target["datasource"]["uid"] for panel in panels() for target in panel["targets"]} == {"${source}"}
    assert json.loads(DASHBOARD.read_text("utf-8"))["templating"]["list"][0]["type"] == "datasource"


@needs_promtool
def test_promtool_takes_rules_and_metrics():
    """The rules, their behaviour over time, and the metrics themselves."""
    for arguments in (["check", "rules", ALERTS], ["test", "rules", Path(__file__).with_name("alerts_over_time.yaml")]):
        done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    told = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=render({m: {} for m in COUNTED}), capture_output=True, check=False
    )
    assert told.returncode == 0, told.stderr.decode()
