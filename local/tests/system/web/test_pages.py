"""Every page: for everybody, on every screen, in both languages."""

import pytest
from playwright.sync_api import expect

PAGES = ["", "coupons", "basket", "orders", "wallet", "flash", "operations"]


def furnished(visit, shop, **options):
    """A visitor who has something on every page."""
    visitor = visit(**options).open().sign_in()
    shop.deposit(visitor.name, 500_000)
    token = shop.token(visitor.name)
    campaign = max(shop.call("GET", "/v1/coupons")["data"], key=lambda campaign: campaign["remaining"])
    shop.call("POST", f"/v1/coupons/{campaign['coupon_id']}/issues", token=token)
    product = shop.product()
    shop.call("POST", "/v1/orders", {"lines": [{"product_id": product["product_id"], "quantity": 1}]}, token)
    return visitor.put_in_basket(product)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_on_a_phone_nothing_has_to_be_moved_sideways(visit, shop, locale):
    visitor = furnished(visit, shop, locale=locale, width=320, height=640)
    for name in PAGES:
        visitor.go(name)
        visitor.page.wait_for_load_state("networkidle")
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barriers(visit, shop, scheme):
    visitor = furnished(visit, shop, color_scheme=scheme, reduced_motion="reduce")
    product = visitor.page.url
    for name in [None, *PAGES]:
        visitor.page.goto(product) if name is None else visitor.go(name)
        visitor.page.wait_for_load_state("networkidle")
        visitor.look_for_barriers(name or "market or product")
    # Those of a rejection, too.
    visitor.go("wallet")
    visitor.page.get_by_role("button", name="Pay in").click()
    expect(visitor.page.locator("#amount-error")).to_be_visible()
    visitor.look_for_barriers("a rejected deposit")


def test_axe_finds_no_barriers_on_the_sign_in_page(visit):
    visitor = visit().open()
    visitor.page.locator("header .who").click()
    expect(visitor.page.locator(".accounts")).to_be_visible()
    visitor.look_for_barriers("sign in")


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
def test_the_shop_refuses_in_the_language_of_the_page(visit, shop, locale, told):
    visitor = visit(locale=locale).open().sign_in().put_in_basket(shop.product()).go("basket")
    visitor.order_button.click()
    expect(visitor.problem("insufficient-balance")).to_contain_text(told)


def test_both_languages_have_the_same_texts(visit):
    visitor = visit().open()
    missing = visitor.page.evaluate("""async () => {
        const [{ ko }, { en }] = await Promise.all([import("/app/texts.ko.js"), import("/app/texts.en.js")]);
        const values = (text) => [...text.matchAll(/\\{\\w+\\}/g)].map(String).sort().join();
        const keys = new Set([...Object.keys(ko), ...Object.keys(en)]);
        return [...keys].filter((key) => !(key in ko) || !(key in en) || values(ko[key]) !== values(en[key]));
    }""")
    assert missing == []


def test_the_keyboard_is_enough(visit, shop):
    visitor = visit().open()
    page = visitor.page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    page.locator('nav a[href="#/coupons"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Coupons")
    expect(page.locator("h1")).to_be_focused()
    outline = page.evaluate("(document.querySelector('.button').focus({ focusVisible: true }), getComputedStyle(document.querySelector('.button')).outlineStyle)")
    assert outline == "solid"


def test_the_catalogue_is_read_page_by_page(visit):
    visitor = visit().open()
    cards = visitor.page.locator(".card")
    expect(cards).to_have_count(24)
    visitor.page.get_by_role("button", name="Show more").click()
    expect(cards).to_have_count(48)
    names = visitor.page.locator(".card .card-name").all_text_contents()
    assert len(set(names)) == 48
