import AMQPWire
import BrokerCore
import BrokerServer

extension Simulation {
    /// Small, so that segments come and go and messages are read back from the disk.
    private static let limits: StoreLimits = {
        var limits = StoreLimits()
        limits.segmentOctets = 6000
        limits.residentOctets = 500
        limits.streamBlockCount = 4
        limits.backlogOctets = .max
        return limits
    }()

    static func configuration(seed: UInt64) -> BrokerConfiguration {
        var configuration = BrokerConfiguration()
        configuration.refusalDelay = 0
        configuration.consumerTimeout = 0
        configuration.store = limits
        configuration.random = Randomness(seed: seed)
        return configuration
    }

    /// Starts a broker on what a disk has.
    static func start(on disk: SimulatedDisk, now: Int64, seed: UInt64) throws(StoreError) -> (BrokerCore, Store) {
        let (core, store, _) = try open(disk, now: now, seed: seed)
        return (core, store)
    }

    private static func open(
        _ disk: SimulatedDisk, now: Int64, seed: UInt64
    ) throws(StoreError) -> (BrokerCore, Store, warnings: [String]) {
        let stop: @Sendable (StoreError) -> Never = { preconditionFailure("the store gives up: \($0)") }
        let opening = try StoreOpening(disk, limits: limits, stop: stop)
        let core: BrokerCore
        do throws(StoreDamage) {
            core = try BrokerCore(configuration(seed: seed), now: now, recovered: opening.recovered)
        } catch { throw opening.error(of: error) }
        let warnings = opening.notes.filter { $0.level >= .warning }.map(\.text)
        return (core, Store(disk, diskFreeLimit: 0, stop: stop), warnings)
    }

    /// The store gets on with what it is at.
    func store(_ steps: Int) {
        for _ in 0..<steps where !disk.isStopped { storeOneStep() }
    }

    /// The broker has handed out a batch.
    func take(_ batch: StoreBatch) {
        note("batch \(batch.number) is taken: \(batch.octets.count) octets\(batch.needsSync ? ", to sync" : "")")
        model.batchWasTaken(batch.number)
        handed.append(batch)
        if defect == .confirmsBeforeTheSync, batch.needsSync { tellStored(batch) }
    }

    private func storeOneStep() {
        switch storing {
        case .nothing:
            if handed.isEmpty {
                if model.isAwaited { differs("somebody waits for the store, and there is nothing to be written") }
                return
            }
            storing = .taken(handed.removeFirst())
        case .taken(let batch):
            begunBatch = batch.number
            guard case .done = store.write(batch) else { return note("batch \(batch.number) finds no room") }
            if disk.isStopped { return note("batch \(batch.number) is interrupted") }
            note("batch \(batch.number) is written")
            writtenBatch = batch.number
            storing = .written(batch)
        case .written(let batch):
            storing = .nothing
            if batch.needsSync {
                note("batch \(batch.number) is synced")
                model.batchIsSynced(batch.number)
            }
            if !(defect == .confirmsBeforeTheSync && batch.needsSync) { tellStored(batch) }
            store.remove(batch.removals)
        }
    }

    private func tellStored(_ batch: StoreBatch) {
        if defect != .neverTellsTheStoreIsDone { step(.stored(batch: batch.number)) }
    }

    /// The broker ends in the middle of what it is at, and another begins with what is on the disk.
    func crash(ofMachine: Bool) throws {
        crashCount += 1
        var sure = ofMachine ? model.synced : writtenBatch
        note(
            "\(ofMachine ? "power cut" : "kill -9"): up to batch \(sure) all is there, of up to \(begunBatch) a part "
                + "may be")
        disk = ofMachine ? disk.powerCut() : disk.killed()
        if defect == .losesTheLastBatch { disk.loseLastRecord() }
        do {
            if random.oneIn(4), try beginInVain() { sure = model.synced }
            // One broker tells what is there, as of a time when nothing has expired; the other goes on with it.
            let (found, _) = try Self.look(at: disk.copy(), now: 0)
            if let wrong = model.crash(found: found, sure: sure, possible: begunBatch) { return differs(wrong) }
            if random.oneIn(10) {
                now += (random.oneIn(2) ? 1 : -1) * Self.year
                model.now = now
                note("the clock says \(now)")
            }
            (core, store) = try Self.start(on: disk, now: now, seed: random.next())
        } catch {
            return differs("the broker does not start again: \(error)")
        }
        (storing, handed, begunBatch, writtenBatch) = (.nothing, [], 0, 0)
        if defect == .doesNotSync { disk.ignoreSyncs() }
        model.advance(to: now)
        connectAll()
        compare()
    }

    static let year: Int64 = 31_536_000_000

