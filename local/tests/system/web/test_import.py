"""Products from a file: what is wrong is named before anything is sent, and nothing is imported twice."""

import json
import pathlib
import time
import uuid

import pytest
from playwright.sync_api import expect

from test_operations import office

HEADING = "product_id,name,price,stock,reason\n"
# The results of `./local/shop import` for these files; a test of `sijang-cli` writes them.
CASES = json.loads((pathlib.Path(__file__).parent / "import_cases.json").read_text())
CHECK = """async (bytes) => {
    const { check } = await import("/app/operations/import/check.js");
    const { texts: en } = await import("/app/texts.en.js");
    const said = ({ text, values }) => en[text].replace(/\\{(\\w+)\\}/g, (_, name) => values[name]);
    const { problem, rows } = await check(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    if (problem) return { problem: said(problem) };
    const told = (errors) => errors.map(({ column, why }) => ({ column, why: said(why) }));
    return { rows: rows.map((row) => (row.errors ? { ...row, errors: told(row.errors) } : row)) };
}"""


def new_rows(prefix, count):
    return "".join(f",{prefix} {row:02},1000,{row},spring\n" for row in range(count))


def unknown_rows(count):
    return "".join(f"01JD4QWKQK3X8M2Z6T9V5R{row:04},,1000,,\n" for row in range(count))


def choose(page, rows, percent=5):
    page.locator("input[name=percent]").fill(str(percent))
    file = {"name": "products.csv", "mimeType": "text/csv", "buffer": (HEADING + rows).encode()}
    page.locator("input[name=products]").set_input_files(file)
    expect(page.locator("[data-import=check]")).to_be_visible()


def start(page):
    page.locator("section[aria-labelledby=import] button.primary").click()


def report(page):
    return page.locator("[data-import=report]")


def commands(page):
    """The requests that change products, from now on."""
    sent = []
    page.on("request", lambda request: request.method in ("POST", "PATCH") and sent.append(request))
    return sent


def products(shop, prefix, count):
    """The names of the products, once there are so many: what is listed follows its table within moments."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = shop.call("GET", f"/v1/products?limit=100&name_prefix={prefix}")["data"]
        if len(found) >= count:
            return [product["name"] for product in found]
    raise AssertionError(f"{len(found)} of {count} products are listed")


@pytest.fixture
def prefix():
    return f"imported-{uuid.uuid4().hex[:12]}"


def test_wrong_rows_are_named_and_a_check_sends_nothing(visit, prefix):
    page = office(visit)
    sent = commands(page)
    choose(page, new_rows(prefix, 2) + f",{prefix},1.5,,\n01JD4QWKQK3X8M2Z6T9V5R7YBC,,,7,\n")
    expect(page.locator("[data-import=check]")).to_have_text("products.csv: 2 to create, 0 to change, 2 wrong. Nothing has been sent.")
    expect(page.locator("table.texts tbody tr")).to_have_text([
        "4 price has the wrong form", "4 stock is required for a new product",
        "5 stock is only for a new product: add or take units with a stock adjustment",
    ], use_inner_text=True)
    # More are wrong than may be.
    expect(page.locator("section[aria-labelledby=import] button.primary")).to_be_disabled()
    assert [request.url for request in sent] == []


def test_a_file_is_imported_once_however_often_it_is_chosen(visit, shop, prefix):
    existing = shop.product(price=100)
    rows = new_rows(prefix, 3) + f"{existing['product_id']},,90,,sale\n"
    page = office(visit)
    for told in ("Created 3, changed 1, imported before 0", "Created 0, changed 0, imported before 4"):
        choose(page, rows)
        start(page)
        expect(report(page)).to_have_text(f"{told}, failed 0, not sent 0.")
    assert products(shop, prefix, 3) == [f"{prefix} {row:02}" for row in range(3)]
    assert shop.call("GET", f"/v1/products/{existing['product_id']}")["price"]["amount"] == 90
    expect(page.locator("[data-done=update-product]", has_text=existing["product_id"])).to_contain_text("sale")


def test_an_import_that_was_interrupted_goes_on_where_it_was(visit, shop, prefix):
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    page, asked = visitor.page, []

    def lose_the_fourth_answer(route):
        asked.append(route)
        if len(asked) < 4:
            return route.continue_()
        if len(asked) == 4:
            route.fetch()
        route.abort()

    page.route("**/v1/admin/products", lose_the_fourth_answer)
    choose(page, new_rows(prefix, 7))
    with page.expect_event("requestfailed"):
        start(page)
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    choose(page, new_rows(prefix, 7))
    start(page)
    expect(report(page)).to_have_text("Created 3, changed 0, imported before 4, failed 0, not sent 0.")
    assert products(shop, prefix, 7) == [f"{prefix} {row:02}" for row in range(7)]
    visitor.forgive("ERR_FAILED")


def test_a_busy_shop_is_asked_again_with_the_same_key(visit, shop, prefix):
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    asked = []

    def busy(route):
        asked.append(route.request.headers["idempotency-key"])
        status = {1: 503, 2: 429}.get(len(asked))
        route.fulfill(status=status, headers={"retry-after": "1"}) if status else route.continue_()

    visitor.page.route("**/v1/admin/products", busy)
    choose(visitor.page, new_rows(prefix, 1))
    start(visitor.page)
    expect(report(visitor.page)).to_have_text("Created 1, changed 0, imported before 0, failed 0, not sent 0.")
    assert len(asked) == 3 and len(set(asked)) == 1, asked
    assert products(shop, prefix, 1) == [f"{prefix} 00"]
    visitor.forgive("status of (503|429)")


def test_too_many_rejected_rows_stop_an_import(visit):
    visitor = visit(height=1400).open("operations").sign_in_as_admin()
    sent = commands(visitor.page)
    choose(visitor.page, unknown_rows(20))
    start(visitor.page)
    expect(report(visitor.page)).to_have_text("Created 0, changed 0, imported before 0, failed 2, not sent 18.")
    assert len(sent) == 2
    visitor.forgive("status of 404")


@pytest.mark.parametrize("locale, told", [("ko-KR", "상품을 찾을 수 없습니다."), ("en-US", "There is no such product.")])
def test_a_rejected_row_is_told_in_the_language_of_the_page(visit, shop, prefix, locale, told):
    visitor = visit(locale=locale, height=1400).open("operations").sign_in_as_admin()
    choose(visitor.page, new_rows(prefix, 1) + unknown_rows(1), percent=50)
    start(visitor.page)
    expect(visitor.page.locator("tr[data-line='3']")).to_contain_text(told)
    assert products(shop, prefix, 1) == [f"{prefix} 00"]
    visitor.forgive("status of 404")


@pytest.mark.parametrize("case", CASES, ids=[str(number) for number in range(len(CASES))])
def test_the_page_decides_as_the_command_does(visit, case):
    decided = visit().open().page.evaluate(CHECK, case["bytes"])
    assert decided == {name: value for name, value in case.items() if name != "bytes"}


def test_the_import_has_no_barriers_and_fits_a_phone(visit, prefix):
    visitor = visit(width=320, height=640).open("operations").sign_in_as_admin()
    choose(visitor.page, f",{prefix},1.5,,\n" + unknown_rows(1), percent=50)
    visitor.look_for_barriers("a checked file")
    start(visitor.page)
    expect(report(visitor.page)).to_be_visible()
    visitor.look_for_barriers("an imported file")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320
    visitor.forgive("status of 404")
