//! What is asked, and what becomes of each record.

use super::*;
use shared::stop::Stop;

use OnAmbiguous as Several;
use OnMissing as None_;

fn ann(reference: Reference) -> Pending {
    contact(0, "ann@example.com", vec![reference])
}

#[test]
fn names_become_ids_in_one_question_whatever_their_case_and_script() {
    let mut book = Book::with_accounts(&["Acme Ltd", "株式会社ソラー", "Müller & Söhne GmbH", "ООО Ромашка"]);
    let names = ["ACME ltd", " 株式会社ソラー ", "müller & söhne gmbh", "ооо РОМАШКА"];
    let batch = names
        .iter()
        .map(|name| ann(company(name, None_::Reject, Several::Reject)))
        .collect();
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    let ids: Vec<_> = verdicts
        .iter()
        .map(|verdict| points_to(verdict, "Account_Name").unwrap())
        .collect();
    assert_eq!(ids, ["1", "2", "3", "4"]);
    assert_eq!((book.queries(), book.pages()), (1, 0));
}

#[test]
fn a_name_with_an_apostrophe_goes_by_pages_and_one_walk_serves_all_later_ones() {
    let mut book = Book::with_accounts(&["O'Reilly GmbH", "Acme", "d'Arc SARL", "back\\slash"]);
    book.page = 2;
    let mut cache = LookupCache::default();
    let one = run(
        &mut cache,
        vec![ann(company("o'reilly gmbh", None_::Reject, Several::Reject))],
        &mut book,
    );
    assert_eq!(points_to(&one[0], "Account_Name").as_deref(), Some("1"));
    assert_eq!((book.queries(), book.pages()), (0, 2));
    let names = ["d'Arc SARL", "back\\slash", "L'Oreal"];
    let batch = names
        .iter()
        .map(|name| ann(company(name, None_::Reject, Several::Reject)))
        .collect();
    let others = run(&mut cache, batch, &mut book);
    assert_eq!(points_to(&others[0], "Account_Name").as_deref(), Some("3"));
    assert_eq!(points_to(&others[1], "Account_Name").as_deref(), Some("4"));
    assert_eq!(code(&others[2]), codes::LOOKUP_NOT_FOUND);
    assert_eq!((book.queries(), book.pages()), (0, 2), "nothing more was asked");
}

#[test]
fn what_is_missing_is_rejected_made_or_left_out() {
    let mut book = Book::new();
    let mut cache = LookupCache::default();
    let batch = vec![
        ann(company("Acme", None_::Reject, Several::Reject)),
        ann(company("Acme", None_::Empty, Several::Reject)),
        ann(company("Acme", None_::Create, Several::Reject)),
        ann(company(" ACME", None_::Create, Several::Reject)),
        ann(company("L'Oreal", None_::Create, Several::Reject)),
    ];
    let verdicts = run(&mut cache, batch, &mut book);
    // The company that two other rows have made is there for the first row, too.
    assert_eq!(
        points_to(&verdicts[0], "Account_Name"),
        points_to(&verdicts[2], "Account_Name")
    );
    assert_eq!(
        points_to(&verdicts[1], "Account_Name"),
        points_to(&verdicts[2], "Account_Name")
    );
    assert_eq!(
        points_to(&verdicts[3], "Account_Name"),
        points_to(&verdicts[2], "Account_Name")
    );
    assert!(points_to(&verdicts[4], "Account_Name").is_some());
    assert_eq!(book.makes(), 1);
    assert_eq!(
        book.accounts.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(),
        ["Acme", "L'Oreal"]
    );
    let asked = book.asked.len();
    run(
        &mut cache,
        vec![ann(company("acme", None_::Reject, Several::Reject))],
        &mut book,
    );
    assert_eq!(book.asked.len(), asked, "what was made is known");
}

