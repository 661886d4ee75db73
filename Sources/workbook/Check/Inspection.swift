import AMQPClient
import AMQPWire
import BrokerCore
import BrokerServer

/// A program under inspection: the broker that observes it, and a client that plays the others' parts.
struct Inspection: Sendable {
    let subject: Subject
    let pace: Pace
    let watch: ObservingBroker
    /// The broker's: a check can leap over what only waits.
    let time: HastyTime
    private let cast = Cast()
    private let allowance: Allowance
    /// What the programs keep, they keep there.
    private let folder: ScratchFolder
    /// Goes to the broker directly: what it says is not observed.
    private let connection: Connection

    /// The program can't be judged: it does not start, or does nothing.
    struct CannotJudge: Error, CustomStringConvertible {
        let description: String

        static func beyond(_ excess: Allowance.Excess, _ words: [String], _ log: WireLog) -> Self {
            let command = words.joined(separator: " ")
            return switch excess {
            case .starved(let lost):
                Self(
                    description:
                        "'\(command)' can't be judged: for \(lost.components.seconds) s it, or other programs, kept the "
                        + "processors so busy that nothing follows from what it did. Close the other programs. If it asks "
                        + "for messages again and again, add a pause, or consume them instead. Then check it again.")
            case .flooded:
                Self(
                    description:
                        "'\(command)' was stopped: it published \(log.published.count + log.unkept) messages, more than the "
                        + "\(WireLog.mostLoad >> 20) MiB that a check takes in. Change it to publish a few, and check it again."
                )
            }
        }
    }

    static func hold(
        _ subject: Subject, _ pace: Pace, as dialect: Dialect = .v3_10,
        _ body: (Inspection) async throws -> [Finding]
    ) async throws -> [Finding] {
        let folder = try ScratchFolder()
        defer { folder.remove() }
        let time = HastyTime()
        let watch = ObservingBroker(.patient(as: dialect, time: time))
        defer { watch.shutDown() }
        let connection = try await Connection.open(over: watch.broker.connect(), .patient)
        let inspection = Inspection(
            subject: subject, pace: pace, watch: watch, time: time, connection: connection, folder: folder)
        inspection.follow()
        defer { inspection.allowance.end() }
        let findings = try await inspection.findings(body)
        try await connection.close()
        return findings
    }

    private init(
        subject: Subject, pace: Pace, watch: ObservingBroker, time: HastyTime, connection: Connection,
        folder: ScratchFolder
    ) {
        (self.subject, self.pace, self.watch, self.time) = (subject, pace, watch, time)
        (self.connection, self.folder) = (connection, folder)
        allowance = Allowance(mostLost: pace.hopeless)
    }

    private func follow() {
        allowance.follow { [cast, watch, allowance] in
            // One that goes on publishing would fill the memory before its time is up.
            if watch.isFlooded {
                allowance.flood()
                cast.killAll()
            }
            return FairTime.Look(lastEvent: watch.lastDeed, withheld: cast.withheld)
        }
    }

    /// What follows from a check, if anything does.
    private func findings(_ body: (Inspection) async throws -> [Finding]) async throws -> [Finding] {
        do {
            let findings = try await body(self)
            if let reason = excess { throw reason }
            return findings
        } catch {
            if let reason = excess { throw reason }
            throw error
        }
    }

    private var excess: CannotJudge? {
        allowance.excess.map { .beyond($0, subject.words, watch.log) }
    }

    /// All that is known up to now.
    var log: WireLog {
        var log = watch.log
        log.lives = cast.lives
        log.isOutOfTime = allowance.isOutOfTime
        (log.quietFor, log.lost) = (allowance.quietFor.milliseconds, allowance.lost.milliseconds)
        return log
    }

    /// Starts the program once more. How long it takes to connect is not the check's time: some are compiled first.
    func start() async throws -> Subject.Run {
        let number = cast.next()
        var run = try await subject.start(try watch.address(forRun: number), ["ORDERS_FOLDER": folder.path])
        let kill = run.kill
        run.kill = { [watch] in
            kill()
            watch.leave(number)
        }
        let entered = cast.enter(run, number)
        if allowance.hasBegun {
            await allowance.prepare(pace.begin) {
                entered.hasEnded || watch.log.connected.contains { $0.run == number }
            }
        }
        return entered
    }

    /// The program has shown what it is: from here on the check's time runs.
    func begin() { allowance.begin(pace.whole) }

    /// Waits until it is so, or the programs have had so long for it.
    @discardableResult
    func until(_ patience: Duration, _ condition: (WireLog) async -> Bool) async -> Bool {
        await eventually(patience) { await condition(log) }
    }

    /// Waits until it is so, or the programs have done nothing for so long: a slow one has its time.
    @discardableResult
    func until(
        orQuietFor patience: Duration, _ deeds: (WireLog) -> Int = { $0.deeds },
        _ condition: (WireLog) async -> Bool
    ) async -> Bool {
        while true {
            let before = deeds(log)
            var isSo = false
            let isMoving = await until(patience) { log in
                isSo = await condition(log)
                return isSo || deeds(log) > before
            }
            if isSo || !isMoving || allowance.limited(patience) == .zero { return isSo }
        }
    }

    /// Asks again and again, until it is so or the programs have had so long for it; the time of the whole check too.
    @discardableResult
    func eventually(_ patience: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
        try await allowance.wait(patience, condition)
    }

