"""A thousand contacts as an export really looks: names in many scripts, human headers, and a dozen different faults."""

from __future__ import annotations

import csv
import io
import random

HEADERS = [
    "First Name", "Last Name", "E-Mail", "Title", "Phone", "Mailing City", "Mailing Country", "Mailing Zip",
    "Birthday", "Newsletter", "Loyalty Points", "Level", "Last Visit", "Description",
]  # fmt: skip

# Given names, family names, city, country, postcode, phone: people with the names of one place.
_PLACES = [
    (["Lena", "Jürgen", "Zoë", "Björn"], ["Müller", "Strauß", "Özdemir", "von der Heide"], "Köln", "Germany", "50667", "+49 221 55501{:02d}"),
    (["Siobhán", "Aoife", "Niall", "Conor"], ["O'Brien", "Ní Dhomhnaill", "Mac Cárthaigh", "Walsh"], "Dublin", "Ireland", "D02 X285", "+353 1 55501{:02d}"),
    (["Renée", "François", "Chloé", "Noël"], ["Dupont", "L'Hôte", "Lefèvre", "Müller-Roux"], "Besançon", "France", "25000", "+33 3 81 55 01 {:02d}"),
    (["Łukasz", "Małgorzata", "Żaneta", "Paweł"], ["Wójcik", "Źdźbło", "Nowak", "Brzęczyszczykiewicz"], "Łódź", "Poland", "90-001", "+48 42 555 01 {:02d}"),
    (["Ольга", "Дмитрий", "Алёна", "Юрий"], ["Иванова", "Щукин", "Ковальчук", "Ёлкин"], "Київ", "Ukraine", "01001", "+380 44 55501{:02d}"),
    (["Ελένη", "Γιώργος", "Άννα", "Νίκος"], ["Παπαδοπούλου", "Αγγελίδης", "Ωραιόπουλος", "Ζέρβα"], "Αθήνα", "Greece", "105 57", "+30 21 0555 01{:02d}"),
    (["美咲", "健太", "さくら", "大翔"], ["佐藤", "髙橋", "渡邉", "齋藤"], "東京", "Japan", "100-0001", "+81 3-5550-01{:02d}"),
    (["伟", "秀英", "娜", "强"], ["王", "李", "欧阳", "司马"], "上海", "China", "200000", "+86 21 5550 01{:02d}"),
    (["민준", "서연", "지우", "하은"], ["김", "이", "박", "남궁"], "서울", "South Korea", "04524", "+82 2-555-01{:02d}"),
    (["ليلى", "محمد", "فاطمة", "يوسف"], ["الخطيب", "حداد", "بن علي", "المصري"], "القاهرة", "Egypt", "11511", "+20 2 555501{:02d}"),
    (["נועה", "דוד", "תמר", "יוסף"], ["כהן", "לוי", "מזרחי", "פרץ"], "תל אביב", "Israel", "6100000", "+972 3-555-01{:02d}"),
    (["आरव", "प्रिया", "विकास", "अनन्या"], ["शर्मा", "पटेल", "राव", "गुप्ता"], "मुंबई", "India", "400001", "+91 22 5550 01{:02d}"),
    (["สมชาย", "มาลี", "ณัฐ", "พิมพ์"], ["ใจดี", "ศรีสุข", "ทองดี", "วงศ์"], "กรุงเทพฯ", "Thailand", "10100", "+66 2 555 01{:02d}"),
    (["Nguyễn", "Thị", "Văn", "Đức"], ["Trần", "Phạm", "Lê", "Hồ"], "Hà Nội", "Vietnam", "100000", "+84 24 5550 01{:02d}"),
    (["Ayşe", "İbrahim", "Gül", "Çağla"], ["Yılmaz", "Şahin", "Öztürk", "Işık"], "İstanbul", "Türkiye", "34000", "+90 212 555 01 {:02d}"),
    (["Jane", "Robert'); DROP TABLE", "Anne-Marie", "J. R."], ["Smith, Jr.", "D’Angelo", "Null", "True"], "Austin", "United States", "78701", "+1 512-555-01{:02d}"),
]  # fmt: skip
_TITLES = ["Buyer", "Geschäftsführerin", 'Head of "Everything"', "営業部長", "Directrice, ventes", ""]
_LEVELS = ["Gold", "Silver", "Bronze", ""]
_NOTES = ["", "Met at the fair.\nWants a quote; roof, 120 m²", 'Said: "call me back"', "=SUM(A1:A9) is what she wrote", "Prefers e-mail 🙂"]

# What is wrong with a row, and the cells that make it so. Three rows of each are among the thousand.
FAULTS = [
    ("no last name", {"Last Name": ""}),
    ("an e-mail that is none", {"E-Mail": "not an address"}),
    ("an e-mail of 130 characters", {"E-Mail": "x" * 116 + "@example.test"}),
    ("a first name of 41 characters", {"First Name": "N" * 41}),
    ("a phone with a picture in it", {"Phone": "☎ 555 0199"}),
    ("a phone that a spreadsheet made a number", {"Phone": "4.93E+11"}),
    ("a postcode of 31 characters", {"Mailing Zip": "9" * 31}),
    ("a 31st of February", {"Birthday": "1990-02-31"}),
    ("a newsletter wish that is neither yes nor no", {"Newsletter": "perhaps"}),
    ("points that are a word", {"Loyalty Points": "lots"}),
    ("points of twelve digits", {"Loyalty Points": "123456789012"}),
    ("a visit that was yesterday", {"Last Visit": "yesterday"}),
    ("more cells than the header has", {"": "one too many"}),
]
FAULTY_ROWS_EACH = 3


def contacts(rows: int = 1000, seed: int = 2026) -> tuple[str, int]:
    """The CSV and how many of its rows are faulty. The same every time."""
    random_ = random.Random(seed)
    faulty = dict(zip(random_.sample(range(rows), len(FAULTS) * FAULTY_ROWS_EACH), FAULTS * FAULTY_ROWS_EACH, strict=True))
    text = io.StringIO()
    text.write("\ufeff")  # as spreadsheets save it
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADERS)
    for number in range(rows):
        cells = _person(random_, number)
        _, wrong = faulty.get(number, (None, {}))
        cells |= wrong
        writer.writerow([cells[name] for name in HEADERS] + ([cells[""]] if "" in cells else []))
    return text.getvalue(), len(faulty)


def _person(random_: random.Random, number: int) -> dict[str, str]:
    given, family, city, country, postcode, phone = _PLACES[number % len(_PLACES)]
    return {
        "First Name": random_.choice(given),
        "Last Name": random_.choice(family),
        "E-Mail": f"person.{number:04d}@example.test" if number % 7 else f"Person.{number:04d}@Example.TEST",
        "Title": random_.choice(_TITLES),
        "Phone": phone.format(number % 100),
        "Mailing City": city,
        "Mailing Country": country,
        "Mailing Zip": postcode,
        "Birthday": f"{random_.randint(1940, 2005)}-{random_.randint(1, 12):02d}-{random_.randint(1, 28):02d}",
        "Newsletter": random_.choice(["yes", "no", "true", "0"]),
        "Loyalty Points": str(random_.randint(0, 5000)),
        "Level": random_.choice(_LEVELS),
        "Last Visit": f"2026-{random_.randint(1, 12):02d}-{random_.randint(1, 28):02d}T{random_.randint(8, 18):02d}:30:00+02:00",
        "Description": random_.choice(_NOTES),
    }
