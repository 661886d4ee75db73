import AMQPWire
import BrokerCore
import BrokerServer
import Synchronization

/// Clients, a clock and a disk that a seed decides everything about, around one broker; and a model that says, step by
/// step, what each client must be sent.
///
/// What is between the broker's core and the disk is the real store. Only its thread is missing: when it gets on is one
/// more thing that the seed decides.
package final class Simulation {
    static let channels: [UInt16] = [1, 2]
    static let clientCount = 3

    package let seed: UInt64
    let defect: Defect?
    var random: Randomness
    /// What there may be in this run. All of it at once would spread what happens too thin.
    let queueKinds: [QueueKind]
    let exchangeKinds: [ExchangeKind]
    let model: Model
    var now: Int64 = 1_000_000_000_000
    private(set) var stepNumber = 0
    /// What happened, a line each, for who wants to know how it came to a difference.
    private var log: [String] = []
    private let keepsLog: Bool
    package private(set) var difference: Difference?
    package private(set) var deliveryCount = 0
    package internal(set) var crashCount = 0

    var core: BrokerCore
    var disk: SimulatedDisk
    var store: Store
    var storing = Storing.nothing
    /// Batches that the broker has handed out, and the store has not begun with.
    var handed: [StoreBatch] = []
    /// The batches that were begun to be written, and that were written completely.
    var (begunBatch, writtenBatch) = (UInt64(0), UInt64(0))
    /// A crash that comes when the disk stops: true: of the machine, false: of the process.
    var isMachineToCrash = false
    var clients: [SimulatedClient] = []
    /// The client that is just connecting.
    private var newcomer: SimulatedClient?
    private var clientNumber = 0
    /// Connections that the broker does not listen to just now.
    private var unread: Set<ConnectionID> = []
    /// Whose handshake is over.
    private var opened: Set<ConnectionID> = []
    var messageNumber = 0
    var consumerNumber = 0

    /// What the store is at.
    enum Storing {
        case nothing
        case taken(StoreBatch)
        case written(StoreBatch)
    }

    /// `hasStreams`: false for a seed that found something when there were none, to find the same again.
    package init(seed: UInt64, defect: Defect? = nil, keepsLog: Bool = false, hasStreams: Bool = true) throws {
        self.seed = seed
        self.defect = defect
        self.keepsLog = keepsLog
        random = Randomness(seed: seed)
        // Told too early that they are on disk, a stream would look for its messages there, and end the broker.
        let others = QueueKind.all.filter { !$0.isStream }
        queueKinds =
            [others[0]] + others.dropFirst().shuffled(using: &random).prefix(8)
            + (hasStreams && defect != .confirmsBeforeTheSync ? QueueKind.all.filter(\.isStream) : [])
        exchangeKinds = Array(ExchangeKind.all.shuffled(using: &random).prefix(4))
        model = Model(now: now)
        disk = SimulatedDisk(seed: random.next())
        if defect == .doesNotSync { disk.ignoreSyncs() }
        (core, store) = try Self.start(on: disk, now: now, seed: random.next())
        connectAll()
    }

    /// Does so many steps, or fewer when something is wrong. Returns what it is.
    package func run(steps: Int) throws -> Difference? {
        try go(steps: steps)
        if difference == nil { try crash(ofMachine: true) }
        return difference
    }

    /// Does steps until there were so many, or something is wrong.
    func go(steps: Int) throws { while stepNumber < steps, difference == nil { try step() } }

    private func step() throws {
        stepNumber += 1
        model.advance(to: now)
        try act()
        if disk.isStopped, difference == nil { try crash(ofMachine: isMachineToCrash) }
    }

    // MARK: Notes

    func note(_ line: @autoclosure () -> String) {
        if keepsLog { log.append("\(stepNumber): \(line())") }
    }

    func differs(_ text: String) {
        if difference == nil { difference = Difference(seed: seed, step: stepNumber, text: text, log: log) }
    }

    // MARK: Clients

    func connectAll() {
        clients = []
        for _ in 0..<Self.clientCount { clients.append(connect()) }
    }

    func connect() -> SimulatedClient {
        clientNumber += 1
        let client = SimulatedClient(
            number: clientNumber, id: ConnectionID(number: UInt64(clientNumber)))
        newcomer = client
        step(.connected(client.id, peer: "client \(clientNumber)", isLoopback: true))
        client.addHandshake(channels: Self.channels)
        for channel in Self.channels {
            let path = Path(client: client.number, channel: channel)
            model.open(path)
            model.channels[path]?.expected.append(.answer(ChannelOpenOk.id, []))
            choosesMode(client, channel)
        }
        deliver(client)
        return client
    }

    /// A new channel is put in a mode, or in none.
    func choosesMode(_ client: SimulatedClient, _ number: UInt16) {
        guard let channel = model.channels[Path(client: client.number, channel: number)] else { return }
        switch random.below(3) {
        case 0:
            channel.mode = .confirm
            client.add(ConfirmSelect(), channel: number)
            channel.expected.append(.answer(ConfirmSelectOk.id, []))
        case 1:
            channel.mode = .transaction
            client.add(TxSelect(), channel: number)
            channel.expected.append(.answer(TxSelectOk.id, []))
        default: break
        }
    }

    /// What a client has written reaches the broker.
    func deliver(_ client: SimulatedClient) {
        step(.received(client.takeOctets().span.bytes, from: client.id))
    }

    // MARK: The broker's door

    /// Lets something happen to the broker, and carries out what comes of it.
    func step(_ input: BrokerInput) {
        var effects = core.step(input, now: now)
        carryOut(effects)
        while effects.hasMoreToDo {
            effects = core.step(.time, now: now)
            carryOut(effects)
        }
        // Behind the slices of what one method did at once; there is no alarm.
        if let silent = unread.first { differs("nothing is read of \(silent)") }
        unread = []
        if let next = effects.nextDeadline, next <= now { differs("something is due at \(next), and it is \(now)") }
    }

    private func carryOut(_ effects: BrokerEffects) {
        for write in effects.writes {
            let client = clients.first { $0.id == write.connection } ?? newcomer
            write.withOctets { client?.receive($0, isLast: write.isLast) }
        }
        if let batch = effects.batch { take(batch) }
        for change in effects.readingChanges {
            if change.isReading { unread.remove(change.connection) } else { unread.insert(change.connection) }
        }
        for id in effects.opened where !opened.insert(id).inserted { differs("\(id) is let in a second time") }
        // Nothing of this is asked for: there is no password that takes long, no log.
        if let check = effects.loginChecks.first { differs("the password of \(check.connection) is to be checked") }
        if let event = effects.log.first { differs("the log is to say: \(event.text)") }
    }

    // MARK: Comparing

    /// Compares what each client was sent with what it had to be sent.
    func compare() {
        model.answer()
        for client in clients {
            if !opened.contains(client.id) { differs("client \(client.number) is not let in") }
            var seen = client.take()
            if let defect { seen = spoil(seen, defect) }
            var bySeen: [UInt16: [Event]] = [:]
            for (channel, event) in seen { bySeen[channel, default: []].append(event) }
            if let stray = bySeen.keys.first(where: { !Self.channels.contains($0) }) {
                differs("client \(client.number) was sent \(bySeen[stray] ?? [])")
            }
            for number in Self.channels {
                let path = Path(client: client.number, channel: number)
                let (expected, seen) = (model.channels[path]?.expected ?? [], bySeen[number] ?? [])
                deliveryCount += seen.count
                if keepsLog { for event in seen { note("    \(path) <- \(event)") } }
                if expected != seen { differs(Self.describe(path, expected, seen)) }
                model.channels[path]?.expected.removeAll(keepingCapacity: true)
            }
            if client.isEnded { differs("the connection of client \(client.number) was ended") }
        }
    }

    private static func describe(_ path: Path, _ expected: [Event], _ seen: [Event]) -> String {
        func list(_ events: [Event]) -> String {
            events.isEmpty ? " nothing" : events.map { "\n        \($0)" }.joined()
        }
        return "\(path)\n    expected:\(list(expected))\n    seen:\(list(seen))"
    }
}

/// Where broker and model part.
package struct Difference: CustomStringConvertible, Sendable {
    package var seed: UInt64
    package var step: Int
    package var text: String
    package var log: [String]

    package var description: String { description(lines: 40) }

    package func description(lines: Int) -> String {
        """
        \(log.isEmpty ? "" : "the last that happened:\n\(log.suffix(lines).joined(separator: "\n"))\n\n")\
        seed \(seed), step \(step): \(text)
        again, with all that happened: Scripts/simulate \(step) \(seed) --whole
        """
    }
}
