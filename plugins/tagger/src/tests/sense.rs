//! What a word means beside others: texts that were once tagged wrongly, and like ones that must stay as they are.

use super::{has, names};

pub(super) fn assert_with(name: &str, texts: &[(&str, &str)]) {
    for (language, text) in texts {
        assert!(has(language, text, name), "{text}: {name} is missed");
    }
}

pub(super) fn assert_without(name: &str, texts: &[(&str, &str)]) {
    for (language, text) in texts {
        assert!(!has(language, text, name), "{text}: {name} is wrong");
    }
}

#[test]
fn who_stays_with_us_or_came_from_others_threatens_nothing() {
    let stays = [
        ("en", "We leave you five stars!"),
        ("en", "Had to leave you a review"),
        ("en", "Left my old bank for them, never going back to the old one!"),
        ("en", "I am never going back to my old vacuum"),
        ("en", "I will never shop anywhere else"),
        ("en", "I'll never buy from anyone else"),
        ("en", "Will never order from another bakery"),
        ("en", "I'd never buy from any other shop"),
        ("en", "Looking for alternatives to Photoshop? This is it."),
        ("en", "Why go elsewhere?"),
        ("en", "I'm done with razors, this epilator is amazing."),
        ("en", "If you are finding another barber, don't."),
        ("en", "Never going back to cable!"),
        ("en", "I will never go back to my old mattress"),
        ("en", "Would never shop elsewhere."),
        ("en", "No need to look elsewhere"),
        ("zh", "之前用别家的，换到你们家之后再也不用担心断网了。"),
        ("zh", "換到你們家之後再也不用擔心斷網了"),
        ("zh", "去油污效果好，再也不怕脏了"),
        ("zh", "以后不会再买别家的了，就认这个牌子"),
        ("zh", "以后只买这家，不会再去别家"),
        ("zh", "再也不会买别的牌子了"),
        ("zh", "再也不用别的了"),
        ("ja", "他社から乗り換えましたが、とても快適です。"),
        ("ja", "前の会社を解約してこちらにしました。大正解です！"),
        ("ja", "二度と他の化粧水は買いません。これ一択。"),
        ("ko", "다른 곳에서 갈아탔는데 훨씬 좋아요."),
        ("ko", "다시는 다른 브랜드 안 살 거예요. 최고!"),
    ];
    assert_without("churn_threat", &stays);
    let leaves = [
        ("en", "I will leave you today"),
        ("en", "Never going back to this hotel"),
        ("en", "I will never shop here"),
        ("en", "I'll never buy from you"),
        ("en", "I will never buy from any of your shops"),
        ("en", "We're looking for alternatives to your service"),
        ("en", "We are looking for alternatives"),
        ("en", "I will go elsewhere"),
        ("en", "I'm done with you people"),
        ("en", "I'm done with this company"),
        ("en", "I'm done with this bank"),
        ("en", "We are finding another provider"),
        ("en", "I am not going back to that store"),
        ("zh", "再也不用了"),
        ("zh", "以后不会再买了"),
        ("zh", "再也不会买这个牌子了"),
        ("ja", "他社に乗り換えます"),
        ("ja", "解約します"),
        ("ja", "二度と買いません"),
        ("ko", "다른 곳으로 갈아탔어요"),
        ("ko", "다시는 여기서 주문 안 할 겁니다"),
    ];
    assert_with("churn_threat", &leaves);
}

#[test]
fn a_booking_that_is_cancelled_or_can_be_is_no_churn_threat() {
    let harmless = [
        ("en", "Drivers cancel constantly."),
        ("en", "Weather made us cancel the tour"),
        ("en", "The driver asked me to cancel the ride so I pay the fee."),
        ("en", "I need to cancel a booking but nobody picks up"),
        ("en", "We are cancelling our trip"),
        ("en", "Had to cancel my plans because the courier never came."),
        ("en", "Restaurant had to cancel because of a power cut"),
        ("en", "Had to cancel last minute and they were so understanding."),
        ("en", "Cust had to cancel tour, rebooked"),
        ("en", "You can cancel anytime, love that."),
        ("en", "Nice that you can cancel up to 24h before."),
        ("en", "Airline told us to cancel and rebook ourselves."),
        ("en", "Cancel culture ruined this podcast"),
        ("en", "The cancel process was painless."),
        ("en", "The echo cancel feature works."),
        ("en", "Customer called to cancel pickup."),
        ("en", "Patient called to cancel his 3pm."),
        ("en", "Customer asked to cancel duplicate order."),
        ("en", "Easy to cancel."),
        ("en", "This app let me cancel subscriptions I forgot about."),
        ("en", "They let us cancel with a full refund, so kind"),
        ("en", "Had to cancel our stay, got a refund same day."),
        ("en", "The cancel request took a minute"),
        ("ja", "解約手続きが簡単でした"),
    ];
    assert_without("churn_threat", &harmless);
    let threats = [
        ("en", "I want to cancel"),
        ("en", "Customer called to cancel"),
        ("en", "Cust threatening to cancel if not fixed by Friday."),
        ("en", "Customer wants to cancel service"),
        ("en", "cancel my subscription"),
        ("en", "cancel my plan"),
        ("en", "Cancelling our contract"),
        ("en", "They won't let me cancel"),
        ("en", "Please let me cancel my subscription"),
        ("ja", "解約手続きをお願いします"),
    ];
    assert_with("churn_threat", &threats);
}

