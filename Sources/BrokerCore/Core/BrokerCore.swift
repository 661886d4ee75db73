import AMQPWire
import DataStructures

/// Everything a broker decides, and nothing else: octets and the time go in, octets come out.
///
/// It has no socket, thread, clock or file, and is not safe to use from several threads at a time. It has one door:
/// ``step(_:now:moreFollows:)``. Whoever runs it (BrokerServer, a simulation, a test) gives it what happens, one thing
/// after the other, and carries out what comes of it.
public final class BrokerCore {
    public internal(set) var configuration: BrokerConfiguration
    private(set) var virtualHosts: [String: VirtualHost] = [:]
    var connections = DividedDictionary<ConnectionID, BrokerConnection>()
    var timers = Timers()
    /// The time of the current step.
    private(set) var now: Int64
    private(set) var alarms = Alarms()
    /// As connections were last told of them.
    private var lastAlarms = Alarms()
    let load = Load()
    let tally = Tally()
    let pool: BufferPool
    var random: any RandomNumberGenerator & Sendable
    /// The log of the store; nil: there is none.
    let journal: Journal?
    /// What is being told to it of all that is declared.
    var description: Description?
    /// The batch that is being written, until ``BrokerInput/stored(batch:)``.
    private var batchUnderWay: (number: UInt64, needsSync: Bool)?
    /// What the current method has caused, to be done when it is over.
    var causes = Causes()
    /// Long work of which the rest is to be done, a slice of each in turn: none waits until another is over.
    var chores = Ring<() -> Bool>()
    /// How much may still be done in this turn.
    var budget = 0
    /// What the broker's end has counted.
    var spentAtTheEnd = 0
    /// Something has come in the current wake-up of whoever runs this, and more is to follow.
    private var isInWakeUp = false
    /// Connections with frames or other work that wait for their next turn. Nothing more is read from them meanwhile.
    var unfinished = Ring<ConnectionID>()
    /// The one whose turn it is.
    var inTurn: ConnectionID?
    /// What has come of the steps since effects were last handed over.
    var effects = BrokerEffects()
    /// The outputs that were handed over last.
    private var outputs: [FrameWriter] = []
    /// Connections with answers that wait for the store.
    var waitingForStore: [ConnectionID] = []
    /// Connections of which nothing is read because of an alarm.
    var heldBack = HeldBack()

    /// A broker that keeps everything in memory.
    public convenience init(_ configuration: BrokerConfiguration = BrokerConfiguration(), now: Int64) {
        self.init(configuration, now: now, journal: nil)
    }

    init(_ configuration: BrokerConfiguration, now: Int64, journal: Journal?) {
        #if DEBUG
            configuration.quirks?.begin()
        #endif
        self.journal = journal
        self.configuration = configuration
        pool = BufferPool(
            load, OutputLimits(highWater: configuration.outputHighWater, mostUnread: configuration.outputLimit),
            configuration.work)
        self.now = now
        random = configuration.random
        alarms.memoryHighWater = configuration.memoryHighWater ?? .max
        for name in configuration.virtualHosts {
            addVirtualHost(name).isTracingOn = configuration.tracedVirtualHosts.contains(name)
        }
        timers.set(now + Self.consumerTimeoutInterval, for: .consumerTimeouts)
    }

    deinit { dissolve() }

    /// How often deliveries are checked for having been out too long, in milliseconds: as in RabbitMQ.
    private static let consumerTimeoutInterval: Int64 = 60_000

    // MARK: The door

    /// Lets something happen, with all that follows from it at once. `now` is in milliseconds since the Unix epoch, and
    /// must not go backwards; what is due by then (expiries, heartbeats, deadlines) happens first.
    ///
    /// Returns what is to be carried out. With `moreFollows` that is put off to a later step without: so everything that
    /// clients sent in one wake-up is written in one go.
    public func step(_ input: BrokerInput, now: Int64, moreFollows: Bool = false) -> BrokerEffects {
        #if DEBUG
            if let quirks = configuration.quirks {
                return QuirkWatch.$current.withValue(quirks) { take(input, now: now, moreFollows: moreFollows) }
            }
        #endif
        return take(input, now: now, moreFollows: moreFollows)
    }

