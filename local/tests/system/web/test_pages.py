"""Every page: for everybody, on every screen, in both languages."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

def test_the_pages_speak_korean_and_english(visit, shop):
    visitor = visit(locale="ko-KR").open()
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("h1")).to_have_text("오늘도 장이 섰습니다")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Fresh from the market")
    page.reload()
    expect(page.locator("h1")).to_have_text("Fresh from the market")


@pytest.mark.parametrize("locale, told", [("ko-KR", "잔액이 부족합니다."), ("en-US", "The balance does not cover the price.")])
def test_the_shop_rejects_in_the_language_of_the_page(visit, shop, locale, told):
    visitor = visit(locale=locale).open().sign_in()
    visitor.show_balance(5_000)
    visitor.put_in_basket(shop.product()).go("basket")
    visitor.order_button.click()
    expect(visitor.problem("insufficient-balance")).to_contain_text(told)


def test_both_languages_have_the_same_texts(visit):
    visitor = visit().open()
    missing = visitor.page.evaluate("""async () => {
        const [{ texts: ko }, { texts: en }] = await Promise.all([import("/app/texts.ko.js"), import("/app/texts.en.js")]);
        const values = (text) => [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort().join();
        const keys = new Set([...Object.keys(ko), ...Object.keys(en)]);
        return [...keys].filter((key) => !(key in ko) || !(key in en) || values(ko[key]) !== values(en[key]));
    }""")
    assert missing == []


def test_the_catalogue_is_read_page_by_page(visit):
    visitor = visit().open()
    cards = visitor.page.locator(".card:not(.skeleton)")
    more = visitor.page.get_by_role("button", name="Show more")
    expect(more).to_be_enabled()
    first = cards.count()
    assert 5 < first <= 36
    more.click()
    expect(cards.nth(first + 20)).to_be_visible()
    names = cards.locator(".card-name").all_text_contents()
    assert len(set(names)) == len(names)


def test_back_returns_to_the_place_in_the_list(visit):
    visitor = visit().open()
    page = visitor.page
    page.get_by_role("button", name="Show more").click()
    card = page.locator(".card").nth(30)
    card.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 1_000
    card.locator("a").click()
    expect(page.locator(".product")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator(".card").nth(30)).to_be_visible()
    page.wait_for_function("(y) => Math.abs(scrollY - y) < 5", arg=before)


def test_the_link_back_to_the_list_keeps_its_search_and_its_place(visit):
    page = visit(height=400).open("search/q=tea").page
    name = page.locator(".card:not(.skeleton) .card-name").nth(3)
    name.hover()
    before = page.evaluate("scrollY")
    assert before > 100
    name.click()
    page.get_by_role("link", name="← Market").click()
    expect(page.locator("#search")).to_have_value("tea")
    page.wait_for_function("(y) => Math.abs(scrollY - y) < 5", arg=before)


def test_the_link_back_of_a_page_opened_by_its_address_leads_to_the_list(visit, shop):
    visitor = visit().open(f"product/{shop.product()['product_id']}")
    visitor.page.get_by_role("link", name="← Market").click()
    expect(visitor.page.locator("#search")).to_be_visible()


@pytest.mark.parametrize("locale, told", [("ko-KR", "12월 28일"), ("en-US", "December 28")])
def test_the_last_day_is_named_and_not_the_midnight_after_it(visit, locale, told):
    page = visit(locale=locale).open().page
    page.clock.set_fixed_time("2026-11-28T00:00:00Z")
    until = "async (text) => (await import('/app/format.js')).until(text)"
    assert page.evaluate(until, "2026-12-28T15:00:00Z") == told
    assert page.evaluate(until, "2026-12-28T14:59:00Z") == told
    assert page.evaluate(until, "2026-12-28T06:30:00Z").startswith(told) and page.evaluate(until, "2026-12-28T06:30:00Z") != told
    assert "2027" in page.evaluate(until, "2027-12-28T15:00:00Z")


def test_every_test_that_the_readme_names_exists():
    tests = Path(__file__).parent
    readme = (tests.parents[2] / "portal" / "web" / "README.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", readme))
    written = set(re.findall(r"def (test_\w+)", "".join(file.read_text() for file in tests.glob("test_*.py"))))
    assert len(named) > 20 and named <= written, named - written


def test_the_page_of_the_api_leads_back_and_loads_nothing_foreign(visit, shop):
    visitor = visit()
    addresses = []
    visitor.page.on("request", lambda request: addresses.append(request.url))
    visitor.page.goto(f"{shop.url}/docs")
    visitor.page.wait_for_load_state("networkidle")
    expect(visitor.page.locator("header")).to_contain_text("시장 Sijang")
    assert [address for address in addresses if not address.startswith((shop.url, "blob:", "data:"))] == []
    visitor.page.get_by_role("link", name="Back to the shop").click()
    expect(visitor.page.locator("h1")).to_have_text("Fresh from the market")
