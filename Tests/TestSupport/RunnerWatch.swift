import Foundation
import Lifeline

/// For the body of an exit test, which runs in a process of its own: it ends when the tests that wait for it are gone.
public func endWithParent() { RunnerWatch.begin() }

/// Ends the tests when the program that runs them is gone: `swift test` that is killed leaves the process that it has
/// started for the tests to itself, and that would go on to the end of all tests.
enum RunnerWatch {
    /// Begins to watch; more calls change nothing.
    static func begin() { _ = isWatching }

    private static let isWatching: Bool = {
        // Before there is any child that could inherit its pipe.
        _ = Lifeline.marked
        // A script that starts the tests in the background has the interrupt ignored, and what they start would inherit
        // that: Ctrl-C, with which the pages' programs end, would end none of them.
        signal(SIGINT, SIG_DFL)
        signal(SIGQUIT, SIG_DFL)
        let parent = getppid()
        // A thread of its own: others belong to the tests.
        Thread.detachNewThread {
            while getppid() == parent { Thread.sleep(forTimeInterval: 0.25) }
            _exit(1)
        }
        return true
    }()
}
