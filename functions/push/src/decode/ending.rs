//! What the ending of a file's name says, and what its first bytes say against it.

use super::fault::FileFault;
use super::gunzip;

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
    const MAGIC: [(&[u8], &str, &str, &str); 10] = [
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

/// Refuses text that is plainly a page or a document rather than rows.
pub(crate) fn refuse_markup(text: &[u8]) -> Result<(), FileFault> {
    let start = text.trim_ascii_start();
    let begins = |with: &str| {
        start
            .get(..with.len())
            .is_some_and(|bytes| bytes.eq_ignore_ascii_case(with.as_bytes()))
    };
    if ["<!doctype", "<html", "<head", "<table", "<body"]
        .into_iter()
        .any(begins)
    {
        return Err(FileFault::new(
            "HTML_CONTENT",
            "whatever its name says, the file is a web page",
            "a sign-in or error page may have been saved instead of the export: download the export again",
        ));
    }
    if begins("<?xml") {
        let action = "export the data as CSV UTF-8 or NDJSON";
        return Err(FileFault::new(
            "XML_CONTENT",
            "whatever its name says, the file is XML",
            action,
        ));
    }
    Ok(())
}
