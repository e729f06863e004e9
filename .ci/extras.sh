# What only CI needs: Kannel, strace, iproute2, Chromium with Playwright, a fuzzer, and from npm a
# second counter of SMS parts and axe. Where one cannot be installed its tests skip and say so.
# `extras` may run beside everything that needs none of them; what the tests must know it leaves
# as shell words in $made/extras.env.
made=$(mktemp -d)
: >"$made/extras.env"

missing() { echo "$1 could not be installed: the tests that need it are skipped"; }
packages() { # packages NAME…: of the system, where somebody may install them
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    [ -f "$made/updated" ] || { timeout 120 apt-get update >/dev/null 2>&1 && touch "$made/updated"; } || return 1
    timeout 300 apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1
}
wheels() { # wheels PYTHON LOCK
    "$1" -m pip --disable-pip-version-check -q install --require-hashes -r "$2" >/dev/null 2>&1
}
extras() {
    { [ -x /usr/sbin/bearerbox ] && command -v strace && command -v ip; } >/dev/null ||
        packages kannel strace iproute2 || missing "Kannel, strace or iproute2"
    command -v chromium >/dev/null || packages chromium || missing Chromium
    if python3 -m venv "$made/fuzz" >/dev/null 2>&1 && wheels "$made/fuzz/bin/python" requirements-fuzz.lock; then
        echo "export DISPATCHER_FUZZER='$made/fuzz/bin/schemathesis'" >>"$made/extras.env"
    else
        missing schemathesis
    fi
    if command -v npm >/dev/null; then
        mkdir "$made/npm"
        (cd "$made/npm" && npm init -y && timeout 300 npm install --no-audit --no-fund \
            sms-segments-calculator@1.3.0 axe-core@4.11.0) >/dev/null 2>&1
    fi
    if [ -d "$made/npm/node_modules/sms-segments-calculator" ]; then
        echo "export DISPATCHER_SECOND_COUNTER='$made/npm'" >>"$made/extras.env"
    else
        missing sms-segments-calculator
    fi
    if [ -f "$made/npm/node_modules/axe-core/axe.min.js" ]; then
        echo "export DISPATCHER_AXE='$made/npm/node_modules/axe-core/axe.min.js'" >>"$made/extras.env"
    else
        missing axe-core
    fi
}
