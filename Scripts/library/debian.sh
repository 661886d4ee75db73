# A Debian of another age than the machine's, to run its programs: a minimal root in a cache folder, entered by chroot. Read
# by bash: `. Scripts/library/debian.sh`; the script has `say` and `fail`, and Scripts/library/processes.sh.

# Sets `root` to the path of a root of that suite with that package in it, and makes it if this is the first time: about a
# minute. It is moved into place when it is whole, so what is there is complete. To have a newer one, delete it.
debian_root() { # SUITE PACKAGE
    local suite=$1 package=$2 cache=${XDG_CACHE_HOME:-$HOME/.cache}/messaging-patterns making
    root=$cache/$suite-$package
    [[ $(id -u) == 0 ]] || fail "$package of Debian $suite runs in a chroot, which only root may enter: run this as root"
    [[ -d $root ]] && return 0
    mkdir -p "$cache" || fail "cannot make $cache"
    # One makes it, and another that wants it at the same time waits.
    exec 8>"$root.lock"
    flock 8
    if [[ ! -d $root ]]; then
        command -v debootstrap >/dev/null || apt_install debootstrap >"$directory/apt.log" 2>&1 ||
            fail "making a Debian $suite needs debootstrap, which is not installed and could not be"
        say "making a Debian $suite with $package in $root, once"
        making=$root.making
        rm -rf --one-file-system "$making"
        make_root "$suite" "$package" "$making" >"$directory/debootstrap.log" 2>&1 || {
            tail -n 20 "$directory/debootstrap.log" >&2
            rm -rf --one-file-system "$making"
            fail "could not make a Debian $suite with $package (the last lines are above)"
        }
        mv "$making" "$root"
    fi
    exec 8>&-
}

make_root() { # SUITE PACKAGE ROOT
    debootstrap --variant=minbase "$1" "$3" || return 1
    # Nothing is started by its installation.
    printf '#!/bin/sh\nexit 101\n' >"$3/usr/sbin/policy-rc.d" && chmod 755 "$3/usr/sbin/policy-rc.d" || return 1
    # Erlang's nodes find each other by the name localhost.
    printf '127.0.0.1 localhost\n' >"$3/etc/hosts"
    mkdir -p "$3/inside"
    in_root "$3" "$directory" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o APT::Sandbox::User=root install -y --no-install-recommends "$2" || return 1
    in_root "$3" "$directory" apt-get clean
}

# Replaces this shell by a command in a root, which sees FOLDER as /inside. The mounts are in a namespace of its own: they are
# gone with the last process there, however that ended.
enter_root() { # ROOT FOLDER COMMAND [ARGUMENT ...]
    exec unshare --mount --propagation private bash -c '
        root=$1 folder=$2
        shift 2
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && mount --bind "$folder" "$root/inside" &&
            exec chroot "$root" "$@"' enter_root "$@"
}

in_root() { (enter_root "$@"); }
