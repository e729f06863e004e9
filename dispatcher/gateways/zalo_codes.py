"""Every refusal code of Zalo, what it says and what follows. A table of facts.

Source: Zalo's own pages, its SDKs and clients, as collected 2026-11 (`SEEN`); some numbers are told
by one source only. A code that stands nowhere here proves nothing and is `unknown`.
"""

from __future__ import annotations

from dispatcher.domain.model import Opens

SEEN = "2026-11"
TEMPLATES = """
-100   unknown    unspecified, to be tried later: says nothing about what was taken
-101   account    app invalid
-102   account    app does not exist
-103   account    app not activated
-104   account    app secret invalid
-105   account    app without an Official Account
-106   content    method not supported
-107   content    message id invalid
-108   recipient  phone number invalid
-109   content    template id invalid
-1091  content    template cannot be edited
-110   recipient  recipient's app too old
-111   content    template data empty
-112   content    template data of an undefined type
-1121  content    a parameter too long
-1122  content    a parameter missing
-1123  content    QR code cannot be made
-1124  content    a parameter's format wrong
-113   content    button invalid
-1131  content    link invalid
-114   recipient  inactive, refusing, or app too old
-115   account    balance or quota exhausted
-116   content    content invalid
-117   content    template not open to this account or app
-118   recipient  no Zalo account, or one given up
-119   recipient  account cannot receive
-120   account    account lacks the feature
-1201  account    no right to create tag 3
-1202  account    no right to media
-121   content    body empty
-122   content    body is no JSON
-123   content    RSA decoding failed
-124   account    access token invalid
-1241  account    proof of the app secret invalid
-125   account    Official Account id invalid
-126   content    development wallet empty
-127   content    test template goes to admins only
-128   content    key missing
-129   content    key could not be made
-130   content    content beyond 100,000 characters
-131   content    template not approved
-132   content    parameter invalid
-133   later      night, 22:00 to 06:00
-134   recipient  no answer to an opt-in (obsolete)
-135   account    account unverified or on the free plan
-1351  account    account blocked for a violation
-136   account    no wallet connected
-137   account    charge failed, wallet too low
-138   account    app lacks the right
-1381  account    extension lacks the right
-139   recipient  refuses this kind
-140   recipient  not eligible by policy
-141   recipient  refuses this account
-142   content    key absent
-143   content    key exists
-144   later      account's daily quota
-1441  later      monthly quota of promotions
-145   content    kind of content not allowed
-146   content    template disabled for its quality
-147   later      template's daily quota
-1471  recipient  person's monthly quota, after-sales
-1472  recipient  person's daily quota, promotions
-148   content    journey token missing
-149   content    journey token invalid
-1491  content    journey token of a wrong type
-150   content    journey token expired
-151   content    template not encrypted end to end
-152   content    key exchange failed
-153   content    data against the specification
-158   content    file too big
-159   content    file of a wrong type
-160   later      daily quota of uploads
-161   content    mode of sending invalid
-162   content    mode 3 is for tag 3 only
-249   recipient  template cannot go by user id
"""
# The Official Account's own address. -100 means another thing there (an attachment expired), which
# we never send: `unknown` is right for both.
ACCOUNT_API = """
-32    busy       calls a minute exceeded
-200   unknown    sending failed: says nothing about what was taken
-201   content    a field invalid
-202   account    signature invalid
-204   account    Official Account disabled
-205   account    Official Account does not exist
-207   account    Official Account not registered with the app
-208   account    Official Account without a secret
-209   account    app not activated
-210   content    a parameter over its limit
-211   later      quota used up
-212   account    app has not registered this call
-213   recipient  does not follow
-214   busy       article still being made
-215   account    app id wrong
-216   account    access token invalid
-217   recipient  blocked the account's invitations
-218   recipient  person's quota used up
-219   account    app removed or disabled
-220   account    token expired or removed
-221   account    account must be verified
-222   recipient  banned or inactive
-223   account    call not authorised, or quota of articles
-224   account    account's plan too low
-227   recipient  banned or inactive for 45 days
-230   recipient  no interaction in 7 days
-232   recipient  no interaction, or an expired one
-233   content    kind of message not supported
-234   later      night, 22:00 to 06:00
-235   account    kind of account not supported
-237   recipient  group disabled
-238   content    asset disabled
-240   content    call of an old version
-241   content    asset used already
-242   account    proof of the app secret invalid
-244   recipient  restricted this kind
-248   content    against the platform's standards
-305   recipient  48 hours passed (old)
-311   recipient  quota of replies (old)
-320   account    no wallet connected
-321   account    wallet empty
-403   recipient  account is not in the group
112    account    app not linked
452    account    session invalid
"""

# The hours are Zalo's own for the night; that quotas begin anew at midnight is assumed, as no page
# says it. -147 is a template's daily quota, -1441 the month's for promotions.
OPENS = {
    "-133": Opens.MORNING,
    "-234": Opens.MORNING,
    "-144": Opens.TOMORROW,
    "-211": Opens.TOMORROW,
    "-1441": Opens.NEXT_MONTH,
    "-147": Opens.TOMORROW,
    "-160": Opens.TOMORROW,
}
