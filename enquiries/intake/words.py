"""When two spellings are one word: heads, choices and names in either script, in any language of the product."""

from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.db.models import TextChoices
from django.utils import translation
from django.utils.functional import Promise

from enquiries.states import Channel, CustomerKind, Grade, Invited, Motive, PaperKind, Rings
from inventory.rules.text import fold

# Beyond the words of price lists, which `fold` knows.
_MORE = str.maketrans(
    "電話聯絡顧問來獲時間聽鈴聲證號碼係類錄記訪達標點員買動報網轉紹屆陸邊復擬兩給嗎響關資級從業產諮詢遺潛質徑擋體線紙簡訊單張傳機構營執統稱護灣絕應該確實後維婦個賣鄰樓層總價備註歸屬辦開發處異聞樣觀還這對務進況約請萬區蓋較",
    "电话联络顾问来获时间听铃声证号码系类录记访达标点员买动报网转绍届陆边复拟两给吗响关资级从业产咨询遗潜质径挡体线纸简讯单张传机构营执统称护湾绝应该确实后维妇个卖邻楼层总价备注归属办开发处异闻样观还这对务进况约请万区盖较",
)

# Code → what else offices write for it, folded.
SYNONYMS: Mapping[type[TextChoices], Mapping[str, tuple[str, ...]]] = {
    CustomerKind: {
        "PERSON": ("个人", "自然人", "个人客户", "私人", "person", "individual"),
        "COMPANY": ("公司", "企业", "单位", "法人", "公司客户", "企业客户", "机构", "company"),
    },
    Channel: {
        "PASSING": ("路过", "自然到访", "自然来访", "途经", "顺路"),
        "FENCE": ("围挡", "工地围挡", "围墙"),
        "OUTDOOR": ("户外", "户外广告", "户外广告牌", "高炮", "广告牌", "看板", "路牌"),
        "EXHIBITION": ("展会", "展览", "房展会", "巡展", "外展", "展厅", "外展点"),
        "WEB": (
            "网络", "网站", "线上", "互联网", "抖音", "微信", "公众号", "朋友圈", "小红书", "安居客", "搜房", "房天下",
            "online", "internet",
        ),
        "NEWSPAPER": ("报纸", "报广", "报刊", "平面媒体"),
        "SMS": ("短信", "手机短信", "简讯"),
        "FLYER": ("单页", "传单", "dm", "dm单", "海报", "派单", "宣传单"),
        "OUTREACH": ("外拓", "拓客", "行销", "电话拓客", "call客", "电销", "拜访"),
        "REFERRAL": (
            "老带新", "业主介绍", "朋友介绍", "介绍", "老客户介绍", "友介", "转介绍", "亲友介绍", "老业主介绍",
            "referral",
        ),
        "AGENT": ("分销", "中介", "渠道", "中介渠道", "分销渠道", "经纪人", "带看", "agent"),
        "OTHER": ("其他", "其它", "别的", "other"),
    },
    Grade: {code: (f"{code.lower()}类", f"{code.lower()}级", f"{code.lower()}类客户") for code in Grade.values},
    Motive: {
        "OWN": ("自住", "自用", "居住", "刚需", "改善", "首置", "婚房", "养老"),
        "INVEST": ("投资", "置业投资", "保值", "出租"),
        "BOTH": ("自住兼投资", "投资兼自住", "兼顾", "两者", "自住投资", "自住/投资"),
    },
    PaperKind: {
        "RESIDENT": ("身份证", "居民身份证", "二代身份证", "idcard"),
        "PERMIT": ("居住证", "港澳台居民居住证", "港澳台居住证"),
        "TRAVEL": ("回乡证", "港澳通行证", "港澳居民来往内地通行证", "港澳居民通行证"),
        "TAIWAN": ("台胞证", "台湾通行证", "台湾居民来往大陆通行证"),
        "PASSPORT": ("护照", "passport"),
        "COMPANY": ("营业执照", "统一社会信用代码", "信用代码", "统一信用代码", "公司代码", "营业执照号"),
    },
    Invited: {
        "YES": ("是", "会来", "来", "已邀约", "邀约成功", "成功", "答应", "同意", "确定", "可以", "y", "yes"),
        "MAYBE": ("待定", "可能", "考虑", "看情况", "不确定", "再说", "maybe"),
        "NO": ("否", "不来", "拒绝", "未邀约", "未成功", "婉拒", "n", "no"),
    },
    Rings: {"M": ("未接", "漏接", "未接听", "missed"), "U": ("未知", "不详", "不明", "unknown")},
}  # fmt: skip
YES, NO = frozenset((
    "是", "有", "已", "已到访", "已来访", "√", "✓", "y", "yes", "1", "true",
)), frozenset(("否", "无", "未", "未到访", "未来访", "×", "n", "no", "0", "false"))  # fmt: skip


@lru_cache(maxsize=8192)
def same(text: str) -> str:
    """The form in which two spellings of a head, a choice or a name count as the same."""
    return fold(text).translate(_MORE)


def in_every_language(label: Promise | str) -> tuple[str, ...]:
    """The label folded, as each language of the product writes it."""
    found = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.append(same(str(label)))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=16)
def codes(choices: type[TextChoices]) -> dict[str, str]:
    """Every word for a choice → its code: the code, the label in each language, and what offices write."""
    found = {word: str(code) for code in choices for word in (same(code.value), *in_every_language(code.label))}
    return found | {same(word): code for code, words in SYNONYMS[choices].items() for word in words}
