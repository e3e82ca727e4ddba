//! What the ending of a file's name says, and what its first bytes say against it.

use super::fault::FileFault;
use super::gunzip;
use super::split::is_program_message;

/// An ending that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Csv,
    Tsv,
    Txt,
    Ndjson,
    Jsonl,
    Json,
}

impl Ending {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Txt => "txt",
            Self::Ndjson => "ndjson",
            Self::Jsonl => "jsonl",
            Self::Json => "json",
        }
    }

    /// Whether rows are cells with a delimiter between them.
    pub(crate) fn is_delimited(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv | Self::Txt)
    }

    /// Reads a file's name; says too whether it ends in `.gz`.
    pub(crate) fn of(name: &str) -> Result<(Self, bool), FileFault> {
        let file = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let (file, gzipped) = match file.strip_suffix(".gz").or_else(|| file.strip_suffix(".gzip")) {
            Some(file) => (file, true),
            None => (file.as_str(), false),
        };
        let ending = file.rsplit_once('.').map(|(_, ending)| ending);
        let known = match ending {
            Some("csv") => Self::Csv,
            Some("tsv" | "tab") => Self::Tsv,
            Some("txt") => Self::Txt,
            Some("ndjson") => Self::Ndjson,
            Some("jsonl") => Self::Jsonl,
            Some("json") => Self::Json,
            other => return Err(refused(other)),
        };
        Ok((known, gzipped))
    }
}

fn refused(ending: Option<&str>) -> FileFault {
    let Some(ending) = ending else {
        return FileFault::new(
            "UNKNOWN_ENDING",
            "the file's name has no ending that says what it is",
            "name it .csv, .tsv, .txt, .ndjson, .jsonl or .json, each also with .gz behind it",
        );
    };
    let action = match ending {
        "xlsx" | "xlsm" | "xlsb" | "xls" | "xltx" | "ods" | "numbers" | "gsheet" | "fods" => {
            "open it in the spreadsheet program, save the sheet as CSV UTF-8, and put that"
        }
        "zip" | "7z" | "rar" | "tar" | "tgz" => "unpack it and put the files in it one by one",
        "bz2" | "xz" | "zst" | "lz4" | "br" | "z" => "unpack it, or pack it with gzip instead",
        "pdf" | "doc" | "docx" | "odt" | "rtf" => "export the data as CSV UTF-8 where it comes from, and put that",
        "parquet" | "avro" | "orc" | "feather" | "arrow" | "db" | "sqlite" | "mdb" | "accdb" | "dbf" | "xml"
        | "html" | "htm" | "vcf" | "sql" | "yaml" | "yml" => "export the data as CSV UTF-8 or NDJSON, and put that",
        _ => "put .csv, .tsv, .txt, .ndjson, .jsonl or .json, each also with .gz behind it",
    };
    FileFault::new(
        "UNKNOWN_ENDING",
        format!("files that end in .{ending} are not read"),
        action,
    )
}

/// Refuses content that is plainly something else, whatever the file's name says.
pub(crate) fn refuse_other_content(bytes: &[u8]) -> Result<(), FileFault> {
    const SPREADSHEET: &str = "open it in the spreadsheet program, save the sheet as CSV UTF-8, and put that";
    const PACKED: &str = "unpack it, or pack it with gzip instead";
    const TABLE: &str = "export the data as CSV UTF-8 or NDJSON";
    const MAGIC: [(&[u8], &str, &str, &str); 17] = [
        (
            b"PK\x03\x04",
            "ZIP_CONTENT",
            "a zip archive or an Excel workbook (.xlsx)",
            SPREADSHEET,
        ),
        (b"PK\x05\x06", "ZIP_CONTENT", "an empty zip archive", PACKED),
        (
            b"\xd0\xcf\x11\xe0",
            "EXCEL_CONTENT",
            "an old Excel workbook (.xls)",
            SPREADSHEET,
        ),
        (
            b"%PDF-",
            "PDF_CONTENT",
            "a PDF document",
            "export the data as CSV UTF-8 where it comes from",
        ),
        (b"BZh91AY&SY", "PACKED_CONTENT", "packed with bzip2", PACKED),
        (b"\xfd7zXZ", "PACKED_CONTENT", "packed with xz", PACKED),
        (b"\x28\xb5\x2f\xfd", "PACKED_CONTENT", "packed with zstd", PACKED),
        (b"7z\xbc\xaf", "PACKED_CONTENT", "a 7z archive", PACKED),
        (b"Rar!\x1a", "PACKED_CONTENT", "a RAR archive", PACKED),
        (b"\x04\x22\x4d\x18", "PACKED_CONTENT", "packed with LZ4", PACKED),
        (b"\x1f\x9d", "PACKED_CONTENT", "packed with compress", PACKED),
        (b"ARROW1\0", "BINARY_FILE", "an Arrow or Feather file", TABLE),
        (b"Obj\x01", "BINARY_FILE", "an Avro file", TABLE),
        (b"\x89PNG", "BINARY_FILE", "a picture", TABLE),
        (
            b"\x09\x08\x10\0",
            "EXCEL_CONTENT",
            "a very old Excel workbook (.xls)",
            SPREADSHEET,
        ),
        (
            b"PAR1\x15",
            "PARQUET_CONTENT",
            "a Parquet file",
            "export the data as CSV UTF-8 or NDJSON",
        ),
        (
            b"SQLite format 3\0",
            "DATABASE_CONTENT",
            "an SQLite database",
            "export the data as CSV UTF-8 or NDJSON",
        ),
    ];
    for (magic, code, what, action) in MAGIC {
        if bytes.starts_with(magic) {
            return Err(FileFault::new(
                code,
                format!("whatever its name says, the file is {what}"),
                action,
            ));
        }
    }
    if is_tar(bytes) {
        return Err(FileFault::new(
            "PACKED_CONTENT",
            "whatever its name says, the file is a tar archive",
            "unpack it and put the files in it one by one",
        ));
    }
    if bytes.starts_with(&gunzip::MAGIC) {
        let action = "unpack it once, so that one layer of gzip is left";
        return Err(FileFault::new(
            "PACKED_CONTENT",
            "the file is packed with gzip twice",
            action,
        ));
    }
    Ok(())
}

