"""The flash sale: many customers at once, and what they have after it."""

import pytest
from playwright.sync_api import expect


def put_on_sale(visit, kind, pieces, customers, seconds=0):
    visitor = visit(height=1400).open("flash").sign_in_as_admin()
    page = visitor.page
    page.get_by_label("On sale").select_option(kind)
    page.get_by_label("Pieces").fill(str(pieces))
    page.get_by_label("Number of customers").fill(str(customers))
    if kind == "coupon":
        page.get_by_label("Opens in (seconds)").fill(str(seconds))
    page.get_by_role("button", name="Put it on sale").click()
    expect(page.locator(".window")).to_have_count(2)
    return visitor


@pytest.mark.parametrize("kind, rejected", [("coupon", "coupon-sold-out"), ("product", "insufficient-stock")])
def test_many_customers_get_exactly_what_there_is(visit, kind, rejected):
    visitor = put_on_sale(visit, kind, pieces=20, customers=80)
    page = visitor.page
    expect(page.locator(".countdown")).to_have_text("Open")
    first = page.locator(".window").first
    first.get_by_role("button", name="I want one").click()
    expect(first.get_by_role("status")).to_have_text("It is yours.")
    page.get_by_role("button", name="Send 80 customers").click()
    expect(page.locator("[data-held]")).to_have_attribute("data-held", "exact")
    expect(page.locator("[data-held]")).to_contain_text("20 of 20, and nobody twice")
    expect(page.locator('[data-outcome="done"] dd')).to_have_text("19")
    expect(page.locator(f'[data-outcome="{rejected}"] dd')).to_have_text("61")
    expect(page.locator(".chart svg[role=img]")).to_have_attribute("aria-label", "Answers over time, in steps of 100 ms")
    visitor.look_for_barriers("after the race")
    second = page.locator(".window").last
    second.get_by_role("button", name="I want one").click()
    expect(second.get_by_role("alert")).to_be_visible()


def test_before_it_opens_nobody_gets_one(visit):
    visitor = put_on_sale(visit, "coupon", pieces=5, customers=5, seconds=60)
    first = visitor.page.locator(".window").first
    first.get_by_role("button", name="I want one").click()
    expect(first.locator('[data-problem="coupon-not-open"]')).to_contain_text("It begins on")


def test_answers_that_do_not_agree_are_noticed(visit):
    visitor = visit().open()
    results = visitor.page.evaluate("""async () => {
        const { answersAgree } = await import("/app/flash/tally.js");
        const answers = [{ outcome: "done" }, { outcome: "done" }, { outcome: "coupon-sold-out" }];
        const sale = { total: 3 };
        const held = { owners: 2, units: 2, left: 0, beside: 1 };
        return [
          answersAgree(sale, answers, held),
          answersAgree(sale, answers, { ...held, owners: 1 }),
          answersAgree(sale, answers, { ...held, units: 3 }),
          answersAgree(sale, answers, { ...held, left: -1, beside: 2 }),
          answersAgree(sale, answers, { ...held, beside: 0 }),
        ];
    }""")
    assert results == [True, False, False, False, False]
