"""Starting: something is seen at once, nothing jumps, and the page is never left empty."""

import re

import pytest
from playwright.sync_api import expect

# Slow 3G: a reply comes 400 ms after its request at the earliest, and 400 kbit come in a second.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
# Until the first cards. Six requests at a time: each six more take another 400 ms.
MOST_REQUESTS = 18
MOST_BYTES = 42_000

WATCH = """
    window.shifted = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) shifted += entry.value; }))
        .observe({ type: "layout-shift", buffered: true });
    new MutationObserver((_, observer) => {
        if (!document.querySelector(".card:not(.skeleton)")) return;
        window.cardsAt = performance.now();
        observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize("width, height", [(360, 760), (1280, 900)])
def test_the_first_page_is_small_and_does_not_jump_on_slow_3g(visit, shop, capsys, width, height):
    """Prints how long it took, too: that depends on the machine, so nothing is asserted of it."""
    visitor = visit(locale="ko-KR", width=width, height=height)
    page = visitor.page
    page.add_init_script(WATCH)
    best = [{"rank": rank, "units_sold": 9, "product": shop.product()} for rank in range(1, 6)]
    page.route("**/v1/products/popular", lambda route: route.fulfill(json={"data": best}))
    loaded, begun = [], []
    network = visitor.context.new_cdp_session(page)
    network.on("Network.requestWillBeSent", lambda sent: begun.append(sent["wallTime"] - sent["timestamp"]))
    network.on("Network.loadingFinished", lambda reply: loaded.append(reply))
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    page.goto(shop.url)
    expect(page.locator(".popular li")).to_have_count(5)
    expect(page.locator("footer")).to_be_visible()
    page.wait_for_load_state("networkidle")
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    origin, first, cards, shifted = page.evaluate(f"[performance.timeOrigin, {painted}, cardsAt, shifted]")
    sizes = [reply["encodedDataLength"] for reply in loaded if (begun[0] + reply["timestamp"]) * 1000 <= origin + cards]
    requests, size = len(sizes), int(sum(sizes))
    with capsys.disabled():
        print(f"\nmeasured at {width} px on slow 3G: first contentful paint {first / 1000:.1f} s, first cards {cards / 1000:.1f} s"
              f" after {requests} requests and {size / 1000:.0f} kB, CLS {shifted:.3f}")
    assert shifted < 0.1
    assert 10 < requests <= MOST_REQUESTS
    assert size <= MOST_BYTES


def front_page_without_the_rest(visit, shop, **options):
    """The front page's first cards, and what lets the rest of the application load."""
    page = visit(**options).page
    held = []
    page.route("**/app/main.js", lambda route: held.append(route))
    page.goto(shop.url)
    expect(page.locator(".card:not(.skeleton)").first).to_be_visible()

    def let_go():
        assert page.locator("footer").count() == 0
        held[0].continue_()
        expect(page.locator("footer")).to_be_visible()

    return page, let_go


def test_the_first_cards_can_be_used_before_the_rest_is_there(visit, shop):
    page, let_go = front_page_without_the_rest(visit, shop)
    page.get_by_role("button", name="Add to basket").first.click()
    page.locator("#search").fill("strawberries")
    expect(page.locator("section[aria-busy=false] #found")).to_have_text("3 found")
    card = page.locator(".card").element_handle()
    let_go()
    expect(page.locator(".badge")).to_contain_text("1")
    expect(page.locator("#search")).to_have_value("strawberries")
    expect(page.locator("#search")).to_be_focused()
    assert card.evaluate("(card) => card.isConnected"), "nothing is drawn anew"
    assert page.url.endswith("/#/search/q=strawberries")


def test_the_first_cards_stay_where_they_are_when_the_rest_comes(visit, shop):
    page, let_go = front_page_without_the_rest(visit, shop, width=360, height=760)
    page.evaluate("scrollTo(0, 700)")
    let_go()
    page.wait_for_load_state("networkidle")
    # To a pixel: heights are fractions.
    assert abs(page.evaluate("scrollY") - 700) <= 1


def test_a_product_chosen_before_the_rest_is_there_is_shown_by_it(visit, shop):
    page, let_go = front_page_without_the_rest(visit, shop, height=400)
    name = page.locator(".card-name").first
    family = name.text_content()
    page.evaluate("scrollTo(0, 300)")
    name.evaluate("(name) => name.click()")
    let_go()
    expect(page.locator("h1")).to_contain_text(family)
    page.wait_for_function("() => scrollY === 0")
    page.go_back()
    expect(page.locator(".card:not(.skeleton)").first).to_be_visible()


def test_the_front_page_asks_for_its_lists_once(visit):
    """The requests that are sent early are the ones that the page makes."""
    visitor = visit()
    asked = []
    visitor.page.on("request", lambda request: "/v1/products" in request.url and asked.append(request.url))
    visitor.open()
    expect(visitor.page.locator(".card:not(.skeleton)").first).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    assert len(asked) == 2 and len(set(asked)) == 2


def test_a_skeleton_is_there_before_any_script(visit, shop):
    visitor = visit(java_script_enabled=False)
    visitor.page.goto(shop.url)
    expect(visitor.page.locator(".skeleton").first).to_be_visible()
    expect(visitor.page.locator(".brand")).to_contain_text("Sijang")


def test_every_module_of_the_first_page_is_preloaded(visit, shop):
    visitor = visit(locale="ko-KR")
    # Other pages are fetched when there is time: here there is none.
    visitor.page.add_init_script("window.requestIdleCallback = () => {}")
    loaded = set()
    visitor.page.on("request", lambda request: loaded.add(request.url) if request.resource_type == "script" else None)
    visitor.open()
    visitor.page.wait_for_load_state("networkidle")
    preloaded = set(visitor.page.locator("link[rel=modulepreload]").evaluate_all("(links) => links.map((link) => link.href)"))
    # Korean is what most customers read.
    assert preloaded | {f"{shop.url}/app/boot.js", f"{shop.url}/app/early.js"} == loaded
    assert not any(name in url for url in loaded for name in ("flash", "operations", "chart"))


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


def test_files_and_public_lists_are_compressed_as_cloudfront_does_it(visit, shop):
    request = visit().page.request

    def encoding(path, **headers):
        return request.get(shop.url + path, headers={"accept-encoding": "gzip", **headers}).headers.get("content-encoding")

    assert encoding("/") == encoding("/app/pictures.js") == encoding("/v1/products?sort=name&limit=36") == "gzip"
    assert encoding("/v1/products?sort=name&limit=36", **{"accept-encoding": "identity"}) is None
    staff = {"authorization": f"Bearer {shop.admin}"}
    assert len(request.get(f"{shop.url}/v1/admin/coupons?state=OPEN", headers=staff).body()) > 1_000
    assert encoding("/v1/admin/coupons?state=OPEN", **staff) is None, "nobody may store it"
    assert encoding("/app/typing.js") is None, "smaller than 1,000 bytes"
