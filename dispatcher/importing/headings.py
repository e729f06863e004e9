"""What wards call the columns of their lists, without diacritics. Sources: lists of 2023-2026."""

from __future__ import annotations


def _many(text: str) -> tuple[str, ...]:
    return tuple(text.split("; "))


HEADINGS: dict[str, tuple[str, ...]] = {
    "name": _many(
        "ho va ten; ho ten; ho va ten nguoi nhan; ten nguoi nhan; nguoi nhan; ho va ten nguoi "
        "dan; ho ten nguoi dan; ho va ten cong dan; ten don vi; don vi; ten co quan; co quan; "
        "ten; full name; name; ho ten day du; ho va ten khai sinh; ho chu dem va ten; "
        "ho chu dem va ten khai sinh; "
        "dai dien; nguoi dai dien; ho va ten thanh vien; ten thanh vien; thanh vien; nhan khau; "
        "cong dan; ho va ten nhan khau; ten khach hang; ho ten khach hang"
    ),
    "family_name": _many("ho dem; ho lot; ho va dem; ho va ten dem; ho va chu dem; ho; last name"),
    "phone": _many(
        "so dien thoai; dien thoai; sdt; dt; so dt; dien thoai di dong; so di dong; di dong; "
        "dtdd; so dtdd; dien thoai lien he; sdt lien he; so dien thoai lien he; lien he; mobile; "
        "phone; phone number; so zalo; zalo; sdt zalo; hotline; tel; so may; so lien he; thue "
        "bao; so thue bao; cell; cellphone; di dong ca nhan; dien thoai ca nhan; so phone; fone"
    ),
    "landline": _many(
        "dt ban; dien thoai ban; so ban; co dinh; so co dinh; dt co dinh; dien thoai co dinh; may "
        "ban; sdt ban; sdt co dinh; dien thoai nha; so dien thoai ban; so dien thoai co dinh; "
        "landline"
    ),
    "ward": _many(
        "phuong; xa; phuong xa; xa phuong; ten phuong; ubnd phuong; ward; phuong xa thi tran; don "
        "vi hanh chinh"
    ),
    "residential_group": _many(
        "to dan pho; tdp; to; to so; to dan pho so; khu pho; khu dan cu; to tdp; so to; thon; to "
        "dan; khoi pho; khoi; residential group; thon to dan pho; to dan pho thon; thon to; thon "
        "xom; xom; ap; kdc; tdp so; ten to dan pho; thon tdp"
    ),
    "household": _many(
        "chu ho; ho ten chu ho; ho va ten chu ho; ma ho; so ho; ho gia dinh; so so ho khau; "
        "household; ten chu ho; ma so ho; so ho khau; ho so"
    ),
    "relation": _many(
        "quan he; quan he voi chu ho; qh voi chu ho; qh chu ho; quan he chu ho; qhch"
    ),
    "receiver": _many(
        "nguoi nhan thay; nguoi nhan tin thay; nhan thay; nguoi nhan ho; nguoi lien he; nguoi "
        "than; nguoi giam ho; nguoi bao ho; con chau nhan thay"
    ),
    "receiver_phone": _many(
        "sdt nguoi nhan thay; dien thoai nguoi nhan thay; sdt nguoi than; dien thoai nguoi than; "
        "so dien thoai nguoi than; sdt nguoi giam ho; sdt nguoi nhan ho; so dien thoai nguoi nhan "
        "thay; sdt con; dien thoai con; sdt nguoi lien he; dien thoai nguoi lien he"
    ),
    "title": _many("chuc vu; chuc danh; danh xung; xung ho; title"),
    "group": _many("nhom; nhom nhan tin; ten nhom; loai don vi; group"),
}
# Recognised so that they count as headings; never stored.
IDENTITY = _many(
    "cccd; so cccd; cmnd; so cmnd; cmnd cccd; cccd cmnd; so cccd cmnd; so cmnd cccd; dinh danh; "
    "so dinh danh; so dinh danh ca nhan; ddcn; so ddcn; can cuoc; so can cuoc; can cuoc cong dan; "
    "so can cuoc cong dan; chung minh nhan dan; so chung minh nhan dan; ma dinh danh; giay to tuy "
    "than; so giay to; id number; cccd dinh danh"
)
BIRTH = _many(
    "ngay sinh; nam sinh; ngay thang nam sinh; ngay thang sinh; sinh ngay; ns; tuoi; sinh nam; "
    "date of birth; birthday; namsinh; ngaysinh"
)
UNUSED = _many(
    "stt; so tt; tt; so thu tu; gioi tinh; nam; nu; dan toc; ton giao; dia chi; noi o; thuong "
    "tru; noi thuong tru; tam tru; noi o hien tai; so nha; duong; ghi chu; nghe nghiep; email; ho "
    "khau; dia chi thuong tru; dia chi tam tru; hien tai; noi o hien nay; cho o hien nay; quoc "
    "tich; que quan; trinh do; duong pho; ky nhan; ky ten; chu ky; xac nhan; dia chi lien he; noi "
    "dang ky thuong tru; phai; so luong; tinh trang; ngay nhap; doi tuong; dien; sac toc; no; stt "
    "ho; row; dong; trong tep; can sua; ket qua; findings; ngo; hem; hoc van; don vi cong tac; "
    "noi lam viec; thong tin; thong tin lien he; thong tin ca nhan; lien lac"
)
FIELDS = tuple(HEADINGS)
KNOWN = {name: field for field, names in HEADINGS.items() for name in names}
KNOWN |= dict.fromkeys(IDENTITY, "identity") | dict.fromkeys(BIRTH, "birth")
KNOWN |= dict.fromkeys(UNUSED, "")
