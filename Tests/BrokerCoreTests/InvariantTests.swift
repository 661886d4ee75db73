import TestSupport
import Testing

@testable import BrokerCore

@Suite(.watched) struct InvariantTests {
    @Test func inTestsABrokenOneEndsTheProcess() async {
        await #expect(processExitsWith: .failure) {
            endWithParent()
            _ = BrokerError.broken("for once")
        }
    }

    @Test func inTheBrokersProgramItIsARefusal() async {
        await #expect(processExitsWith: .success) {
            endWithParent()
            BrokenInvariant.endsTheProcess = false
            #expect(BrokerError.broken("for once").code == .internalError)
        }
    }
}
