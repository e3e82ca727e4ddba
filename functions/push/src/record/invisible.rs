//! Characters that nobody sees: which there are, and where one means something.

/// Whether nobody sees a character. These are Unicode's format characters except those that show (Unicode 17,
/// general category Cf without the prepended concatenation marks), fillers that look like nothing, and
/// controls other than line breaks and tabs.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}')
        || matches!(c, '\u{17B4}' | '\u{17B5}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}')
        || matches!(c, '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E007F}')
        || chooses_form(c)
}

/// Whether a character says which form the one before it has, such as the coloured one of an emoji.
pub(crate) fn chooses_form(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether a character says in which direction a text runs.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a letter belongs to a script that is written from right to left.
pub(crate) fn runs_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// Whether a joiner behind that character means something: in scripts whose letters join, and in emoji.
pub(crate) fn joins(before: Option<char>, c: char) -> bool {
    let Some(before) = before else { return false };
    let scripts = |c: char| {
        matches!(c, '\u{600}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}' | '\u{A800}'..='\u{ABFF}'
            | '\u{FB50}'..='\u{FEFC}' | '\u{11000}'..='\u{11FFF}')
    };
    let emoji = |c: char| matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}');
    match c {
        '\u{200C}' => scripts(before),
        '\u{200D}' => scripts(before) || emoji(before),
        // The letters of a flag such as Scotland's.
        '\u{E0020}'..='\u{E007F}' => before == '\u{1F3F4}' || matches!(before, '\u{E0020}'..='\u{E007E}'),
        _ => chooses_form(c) && !before.is_ascii(),
    }
}

/// Whether a character within a text means something although nobody sees it: joiners, direction marks, places where
/// a line may break or must not.
pub(crate) fn means_something(before: Option<char>, c: char) -> bool {
    is_direction(c)
        || joins(before, c)
        // As in a digit within a box.
        || chooses_form(c) && before.is_some_and(|before| !before.is_ascii_alphabetic())
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' | '\u{34F}' | '\u{3164}' | '\u{115F}' | '\u{1160}')
        || matches!(c, '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{180E}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}')
}

/// Whether a character is a blank of another kind than the plain one: one that does not break, a narrow or a wide one.
pub(crate) fn is_odd_blank(c: char) -> bool {
    matches!(
        c,
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Whether a control stands where a letter or a mark was lost, shifts to other letters, or keeps two values apart: never to be
/// taken off. So does the sign that conversions put there.
pub(crate) fn is_lost(c: char) -> bool {
    matches!(c, '\0' | '\u{E}' | '\u{F}' | '\u{1B}'..='\u{1F}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFD}')
}

/// How a message names a character that nobody sees.
pub(crate) fn name(c: char) -> String {
    let what = match c {
        '\0' => "a NUL",
        '\u{FFFD}' => "the sign for a character that was lost",
        '\u{A0}' => "a no-break space",
        '\u{AD}' => "a soft hyphen",
        '\u{200B}' => "a zero-width space",
        '\u{200C}' | '\u{200D}' => "a zero-width joiner",
        '\u{2060}' | '\u{FEFF}' => "a zero-width no-break space",
        _ if is_direction(c) => "a direction mark",
        _ if is_odd_blank(c) => "a blank of an unusual width",
        _ if c.is_control() => "a control character",
        _ => "an invisible character",
    };
    format!("{what} (U+{:04X})", u32::from(c))
}