#[test]
fn not_to_return_a_purchase_is_to_keep_it() {
    let kept = [
        ("en", "I will not return it, it's perfect."),
        ("en", "Will not return this, love it"),
        ("en", "I won't return it"),
        ("en", "I won't be returning it"),
        ("en", "I will not be returning them"),
        ("en", "I will not return your calls"),
    ];
    assert_without("churn_threat", &kept);
    let leaves =
        [("en", "I will not return"), ("en", "We won't return to this hotel"), ("en", "We will not be returning")];
    assert_with("churn_threat", &leaves);
}

#[test]
fn who_will_not_come_or_buy_again_is_heard() {
    let leaves = [
        ("en", "Would not stay here again."),
        ("en", "Will not stay here again."),
        ("en", "We won't eat there again"),
        ("en", "I wouldn't book again"),
        ("en", "Would not fly with them again"),
        ("en", "I will not be using this app anymore."),
        ("en", "I won't be using your app anymore."),
        ("en", "I won't be returning to this hotel."),
        ("en", "We will not be ordering from them"),
        ("en", "Last time I order from here."),
        ("en", "You have lost a loyal customer."),
        ("en", "Client closing acct - rates too high"),
        ("en", "Customer cancelled subscription, reason: too expensive."),
        ("en", "Member canceled membership"),
    ];
    assert_with("churn_threat", &leaves);
    let stays = [
        ("en", "Would stay here again."),
        ("en", "Last time I ordered it was fine"),
        ("en", "The last time we stayed here the pool was closed"),
        ("en", "The lid won't stay there"),
        ("en", "The drone won't fly again"),
        ("en", "We won't be using all of its features"),
        ("en", "Not the last time I order here"),
        ("en", "Customer cancelled order"),
    ];
    assert_without("churn_threat", &stays);
}

#[test]
fn what_cannot_be_recommended_enough_is_praised() {
    for text in [
        "Can't recommend it enough!",
        "I cannot recommend this enough",
        "I can not recommend him enough",
        "Could not recommend this highly enough.",
        "I can't recommend these guys highly enough",
        "couldnt recommend the hotel enough",
        "Can't recommend highly enough",
        "I couldn't recommend them more highly",
    ] {
        assert_eq!(names("en", text), ["praise"], "{text}");
    }
    for text in [
        "can't recommend them to anyone",
        "I cannot recommend this",
        "I can't recommend it highly",
        "Cannot recommend.",
    ] {
        assert_eq!(names("en", text), ["complaint"], "{text}");
    }
}

#[test]
fn a_word_beside_another_is_about_something_else() {
    for (text, name) in [
        ("Our room had bed bugs", "app/stability"),
        ("Great bug spray, no bites all summer.", "app/stability"),
        ("The bug zapper works", "app/stability"),
        ("Late checkout possible, early check-in also.", "website/usability"),
        ("We arrived early and our room was ready.", "delivery/speed"),
        ("Arrived late at night, reception was still open.", "delivery/speed"),
        ("My doctor recommended this cream.", "referral"),
        ("As recommended by the manual I charged it overnight.", "referral"),
        ("I expected better from a brand recommended by dermatologists.", "referral"),
        ("I used to love this app.", "praise"),
        ("It would be great to have offline maps.", "praise"),
        ("They fixed my broken phone in an hour.", "complaint"),
        ("Replaced my broken kettle.", "complaint"),
        ("For a broken arm this pillow is perfect.", "complaint"),
        ("The junk food section is big.", "complaint"),
        ("Junk drawer finally organised.", "product/quality"),
        ("Blocks scam texts perfectly.", "complaint"),
        ("Fresh towels every day.", "food/taste"),
        ("Fresh coat of paint needed in lobby.", "food/taste"),
        ("The fresh new look", "food/taste"),
        ("My internet package is slow", "delivery/speed"),
        ("Beautiful setting by the lake", "product/features"),
        ("The checkout line went around the shop", "website/usability"),
        ("Check-in and checkout were quick", "website/usability"),
        ("Where is the bathroom?", "store/cleanliness"),
        ("The headphones are charged twice a week", "billing/charge"),
    ] {
        assert!(!has("en", text, name), "{text}: {name} is wrong");
    }
    for (text, name) in [
        ("Our room had bed bugs", "store/cleanliness"),
        ("Bedbugs everywhere", "store/cleanliness"),
        ("The app has bugs", "app/stability"),
        ("The checkout is confusing", "website/usability"),
        ("It arrived late", "delivery/speed"),
        ("My sister recommended this cream.", "referral"),
        ("recommended by a friend", "referral"),
        ("I love this app.", "praise"),
        ("The trip was great", "praise"),
        ("It came broken", "complaint"),
        ("They never fixed the broken lift", "complaint"),
        ("This is junk", "complaint"),
        ("It is a scam", "complaint"),
        ("Fresh bread every day.", "food/taste"),
        ("The package is slow to arrive", "delivery/speed"),
        ("I can't find the settings", "product/features"),
        ("The toilet was mouldy", "store/cleanliness"),
        ("The service was terrible.", "staff/helpfulness"),
        ("Excellent service!", "staff/helpfulness"),
        ("The driver was courteous", "support/attitude"),
        ("The salesperson recommended a good one", "staff/helpfulness"),
    ] {
        assert!(has("en", text, name), "{text}: {name} is missed");
    }
}

