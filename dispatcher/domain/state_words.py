"""The states of a broadcast as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.domain.problems import Say

STATE: Mapping[str, Say] = {
    "draft": Say("nháp", "draft"),
    "submitted": Say("trình duyệt", "submitted"),
    "returned": Say("trả lại", "returned"),
    "rejected": Say("từ chối", "rejected"),
    "approved": Say("đã duyệt", "approved"),
    "scheduled": Say("đã lên lịch", "scheduled"),
    "running": Say("đang gửi", "running"),
    "paused": Say("tạm dừng", "paused"),
    "held": Say("bị giữ lại", "held"),
    "done": Say("hoàn thành", "done"),
    "stopped": Say("đã dừng phần chưa gửi", "stopped"),
    "expired": Say("quá hạn gửi", "expired"),
    "missed": Say("lỡ giờ", "missed"),
}
