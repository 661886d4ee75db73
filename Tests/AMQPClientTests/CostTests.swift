import AMQPTransport
import DataStructures
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// What one caller costs does not grow with how many others there are. Steps are counted, not time.
@Suite(.watched) struct CostTests {
    private static let count: UInt64 = 10_000

    private func waiter(until time: Int64) -> Waiter {
        Waiter(what: "", place: .confirm, deadline: (time, 1)) { _ in nil }
    }

    @Test func waitersComeAndGo() {
        var waiters = Waiters()
        let steps = Steps.counted {
            for number in 1...Self.count {
                // Two kinds of patience, as for methods and confirms.
                let time = Int64(number) + (number % 2 == 0 ? 20_000 : 60_000)
                waiters.add(WaiterID(number: number), waiter(until: time))
            }
            for number in (1...Self.count).reversed() { #expect(waiters.remove(WaiterID(number: number)) != nil) }
        }
        #expect(waiters.isEmpty)
        #expect(waiters.awaitingAnswer == 0)
        #expect(steps < 20 * Int(Self.count))
    }

    @Test func waitersThatAreAnsweredLeaveNoDeadlines() {
        var waiters = Waiters()
        for number in 1...Self.count {
            waiters.add(WaiterID(number: number), waiter(until: Int64(number)))
            #expect(waiters.remove(WaiterID(number: number)) != nil)
        }
        // Only what has not been swept yet.
        #expect((waiters.nextDeadline ?? .max) > Int64(Self.count) - 100)
    }

    @Test func deadlinesPassInOrderAndInRounds() {
        var waiters = Waiters()
        for number in (1...UInt64(500)).reversed() {
            waiters.add(WaiterID(number: number), waiter(until: Int64(number)))
        }
        _ = waiters.remove(WaiterID(number: 2))
        #expect(waiters.removeOverdue(at: 400, limit: 3).map(\.id.number) == [1, 3])
        #expect(waiters.removeOverdue(at: 400, limit: 1_000).map(\.id.number) == Array(4...400))
        #expect(waiters.nextDeadline == 401)
        #expect(waiters.count == 100)
    }

    /// A neighbour's heartbeat has the same clock: it has its turn in between.
    @Test func theClockIsNotKept() async throws {
        let time = ManualTime()
        let (_, channel, peer) = try await RawPeer.connectWithChannel {
            $0.time = time
            $0.confirmTimeout = .seconds(1)
        }
        async let selected: Void = channel.selectConfirms()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        try await selected
        let count = 1_000
        let confirms = try await withThrowingTaskGroup(of: PendingConfirm.self) { group in
            for _ in 0..<count { group.addTask { try await channel.publishForConfirm(Message("")) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let leftAtTheNeighboursTurn = Mutex<Int?>(nil)
        time.wake(at: time.now + 1_000) {
            leftAtTheNeighboursTurn.withLock { $0 = channel.engine.state.withLock { $0.waiters.count } }
        }
        time.advance(by: 1_000)
        #expect(leftAtTheNeighboursTurn.withLock { $0 } == count - ConnectionEngine.deadlinesAtOnce)
        for confirm in confirms { #expect(await failure { try await confirm.wait() }?.kind == .timedOut) }
        #expect(channel.engine.state.withLock { $0.waiters.isEmpty })
    }

    @Test func confirmsThatAreAbandoned() throws {
        var confirms = PublishConfirms()
        var effects = Effects()
        let message = Message("")
        for number in 1...Self.count {
            confirms.published(
                .init(exchange: "", routingKey: "", message: message), mandatory: false,
                waiter: WaiterID(number: number))
        }
        let steps = Steps.counted {
            for number in (1...Self.count).reversed() { confirms.abandon(WaiterID(number: number)) }
        }
        #expect(steps == 0)
        let settling = try Steps.counted {
            try confirms.settle(Self.count - 1, multiple: true, acknowledged: true, &effects)
        }
        #expect(effects.events.isEmpty)
        let each = 2 * (Int(Self.count) - 1)
        #expect((each..<each + each / 20).contains(settling), "each is settled, and leaves the window, which shrinks")
        // A refusal that nobody waits for any more is kept for who waits for all.
        try confirms.settle(Self.count, multiple: false, acknowledged: false, &effects)
        confirms.waitForAll(WaiterID(number: 0), &effects)
        guard case .answer(_, .failure(let error))? = effects.events.last else {
            Issue.record("\(effects.events)")
            return
        }
        #expect(error.kind == .nacked)
    }

    @Test(arguments: [true, false]) func returnsAreFoundAtOnce(alike: Bool) throws {
        var confirms = PublishConfirms()
        var effects = Effects()
        func publication(_ number: UInt64) -> PublishConfirms.Publication {
            .init(exchange: "e", routingKey: "k", message: Message(alike ? "same" : "\(number)"))
        }
        for number in 1...Self.count {
            confirms.published(publication(number), mandatory: true, waiter: WaiterID(number: number))
        }
        let returning = Steps.counted {
            for number in (1...Self.count).reversed() where number % 2 == 0 {
                let returned = ReturnedMessage(
                    message: publication(number).message, code: .noRoute, replyText: "", exchange: "e",
                    routingKey: "k")
                confirms.returned(returned, as: publication(number))
            }
        }
        #expect(returning <= 2 * Int(Self.count))
        let settling = try Steps.counted { try confirms.settle(0, multiple: true, acknowledged: true, &effects) }
        #expect(settling <= 6 * Int(Self.count))
        var failed: [UInt64] = []
        for case .answer(let id, .failure) in effects.events { failed.append(id.number) }
        // Of messages that are alike, the oldest come back.
        #expect(failed == (1...Self.count).filter { alike ? $0 <= Self.count / 2 : $0 % 2 == 0 })
    }

    /// Same length, same ends: told apart all the same.
    @Test func returnsWithTheSameFingerprint() throws {
        var confirms = PublishConfirms()
        var effects = Effects()
        func publication(_ middle: UInt8) -> PublishConfirms.Publication {
            var body = [UInt8](repeating: 0, count: 1_000)
            body[500] = middle
            return .init(exchange: "e", routingKey: "k", message: Message(body: body))
        }
        for number in 1...3 {
            confirms.published(
                publication(UInt8(number)), mandatory: true, waiter: WaiterID(number: UInt64(number)))
        }
        let second = publication(2)
        #expect(second.fingerprint == publication(1).fingerprint)
        confirms.returned(
            ReturnedMessage(message: second.message, code: .noRoute, replyText: "", exchange: "e", routingKey: "k"),
            as: second)
        try confirms.settle(0, multiple: true, acknowledged: true, &effects)
        var failed: [UInt64] = []
        for case .answer(let id, .failure) in effects.events { failed.append(id.number) }
        #expect(failed == [2])
    }

    @Test func callsThatAreAbandonedLeaveTheQueue() {
        var channel = ChannelState(ChannelID(number: 1, opening: 1))
        var effects = Effects()
        for number in 1...Self.count {
            channel.call(.queuePurge(QueuePurge(queue: "q")), waiter: WaiterID(number: number), &effects)
            if number > 1, number < Self.count { channel.abandon(WaiterID(number: number)) }
            #expect(channel.queued.count < 100)
        }
        effects = Effects()
        #expect(channel.finishCall(&effects)?.waiter?.number == 1)
        #expect(channel.current?.waiter?.number == Self.count)
        #expect(channel.queued.isEmpty)
    }

    @Test func aLineIsLeftFromAnywhere() {
        var line = Line<UInt64>()
        for number in 1...Self.count { line.append(number, as: number) }
        let steps = Steps.counted {
            for number in (1...Self.count).reversed() where number % 10 != 0 { line.remove(number) }
        }
        #expect(steps < 10 * Int(Self.count))
        #expect(line.popFirst() == 10)
        #expect(line.count == Int(Self.count) / 10 - 1)
        #expect(line.removeAll() == (2...Self.count / 10).map { $0 * 10 })
        #expect(line.isEmpty)
    }

    /// All who wait for one consumer's deliveries, an answer, an event: each leaves at once, whoever it is.
    @Test func aMailboxIsLeftFromAnywhere() async throws {
        let mailbox = Mailbox<Int>()
        let count = 1_000
        let first = Task { try await mailbox.next() }
        try await until { mailbox.takerCount == 1 }
        let others = (0..<count).map { _ in Task { try await mailbox.next() } }
        try await until { mailbox.takerCount == count + 1 }
        let last = Task { try await mailbox.next() }
        try await until { mailbox.takerCount == count + 2 }
        let steps = Steps.counted { for taker in others.reversed() { taker.cancel() } }
        #expect(steps < 20 * count)
        for taker in others { #expect(try await taker.value == nil) }
        // Those who are left keep their order.
        for number in 1...2 { mailbox.put(number)?() }
        #expect(try await (first.value, last.value) == (1, 2))
        #expect(mailbox.takerCount == 0)
    }

    /// Listens often, and stops listening but for the first and the last, who are returned.
    private func leftFromAnywhere<Element>(_ listen: () -> Notices<Element>) -> [Notices<Element>] {
        let count = 1_000
        let first = listen()
        var others: [Notices<Element>?] = (0..<count).map { _ in listen() }
        let last = listen()
        let steps = Steps.counted { for place in others.indices.reversed() { others[place] = nil } }
        #expect((count..<20 * count).contains(steps), "each is looked for by its number")
        return [first, last]
    }

    @Test func noticesAreLeftFromAnywhere() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        let events = leftFromAnywhere { connection.events }
        #expect(connection.engine.state.withLock { $0.events.mailboxes.count } == 2)
        let returns = leftFromAnywhere { channel.returns }
        #expect(channel.record.returns.count == 2)
        withExtendedLifetime(returns) {}
        let client = Client(hosts: ["amqp://localhost"])
        _ = leftFromAnywhere { client.states }
        peer.send(ConnectionBlocked(reason: "full"))
        for notices in events {
            var listener = notices.makeAsyncIterator()
            #expect(try await listener.next() == .blocked(reason: "full"))
        }
    }

    @Test func aPlaceInTheWindowWakesOne() async throws {
        let window = PublishWindow(1)
        try await window.enter()
        let count = 100
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count { group.addTask { try await window.enter() } }
            try await until { window.waitingCount == count }
            for number in 1...count {
                window.leave(.success(.done))?()
                #expect(window.wakeups == number)
                #expect(window.count == 1)
                try await group.next()
            }
        }
        async let all: Void = window.waitUntilEmpty()
        window.leave(.success(.done))?()
        try await all
    }

    // MARK: Sending for others

    @TaskLocal static var isCaller = false

    /// While a caller sends, others publish without end. It is let go all the same, and their octets are sent.
    @Test func aCallerDoesNotSendForOthersWithoutEnd() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        let stream = WatchedStream(ours)
        var configuration = ConnectionConfiguration.unhurried
        configuration.time = ManualTime()
        async let opening = Connection.open(over: stream, configuration)
        try await peer.handshake()
        let connection = try await opening
        async let channelOpening = connection.openChannel()
        try await peer.openChannel()
        let channel = try await channelOpening
        let others = 50
        let left = Mutex(others)
        let sentByCaller = Mutex(0)
        stream.beforeSend { [engine = channel.engine, record = channel.record] in
            if Self.isCaller { sentByCaller.withLock { $0 += 1 } }
            let isMore = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if isMore { _ = try? engine.publish(BasicPublish(routingKey: "other"), Message(""), on: record) }
        }
        try await Self.$isCaller.withValue(true) { try await channel.publish(Message(""), routingKey: "own") }
        #expect(sentByCaller.withLock { $0 } == 1 + ConnectionEngine.roundsForOthers)
        #expect(try await peer.expect(BasicPublish.self).routingKey == "own")
        for _ in 0..<others { #expect(try await peer.expect(BasicPublish.self).routingKey == "other") }
        stream.beforeSend {}
    }
}

/// A stream that tells of each send before it does it.
private final class WatchedStream: ByteStream {
    private let inner: any ByteStream
    private let hook = Mutex<@Sendable () -> Void>({})

    init(_ inner: any ByteStream) { self.inner = inner }

    var name: String { inner.name }
    var isLoopback: Bool { inner.isLoopback }
    var unsent: Int { inner.unsent }

    func beforeSend(_ hook: @escaping @Sendable () -> Void) { self.hook.withLock { $0 = hook } }

    func send(_ bytes: RawSpan) -> Int {
        hook.withLock { $0 }()
        return inner.send(bytes)
    }

    func start(_ receiver: any ByteStreamReceiver) { inner.start(receiver) }
    func setReading(_ on: Bool) { inner.setReading(on) }
    func close() { inner.close() }
    func abort() { inner.abort() }
}
