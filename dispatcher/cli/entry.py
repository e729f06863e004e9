"""The root command, and how everything that goes wrong is told."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

import click

import dispatcher
from dispatcher.cli.spoken import Group, told, unknown_command
from dispatcher.cli.surface import Surface
from dispatcher.domain.problems import INTERRUPTED, OK, Problem, Say
from dispatcher.domain.storable import check_typed

_HERE = "dispatcher.cli."
COMMANDS: dict[str, tuple[str, str, Say]] = {
    "demo": (
        "dispatcher.simulators.demo",
        "demo",
        Say("chạy thử trọn việc chính trên dữ liệu bịa", "the whole main job on invented people"),
    ),
    "init": (_HERE + "init", "init", Say("tạo một trang mới", "make a new site")),
    "doctor": (
        _HERE + "doctor",
        "doctor",
        Say("kiểm tra sức khỏe của trang", "health of the site"),
    ),
    "run": (_HERE + "run", "run", Say("chạy bộ gửi tin", "the worker")),
    "web": (
        _HERE + "run",
        "web",
        Say("bảng điều khiển trên trình duyệt", "the console in a browser"),
    ),
    "contacts": (_HERE + "contacts.verbs", "contacts", Say("danh bạ", "the list of contacts")),
    "groups": (_HERE + "groups", "groups", Say("nhóm người nhận", "groups of contacts")),
    "areas": (_HERE + "areas", "areas", Say("phường, tổ dân phố", "wards, residential groups")),
    "templates": (_HERE + "templates", "templates", Say("mẫu tin", "templates")),
    "broadcasts": (_HERE + "broadcasts.verbs", "broadcasts", Say("đợt gửi", "broadcasts")),
    "urgent": (_HERE + "urgent", "urgent", Say("tin khẩn soạn sẵn", "prepared urgent texts")),
    "duty": (_HERE + "urgent", "duty", Say("lịch trực", "the roster")),
    "stop-all": (_HERE + "broadcasts.sending", "stop_all", Say("dừng khẩn cấp", "emergency stop")),
    "schedules": (_HERE + "schedules", "schedules", Say("lịch gửi", "schedules")),
    "holidays": (_HERE + "holidays", "holidays", Say("ngày nghỉ, làm bù", "days off")),
    "notices": (_HERE + "notices", "notices", Say("việc đang chờ mình", "what waits for you")),
    "budgets": (_HERE + "budgets", "budgets", Say("ngân sách", "budgets")),
    "log": (_HERE + "log", "log", Say("nhật ký gửi tin", "the delivery log")),
    "why": (
        _HERE + "log",
        "why",
        Say("vì sao một người nhận hay không nhận", "why somebody did or did not receive it"),
    ),
    "report": (_HERE + "reports", "report", Say("báo cáo một đợt gửi", "report of a broadcast")),
    "coverage": (
        _HERE + "reports",
        "coverage",
        Say("mức độ tiếp cận theo hộ", "who was reached, by household"),
    ),
    "db": (_HERE + "db", "db", Say("cơ sở dữ liệu", "the database")),
    "audit": (_HERE + "log", "audit", Say("nhật ký thao tác", "the trail")),
    "gateways": (_HERE + "gateways", "gateways", Say("nhà cung cấp", "gateways")),
    "people": (_HERE + "people", "people", Say("người dùng và vai trò", "people and roles")),
    "twin": (
        "dispatcher.simulators.twin",
        "twin",
        Say("nhà cung cấp giả để chạy thử", "twins of vendors"),
    ),
    "chaos": (
        "dispatcher.simulators.chaos",
        "chaos",
        Say("thử giết bộ gửi tin giữa chừng", "crash test"),
    ),
    "simulate": (
        "dispatcher.simulators.worlds.simulate",
        "simulate",
        Say("mô phỏng đường đi của tin, lỗi gieo theo số", "the path of a message, by seed"),
    ),
    "completion": (
        _HERE + "completion",
        "completion",
        Say("gợi ý lệnh cho shell", "shell completion"),
    ),
    "sms": (_HERE + "tools", "sms", Say("đếm ký tự, bỏ dấu", "measure and unaccent texts")),
    "phone": (_HERE + "tools", "phone", Say("đọc một số điện thoại", "read a phone number")),
}

NEVER_DRY = {"demo", "chaos", "simulate", "twin", "web", "sms", "phone", "completion"}


def root() -> Group:
    """The command `dispatcher`."""
    say = Say(
        "Gửi cảnh báo của phường tới người dân qua Zalo và SMS: không ai bị sót, không ai "
        "nhận hai lần.",
        "Warnings from a ward to its residents by Zalo and SMS: nobody lost, nobody twice.",
    )
    return Group(say, COMMANDS, name="dispatcher")


def run(surface: Surface, arguments: list[str]) -> int:
    """Run a command; its exit code. Problems are sentences, bugs go to a file."""
    if arguments in (["--version"], ["version"]):
        surface.say(dispatcher.__version__)
        return OK
    if asked := os.environ.get("_DISPATCHER_COMPLETE"):
        from dispatcher.cli.completion import answer

        return answer(surface, asked)
    try:
        check_typed([a for a in arguments if not os.path.lexists(a)])  # names of files may be odd
        if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
            raise unknown_command(arguments[0], list(COMMANDS))
        if surface.dry_run and arguments[:1] and arguments[0] in NEVER_DRY:
            raise Problem(
                "no-dry-run",
                f"Lệnh {arguments[0]} không có --dry-run; nó không đụng tới dữ liệu thật.",
                f"{arguments[0]} has no --dry-run; it does not touch real data.",
            )
        code = root().main(arguments, prog_name="dispatcher", standalone_mode=False, obj=surface)
        if surface.dry_run:
            surface.hint(
                "Làm thử: chưa lưu gì. Bỏ --dry-run để làm thật.",
                "A dry run: nothing was stored. Leave out --dry-run to do it.",
            )
        return code if isinstance(code, int) else OK
    except Problem as problem:
        return surface.problem(problem)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        return surface.problem(told(error))
    except (KeyboardInterrupt, click.Abort):
        surface.warn("Đã dừng theo yêu cầu.", "Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception:
        return _bug(surface)


def _bug(surface: Surface) -> int:
    """Our own mistake: the traceback goes to a file that can be sent to us."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="dispatcher-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    problem = Problem(
        "bug",
        f"Lỗi trong chương trình. Chi tiết đã ghi vào {file.name}; hãy gửi tệp này cho chúng tôi.",
        f"A mistake of ours. Details are in {file.name}; please send us that file.",
        exit_code=1,
    )
    if os.environ.get("DISPATCHER_DEBUG"):
        traceback.print_exc()
    return surface.problem(problem)
