"""Ordering when it does not go smoothly: rejections, lost replies, prices that move, stock that runs out."""

from playwright.sync_api import expect


def ready_to_order(visit, shop, money, product, units=1):
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, money)
    return visitor.put_in_basket(product, units).go("basket")


def test_a_rejected_order_keeps_the_basket(visit, shop):
    product = shop.product(price=1_000)
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, 1_500)
    visitor.show_balance(2_000)
    visitor.put_in_basket(product, units=2).go("basket")
    visitor.order_button.click()
    expect(visitor.problem("insufficient-balance")).to_be_visible()
    expect(visitor.page.locator(".basket-line")).to_have_count(1)
    expect(visitor.page.get_by_label("Quantity", exact=True)).to_have_value("2")
    visitor.page.reload()
    expect(visitor.page.get_by_label("Quantity", exact=True)).to_have_value("2")
    assert (shop.orders(visitor.name), shop.stock(product)) == ([], 100)


def test_a_page_drawn_again_leaves_alone_what_is_being_typed(visit, shop):
    product = shop.product(price=1_000)
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, 9_000)
    late = []
    visitor.put_in_basket(product)
    visitor.page.route("**/v1/me/balance", lambda route: late.append(route))
    with visitor.page.expect_request("**/v1/me/balance"):
        visitor.go("basket")
    quantity = visitor.page.get_by_label("Quantity", exact=True)
    quantity.fill("7")
    assert late
    for route in late:
        route.continue_()
    expect(visitor.page.locator(".sums")).to_contain_text("₩9,000")
    expect(quantity).to_have_value("7")
    quantity.press("Enter")
    expect(visitor.order_button).to_have_text("Pay ₩7,000")

    # What was typed and left is the quantity, and what is no quantity leaves the least there is.
    quantity.fill("none")
    quantity.blur()
    expect(quantity).to_have_value("1")
    visitor.page.get_by_role("button", name="One more", exact=True).click()
    expect(quantity).to_have_value("2")


def lose_replies(visitor, lost):
    """The shop gets the orders and answers; the first answers are lost on the way. Gives the keys as they went out."""
    keys = []

    def on_the_way(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) <= lost:
            assert route.fetch().status == 201
            route.abort("connectionreset")
        else:
            route.continue_()

    visitor.page.route("**/v1/orders", lambda route: on_the_way(route) if route.request.method == "POST" else route.continue_())
    return keys


def test_a_lost_reply_is_asked_for_again_and_there_is_one_order(visit, shop):
    product = shop.product(price=1_000)
    visitor = ready_to_order(visit, shop, 5_000, product)
    keys = lose_replies(visitor, lost=1)
    visitor.order_button.click()
    expect(visitor.page.locator(".order")).to_have_count(1)
    assert len(keys) == 2 and len(set(keys)) == 1
    assert (len(shop.orders(visitor.name)), shop.balance(visitor.name), shop.stock(product)) == (1, 4_000, 99)
    visitor.forgive("ERR_CONNECTION_RESET")


def test_when_no_reply_comes_the_customer_may_try_again_and_there_is_one_order(visit, shop):
    product = shop.product(price=1_000)
    visitor = ready_to_order(visit, shop, 5_000, product)
    keys = lose_replies(visitor, lost=3)
    visitor.order_button.click()
    unanswered = visitor.problem("unanswered")
    expect(unanswered).to_contain_text("it is never done twice")
    unanswered.get_by_role("button", name="Try again").click()
    expect(visitor.page.locator(".order")).to_have_count(1)
    assert len(keys) == 4 and len(set(keys)) == 1
    assert (len(shop.orders(visitor.name)), shop.balance(visitor.name), shop.stock(product)) == (1, 4_000, 99)
    visitor.forgive("ERR_CONNECTION_RESET")


def test_the_same_order_again_on_purpose_is_another_order(visit, shop):
    product = shop.product(price=1_000)
    visitor = ready_to_order(visit, shop, 5_000, product)
    for orders in (1, 2):
        visitor.order_button.click()
        expect(visitor.page.get_by_role("status").filter(has_text="Thank you!")).to_be_visible()
        if orders == 1:
            visitor.put_in_basket(product).go("basket")
    visitor.go("orders")
    expect(visitor.page.locator(".order")).to_have_count(2)
    assert (len(shop.orders(visitor.name)), shop.balance(visitor.name)) == (2, 3_000)


def test_a_price_that_moved_is_shown_and_taken_with_one_click(visit, shop):
    product = shop.product(price=1_000)
    visitor = ready_to_order(visit, shop, 5_000, product)
    # The page must not notice before it orders: it sees the old price for as long as the order has not been rejected.
    visitor.page.route(f"**/v1/products/{product['product_id']}", lambda route: route.fulfill(json={**product, "status": "ACTIVE"}))
    shop.reprice(product, 1_200)
    visitor.order_button.click()
    changed = visitor.problem("price-changed")
    expect(changed).to_contain_text("₩1,000")
    expect(changed).to_contain_text("₩1,200")
    assert shop.orders(visitor.name) == []
    changed.get_by_role("button", name="Accept the new prices").click()
    expect(visitor.order_button).to_have_text("Pay ₩1,200")
    visitor.order_button.click()
    expect(visitor.page.locator(".order")).to_contain_text("₩1,200")
    assert shop.balance(visitor.name) == 3_800


