"""Makes up customers, so that there is something to try things on: nobody in the file exists.

python3 scripts/make_customers.py --out FILE --customers 3000 --provinces 11,31,44 --seed 1

Writes the canonical CSV that a province node imports, one row for each subscription. Numbers are well formed (identity
and credit codes have right check digits, telephone numbers lie in prefixes that are in use), so that every check
passes; that one of them is also somebody's is chance. The same seed gives the same customers for a province, on every
machine and whatever other provinces are asked for; asking for more only adds to them.
"""

import argparse
import csv
import datetime
import random
import sys

from _sample_places import PROVINCES

COLUMNS = (
    "province",
    "customer_number",
    "kind",
    "name",
    "document_kind",
    "document_number",
    "contact_number",
    "city_code",
    "address",
    "subscription_id",
    "service_number",
    "offering",
    "status",
    "status_since",
    "suspended_reason",
)
CUSTOMERS_MAX = 500000
NUMBERS_PER_PROVINCE = 1000000

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌宇浩然子轩梓涵欣怡雨桐思佳俊毅志鹏海燕"
    "春梅晓东雪琴嘉博天佑雅婷晨曦永康家豪美玲淑珍德福振兴"
)
ROADS = ("人民路", "解放路", "建设路", "中山路", "和平路", "新华街", "文化路", "学府路", "滨河路", "迎宾大道")
TRADES = ("科技", "贸易", "物流", "餐饮管理", "信息技术", "建筑工程", "医疗器械", "电子商务", "机械制造", "文化传媒")
BRANDS = ("宏达", "华信", "恒通", "金泰", "瑞丰", "天成", "博远", "中兴源", "汇智", "永盛", "启航", "新纪元")

MOBILE_PREFIXES = [
    str(prefix)
    for first, last in ((130, 139), (150, 153), (155, 159), (166, 166), (175, 178), (180, 183), (185, 189), (198, 199))
    for prefix in range(first, last + 1)
]
MOBILE_OFFERINGS = ("mobile-4g-39", "mobile-4g-59", "mobile-5g-99", "mobile-5g-129", "mobile-5g-199")
FIXED_OFFERINGS = ("fixed-line", "broadband-300m", "broadband-1000m")
CIRCUIT_OFFERINGS = ("leased-line-100m", "leased-line-1g")
REASONS = ("客户申请停机", "手机丢失", "欠费停机", "出国暂停使用")

RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)

FIRST_DAY = datetime.date(2012, 1, 1)
LAST_DAY = datetime.date(2025, 12, 31)
YOUNGEST_BORN = 2007


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, metavar="FILE", help="where to write the CSV")
    parser.add_argument("--customers", type=int, default=3000, help="how many in all (default 3000)")
    parser.add_argument("--provinces", default="11,31,44", help="two-digit codes, or `all` (default 11,31,44)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other customers (default 1)")
    parser.add_argument("--encoding", choices=("utf-8", "utf-8-sig", "gb18030"), default="utf-8")
    options = parser.parse_args(arguments)
    provinces = sorted(PROVINCES) if options.provinces == "all" else options.provinces.split(",")
    unknown = [code for code in provinces if code not in PROVINCES]
    if unknown:
        parser.error("no such province: {}; there are {}".format(", ".join(unknown), ", ".join(sorted(PROVINCES))))
    if not 0 <= options.customers <= CUSTOMERS_MAX:
        parser.error(f"--customers must be between 0 and {CUSTOMERS_MAX}")
    rows = write_customers(options.out, options.customers, provinces, options.seed, options.encoding)
    print(f"{options.out}: {options.customers} customers, {rows} subscriptions")
    return 0


