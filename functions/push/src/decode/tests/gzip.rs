use super::*;
use crate::decode::gunzip::{Gunzip, MOST_HEADER, Pulled};

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

/// Unpacks until that ends or is refused: how many bytes came out in all, how many at most at once, and the refusal.
fn unpack(packed: &[u8], limits: Limits) -> (u64, usize, Option<FileFault>) {
    let mut gunzip = Gunzip::new(limits);
    gunzip.feed(packed);
    let (mut all, mut most_at_once) = (0, 0);
    loop {
        let mut out = Vec::new();
        let pulled = gunzip.pull(&mut out);
        all += out.len() as u64;
        most_at_once = most_at_once.max(out.len());
        match pulled {
            Ok(Pulled::Some) => {}
            Ok(Pulled::NeedsMore) => return (all, most_at_once, None),
            Err(fault) => return (all, most_at_once, Some(fault)),
        }
    }
}

#[test]
fn of_a_bomb_no_more_comes_out_than_a_step_beyond_the_limit() {
    const STEP: u64 = 64 << 10;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b'\n'; 64 << 20]).unwrap();
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 100_000, "it is one");
    let by_size = Limits {
        unpacked: 1 << 20,
        ..Limits::default()
    };
    let by_ratio = Limits {
        ratio_counts_from: 1 << 20,
        ..Limits::default()
    };
    // All of it was handed over, so that the ratio is to all of it.
    let most_by_ratio = (by_ratio.ratio + 1) * bomb.len() as u64;
    for (limits, most) in [(by_size, 1 << 20), (by_ratio, most_by_ratio)] {
        let (all, most_at_once, fault) = unpack(&bomb, limits);
        let fault = fault.unwrap();
        assert_eq!(fault.code, "GZIP_TOO_LARGE");
        assert!(fault.action.contains(&limits.unpacked.to_string()) && fault.action.contains("600 times"));
        assert!((most..=most + STEP).contains(&all), "{all} bytes came out of {most}");
        assert!(most_at_once as u64 <= STEP, "{most_at_once} bytes at once");
    }
    let (all, most_at_once, fault) = unpack(&bomb, Limits::default());
    assert_eq!(
        (all, fault),
        (64 << 20, None),
        "below the size from which the ratio counts"
    );
    assert!(most_at_once as u64 <= STEP);
}

#[test]
fn a_file_that_unpacks_to_the_limit_is_read_and_one_byte_more_is_not() {
    let packed = gzip(&[b'x'; 1000]);
    let ratio = 1000 / packed.len() as u64;
    let within = |unpacked, ratio, ratio_counts_from| {
        let limits = Limits {
            unpacked,
            ratio,
            ratio_counts_from,
            ..Limits::default()
        };
        unpack(&packed, limits).2.is_none()
    };
    assert_eq!((within(1000, 600, 0), within(999, 600, 0)), (true, false));
    assert_eq!((within(1000, ratio, 0), within(1000, ratio - 1, 0)), (true, false));
    assert_eq!((within(1000, 1, 1000), within(1000, 1, 999)), (true, false));
}

#[test]
fn a_header_of_a_member_that_does_not_end_is_not_waited_for() {
    let begun = |len: usize| {
        let mut member = vec![0x1f, 0x8b, 8, 0b0_1000, 0, 0, 0, 0, 0, 0];
        member.resize(len, b'n');
        unpack(&member, Limits::default()).2.map(|fault| fault.code)
    };
    assert_eq!(begun(MOST_HEADER), None);
    assert_eq!(begun(MOST_HEADER + 1).as_deref(), Some("GZIP_DAMAGED"));
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
