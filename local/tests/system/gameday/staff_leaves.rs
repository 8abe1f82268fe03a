//! The drill of the runbook "staff accounts": a member comes, acts, and leaves. MiniStack keeps the account in a pool that is
//! made here, so that the staff pool of the shop stays as it is.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Completion;
use serde_json::json;
use sijang_cloud::seoul;
use sijang_testkit::http::{krw, text};

use super::runbook::Operator;
use crate::world::World;

const POOL: &str = "aws cognito-idp create-user-pool --pool-name staff --username-attributes email --query UserPool.Id \
                    --admin-create-user-config '{\"AllowAdminCreateUserOnly\": true}' --output text";

pub async fn staff_member_who_leaves_is_disabled_and_known_by_actions(world: Arc<World>) -> Completion {
    let shop = world.shop().await;
    let (member, mut operator) = (shop.admin(), Operator::beside(&shop, &world.state_folder()).await);
    let pool = operator.run(POOL).await;
    let draft = json!({"name": "tea", "price": krw(1_000), "stock": 1, "reason": "spring"});
    let created = member.post("/v1/admin/products").new_key().json(&draft).await.value(201);
    let today = seoul::day(Timestamp::now());
    let variables =
        [("POOL", pool.trim()), ("MAIL", "member@example.com"), ("SUB", member.name()), ("DAY", &today.to_string())];
    for (name, value) in &variables {
        operator.set(name, value);
    }
    let said = operator.follow("staff-accounts").await;
    assert!(said.contains("\"Enabled\": true") && said.contains("\"Enabled\": false"), "{said}");
    let actions: Vec<_> = said.lines().filter(|line| line.contains(member.name())).collect();
    let [action] = actions[..] else { panic!("one action of the member: {said}") };
    assert!(action.contains("create-product") && action.contains("spring"), "{action}");
    assert!(action.contains(&text(&created["product_id"])), "{action}");
    Completion::Completed
}
