/// What connections, virtual hosts and queues ask of the core.
extension BrokerCore: SessionHost {
    func connection(_ id: ConnectionID) -> BrokerConnection? { connections[id] }

    /// In the order in which they came.
    var allConnections: [BrokerConnection] { connections.values.sorted { $0.id.number < $1.id.number } }

    var storedBatch: UInt64 { journal?.storedBatch ?? .max }

    func virtualHost(_ name: String) -> (any SessionVirtualHost)? { virtualHosts[name] }

    func randomName() -> String { Self.name(from: &random) }

    func log(_ level: LogEvent.Level, _ text: @autoclosure () -> String) {
        guard let least = configuration.logLevel, level >= least else { return }
        effects.log.append(LogEvent(level, at: now, text()))
    }

    func setTimer(_ time: Int64, for connection: ConnectionID, replacing timer: UInt64) -> UInt64 {
        timers.cancel(timer)
        return timers.set(time, for: .connection(connection))
    }
    func setReading(_ isReading: Bool, of connection: ConnectionID) {
        effects.readingChanges.append((connection, isReading))
    }
    func check(_ login: LoginCheck) { effects.loginChecks.append(login) }
    func noteOpened(_ connection: ConnectionID) { effects.opened.append(connection) }
    func awaitStore(_ connection: ConnectionID) { waitingForStore.append(connection) }
    func doInSlices(_ slice: @escaping () -> Bool) {
        spend(pool.work.slice)
        if slice() { chores.append(slice) }
    }

    /// What a client sent before its stream ended still counts.
    func handleStreamEnd(of connection: BrokerConnection) {
        guard !connection.isUnfinished else { return connection.noteStreamEnd() }
        connections[connection.id] = nil
        connection.handleStreamEnd()
    }

    func lookAfterTimeouts() {
        var left = allConnections[...]
        doInSlices { [pool] in
            var units = 0
            while units < pool.work.slice, let connection = left.popFirst() {
                let before = connection.unitsSpent
                connection.closeTimedOutChannels()
                connection.closeIfInTheWay()
                units += 1 + connection.channels.count / WorkLimits.placesOfUnit + connection.unitsSpent - before
            }
            return !left.isEmpty
        }
    }

    func awaitTurn(_ id: ConnectionID) {
        guard inTurn != id, let connection = self.connection(id), !connection.isUnfinished else { return }
        connection.endTurn(isUnfinished: true)
        unfinished.append(id)
    }

    func awaitAlarms(_ connection: ConnectionID) { heldBack.append(connection, among: connections) }

    func setTimer(_ time: Int64, for queue: any Queue) -> UInt64 { timers.set(time, for: .queue(queue)) }
    func cancelTimer(_ timer: UInt64) { timers.cancel(timer) }
    func cause(_ cause: Causes.Cause, in virtualHost: VirtualHost) {
        load.lend(cause.message)
        if case .deadLetter = cause { load.hold(Load.ofLetter) }
        causes.add(cause, in: virtualHost)
    }

    /// So many octets of letters may wait beside each other.
    var mostLetterOctets: Int {
        let mark = alarms.memoryHighWater
        return mark > 0 ? min(WorkLimits.mostLetterOctets, mark / 4) : WorkLimits.mostLetterOctets
    }

    /// Letters that cause one another would use up the memory, and no client can be held back for that. None of them was sure
    /// to arrive (RabbitMQ: "Dead Letter Exchanges", safety).
    func noteLoss(of letter: DeadLetter) {
        guard causes.noteLoss() else { return }
        log(.error, "dead letters of \(letter.queue.label) and others are lost: they multiply, and memory is low")
    }
}

extension BrokerCore {
    /// So many octets of a client's should be given to it at a time: fewer, where very many clients share the memory.
    public var mostInRead: Int { pool.mostInRead }

    /// Memory is low, or full, or is not any more.
    func follow(_ alarms: Alarms, since before: Alarms) {
        pool.adapt(isTight: alarms.memory, isFull: alarms.isFull)
        guard before.isFull, !alarms.isFull, heldBack.readingOn.begin() else { return }
        var left = connections.values[...]
        doInSlices { [unowned self] in
            var units = 0
            while units < pool.work.slice, let connection = left.popFirst() {
                connection.readOn()
                units += 10 + connection.channels.count
            }
            if left.isEmpty, heldBack.readingOn.end() { left = connections.values[...] }
            return !left.isEmpty
        }
    }

    /// The alarms have changed: those that are held back are told, or go on.
    func tellHeldBack() {
        var left = heldBack.takeAll()
        if left.isEmpty { return }
        doInSlices { [unowned self] in
            for id in left.prefix(250) {
                guard let connection = connections[id] else { continue }
                connection.checkThrottle()
                if connection.throttle.isHeldBack {
                    heldBack.append(id, among: connections)
                } else if !connection.isUnfinished {
                    // What it had sent by then.
                    unfinished.append(id)
                }
            }
            left = left.dropFirst(250)
            return !left.isEmpty
        }
    }
}

/// What queues ask of their virtual host.
extension VirtualHost: QueueHost {
    var now: Int64 { core.now }
    var load: Load { core.load }
    var work: WorkLimits { core.pool.work }

    func setTimer(_ time: Int64, for queue: any Queue, replacing timer: UInt64) -> UInt64 {
        core.cancelTimer(timer)
        return core.setTimer(time, for: queue)
    }

    func cancelTimer(_ timer: UInt64) { core.cancelTimer(timer) }
    func take(_ letter: DeadLetter) {
        var letter = letter
        if let republished, republished.message === letter.message { letter.origin = republished }
        if core.causes.areMultiplying, core.memoryInUse > core.alarms.memoryHighWater, letter.keeper == nil {
            core.noteLoss(of: letter)
            return letter.releaseMessage()
        }
        core.cause(.deadLetter(letter), in: self)
    }
    func doInSlices(_ slice: @escaping () -> Bool) { core.doInSlices(slice) }
    func doInSlicesLater(_ slice: @escaping () -> Bool) { core.chores.append(slice) }
    func spend(_ units: Int) { core.spend(units) }
}
