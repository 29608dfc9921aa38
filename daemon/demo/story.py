"""The demo's script: what staff send, and how the responsible people answer the mails they get."""

from collections.abc import Callable

from daemon.demo import paper
from daemon.demo.script import Reply, Sending, Typing
from rules.locales import Locale


def _handling(locale: Locale, **facts: object) -> Callable[[str], bytes]:
    return lambda number: paper.handling(locale, {"case_number": number, **facts})


def sendings() -> list[Sending]:
    """Return what staff send, in order of time."""
    hsu = paper.complaint(
        "after-sales",
        Locale.ZH_HANT,
        {
            "department": "after-sales",
            "source": "walk-in",
            "customer_name": "許雅婷",
            "customer_phone": "0912-345-678",
            "plate_no": "ABC-1234",
            "car_model": "Passat",
            "nature": "appeal",
            "category": "repair-quality",
            "description": "上週更換煞車片後仍有異音，來店兩次都說正常。",
            "repair_amount": "800",
            "labour_fee": "300",
            "filled_in_by": "小林",
        },
    )
    script = [
        Sending(
            0.0,
            "staff.lin@example.com",
            "客訴：許小姐煞車異音",
            "請處理，謝謝。",
            "level 3, own blank",
            (("售後客戶抱怨單.xlsx", hsu),),
        ),
        Sending(
            0.8,
            "staff.wang@example.com",
            "客户投诉单",
            "见附件",
            "level 2, an old form re-typed in Simplified Chinese",
            (("投诉单.xlsx", _retyped()),),
        ),
        Sending(
            1.6,
            "staff.lin@example.com",
            "Complaint: gearbox",
            "See the form.",
            "level 1, in English",
            (("complaint.xlsx", _gearbox()),),
        ),
        Sending(
            2.4,
            "staff.chang@example.com",
            "等車四個月",
            "客戶很不高興",
            "sales, waited four months",
            (("銷售客戶抱怨單.xlsx", _waited()),),
        ),
        Sending(
            3.2,
            "staff.wang@example.com",
            "廠家工單轉來一件",
            "請盡快處理",
            "special: the manufacturer's work order",
            (("工單.xlsx", _work_order()),),
        ),
        Sending(
            4.0,
            "staff.chang@example.com",
            "展廳本週抱怨彙總",
            "三件，請查收",
            "a list: three complaints, one per row",
            (("本週抱怨.xlsx", _list()),),
        ),
        Sending(
            4.8,
            "staff.lin@example.com",
            "抱怨單",
            "金額不太確定",
            "a bad form: 「一千左右」 is no amount",
            (("抱怨單.xlsx", _bad()),),
        ),
        Sending(
            5.6,
            "staff.wang@example.com",
            "客户刚才打电话来骂人",
            "怎么办？要填什么表？",
            "a mail without any form",
        ),
        Sending(
            6.4,
            "care@example.com",
            "客戶關愛部開單",
            "請售後總監處理",
            "issued by customer care (D26), with a photo",
            (("關愛部抱怨單.xlsx", _issued_by_care()), ("photo.png", _PHOTO)),
        ),
        Sending(
            3.6,
            "staff.lin@example.com",
            "客訴：許小姐煞車異音（再寄一次）",
            "怕沒收到，再寄一次",
            "the first form, sent again",
            (("售後客戶抱怨單.xlsx", hsu),),
        ),
        Sending(8.0, "seller@elsewhere.example", "special offer", "buy our tyres", "a stranger"),
        Sending(
            11.0,
            "staff.lin@example.com",
            "抱怨單（已更正）",
            "金額補上了",
            "the bad form, corrected",
            (("抱怨單.xlsx", _corrected()),),
        ),
    ]
    return sorted(script, key=lambda sending: sending.after)


def typings() -> list[Typing]:
    """Return what managers type into the master workbook."""
    return [
        Typing(
            21.0,
            "葉先生",
            {
                "remarks": "已約週三下午到店",
                "resolution": "致歉並更換空氣濾網",
                "concession": "工時費 20%",
                "status": "已解決",
            },
            "marks a case resolved, with a promise over the workbook's authority",
        ),
        Typing(
            23.0,
            "馬先生",
            {"resolution": "總經理當面致歉，客戶接受", "status": "已解決"},
            "marks a case resolved",
        ),
    ]


