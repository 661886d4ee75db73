import AMQPWire
import Testing

@testable import BrokerCore

/// A disk in memory: it knows what a crash would leave of it.
final class FakeStore: StoreReader {
    private(set) var segments: [UInt32: [UInt8]] = [:]
    /// How much of each is forced to disk.
    private(set) var synced: [UInt32: Int] = [:]
    private(set) var reads = 0
    /// All octets that were written to segments.
    private(set) var written = 0
    var manifest: [UInt8]?
    var mark: [UInt8]?
    var bootID: UInt64 = 1

    init() {}

    /// Another disk with the same on it, and other segments if there are any.
    init(_ other: FakeStore, segments: [UInt32: [UInt8]]? = nil) {
        self.segments = segments ?? other.segments
        synced = self.segments.mapValues(\.count)
        (manifest, mark, bootID) = (other.manifest, other.mark, other.bootID)
    }

    var beside: StoreBeside { StoreBeside(manifest: manifest, mark: mark, bootID: bootID) }

    func read(_ count: Int, at offset: Int, of segment: UInt32) -> [UInt8]? {
        reads += 1
        guard let octets = segments[segment], offset + count <= octets.count else { return nil }
        return Array(octets[offset..<(offset + count)])
    }

    func lost(_ damage: StoreDamage) -> Never { preconditionFailure("\(damage)") }

    func carryOut(_ batch: StoreBatch) {
        if batch.beginsSegment {
            segments[batch.segment] = []
            synced[batch.segment - 1] = segments[batch.segment - 1]?.count
            manifest = batch.manifest
            synced[batch.segment] = StoreBatch.headerCount
        }
        written += batch.octets.count
        precondition(segments[batch.segment]?.count == batch.offset)
        segments[batch.segment, default: []] += batch.octets
        if batch.needsSync {
            synced[batch.segment] = segments[batch.segment]?.count
            mark = batch.mark(bootID: bootID).octets
        }
        for segment in batch.removals { segments[segment] = nil }
    }

    var newest: UInt32 { segments.keys.max() ?? 0 }

    /// The disk after a crash: of what was not forced to disk, `kept` octets are there; nil: all, as when only the
    /// process was killed.
    func crashed(keeping kept: Int?) -> FakeStore {
        var left = segments
        if let kept { left[newest] = left[newest].map { Array($0.prefix((synced[newest] ?? 0) + kept)) } }
        let disk = FakeStore(self, segments: left)
        if kept != nil { disk.bootID += 1 }
        return disk
    }
}

/// A rig whose core has a store.
final class StoreRig {
    private(set) var rig: Rig
    private(set) var store: FakeStore
    private let configure: (inout BrokerConfiguration) -> Void

    init(
        on store: FakeStore = FakeStore(), now: Int64 = 1_000_000_000_000,
        _ configure: @escaping (inout BrokerConfiguration) -> Void = { _ in }
    ) throws {
        self.store = store
        self.configure = configure
        rig = try Self.start(store, now: now, configure)
    }

    private static func start(
        _ store: FakeStore, now: Int64, _ configure: (inout BrokerConfiguration) -> Void
    ) throws -> Rig {
        var configuration = BrokerConfiguration()
        configuration.refusalDelay = 0
        configure(&configuration)
        let recovered = try recover(store, configuration.store)
        return Rig(try BrokerCore(configuration, now: now, recovered: recovered), now: now)
    }

    /// Reads a store back, cutting off what a crash left unfinished.
    static func recover(_ store: FakeStore, _ limits: StoreLimits = StoreLimits()) throws -> StoreRecovery {
        var recovered = try StoreRecovery(reader: store, beside: store.beside, limits: limits)
        let numbers = store.segments.keys.sorted()
        for number in numbers {
            let octets = store.segments[number] ?? []
            switch try recovered.replay(SegmentScan(octets), number: number, isLast: number == numbers.last) {
            case .tornAt(let offset, _): store.cut(number, to: offset)
            case .unused: store.cut(number, to: 0)
            case .whole, .superseded: break
            }
        }
        try recovered.finish()
        store.mark = recovered.mark(bootID: store.bootID).octets
        if store.manifest == nil { store.manifest = recovered.foundManifest }
        return recovered
    }

    /// Lets the store catch up with the core.
    func sync() {
        rig.step(.time)
        while let batch = rig.takeBatch() {
            store.carryOut(batch)
            rig.step(.stored(batch: batch.number))
        }
    }

    /// The broker is killed and starts again, `milliseconds` later. `kept`: the machine crashes too.
    func crash(keeping kept: Int? = nil, downFor milliseconds: Int64 = 0) throws {
        store = store.crashed(keeping: kept)
        rig = try Self.start(store, now: rig.now + milliseconds, configure)
    }
}

extension FakeStore {
    func cut(_ segment: UInt32, to count: Int) {
        if count == 0 {
            segments[segment] = nil
        } else {
            segments[segment] = Array((segments[segment] ?? []).prefix(count))
        }
    }

    func flip(_ octet: Int, of segment: UInt32) { segments[segment]?[octet] ^= 0x10 }
}

/// What tests of several kinds of records begin with.
extension StoreRig {
    /// Declares a durable queue, and publishes messages to it that are on disk then.
    func declare(_ queue: ShortString, holding bodies: [String] = []) throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: queue, durable: true))
        for body in bodies { client.publish(body, to: queue, properties: StoreTests.persistent) }
        sync()
    }

    /// So much comes and goes in another queue that the log's first segments go, and what they told of is told again. They
    /// have to be small: 2,000 octets.
    func outliveFirstSegments() throws {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "other", durable: true))
        let body = String(repeating: ".", count: 400)
        for number in 1...200 {
            client.publish(body, to: "other", properties: StoreTests.persistent)
            sync()
            if number % 5 == 0 { client.send(QueuePurge(queue: "other")) }
        }
        sync()
        #expect(try #require(store.segments.keys.min()) > 3, "where they were told of is gone")
    }

    /// The directory of a broker that wrote an older version of the format, with a queue in it.
    static func directory(ofVersion version: UInt8, _ queue: ShortString, holding bodies: [String]) throws -> FakeStore
    {
        let broker = try StoreRig()
        try broker.declare(queue, holding: bodies)
        let segments = broker.store.segments.mapValues { stamped($0, version, checksumAt: 48) }
        let store = FakeStore(broker.store, segments: segments)
        let manifest = try #require(store.manifest)
        store.manifest = stamped(manifest, version, checksumAt: manifest.count - 8)
        return store
    }

    private static func stamped(_ octets: [UInt8], _ version: UInt8, checksumAt place: Int) -> [UInt8] {
        var octets = octets
        octets[11] = version
        let checksum = XXHash64.hash(octets[..<place], seed: 0)
        for shift in 0..<8 { octets[place + shift] = UInt8(truncatingIfNeeded: checksum >> (56 - 8 * shift)) }
        return octets
    }
}
