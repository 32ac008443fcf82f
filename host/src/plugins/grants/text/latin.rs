//! Languages in Latin letters, told by their most frequent words. Comparing trigrams with those of every such language
//! costs as much as all the plugins together, and is wrong of one short English text in ten.

use std::{collections::HashMap, sync::LazyLock};

/// The languages told by their words; `und` are others, which their words keep from being taken for one of these.
const CODES: [&str; 8] = ["en", "de", "fr", "es", "pt", "it", "nl", "und"];

/// Frequent words of each of [`CODES`], mostly such as say how a sentence is made, with those that feedback is full of.
/// Words are parted at apostrophes, so that `don't` is `don` and `t`.
const WORDS: [&str; 8] = [
    "the and this that with have has had were was would could should they their them you your my me we our us it its is \
     are be been being i'm im i am not don didn doesn isn wasn aren won can cannot couldn wouldn haven hasn ain ve ll re \
     s t yes but so if at on in of to for from by or an a as he she his her him just like very good great bad love loved \
     thanks thank please really much more all get got getting go going gone know when what who how why where out up down \
     about because than then there these those will only other after before never ever too also new old work works \
     worked working time times day days today people now here one two first last do does did done make made makes \
     product quality price easy nice best better well happy hope want need needs needed think feel still even every \
     everything something nothing anything some any most many few little big back over again off into which while with \
     without no lol yay haha sorry u ur ok okay oh hey wow yeah night week year years home life long way look looks \
     looking see use used using buy bought camera player phone battery sound works problem problems quickly excellent \
     poor terrible awful amazing awesome perfect wonderful horrible though although however since until service super \
     slow fast rude staff friendly helpful customer support delivery shipping order refund food room rooms clean dirty \
     fantastic outstanding exceptional brilliant superb lousy prompt lacking disappointed disappointing late wrong cold \
     money waste app expensive cheap broken missing useless highly recommend recommended simple personal normal content \
     experience toll",
    "der die das und ist nicht ein eine einen einem einer mit auf für von den dem des zu zum zur im am es ich wir sie er \
     sehr war auch aber wie bei nach noch nur haben habe hat hatte wird wurde werden kein keine keinen mir mich dich gut \
     gute schlecht leider immer alles mehr als über durch vom sich oder wenn sind dass daß so um aus wieder schon man \
     uns ihr ihre seine kann können fuer ueber diese dieser dieses gegen vor bis weil nie super danke bitte service \
     guter gutes guten schlechter schlechtes lieferung kundenservice bestellung schnell schnelle schneller langsam \
     freundlich freundliche freundliches freundlicher qualität preis ware produkt kunde kunden defekt kaputt essen \
     zimmer toll tolle toller tolles kalt schmutzig teuer bestens gerne zufrieden empfehlenswert enttäuscht personal \
     normal app support order refund fast prompt room staff",
    "le la les des et est une un pas je vous nous il elle ils dans pour que qui sur avec ne ce cette ces sont du au aux \
     mais plus très tres trop bien mon ma mes son sa ses c j l d n qu se par été etre être fait comme tout tous leur ou \
     où on y à de en sans merci produit service jamais toujours ai suis était aussi peu entre même après si super bonne \
     mauvais mauvaise livraison commande colis rapide lent recommande parfait parfaite excellent excellente rien cher \
     accueil personnel client nul nulle déçu déçue qualité prix content contente satisfait conforme simple normal app support room staff",
    "el la los las de del que y es en un una unos no se por con para su sus mi muy pero más mas como está esta este esto \
     todo todos bien bueno buena me lo le les fue hay si sin nunca nadie cuando son ha han al gracias producto servicio \
     ser sobre también tambien ya desde hasta entre porque donde años era yo te nos tiene nada malo mal mejor buen \
     mala calidad envío envio pedido entrega rápido rapido rápida excelente perfecto caro encanta funciona llegó llego \
     tarde recomiendo atención pésimo pésima súper super personal normal app staff",
    "o a os as de que e é em um uma não nao se por com para seu sua seus meu minha muito muita mas mais como está esta \
     este isso tudo bem bom boa me lhe foi sem nunca quando são ser tem do da dos das na no nos nas ao aos pelo pela \
     obrigado produto você voce também já até entre porque onde anos era eu te ninguem ninguém ótimo mal pois ou à às \
     ótima péssimo péssima entrega pedido rápido rápida atendimento qualidade excelente recomendo chegou caro demorou \
     adorei gostei super normal app staff",
    "il lo la i gli le di che e è in un una uno non si per con del della dei delle dello degli al alla ai nel nella sul \
     sulla da dal dalla mio mia molto ma più piu come questo questa questi tutto tutti bene buono buona mi ho ha hanno \
     sono stato stata sempre anche grazie prodotto servizio se o ed ad essere era suo sua loro anni perché cosa ci dopo \
     ottimo ottima pessimo pessima cattivo spedizione consegna ordine veloce lento perfetto perfetta qualità consiglio \
     caro difettoso personale super app staff support",
    "de het een en van is dat niet op te zijn voor met die er maar ook aan ik je jij was heb heeft hebben had naar bij \
     om goed goede slecht wel nog mijn deze dit worden wordt werd uit als in ze hij we wij zo over dan door tot geen kan \
     kunnen meer veel zeer tegen na al bedankt altijd nooit alles wat hun of onder moet ja nee daar hier super service \
     slechte snel snelle levering bestelling klantenservice kwaliteit vriendelijk vriendelijke personeel product prijs \
     kapot heel tevreden duur leuk mooi prima aanrader app support order refund room",
    "og ikke er det som jeg til på af av har med den att och inte jag är för ett var om men han hun vi kan fra från \
     ja nie się jest na w z że do to jak co tak za po ale być ve bir bu çok için da mı ne gibi daha yang dan di ini itu \
     tidak saya untuk dengan ada dari dalam și nu este că cu pe mai din sau hogy nem egy az és van meg sem se na je \
     že si by bylo jsem není ang ng mga sa ko na ay hindi ako ja ei on se että mutta oli levering personale super app support service",
];

