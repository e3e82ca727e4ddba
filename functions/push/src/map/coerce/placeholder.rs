//! Texts that people and programs write where there is no value. As a key each of them makes one record of many people.

/// Words that stand for no value, in small letters, in the languages of Bigin's user interface and of programs.
const WORDS: &[&str] = &[
    "-none-",
    "not specified",
    "ohne",
    "ei tietoa",
    "none none",
    "n.n.",
    "δεν υπάρχει",
    "keine e-mail",
    "no especificado",
    "non spécifié",
    "non specificato",
    "nicht bekannt.",
    "ej angivet",
    "ikke angivet",
    "niet bekend",
    "niet opgegeven",
    "nie podano",
    "neuvedena",
    "не вказано",
    "nije navedeno",
    "belirtilmemiş",
    "未填写",
    "未填",
    "記載なし",
    "なし。",
    "미입력",
    "غير محدد",
    "לא צוין",
    "-1",
    "1900-01-00",
    "false",
    "true",
    "#n/a",
    "-infinity",
    "1.#inf",
    "1.#qnan",
    "[object object]",
    "inf",
    "infinity",
    "null null",
    "nullnull",
    "system.object",
    "undefined undefined",
    "undefinedundefined",
    "ｎ／ａ",
    "(blank)",
    "(empty)",
    "(leer)",
    "(none)",
    "(null)",
    "(unknown)",
    "(vide)",
    "<blank>",
    "<empty>",
    "<na>",
    "<none>",
    "<null>",
    "[empty]",
    "[none]",
    "[null]",
    "\\n",
    "a definir",
    "aucun",
    "aucune",
    "b.d.",
    "bilinmiyor",
    "bilinmeyen",
    "blank",
    "brak",
    "brak danych",
    "boş",
    "desconhecido",
    "desconocida",
    "desconocido",
    "asdf",
    "dummy",
    "eksik",
    "empty",
    "entfällt",
    "ei ole",
    "ei tiedossa",
    "geen",
    "ikke oplyst",
    "inconnu",
    "inconnue",
    "ingen",
    "ismeretlen",
    "k. a.",
    "k.a.",
    "k.a",
    "k/a",
    "keine",
    "keine angabe",
    "keiner",
    "kein wert",
    "leer",
    "missing",
    "n-a",
    "n. a.",
    "n. d.",
    "n.a",
    "n.a.",
    "n.b.",
    "n.c.",
    "n.d",
    "n.d.",
    "n/a",
    "n/a.",
    "n/b",
    "n/d",
    "na",
    "nan",
    "nat",
    "nb",
    "neant",
    "néant",
    "necunoscut",
    "nenhum",
    "neuveden",
    "neuvedeno",
    "neznámy",
    "neznámý",
    "nepoznato",
    "nicht angegeben",
    "nicht bekannt",
    "nicht verfügbar",
    "nicht vorhanden",
    "nieznany",
    "nil",
    "ninguno",
    "ninguna",
    "nincs",
    "nincs adat",
    "no aplica",
    "no data",
    "no disponible",
    "no email",
    "no e-mail",
    "no mail",
    "no name",
    "no phone",
    "no value",
    "non disponibile",
    "non renseigné",
    "none",
    "noname",
    "not applicable",
    "not available",
    "not known",
    "not provided",
    "not set",
    "null",
    "nulo",
    "não disponível",
    "não informado",
    "nessuno",
    "nessuna",
    "okänd",
    "onbekend",
    "pas d'email",
    "s. o.",
    "s/d",
    "s/n",
    "s/o",
    "sans",
    "sconosciuta",
    "sconosciuto",
    "sin datos",
    "sin email",
    "sin nombre",
    "sense dades",
    "n.v.t.",
    "nvt",
    "test",
    "testing",
    "tba",
    "tbc",
    "tbd",
    "tidak ada",
    "tidak diketahui",
    "to be defined",
    "tuntematon",
    "ukendt",
    "ukjent",
    "unbekannt",
    "undefined",
    "unknown",
    "unnamed",
    "vazio",
    "vuoto",
    "xx",
    "xxx",
    "xxxx",
    "xxxxx",
    "yok",
    "zzz",
    "άγνωστο",
    "δ/υ",
    "κενό",
    "без названия",
    "не указан",
    "не указана",
    "не указано",
    "невідомо",
    "невідомий",
    "неизвестен",
    "неизвестна",
    "неизвестно",
    "неизвестный",
    "немає",
    "нет",
    "нет данных",
    "няма",
    "отсутствует",
    "н/д",
    "אין",
    "לא ידוע",
    "نامشخص",
    "ندارد",
    "غير متوفر",
    "غير معروف",
    "لا يوجد",
    "अज्ञात",
    "उपलब्ध नहीं",
    "ไม่มี",
    "ไม่ทราบ",
    "không",
    "không có",
    "không rõ",
    "なし",
    "無し",
    "無",
    "不明",
    "未定",
    "未設定",
    "无",
    "没有",
    "未知",
    "暂无",
    "空",
    "不适用",
    "不適用",
    "沒有",
    "없음",
    "미정",
    "미상",
    "알 수 없음",
    "해당 없음",
];

