import TestSupport
import Testing

@testable import AMQPClient

/// What a client decides after a failure, with made-up failures.
@Suite(.watched) struct RecoveryTests {
    private let refused = AMQPError(.unreachable, scope: .connection, text: "refused")
    private let lost = AMQPError(.connectionLost, scope: .connection, text: "lost")

    private func recovery(hosts: Int, rounds: Int? = nil, seed: UInt64 = 1) -> Recovery {
        Recovery(
            hostCount: hosts,
            policy: .exponential(from: .milliseconds(200), upTo: .seconds(2), rounds: rounds),
            random: SeededGenerator(seed: seed))
    }

    private func connect(_ decision: Recovery.Decision) throws -> (host: Int, wait: Int64) {
        guard case .connect(let host, let wait) = decision else {
            throw AMQPError(.badArgument, scope: .client, text: "\(decision)")
        }
        return (host, wait)
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func waitsDoubleUpToTheLongest(seed: UInt64) throws {
        var recovery = recovery(hosts: 1, seed: seed)
        for most in [200, 400, 800, 1600, 2000, 2000, 2000] as [Int64] {
            let (host, wait) = try connect(recovery.failed(refused, at: .opening))
            #expect(host == 0)
            #expect((most / 2...most).contains(wait))
        }
    }

    @Test func chanceShortensTheWaits() throws {
        let waits = try Set(
            (0..<20 as Range<UInt64>).map { seed in
                var recovery = recovery(hosts: 1, seed: seed)
                return try connect(recovery.failed(refused, at: .opening)).wait
            })
        #expect(waits.count > 10)
    }

    @Test func aRoundGoesOverAllHostsWithoutAWait() throws {
        var recovery = recovery(hosts: 3)
        var hosts: [Int] = []
        var waits: [Bool] = []
        for _ in 0..<7 {
            let (host, wait) = try connect(recovery.failed(refused, at: .opening))
            hosts.append(host)
            waits.append(wait > 0)
        }
        #expect(hosts == [1, 2, 0, 1, 2, 0, 1])
        #expect(waits == [false, false, true, false, false, true, false])
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func afterALossTheNextHostComesFirstAndSoon(seed: UInt64) throws {
        var recovery = recovery(hosts: 2, seed: seed)
        let (host, wait) = try connect(recovery.failed(lost, at: .session(milliseconds: 60_000)))
        #expect(host == 1)
        #expect((0...100).contains(wait))
        // A round of its own: the lost host is tried before any wait.
        let (again, none) = try connect(recovery.failed(refused, at: .opening))
        #expect((again, none) == (0, 0))
    }

    @Test func aSessionThatIsLostAtOnceDoesNotBeginTheWaitsAnew() throws {
        var recovery = recovery(hosts: 1)
        var waits: [Int64] = []
        for _ in 0..<6 { waits.append(try connect(recovery.failed(lost, at: .session(milliseconds: 1))).wait) }
        #expect(waits[5] >= 1000)
        #expect(try connect(recovery.failed(lost, at: .session(milliseconds: 2_000))).wait <= 100)
    }

    @Test func roundsMayBeBounded() throws {
        var recovery = recovery(hosts: 2, rounds: 2)
        for _ in 0..<3 { _ = try connect(recovery.failed(refused, at: .opening)) }
        #expect(recovery.failed(refused, at: .opening) == .giveUp(refused))
        var never = Recovery(hostCount: 2, policy: .never)
        #expect(never.failed(lost, at: .session(milliseconds: 60_000)) == .giveUp(lost))
    }

    /// A certificate that is wrong, or a file that is missing, is one host's.
    @Test(arguments: [AMQPError.Kind.tlsFailed, .notSupported, .badArgument])
    func whatIsWrongWithOneHostLeavesTheOthers(kind: AMQPError.Kind) throws {
        let wrong = AMQPError(kind, scope: .client, text: "wrong")
        var recovery = recovery(hosts: 2)
        #expect(try connect(recovery.failed(wrong, at: .opening)) == (1, 0))
        // The other is only down: there is a next round, and another.
        for _ in 0..<2 {
            #expect(try connect(recovery.failed(refused, at: .opening)).wait > 0)
            #expect(try connect(recovery.failed(wrong, at: .opening)) == (1, 0))
        }
        // It is up again, and as wrong: no host is left.
        #expect(recovery.failed(wrong, at: .opening) == .giveUp(wrong))
        // After a loss too: the round that follows it goes over both.
        var later = self.recovery(hosts: 2)
        #expect(try connect(later.failed(lost, at: .session(milliseconds: 60_000))).host == 1)
        #expect(try connect(later.failed(wrong, at: .opening)) == (0, 0))
        #expect(later.failed(wrong, at: .opening) == .giveUp(wrong))
        // In a session it is no host's.
        #expect(later.failed(wrong, at: .session(milliseconds: 60_000)) == .giveUp(wrong))
        var alone = self.recovery(hosts: 1)
        #expect(alone.failed(wrong, at: .opening) == .giveUp(wrong))
    }

    @Test func waitsOfAllSizesFit() {
        let policy = RetryPolicy.exponential(from: .seconds(1), upTo: .seconds(Int64.max / 4))
        #expect(policy.wait(after: 1_000_000) > 0)
        #expect(RetryPolicy.exponential(from: .zero, upTo: .zero).wait(after: 5) == 1)
        #expect(Duration.nanoseconds(1).milliseconds == 1)
        #expect(Duration.milliseconds(-1).milliseconds == -1)
    }

    // MARK: What ends a run

    private static func closed(_ code: ReplyCode, _ text: String = "") -> AMQPError {
        AMQPError(.closedByBroker, scope: code.scope == .channel ? .channel : .connection, code: code, text: text)
    }

    @Test(arguments: [
        AMQPError(.badURI, scope: .client, text: ""), AMQPError(.loginRefused, scope: .connection, text: ""),
        AMQPError(.notSupported, scope: .client, text: ""), AMQPError(.badArgument, scope: .client, text: ""),
        AMQPError(.nacked, scope: .client, text: ""), AMQPError(.closedByClient, scope: .connection, text: ""),
        closed(.notAllowed, "NOT_ALLOWED - vhost nowhere not found"), closed(.preconditionFailed), closed(.notFound),
        closed(.accessRefused, "ACCESS_REFUSED - access to queue 'q' refused"), closed(.notImplemented),
        closed(.commandInvalid), closed(.contentTooLarge),
        closed(.internalError, "INTERNAL_ERROR - Feature `queue_master_locator` is deprecated.\nIts use is not"),
    ]) func noSecondAttemptMends(_ error: AMQPError) {
        #expect(Recovery.isFatal(error, at: .opening))
        #expect(Recovery.isFatal(error, at: .session(milliseconds: 1)))
    }

    @Test(arguments: [
        AMQPError(.connectionLost, scope: .connection, text: ""), AMQPError(.unreachable, scope: .connection, text: ""),
        AMQPError(.timedOut, scope: .client, text: ""), AMQPError(.consumerCancelled, scope: .client, text: ""),
        AMQPError(.unknownOutcome, scope: .client, text: ""), closed(.connectionForced), closed(.internalError),
        closed(.resourceLocked), closed(.resourceError),
        closed(
            .preconditionFailed,
            "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms"),
        closed(.accessRefused, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use"),
        closed(.notFound, "NOT_FOUND - home node 'rabbit@b' of durable queue 'q' in vhost '/' is down or inaccessible"),
        closed(.notFound, "NOT_FOUND - failed to perform operation on queue 'q' in vhost '/' due to timeout"),
        closed(.notFound, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor"),
        closed(
            .notAllowed, "NOT_ALLOWED - access to vhost '/' refused for user 'guest': connection limit (1) is reached"),
    ]) func aSecondAttemptMayMend(_ error: AMQPError) {
        #expect(!Recovery.isFatal(error, at: .opening))
        #expect(!Recovery.isFatal(error, at: .session(milliseconds: 1)))
    }

    /// Whichever side it has reached.
    @Test(arguments: [
        AMQPError(.protocolViolation, scope: .connection, text: ""), closed(.frameError), closed(.syntaxError),
        closed(.unexpectedFrame),
    ]) func damageOnTheWayIsNoStranger(_ error: AMQPError) {
        #expect(Recovery.isFatal(error, at: .opening))
        #expect(!Recovery.isFatal(error, at: .session(milliseconds: 1)))
    }
}
