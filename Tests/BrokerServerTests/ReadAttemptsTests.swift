import BrokerServer
import Testing

@Suite("A disk that fails while it is read")
struct ReadAttemptsTests {
    /// Reads ten octets, one at a time, from a file of eight whose disk fails at these attempts.
    private func read(failingAt failures: Set<Int>) -> (octets: [UInt8]?, attempts: Int) {
        var attempts = 0
        let octets = ReadAttempts.read(10, at: 100) { part, offset in
            attempts += 1
            if failures.contains(attempts) { return nil }
            guard offset < 108 else { return 0 }
            part[0] = UInt8(offset)
            return 1
        }
        return (octets, attempts)
    }

    @Test("One failure is tried again, wherever it comes; the second is said")
    func attempts() {
        let whole = (100...107).map { UInt8($0) }
        func expect(_ failures: Set<Int>, _ octets: [UInt8]?, attempts: Int) {
            let result = read(failingAt: failures)
            #expect(result.octets == octets)
            #expect(result.attempts == attempts)
        }
        expect([], whole, attempts: 9)
        for first in 1...9 { expect([first], whole, attempts: 10) }
        for first in 1...9 { expect([first, first + 1], nil, attempts: first + 1) }
        expect([2, 6], nil, attempts: 6)
    }
}
