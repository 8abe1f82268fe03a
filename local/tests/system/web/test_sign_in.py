"""Signing in: the token is in its tab and nowhere else, and only the answer to its own request is accepted."""

import re
import urllib.parse

import pytest
from playwright.sync_api import expect

JWT = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")


def test_the_token_is_in_its_tab_and_in_no_address(visit):
    addresses = []
    visitor = visit()
    visitor.page.on("request", lambda request: addresses.append(request.url))
    visitor.open("wallet").sign_in()
    expect(visitor.page.locator("[data-balance]")).to_have_text("₩0")
    assert visitor.page.url == f"{visitor.shop.url}/#/wallet", "back where she was, without the code"
    kept = visitor.page.evaluate("JSON.stringify([{ ...localStorage }, document.cookie, history.state])")
    assert not JWT.search(kept)
    tab = visitor.page.evaluate("({ ...sessionStorage })")
    assert [key for key, value in tab.items() if JWT.search(value)] == ["sijang.token"]
    assert "verifier" not in str(tab)
    assert any("code=" in address for address in addresses), "it came by the authorization code"
    assert not any(JWT.search(address) for address in addresses)


def test_a_reload_does_not_sign_out_and_signing_out_leaves_no_token(visit):
    visitor = visit().open("wallet").sign_in()
    visitor.page.reload()
    expect(visitor.page.locator(".who .name")).to_have_text(visitor.name)
    expect(visitor.page.locator("[data-balance]")).to_have_text("₩0")
    visitor.page.get_by_role("button", name="Sign out").click()
    sign_in = visitor.page.locator("header").get_by_role("button", name="Sign in")
    expect(sign_in).to_be_visible()
    assert not JWT.search(visitor.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"))
    visitor.page.reload()
    expect(sign_in).to_be_visible()


def test_an_expired_token_does_not_sign_in(visit):
    visitor = visit().open()
    visitor.page.evaluate("""() => {
        const part = (value) => btoa(JSON.stringify(value)).replaceAll("=", "");
        sessionStorage.setItem("sijang.token", JSON.stringify(`${part({})}.${part({ sub: "late", exp: 1 })}.x`));
    }""")
    visitor.page.reload()
    expect(visitor.page.locator("header").get_by_role("button", name="Sign in")).to_be_visible()
    assert visitor.page.evaluate("sessionStorage.getItem('sijang.token')") is None


def test_the_sign_in_page_has_the_shops_style(visit):
    visitor = visit().open()
    visitor.page.locator("header .who").click()
    main = visitor.page.locator("main.panel")
    expect(main).to_be_visible()
    assert main.evaluate("(element) => getComputedStyle(element).borderStyle") == "solid"
    assert main.bounding_box()["width"] <= 26 * 16
    expect(visitor.page.locator("#name-rule")).to_be_visible()


def test_the_sign_in_page_says_why_it_does_not_take_a_name(visit):
    visitor = visit(locale="ko-KR").open()
    visitor.page.locator("header .who").click()
    field = visitor.page.locator("input[name=name]")
    rule = "글자, 숫자, 점(.), 줄표(-)로 써 주세요"
    expect(field).to_have_accessible_description(rule)
    field.fill("김 민준")
    visitor.page.locator("form.row button").click()
    expect(visitor.page.locator("input:user-invalid")).to_have_attribute("title", rule)
    assert "/oauth2/authorize" in visitor.page.url


def test_a_code_that_was_not_asked_for_is_not_exchanged(visit, shop):
    visitor = visit()
    exchanges = []
    visitor.page.on("request", lambda request: request.url.endswith("/oauth2/token") and exchanges.append(request))
    visitor.page.goto(f"{shop.url}/?code=somebody-elses&state=made-up")
    expect(visitor.problem("sign-in-failed")).to_be_visible()
    assert exchanges == [] and "code=" not in visitor.page.url


@pytest.fixture
def sign_in_page(visit, shop):
    """Asks for a sign-in at the pool of customers, with some fields changed: the answer, without following it."""
    config = shop.call("GET", "/config.json")
    usual = {
        "response_type": "code", "client_id": config["client_id"], "scope": "openid shop/customer", "state": "home",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
        "redirect_uri": f"{shop.url}/",
    }

    def ask(method="GET", form=None, **changes):
        address = f"{shop.url}/oauth2/authorize?{urllib.parse.urlencode({**usual, **changes})}"
        return visit().page.request.fetch(address, method=method, form=form, max_redirects=0)

    return ask


def test_a_code_is_sent_nowhere_but_home(sign_in_page, shop):
    assert sign_in_page().status == 200
    answer = sign_in_page("POST", {"name": "alice"})
    assert answer.headers["location"].startswith(f"{shop.url}/?code=")
    for method, form in (("GET", None), ("POST", {"name": "alice"})):
        elsewhere = sign_in_page(method, form, redirect_uri="https://elsewhere.example/")
        assert elsewhere.status == 400 and "location" not in elsewhere.headers
        assert sign_in_page(method, form, client_id="another").status == 400


def test_a_pool_gives_no_scope_but_that_of_its_people(sign_in_page):
    for scope in ("shop/admin", "openid shop/customer shop/admin"):
        answer = sign_in_page("POST", {"name": "alice"}, scope=scope)
        assert "error_description=invalid_scope" in answer.headers["location"]
        assert "code=" not in answer.headers["location"]


def test_only_the_administrator_is_a_member_of_staff(sign_in_page, shop):
    staff = shop.call("GET", "/config.json")["staff"]["client_id"]
    ask = {"client_id": staff, "scope": "openid shop/admin"}
    assert sign_in_page("POST", {"name": "alice"}, **ask).status == 400
    assert "code=" in sign_in_page("POST", {"name": "admin"}, **ask).headers["location"]


def test_a_korean_name_signs_in_and_is_greeted(visit, shop):
    visitor = visit().open("wallet").sign_in("민준")
    expect(visitor.page.locator("[data-balance]")).to_have_text(f"₩{shop.balance('민준'):,}")
    visitor.page.reload()
    expect(visitor.page.locator(".who .name")).to_have_text("민준")


def test_a_session_that_ended_says_so_and_the_basket_stays(visit, shop):
    product = shop.product()
    visitor = visit().open().sign_in().put_in_basket(product)
    visitor.page.route("**/v1/me/**", lambda route: route.fulfill(status=401, json={"message": "Unauthorized"}))
    visitor.go("basket")
    expect(visitor.problem("signed-out")).to_be_visible()
    expect(visitor.page.locator(".basket-line")).to_have_count(1)
    visitor.forgive("status of 401")


@pytest.mark.parametrize("method, path", [
    ("POST", "/_local/tokens"), ("POST", "/_local/load"), ("GET", "/_local/queues"), ("POST", "/_local/daily-runs"),
    ("POST", "/_local/redrive"),
])
def test_what_is_local_is_for_administrators(shop, method, path):
    assert shop.status(method, path) == 401
    assert shop.status(method, path, shop.token("somebody")) == 401


def test_browsers_are_told_to_run_nothing_but_the_shops_own_files(shop):
    for path in ("/", "/app/main.js", "/style/base.css"):
        headers = shop.headers(path)
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