def test_a_price_that_moves_while_the_basket_is_open_is_noticed_before_ordering(visit, shop):
    product = shop.product(price=1_000)
    visitor = ready_to_order(visit, shop, 5_000, product)
    shop.reprice(product, 900)
    notice = visitor.page.locator("[data-notice=prices]")
    expect(notice).to_contain_text("₩900")
    notice.get_by_role("button").click()
    expect(visitor.order_button).to_have_text("Pay ₩900")


def test_short_stock_says_what_is_left_and_takes_it_with_one_click(visit, shop):
    product = shop.product(price=100, stock=2)
    visitor = ready_to_order(visit, shop, 5_000, product, units=3)
    visitor.order_button.click()
    short = visitor.problem("insufficient-stock")
    expect(short).to_contain_text("you asked for 3, 2 left")
    short.get_by_role("button", name="Take 2").click()
    visitor.order_button.click()
    expect(visitor.page.locator(".order")).to_have_count(1)
    assert shop.stock(product) == 0


def test_what_is_wrong_with_a_field_stands_beside_it(visit, shop):
    visitor = visit().open("wallet").sign_in()
    field = visitor.page.get_by_label("Amount in won")
    field.fill("5")
    visitor.page.get_by_role("button", name="Top up").click()
    expect(visitor.page.locator("#amount-error")).to_have_text("From ₩100 to ₩1,000,000 at a time")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_attribute("aria-describedby", "amount-error")
    field.fill("")
    visitor.page.get_by_role("button", name="Top up").click()
    expect(visitor.page.locator("#amount-error")).to_have_text("Please enter an amount.")
    assert shop.balance(visitor.name) == 0


def orders_sent(visitor):
    """`(key, status)` of the orders that the page sends from now on."""
    sent = []

    def note(response):
        request = response.request
        if request.method == "POST" and request.url.endswith("/v1/orders"):
            sent.append((request.headers["idempotency-key"], response.status))

    visitor.page.on("response", note)
    return sent


def test_an_attempt_after_a_rejection_takes_a_new_key(visit, shop):
    product = shop.product(price=1_000)
    visitor = visit().open().sign_in()
    visitor.show_balance(5_000)
    visitor.put_in_basket(product).go("basket")
    sent = orders_sent(visitor)
    visitor.order_button.click()
    expect(visitor.problem("insufficient-balance")).to_be_visible()
    shop.deposit(visitor.name, 5_000)
    visitor.order_button.click()
    expect(visitor.page.locator(".order")).to_have_count(1)
    assert [status for _, status in sent] == [409, 201]
    assert sent[0][0] != sent[1][0]


def test_an_order_has_a_number_and_a_page_of_its_own(visit, shop):
    product = shop.product(price=1_000)
    visitor = ready_to_order(visit, shop, 5_000, product)
    visitor.order_button.click()
    page = visitor.page
    expect(page.get_by_role("status").filter(has_text="Thank you!")).to_be_visible()
    [order] = shop.orders(visitor.name)
    assert page.url.endswith(f"#/order/{order['order_id']}")
    expect(page.locator(".number")).to_have_text(order["order_id"])

    # Opened again it thanks no more, and a cancelled order is not thanked for.
    page.reload()
    expect(page.locator(".order .tag")).to_have_text("Paid")
    expect(page.get_by_text("Thank you!")).to_have_count(0)
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.locator(".order .tag")).to_have_text("Cancelled")
    expect(page.locator(".order")).to_contain_text("₩1,000 went back to your balance.")
    expect(page.locator(".order")).not_to_contain_text("coupon")

    visitor.go("wallet")
    page.locator(".ledger li").last.wait_for()
    page.locator(".ledger").get_by_role("link", name="Refund").click()
    expect(page.locator(".number")).to_have_text(order["order_id"])


def test_a_short_balance_leads_to_the_deposit_and_back(visit, shop):
    product = shop.product(price=1_000)
    visitor = visit().open().sign_in()
    shop.deposit(visitor.name, 200)
    visitor.put_in_basket(product).go("basket")
    page = visitor.page
    expect(page.locator("[data-notice=balance]")).to_contain_text("₩800 short")
    page.locator(".pay").get_by_role("link", name="Top up ₩800").click()
    expect(page.get_by_label("Amount in won")).to_have_value("800")
    expect(page.locator("[data-for-order]")).to_contain_text("₩800")
    held = []
    page.route("**/v1/me/balance", lambda route: held.append(route))
    with page.expect_request("**/v1/me/balance"):
        page.get_by_role("button", name="Top up").click()
    # As long as the page shows the old balance, it does not say that it suffices.
    expect(page.locator("[data-for-order]")).to_contain_text("₩800")
    for route in held:
        route.continue_()
    expect(page.locator("[data-for-order]")).to_contain_text("covers your order")
    expect(page.locator("[data-balance]")).to_have_text("₩1,000")
    page.unroute("**/v1/me/balance")
    page.get_by_role("link", name="Back to your order").click()
    visitor.order_button.click()
    expect(page.locator(".order")).to_have_count(1)
    assert shop.balance(visitor.name) == 0
