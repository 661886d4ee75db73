import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// What a store says of damage that leaves every record right: files that are gone, cut, old, or of another version.
@Suite(.ownThread) struct DamageTests {
    /// A store of several segments, all confirmed, whose broker was killed.
    private func filled() throws -> StoreRig {
        let broker = try StoreRig { $0.store.segmentOctets = 2000 }
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        for number in 1...30 {
            client.publish(
                "\(number) " + String(repeating: ".", count: 100), to: "q", properties: StoreTests.persistent)
            broker.sync()
        }
        return broker
    }

    private func damage(of store: FakeStore, _ change: (inout [UInt32: [UInt8]]) -> Void) throws -> StoreDamage {
        var segments = store.segments
        change(&segments)
        return try #require(throws: StoreDamage.self) {
            try StoreRig.recover(FakeStore(store, segments: segments))
        }
    }

    @Test func aZeroedHeaderIsNoInterruptedStart() throws {
        let store = try filled().store
        for count in [SegmentFormat.headerCount, 64, 512] {
            let found = try damage(of: store) { segments in
                for place in 0..<min(count, segments[store.newest]?.count ?? 0) { segments[store.newest]?[place] = 0 }
            }
            #expect(found.segment == store.newest && found.reason == "the header is damaged")
        }
    }

    @Test func whatIsGoneIsMissed() throws {
        let store = try filled().store
        for number in store.segments.keys {
            let found = try damage(of: store) { $0[number] = nil }
            #expect(found.segment == number && found.reason == "the segment is missing")
        }
        #expect(try damage(of: store) { $0 = [:] }.segment == 1)
        let bare = FakeStore(store)
        bare.manifest = nil
        #expect(try damage(of: bare) { _ in }.segment == 0)
        // Only the mark is left of what was confirmed.
        let found = try damage(of: bare) { $0 = [:] }
        #expect(found.segment == 0 && found.reason.contains("every segment"))
    }

    @Test func aSegmentThatEndsAtARecordBeforeItsEndIsCutOff() throws {
        let store = try filled().store
        for (number, octets) in store.segments {
            let mark = try #require(store.mark.flatMap { SyncedMark($0) })
            let end = number == store.newest ? mark.offset : octets.count
            var place = SegmentFormat.headerCount
            while place < end {
                let found = try damage(of: store) { $0[number] = Array(octets[..<place]) }
                #expect(found.segment == number && found.offset == place)
                place += SegmentFormat.recordOverhead + octets[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            }
        }
    }

    @Test func aFlipInTheLastConfirmedBatchIsNoTornWrite() throws {
        let broker = try filled()
        // Nothing comes behind it that says that it was on disk.
        try broker.rig.open().publish("31", to: "q", properties: StoreTests.persistent)
        let store = broker.store
        store.carryOut(try #require(broker.rig.takeBatch()))
        let mark = try #require(store.mark.flatMap { SyncedMark($0) })
        let found = try damage(of: store) { $0[store.newest]?[mark.offset - 1] ^= 1 }
        #expect(found.segment == store.newest && found.reason.contains("had been on disk"))
    }

    @Test func whereItCannotBeKnownWhatIsCutOffMayHaveBeenConfirmed() throws {
        let store = try filled().store
        let octets = try #require(store.segments[store.newest])
        var mark = try #require(store.mark.flatMap { SyncedMark($0) })
        mark.offset = SegmentFormat.headerCount
        store.mark = mark.octets
        func extent(bootID: UInt64) throws -> StoreRecovery.Extent? {
            store.bootID = bootID
            var recovered = try StoreRecovery(reader: store, beside: store.beside)
            var last: StoreRecovery.Extent?
            for number in store.segments.keys.sorted() {
                let isNewest = number == store.newest
                last = try recovered.replay(
                    SegmentScan(isNewest ? octets.dropLast() : store.segments[number] ?? []), number: number,
                    isLast: isNewest)
            }
            return last
        }
        guard case .tornAt(_, isUnconfirmed: true) = try extent(bootID: 1) else {
            Issue.record("the machine is still running, so the mark is exact")
            return
        }
        guard case .tornAt(_, isUnconfirmed: false) = try extent(bootID: 2) else {
            Issue.record("the mark may be old")
            return
        }
        var doubtful = try StoreRecovery(reader: store, beside: store.beside)
        for number in store.segments.keys.sorted() {
            _ = try doubtful.replay(
                SegmentScan(store.segments[number] ?? []), number: number, isLast: number == store.newest)
        }
        #expect(doubtful.doubt?.contains("the machine stopped") == true)
    }

    @Test func versionOneIsCarriedOverAndANewerOneRefused() throws {
        let header = SegmentFormat.Header(version: 1, segment: 1, oldest: 1, salt: 7)
        var writer = ByteWriter(octets: header.octets)
        let queue = StoredQueue(
            number: 1, virtualHost: "/", name: "q", autoDelete: false, arguments: [:], nextPosition: 0,
            deliveredBelow: 0)
        let message = StoredContent(
            exchange: "", routingKey: "q", priority: 0, hasHeaders: false, hasBlindCopies: false,
            copies: [.init(queue: 1, position: 0, expiresAt: .max)], propertiesCount: 3,
            content: [0x10, 0, 2] + Array("old".utf8))
        for record in [JournalRecord.queueDeclared(queue), .message(message)] {
            let start = writer.count
            writer.raw([UInt8](repeating: 0, count: SegmentFormat.recordOverhead))
            record.write(to: &writer)
            SegmentFormat.seal(&writer.octets, from: start, place: start, salt: 7)
        }
        let store = FakeStore(FakeStore(), segments: [1: writer.octets])
        let broker = try StoreRig(on: store)
        #expect(broker.store.manifest != nil)
        broker.sync()
        for _ in 1...2 {
            try broker.crash()
            #expect(try StoreTests().bodies("q", broker) == ["old"])
        }

        var segment = writer.octets
        segment[11] = 5
        let newer = try damage(of: FakeStore()) { $0 = [1: segment] }
        #expect(newer.isNewerFormat && newer.reason.contains("version 5"))
        let found = try filled().store
        found.manifest?[11] = 5
        #expect(try damage(of: found) { _ in }.isNewerFormat)
    }

    /// However a segment is cut into pieces to be read, the same is found in it, and the same place is damaged.
    @Test func aSegmentReadInPiecesSaysTheSame() throws {
        for octets in try filled().store.segments.values {
            for piece in [56, 57, 69, 100, 333, 1000] {
                for damaged in [nil] + Array(stride(from: 60, to: octets.count, by: 331)) {
                    var octets = octets
                    if let damaged { octets[damaged] ^= 0x40 }
                    let whole = SegmentScan(octets)
                    #expect((whole.end == octets.count) == (damaged == nil))
                    let pieces = SegmentScan(octets, pieceCount: piece)
                    #expect(pieces.end == whole.end && pieces.count == octets.count && pieces.whole == whole.whole)
                    #expect(statements(of: pieces) == statements(of: whole), "pieces of \(piece)")
                }
            }
        }
    }

    /// What a segment says, in its order.
    private func statements(of scan: SegmentScan) -> [String] {
        scan.parts.flatMap { part in
            var (all, copies) = ([String](), part.copies[...])
            for at in 0...part.messages.count {
                all += part.others.filter { $0.before == at }.map { "\($0.place): \($0.payload)" }
                guard at < part.messages.count else { continue }
                let message = part.messages[at]
                all.append(
                    "\(message.place) \(message.count) \(message.contentCount) \(message.propertiesCount) "
                        + "\(part.names[Int(message.exchange)])/\(part.names[Int(message.routingKey)]): "
                        + "\(copies.prefix(Int(message.copyCount)))")
                copies = copies.dropFirst(Int(message.copyCount))
            }
            return all
        }
    }

    // MARK: How much is written

    /// Three hundred queues with 1.2 kB of arguments each are more than a segment here.
    @Test func whatIsDeclaredIsNotWrittenForEver() throws {
        func rig(queues: Int) throws -> (StoreRig, declared: Int) {
            let broker = try StoreRig { $0.store.segmentOctets = queues > 1 ? 100_000 : .max }
            let client = try broker.rig.open()
            for number in 1...queues {
                let note = String(repeating: "x", count: queues > 1 ? 1200 : 1)
                client.send(
                    QueueDeclare(
                        queue: ShortString(truncating: "q\(number)"), durable: true, arguments: ["note": .string(note)])
                )
            }
            broker.sync()
            return (broker, broker.store.written)
        }
        func use(_ broker: StoreRig) throws {
            for day in 1...4 {
                let client = try broker.rig.open()
                for number in 1...500 {
                    client.publish(
                        "\(number) " + String(repeating: ".", count: 500), to: "q1", properties: StoreTests.persistent)
                    if number % 5 == 0 { broker.sync() }
                    if number % 100 == 0 { client.send(QueuePurge(queue: "q1")) }
                }
                client.disconnect()
                broker.sync()
                let before = broker.store.written
                for _ in 1...100 { broker.sync() }
                #expect(broker.store.written == before, "nothing happens on day \(day), and something is written")
                try broker.crash()
                broker.sync()
            }
        }
        let (plain, _) = try rig(queues: 1)
        try use(plain)
        let (heavy, declared) = try rig(queues: 300)
        #expect(declared > 360_000)
        try use(heavy)
        #expect(heavy.store.written < 3 * (plain.store.written + declared))
        #expect(heavy.store.segments.keys.min() ?? 0 > 1, "and old segments go")
    }

    // MARK: Salvage

    @Test func salvageSaysWhatIsLostAndWritesTheRest() throws {
        let store = try filled().store
        let damaged = FakeStore(store)
        let second = try #require(damaged.segments[2])
        let place = try #require(firstMessage(in: second))
        damaged.flip(place + SegmentFormat.recordOverhead + 100, of: 2)
        let (salvage, copy) = try salvaged(damaged)
        #expect(salvage.losses.count == 2, "\(salvage.losses)")
        #expect(salvage.losses[0].hasPrefix("segment 2, octets \(place) to "))
        #expect(salvage.losses[0].contains("one message of queue 'q' at position"))
        #expect(salvage.losses[1].contains("queue 'q': nothing is known of 1 positions"))
        let all = try StoreTests().bodies("q", StoreRig(on: FakeStore(store)))
        let rest = try StoreTests().bodies("q", StoreRig(on: copy))
        #expect(rest.count == 29 && rest == all.filter { rest.contains($0) })

        let (whole, _) = try salvaged(store)
        #expect(whole.losses == [])
        // The next segment says how one without a header is to be read.
        let beheaded = FakeStore(store)
        beheaded.manifest = nil
        beheaded.flip(3, of: 2)
        let (headless, _) = try salvaged(beheaded)
        #expect(headless.messageCount == 30)
        let holey = FakeStore(store)
        holey.cut(2, to: 0)
        let (gone, _) = try salvaged(holey)
        #expect(gone.losses.first == "segment 2: missing")
        #expect(gone.messageCount < 30 && gone.messageCount > 10)
    }

    @Test func whatLooksLikeLongRecordsIsNotAllHashed() {
        // At every sixteenth octet something that may be a record of 64 KiB.
        let unit: [UInt8] = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, JournalRecord.Kind.synced.rawValue, 0, 0, 0]
        var segment = (0..<8192).flatMap { _ in unit }
        let place = segment.count
        segment += Array(repeating: 0, count: SegmentFormat.recordOverhead)
        segment += [JournalRecord.Kind.synced.rawValue] + Array(repeating: 0, count: JournalRecord.syncedCount - 1)
        SegmentFormat.seal(&segment, from: place, place: place, salt: 7)
        var (effort, found) = (16 * segment.count, nil as Int?)
        let steps = Steps.counted {
            found = SegmentFormat.nextRecord(after: 0, in: segment, salt: 7, effort: &effort)
        }
        #expect(found == place && steps <= 17 * segment.count, "\(steps) octets were hashed")
    }

    @Test func missingSegmentsAreToldTogether() throws {
        let store = try filled().store
        var salvage = StoreSalvage(reader: store, beside: store.beside)
        for number in [1, 4, 7, UInt32.max] {
            salvage.read(store.segments[number] ?? [], number: number, next: nil)
        }
        salvage.finish(found: [4, 1, 7, .max])
        #expect(
            salvage.losses.prefix(3) == [
                "segments 2 to 3: missing", "segments 5 to 6: missing", "segments 8 to 4294967294: missing",
            ])
    }

    func salvaged(_ store: FakeStore) throws -> (StoreSalvage, FakeStore) {
        var salvage = StoreSalvage(reader: store, beside: store.beside)
        let numbers = store.segments.keys.sorted()
        for (index, number) in numbers.enumerated() {
            let next = index + 1 < numbers.count ? store.segments[numbers[index + 1]] : nil
            salvage.read(store.segments[number] ?? [], number: number, next: next)
        }
        salvage.finish(found: numbers)
        let copy = FakeStore()
        copy.manifest = Manifest(segments: []).octets
        copy.mark = SyncedMark(bootID: 1).octets
        salvage.write(limits: StoreLimits(), salt: { 9 }, reader: copy) { copy.carryOut($0) }
        return (salvage, copy)
    }

    private func firstMessage(in segment: [UInt8]) -> Int? {
        var place = SegmentFormat.headerCount
        while place < segment.count {
            if segment[place + SegmentFormat.recordOverhead] == JournalRecord.Kind.message.rawValue { return place }
            place += SegmentFormat.recordOverhead + segment[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
        }
        return nil
    }
}
