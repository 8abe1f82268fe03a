"""Starting: something is seen at once, nothing jumps, and the page is never left empty."""

import re

import pytest
from playwright.sync_api import expect

SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) shifted += entry.value; }))
        .observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width, height", [(390, 844), (1280, 900)])
def test_the_first_page_does_not_jump_while_it_loads(visit, width, height):
    visitor = visit(width=width, height=height)
    visitor.page.add_init_script(SHIFTS)
    visitor.open()
    visitor.page.wait_for_load_state("networkidle")
    expect(visitor.page.locator(".card:not(.skeleton)").first).to_be_visible()
    assert visitor.page.evaluate("shifted") < 0.1


def test_a_skeleton_is_there_before_any_script(visit, shop):
    visitor = visit(java_script_enabled=False)
    visitor.page.goto(shop.url)
    expect(visitor.page.locator(".skeleton").first).to_be_visible()
    expect(visitor.page.locator(".brand")).to_contain_text("Sijang")


def test_every_module_of_the_first_page_is_preloaded(visit, shop):
    visitor = visit()
    # Other pages are fetched when there is time: here there is none.
    visitor.page.add_init_script("window.requestIdleCallback = () => {}")
    loaded = set()
    visitor.page.on("request", lambda request: loaded.add(request.url) if request.resource_type == "script" else None)
    visitor.open()
    visitor.page.wait_for_load_state("networkidle")
    preloaded = set(visitor.page.locator("link[rel=modulepreload]").evaluate_all("(links) => links.map((link) => link.href)"))
    chosen_later = {f"{shop.url}/app/texts.en.js"}
    assert preloaded | {f"{shop.url}/app/boot.js"} == loaded - chosen_later
    assert not any(name in url for url in loaded for name in ("texts.ko", "flash", "operations", "chart"))


@pytest.mark.parametrize("missing", ["config.json", "app/main.js", "app/texts.en.js"])
def test_a_shop_that_cannot_start_says_so_and_offers_to_try_again(visit, shop, missing):
    visitor = visit()
    visitor.page.route(f"**/{missing}", lambda route: route.fulfill(status=404))
    visitor.page.goto(shop.url)
    expect(visitor.page.get_by_role("alert")).to_contain_text("The shop could not be opened.")
    visitor.page.unroute(f"**/{missing}")
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.page.locator(".card:not(.skeleton)").first).to_be_visible()
    visitor.forgive(f"status of 404|{re.escape(missing)}")


SPOILT = "for (const key of ['sijang.basket', 'sijang.language']) localStorage.setItem(key, '{');"
ODD = """localStorage.setItem('sijang.basket', '{"lines": [null, {"quantity": "many"}]}');
         sessionStorage.setItem('sijang.token', '"no.token"'); sessionStorage.setItem('sijang.owner', '7');"""
BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });"""


@pytest.mark.parametrize("storage", [SPOILT, ODD, BLOCKED], ids=["spoilt", "odd", "blocked"])
def test_storage_that_is_spoilt_or_blocked_does_not_stop_the_shop(visit, shop, storage):
    visitor = visit()
    visitor.page.add_init_script(storage)
    visitor.open()
    visitor.put_in_basket(shop.product()).go("basket")
    expect(visitor.page.locator(".basket-line")).to_have_count(1)


def test_an_unchanged_file_is_not_sent_again(visit, shop):
    headers = shop.headers("/app/main.js")
    request = visit().page.request
    assert request.get(f"{shop.url}/app/main.js", headers={"if-none-match": headers["etag"]}).status == 304
    assert request.get(f"{shop.url}/app/main.js", headers={"if-none-match": '"another"'}).status == 200
