"""The report page and its data, without a framework."""

import json
from html.parser import HTMLParser

import pytest

from pytest_gradferry.html.charts import Line, log_bar, steps_chart
from pytest_gradferry.html.elements import document, element
from pytest_gradferry.parity.report import (
    Curves,
    Finding,
    LayerDifference,
    MappedWeight,
    ParityReport,
    Rung,
)
from pytest_gradferry.session_report import DATA, PAGE, write
from pytest_gradferry.smoke.report import Finding as SmokeFinding
from pytest_gradferry.smoke.report import SmokeReport, failed, follows, passed, skipped

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Checks that tags are closed, and keeps text and attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.attributes, self.tags = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)


def parity_report(error=4.9e-4):
    return ParityReport(
        "Net (torch)",
        "Functional (keras)",
        rungs=[
            Rung("structure", "pass", detail="1 layers"),
            Rung("forward-eval", "FAIL", error, 1e-7, "worst\nof two"),
            Rung("loss", "skipped", detail="forward-eval failed"),
            Rung("curve", "skipped", detail="forward-eval failed"),
        ],
        divergence="bn <first>",
        findings=[
            Finding("epsilon is 0.001", "epsilon=1e-05", "set it", error, 4e-16, "", "XFR420")
        ],
        notes=["a note"],
        layers=[LayerDifference("bn (BatchNorm2d)", "norm", error)],
        mapping=[MappedWeight("conv.weight", (4, 3, 3, 3), "conv.kernel", (3, 3, 3, 4))],
        curves=Curves([2.0, 1.5, float("inf")], [2.0, 1.25, float("nan")]),
    )


def smoke_report():
    return SmokeReport(
        "Net (torch)",
        0,
        {
            "finite": passed(),
            "learns": follows("fresh-gradients"),
            "fresh-gradients": failed(
                SmokeFinding("it adds up", "no zero_grad", "call it", "XFR202")
            ),
            "modes": skipped("no dropout"),
        },
        [1.0, 0.5],
    )


def results(*reports):
    return [{"test": f"test_it[<{i}&>]", **r.to_dict()} for i, r in enumerate(reports)]


@pytest.mark.parametrize("error", [4.9e-4, float("inf"), float("nan")])
def test_page_and_data(tmp_path, error):
    folder = tmp_path / "new" / "folder"
    page = write(folder, results(parity_report(error), smoke_report()))
    assert page == folder / PAGE
    reader = Reader(page.read_text("utf-8"))
    assert not [v for k, v in reader.attributes if k in ("src", "href") and not v.startswith("#")]
    assert "url(" not in page.read_text("utf-8")
    for text in (
        "2 results, 2 failed",
        "test_it[<0&>]",
        "bn <first>",
        "cause: epsilon is 0.001",
        "with epsilon=1e-05 the difference drops from",
        "rule: XFR420 batch-norm-momentum",
        "loss, curve: forward-eval failed",
        "worst\nof two",
        "note: a note",
        "conv.kernel",
        "(3, 3, 3, 4)",
        "fresh-gradients: it adds up",
        "rule: XFR202 missing-zero-grad",
        "follows from fresh-gradients",
        "no dropout",
    ):
        assert text in reader.text, text
    data = json.loads((folder / DATA).read_text("utf-8"))
    first, second = data["results"]
    assert first["kind"] == "parity"
    assert first["failed_rung"] == "forward-eval"
    assert first["curves"]["reference"] == [2.0, 1.5, "inf"]
    assert float(first["rungs"][1]["error"]) == pytest.approx(error, nan_ok=True)
    assert (
        second["outcomes"]["fresh-gradients"]["findings"][0]["code"] == "XFR202 missing-zero-grad"
    )


def test_a_failed_result_is_open_and_a_passed_one_is_closed(tmp_path):
    right = parity_report()
    right.rungs = right.rungs[:1]
    text = write(tmp_path, results(right, parity_report())).read_text("utf-8")
    assert text.count('<details open="open">') == 1
    assert "2 results, 1 failed" in Reader(text).text


def test_a_chart_draws_every_finite_step_and_leaves_gaps():
    nan = float("nan")
    figure = steps_chart("Loss", [Line("a", [3.0, nan, 1.0, 2.0], "one")])
    lines = list(figure.iter("polyline"))
    assert [len(line.get("points").split()) for line in lines] == [1, 2]
    assert len(list(figure.iter("circle"))) == 3
    heights = [float(c.get("cy")) for c in figure.iter("circle")]
    assert heights[0] < heights[2] < heights[1]


def test_a_logarithmic_chart_has_powers_of_ten_and_room_for_zero():
    figure = steps_chart("d", [Line("a", [0.0, 1e-16, 1e-3], "one")], logarithmic=True)
    assert {"1e-17", "1e-5"} <= {e.text for e in figure.iter("text")}


@pytest.mark.parametrize("values", [[], [float("nan")], [float("inf")] * 2])
def test_nothing_to_draw(values):
    assert steps_chart("Loss", [Line("a", values, "one")]) is None


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0], [0.0, 0.0]])
def test_a_flat_or_single_value_is_drawn(values):
    for logarithmic in (False, True):
        figure = steps_chart("Loss", [Line("a", values, "one")], logarithmic)
        assert len(list(figure.iter("circle"))) == len(values)


@pytest.mark.parametrize(
    ("value", "width", "wrong"),
    [(0.0, "0.0", False), (1e-17, "0.0", False), (1.0, "100.0", True), (1e-6, "64.7", True),
     (float("nan"), "100.0", False), (float("inf"), "100.0", True), (1e-8, "52.9", False)],
)  # fmt: skip
def test_bars_are_logarithmic(value, width, wrong):
    bar, bound = log_bar(value, 1e-7)
    assert bar.get("style") == f"width:{width}%"
    assert ("wrong" in bar.get("class")) is wrong
    assert bound.get("style") == "left:58.8%"


def test_elements_escape():
    text = document(element("p", "a < b", element("b", "&"), " & c", class_="x", data_y=1.5))
    assert text == ('<!doctype html>\n<p class="x" data-y="1.5">a &lt; b<b>&amp;</b> &amp; c</p>\n')
