//! Learns the form of a file from its name and first bytes.

use super::dialect::{self, Dialect, empty};
use super::encoding::{self, Transcoder};
use super::ending::{Ending, refuse_markup, refuse_other_content};
use super::fault::FileFault;
use super::form::{Checkpoint, Encoding, Form, Format, LineEnd};
use super::gunzip::{self, Gunzip, Pulled};
use super::json_values::{ValueScanner, wrapped_list};
use super::limits::Limits;
use super::rules::FileRules;
use super::split::line_feeds;
use super::split::swallowed::Looks;
use crate::record::RELAY_COLUMNS;

/// How many bytes of a file [`form_of`] should get, if it has as many.
pub const FIRST_STRETCH: usize = 1 << 20;

/// Learns a file's form. `name` is its name or key, `first` its first bytes (as many as [`FIRST_STRETCH`], if there are),
/// and `whole` says that there are no more.
///
/// # Errors
/// The file cannot be read: it is something else, empty, or has no usable header.
pub fn form_of(name: &str, first: &[u8], whole: bool) -> Result<Form, FileFault> {
    form_by(name, first, whole, &FileRules::default())
}

/// The same by a mapping's rules.
///
/// # Errors
/// The file cannot be read: it is something else, empty, or has no usable header.
pub fn form_by(name: &str, first: &[u8], whole: bool, rules: &FileRules) -> Result<Form, FileFault> {
    form_within(name, first, whole, rules, &Limits::default())
}

/// The same with limits of one's own.
///
/// # Errors
/// The file cannot be read: it is something else, empty, has no usable header, or is beyond the limits.
pub fn form_within(
    name: &str,
    first: &[u8],
    whole: bool,
    rules: &FileRules,
    limits: &Limits,
) -> Result<Form, FileFault> {
    let (ending, named_gz) = Ending::of(name)?;
    let mut warnings = Vec::new();
    let gzipped = first.starts_with(&gunzip::MAGIC);
    if gzipped != named_gz && !first.is_empty() {
        let but = if gzipped {
            "is packed with gzip although its name does not end"
        } else {
            "ends"
        };
        let and = if gzipped {
            "it was unpacked"
        } else {
            "but is not packed: it was read as it is"
        };
        warnings.push(format!("the file's name {but} in .gz; {and}"));
    }
    let unpacked;
    let (bytes, whole) = if gzipped {
        unpacked = unpack(first, whole, *limits)?;
        (unpacked.0.as_slice(), unpacked.1)
    } else {
        (first, whole)
    };
    refuse_other_content(bytes)?;
    let found = encoding::tell(bytes, whole, rules.encoding)?;
    warnings.extend(found.warning);
    let mut in_utf8 = Vec::new();
    let text = match Transcoder::new(found.encoding) {
        None => bytes,
        Some(mut transcoder) => {
            transcoder.push(bytes, whole, &mut in_utf8);
            &in_utf8
        }
    };
    let bom = text.starts_with("\u{feff}".as_bytes());
    let before = if bom { '\u{feff}'.len_utf8() } else { 0 };
    let text = &text[before..];
    if whole && text.iter().all(|byte| dialect::is_blank(*byte)) {
        return Err(empty());
    }
    refuse_markup(text)?;
    let mut form = Form {
        format: Format::Delimited,
        gzipped,
        encoding: found.encoding,
        bom,
        delimiter: ',',
        line_end: LineEnd::Lf,
        sep_line: false,
        header: Vec::new(),
        header_text: String::new(),
        wrapped: false,
        ending: ending.as_str().to_owned(),
        start: Checkpoint {
            offset: 0,
            line: 1,
            seekable: !gzipped && found.encoding == Encoding::Utf8,
        },
        settled: found.settled,
        rules: rules.clone(),
        vacant: Vec::new(),
        looks: Looks::default(),
        warnings,
    };
    let start = if ending.is_delimited() {
        delimited(&mut form, text, whole, ending, limits)?
    } else {
        json(&mut form, text, whole, ending)?
    };
    form.start.offset = (before + start) as u64;
    Ok(form)
}

/// Unpacks the first stretch, and says whether that is all.
fn unpack(first: &[u8], whole: bool, limits: Limits) -> Result<(Vec<u8>, bool), FileFault> {
    let mut gunzip = Gunzip::new(limits);
    gunzip.feed(first);
    let mut bytes = Vec::new();
    while bytes.len() < FIRST_STRETCH {
        if gunzip.pull(&mut bytes)? == Pulled::NeedsMore {
            if whole {
                gunzip.finish()?;
            }
            return Ok((bytes, whole));
        }
    }
    Ok((bytes, false))
}

