import Synchronization

/// Signals that a program answers itself, Ctrl-C above all: from the moment that this is made, each of them is kept until
/// ``next()`` asks for it. A process may make one, before it has other threads.
///
/// Sources of Dispatch's do less on Linux: they are set up on another thread, what comes before that is lost, and a signal
/// may be raised a second time, when its source is already gone.
package struct Signals: Sendable {
    private let numbers: [Int32]
    private let readEnd: Int32

    /// Where the handler writes. It is read in a handler, and so must be there before the first one is.
    private static let writeEnd = Atomic<Int32>(-1)

    /// Without descriptors for a pipe all stays as it was: the signals end the process.
    package init(_ numbers: [Int32]) {
        self.numbers = numbers
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            readEnd = -1
            return
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // A handler must not wait, however many come.
        _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
        readEnd = ends[0]
        Self.writeEnd.store(ends[1], ordering: .releasing)
        for number in numbers {
            signal(number) { number in
                let error = errno
                var octet = UInt8(truncatingIfNeeded: number)
                _ = write(Signals.writeEnd.load(ordering: .acquiring), &octet, 1)
                errno = error
            }
        }
        // Whoever started the process may have left it with some blocked, as a thread of Dispatch's does.
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Waits for one, blocking the thread, and returns its number.
    package func next() -> Int32 {
        var octet: UInt8 = 0
        while read(readEnd, &octet, 1) != 1 {
            // There is no pipe, and nothing ever to come.
            if errno != EINTR { pause() }
        }
        return Int32(octet)
    }

    /// Lets them do from now on what they do in any program, which is to end it.
    package func letGo() { for number in numbers { signal(number, SIG_DFL) } }

    /// Whether whoever started the process had it ignored, as a shell has SIGINT for what runs in the background, and
    /// `nohup` SIGHUP.
    package static func isIgnored(_ number: Int32) -> Bool {
        // Only by setting it can the disposition be asked for without naming C's union of handlers.
        let previous = signal(number, SIG_DFL)
        guard unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) else { return false }
        signal(number, SIG_IGN)
        return true
    }
}
