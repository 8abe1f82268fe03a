"""Finding: search as one types, and sizes of one thing on one card."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("query, found", [
    ("딸기", "논산 설향 딸기"), ("설향", "논산 설향 딸기"), ("설향딸기", "논산 설향 딸기"), ("led", "LED 랜턴"),
    ("ＬＥＤ", "LED 랜턴"), ("ㄴㅅㅅㅎ", "논산 설향 딸기"), ("감ㄱ", "제주 노지 감귤"), ("노직", "제주 노지 감귤"),
])
def test_a_search_finds_parts_initials_and_unfinished_syllables(visit, query, found):
    visitor = visit().open()
    names = visitor.page.locator(".card .card-name")
    expect(names.first).to_be_visible()
    visitor.page.locator("#search").fill(query)
    expect(names.filter(has_text=found)).to_have_count(1)
    expect(visitor.page.get_by_role("status").filter(has_text="found")).to_be_visible()


def test_a_finished_syllable_is_not_taken_for_another(visit):
    page = visit().open().page
    page.locator("#search").fill("랜털")
    expect(page.locator("#found")).to_have_text("Nothing found for “랜털”")
    expect(page.locator(".card")).to_have_count(0)


def test_every_pair_of_syllables_of_every_name_is_found(visit, shop):
    page = visit().open().page
    lost = page.evaluate("""async () => {
        const { finder } = await import("/app/search.js");
        const names = [];
        for (let cursor = ""; cursor !== null;) {
            const part = await (await fetch(`/v1/products?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)).json();
            names.push(...part.data.map(({ name }) => name));
            cursor = part.next_cursor ?? null;
        }
        const pairs = (name) => [...name].slice(1).map((char, at) => [...name][at] + char);
        return names.flatMap((name) => pairs(name).filter((pair) => !finder(pair)(name)).map((pair) => [name, pair]));
    }""")
    assert lost == []


def test_a_search_has_an_address_and_back_returns_to_it(visit):
    visitor = visit().open()
    page = visitor.page
    page.locator("#search").fill("딸기")
    page.locator(".card a").first.click()
    expect(page.locator(".product")).to_be_visible()
    page.go_back()
    expect(page.locator("#search")).to_have_value("딸기")
    page.reload()
    expect(page.locator("#search")).to_have_value("딸기")
    expect(page.locator(".card:not(.skeleton)")).to_have_count(1)


def test_sizes_are_one_card_with_chips(visit, shop):
    visitor = visit().open()
    page = visitor.page
    page.locator("#search").fill("설향 딸기")
    card = page.locator(".card:not(.skeleton)")
    expect(card).to_have_count(1)
    expect(card.locator(".chip")).to_have_text(["500g", "1kg", "2kg"])
    card.locator(".chip", has_text="2kg").click()
    expect(card.locator(".price")).to_have_text("₩34,900")
    expect(card.locator(".chip", has_text="2kg")).to_have_attribute("aria-pressed", "true")
    card.locator("a").click()
    expect(page.locator("h1")).to_have_text("논산 설향 딸기 2kg")
    page.locator(".product .chip", has_text="500g").click()
    expect(page.locator("h1")).to_have_text("논산 설향 딸기 500g")


@pytest.mark.parametrize("name, family, size", [
    ("성주 참외 2kg", "성주 참외", "2kg"), ("나주 신고배 7.5kg", "나주 신고배", "7.5kg"), ("완도 활전복 특대 8미", "완도 활전복", "특대 8미"),
    ("한우 1++ 등심 선물세트 1kg", "한우 1++ 등심", "선물세트 1kg"), ("비타민 C 1000 60정", "비타민 C 1000", "60정"),
    ("흑심 연필 HB 12자루", "흑심 연필", "HB 12자루"), ("LED 랜턴 소형", "LED 랜턴", "소형"), ("시험 상품 12ab34cd", "시험 상품 12ab34cd", ""),
    ("수박", "수박", ""),
])
def test_a_size_is_the_end_of_a_name(visit, name, family, size):
    page = visit().open().page
    split = page.evaluate("async (name) => (await import('/app/families.js')).splitName(name)", name)
    assert split == {"family": family, "size": size}


def test_every_kind_of_the_catalogue_has_a_picture_of_its_own(visit):
    """No product of the seed's catalogue is drawn as the bundle that stands for an unknown kind."""
    page = visit().open().page
    cards = page.locator(".card:not(.skeleton)")
    expect(cards.first).to_be_visible()
    # A search reads the whole catalogue.
    page.locator("#search").fill("ㅇ")
    page.locator("#search").fill("")
    page.get_by_role("button", name="Show more").wait_for(state="detached")
    expect(cards.nth(80)).to_be_attached()
    unknown = cards.evaluate_all("""(cards) => cards.filter((card) => card.querySelector('.picture [fill="#8f4c33"]'))
        .map((card) => card.querySelector(".card-name").textContent)""")
    assert [name for name in unknown if not name.startswith(("시험 상품", "반짝 특가"))] == []
