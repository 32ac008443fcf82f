//! What people write in everyday words: departures, requests, topics; and words that are parts of others.

use super::{
    has,
    sense::{assert_with, assert_without},
    tags,
};
use sayso_plugin::Item;

#[test]
fn departures_in_everyday_words_are_heard() {
    let leaves = [
        ("en", "We have decided not to renew our enterprise agreement."),
        ("en", "High risk of non-renewal."),
        ("en", "Seriously considering porting my number out"),
        ("en", "I'm voting with my feet."),
        ("en", "We're evaluating other vendors for next year"),
        ("en", "This will be our last year with you."),
        ("en", "Thinking of leaving"),
        ("en", "please close my acct"),
        ("en", "My business is going to Stripe."),
        ("en", "I had to cancel because of your prices"),
        ("en", "Had to cancel because it was too expensive"),
        ("en", "I'm moving my business to Vodafone."),
        ("en", "I'm going to switch to T-Mobile next month."),
        ("en", "We have started migrating to your competitor."),
        ("en", "If this is not fixed I will be taking my money to another bank."),
        ("en", "Will be looking elsewhere"),
        ("en", "First and last time I use this service."),
        ("en", "Customer wants to close the account"),
        ("en", "Caller threatened to leave for Verizon"),
        ("en", "Customer wants to disconnect internet"),
        ("en", "Requested contract termination"),
        ("en", "Client not happy, may leave"),
        ("ja", "楽天モバイルに移ります。"),
        ("ja", "次の更新はしないつもりです"),
        ("ja", "値上げするなら辞めます"),
        ("ja", "契約を終了したい"),
        ("ja", "カードを手放そうと思います"),
        ("ja", "更新しないと決めました"),
        ("ko", "SKT로 번호이동 할게요"),
        ("ko", "쓰고 해약하겠습니다"),
        ("ko", "구독 끊습니다"),
        ("ko", "타사 이동 고려 중"),
        ("ko", "만기되면 연장 안 합니다"),
        ("ko", "다시 갈 일 없음"),
        ("ko", "바로 옮길 거예요"),
        ("ko", "카드 해지합니다"),
        ("ko", "카드해지 하려고요"),
        ("zh", "合约到期就携号转网"),
        ("zh", "会员不续了"),
        ("zh", "不打算续了"),
        ("zh", "我要销卡"),
        ("zh", "公司已经在看别家"),
        ("zh", "我要解除合約"),
        ("zh", "考虑转其他运营商"),
    ];
    assert_with("churn_threat", &leaves);
}

#[test]
fn what_shares_words_with_a_departure_is_none() {
    let stays = [
        ("en", "Porting my number in took five minutes"),
        ("en", "I was thinking of switching from my old one"),
        ("en", "My business is going to grow with this"),
        ("en", "I was going to cancel but Anna changed my mind!"),
        ("en", "Cancel anytime, no questions asked"),
        ("en", "Had to cancel because of the weather"),
        ("en", "uninstalled and reinstalled, works now"),
        ("en", "How do I unsubscribe from the newsletter?"),
        ("en", "staff leave you alone to browse"),
        ("en", "Cust called to cancel dentist appt reminder texts."),
        ("en", "I switched from a competitor and love it"),
        ("en", "I'm going to switch to this brand for good"),
        ("en", "Going to switch to the annual plan"),
        ("en", "I want to switch to night mode"),
        ("en", "Moving my business to your platform was painless"),
        ("en", "They moved my account to another branch"),
        ("en", "The customer may leave a review"),
        ("en", "It may leave a stain"),
        ("en", "The tech asked me to disconnect the phone"),
        ("en", "The contract termination fee is high"),
        ("ja", "会社を辞めます"),
        ("ja", "アプリを更新しないと使えない"),
        ("ja", "次に移ります"),
        ("ko", "마음이 따뜻해지는 영화"),
        ("ko", "건강해지는 기분"),
        ("ko", "타사에서 번호이동 했는데 만족"),
        ("zh", "卸载重装三次还是登不上"),
        ("zh", "退订短信怎么弄"),
        ("zh", "客服把我拉黑了"),
        ("zh", "最后一次更新之后就没声音了"),
    ];
    assert_without("churn_threat", &stays);
}

#[test]
fn informal_requests_are_heard() {
    let asks = [
        ("en", "pls add landscape mode"),
        ("en", "plz call 415"),
        ("en", "Please can I move my booking"),
        ("en", "Let me talk to a human"),
        ("ja", "パスワード再設定の案内希望。"),
        ("zh", "客户忘记密码,需要重置"),
    ];
    assert_with("request", &asks);
    assert_without("request", &[("en", "They let me talk"), ("ja", "案内が丁寧"), ("zh", "不需要充电")]);
}

