//! The page to choose a name on. It is dressed by the storefront's own style sheets. Nothing of a request is in it.

use super::ADMINISTRATOR;

const PAGE: &str = include_str!("page.html");
/// Customers to try the shop with: there is nothing to know about them.
const CUSTOMERS: [&str; 4] = ["alice", "bob", "minjun", "seoyeon"];

/// The page of the staff pool or of the customers' pool.
pub(super) fn render(is_for_staff: bool, is_korean: bool) -> String {
    let names: &[&str] = if is_for_staff { &[ADMINISTRATOR] } else { &CUSTOMERS };
    let text = |en: &'static str, ko: &'static str| if is_korean { ko } else { en };
    let buttons = names.iter().map(|name| {
        format!(r#"<button class="button account" name="name" value="{name}"><span class="initial" aria-hidden="true">{}</span>{name}</button>"#, &name[..1])
    });
    let name_rule = text("Letters, digits, dots and dashes", "글자, 숫자, 점(.), 줄표(-)로 써 주세요");
    let other = if is_for_staff {
        String::new()
    } else {
        format!(
            r#"<form class="row" method="post"><label class="field grow">{}<input name="name" required maxlength="64" pattern="[\p{{L}}\p{{N}}._\-]+" title="{}" aria-describedby="name-rule" autocomplete="username"></label><button class="button primary">{}</button><span class="quiet" id="name-rule">{}</span></form>"#,
            text("or as somebody new", "또는 새로운 이름으로"),
            name_rule,
            text("Sign in", "로그인"),
            name_rule,
        )
    };
    let replacements = [
        ("LANGUAGE", text("en", "ko")),
        ("TITLE", text("Who is shopping?", "누구로 로그인할까요?")),
        (
            "NOTE",
            text(
                "This sign-in works on your own machine only and asks for no password.",
                "이 로그인은 내 컴퓨터에서만 쓰이며, 비밀번호가 없습니다.",
            ),
        ),
        ("BACK", text("시장 Sijang: back to the shop", "시장 Sijang: 돌아가기")),
        ("ACCOUNTS", &buttons.collect::<String>()),
        ("OTHER", &other),
    ];
    replacements.iter().fold(PAGE.to_owned(), |page, (name, value)| page.replace(&format!("{{{name}}}"), value))
}
