import ConformanceSuite
import Platform

/// Ctrl-C ends a run, but not before what its cases declared is deleted: a durable queue would stay in the broker for good.
enum Interruption {
    static func watch(_ suite: SuiteProgram) {
        let signals = Signals([SIGTERM] + [SIGINT].filter { !Signals.isIgnored($0) })
        let code = SystemThread.start {
            let number = signals.next()
            // The second one ends what does not end by itself.
            signals.letGo()
            let text = "\nconformance: deleting what was declared; once more ends at once, and leaves it there\n"
            _ = writeAll(text, to: STDERR_FILENO)
            Task { await suite.interrupt(by: number) }
        }
        if code != 0 { signals.letGo() }
    }
}