/// Whether a file begins with the header of a tar archive: its mark, or, in very old ones, a checksum that is right.
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else { return false };
    if &header[257..262] == b"ustar" {
        return true;
    }
    let said = std::str::from_utf8(&header[148..154]).ok();
    let said = said.and_then(|digits| u32::from_str_radix(digits.trim_matches([' ', '\0']), 8).ok());
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    said == Some(sum(&header[..148]) + 8 * 32 + sum(&header[156..]))
}

/// How other texts begin.
const OTHERS: [(&str, &str); 7] = [
    ("{\\rtf", "a text document (RTF)"),
    ("BEGIN:VCARD", "a vCard"),
    ("BEGIN:VCALENDAR", "a calendar"),
    (
        "version https://git-lfs",
        "a pointer of Git LFS, and not the file itself",
    ),
    ("MIME-Version:", "an e-mail"),
    ("HTTP/1.", "an answer of a web server with its headers"),
    ("-----BEGIN PGP", "encrypted"),
];

/// Refuses text that is plainly a page or a document rather than rows.
pub(crate) fn refuse_markup(text: &[u8]) -> Result<(), FileFault> {
    let start = text.trim_ascii_start();
    let begins = |with: &str| {
        start
            .get(..with.len())
            .is_some_and(|bytes| bytes.eq_ignore_ascii_case(with.as_bytes()))
    };
    let line = start
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .next()
        .unwrap_or_default();
    let first = String::from_utf8_lossy(&start[..start.len().min(400)]).to_lowercase();
    let first_line = String::from_utf8_lossy(&line[..line.len().min(400)]).to_lowercase();
    let markup = first
        .trim_start_matches("<br />")
        .trim_start_matches("<br>")
        .trim_start();
    let is_message = is_program_message(&first_line)
        || markup.starts_with("<b>") && is_program_message(markup.split('\n').next().unwrap_or_default());
    if is_message {
        return Err(FileFault::new(
            "ERROR_CONTENT",
            "the file begins with an error message of the program that wrote it",
            "mend what the message says where the file comes from, and export again",
        ));
    }
    if begins("<!--") || is_html(&first) {
        return Err(FileFault::new(
            "HTML_CONTENT",
            "whatever its name says, the file is a web page",
            "a sign-in or error page may have been saved instead of the export: download the export again",
        ));
    }
    if begins("<?php") || begins("<%") {
        return Err(FileFault::new(
            "ERROR_CONTENT",
            "the file is a program, and not what it writes",
            "download the export from where the program runs",
        ));
    }
    if begins("<?xml") || is_xml(&first) {
        let action = "export the data as CSV UTF-8 or NDJSON";
        return Err(FileFault::new(
            "XML_CONTENT",
            "whatever its name says, the file is XML",
            action,
        ));
    }
    match OTHERS.into_iter().find(|(with, _)| begins(with)) {
        None => Ok(()),
        Some((_, what)) => Err(FileFault::new(
            "OTHER_CONTENT",
            format!("whatever its name says, the file is {what}"),
            "export the data as CSV UTF-8 or NDJSON, and put that",
        )),
    }
}

/// The name of the element that a text begins with, in small letters.
fn element(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('<')?;
    let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != ':')?;
    (len > 0 && rest[len..].contains('>')).then_some(&rest[..len])
}

fn is_html(text: &str) -> bool {
    const ELEMENTS: &str = " html head body table tr td th thead tbody div span p br b i u a img h1 h2 h3 h4 center font form meta \
        link style script title pre ul ol li svg noscript iframe section article main header nav strong em input label ";
    text.starts_with("<!doctype")
        || element(text).is_some_and(|element| ELEMENTS.split(' ').any(|known| known == element))
}

/// Whether a text begins with an element that is closed in the end, or has another in it.
fn is_xml(text: &str) -> bool {
    element(text).is_some() && (text.contains("</") || text.contains("/>") || text.matches('<').count() > 1)
}