def replies() -> list[Reply]:
    """Return how people answer their mails."""
    return [
        Reply(
            "service.manager@example.com",
            "assignment",
            "許雅婷",
            6.0,
            "已解決 重新調整煞車片並試車，客戶滿意，優惠工時費20%",
            "resolves in time, by a short reply",
        ),
        Reply(
            "gm@example.com",
            "assignment",
            "Harper",
            5.0,
            "",
            "resolves in time, with the handling form",
            _handling(
                Locale.EN,
                result="resolved",
                resolution="Gearbox oil changed, road test with the customer",
                discount_percent=50,
            ),
        ),
        Reply(
            "sales@example.com",
            "assignment",
            "蔡先生",
            3.0,
            "已解決 致歉並贈送精品1500元",
            "promises more than he may",
        ),
        Reply(
            "gm@example.com",
            "authority-exceeded",
            "蔡先生",
            3.0,
            "已解決 同意贈送精品1500元，下週三交車",
            "grants it: his authority covers it",
        ),
        Reply(
            "retail@example.com",
            "assignment",
            "Sun",
            3.0,
            "resolved apologised, showed the price list again",
            "resolves the second of the list",
        ),
        Reply(
            "gm@example.com",
            "escalation",
            "郭大明",
            5.0,
            "已解決 親自致電廠家，明日到件，今晚回覆客戶",
            "settles the special case after its lapse",
        ),
        Reply(
            "board@example.com",
            "escalation",
            "赵女士",
            2.0,
            "请总经理立即处理。",
            "the board only comments: nothing happens to the case",
        ),
    ]


def _retyped() -> bytes:
    return paper.retyped(
        "售后客户投诉单",
        [
            ("顾客姓名：", "赵女士", "手 机", "+86 138 1234 5678"),
            ("车牌号", "沪A·88888", "投诉类别*", "☑服务态度 □维修质量"),
            ("投诉日期", "2026年11月21日", "维修费用（元）", "￥1，500.00"),
            ("问题描述", "前台让客户等了两个小时，没有人解释原因", "经办人", "小王"),
        ],
    )


def _gearbox() -> bytes:
    return paper.complaint(
        "after-sales",
        Locale.EN,
        {
            "department": "after-sales",
            "source": "phone",
            "customer_name": "Ms Harper",
            "customer_phone": "+86 21 5555 0199",
            "plate_no": "沪B·66666",
            "nature": "claim",
            "category": "repair-quality",
            "description": "Gearbox slips again two weeks after the repair.",
            "repair_amount": "5200",
            "claim_amount": "2000",
        },
    )


def _waited() -> bytes:
    return paper.complaint(
        "sales",
        Locale.ZH_HANT,
        {
            "department": "sales",
            "customer_name": "蔡先生",
            "customer_phone": "0933-222-111",
            "order_no": "SO-2026-0711",
            "ordered_on": "2026-07-11",
            "category": "waiting",
            "description": "七月下訂到現在還沒有交車日期。",
        },
    )


def _work_order() -> bytes:
    return paper.complaint(
        "after-sales",
        Locale.ZH_HANT,
        {
            "department": "after-sales",
            "source": "manufacturer-work-order",
            "customer_name": "郭大明",
            "customer_phone": "0922-000-333",
            "category": "parts",
            "description": "缺件等待三週，客戶向廠家投訴。",
        },
    )


def _list() -> bytes:
    return paper.table(
        ["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容"],
        [
            ["銷售", "高小姐", "0955-111-222", "優惠幅度", "同款車朋友多拿一萬折扣"],
            ["銷售", "Mr Sun", "0955-333-444", "價格", "Quoted price differs from the invoice"],
            ["銷售", "馬先生", "0955-555-666", "現場衝突", "在展廳與銷售顧問發生爭執，要求見主管"],
        ],
    )


def _bad() -> bytes:
    return paper.retyped(
        "售後客戶抱怨單",
        [
            ("客戶姓名", "徐太太", "聯絡電話", "0966-777-888"),
            ("車牌號碼", "XYZ-5678", "抱怨類型", "等待時間"),
            ("抱怨時間", "昨天下午", "維修金額", "一千左右"),
            ("抱怨內容", "保養等了四個小時", "填表人", "小林"),
        ],
    )


def _corrected() -> bytes:
    return paper.retyped(
        "售後客戶抱怨單",
        [
            ("客戶姓名", "徐太太", "聯絡電話", "0966-777-888"),
            ("車牌號碼", "XYZ-5678", "抱怨類型", "等待時間"),
            ("維修金額", "1,050", "填表人", "小林"),
            ("抱怨內容", "保養等了四個小時", "", ""),
        ],
    )


def _issued_by_care() -> bytes:
    return paper.complaint(
        "after-sales",
        Locale.ZH_HANT,
        {
            "department": "after-sales",
            "source": "phone",
            "customer_name": "葉先生",
            "customer_phone": "0977-888-999",
            "category": "attitude",
            "description": "服務顧問態度冷淡，客戶來電客戶關愛部反映。",
            "repair_amount": "450",
        },
    )


# A one-pixel PNG: whatever is attached beside a form is kept with its case.
_PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415478da63f8cfc000000301010018dd8db00000000049454e44ae426082"
)