#[test]
fn a_field_that_is_left_out_is_not_cleared() {
    let verdicts = run(
        &mut LookupCache::default(),
        vec![ann(company("Acme", None_::Empty, Several::Reject))],
        &mut Book::new(),
    );
    let Resolution::Ready(parcel) = &verdicts[0] else {
        panic!()
    };
    assert_eq!(parcel.record.json(), r#"{"Last_Name":"Rao"}"#);
}

#[test]
fn of_several_none_the_oldest_or_no_field_is_taken() {
    let mut book = Book::with_accounts(&["Other", "Acme", "ACME", "l'arc", "L'Arc"]);
    let batch = ["Acme", "L'arc"].iter().flat_map(|name| {
        [Several::Reject, Several::Oldest, Several::Empty].map(|several| ann(company(name, None_::Create, several)))
    });
    let verdicts = run(&mut LookupCache::default(), batch.collect(), &mut book);
    for (three, oldest) in verdicts.chunks(3).zip(["2", "4"]) {
        assert_eq!(code(&three[0]), codes::AMBIGUOUS_LOOKUP);
        assert_eq!(points_to(&three[1], "Account_Name").as_deref(), Some(oldest));
        assert_eq!(points_to(&three[2], "Account_Name"), None);
    }
    assert_eq!(book.makes(), 0);
}

#[test]
fn a_row_that_is_rejected_anyway_makes_nobodys_parent() {
    let mut book = Book::new();
    let owner = Reference {
        rule: rule("users", "email", None_::Reject, Several::Reject),
        value: "x@example.com".into(),
    };
    let create = |name| company(name, None_::Create, Several::Reject);
    let batch = vec![
        contact(0, "a@example.com", vec![create("Acme"), owner.clone()]),
        ann(create("Other")),
    ];
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    assert_eq!(code(&verdicts[0]), codes::LOOKUP_NOT_FOUND);
    assert_eq!(book.accounts.len(), 1, "only Other was made");
}

#[test]
fn owners_are_found_by_e_mail_address_and_pipelines_by_name() {
    let mut book = Book::new();
    book.users = (1..=5).map(|id| (id, format!("user{id}@Example.com"))).collect();
    book.pipelines = vec![(7, "Sales Pipeline".to_owned())];
    book.page = 2;
    let owner = |email: &str| Reference {
        rule: rule("users", "email", None_::Create, Several::Reject),
        value: email.into(),
    };
    let pipeline = Reference {
        rule: rule("layouts", "name", None_::Reject, Several::Reject),
        value: "sales pipeline".into(),
    };
    let batch = vec![
        contact(0, "a@example.com", vec![owner("USER5@example.com"), pipeline]),
        ann(owner("nobody@example.com")),
    ];
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    assert_eq!(points_to(&verdicts[0], "Owner").as_deref(), Some("5"));
    assert_eq!(points_to(&verdicts[0], "Pipeline").as_deref(), Some("7"));
    assert_eq!(
        code(&verdicts[1]),
        codes::LOOKUP_NOT_MADE,
        "nobody becomes a user by an import"
    );
    assert_eq!((book.queries(), book.makes()), (0, 0));
}

#[test]
fn updates_and_deletes_find_their_record_by_key() {
    let mut book = Book::new();
    book.contacts = vec![
        (11, "ann@example.com".into()),
        (12, "o'neil@example.com".into()),
        (13, "twice".into()),
        (14, "TWICE".into()),
    ];
    let key = |operation, value| keyed(0, operation, &[("Email", value)]);
    let batch = vec![
        key(Operation::Update, "ANN@example.com"),
        key(Operation::Delete, "o'neil@example.com"),
        key(Operation::Update, "nobody@example.com"),
        key(Operation::Delete, "nobody@example.com"),
        key(Operation::Update, "twice"),
        key(Operation::Delete, "twice"),
    ];
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    let id = |verdict: &Resolution| match verdict {
        Resolution::Ready(parcel) => parcel.record.id().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!((id(&verdicts[0]), id(&verdicts[1])), ("11".to_owned(), "12".to_owned()));
    let codes: Vec<_> = verdicts[2..].iter().map(code).collect();
    assert_eq!(codes, ["NOT_FOUND", "unchanged", "AMBIGUOUS_KEY", "AMBIGUOUS_KEY"]);
}

#[test]
fn the_first_match_field_that_finds_anything_decides() {
    let mut book = Book::new();
    book.contacts = vec![(11, "a".into()), (12, "b".into())];
    let batch = vec![
        keyed(0, Operation::Update, &[("External_ID", "b"), ("Email", "a")]),
        keyed(1, Operation::Update, &[("External_ID", "none"), ("Email", "a")]),
    ];
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    let ids: Vec<_> = verdicts
        .iter()
        .map(|verdict| match verdict {
            Resolution::Ready(parcel) => parcel.record.id().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, ["12", "11"]);
}

#[test]
fn what_a_match_key_stands_for_is_looked_up_afresh_each_time() {
    let mut book = Book::new();
    book.contacts = vec![(11, "ann".into())];
    let mut cache = LookupCache::default();
    let batch = || vec![keyed(0, Operation::Delete, &[("Email", "ann")])];
    assert!(matches!(run(&mut cache, batch(), &mut book)[0], Resolution::Ready(_)));
    book.contacts.clear();
    assert_eq!(code(&run(&mut cache, batch(), &mut book)[0]), "unchanged");
}

#[test]
fn a_field_that_the_other_module_does_not_have_is_refused_without_a_question_for_it() {
    let mut book = Book::with_accounts(&["Acme"]);
    let by = |by: &str| Reference {
        rule: rule("Accounts", by, None_::Create, Several::Reject),
        value: "Acme".into(),
    };
    let verdicts = run(
        &mut LookupCache::default(),
        vec![ann(by("Nmae")), ann(by("a b"))],
        &mut book,
    );
    assert_eq!(
        [code(&verdicts[0]), code(&verdicts[1])],
        [codes::LOOKUP_FIELD_UNKNOWN; 2]
    );
    assert_eq!((book.queries(), book.pages(), book.makes()), (0, 0, 0));
}

#[test]
fn nothing_is_made_by_a_field_that_is_not_unique_nor_what_bigin_refuses() {
    let mut book = Book::new();
    book.make_errors = vec![("Bad".to_owned(), "INVALID_DATA")];
    let by = |by: &str, value: &str| Reference {
        rule: rule("Accounts", by, None_::Create, Several::Reject),
        value: value.into(),
    };
    let batch = vec![
        ann(by("Phone", "123")),
        ann(by("Account_Name", "Bad")),
        ann(by("Account_Name", "Good")),
    ];
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    assert_eq!([code(&verdicts[0]), code(&verdicts[1])], [codes::LOOKUP_NOT_MADE; 2]);
    assert!(points_to(&verdicts[2], "Account_Name").is_some());
    assert!(!format!("{verdicts:?}").contains("Bad"), "rejects do not quote");
}

#[test]
fn where_queries_are_refused_lists_are_walked_through() {
    for code in ["OAUTH_SCOPE_MISMATCH", "NO_PERMISSION", "SYNTAX_ERROR", "INVALID_QUERY"] {
        let mut book = Book::with_accounts(&["Acme", "O'Reilly", "Other"]);
        book.query_code = Some(code);
        let mut cache = LookupCache::default();
        let names = ["Acme", "O'Reilly", "Nobody"];
        let batch = || {
            names
                .iter()
                .map(|name| ann(company(name, None_::Reject, Several::Reject)))
                .collect()
        };
        for _ in 0..2 {
            let verdicts = run(&mut cache, batch(), &mut book);
            assert_eq!(points_to(&verdicts[0], "Account_Name").as_deref(), Some("1"), "{code}");
            assert_eq!(points_to(&verdicts[1], "Account_Name").as_deref(), Some("2"), "{code}");
            assert!(matches!(verdicts[2], Resolution::Missing(..)), "{code}");
        }
        assert_eq!((book.queries(), book.pages()), (1, 1), "{code}");
        assert_eq!(cache.warnings().count(), 1, "{code}");
    }
}

#[test]
fn records_whose_list_bigin_does_not_show_wait_and_others_go_on() {
    let mut book = Book::with_accounts(&["Acme", "O'Reilly"]);
    book.page_code = Some(("OAUTH_SCOPE_MISMATCH", 0));
    let names = ["Acme", "O'Reilly"];
    let batch = names
        .iter()
        .map(|name| ann(company(name, None_::Reject, Several::Reject)));
    let batch = batch.chain([contact(2, "x@example.com", Vec::new())]).collect();
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    assert!(matches!(&verdicts[0], Resolution::Ready(_)));
    assert!(
        matches!(&verdicts[1], Resolution::Held(_, Stop::ModuleHeld { code, .. }) if code == "OAUTH_SCOPE_MISMATCH")
    );
    assert!(matches!(&verdicts[2], Resolution::Ready(_)));
}

#[test]
fn what_lies_beyond_the_end_of_a_list_is_neither_missing_nor_made() {
    let mut book = Book::with_accounts(&["O'Reilly", "Acme", "d'Arc"]);
    book.page = 1;
    book.page_code = Some(("PAGINATION_LIMIT_EXCEEDED", 2));
    let batch = ["O'Reilly", "d'Arc"]
        .iter()
        .map(|name| ann(company(name, None_::Create, Several::Reject)))
        .collect();
    let verdicts = run(&mut LookupCache::default(), batch, &mut book);
    assert_eq!(points_to(&verdicts[0], "Account_Name").as_deref(), Some("1"));
    assert_eq!(code(&verdicts[1]), codes::OUT_OF_REACH);
    assert_eq!(book.makes(), 0);
}

#[test]
fn a_round_that_is_given_up_goes_on_where_its_walk_was() {
    let mut book = Book::with_accounts(&["a'1", "a'2", "a'3", "a'4", "a'5"]);
    book.page = 1;
    let mut cache = LookupCache::default();
    let batch = || vec![ann(company("a'5", None_::Reject, Several::Reject))];
    let mut round = Round::open(batch(), &cache);
    for _ in 0..4 {
        let ask = round.next(&mut cache).unwrap();
        let reply = book.answer(&ask);
        round.take(&mut cache, &ask, reply);
    }
    assert_eq!(round.give_up().len(), 1);
    let verdicts = run(&mut cache, batch(), &mut book);
    assert_eq!(points_to(&verdicts[0], "Account_Name").as_deref(), Some("5"));
    assert_eq!(book.pages(), 5, "no page was read twice");
}

#[test]
fn what_was_missing_is_asked_for_again_once_it_is_doubted() {
    let mut book = Book::with_accounts(&["Acme", "d'Arc"]);
    let mut cache = LookupCache::default();
    let names = ["New Ltd", "O'New", "Acme", "d'Arc"];
    let batch = || {
        names
            .iter()
            .map(|name| ann(company(name, None_::Reject, Several::Reject)))
            .collect()
    };
    let verdicts = run(&mut cache, batch(), &mut book);
    assert!(
        verdicts[..2]
            .iter()
            .all(|verdict| matches!(verdict, Resolution::Missing(..)))
    );
    book.accounts
        .extend([(8, "New Ltd".to_owned()), (9, "O'New".to_owned())]);
    assert!(
        matches!(run(&mut cache, batch(), &mut book)[0], Resolution::Missing(..)),
        "it is not asked for all the time"
    );
    cache.doubt_missing(10);
    let verdicts = run(&mut cache, batch(), &mut book);
    let ids: Vec<_> = verdicts
        .iter()
        .map(|verdict| points_to(verdict, "Account_Name").unwrap())
        .collect();
    assert_eq!(ids, ["8", "9", "1", "2"]);
}
