//! What customers write in Japanese, Korean and Chinese for what they mean, and like words that mean something else.

use super::{
    has, names,
    sense::{assert_with, assert_without},
};

#[test]
fn departures_are_heard_in_the_verbs_of_each_trade() {
    let leaves = [
        ("ja", "二度とかかりたくない"),
        ("ja", "二度とお世話になりたくない"),
        ("ja", "もう二度と泊まりません"),
        ("ja", "もうおたくとは契約しない"),
        ("ja", "もう利用することはないと思います"),
        ("ja", "アンインストールしました"),
        ("ja", "次は別の会社にします"),
        ("ko", "약정 끝나면 통신사 옮길 겁니다"),
        ("ko", "통신사 바꿀 거예요"),
        ("ko", "통신사 바꾸겠습니다"),
        ("ko", "다른 은행으로 옮길 생각입니다"),
        ("ko", "앱 삭제했습니다"),
        ("ko", "계정 삭제합니다"),
        ("ko", "광고가 너무 많아서 삭제함"),
        ("zh", "合同到期就转网"),
        ("zh", "打算跳槽到別家"),
        ("zh", "准备换银行了"),
        ("zh", "不续约了"),
        ("zh", "我不会再续约"),
    ];
    assert_with("churn_threat", &leaves);
    let stays = [
        ("ja", "もう契約しました"),
        ("ja", "アンインストールして入れ直したら直りました"),
        ("ja", "アンインストールしません"),
        ("ja", "普段利用することはない店ですが良かった"),
        ("ko", "옮길 생각 없어요"),
        ("ko", "은행 비밀번호를 바꾸고 나서 편해요"),
        ("ko", "계정 삭제가 안 돼요"),
        ("ko", "앱을 지웠다가 다시 깔았어요"),
        ("zh", "会再续约"),
        ("zh", "只有一家，不得不续约"),
        ("zh", "怎么转网络模式"),
        ("zh", "不用换银行"),
    ];
    assert_without("churn_threat", &stays);
}

#[test]
fn who_no_longer_has_to_do_something_is_glad_and_who_uses_it_no_more_leaves() {
    let glad = [
        ("zh", "再也不用排队了，太方便了"),
        ("zh", "再也不用排隊了"),
        ("zh", "再也不用来回跑银行了"),
        ("zh", "再也不用跑腿"),
        ("zh", "再也不用等了"),
    ];
    assert_without("churn_threat", &glad);
    let leaves =
        [("zh", "再也不用了"), ("zh", "再也不用这个牌子了"), ("zh", "再也不用你们家了"), ("zh", "再也不用美团了")];
    assert_with("churn_threat", &leaves);
}

#[test]
fn requests_are_told_from_thanks_in_the_same_words() {
    let asks = [
        ("ja", "追加してくれると嬉しいです"),
        ("ja", "対応していただけると助かります"),
        ("ja", "値下げしていただけるとありがたいです"),
        ("ja", "早めてもらえませんか"),
        ("ja", "早く直して"),
        ("ja", "ご連絡くださいますよう"),
        ("ja", "対応してくださいませんか"),
        ("ko", "기능이 있었으면 합니다"),
        ("ko", "간소화해 주셨으면 합니다"),
        ("zh", "請改善"),
        ("zh", "请多开几个窗口"),
        ("zh", "赶紧修复"),
        ("zh", "假货！退款！"),
        ("zh", "想換貨"),
        ("zh", "重复扣款请退还"),
    ];
    assert_with("request", &asks);
    let tells = [
        ("ja", "質問に答えてくださいました"),
        ("ja", "笑顔で迎えてくださいます"),
        ("ja", "早く直してくれたので助かりました"),
        ("zh", "请多关照"),
        ("zh", "申请多次都没通过"),
        ("zh", "大家赶紧买"),
        ("zh", "不想退货"),
        ("zh", "三天就退款，很满意"),
    ];
    assert_without("request", &tells);
    assert_without("question", &[("ja", "方法を教えてくださいました")]);
    assert_without("praise", &[("ja", "追加してくれると嬉しい"), ("ja", "直していただけると助かります")]);
    assert_with("praise", &[("ja", "教えてもらえて嬉しい"), ("ja", "助かりました")]);
}