    /// Brokers that find no room, or are ended again while they begin. True: one of them by a power cut.
    private func beginInVain() throws(StoreError) -> Bool {
        var isCut = false
        for _ in 0...random.below(2) {
            let isFull = random.oneIn(2)
            note("a broker begins \(isFull ? "without room" : "and ends in the middle of it")")
            if isFull { disk.room = random.below(100) } else { disk.stop(after: random.below(8)) }
            do { _ = try Self.start(on: disk, now: now, seed: random.next()) } catch {
                guard case .full = error else { throw error }
            }
            let isCutNow = random.oneIn(2)
            disk = isCutNow ? disk.powerCut() : disk.killed()
            isCut = isCut || isCutNow
            for segment in disk.segmentNumbers.sorted() where random.oneIn(2) {
                disk.failReads(of: segment, times: 1)
            }
        }
        return isCut
    }

    /// The broker ends when the store has written all; returns what it leaves.
    func endProperly() -> SimulatedDisk {
        disk.room = .max
        while !disk.isStopped {
            if case .nothing = storing, handed.isEmpty { break }
            storeOneStep()
        }
        if !disk.isStopped { store.close() }
        return disk.killed()
    }

    /// Fetches everything that there is, and sends something down every way that there is. Returns the warnings too
    /// that the broker began with.
    static func look(at disk: SimulatedDisk, now: Int64) throws(StoreError) -> (found: Found, warnings: [String]) {
        let (core, _, warnings) = try open(disk, now: now, seed: 1)
        var found = Found()
        found.exchanges = Set(core.listExchanges().map(\.name))
        let client = SimulatedClient(number: 0, id: ConnectionID(number: 1))
        _ = core.step(.connected(client.id, peer: "look", isLoopback: true), now: now)
        client.addHandshake(channels: [1, 2])
        client.add(BasicQos(prefetchCount: .max), channel: 2)
        let streams = Set(QueueKind.all.filter(\.isStream).map(\.name))
        for queue in core.listQueues() {
            found.queues[queue.name] = []
            let name = ShortString(truncating: queue.name)
            client.add(
                streams.contains(queue.name)
                    ? BasicConsume(queue: name, consumerTag: name, arguments: ["x-stream-offset": "first"])
                    : BasicConsume(queue: name, consumerTag: name, noAck: true),
                channel: streams.contains(queue.name) ? 2 : 1)
        }
        found.bindings = core.listBindings().filter { !$0.source.isEmpty }.map { binding in
            Found.Binding(
                exchange: binding.source, end: binding.destination,
                isOfExchange: binding.destinationKind == "exchange", key: binding.routingKey,
                arguments: binding.arguments)
        }.sorted { "\($0)" < "\($1)" }
        for kind in ExchangeKind.all where found.exchanges.contains(kind.name) {
            for key in kind.probes {
                found.routes[.init(exchange: kind.name, key: key)] = []
                let publish = BasicPublish(
                    exchange: ShortString(truncating: kind.name), routingKey: ShortString(truncating: key))
                client.addPublish(publish, properties(of: 0), body: Content.body(0), channel: 1)
            }
        }
        var effects = core.step(.received(client.takeOctets().span.bytes, from: client.id), now: now)
        for write in effects.writes { write.withOctets { client.receive($0, isLast: write.isLast) } }
        while effects.hasMoreToDo {
            effects = core.step(.time, now: now)
            for write in effects.writes { write.withOctets { client.receive($0, isLast: write.isLast) } }
        }
        for (_, event) in client.take() {
            if case .surprise(let what) = event { found.surprises.append(what) }
            guard case .delivery(let queue, _, let redelivered, let content) = event else { continue }
            if let death = content.deaths.first, death.reason == "delivery_limit", death.time == now / 1000 {
                // It died just now, and not in the run.
                found.overTheLimit[death.queue, default: []].append(content.number)
                continue
            }
            if content.number == 0 {
                found.routes[.init(exchange: content.exchange, key: content.key)]?.append(queue)
            } else {
                found.queues[queue]?.append(.init(content: content, redelivered: redelivered))
            }
        }
        return (found, warnings)
    }

    /// What a message with this number has beside its body.
    static func properties(
        of number: Int, deliveryMode: UInt8? = nil, priority: Int? = nil, expiration: Int64? = nil
    ) -> BasicProperties {
        let headers = Content.headers(number).sorted { $0.key < $1.key }.map { name, value in
            FieldTable.Field(ShortString(truncating: name), .int32(Int32(value)))
        }
        return BasicProperties(
            headers: headers.isEmpty ? nil : FieldTable(headers), deliveryMode: deliveryMode,
            priority: priority.map { UInt8($0) },
            expiration: expiration.map { ShortString(truncating: "\($0)") })
    }
}
