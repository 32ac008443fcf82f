//! Safety and legal threats, and what only sounds like them: films, books and jokes are full of fires and courts.

use super::{
    has,
    sense::{assert_with, assert_without},
};

#[test]
fn who_was_hurt_or_could_be_is_heard() {
    let hurt = [
        ("en", "Your space heater caught fire while my kids were asleep."),
        ("en", "Do not buy this, it caught fire"),
        ("en", "The charger melted the outlet and I got a shock from it"),
        ("en", "I got electrocuted by your hair dryer"),
        ("en", "smoke was coming out of the battery"),
        ("en", "My baby choked on a loose part"),
        ("en", "We all got food poisoning"),
        ("en", "Guest slipped on wet lobby floor and hurt her wrist"),
        ("en", "Found a piece of glass in my salad."),
        ("en", "Driver touched me inappropriately"),
        ("en", "Pharmacy gave wrong dosage, felt dizzy"),
        ("en", "My daughter had an allergic reaction."),
        ("ja", "充電中に発火しました"),
        ("ja", "コーヒーをかけられて火傷しました"),
        ("ja", "店内で転倒し手首を負傷されたとのこと。"),
        ("ja", "異物混入。"),
        ("ko", "배터리가 폭발해서 손에 화상 입었습니다"),
        ("ko", "아이가 두드러기 나서 응급실 갔어요"),
        ("ko", "온 가족 장염 걸렸어요"),
        ("zh", "充电宝充电时起火"),
        ("zh", "孩子吃完过敏送急诊"),
        ("zh", "全家吃完上吐下泻"),
        ("zh", "顧客在店內滑倒"),
        ("zh", "吃完拉肚子了"),
        ("zh", "被熱湯燙傷了"),
    ];
    assert_with("safety", &hurt);
    assert!(has("en", "We all got food poisoning", "complaint"), "the very same words are both");
}

#[test]
fn danger_in_stories_jokes_and_products_is_none() {
    let harmless = [
        ("en", "This film really touched me"),
        ("en", "Catching Fire is the best of the books"),
        ("en", "The smoke alarm battery lasts long"),
        ("en", "I choked up at the end of the story"),
        ("en", "This song is on fire"),
        ("en", "It never caught fire"),
        ("en", "Nobody got electrocuted"),
        ("en", "The hose slipped off and fell"),
        ("en", "A drama in a hospital"),
        ("en", "No choking hazard here"),
        ("ja", "発火しませんでした"),
        ("ja", "転倒防止のベルトが便利"),
        ("ja", "人気が爆発している作品"),
        ("ko", "배우들 연기가 좋아요"),
        ("ko", "웃음이 폭발하는 영화"),
        ("ko", "화상 회의가 잘 돼요"),
        ("ko", "엄마가 감전되는 장면"),
        ("ko", "이물질 없이 깨끗해요"),
        ("zh", "信息量爆炸"),
        ("zh", "主角受伤的那段很感人"),
        ("zh", "用了没有过敏"),
        ("zh", "喝了不拉肚子"),
        ("zh", "紧挨着火车站"),
    ];
    assert_without("safety", &harmless);
}

#[test]
fn who_goes_to_law_or_was_robbed_is_heard() {
    let threats = [
        ("en", "You'll be hearing from my solicitor."),
        ("en", "I have photos and a lawyer."),
        ("en", "sort it or im going to the ombudsman"),
        ("en", "Trading Standards have been informed."),
        ("en", "See you in small claims"),
        ("en", "I will take you to court"),
        ("en", "Caller threatened chargeback."),
        ("en", "your data breach leaked my details"),
        ("en", "Reported to the BBB."),
        ("en", "I did not authorise this payment."),
        ("en", "My account has been hacked."),
        ("ja", "弁護士に相談します"),
        ("ja", "訴えます"),
        ("ja", "消費者センターに相談します。"),
        ("ja", "保健所に連絡しました。"),
        ("ja", "不正ログインされたみたいです。"),
        ("ko", "변호사 선임해서 고소하겠습니다"),
        ("ko", "소송 걸겠습니다"),
        ("ko", "소비자원에 신고합니다"),
        ("ko", "식약처에 신고했습니다"),
        ("ko", "계정이 해킹당한 것 같아요"),
        ("zh", "我已经找律师了"),
        ("zh", "再不处理我就起诉"),
        ("zh", "12315见"),
        ("zh", "要告你們詐欺,消保官見"),
        ("zh", "账号被盗了"),
        ("zh", "信用卡被盜刷"),
    ];
    assert_with("legal_threat", &threats);
    assert!(has("en", "GDPR complaint to follow", "complaint"));
}

#[test]
fn courts_in_stories_and_wares_threaten_nobody() {
    let harmless = [
        ("en", "A lawyer fights a lawsuit in this book"),
        ("en", "The court scenes were gripping"),
        ("en", "Class action lawsuit alleges fraud, says the news"),
        ("en", "I am not going to sue you"),
        ("ja", "弁護士が主人公のドラマ"),
        ("ja", "腰の痛みを訴える母に贈りました"),
        ("ja", "保健所から引き取った猫のおもちゃ"),
        ("ja", "不正ログイン対策がしっかり"),
        ("ko", "고소하고 맛있어요"),
        ("ko", "변호사 역할이 잘 어울려요"),
        ("ko", "경찰에 신고하고 싶은 영화"),
        ("ko", "해킹 장면이 재밌어요"),
        ("zh", "一个美女律师的故事"),
        ("zh", "很可能买到被盗版的书"),
        ("zh", "烟雾报警器的声音"),
        ("zh", "照片曝光过度"),
    ];
    assert_without("legal_threat", &harmless);
}