    private func take(_ input: BrokerInput, now: Int64, moreFollows: Bool) -> BrokerEffects {
        takeBackOutputs()
        // All that comes in one wake-up shares one turn's budget: behind a hundred busy clients, each with its own, the
        // answers would come late. Every client has at least one frame handled.
        if !isInWakeUp {
            budget = pool.work.turn
            carryOutCauses()
            budget = pool.work.turn
        }
        advance(to: now)
        if !isInWakeUp { budget = pool.work.turn }
        isInWakeUp = moreFollows
        var caused = causes.addedCount
        switch input {
        case .time: break
        case .connected(let id, let peer, let isLoopback):
            connections[id] = BrokerConnection(id: id, peer: peer, isLoopback: isLoopback, host: self)
        case .received(let octets, let id):
            if let connection = connections[id] {
                connection.take(octets)
                if !connection.isUnfinished { handleFrames(of: connection) }
            }
        case .disconnected(let id): if let connection = connections[id] { handleStreamEnd(of: connection) }
        case .unsent(let octets, let id):
            if let connection = connections[id], connection.setUnsent(octets), !connection.isUnfinished {
                handleFrames(of: connection)
            }
        case .loginChecked(let id, let isRight):
            if let connection = connections[id] {
                connection.finishLogin(isRight: isRight)
                handleFrames(of: connection)
            }
        case .stored(let batch): noteStored(batch)
        case .diskIsLow(let isLow): alarms.disk = isLow
        case .setMemoryHighWater(let octets): alarms.memoryHighWater = octets ?? .max
        case .add(let users): add(users)
        case .defineUsers(let definitions): define(definitions)
        case .change(let changes): carryOut(changes)
        case .setTracing(let isOn, let name): setTracing(isOn, in: name)
        case .shutDown: shutDown()
        }
        carryOutCauses(since: &caused)
        if moreFollows { return BrokerEffects() }
        carryOutCauses()
        // Whoever carries out effects says what has not left: no occasion for others' turns, or it would never be over.
        if case .unsent = input { return takeEffects() }
        goOn()
        doChores()
        return takeEffects()
    }

    // MARK: Turns

    /// Counts something that takes time, and grows with what clients have made.
    func spend(_ units: Int) { budget -= units }

    /// Handles what has come of a connection, as far as one turn goes.
    private func handleFrames(of connection: BrokerConnection) {
        var isUnfinished = false
        inTurn = connection.id
        defer { inTurn = nil }
        var (caused, announced) = (causes.addedCount, 0)
        _ = pool.unitsOfWrites(since: &announced)
        while connection.handleNextFrame() {
            spend(1 + connection.takeUnitsSpent() + pool.unitsOfWrites(since: &announced))
            carryOutCauses(since: &caused)
            if connection.throttle.isToBeChecked, memoryInUse > alarms.memoryHighWater { checkMemory(for: connection) }
            if budget <= 0 {
                isUnfinished = connection.hasMore
                break
            }
        }
        connection.endTurn(isUnfinished: isUnfinished)
        if isUnfinished { return unfinished.append(connection.id) }
        if connection.hasStreamEnded { handleStreamEnd(of: connection) }
    }

    /// Gives the connection a turn that has waited longest for it.
    private func goOn() {
        guard let id = unfinished.popFirst(), let connection = connections[id] else { return }
        budget = pool.work.turn
        handleFrames(of: connection)
    }

    /// Lets time pass: each thing that is due happens at its own time, so that one long step gives the same as many
    /// short ones. When much is due at once, the rest is for the next step.
    private func advance(to now: Int64) {
        var caused = causes.addedCount
        while budget > 0, let due = timers.popDue(at: now) {
            self.now = max(self.now, due.time)
            switch due.owner {
            case .queue(let queue):
                spend(WorkLimits.unitsOfTimer)
                queue.handleTimer()
            case .connection(let id): connections[id]?.handleTimer()
            case .consumerTimeouts:
                lookAfterTimeouts()
                if !quirk(.onlyTheFirstLookAtTimeouts) {
                    timers.set(self.now + Self.consumerTimeoutInterval, for: .consumerTimeouts)
                }
            }
            carryOutCauses(since: &caused)
        }
        self.now = max(self.now, now)
    }

    /// The room of outputs that were handed over serves again, if the caller has let go of them.
    private func takeBackOutputs() {
        while let output = outputs.popLast() { pool.giveBack(output) }
        pool.beginStep()
    }

