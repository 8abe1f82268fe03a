//! The page to choose a customer on. It is dressed by the storefront's own style sheets.

use super::{ADMINISTRATOR, Request};
use crate::issuer::AUDIENCE;

const PAGE: &str = include_str!("page.html");
/// Customers to try the shop with: there is nothing to know about them.
const CUSTOMERS: [&str; 4] = ["alice", "bob", "minjun", "seoyeon"];

/// The page, for a request that was found valid, and so needs no escaping.
pub(super) fn render(request: &Request, storefront: &str) -> String {
    let scope = request.scopes.join(" ");
    let names: &[&str] = if request.is_for_staff() { &[ADMINISTRATOR] } else { &CUSTOMERS };
    let text = |en: &'static str, ko: &'static str| if request.korean { ko } else { en };
    let hidden = [
        ("response_type", "code"),
        ("client_id", AUDIENCE),
        ("code_challenge_method", "S256"),
        ("redirect_uri", storefront),
        ("scope", &scope),
        ("state", &request.state),
        ("code_challenge", &request.challenge),
    ];
    let hidden = hidden.map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{value}">"#));
    let buttons = names.iter().map(|name| {
        format!(r#"<button class="button account" name="name" value="{name}"><span class="initial" aria-hidden="true">{}</span>{name}</button>"#, &name[..1])
    });
    let name_rule = text("Latin letters, digits, dots and dashes", "영문자, 숫자, 점(.), 줄표(-)로 써 주세요");
    let other = if request.is_for_staff() {
        String::new()
    } else {
        format!(
            r#"<form class="row" method="post"><label class="field grow">{}<input name="name" required maxlength="64" pattern="[A-Za-z0-9._\-]+" title="{}" aria-describedby="name-rule" autocomplete="username"></label>{}<button class="button primary">{}</button><span class="quiet" id="name-rule">{}</span></form>"#,
            text("or as somebody new", "또는 새로운 이름으로"),
            name_rule,
            hidden.concat(),
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
                "This issuer runs on your own machine and asks for no password.",
                "이 로그인은 내 컴퓨터에서만 쓰이며, 비밀번호가 없습니다.",
            ),
        ),
        ("BACK", text("시장 Sijang: back to the shop", "시장 Sijang: 돌아가기")),
        ("HIDDEN", &hidden.concat()),
        ("ACCOUNTS", &buttons.collect::<String>()),
        ("OTHER", &other),
    ];
    replacements.iter().fold(PAGE.to_owned(), |page, (name, value)| page.replace(&format!("{{{name}}}"), value))
}
