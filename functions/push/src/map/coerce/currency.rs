//! Currencies, as they stand before or behind an amount.

/// Codes of currencies (ISO 4217).
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF \
IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP \
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK \
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF \
XPF YER ZAR ZMW ZWG";

/// Other ways to write them, in small letters.
const WORDS: [&str; 30] = [
    "rs", "rs.", "re", "kr", "kr.", "kč", "kc", "zł", "zl", "ft", "lei", "лв", "лв.", "руб", "руб.", "р.", "грн",
    "грн.", "fr", "fr.", "sfr", "sfr.", "tl", "rm", "rp", "din", "euro", "元", "円", "원",
];

/// Signs of currencies that are letters to Unicode or lie outside its block for them; letters before a dollar (`US$`)
/// are part of the sign.
fn is_sign(c: char) -> bool {
    matches!(
        c,
        '$' | '¢' | '£' | '¤' | '¥' | '֏' | '؋' | '৳' | '฿' | '៛' | '\u{20A0}'..='\u{20C0}' | '﷼'
    ) || matches!(c, '＄' | '￠' | '￡' | '￥' | '￦' | '元' | '円' | '원')
}

/// The rest of a text that starts or ends with a currency.
pub(super) fn without_currency(text: &str) -> Option<&str> {
    let is_part = |c: char| is_sign(c) || c.is_alphabetic();
    let front = text.find(|c: char| !is_part(c) && c != '.').unwrap_or(text.len());
    // The point of "Rs. 5" belongs to the currency, that of "$.50" to the amount.
    for end in [front, text.find(|c: char| !is_part(c)).unwrap_or(text.len())] {
        if end > 0 && is_currency(&text[..end]) {
            return Some(&text[end..]);
        }
    }
    let start = text
        .rfind(|c: char| !is_part(c) && c != '.')
        .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    (start < text.len() && is_currency(&text[start..])).then(|| &text[..start])
}

fn is_currency(word: &str) -> bool {
    let mut chars = word.chars();
    let Some(last) = chars.next_back() else { return false };
    // €, R$, US$, NT$.
    if is_sign(last) {
        let before = chars.as_str();
        return before.len() <= 3 && before.bytes().all(|byte| byte.is_ascii_alphabetic());
    }
    (word.len() == 3 && word.is_ascii() && CODES.split(' ').any(|code| code.eq_ignore_ascii_case(word)))
        || (word.len() <= 12 && WORDS.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_taken_off_either_end() {
        for text in [
            "€5", "5€", "5 EUR", "EUR 5", "US$5", "R$ 5", "Rs. 5", "5 Kč", "5 zł", "¥5", "5円", "5 лв.", "CHF 5",
        ] {
            assert_eq!(without_currency(text).map(str::trim), Some("5"), "{text}");
        }
        assert_eq!(without_currency("$.50"), Some(".50"));
        for text in ["5", "5 kg", "ABC 5", "", "five", "5 XYZ"] {
            assert_eq!(without_currency(text), None, "{text}");
        }
    }
}
