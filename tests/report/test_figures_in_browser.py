"""The large figures in a real browser: no word lies on a point or on another word, however many runs there are."""

import pytest
from chromium import chromium, opened
from nights_at_places import SEARCH, night_at
from sample_histories import made_history

from agent.core.text import Text
from agent.report.material import Material
from agent.report.morning import LatestSearch
from agent.report.render import Pages
from agent.report.site import ASSETS, asset
from agent.report.talks import Talks
from agent.science.history import History
from agent.store.workspace import Workspace

# The boxes of all words and points that are seen, of one figure. Points are circles, places of a path of marks, bars.
BOXES = """svg => {
  const box = (r) => [r.left, r.top, r.right, r.bottom];
  const seen = (each) => each.checkVisibility() && each.getBoundingClientRect().width > 0;
  const words = [...svg.querySelectorAll('text')].filter(seen).map((text) => {
    const b = text.getBBox(), m = text.getScreenCTM();
    const [x, y] = [b.x * m.a + m.e, b.y * m.d + m.f + b.height * m.d * 0.15]; // the letters, and not their line
    const r = new DOMRect(x, y, b.width * m.a, b.height * m.d * 0.7);
    return { name: text.textContent, box: box(r), kind: text.getAttribute('class') };
  });
  const points = [...svg.querySelectorAll('circle')].map((circle) => box(circle.getBoundingClientRect()));
  for (const bars of svg.querySelectorAll('path.bar')) {
    const m = bars.getScreenCTM();
    for (const [, x, y, w, h] of bars.getAttribute('d').matchAll(/M([\\d.]+) ([\\d.]+)h([\\d.]+)v([\\d.]+)/g)) {
      points.push([+x * m.a + m.e, +y * m.d + m.f, (+x + +w) * m.a + m.e, (+y + +h) * m.d + m.f]);
    }
  }
  for (const path of svg.querySelectorAll('.dots, .crosses, a.failed path')) {
    const m = path.getScreenCTM(), cross = !path.classList.contains('dots');
    for (const [, x, y] of path.getAttribute('d').matchAll(/M([\\d.]+) ([\\d.]+)/g)) {
      const [px, py] = [(+x + (cross ? 4 : 0)) * m.a + m.e, (+y + (cross ? 4 : 0)) * m.d + m.f];
      points.push([px - 3, py - 3, px + 3, py + 3]);
    }
  }
  return { words, points };
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def meet(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def collisions(found):
    words = found["words"]
    on_points = [(word["name"], point) for word in words for point in found["points"] if meet(word["box"], point)]
    on_words = [
        (one["name"], other["name"])
        for place, one in enumerate(words)
        for other in words[place + 1 :]
        if meet(one["box"], other["box"])
    ]
    return on_points + on_words


@pytest.mark.slow
@pytest.mark.parametrize("count", [60, 300, 2000])
def test_no_word_lies_on_a_point_or_a_word_and_the_best_is_named(browser, tmp_path, count):
    history = History(made_history(count), {})
    home = Workspace(tmp_path)
    material = Material(home, history, LatestSearch(None, None, Text("x", "停")), {}, (), Talks(home))
    pages = Pages()
    (tmp_path / "assets").mkdir()
    for name in ASSETS:
        (tmp_path / "assets" / name).write_text(asset(name))
    for name, render in (("index", pages.morning), ("lineage", pages.lineage)):
        (tmp_path / f"{name}.html").write_text(render(material))
    for name, figure in (("index", "figure.progress"), ("lineage", "figure.lineage")):
        for language in ("en", "zh-Hans"):
            with opened(browser, (tmp_path / f"{name}.html").as_uri(), language) as page:
                for width in (1440, 1024, 390):
                    page.set_viewport_size({"width": width, "height": 900})
                    found = page.locator(f"{figure} svg:visible").first.evaluate(BOXES)
                    assert len(found["points"]) >= len(history.scored)
                    assert sum("top" in word["kind"].split() for word in found["words"]) == 1
                    assert (name, language, width, collisions(found)) == (name, language, width, [])


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 4, 64])
def test_every_place_has_a_lane_and_no_word_lies_on_a_bar_or_a_word(browser, tmp_path, count, monkeypatch):
    night = night_at(count)
    monkeypatch.setattr(Material, "lanes", property(lambda self: night))
    home = Workspace(tmp_path)
    material = Material(home, History(made_history(12), {}), SEARCH, {}, (), Talks(home))
    (tmp_path / "assets").mkdir()
    for name in ASSETS:
        (tmp_path / "assets" / name).write_text(asset(name))
    (tmp_path / "index.html").write_text(Pages().morning(material))
    for language in ("en", "zh-Hans"):
        for width in (1440, 390):
            window = {"width": width, "height": 900}
            with opened(browser, (tmp_path / "index.html").as_uri(), language, viewport=window) as page:
                found = page.locator("figure[data-name=hours] svg:visible").first.evaluate(BOXES)
                wide = page.evaluate("document.documentElement.scrollWidth")
                keys = page.locator("figure[data-name=hours] .key").count()
                shares = page.locator("details.places tbody tr").count()
            assert collisions(found) == []
            assert wide <= width
            assert (keys, shares) == (3, count)  # training, confirming, stopped
            bars = {round(top) for _, top, _, _ in found["points"]}
            assert len(bars) == count + 3  # and proposing, checking, idle
