"""Everybody can use every page: what axe-core finds, small screens, and a purchase by the keyboard alone."""

import pytest
from playwright.sync_api import expect

PAGES = ["", "search/q=tea", "search/q=none", "product", "coupons", "basket", "orders", "order", "wallet", "wallet/5000"]
STAFF_PAGES = ["flash", "operations"]


def furnished(visit, shop, **options):
    """A visitor who has something on every page, and the addresses of the pages."""
    visitor = visit(reduced_motion="reduce", **options).open().sign_in()
    shop.deposit(visitor.name, 2_000)
    token = shop.token(visitor.name)
    campaign = max(shop.call("GET", "/v1/coupons")["data"], key=lambda campaign: campaign["remaining"])
    shop.call("POST", f"/v1/coupons/{campaign['coupon_id']}/issues", token=token)
    product = shop.call("GET", "/v1/products?q=tea&sort=price")["data"][0]
    line = {"product_id": shop.product()["product_id"], "quantity": 1}
    order = shop.call("POST", "/v1/orders", {"lines": [line]}, token)
    visitor.open(f"product/{product['product_id']}")
    visitor.page.locator(".product .button.primary").click()
    known = {"product": f"product/{product['product_id']}", "order": f"order/{order['order_id']}"}
    return visitor, [known.get(name, name) for name in PAGES]


def read(visitor, address):
    """Opens a page, and waits until everything on it is read."""
    visitor.page.evaluate("(hash) => { location.hash = hash }", f"#/{address}")
    visitor.page.wait_for_load_state("networkidle")
    expect(visitor.page.locator("h1")).to_be_visible()
    expect(visitor.page.locator(".skeleton, .waiting, section[aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_on_a_phone_nothing_has_to_be_moved_sideways(visit, shop, locale):
    visitor, addresses = furnished(visit, shop, locale=locale, width=320, height=640)
    for address in [*addresses, *STAFF_PAGES]:
        read(visitor, address)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320, address


SCREENS = [(scheme, width) for scheme in ("light", "dark") for width in (320, 768, 1280)]


@pytest.mark.parametrize("scheme, width", SCREENS)
def test_axe_finds_no_barriers_for_a_customer(visit, shop, scheme, width):
    visitor, addresses = furnished(visit, shop, color_scheme=scheme, width=width)
    page = visitor.page
    for address in addresses:
        read(visitor, address)
        visitor.look_for_barriers(address)
    read(visitor, "wallet")
    page.get_by_role("button", name="Top up").click()
    expect(page.locator("#amount-error")).to_be_visible()
    visitor.look_for_barriers("a rejected deposit")
    read(visitor, "coupons")
    page.get_by_role("button", name="Collect the coupon").first.click()
    expect(page.get_by_role("status").filter(has_text="Collected.")).to_be_visible()
    visitor.look_for_barriers("a collected coupon")
    visitor.show_balance(500_000)
    read(visitor, "basket")
    visitor.order_button.click()
    expect(visitor.problem("insufficient-balance")).to_be_visible()
    visitor.look_for_barriers("a rejected order")
    read(visitor, addresses[PAGES.index("order")])
    page.get_by_role("button", name="Cancel order").click()
    visitor.look_for_barriers("a cancellation")
    visitor.context.set_offline(True)
    expect(page.locator("[data-offline]")).to_be_visible()
    visitor.look_for_barriers("offline")


@pytest.mark.parametrize("scheme, width", SCREENS)
def test_axe_finds_no_barriers_for_a_guest(visit, shop, scheme, width):
    visitor = visit(color_scheme=scheme, width=width, reduced_motion="reduce").open()
    for address in ["", "coupons", "basket", "orders", "wallet", *STAFF_PAGES]:
        read(visitor, address)
        visitor.look_for_barriers(address)
    visitor.page.locator("header .who").click()
    expect(visitor.page.locator(".accounts")).to_be_visible()
    visitor.look_for_barriers("sign in")


@pytest.mark.parametrize("scheme, width", SCREENS)
def test_axe_finds_no_barriers_for_staff(visit, shop, scheme, width):
    visitor = visit(color_scheme=scheme, width=width, reduced_motion="reduce").open("operations").sign_in_as_admin()
    for address in STAFF_PAGES:
        read(visitor, address)
        visitor.look_for_barriers(address)


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_barriers_on_the_page_of_the_api(visit, shop, width):
    visitor = visit(width=width)
    visitor.page.goto(f"{shop.url}/docs")
    expect(visitor.page.get_by_role("heading", name="Sijang (")).to_be_visible()
    visitor.look_for_barriers("docs")


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


def test_a_purchase_needs_nothing_but_the_keyboard(visit, shop):
    """From the front page over sign-in and deposit to the paid order and its cancellation: no mouse."""
    visitor = visit().open()
    page = visitor.page

    def press(target):
        """Goes to an element with Tab, sees that it has the focus, and presses Enter."""
        expect(target).to_be_visible()
        for _ in range(60):
            page.keyboard.press("Tab")
            if target.evaluate("(element) => element === document.activeElement"):
                assert target.evaluate("(element) => element.matches(':focus-visible')")
                return page.keyboard.press("Enter")
        raise AssertionError(f"Tab does not reach {target}")

    press(page.locator("#search"))
    page.keyboard.type("Brush pen black")
    expect(page.locator(".card")).to_have_count(1)
    press(page.locator(".card a"))
    expect(page.locator("h1")).to_have_text("Brush pen black")
    press(page.locator(".product .button.primary"))
    press(page.locator(".toast a"))
    expect(page.locator(".sums")).to_contain_text("₩3,500")
    press(page.locator(".pay").get_by_role("button", name="Sign in"))
    press(page.locator("input[name=name]"))
    page.keyboard.type(visitor.name)
    page.keyboard.press("Enter")
    press(page.locator(".pay").get_by_role("link", name="Top up ₩3,500"))
    expect(page.get_by_label("Amount in won")).to_have_value("3500")
    press(page.get_by_role("button", name="Top up"))
    press(page.get_by_role("link", name="Back to your order"))
    press(visitor.order_button)
    expect(page.get_by_role("status").filter(has_text="Thank you!")).to_be_visible()
    assert shop.balance(visitor.name) == 0
    press(page.get_by_role("button", name="Cancel order"))
    press(page.get_by_role("button", name="Yes, cancel it"))
    expect(page.locator(".order .tag")).to_have_text("Cancelled")
    assert shop.balance(visitor.name) == 3_500