/// What stands before the @ of an address that nobody has.
const NOBODY: &[&str] = &[
    "n/a",
    "keine",
    "kein",
    "n-a",
    "n.a",
    "na",
    "nan",
    "nil",
    "no",
    "nobody",
    "noemail",
    "no-email",
    "no.email",
    "no_email",
    "nomail",
    "no-mail",
    "no.mail",
    "no_mail",
    "noname",
    "none",
    "null",
    "test",
    "unknown",
    "unbekannt",
    "undefined",
    "xx",
    "xxx",
    "xxxx",
    "sinemail",
    "sin-email",
    "sincorreo",
    "pasdemail",
    "keineemail",
    "keine-email",
    "keinemail",
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
];

/// Of these, the ones that say it whatever stands behind the @.
const WHATEVER_BEHIND: &[&str] = &[
    "noemail",
    "no-email",
    "no.email",
    "no_email",
    "nomail",
    "no-mail",
    "no.mail",
    "no_mail",
    "sinemail",
    "sin-email",
    "sincorreo",
    "pasdemail",
    "keineemail",
    "keine-email",
    "keinemail",
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
];

/// Words that stand on both sides of the @ of an address that nobody has.
const MADE_UP: &[&str] = &[
    "abc", "email", "example", "fake", "mail", "sin", "aaa", "asdf", "qwerty", "user", "dummy", "info", "name",
];

/// Whether a text is the place for a value in a template that nobody has filled in, and can be nothing else: `{{email}}`.
pub(super) fn is_surely_unfilled(text: &str) -> bool {
    let pairs = [
        ("{{", "}}"),
        ("${", "}"),
        ("[[", "]]"),
        ("<%", "%>"),
        ("*|", "|*"),
        ("%%", "%%"),
    ];
    pairs.iter().any(|(open, close)| is_place(text, open, close))
}

/// The same of what may be a value by chance: `{email}`, `%EMAIL%`.
fn is_unfilled(text: &str) -> bool {
    is_surely_unfilled(text) || is_place(text, "{", "}") || is_place(text, "%", "%")
}

/// An id in braces is one.
fn is_place(text: &str, open: &str, close: &str) -> bool {
    let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    inner.is_some_and(|inner| inner.contains(char::is_alphabetic) && !inner.contains(|c: char| c.is_ascii_digit()))
}

/// Whether a value, trimmed and in small letters, stands for none.
pub(in crate::map) fn is_placeholder(folded: &str) -> bool {
    // The longest word has fewer bytes; nearly all keys are e-mail addresses or longer.
    if folded.len() > 60 {
        return false;
    }
    if let Some((local, domain)) = folded.split_once('@').filter(|_| folded != "@") {
        let host = domain.split('.').next().unwrap_or_default();
        if MADE_UP.contains(&local) && local == host {
            return true;
        }
        // As in a@a.com.
        if local.len() == 1 && local == host {
            return true;
        }
        // How those that nobody has begin.
        if !matches!(
            local.as_bytes(),
            [b'd' | b'k' | b'n' | b'p' | b's' | b't' | b'u' | b'x', ..]
        ) {
            return false;
        }
        return NOBODY.contains(&local)
            && (WHATEVER_BEHIND.contains(&local)
                || NOBODY.contains(&host)
                || matches!(host, "email" | "mail" | "nowhere"));
    }
    if is_unfilled(folded) {
        return true;
    }
    // Signs alone, such as - or ???, and zeros alone.
    let says_nothing = |c: char| c == '0' || !c.is_alphanumeric();
    folded.chars().all(says_nothing) || WORDS.contains(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_no_value_is_known_and_what_is_one_is_not() {
        for text in [
            "n/a",
            "-",
            "--",
            "—",
            "0",
            "000",
            "0.00",
            "null",
            "unknown",
            "?",
            ".",
            "unbekannt",
            "не указано",
            "不明",
            "none@none.com",
            "noemail@company.com",
            "no-email@x.de",
            "na@na.na",
            "test@test.com",
            "n/a@n/a.com",
            "a@a.com",
            "-1",
            "true",
            "$ -",
            "{{email}}",
            "${kunden_nr}",
            "%customer%",
            "{name}",
            "@",
            "fake@fake.com",
            "nobody@nowhere.com",
            "not specified",
            "test",
            "info@info.com",
            "noreply@company.com",
            "do-not-reply@shop.example",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "acme",
            "10",
            "a-1",
            "ann@example.com",
            "x",
            "none gmbh",
            "null&co",
            "na@example.com",
            "a@b.com",
            "-12",
            "test@example.com",
            "nora@mail.com",
            "3m",
            "株式会社",
            "unknown pleasures ltd",
            "{6f9619ff-8b86-d011-b42d-00cf4fc964ff}",
            "100%",
            "{a1}",
            "bosch@bosch.com",
            "nobel@example.com",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn every_word_is_written_as_it_is_compared() {
        for word in WORDS.iter().chain(NOBODY) {
            assert_eq!(crate::record::fold(word), *word);
            assert!(word.len() <= 60, "{word}");
        }
        assert!(NOBODY.iter().all(|word| is_placeholder(&format!("{word}@none.com"))));
        assert!(WHATEVER_BEHIND.iter().all(|word| NOBODY.contains(word)));
    }
}