/// For every word, the languages that it is one of: bit n is `CODES[n]`.
static LANGUAGES: LazyLock<HashMap<&str, u8>> = LazyLock::new(|| {
    let mut languages = HashMap::new();
    for (n, words) in WORDS.iter().enumerate() {
        for word in words.split_whitespace() {
            *languages.entry(word).or_default() |= 1 << n;
        }
    }
    languages
});

/// Longest word that is looked up, in bytes.
const MAX_WORD: usize = 16;

/// By how many words a language has to lead for the rest of the text not to matter.
const CLEAR_LEAD: u32 = 4;

/// What the words of a text say.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Told {
    /// One language leads.
    Language { code: &'static str, confidence: f64 },
    /// Nothing: no language leads; `english` where English is among those in front, or no word is known.
    Nothing { english: bool },
}

/// Counts the words that are known.
pub(super) fn by_words(text: &str) -> Told {
    let mut hits = [0u32; CODES.len()];
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| (1..=MAX_WORD).contains(&word.len())) {
        let Some(languages) = languages_of(word) else { continue };
        for (n, hits) in hits.iter_mut().enumerate() {
            *hits += u32::from(languages >> n & 1);
        }
        let (first, second) = leaders(&hits);
        if hits[first] >= hits[second] + CLEAR_LEAD {
            break;
        }
    }
    let (first, second) = leaders(&hits);
    let lead = hits[first] - hits[second];
    if lead == 0 || CODES[first] == "und" {
        return Told::Nothing { english: hits[0] == hits[first] };
    }
    Told::Language { code: CODES[first], confidence: 1.0 - 0.4 / f64::from(lead + 1) }
}

fn languages_of(word: &str) -> Option<u8> {
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return LANGUAGES.get(&*word.to_ascii_lowercase()).copied();
    }
    LANGUAGES.get(word).copied()
}

/// The language with the most hits, and the one with the most among the others.
fn leaders(hits: &[u32; CODES.len()]) -> (usize, usize) {
    let (mut first, mut second) = (0, 1);
    for n in 1..hits.len() {
        if hits[n] > hits[first] {
            (first, second) = (n, first);
        } else if hits[n] > hits[second] {
            second = n;
        }
    }
    (first, second)
}