    /// Publishes what has been caused: dead letters, and copies for those who trace.
    func carryOutCauses() {
        if causes.isEmpty { return }
        while budget > 0, let work = causes.takeRest() ?? nextCause() {
            let units = work(pool.work.slice)
            spend(units)
            if units >= pool.work.slice, !quirk(.restOfACauseIsForgotten) { causes.putOff(work) }
        }
        causes.pause()
    }

    /// The same if anything has been caused since. Who causes nothing does not wait for what others did.
    private func carryOutCauses(since count: inout Int) {
        if causes.addedCount != count { carryOutCauses() }
        count = causes.addedCount
    }

    private func nextCause() -> LongWork? {
        guard let (cause, virtualHost) = causes.next(most: pool.work.letters, octets: mostLetterOctets) else {
            return nil
        }
        load.giveBack(cause.message)
        if case .deadLetter(let letter) = cause {
            load.hold(-Load.ofLetter)
            spend(letter.message.unitsOfPublishingAgain)
            if letter.message.traits.isDeadLetter, isTakingTooLongToEnd {
                letter.noteSent(hasArrived: false)
                return { _ in 0 }
            }
        }
        return virtualHost.carryOut(cause, isOfCopy: causes.isTakingCopies)
    }

    /// Does some of the work that nobody waits for, beside the turns.
    func doChores() {
        for _ in 0..<2 {
            guard let slice = chores.popFirst() else { return }
            if slice() { chores.append(slice) }
        }
    }

    private func takeEffects() -> BrokerEffects {
        checkAlarms()
        while let id = pool.nextAnnounced() {
            guard let connection = connections[id] else { continue }
            let output = connection.takeOutput()
            effects.writes.append(
                .init(
                    connection: id, output: output, isLast: connection.isLast || connection.isGivenUp,
                    isGivenUp: connection.isGivenUp, awaitsDrain: connection.output.awaitsDrain))
            outputs.append(output)
        }
        if batchUnderWay == nil, let batch = takeBatch() {
            batchUnderWay = (batch.number, batch.needsSync)
            effects.batch = batch
        }
        effects.nextDeadline = timers.next
        effects.hasMoreToDo =
            !causes.isEmpty || !chores.isEmpty || !unfinished.isEmpty || timers.next ?? .max <= now
        defer { effects = BrokerEffects() }
        return effects
    }

    /// A batch was written. If it was forced to disk, those who waited for that are told.
    private func noteStored(_ batch: UInt64) {
        guard let underWay = batchUnderWay, underWay.number == batch else { return }
        batchUnderWay = nil
        guard underWay.needsSync else { return }
        journal?.noteStored(through: batch)
        var waiting = waitingForStore[...]
        waitingForStore = []
        if tell(&waiting) { chores.append { [unowned self] in tell(&waiting) } }
    }

    /// Tells some of those who waited for the store. True: there are more.
    private func tell(_ waiting: inout ArraySlice<ConnectionID>) -> Bool {
        var units = 0
        while units < pool.work.slice, let id = waiting.popFirst() {
            units += 1 + (connections[id]?.sendStoredAnswers() ?? 0)
        }
        return !waiting.isEmpty
    }

    /// Memory is low in the middle of what a connection has sent: from its next publish on, the rest waits.
    private func checkMemory(for connection: BrokerConnection) {
        let wasRaised = alarms.holdsBack
        alarms.check(memory: memoryInUse)
        if wasRaised { connection.checkThrottle() } else { connection.throttle.hasPublished = false }
    }

    /// Looks whether memory, disk or backlog have gone over or under their marks since the last look.
    private func checkAlarms() {
        pool.divide(alarms.memoryHighWater, among: connections.count)
        alarms.check(memory: memoryInUse)
        alarms.check(backlog: storeBacklog, highWater: configuration.store.backlogOctets)
        guard alarms != lastAlarms else { return }
        if alarms.isRaised != lastAlarms.isRaised {
            log(
                .warning,
                alarms.isRaised ? "publishers are blocked: \(alarms.reason)" : "publishers are no longer blocked")
        }
        follow(alarms, since: lastAlarms)
        lastAlarms = alarms
        tellHeldBack()
    }

    @discardableResult
    func addVirtualHost(_ name: String) -> VirtualHost {
        let virtualHost = VirtualHost(name: name, core: self)
        virtualHosts[name] = virtualHost
        return virtualHost
    }
}
