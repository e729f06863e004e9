"""What states, reasons and replies of messages are called when a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatcher.domain.model import Role
from dispatcher.domain.problems import Say

ROLES: Mapping[Role, Say] = {
    Role.OFFICER: Say("cán bộ", "officer"),
    Role.LEADER: Say("lãnh đạo", "leader"),
    Role.ADMIN: Say("quản trị", "admin"),
    Role.AUDITOR: Say("kiểm tra", "auditor"),
}
STATES: dict[str, Say] = {
    "queued": Say("chờ gửi", "waiting"),
    "sending": Say("đang chuyển", "on its way"),
    "accepted": Say("đã chuyển nhà mạng/Zalo, chưa có báo nhận", "handed over, nothing heard yet"),
    "delivered": Say("đã nhận", "delivered"),
    "read": Say("đã xem", "read"),
    "failed": Say("không gửi được", "failed"),
    "unconfirmed": Say("chưa rõ kết quả", "in doubt"),
    "expired": Say("quá hạn", "expired"),
    "skipped": Say("không gửi", "not sent"),
    "cancelled": Say("đã dừng", "stopped"),
    "refused": Say("bị từ chối", "refused"),
    "doubtful": Say("chưa rõ, sẽ hỏi lại", "in doubt, will ask"),
}
REMEDIES: dict[str, Say] = {  # by fault: what a person should do
    "busy": Say("không phải làm gì: sẽ tự gửi lại", "nothing: it is sent again by itself"),
    "unknown": Say(
        "không phải làm gì: hệ thống hỏi lại nhà cung cấp; ai còn «chưa rõ» có trong Nhật ký",
        "nothing: the gateway is asked again; whoever stays in doubt is in the log",
    ),
    "recipient": Say(
        "tự thử kênh sau nếu có; ai vẫn không nhận được: sửa số trong danh bạ, nhờ tổ trưởng báo",
        "the next channel is tried by itself; for whoever is left mend the number, or ask the head "
        "of the group to pass it on",
    ),
    "carrier": Say(
        "đăng ký tên định danh với mạng này, hoặc thêm nhà cung cấp khác",
        "register the sender with this network, or add another gateway",
    ),
    "content": Say(
        "nhà cung cấp không cho qua bài này: đăng ký mẫu, hoặc đổi câu chữ",
        "the gateway refuses this wording: register the template, or change it",
    ),
    "account": Say(
        "người quản trị nạp tiền hoặc sửa tài khoản, rồi bấm Mở lại ở Nhà cung cấp",
        "an admin tops up or mends the account, then resumes it under Gateways",
    ),
    "later": Say("không phải làm gì: gửi khi tới giờ", "nothing: it goes when the hours allow"),
}
REASONS: dict[str, Say] = {
    "no_number": Say("không có số điện thoại", "no phone number"),
    "landline": Say("chỉ có số cố định", "only a landline"),
    "opted_out": Say("đã từ chối nhận tin", "asked not to be written to"),
    "shared_phone": Say("dùng chung máy, đã gửi một tin", "shares a phone that got one message"),
    "same_household": Say("mỗi hộ một tin", "one message per household"),
    "no_channel": Say("không có kênh phù hợp", "no step of the route fits"),
    "no_consent": Say(
        "chưa đồng ý nhận quảng cáo (Nghị định 91/2020 điều 11)",
        "never agreed to advertising (Decree 91/2020 art. 11)",
    ),
    "do_not_call": Say(
        "trong danh sách không quảng cáo (Nghị định 91/2020 điều 7)",
        "on the do-not-call list (Decree 91/2020 art. 7)",
    ),
    "too_often": Say(
        "đã nhận 3 tin quảng cáo trong 24 giờ (Nghị định 91/2020 điều 13)",
        "three advertisements within 24 hours (Decree 91/2020 art. 13)",
    ),
    "removed": Say("đã ra khỏi danh bạ sau khi duyệt", "taken off the list since the release"),
    "forgotten": Say("đã xóa theo yêu cầu", "erased on request"),
    "call_refused": Say(
        "cả lượt gửi nhiều số bị từ chối, đang gửi lại từng phần",
        "refused with a whole call, goes again in smaller ones",
    ),
    "too_few": Say(
        "chưa đủ số máy để nhà cung cấp nhận một lượt (nên thêm kênh nhận từng số)",
        "fewer numbers than the gateway takes at once (add a step that takes single ones)",
    ),
    "same_words": Say(
        "đã nhận cùng nội dung trong 24 giờ", "got exactly the same words within 24 hours"
    ),
    "restored": Say(
        "có thể đã đi trước khi khôi phục cơ sở dữ liệu, không gửi lại",
        "may have left before the database was restored; not sent again",
    ),
    "no_text": Say("thiếu dữ liệu để viết tin, hoặc tin quá dài", "no text could be written"),
    "busy": Say("nhà cung cấp bận", "the gateway was busy"),
    "unknown": Say("không đọc được trả lời", "no readable answer"),
    "recipient": Say("người nhận không nhận được qua kênh này", "cannot be reached this way"),
    "carrier": Say("nhà cung cấp không tới được mạng này", "the gateway cannot reach this network"),
    "content": Say("nội dung bị từ chối", "the wording was refused"),
    "account": Say("tài khoản của nhà cung cấp có vấn đề", "trouble with the gateway account"),
    "later": Say("ngoài giờ hoặc hết hạn mức của nhà cung cấp", "vendor's night or quota"),
}

# What a suppression stops, by its scope; and why, where nobody typed a reason.
SCOPES: dict[str, Say] = {
    "promotion": Say("chỉ không gửi quảng cáo", "advertising only"),
    "all": Say(
        "không gửi thông báo, quảng cáo; tin khẩn vẫn gửi",
        "no notices and advertising; urgent texts still reach",
    ),
    "urgent": Say("không gửi gì, cả tin khẩn", "nothing at all, urgent texts neither"),
}
WHY_STOPPED: dict[str, Say] = {
    "replied": Say("nhắn tin từ chối", "refused by a reply"),
    "do_not_call": Say("danh sách không quảng cáo", "the do-not-call list"),
}
WISHES: dict[str, Say] = {
    "ordinary": Say("", ""),
    "unclear": Say("có thể là lời từ chối", "may be a refusal"),
    "all": Say("từ chối", "refused"),
    "urgent": Say("từ chối cả tin khẩn", "refused urgent texts too"),
}
LOOKS: dict[str, Say] = {
    "none": Say("", ""),
    "waiting": Say("cần người xem", "needs a look"),
    "obeyed": Say("đã ghi không gửi", "suppressed"),
    "dismissed": Say("đã xem, vẫn gửi", "looked at, still written to"),
}
CONFIRMATIONS: dict[str, Say] = {
    "none": Say("", ""),
    "waiting": Say("sẽ báo lại", "to be confirmed"),
    "sending": Say("đang báo lại", "being confirmed"),
    "sent": Say("đã báo lại", "confirmed"),
    "failed": Say("không báo lại được", "could not be confirmed"),
    "unsure": Say("chưa rõ đã báo lại chưa", "perhaps confirmed"),
    "cannot": Say("kênh này không báo lại được", "its channel has no way back"),
}


def why_stopped(reason: str) -> Say:
    """The reason of a suppression, as typed or in words."""
    return WHY_STOPPED.get(reason, Say(reason, reason))


def sentence(message: Mapping[str, Any], language: str) -> str:
    """A message's state in words."""
    words = STATES[message["state"]].to(language)
    if message.get("parts_missing"):
        return f"{words}; {short(message['parts_missing']).to(language)}"
    reason = REASONS.get(message["reason"] or "")
    return f"{words}: {reason.to(language)}" if reason else words


def short(missing: str) -> Say:
    """What is missing of a text ("2/3", "?/3") in words."""
    which, _, of = missing.partition("/")
    if which == "?":
        return Say(f"nhận thiếu: có phần không tới (trong {of})",
                   f"received in part: some of {of} parts failed")  # fmt: skip
    return Say(f"nhận thiếu phần {which} (trong {of})", f"part {which} of {of} failed")