def write_customers(path, customers, provinces, seed, encoding="utf-8"):
    """Writes the CSV and gives back how many rows (subscriptions) it has. Customers are shared out evenly."""
    provinces = list(dict.fromkeys(provinces))
    rows = 0
    with open(path, "w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for place, province in enumerate(provinces):
            share = customers // len(provinces) + (place < customers % len(provinces))
            for row in customer_rows(province, share, seed):
                writer.writerow(row)
                rows += 1
    return rows


def customer_rows(province, customers, seed):
    """The rows of the first so many customers of a province, as dictionaries by column."""
    dice = Dice(f"{seed}/{province}")
    numbers = _numbers(province, dice)
    for serial in range(1, customers + 1):
        yield from _customer(province, serial, dice, numbers)


class Dice:
    """Seeded chance that falls alike under every version of Python, which only `random()` is promised to do."""

    def __init__(self, seed):
        self._random = random.Random(seed)  # noqa: S311 - sample data, to be repeated.

    def below(self, limit):
        return int(self._random.random() * limit)

    def one_of(self, choices):
        return choices[self.below(len(choices))]

    def percent(self, chance):
        return self._random.random() * 100 < chance

    def digits(self, count):
        return "".join(str(self.below(10)) for _ in range(count))


def _numbers(province, dice):
    """Endings of mobile numbers, none twice in the country: the province's code and six digits in a shuffled order."""
    start = dice.below(NUMBERS_PER_PROVINCE)
    for step in range(NUMBERS_PER_PROVINCE):
        # The factor has no divisor in common with the count, so every ending comes up once.
        yield f"{province}{(start + step * 618033) % NUMBERS_PER_PROVINCE:06d}"


def _customer(province, serial, dice, numbers):
    place = PROVINCES[province]
    city = dice.one_of(place["prefectures"])
    district = dice.one_of(city["districts"])
    enterprise = dice.percent(5)
    mobile = _mobile(dice, numbers)
    customer = {
        "province": province,
        "customer_number": f"{province}-{serial:010d}",
        "kind": "enterprise" if enterprise else "individual",
        "name": _enterprise_name(city, dice) if enterprise else _person_name(dice),
        "document_kind": "uscc" if enterprise else "resident_id",
        "document_number": credit_code(district["code"], dice) if enterprise else _identity_number(district, dice),
        "contact_number": mobile,
        "city_code": city["code"],
        "address": _address(place, city, district, dice),
    }
    offerings = [(mobile, dice.one_of(MOBILE_OFFERINGS))]
    if enterprise:
        for _ in range(dice.below(4)):
            offerings.append((_mobile(dice, numbers), dice.one_of(MOBILE_OFFERINGS)))
        if dice.percent(60):
            circuit = "{}-DL-{:06d}".format(city["code"][:4], serial)
            offerings.append((circuit, dice.one_of(CIRCUIT_OFFERINGS)))
    elif dice.percent(15):
        offerings.append((_fixed_line(city, serial), dice.one_of(FIXED_OFFERINGS)))
    for count, (number, offering) in enumerate(offerings, start=1):
        row = dict(customer)
        row["subscription_id"] = "{}-{:02d}".format(customer["customer_number"], count)
        row["service_number"] = number
        row["offering"] = offering
        row.update(_status(dice))
        yield row


def _mobile(dice, numbers):
    return dice.one_of(MOBILE_PREFIXES) + next(numbers)


def _fixed_line(city, serial):
    """The serial makes it unique in its city: six digits and a first one that subscribers' numbers have."""
    return "{}{}{:06d}".format(city["area_code"], "68"[: city["digits"] - 6], serial)


def _status(dice):
    day = FIRST_DAY + datetime.timedelta(days=dice.below((LAST_DAY - FIRST_DAY).days))
    status, reason = "active", ""
    if dice.percent(5):
        status, reason = "suspended", dice.one_of(REASONS)
    elif dice.percent(2):
        status = "terminated"
    return {"status": status, "status_since": day.isoformat(), "suspended_reason": reason}


def _person_name(dice):
    given = dice.one_of(GIVEN)
    if dice.percent(75):
        given += dice.one_of(GIVEN)
    return dice.one_of(SURNAMES) + given


def _enterprise_name(city, dice):
    return "{}{}{}有限公司".format(city["name"], dice.one_of(BRANDS), dice.one_of(TRADES))


def _address(place, city, district, dice):
    parts = [place["name"]]
    if city["name"] != place["name"]:
        parts.append(city["name"])
    parts.append(district["name"])
    road, house, flat = dice.one_of(ROADS), 1 + dice.below(300), 101 + dice.below(9) + 100 * dice.below(18)
    return "{}{}{}号{}室".format("".join(parts), road, house, flat)


def _identity_number(district, dice):
    first_year = max(1950, district["since"])
    born = datetime.date(first_year + dice.below(YOUNGEST_BORN - first_year + 1), 1, 1)
    born += datetime.timedelta(days=dice.below(365))
    return with_resident_check(district["code"] + born.strftime("%Y%m%d") + f"{1 + dice.below(999):03d}")


def with_resident_check(number):
    """A resident identity number of 17 digits with its check digit (GB 11643: ISO 7064 MOD 11-2)."""
    return number + RESIDENT_CHECKS[sum(int(n) * w for n, w in zip(number, RESIDENT_WEIGHTS)) % 11]


def credit_code(district_code, dice):
    """A unified social credit code (GB 32100) of an enterprise, with both of its check characters."""
    organisation = dice.digits(8)
    remainder = 11 - sum(int(n) * w for n, w in zip(organisation, ORGANISATION_WEIGHTS)) % 11
    code = "91" + district_code + organisation + {10: "X", 11: "0"}.get(remainder, str(remainder))
    total = sum(CREDIT_ALPHABET.index(c) * w for c, w in zip(code, CREDIT_WEIGHTS))
    return code + CREDIT_ALPHABET[(31 - total) % 31]


if __name__ == "__main__":
    sys.exit(main())
