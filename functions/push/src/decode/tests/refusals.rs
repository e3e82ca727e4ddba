use super::*;

#[test]
fn an_ending_that_is_not_read_is_refused_with_the_way_out() {
    for (name, says) in [
        ("Kunden.xlsx", "CSV UTF-8"),
        ("old.XLS", "CSV UTF-8"),
        ("sheet.ods", "CSV UTF-8"),
        ("all.zip", "unpack"),
        ("a.csv.zip", "unpack"),
        ("a.csv.bz2", "gzip"),
        ("letter.pdf", "export"),
        ("data.parquet", "NDJSON"),
        ("data.xml", "NDJSON"),
        ("inbox/Contacts/noending", ".csv"),
        ("inbox/Contacts.v2/noending", ".csv"),
        ("what.ever", ".csv"),
        ("archive.gz", ".csv"),
    ] {
        let fault = form(name, b"a,b\n1,2\n").unwrap_err();
        assert_eq!(fault.code, "UNKNOWN_ENDING", "{name}");
        assert!(fault.action.contains(says), "{name}: {fault}");
    }
    for name in ["a.csv", "inbox/Contacts/B.TSV", "c.txt", "inbox/x/März 2026.csv.gz"] {
        assert!(form(name, b"a\tb\n1\t2\n").is_ok(), "{name}");
    }
}

#[test]
fn content_that_is_plainly_something_else_is_refused() {
    for (name, bytes, code) in [
        ("x.csv", &b"PK\x03\x04\x14\0\x06\0xl/workbook.xml"[..], "ZIP_CONTENT"),
        ("x.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "EXCEL_CONTENT"),
        ("x.csv", b"%PDF-1.7\n", "PDF_CONTENT"),
        ("x.csv", b"\x28\xb5\x2f\xfd\x04\0", "PACKED_CONTENT"),
        ("x.csv.gz", b"BZh91AY&SY", "PACKED_CONTENT"),
        (
            "x.csv",
            b"  <!DOCTYPE html>\n<html><body>Sign in</body></html>",
            "HTML_CONTENT",
        ),
        ("x.json", b"<html><body>Sign in</body></html>", "HTML_CONTENT"),
        ("x.csv", b"<?xml version=\"1.0\"?><rows/>", "XML_CONTENT"),
        ("x.csv", b"[\n {\"a\": 1}]", "JSON_CONTENT"),
        ("x.csv", b"{\"a\": 1}\n", "JSON_CONTENT"),
        ("x.json", b"a,b\n1,2\n", "NOT_JSON"),
        ("x.json", b"   \n ", "EMPTY_FILE"),
        ("x.json", b"", "EMPTY_FILE"),
        (
            "x.json",
            b"{\"module\":\"Contacts\",\"records\":[{\"Last_Name\":\"Rao\"}]}",
            "QUEUE_MESSAGE",
        ),
        ("x.csv", b"\xff\xfe\0\0a\0\0\0", "ENCODING_UNKNOWN"),
        (
            "x.csv",
            b"\x7fELF\x02\x01\x01\0\0\0\x03\0>\0\x01\0\xff\xff\0a\0",
            "BINARY_FILE",
        ),
    ] {
        let fault = form(name, bytes).unwrap_err();
        assert_eq!(fault.code, code, "{name}: {fault}");
        assert!(!fault.action.is_empty());
    }
    assert_eq!(fault("x.csv.gz", gzip(&gzip(b"a,b\n1,2\n"))).code, "PACKED_CONTENT");
    assert_eq!(fault("x.csv.gz", gzip(b"")).code, "EMPTY_FILE");
}

#[test]
fn a_fault_says_place_what_and_way_out() {
    let fault = fault("x.csv", "Name,Email,Name\nA,B,\nA,B,C\n");
    assert_eq!(
        fault.to_string(),
        "line 3, column 3: the column is named \"Name\" like column 1, and both have values: rename one of the two, take it \
         out, or name it in the mapping's ignore to leave out both"
    );
}

#[test]
fn a_form_survives_being_stored() {
    let form = form("x.csv", "sep=|\r\nName|Straße\r\n".as_bytes()).unwrap();
    assert_eq!(
        serde_json::from_str::<Form>(&serde_json::to_string(&form).unwrap()).unwrap(),
        form
    );
}

#[test]
fn pages_messages_and_archives_are_called_what_they_are() {
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"a.csv");
    tar[257..262].copy_from_slice(b"ustar");
    let rows = "Last Name,Email\nRao,rao@example.com\n";
    for (start, code) in [
        (
            "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/x.php</b> on line <b>3</b><br />\n",
            "ERROR_CONTENT",
        ),
        ("PHP Notice:  Undefined index: x in /x.php on line 3\n", "ERROR_CONTENT"),
        (
            "\nWarning: Cannot modify header information in /x.php on line 3\n",
            "ERROR_CONTENT",
        ),
        ("Traceback (most recent call last):\n", "ERROR_CONTENT"),
        ("<div>Login</div>\n", "HTML_CONTENT"),
        ("<!-- page -->\n<html>\n", "HTML_CONTENT"),
        ("<TR><TD>Last Name</TD></TR>\n", "HTML_CONTENT"),
        ("<script>location='/login'</script>\n", "HTML_CONTENT"),
        ("<Error><Code>AccessDenied</Code></Error>\n", "XML_CONTENT"),
        ("BEGIN:VCARD\n", "OTHER_CONTENT"),
        ("{\\rtf1\\ansi x}\n", "OTHER_CONTENT"),
    ] {
        let fault = form("x.csv", format!("{start}{rows}").as_bytes()).unwrap_err();
        assert_eq!(fault.code, code, "{start}");
    }
    assert_eq!(form("x.csv", &tar).unwrap_err().code, "PACKED_CONTENT");
    assert_eq!(form("x.csv.gz", &gzip(&tar)).unwrap_err().code, "PACKED_CONTENT");
    for header in ["Warning,Email", "Notice: text,Email", "<Name>,Email", "Error,Line"] {
        assert!(form("x.csv", format!("{header}\na,b\n").as_bytes()).is_ok(), "{header}");
    }
}
