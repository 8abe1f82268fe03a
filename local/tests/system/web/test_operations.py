"""The back office: what staff look up and do is what happened."""

import re

from playwright.sync_api import expect


def office(visit, **options):
    return visit(height=1400, **options).open("operations").sign_in_as_admin().page


def find(page, subject):
    page.get_by_label("Order number or customer").fill(subject)
    page.get_by_role("button", name="Find").click()


def act(page, name, command, reason, **fields):
    """Opens the form of a command, fills it in, and sends it."""
    button = page.locator(f'[data-action="{name}"]')
    button.click()
    form = page.locator(f'form[data-action="{name}"]')
    for field, value in {**fields, "reason": reason}.items():
        form.locator(f"input[name={field}]").fill(value)
    form.get_by_role("button", name=command).click()


def order_of(shop, customer, price=1_000, quantity=1):
    product = shop.product(price=price)
    shop.deposit(customer, price * quantity)
    lines = {"lines": [{"product_id": product["product_id"], "quantity": quantity}]}
    return product, shop.call("POST", "/v1/orders", lines, shop.token(customer))


def queue(page, name):
    return page.locator(f'[data-queue="{name}"] strong')


def await_fact(page, order):
    """Looks for the order until its fact is recorded, some seconds after it was paid."""
    found = page.locator('[data-found="order"]', has_text=order["order_id"])
    for _ in range(60):
        find(page, order["order_id"])
        expect(found.or_(page.locator('[data-problem="order-not-found"]'))).to_be_visible()
        if found.is_visible():
            return found
    raise AssertionError("the fact of the order was not recorded")


def test_staff_cancel_an_order_with_a_reason(visit, shop):
    product, order = order_of(shop, "office-cancel", quantity=3)
    page = office(visit)
    found = await_fact(page, order)
    expect(found).to_contain_text(product["name"])
    expect(found).to_contain_text("office-cancel")
    act(page, f"cancel-{order['order_id']}", "Cancel order", "상품 파손 신고")
    expect(found).to_have_attribute("data-status", "CANCELLED")
    assert shop.balance("office-cancel") == 3_000
    assert shop.stock(product) == 100
    done = page.locator("[data-done]", has_text=order["order_id"])
    expect(done).to_contain_text("상품 파손 신고")
    expect(done).to_contain_text("admin")


def test_staff_correct_a_balance_with_a_reason(visit, shop):
    shop.deposit("office-balance", 5_000)
    page = office(visit)
    find(page, "office-balance")
    found = page.locator('[data-found="customer"]')
    expect(found.locator("[data-balance]")).to_have_text("₩5,000")
    act(page, "adjust-office-balance", "Correct the balance", "", amount="1000")
    expect(found.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    found.get_by_label("Reason").fill("이중 입금 정정")
    found.locator("input[name=amount]").fill("-6,000")
    found.get_by_role("button", name="Correct the balance").click()
    expect(found.locator('[data-problem="insufficient-balance"]')).to_be_visible()
    found.locator("input[name=amount]").fill("-1,000")
    found.get_by_role("button", name="Correct the balance").click()
    expect(found.locator("[data-balance]")).to_have_text("₩4,000")
    expect(found).to_contain_text("Correction")
    assert shop.balance("office-balance") == 4_000


def test_staff_end_a_campaign_and_void_its_coupons(visit, shop):
    campaign = shop.campaign({"type": "PERCENT", "percent": 90})
    issues = f"/v1/coupons/{campaign['coupon_id']}/issues"
    shop.call("POST", issues, token=shop.token("office-holder"))
    page = office(visit)
    card = page.locator(f'[data-campaign="{campaign["coupon_id"]}"]')
    while not card.is_visible() and page.locator("section[aria-labelledby=campaigns] .more button").is_visible():
        page.locator("section[aria-labelledby=campaigns] .more button").click()
    expect(card).to_contain_text("1 of 100 issued")
    act(page, f"end-{campaign['coupon_id']}", "End now", "할인율 오류")
    expect(card).to_have_count(0)
    assert shop.status("POST", issues, shop.token("office-latecomer")) == 409
    page.get_by_role("button", name="Closed").click()
    act(page, f"void-{campaign['coupon_id']}", "Void issued coupons", "할인율 오류")
    expect(card).to_contain_text("Voided")
    find(page, "office-holder")
    expect(page.locator('[data-found="customer"]')).to_contain_text("Voided")


def test_sales_are_counted_and_reconciled_today(visit, shop):
    product, order = order_of(shop, "office-sales", quantity=9)
    page = office(visit)
    await_fact(page, order)
    page.get_by_role("button", name="Aggregate and reconcile today").click()
    expect(page.get_by_role("status").filter(has_text=re.compile("events counted, no findings"))).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=product["name"])).to_contain_text("₩9,000")


def test_dlq_messages_go_back_to_their_queue_and_count_once(visit, shop):
    """The message is the event of an order that was counted: moved back, it changes nothing."""
    customer = "redrive-customer"
    _, order = order_of(shop, customer)
    page = office(visit)
    await_fact(page, order)
    redrive = page.get_by_role("button", name="Move the DLQ messages back")
    expect(redrive).to_be_disabled()
    shop.dead_letter(customer, order)
    expect(queue(page, "order-events-dlq")).to_have_text("1")
    redrive.click()
    expect(page.get_by_role("status").filter(has_text="1 are back in the queue")).to_be_visible()
    expect(queue(page, "order-events-dlq")).to_have_text("0")
    expect(queue(page, "order-events")).to_have_text("0")


def test_the_table_of_costs_shows_its_totals_on_a_phone(visit):
    page = office(visit)
    costs = page.locator("section[aria-labelledby=costs]")
    expect(costs).to_contain_text("A day of 10,000 orders and 1,000,000 product views: $")
    page.set_viewport_size({"width": 320, "height": 640})
    total = costs.locator("[data-cost=place-order] strong").first
    total.scroll_into_view_if_needed()
    box = total.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 320, box


def test_the_page_says_how_old_it_is_and_is_honest_offline(visit):
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    page = visitor.page
    expect(page.locator("[data-age]")).to_contain_text("updated 0 s ago")
    visitor.context.set_offline(True)
    expect(page.locator("section[aria-labelledby=pipeline] [data-problem=offline]")).to_be_visible()
    expect(page.locator("[data-age]")).to_have_text(re.compile(r"updated ([5-9]|\d\d) s ago"))
    visitor.context.set_offline(False)
    expect(page.locator("[data-age]")).to_contain_text("updated 0 s ago")
    visitor.forgive("ERR_INTERNET_DISCONNECTED")


def test_the_back_office_has_no_barriers_and_fits_a_phone(visit, shop):
    shop.deposit("office-barriers", 5_000)
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    find(visitor.page, "office-barriers")
    expect(visitor.page.locator('[data-found="customer"]')).to_be_visible()
    visitor.page.locator('[data-action="adjust-office-barriers"]').click()
    visitor.look_for_barriers("operations")
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320