    /// Waits until the broker has granted the program's consumer, or refused something: the queue that it works on; nil when
    /// it has none.
    func awaitConsumer() async -> String? {
        guard !log.consumptions.isEmpty else { return nil }
        await until(pace.answer) { !$0.refusals.isEmpty || $0.consumptions.contains(where: \.isGranted) }
        func isAtWork(_ log: WireLog) -> Bool { log.work.map { !log.isItsOwn($0.queue) && $0.isGranted } ?? false }
        // It may listen for itself first, and the queue that it works on comes a moment later.
        await until(pace.moment) { !$0.refusals.isEmpty || isAtWork($0) }
        return log.work?.queue
    }

    /// Some acknowledge several messages at once. One that has settled nothing yet gets more, before anything is said of that,
    /// and then as many as make the last of them complete.
    ///
    /// - Parameter publish: sends it another message, by its number
    /// - Returns: whether it got more
    @discardableResult
    func sendMore(to run: Subject.Run, _ publish: (Int) async throws -> Void) async throws -> Bool {
        func isOver(_ log: WireLog) -> Bool { !log.refusals.isEmpty || run.hasEnded }
        func isDone(_ log: WireLog) -> Bool { isOver(log) || log.handed(to: run.number).allSatisfy(\.isSettled) }
        var sent = 0
        if log.mayAwaitMore(run.number) {
            sent = 20
            for number in 1...sent { try await publish(number) }
            await until(orQuietFor: pace.answer / 2) { log in
                isOver(log) || log.handed(to: run.number).contains(where: \.isSettled)
            }
            if !log.mayAwaitMore(run.number) { await until(orQuietFor: pace.moment) { isDone($0) } }
        }
        let seen = log
        guard seen.awaitsMore(run.number) else { return sent > 0 }
        let open = seen.handed(to: run.number).count { !$0.isSettled }
        for number in open..<seen.batch(of: run.number) { try await publish(sent + number) }
        await until(orQuietFor: pace.answer / 2) { isDone($0) }
        return true
    }

    /// Waits until a program that publishes has ended, or has nothing more to say, and returns all that it did. One that
    /// still publishes is watched for a while.
    func producerEnded(_ run: Subject.Run) async -> WireLog {
        await until(pace.endless) { log in
            if run.hasEnded && log.isAway(run.number) { return true }
            return log.isQuiet(run.number, for: 2 * pace.answer.milliseconds)
        }
        return log
    }

    // MARK: The others' parts

    /// A channel for one thing that the broker may refuse. nil when it did.
    private func attempt<Result: Sendable>(_ body: (Channel) async throws -> Result) async throws -> Result? {
        let channel = try await connection.openChannel()
        let result = try? await body(channel)
        try await channel.close()
        return result
    }

    func openChannel() async throws -> Channel { try await connection.openChannel() }

    /// What the broker says when a queue is declared like this; nil: it does so.
    func refusal(of queue: String, durable: Bool, arguments: FieldTable) async throws -> String? {
        let channel = try await connection.openChannel()
        var refusal: String?
        do {
            try await channel.declareQueue(queue, durable: durable, arguments: arguments)
        } catch {
            refusal = error.text
        }
        try await channel.close()
        return refusal
    }

    /// The same of an exchange.
    func refusal(
        ofExchange exchange: String, type: ExchangeType, durable: Bool, arguments: FieldTable
    ) async throws -> String? {
        let channel = try await connection.openChannel()
        var refusal: String?
        do {
            try await channel.declareExchange(exchange, type: type, durable: durable, arguments: arguments)
        } catch {
            refusal = error.text
        }
        try await channel.close()
        return refusal
    }

    /// Returns when the broker has it; false when there is no such exchange.
    @discardableResult
    func publish(
        _ body: String, exchange: String = "", key: String, properties: BasicProperties = BasicProperties()
    ) async throws -> Bool {
        try await attempt { channel in
            try await channel.publish(
                Message(body, persistent: properties.deliveryMode != 1, properties: properties), exchange: exchange,
                routingKey: key)
            // A publish has no answer; what comes behind it has.
            try await channel.qos(prefetchCount: 0)
            return true
        } ?? false
    }

    /// How many consumers a queue has; nil when there is no such queue, or it belongs to another's connection alone.
    func consumers(of queue: String) async throws -> Int? {
        try await attempt { try await $0.declareQueue(queue, passive: true).consumerCount }
    }

    /// How many messages wait in a queue; nil when there is no such queue.
    func messages(in queue: String) async throws -> Int? {
        try await attempt { try await $0.declareQueue(queue, passive: true).messageCount }
    }

    func delete(_ queue: String) async throws { _ = try await attempt { try await $0.deleteQueue(queue) } }

    func purge(_ queue: String) async throws { _ = try await attempt { try await $0.purgeQueue(queue) } }

    /// Takes what waits in a queue, the first thousand of it; nil when there is no such queue.
    func take(_ queue: String, most: Int = 1000) async throws -> [Delivery]? {
        try await attempt { channel in
            var taken: [Delivery] = []
            while taken.count < most, let next = try await channel.get(queue, noAck: true) { taken.append(next) }
            return taken
        }
    }
}

/// Asks again and again, until it is so or the time is up.
@discardableResult
func eventually(_ patience: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
    let start = ContinuousClock.now
    while true {
        if try await condition() { return true }
        let waited = ContinuousClock.now - start
        if waited > patience { return false }
        // What takes long need not be noticed at once, and looking takes time too.
        try? await Task.sleep(for: .milliseconds(waited < .seconds(1) ? 5 : 20))
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
