"""What the trail's acts are called when a person reads them; the words in the database stay."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.domain.problems import Say

ACTS: Mapping[str, Say] = {
    act: Say(vi, act.replace("_", " "))
    for act, vi in {
        "added": "thêm", "again": "nêu lý do gửi lại", "approval": "ghi cách duyệt",
        "approved": "duyệt", "approver_left": "người duyệt hết quyền", "arranged": "sắp sẵn",
        "attached": "đính kèm",
        "backed_up": "sao lưu", "bound": "gắn tài khoản Zalo", "cancelled": "hủy",
        "changed": "thay đổi", "checked": "kiểm tra", "closed": "đóng", "confirmed": "xác nhận",
        "correction": "soạn đính chính", "created": "soạn", "deadlines": "chuyển sang kênh sau",
        "delegated": "ủy quyền", "despite": "nêu lý do vẫn gửi", "detached": "bỏ đính kèm",
        "disabled": "khóa tài khoản", "do_not_call": "nạp danh sách không quảng cáo",
        "done": "hoàn thành", "doubts": "hỏi lại điều chưa rõ",
        "doubts_ended": "ghi tên tin chưa rõ",
        "draft": "về bản nháp",
        "drained": "dừng êm", "duty": "xếp lịch trực", "edited": "sửa", "emergency": "tin khẩn",
        "ended": "kết thúc", "expired": "quá hạn", "exported": "tải về", "forgotten": "xóa dữ liệu",
        "granted": "cho phép lần nữa", "handed_over": "bàn giao", "heard": "nhận báo kết quả",
        "health": "ghi tình trạng", "held": "giữ lại",
        "imported": "nhập danh sách", "joined": "vào nhóm", "kept": "cất giữ",
        "key_added": "cấp khóa API", "key_revoked": "thu khóa API", "key_used": "dùng khóa API",
        "learned": "ghi chỉ mục tên", "left": "rời đi", "left_out": "bỏ qua người không viết được",
        "limit": "áp giới hạn", "loaded": "nạp địa bàn", "locked": "khóa",
        "looked": "xem tin trả lời", "measured": "đo tốc độ",
        "merged": "gộp", "missed": "lỡ giờ", "moved": "chuyển trạng thái",
        "not_passed_on": "bỏ đánh dấu đã chuyển lời", "offered": "sửa câu chữ",
        "opened": "mở trang",
        "over_budget": "nêu lý do vượt ngân sách", "passed_on": "tổ trưởng đã chuyển lời",
        "password": "đặt mật khẩu", "password_right": "nhập đúng mật khẩu",
        "password_wrong": "nhập sai mật khẩu", "paused": "tạm dừng",
        "household_passed": "chuyển tin của hộ cho người tiếp theo",
        "phone_passed": "chuyển máy chung cho người tiếp theo",
        "planned": "lập danh sách gửi",
        "polled": "hỏi kết quả", "prepared": "soạn sẵn", "printed": "in ra",
        "proposed": "thấy tổ mới", "reached_at": "ghi cách liên lạc", "read": "xem",
        "ready": "sẵn sàng", "received": "ghi báo kết quả", "reclaimed": "nhận lại việc dở",
        "refused": "bị từ chối", "registered": "ghi mẫu đã đăng ký", "rejected": "từ chối",
        "released": "phát hành", "removed": "bỏ", "renamed": "đổi tên", "reopened": "mở lại",
        "replied": "trả lời", "resend": "gửi lại", "resumed": "cho chạy tiếp",
        "returned": "trả lại", "reworded": "đổi câu chữ", "role": "đổi vai trò",
        "rotated": "đổi mã truy cập", "running": "bắt đầu gửi",
        "same_words": "bỏ người đã nhận cùng nội dung", "scheduled": "đặt giờ",
        "seeded": "nạp ngày nghỉ", "seen": "đọc tệp lịch", "sent": "gửi",
        "series": "ghi cả loạt của lịch", "set": "ghi",
        "set_aside": "để riêng",
        "set back": "đồng hồ bị vặn lùi", "settled": "quyết toán", "settled_in": "dựng trang",
        "share": "chia tải", "signed_in": "đăng nhập",
        "started": "mở máy", "stopped": "dừng hẳn",
        "stopped_all": "dừng tất cả", "submitted": "trình duyệt", "suppressed": "ngừng gửi",
        "tested": "gửi thử", "tick": "xem giờ", "tokens": "lưu mã truy cập",
        "totp": "tạo mã xác thực", "totp_right": "nhập đúng mã", "unbound": "gỡ tài khoản Zalo",
        "undone": "hoàn tác", "unlocked": "mở khóa", "unsuppressed": "cho gửi lại",
        "withdrawn": "bỏ lại tin không được gửi nữa",
        # after a restore
        "brought_over": "mang lời từ chối sang", "carried_over": "mang sang từ bản trước",
        "doubts_named": "ghi là chưa rõ", "edited_trail": "nhật ký của bản trước bị sửa",
        "refusals_missing": "không rõ ai đã từ chối", "restored": "khôi phục",
        "without_refusals": "cho gửi dù không rõ ai đã từ chối",
        "woke_up": "nhận ra là bản chép hoặc khôi phục",
    }.items()
}  # fmt: skip
NOUNS: Mapping[str, Say] = {
    noun: Say(vi, noun.replace("_", " "))
    for noun, vi in {
        "address": "số điện thoại", "api_key": "khóa API", "area": "tổ dân phố", "areas": "địa bàn",
        "broadcast": "đợt gửi", "clock": "đồng hồ", "contact": "người dân", "contacts": "danh bạ",
        "database": "cơ sở dữ liệu", "day_off": "ngày nghỉ", "days_off": "ngày nghỉ",
        "delegation": "ủy quyền", "duty": "lịch trực", "emergency": "tin khẩn", "file": "tệp",
        "gateway": "nhà cung cấp", "group": "nhóm", "log": "nhật ký", "messages": "tin",
        "notices": "việc cần làm", "occurrence": "lần gửi theo lịch", "page": "trang web",
        "person": "người dùng",
        "receipts": "báo kết quả", "replies": "tin trả lời", "reply": "tin trả lời",
        "schedule": "lịch gửi", "schedules": "lịch gửi",
        "settings": "cài đặt", "site": "trang", "worker": "bộ gửi tin",
    }.items()
}  # fmt: skip


def act(word: str) -> Say:
    """An act in words; one nobody gave words to stays as it is."""
    return ACTS.get(word, Say(word, word))


def noun(word: str) -> Say:
    return NOUNS.get(word, Say(word, word))