#[test]
fn topics_in_everyday_words_are_found() {
    for (language, text, name) in [
        ("en", "You froze my account", "account/access"),
        ("en", "bug in the bed", "store/cleanliness"),
        ("ja", "アプデしてから落ちまくり", "app/stability"),
        ("ja", "起動すらしない", "app/stability"),
        ("ja", "偽物でした", "product/quality"),
        ("ja", "パツパツ", "product/fit"),
        ("ja", "目も合わせない", "support/attitude"),
        ("ja", "言い方がきつい", "support/attitude"),
        ("ko", "업뎃하고 계속 튕김", "app/stability"),
        ("ko", "컵이 다 박살났어요", "delivery/damage"),
        ("ko", "짝퉁임", "product/quality"),
        ("ko", "방음이 안 돼요", "store/experience"),
        ("ko", "5일째 묵묵부답", "support/wait"),
        ("ko", "직원이 반말하고 소리 질렀어요", "support/attitude"),
        ("ko", "배송완료라고 뜨는데 물건이 없어요", "delivery/missing"),
        ("ko", "주차가 편해요", "store/experience"),
        ("ko", "좀 느끼해요", "food/taste"),
        ("zh", "app根本打不开", "app/stability"),
        ("zh", "登不上", "account/access"),
        ("zh", "寄錯顏色", "delivery/missing"),
        ("zh", "还没发货", "delivery/speed"),
        ("zh", "显示已签收,我根本没拿到", "delivery/missing"),
        ("zh", "房间一股霉味", "store/cleanliness"),
        ("zh", "客服永遠忙線", "support/wait"),
        ("zh", "收银员全程黑脸", "support/attitude"),
        ("zh", "跟图片色差太大", "product/quality"),
        ("zh", "假的!别买!", "product/quality"),
        ("zh", "包裝爛到不行", "delivery/damage"),
    ] {
        assert!(has(language, text, name), "{text}: {name} is missed");
    }
}

#[test]
fn a_part_of_another_word_is_no_topic_or_complaint() {
    for (language, text, name) in [
        ("en", "The server was down all morning", "staff/helpfulness"),
        ("en", "Best dog food we've tried", "food/taste"),
        ("en", "This steak knife is sharp", "food/taste"),
        ("en", "Toilet seat cracked", "store/cleanliness"),
        ("en", "Chili freezes well", "app/stability"),
        ("en", "You froze my account", "app/stability"),
        ("en", "bug in the bed", "app/stability"),
        ("en", "Love this crew neck", "staff/helpfulness"),
        ("en", "My old one was broken", "complaint"),
        ("en", "Far from perfect.", "praise"),
        ("ja", "意味がわからない", "food/taste"),
        ("ja", "このスカート", "website/usability"),
        ("ja", "膝サポーター", "support/resolution"),
        ("ja", "お得意様", "price/value"),
        ("ja", "お電話で失礼いたします", "support/attitude"),
        ("ja", "時間ぴったりに届いて助かる", "product/fit"),
        ("ja", "バッテリー交換は自分で", "returns/refund"),
        ("ko", "색깔별로 다 샀어요", "complaint"),
        ("ko", "선물로 사기 좋아요", "complaint"),
        ("ko", "가정용 복사기", "complaint"),
        ("ko", "불편함을 느끼고 있습니다", "food/taste"),
        ("ko", "화면이 진짜 커요", "food/taste"),
        ("ko", "진짜요!", "food/taste"),
        ("ko", "임신 12주차인데", "store/experience"),
        ("ko", "배송완료까지 문제 없이", "delivery/missing"),
        ("zh", "测心脏的数据", "store/cleanliness"),
        ("zh", "卫生纸厚实", "store/cleanliness"),
        ("zh", "孩子乐坏了", "product/durability"),
        ("zh", "空调太冷了", "food/taste"),
        ("zh", "耳机声音太小", "product/fit"),
        ("zh", "衣服味道很大", "food/taste"),
        ("zh", "昨天已签收,很满意", "delivery/missing"),
    ] {
        assert!(!has(language, text, name), "{text}: {name} is wrong");
    }
    assert_with("complaint", &[("ko", "내용도별로"), ("ko", "진짜별로예요"), ("ko", "이건 사기예요")]);
}

#[test]
fn the_span_of_an_open_term_goes_on_to_the_end_of_the_word() {
    for (text, name, word) in [
        ("My Complaint: slow.", "complaint", "Complaint"),
        ("refundé, they said", "returns/refund", "refundé"),
        ("the refunds가 늦어요", "returns/refund", "refunds"),
        ("no refund.", "returns/refund", "refund"),
    ] {
        let tag = tags(&Item::of_text("en", text)).into_iter().find(|tag| tag.name == name).unwrap();
        assert_eq!(&text[tag.spans[0].range()], word);
    }
}