#[test]
fn a_word_inside_an_asian_word_is_about_something_else() {
    assert_without(
        "complaint",
        &[
            ("zh", "垃圾桶很好用，盖子严实。"),
            ("zh", "垃圾袋质量不错"),
            ("zh", "垃圾箱很大"),
            ("ko", "쓰레기통이 튼튼하고 좋아요"),
            ("ko", "음식물 쓰레기 처리기 정말 좋아요"),
            ("ko", "사기 잘했다"),
            ("ko", "사기 걱정 없이 거래했어요"),
            ("ko", "실망시키지 않는 맛"),
            ("ko", "실망할 줄 알았는데 너무 좋네요"),
            ("ja", "迷惑メールが来なくなって快適です"),
            ("ja", "最低限の機能で足りる"),
            ("ja", "最低でも三年は使えます"),
            ("ja", "最低価格で買えた"),
        ],
    );
    assert_without("food/taste", &[("ko", "음식물 쓰레기 처리기 정말 좋아요")]);
    assert_with(
        "complaint",
        &[
            ("zh", "软件闪退，登录不了，垃圾。"),
            ("ko", "이거 쓰레기예요"),
            ("ko", "사기당했어요"),
            ("ko", "사기 잘 치네요"),
            ("ko", "실망했어요"),
            ("ja", "迷惑です"),
            ("ja", "最低です"),
            ("ja", "商品が届かない。電話もつながらない。最低です。"),
        ],
    );
}

#[test]
fn a_recommendation_that_is_taken_back_or_is_advice_is_no_referral() {
    let taken_back = [
        ("en", "I would no longer recommend this to friends."),
        ("en", "I used to recommend you to everyone."),
        ("en", "I'd hesitate to recommend you."),
        ("en", "I strongly recommend you avoid them."),
        ("en", "I recommend avoiding this place"),
        ("en", "The sales rep recommended the wrong plan."),
    ];
    assert_with("complaint", &taken_back);
    assert_without("referral", &taken_back);
    let advice = [
        ("en", "I recommend that you train your staff."),
        ("en", "I recommend you add a lift"),
        ("en", "You told my family the wrong gate."),
        ("en", "They told everyone to wait"),
        ("en", "The mechanic recommended new tyres"),
    ];
    assert_without("referral", &advice);
    let refers = [
        ("en", "I recommend you to friends."),
        ("en", "I highly recommend you try this place"),
        ("en", "I would not hesitate to recommend you."),
        ("en", "I told my family about you"),
        ("en", "I used to recommend Dyson, now I recommend these"),
    ];
    assert_with("referral", &refers);
    assert_without("complaint", &refers);
}

#[test]
fn complaints_in_other_words_are_heard() {
    assert_with(
        "complaint",
        &[
            ("en", "Hard to recommend."),
            ("en", "Zero stars if I could."),
            ("en", "I got food poisoning."),
            ("en", "Cust upset re: damaged item"),
            ("en", "Caller angry"),
        ],
    );
    assert_without(
        "complaint",
        &[("en", "It's not hard to recommend this"), ("en", "Cust is not upset, just wanted clarification.")],
    );
}

#[test]
fn requests_in_other_words_are_heard() {
    assert_with(
        "request",
        &[
            ("en", "give me my money back"),
            ("en", "refund me"),
            ("en", "Kindly refund the difference."),
            ("en", "It would be great to have offline maps."),
        ],
    );
    assert_without(
        "request",
        &[("en", "They were quick to refund me"), ("en", "They refunded me"), ("en", "They kindly helped us")],
    );
}

#[test]
fn what_an_agent_writes_in_short_is_read() {
    assert!(has("en", "Customer claims never recvd pkg.", "delivery/missing"));
    assert!(!has("en", "cust recvd pkg.", "delivery/missing"));
}
