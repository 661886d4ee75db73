import AMQPTransport
@_spi(Quirks) import BrokerCore
import Platform

extension Broker {
    /// A broker that keeps what is durable in a directory, and begins with what is found there. The directory is made
    /// if there is none.
    ///
    /// When writing to it fails for another reason than a full disk, or what was written can't be read back, the
    /// process ends with status 1 and a line on standard error: going on would mean to confirm what may be lost.
    /// Throws ``StoreError`` when the directory can't be had, another broker is using it, or a file in it is damaged.
    public convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), time: any TimeSource = SystemTime(),
        data directory: String, log: (@Sendable (LogEvent) -> Void)? = nil
    ) throws(StoreError) {
        try self.init(configuration, time: time, data: directory, log: log, stop: Self.stop)
    }

    /// The same with an end of the caller's own when the store fails.
    package convenience init(
        _ configuration: BrokerConfiguration, time: any TimeSource, data directory: String,
        log: (@Sendable (LogEvent) -> Void)? = nil, stop: @escaping @Sendable (StoreError) -> Never
    ) throws(StoreError) {
        let files = try DiskFiles(directory: directory)
        try self.init(configuration, time: time, files: files, log: log, stop: stop)
    }

    /// The same with a file system of the caller's own.
    package convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), time: any TimeSource, files: any StoreFiles,
        log: (@Sendable (LogEvent) -> Void)? = nil, stop: @escaping @Sendable (StoreError) -> Never
    ) throws(StoreError) {
        let opening = try configuration.watched { () throws(StoreError) in
            try StoreOpening(files, limits: configuration.store, stop: stop)
        }
        for (level, text) in opening.notes where level >= configuration.logLevel ?? .error {
            log?(LogEvent(level, at: time.now, text))
        }
        let core: BrokerCore
        do throws(StoreDamage) {
            core = try BrokerCore(Self.completed(configuration, log), now: time.now, recovered: opening.recovered)
        } catch { throw opening.error(of: error) }
        self.init(
            core, store: Store(files, diskFreeLimit: configuration.store.diskFreeLimit, stop: stop), time: time,
            log: log)
        step(.time)
    }

    private static func stop(_ error: StoreError) -> Never {
        let line = Array("broker: the store failed, and nothing can be confirmed without it: \(error)\n".utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        exit(1)
    }

    // MARK: Writing

    /// Has a batch written by the store's thread. The core hands out the next one when this is done.
    func startStoring(_ batch: StoreBatch) {
        guard let store, store.hand(batch) else { return }
        // The broker lives until all is written.
        undone.add(1, ordering: .relaxed)
        store.execute {
            self.storeBatches(store)
            self.undone.subtract(1, ordering: .releasing)
        }
    }

    /// On the store's thread: writes until there is nothing left to write, or no room.
    private func storeBatches(_ store: Store) {
        while let batch = store.nextBatch() {
            switch store.write(batch) {
            case .done:
                step(.stored(batch: batch.number))
                store.remove(batch.removals)
            case .full:
                tell(store, isDiskLow: true)
                return storeLater(store)
            }
        }
        // Looked at until there is room again, so that the alarm lifts by itself.
        let isDiskLow = store.freeOctets < store.diskFreeLimit
        tell(store, isDiskLow: isDiskLow)
        if isDiskLow { storeLater(store) }
    }

    private func storeLater(_ store: Store) {
        guard store.noteRetry(isSet: true) else { return }
        time.wake(at: time.now + Store.retryInterval) { [weak self] in
            guard let self else { return }
            store.execute {
                _ = store.noteRetry(isSet: false)
                self.storeBatches(store)
            }
        }
    }

    private func tell(_ store: Store, isDiskLow: Bool) {
        if store.noteDisk(isLow: isDiskLow) { step(.diskIsLow(isDiskLow)) }
    }

    /// Raises the alarm of the disk, or ends it, whatever space there is. For tests, of a broker without a store.
    package func setDiskAlarm(_ isRaised: Bool) { step(.diskIsLow(isRaised)) }

    /// Raises the alarm of memory, or ends it, whatever is held. For tests.
    package func setMemoryAlarm(_ isRaised: Bool) { step(.setMemoryHighWater(isRaised ? -1 : nil)) }

    /// Writes what is left and gives the directory back.
    func closeStore() {
        guard let store else { return }
        store.wait {
            storeBatches(store)
            store.close()
        }
    }
}
