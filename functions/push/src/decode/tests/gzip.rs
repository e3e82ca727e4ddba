use super::*;

#[test]
fn packed_files_of_every_format_are_read_and_resumed() {
    let csv = "Name,City\nMüller,Köln\nRao,\"Pu\nne\"\n".as_bytes();
    assert_eq!(cells("x.csv.gz", gzip(csv)), [["Müller", "Köln"], ["Rao", "Pu\nne"]]);
    assert_eq!(
        cells("x.CSV.GZ", gzip(&utf16("\u{feff}a,b\n1,2\n3,4\n", true))),
        [["1", "2"], ["3", "4"]]
    );
    assert_eq!(rows("x.ndjson.gz", gzip(b"{\"a\":1}\n{\"a\":2}\n")).len(), 2);
    assert_eq!(rows("x.json.gz", gzip(b"[{\"a\":1},{\"a\":2}]")).len(), 2);
}

#[test]
fn a_packed_file_is_read_from_its_start_and_a_plain_one_from_the_row() {
    let csv = b"a,b\n1,2\n3,4\n";
    let packed = gzip(csv);
    let plain = read(&form("x.csv", csv).unwrap(), Limits::default(), csv);
    let unpacked = read(&form("x.csv.gz", &packed).unwrap(), Limits::default(), &packed);
    assert_eq!((plain.rows[1].0.read_from(), unpacked.rows[1].0.read_from()), (8, 0));
    assert_eq!(unpacked.rows[1].0.offset, 8);
}

#[test]
fn several_members_are_one_file_and_zeros_may_follow() {
    let mut bytes = gzip(b"a,b\n1,");
    bytes.extend(gzip(b""));
    bytes.extend(gzip(b"2\n3,4\n"));
    assert_eq!(cells("x.csv.gz", &bytes), [["1", "2"], ["3", "4"]]);
    bytes.extend([0; 700]);
    assert_eq!(cells("x.csv.gz", &bytes), [["1", "2"], ["3", "4"]]);
}

#[test]
fn optional_parts_of_the_header_are_passed_over() {
    let mut packer = flate2::GzBuilder::new()
        .filename("customers.csv")
        .comment("of March")
        .extra(vec![1, 2, 3])
        .write(Vec::new(), flate2::Compression::best());
    packer.write_all(b"a,b\n1,2\n").unwrap();
    assert_eq!(cells("x.csv.gz", packer.finish().unwrap()), [["1", "2"]]);
}

#[test]
fn a_cut_file_is_a_fault_wherever_it_is_cut() {
    let bytes = gzip("a,b\n1,2\n3,4\n".repeat(50).as_bytes());
    for len in 2..bytes.len() {
        let fault = fault("x.csv.gz", &bytes[..len]);
        assert_eq!(fault.code, "GZIP_CUT_OFF", "{len}");
    }
}

#[test]
fn damage_is_noticed() {
    let csv = (0..5000)
        .map(|n| format!("{n},{}\n", n * n))
        .collect::<Vec<_>>()
        .concat();
    let mut bytes = gzip(format!("a,b\n{csv}").as_bytes());
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    assert_eq!(fault("x.csv.gz", &bytes).code, "GZIP_DAMAGED");
    let mut bytes = gzip(b"a,b\n1,2\n");
    bytes.extend_from_slice(b"something else");
    assert_eq!(fault("x.csv.gz", &bytes).code, "GZIP_DAMAGED");
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let limits = Limits {
        unpacked: 300_000,
        ..Limits::default()
    };
    let bytes = gzip("a,b\n".repeat(100_000).as_bytes());
    let form = form("x.csv.gz", &bytes).unwrap();
    let reading = read_on(&form, None, limits, &bytes, 1000);
    assert_eq!(reading.fault.unwrap().code, "GZIP_TOO_LARGE");

    let limits = Limits {
        ratio: 50,
        ratio_counts_from: 100_000,
        ..Limits::default()
    };
    let reading = read_on(&form, None, limits, &bytes, 1000);
    assert_eq!(reading.fault.unwrap().code, "GZIP_TOO_LARGE");
    assert_eq!(read_on(&form, None, Limits::default(), &bytes, 1000).fault, None);
}

#[test]
fn content_is_believed_rather_than_the_name() {
    let csv = b"a,b\n1,2\n";
    assert_eq!(cells("x.csv", gzip(csv)), [["1", "2"]]);
    assert!(form("x.csv", &gzip(csv)).unwrap().warnings[0].contains("although its name does not end in .gz"));
    assert_eq!(cells("x.csv.gz", csv), [["1", "2"]]);
    assert!(form("x.csv.gz", csv).unwrap().warnings[0].contains("is not packed"));
}

#[test]
fn a_large_packed_file_is_learnt_from_its_first_stretch() {
    let csv = (0..200_000_u64)
        .map(|n| format!("{n},{}\n", n * 2_654_435_761 % 1_000_003))
        .collect::<Vec<_>>()
        .concat();
    let bytes = gzip(format!("id,hash\n{csv}").as_bytes());
    let form = form_of("x.csv.gz", &bytes[..400_000], false).unwrap();
    assert_eq!(form.header, ["id", "hash"]);
    assert_eq!(
        read_on(&form, None, Limits::default(), &bytes, 65_536).rows.len(),
        200_000
    );
}