#[test]
fn smoke_is_danger_and_the_same_word_for_acting_is_none() {
    let danger = [
        ("ja", "製品が発煙した"),
        ("ja", "煙がでた"),
        ("ja", "充電器が焦げ臭い"),
        ("ko", "제품에서 연기가 났어요"),
        ("ko", "연기 난다고 하심"),
        ("ko", "콘센트에서 타는 냄새가 나요"),
    ];
    assert_with("safety", &danger);
    let harmless = [
        ("ja", "発煙筒を買いました"),
        ("ja", "パンが焦げ臭い"),
        ("ko", "배우 연기가 좋았어요"),
        ("ko", "연기가 나쁘지 않아요"),
        ("ko", "결혼식을 연기했어요"),
        ("ko", "고기 타는 냄새가 맛있어요"),
    ];
    assert_without("safety", &harmless);
}

#[test]
fn topics_of_each_trade_are_found() {
    for (language, text, name) in [
        ("ja", "先生の説明が丁寧でした", "support/attitude"),
        ("ja", "2時間待ち", "support/wait"),
        ("ja", "30分並んだ", "support/wait"),
        ("ja", "唐揚げがうまい", "food/taste"),
        ("ja", "色が写真と違いすぎる", "product/quality"),
        ("ja", "広告がうざい", "product/features"),
        ("ja", "ぼったくり", "price/value"),
        ("ko", "창구 대기가 길어요", "support/wait"),
        ("ko", "양이 너무 적어요", "food/taste"),
        ("ko", "보풀이 심해요", "product/quality"),
        ("ko", "색상이 사진과 달라요", "product/quality"),
        ("ko", "광고가 너무 많아요", "product/features"),
        ("ko", "앱 너무 느림", "app/stability"),
        ("zh", "醫生很細心", "support/attitude"),
        ("zh", "骑手骂人", "support/attitude"),
        ("zh", "上菜太慢", "support/wait"),
        ("zh", "等了兩個小時", "support/wait"),
        ("zh", "和图片完全不符", "product/quality"),
        ("zh", "CP值高", "price/value"),
        ("zh", "不贵", "price/value"),
        ("zh", "年费太高", "billing/charge"),
        ("zh", "App 根本打不開", "app/stability"),
    ] {
        assert!(has(language, text, name), "{text}: {name} is missed");
    }
    for (language, text, name) in [
        ("ja", "説明がうまい", "food/taste"),
        ("ja", "情報量が少ない", "food/taste"),
        ("ja", "自分が並べた本", "support/wait"),
        ("ja", "焦げ臭い", "store/cleanliness"),
        ("ko", "사진과 똑같아요", "product/quality"),
        ("ko", "재구매 의사가 있어요", "staff/helpfulness"),
        ("zh", "医生", "support/attitude"),
    ] {
        assert!(!has(language, text, name), "{text}: {name} is wrong");
    }
    assert_with("complaint", &[("ko", "색상이 사진과 달라요")]);
    assert_without("complaint", &[("ko", "사진과 다르지 않아요")]);
}

#[test]
fn a_lost_password_is_no_lost_parcel_and_small_letters_are_no_size() {
    assert_eq!(names("ko", "비밀번호 분실"), ["account/access"]);
    assert_eq!(names("ko", "글씨가 너무 작아서"), ["product/features"]);
    assert_eq!(names("zh", "字太小了"), ["product/features"]);
    assert!(has("ko", "택배 분실", "delivery/missing"));
    assert!(has("ko", "옷이 너무 작아서", "product/fit"));
    assert!(has("zh", "鞋子太小了", "product/fit"));
}
