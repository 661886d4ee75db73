# Ports, processes, packages and the steps' names, for the scripts that start a broker. Read by bash:
# `. Scripts/library/processes.sh`; the script has `say` and `fail`.

# Two seconds at most for one answer; the callers repeat.
answers_amqp() { # PORT
    local first=
    exec 9<>"/dev/tcp/127.0.0.1/$1" || return 1
    printf 'AMQP\0\0\x09\x01' >&9
    IFS= read -r -n 1 -t 2 first <&9
    exec 9>&-
    # A method frame begins with octet 1. (A broker that refuses the header would answer with an `A`.)
    [[ $first == $'\x01' ]]
} 2>/dev/null

# Below the range that systems hand out for outgoing connections, so that only another listener can take it meanwhile;
# if one does, the broker fails to start and is started again on other ports.
free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# An ended process whose parent has not asked for its status yet is not alive.
is_alive() { # PID
    [[ -n ${1:-} ]] && kill -0 "$1" 2>/dev/null && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

# Ends a process we started: TERM, and KILL for one that doesn't listen.
end_process() { # PID [TENTHS]
    local pid=$1 tenths=${2:-100}
    is_alive "$pid" || return 0
    kill -TERM "$pid" 2>/dev/null
    while ((tenths-- > 0)); do
        is_alive "$pid" || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    while is_alive "$pid"; do sleep 0.05; done
}

# In a session of its own, so that Ctrl-C reaches COMMAND first and the broker stays until COMMAND has ended.
own_session() {
    if command -v setsid >/dev/null; then exec setsid "$@"; else exec "$@"; fi
}

# As root, who may install.
as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"; elif [[ -t 0 ]]; then sudo "$@"; else sudo -n "$@"; fi
}

apt_install() { # PACKAGE
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$1"
}

# Debian packages start their services when installed. We want the programs only: policy-rc.d is Debian's switch for
# that, put there for the time of the installation unless the machine has its own.
install_service() { # PACKAGE
    local package=$1 policy=/usr/sbin/policy-rc.d ours=no status=0
    command -v apt-get >/dev/null ||
        fail "$package is not installed, and there is no apt-get here to install it with: install it by hand, then run this again"
    if [[ $(id -u) != 0 ]] && ! { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; then
        fail "$package is not installed: run  sudo apt-get install $package  once, or this script as root"
    fi
    say "$package is not installed: installing it with apt-get"
    if [[ ! -e $policy ]]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    apt_install "$package" >"$directory/apt.log" 2>&1 || status=$?
    if [[ $ours == yes ]]; then as_root rm -f "$policy"; fi
    if ((status != 0)); then
        tail -n 20 "$directory/apt.log" >&2
        fail "apt-get could not install $package (exit status $status, its last lines are above)"
    fi
}

# The names of the steps' programs, as Package.swift lists them: a chapter more is one word there.
course_steps() {
    sed -n '/^let steps = \[/,/\]/p' Package.swift | sed 's/^let steps = //' | tr -s '[]",\n ' ' '
    echo
}
