import Foundation
import TestSupport
import Testing

@testable import TutorialKit

@Suite("Ctrl-C") struct InterruptTests {
    /// While a Dispatch source was being set up on a thread of its own, one of a thousand was lost, and the program stayed.
    @Test("It counts from the first moment on")
    func first() async {
        await #expect(processExitsWith: .success) {
            endWithParent()
            let interrupt = Interrupt()
            let result = await interrupt.cancels {
                kill(getpid(), SIGINT)
                try await Task.sleep(for: .patience)
            }
            #expect(throws: CancellationError.self) { try result.get() }
            exit(interrupt.hasHappened ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test("The second one ends what does not end by itself", arguments: [SIGINT, SIGTERM])
    func second(_ number: Int32) async {
        await #expect(processExitsWith: .exitCode(128 + number)) { [number] in
            endWithParent()
            _ = await Interrupt().cancels {
                kill(getpid(), SIGINT)
                try? await Task.sleep(for: .patience)
                kill(getpid(), number)
                for _ in 1... { try? await Task.sleep(for: .patience) }
            }
            exit(EXIT_FAILURE)
        }
    }
}
