"""The basket: one for all tabs, one for each customer, and of goods that are still there."""

from playwright.sync_api import expect

from shop import won


def badge(visitor):
    return visitor.page.locator('nav a[href="#/basket"] .badge')


def test_goods_of_two_tabs_are_in_one_basket(visit, shop):
    here = visit().open()
    there = here.another_tab()
    here.put_in_basket(shop.product())
    expect(badge(there)).to_contain_text("1")
    there.put_in_basket(shop.product())
    for visitor in (here, there):
        visitor.go("basket")
        expect(visitor.page.locator(".basket-line")).to_have_count(2)


def test_a_basket_ordered_in_two_tabs_is_one_order_under_one_key(visit, shop):
    product = shop.product(price=1_000)
    here = visit().open().sign_in()
    shop.deposit(here.name, 5_000)
    here.put_in_basket(product)
    there = here.another_tab()
    there.sign_in(here.name)
    keys, held = [], []

    def hold(route):
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
            held.append(route)
        else:
            route.continue_()

    here.context.route("**/v1/orders", hold)
    for visitor in (here, there):
        visitor.go("basket")
        with visitor.page.expect_request("**/v1/orders"):
            visitor.order_button.click()
    for route in held:
        route.continue_()
    for visitor in (here, there):
        expect(visitor.page.locator(".order")).to_have_count(1)
    assert len(keys) == 2 and len(set(keys)) == 1
    assert (len(shop.orders(here.name)), shop.balance(here.name)) == (1, 4_000)


def test_a_basket_ordered_in_one_tab_is_empty_in_the_other(visit, shop):
    here = visit().open().sign_in()
    shop.deposit(here.name, 5_000)
    here.put_in_basket(shop.product(price=1_000))
    there = here.another_tab().sign_in(here.name).go("basket")
    expect(there.page.locator(".basket-line")).to_have_count(1)
    here.go("basket").order_button.click()
    expect(here.page.locator(".order")).to_have_count(1)
    expect(there.page.locator(".basket-line")).to_have_count(0)


def test_a_basket_that_another_tab_changed_unseen_is_not_ordered(visit, shop):
    product = shop.product(price=1_000)
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, 5_000)
    visitor.put_in_basket(product).go("basket")
    # A tab does not hear of its own changes: so it is with a change whose event has not come yet.
    visitor.page.evaluate("""() => {
        const place = Object.keys(localStorage).find((key) => key.startsWith("sijang.basket."));
        const basket = JSON.parse(localStorage.getItem(place));
        basket.lines[0].quantity = 3;
        localStorage.setItem(place, JSON.stringify({ ...basket, key: "another" }));
    }""")
    visitor.order_button.click()
    expect(visitor.problem("basket-changed")).to_be_visible()
    expect(visitor.order_button).to_have_text("Pay ₩3,000")
    assert shop.orders(visitor.name) == []


def test_another_customer_finds_neither_basket_nor_coupon_of_the_last(visit, shop):
    first = visit().open().sign_in()
    shop.deposit(first.name, 5_000)
    campaign = max(shop.call("GET", "/v1/coupons")["data"], key=lambda campaign: campaign["remaining"])
    shop.call("POST", f"/v1/coupons/{campaign['coupon_id']}/issues", token=shop.token(first.name))
    first.put_in_basket(shop.product(price=60_000)).go("basket")
    first.page.get_by_label("Coupon").select_option(campaign["coupon_id"])
    first.page.get_by_role("button", name="Sign out").click()
    expect(first.page.locator(".basket-line")).to_have_count(0)

    name = first.name
    first.sign_in(f"{name}-2").go("basket")
    expect(first.page.locator(".basket-line")).to_have_count(0)
    assert campaign["coupon_id"] not in first.page.locator("main").inner_html()

    # She finds her own again.
    first.page.get_by_role("button", name="Sign out").click()
    first.sign_in(name).go("basket")
    expect(first.page.locator(".basket-line")).to_have_count(1)
    expect(first.page.get_by_label("Coupon")).to_have_value(campaign["coupon_id"])