fn delimited(form: &mut Form, text: &[u8], whole: bool, ending: Ending, limits: &Limits) -> Result<usize, FileFault> {
    if looks_like_json(text) {
        let action = "name it .json (an array, or objects over several lines) or .ndjson (one object a line)";
        return Err(FileFault::new(
            "JSON_CONTENT",
            "whatever its name says, the file is JSON",
            action,
        ));
    }
    if is_rejects_file(text) {
        // It has the rows of its input and none of the lines around them.
        form.rules.skip_first = 0;
        form.rules.skip_last = 0;
        form.rules.end_at = None;
    }
    let usual = if ending == Ending::Csv { b',' } else { b'\t' };
    let Dialect {
        delimiter,
        line_end,
        sep_line,
        header,
        header_text,
        start,
        line,
        vacant,
        looks,
    } = dialect::learn(text, whole, usual, &form.rules, limits)?;
    form.vacant = vacant;
    form.looks = looks;
    form.delimiter = char::from(delimiter);
    form.line_end = line_end;
    form.sep_line = sep_line;
    form.header = header;
    form.header_text = header_text;
    form.start.line = line;
    Ok(start)
}

/// Whether the first line, behind a line `sep=`, begins with the first of our own columns.
fn is_rejects_file(text: &[u8]) -> bool {
    let begins = |line: &[u8]| {
        line.strip_prefix(b"\"")
            .unwrap_or(line)
            .starts_with(RELAY_COLUMNS[0].as_bytes())
    };
    let second = text
        .split(|byte| *byte == b'\n' || *byte == b'\r')
        .find(|line| !line.is_empty() && !line.starts_with(b"sep="));
    second.is_some_and(begins)
}

fn looks_like_json(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let behind = |open: &[u8]| text.strip_prefix(open).and_then(|rest| rest.trim_ascii_start().first());
    behind(b"{") == Some(&b'"') || behind(b"[") == Some(&b'{')
}

/// Finds out how the objects stand in the file, and where the first one may start.
fn json(form: &mut Form, text: &[u8], whole: bool, ending: Ending) -> Result<usize, FileFault> {
    let blanks = text.len() - text.trim_ascii_start().len();
    let objects = &text[blanks..];
    // A broken line must not take the next ones with it: where lines look like objects, they are read line by line.
    let start = if lines_are_objects(objects, whole, ending != Ending::Json) {
        form.format = Format::Ndjson;
        blanks
    } else if objects.first() == Some(&b'[') {
        if ending != Ending::Json {
            let name = ending.as_str();
            form.warnings.push(format!(
                "the file is a JSON array although its name ends in .{name}; it was read as one"
            ));
        }
        form.format = Format::JsonArray;
        blanks + 1
    } else if objects.first() != Some(&b'{') {
        return Err(FileFault::new(
            "NOT_JSON",
            "the file starts with neither { nor [, so it is not JSON",
            "put one JSON object a line, or an array of objects; name delimited text .csv",
        ));
    } else if let Some(list) = list_in_object(objects, whole)? {
        form.format = Format::JsonArray;
        form.wrapped = true;
        blanks + list
    } else {
        form.format = Format::JsonObjects;
        blanks
    };
    form.start.line = 1 + line_feeds(&text[..start]);
    Ok(start)
}

/// Whether there are several lines, and most are objects of their own. Where the name says so, the first is enough.
fn lines_are_objects(text: &[u8], whole: bool, named: bool) -> bool {
    let (mut lines, mut objects, mut first) = (0, 0, false);
    for line in text
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| whole || line.ends_with(b"\n"))
    {
        let line = line.trim_ascii();
        // An empty object says nothing: it is on a line of its own in any layout.
        let is_object = line.len() > 2 && line.starts_with(b"{") && line.ends_with(b"}");
        first |= is_object && lines == 0;
        lines += u32::from(!line.is_empty());
        objects += u32::from(is_object);
    }
    lines > 1 && (objects * 2 > lines || named && first)
}

/// Where the list of records starts in a file that is one object around it.
fn list_in_object(text: &[u8], whole: bool) -> Result<Option<usize>, FileFault> {
    let object = ValueScanner::default().scan(text, false);
    let alone = object.is_none_or(|len| whole && text[len..].trim_ascii().is_empty());
    match wrapped_list(text).filter(|_| alone) {
        Some((_, true)) => Err(queue_message()),
        list => Ok(list.map(|(start, _)| start)),
    }
}

fn queue_message() -> FileFault {
    FileFault::new(
        "QUEUE_MESSAGE",
        "the file is a message for the queue: it names a module beside its records",
        "send it to RecordsQueue, or put a file with nothing but the records",
    )
}
