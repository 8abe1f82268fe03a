"""Signing in: the token is in its tab and nowhere else, and only the answer to its own request is accepted."""

import re

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
    rule = "영문자, 숫자, 점(.), 줄표(-)로 써 주세요"
    expect(field).to_have_accessible_description(rule)
    field.fill("김민준")
    visitor.page.locator("form.row button").click()
    expect(visitor.page.locator("input:user-invalid")).to_have_attribute("title", rule)
    assert "/issuer/" in visitor.page.url


def test_a_code_that_was_not_asked_for_is_not_exchanged(visit, shop):
    visitor = visit()
    exchanges = []
    visitor.page.on("request", lambda request: request.url.endswith("/issuer/token") and exchanges.append(request))
    visitor.page.goto(f"{shop.url}/?code=somebody-elses&state=made-up")
    expect(visitor.problem("sign-in-failed")).to_be_visible()
    assert exchanges == [] and "code=" not in visitor.page.url


def test_the_issuer_sends_a_code_nowhere_but_home(visit, shop):
    ask = visit().page.request.get
    question = (
        f"{shop.url}/issuer/authorize?response_type=code&client_id=sijang-local&scope=shop/customer"
        "&state=0123456789abcdef0123&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        "&code_challenge_method=S256&redirect_uri="
    )
    assert ask(f"{question}{shop.url}/").status == 200
    assert ask(f"{question}https://elsewhere.example/").status == 400


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
    assert shop.status(method, path, shop.token("somebody")) == 403


def test_browsers_are_told_to_run_nothing_but_the_shops_own_files(shop):
    for path in ("/", "/app/main.js", "/style/base.css"):
        headers = shop.headers(path)
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