def test_goods_put_in_before_signing_in_become_the_customers(visit, shop):
    visitor = visit().open().put_in_basket(shop.product())
    visitor.sign_in().go("basket")
    expect(visitor.page.locator(".basket-line")).to_have_count(1)
    assert visitor.page.evaluate("localStorage.getItem('sijang.basket')") is None


def test_goods_that_are_gone_are_said_to_be_gone(visit, shop):
    product = shop.product()
    visitor = visit().open().put_in_basket(product)
    visitor.page.evaluate("""() => {
        const basket = JSON.parse(localStorage.getItem("sijang.basket"));
        basket.lines[0].product_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        localStorage.setItem("sijang.basket", JSON.stringify(basket));
    }""")
    visitor.page.goto(f"{shop.url}/#/basket")
    visitor.page.reload()
    expect(visitor.page.locator(".basket-line")).to_contain_text(product["name"])
    expect(visitor.page.locator(".basket-line")).to_contain_text("No longer available")
    visitor.page.get_by_role("button", name="Remove them").click()
    expect(visitor.page.locator(".basket-line")).to_have_count(0)
    visitor.forgive("status of 404")


def test_what_is_added_is_told_to_readers_of_the_screen_too(visit, shop):
    product = shop.product()
    visitor = visit().open().put_in_basket(product)
    told = visitor.page.get_by_role("status").filter(has_text=f"Added: {product['name']}. 1 in your basket.")
    expect(told).to_be_visible()
    told.get_by_role("link", name="View basket").click()
    expect(visitor.page.locator(".basket-line")).to_have_count(1)


def test_the_note_of_what_was_added_does_not_cover_the_button_on_a_phone(visit, shop):
    visitor = visit(width=360, height=640).open()
    visitor.put_in_basket(shop.product(), units=3)
    expect(visitor.page.locator(".toast")).to_contain_text("3 in your basket.")
    button, note = (visitor.page.locator(place).bounding_box() for place in (".product .button.primary", ".toast"))
    assert note["y"] + note["height"] <= button["y"]


def test_the_sum_and_the_button_stay_in_view_on_a_phone(visit, shop):
    visitor = visit(width=390, height=700).open().sign_in()
    shop.deposit(visitor.name, 9_000)
    for _ in range(6):
        visitor.put_in_basket(shop.product(price=1_000))
    visitor.go("basket")
    expect(visitor.order_button).to_have_text("Pay ₩6,000")
    for y in (0, 200):
        visitor.page.evaluate("(y) => scrollTo(0, y)", y)
        expect(visitor.order_button).to_be_in_viewport(ratio=1)
        expect(visitor.page.locator(".pay strong")).to_be_in_viewport(ratio=1)
        above = visitor.page.locator("nav.pages").bounding_box()["y"]
        box = visitor.order_button.bounding_box()
        assert box["y"] + box["height"] <= above, "the navigation covers it"


def test_a_discount_is_what_the_shop_takes_off(visit, shop):
    """The page's estimate and the shop's arithmetic, over the same table of coupons and prices."""
    visitor = visit().open()
    discounts = [
        {"type": "PERCENT", "percent": 7}, {"type": "PERCENT", "percent": 33, "max_amount": won(500)},
        {"type": "PERCENT", "percent": 100}, {"type": "FIXED", "amount": won(3_000)},
    ]
    prices = (1, 99, 1_515, 1_516, 3_001)
    customers = {price: shop.token(f"{visitor.name}-{price}") for price in prices}
    for price, token in customers.items():
        shop.call("POST", "/v1/me/balance/deposits", won(20_000), token)
    for discount in discounts:
        campaign = shop.campaign(discount)
        for price, token in customers.items():
            coupon = shop.call("POST", f"/v1/coupons/{campaign['coupon_id']}/issues", token=token)
            line = {"product_id": shop.product(price=price)["product_id"], "quantity": 1}
            order = shop.call("POST", "/v1/orders", {"lines": [line], "coupon_id": coupon["coupon_id"]}, token)
            estimate = visitor.page.evaluate(
                "async ([coupon, price]) => (await import('/app/discount.js')).discountOf(coupon, price)", [coupon, price],
            )
            assert estimate == order["discount"]["amount"], (discount, price)
