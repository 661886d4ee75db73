import Platform
import Synchronization

/// What this process starts ends with it, however it ends: by itself, by a trap or by `kill -9`.
///
/// A process that is killed can do nothing any more, so a second one, the keeper, waits for its end: it reads a pipe whose
/// other end only this process holds, and which the kernel closes. Then the keeper kills whatever carries this process's
/// mark in its environment. Children inherit the mark, so it reaches grandchildren too, and programs that know nothing of
/// this; process groups would not do, as `Process` and shells make new ones. A child that clears its environment is lost.
public enum Lifeline {
    /// The environment variable with the marks of all that a process must not outlive, separated by colons.
    public static let variable = "LIFELINES"

    /// A variable of the environment, to be added to that of each child. The first call starts the keeper.
    public static var marked: [String: String] { [variable: marks] }

    private static let marks: String = {
        let mark = "\(getpid())-" + String(UInt64.random(in: .min ... .max), radix: 16)
        startKeeper(mark)
        return [getenv(variable).map { String(cString: $0) }, mark].compactMap(\.self).joined(separator: ":")
    }()

    /// Kills what carries the mark `$1` as soon as its standard input ends. It looks again until it has found nothing
    /// twice: a child may just have been about to start another, or to become the program it was made for.
    private static let keeper = """
        trap '' HUP INT QUIT TERM
        marked() {
            if [ -r /proc/self/environ ]; then
                grep -lzsF "$1" /proc/[0-9]*/environ | tr -dc '0-9\\n'
            else
                ps -axEww -o pid=,command= | grep -F "$1" | awk -v own=$$ '$1 != own { print $1 }'
            fi
        }
        cat >/dev/null
        quiet=0 round=0
        while [ $quiet -lt 2 ] && [ $round -lt 50 ]; do
            found=$(marked "$1")
            quiet=$((quiet + 1)) round=$((round + 1))
            if [ -n "$found" ]; then
                kill -9 $found 2>/dev/null
                quiet=0
            fi
            sleep 0.1
        done
        """

    /// In a process group of its own, so that no Ctrl-C and no `kill` of the group takes it along. Without a keeper (no
    /// descriptors or processes are left) all works but this.
    private static func startKeeper(_ mark: String) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        // The other end stays open as long as this process lives: nobody closes it.
        defer { close(ends[0]) }
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        for output: Int32 in [1, 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        let texts: [String] = ["/bin/sh", "-c", keeper, "keeper", mark]
        let words: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        posix_spawn(&pid, "/bin/sh", &actions, &attributes, words, environ)
    }
}
