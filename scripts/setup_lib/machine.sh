# What scripts/setup and scripts/install share: numbered steps, system packages, the choice of a Python.
# Sourced, never run. The caller sets NAME (for messages) and STEPS (how many there are).

PACKAGES=(tesseract-ocr tesseract-ocr-eng tesseract-ocr-spa tesseract-ocr-deu tesseract-ocr-fra
          python3-venv python3-dev gcc g++ cmake make ninja-build git)
COMMANDS=(tesseract gcc g++ cmake make git)
STEP=0
CURRENT="before the first step"
TITLE="" BEGAN=0 TOOK=() # TOOK: the steps that have ended, as arguments of provision.py

step() { # TITLE: one line with number, elapsed seconds and what comes now
    end_step
    STEP=$((STEP + 1))
    TITLE=$1 BEGAN=$SECONDS
    CURRENT="step $STEP of $STEPS ($1)"
    printf '[%d/%d] %3d s  %s\n' "$STEP" "$STEPS" "$SECONDS" "$1"
}

end_step() {
    [ -z "$TITLE" ] || TOOK+=(--took "$((SECONDS - BEGAN)) $TITLE")
    TITLE=""
}

note() { printf '             %s\n' "$*"; }

fail() { # MESSAGE: the reason in words; the exit trap adds the step
    printf '%s: %s\n' "$NAME" "$*" >&2
    exit 1
}

on_exit() { # STATUS
    if [ "$1" -ne 0 ] && [ -n "$CURRENT" ]; then
        printf '%s: failed in %s, after %d s\n' "$NAME" "$CURRENT" "$SECONDS" >&2
    fi
}

missing_packages() { # prints those of PACKAGES that dpkg does not have, one a line
    local installed
    # shellcheck disable=SC2016
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${PACKAGES[@]}" 2>/dev/null || true)
    local package
    for package in "${PACKAGES[@]}"; do
        grep -qx "$package installed" <<<"$installed" || printf '%s\n' "$package"
    done
}

need_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        need_commands
        return
    fi
    local missing=()
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null ||
            fail "system packages are missing and this user may not install them. Run:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
        apt=(sudo -n "${apt[@]}")
    fi
    note "installing ${missing[*]}"
    "${apt[@]}" update || note "apt-get update had errors; going on with the lists that are here"
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
}

need_browser() { # for the tests of the web page alone; they are skipped where it is not to be had
    command -v chromium >/dev/null && return 0
    note "chromium, for the tests of the web page: some 90 MB to download, 350 MB on disk"
    (PACKAGES=(chromium) COMMANDS=(chromium) && need_packages && command -v chromium >/dev/null) ||
        note "there is no chromium; the tests of the web page will be skipped"
}

need_commands() { # machines without apt
    local absent=() command language languages
    for command in "${COMMANDS[@]}"; do
        command -v "$command" >/dev/null || absent+=("$command")
    done
    if command -v tesseract >/dev/null; then
        languages=$(tesseract --list-langs 2>&1)
        for language in eng spa deu fra; do
            grep -qx "$language" <<<"$languages" || absent+=("tesseract language $language")
        done
    fi
    [ "${#absent[@]}" -eq 0 ] || fail "no apt-get here; please install with this machine's package manager: $(printf '%s, ' "${absent[@]}" | sed 's/, $//')"
}

choose_python() { # [public]: prints a Python >= 3.11 that can make venvs; public: one that every user can reach
    local candidate chosen="" old="" candidates=(python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3)
    [ -z "${SCANMEND_PYTHON:-}" ] || candidates=("$SCANMEND_PYTHON")
    for candidate in "${candidates[@]}"; do
        command -v "$candidate" >/dev/null || continue
        if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            old="$old $candidate ($("$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo broken))"
            continue
        fi
        if [ "${1:-}" = public ] && "$candidate" -c 'import os, sys; sys.exit(not os.path.realpath(sys.base_prefix).startswith(("/root", "/home")))'; then
            old="$old $candidate (in a home directory, out of the service's reach)"
            continue
        fi
        chosen=$candidate
        break
    done
    [ -n "$chosen" ] || fail "no Python 3.11 or newer found${old:+; there is only$old}. Install one (Debian, Ubuntu: python3.11 python3.11-venv python3.11-dev) or name it: SCANMEND_PYTHON=/path/to/python3"
    "$chosen" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$chosen cannot make virtual environments: its venv or ensurepip is missing. Install $("$chosen" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])') (or python3-venv)"
    printf '%s\n' "$chosen"
}

make_venv() { # PYTHON FOLDER: keeps a venv of the same Python that works, makes it anew otherwise
    local wanted
    wanted=$("$1" -c 'import sys; print(sys.version_info[:2])')
    if [ "$("$2/bin/python" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null)" = "$wanted" ] &&
        "$2/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    rm -rf "$2"
    "$1" -m venv "$2"
}
