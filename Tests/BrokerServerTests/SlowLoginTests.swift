import AMQPClient
import BrokerCore
import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

/// Passwords whose check takes as long as the test wants it to.
private final class Checks: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let begun = Mutex(0)
    private let most = Mutex((running: 0, most: 0))

    var user: BrokerConfiguration.User {
        BrokerConfiguration.User(name: "slow", isCostlyToCheck: true) { password in
            self.begun.withLock { $0 += 1 }
            self.most.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1)) }
            self.gate.wait()
            self.most.withLock { $0.running -= 1 }
            return password == Array("right".utf8)
        }
    }

    var mostAtOnce: Int { most.withLock { $0.most } }

    func untilBegun(_ count: Int) async throws {
        try await until { begun.withLock { $0 } >= count }
    }

    func finish(_ count: Int) { for _ in 0..<count { gate.signal() } }
}

@Suite(.watched) struct SlowLoginTests {
    private func logIn(_ broker: Broker, password: String) -> Task<Connection, any Error> {
        Task {
            var configuration = ConnectionConfiguration()
            (configuration.user, configuration.password) = ("slow", password)
            return try await Connection.open(patientlyOver: broker.connect(), configuration)
        }
    }

    @Test func messagesGoOnWhilePasswordsAreChecked() async throws {
        let checks = Checks()
        var configuration = BrokerConfiguration.patient
        configuration.refusalDelay = 0
        configuration.users.append(checks.user)
        let broker = Broker(configuration)
        let channel = try await broker.open().openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        var deliveries = try await queue.consume(noAck: true).makeAsyncIterator()

        let wrong = (0..<8).map { _ in logIn(broker, password: "wrong") }
        try await checks.untilBegun(LoginChecker.most)
        let right = logIn(broker, password: "right")
        // None of the checks is over, and everybody else is served.
        try await queue.publish(Message("meanwhile"))
        #expect(try await deliveries.next()?.text == "meanwhile")
        try await broker.open().close()

        checks.finish(9)
        for login in wrong { await #expect(throws: (any Error).self) { try await login.value } }
        try await right.value.close()
        #expect(checks.mostAtOnce <= LoginChecker.most)
    }

    @Test func aHashedPasswordIsCheckedThisWay() throws {
        let user = BrokerConfiguration.User.user("u", hash: PasswordHash(of: Array("p".utf8), iterations: 10))
        #expect(user.isCostlyToCheck)
    }
}
