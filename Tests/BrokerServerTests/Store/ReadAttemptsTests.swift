import Foundation
import Synchronization
import Testing

@testable import BrokerServer

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

    /// The machine's limit, as the process's own.
    @Test(arguments: [ENFILE, EMFILE]) func aFileIsOpenedWhenADescriptorIsFreeAgain(code: Int32) {
        let attempts = Mutex(0)
        let descriptors = Descriptors { path, flags in
            let isExhausted = attempts.withLock { attempts in
                attempts += 1
                // Behind the four in reserve.
                return (5...12).contains(attempts)
            }
            guard isExhausted else { return Descriptors.open(path, flags) }
            errno = code
            return -1
        }
        let file = descriptors.open("/dev/null", O_RDONLY)
        #expect(file >= 0 && attempts.withLock { $0 } >= 13)
        Descriptors.close(file)
    }
}
