"""Texts a resident could take for a scam are refused, with what to write instead; notices pass."""

import sys

import pytest
from conftest import ROOT

from dispatcher.domain.model import Kind
from dispatcher.templating.trust import House, check_trust, imitates, rules

sys.path.insert(0, str(ROOT / "tests" / "corpus"))
import figures

HOUSE = House((("UBND phường Cầu Đất", ""),), frozenset({"0225 000 1234"}))
W, N = Kind.WARNING, Kind.NOTICE


def blocks(text, kind=W, house=HOUSE, channel="sms"):
    return {f.rule for f in check_trust(f"UBND phường Cầu Đất: {text}", kind, house, channel=channel)
            if f.severity == "block"}  # fmt: skip


def warnings(text, kind=N):
    return {f.rule for f in check_trust(text, kind, HOUSE) if f.severity == "warn"}


def test_the_frozen_corpus_is_large_enough_and_half_of_it_is_kept_out():
    known, held = (
        figures.scams(h) + [t for _, t in figures.official(h)] for h in ("known", "held")
    )
    assert len(known) >= 150
    assert len(held) >= 150
    assert not set(known) & set(held)
    for half in ("known", "held"):
        assert len(set(figures.scams(half))) == len(set(figures.official(half))) == 75


def test_recall_and_false_blocks_on_the_corpus():
    recall, _, wrong = figures.figures("known", "held")
    assert recall >= figures.RECALL
    assert wrong <= figures.FALSE_BLOCKS


def test_no_official_example_is_blocked_and_every_scam_example_is():
    recall, wording, wrong = figures.figures("examples")
    assert recall == 1.0
    assert wording >= 0.98
    assert wrong == 0


@pytest.mark.parametrize(
    "text, rule",
    [("Xem tại https://haiphong.gov.vn", "link"), ("Xem vneid-mau.xyz", "lookalike_link"),
     ("Xem bit.ly/abc", "short_link"), ("Xem xn--vneid-abc", "lookalike_link"), ("Xem 10.0.0.1/a", "link"),
     ("Xem tin tuc [.] com", "link"), ("Xem haiphong.gov.vn.mau.top", "lookalike_link"),
     ("Xem vneіd-mau.top", "lookalike_link"), ("Xem hxxp://mau", "link"),
     ("Gọi 0950001234 để được giúp", "unknown_number"), ("Goi 1900000001", "unknown_number"),
     ("Gọi tổng đài 8188", "unknown_number"), ("Vui lòng đọc mã OTP", "asks_for_codes"),
     ("Hãy chuyển khoản ngay", "asks_for_money"), ("Chuyển vào stk 00112233", "account_number"),
     ("Gửi ảnh căn cước", "asks_for_data"), ("Hãy cài ứng dụng mới", "asks_to_install"),
     ("Bấm vào đường dẫn dưới", "asks_to_follow"), ("Nếu không sẽ bị khóa tài khoản", "threat"),
     ("Không được nói với ai", "secrecy"), ("Quý khách lưu ý", "strange_voice"),
     ("Thẻ VlETCOMBANK", "lookalike_name"), ("Cоng an", "lookalike_name")],
)  # fmt: skip
def test_each_rule_finds_what_it_is_for(text, rule):
    assert rule in blocks(text)


@pytest.mark.parametrize(
    "text",
    ["Gọi 113, 156 hoặc 5656", "Gọi 0225 000 1234", "KHÔNG đọc OTP cho ai", "Ai đòi chuyển khoản là lừa đảo",
     "Kẻ gian yêu cầu cài ứng dụng", "Bà con không bấm đường dẫn lạ", "Nộp phí 50.000 đồng tại trụ sở",
     "Họp lúc 19h30 ngày 05/12/2026", "TP.Hải Phòng, Q.Ngô Quyền", "Kẻ gian gọi bà con. Link lạ đừng mở. App lạ đừng cài", "Lỡ đọc OTP: gọi ngay ngân hàng"],
)  # fmt: skip
def test_what_wards_write_passes(text):
    assert blocks(text) == set()


def test_a_full_address_of_the_state_may_stand_in_a_notice_only():
    assert blocks("Xem https://caudat.haiphong.gov.vn", N) == set()
    assert blocks("Xem caudat.haiphong.gov.vn", W) == {"link"}
    assert blocks("Xem bao-hai-phong.com", N) == {"link"}


def test_the_brandname_counts_as_the_sender_in_sms():
    branded = House((("UBND phường Cầu Đất", "UBNDCAUDAT"),))
    nobody = House((("UBND phường Cầu Đất", ""),))
    text = "Ngày mai cắt nước từ 8h."
    assert [(f.rule, f.severity) for f in check_trust(text, N, branded)] == [
        ("sender_first", "warn")
    ]
    assert [(f.rule, f.severity) for f in check_trust(text, N, nobody)] == [
        ("sender_first", "block")
    ]
    assert check_trust(text, N, nobody, channel="zalo") == []


def test_promotion_hidden_in_a_warning_is_refused_and_told_to_be_one():
    text = "Đăng ký gói cước ưu đãi hôm nay"
    assert "hidden_promotion" in blocks(text, W) | blocks(text, N)
    assert "hidden_promotion" not in blocks(text, Kind.PROMOTION)


def test_shouting_urgency_and_words_networks_block_are_warned_of():
    loud = "UBND PHUONG CAU DAT: TAT CA BA CON PHAI DEN NGAY NHA VAN HOA"
    assert "shouting" in warnings(loud)
    assert "urgency" in warnings("UBND phường: Đến ngay lập tức")
    assert "blocked_word" in warnings("UBND phường: phòng chống ma túy")


def test_every_rule_says_why_and_what_instead_in_both_languages():
    for rule in rules():
        assert rule.severity in ("block", "warn")
        assert len(rule.say.vi) > 40
        assert len(rule.say.en) > 40
    assert len({r.id for r in rules()}) == len(rules())


@pytest.mark.parametrize(
    "name, like",
    [("UBNDMAYTO", False), ("UBNDDQBINH", False), ("PHUONGMAYTO", False), ("VIETC0MBANK", True),
     ("V1ETTEL", True), ("VNeID", True), ("BIDV-HP", True), ("EVN", True), ("UBND0", True)],
)  # fmt: skip
def test_a_sender_name_that_reads_like_anothers_is_found(name, like):
    assert imitates(name) is like
