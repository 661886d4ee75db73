import AMQPWire
import Testing

@testable import BrokerCore

/// The log itself: its checksums, what a crash and what damage leave of it, and how it gives room back.
@Suite struct LogTests {
    @Test(
        arguments: [
            (0, 0xEF46_DB37_51D8_E999, 0xC434_9FC9_3C01_0000), (1, 0x1F25_C8D0_BC1F_4BB6, 0x7982_6BCD_749D_267A),
            (3, 0x31D2_363F_52E5_64C9, 0x78EF_D775_75E2_6575), (4, 0x9BB6_4B7D_66EE_9FDA, 0x6F0A_6C97_D68B_F353),
            (7, 0x9A7B_1499_59CE_60D8, 0xD97E_DE93_C9D6_6A0D), (8, 0xDAB9_9D95_C6F9_0092, 0xA2F1_E284_37A7_8A1B),
            (31, 0xA2AA_5F33_CC4A_6119, 0x7554_3727_1D1D_0A84), (32, 0x23C3_C17E_F790_FD97, 0xBF62_4B93_2C09_0428),
            (33, 0x50A7_CFC7_BA58_8784, 0x7ACE_AF1E_9D34_EA35), (63, 0x5E3E_54B4_31C7_493C, 0x2C8D_DCE5_C85D_0D9D),
            (64, 0x0EB6_4B3E_F6EE_B01F, 0x4AF3_41F1_4E3A_6FC9), (100, 0xA61F_8D4C_170F_E531, 0xF6D8_F65C_625A_BB4F),
        ] as [(Int, UInt64, UInt64)])
    func checksumsAreThoseOfTheSpecification(count: Int, plain: UInt64, seeded: UInt64) {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        #expect(XXHash64.hash(octets[...], seed: 0) == plain)
        #expect(XXHash64.hash(octets[...], seed: 0x9E37_79B9_7F4A_7C15) == seeded)
    }

    /// Three confirmed messages and an acknowledgement, each in a batch of its own.
    private func filled() throws -> StoreRig {
        let broker = try StoreRig()
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "q", durable: true))
        for number in 1...3 {
            client.publish("\(number)", to: "q", properties: StoreTests.persistent)
            broker.sync()
        }
        client.send(BasicGet(queue: "q", noAck: true))
        broker.sync()
        // What was acknowledged is forced to disk with the next thing that somebody waits for.
        client.send(ExchangeDeclare(exchange: "e", type: "fanout", durable: true))
        broker.sync()
        return broker
    }

    @Test func whereverTheLastWriteIsCutOffWhatWasOnDiskIsThere() throws {
        let broker = try filled()
        let client = try broker.rig.open()
        client.publish(["4", "5"], to: "q", properties: StoreTests.persistent)
        let (before, mark) = (broker.store.segments[1]?.count ?? 0, broker.store.mark)
        let batch = try #require(broker.rig.takeBatch())
        broker.store.carryOut(batch)
        broker.store.mark = mark
        var counts: Set<Int> = []
        for kept in before...(before + batch.octets.count) {
            let disk = FakeStore(broker.store)
            disk.cut(1, to: kept)
            let found = try StoreRig(on: disk)
            let bodies = try StoreTests().bodies("q", found)
            #expect(["2", "3", "4", "5"].starts(with: bodies))
            counts.insert(bodies.count)
            // And the next broker writes on as if nothing had been.
            found.sync()
            try found.crash()
            #expect(try StoreTests().bodies("q", found) == bodies)
        }
        #expect(counts == [2, 3, 4])
    }

    @Test func aSegmentThatWasOnlyBegunIsNothing() throws {
        let broker = try filled()
        for count in 0...SegmentFormat.headerCount {
            var segments = broker.store.segments
            segments[2] = Array(SegmentFormat.Header(segment: 2, oldest: 1, salt: 7).octets.prefix(count))
            let found = try StoreRig(on: FakeStore(broker.store, segments: segments))
            #expect(try StoreTests().bodies("q", found) == ["2", "3"])
        }
    }

    @Test func everyFlippedBitIsFoundAndNamed() throws {
        let broker = try filled()
        let octets = try #require(broker.store.segments[1])
        // The last record only says that all before it is on disk. Without it nothing is lost.
        let last = octets.count - SegmentFormat.recordOverhead - JournalRecord.syncedCount
        for place in 0..<last {
            let disk = FakeStore(broker.store)
            disk.flip(place, of: 1)
            #expect(throws: StoreDamage.self, "octet \(place)") { try StoreRig.recover(disk) }
            do {
                _ = try StoreRig.recover(disk)
            } catch let damage as StoreDamage {
                #expect(damage.segment == 1)
                // It is the record that has the octet.
                #expect(place < SegmentFormat.headerCount || damage.offset <= place)
            }
        }
        let disk = FakeStore(broker.store)
        disk.flip(last, of: 1)
        let found = try StoreRig(on: disk)
        #expect(try StoreTests().bodies("q", found) == ["2", "3"])
    }

    @Test func aDamagedEndOfAnOlderSegmentIsNoTornWrite() throws {
        let broker = try small(messages: 40)
        var segments = broker.store.segments
        segments[2]?.removeLast()
        #expect(throws: StoreDamage.self) { try StoreRig.recover(FakeStore(broker.store, segments: segments)) }
    }

    @Test func aMissingSegmentIsNoticed() throws {
        let broker = try small(messages: 40)
        let numbers = broker.store.segments.keys.sorted()
        #expect(numbers.count > 3)
        for missing in numbers.dropLast() {
            var segments = broker.store.segments
            segments[missing] = nil
            do {
                _ = try StoreRig.recover(FakeStore(broker.store, segments: segments))
                Issue.record("segment \(missing) was not missed")
            } catch let damage as StoreDamage {
                #expect(damage.segment == missing)
            }
        }
    }

    // MARK: Giving room back

    /// A store with small segments and some messages in it.
    private func small(messages: Int) throws -> StoreRig {
        let broker = try StoreRig { $0.store.segmentOctets = 2000 }
        let client = try broker.rig.open()
        client.send(QueueDeclare(queue: "old", durable: true))
        client.send(QueueDeclare(queue: "q", durable: true))
        publish(1...messages, broker, client)
        return broker
    }

    private func publish(_ numbers: ClosedRange<Int>, _ broker: StoreRig, _ client: RigClient) {
        for number in numbers {
            client.publish(
                "\(number) " + String(repeating: ".", count: 100), to: "q", properties: StoreTests.persistent)
            broker.sync()
        }
    }

    @Test func segmentsThatNothingNeedsAreRemoved() throws {
        let broker = try small(messages: 100)
        let client = try broker.rig.open()
        #expect(broker.store.segments.count > 5)
        client.send(BasicConsume(queue: "q", consumerTag: "c"))
        client.send(BasicAck(deliveryTag: 100, multiple: true))
        broker.sync()
        #expect(broker.store.segments.count == 1)
        publish(101...102, broker, client)
        client.disconnect()
        try broker.crash()
        #expect(try StoreTests().bodies("q", broker).map { $0.prefix(3) } == ["101", "102"])
    }

    @Test func oneOldMessageDoesNotHoldTheLogBack() throws {
        let broker = try StoreRig { $0.store.segmentOctets = 2000 }
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "e", type: "fanout", durable: true))
        for name in ["old", "older", "q"] as [ShortString] {
            client.send(QueueDeclare(queue: name, durable: true))
            client.send(QueueBind(queue: name, exchange: "e"))
        }
        client.publish("kept", to: "", exchange: "e", properties: StoreTests.persistent)
        client.publish("also kept", to: "old", properties: StoreTests.persistent)
        client.send(BasicGet(queue: "older", noAck: true))
        client.send(BasicConsume(queue: "q", consumerTag: "c", noAck: true))
        client.send(BasicCancel(consumerTag: "c"))
        for round in 0..<50 {
            publish((round * 10 + 1)...(round * 10 + 10), broker, client)
            client.send(QueuePurge(queue: "q"))
            broker.sync()
            #expect(broker.store.segments.count <= 8)
            if round.isMultiple(of: 9) {
                client.disconnect()
                try broker.crash()
                return try continued(broker)
            }
        }
    }

    private func continued(_ broker: StoreRig) throws {
        for _ in 1...3 {
            let client = try broker.rig.open()
            publish(1...60, broker, client)
            client.send(QueuePurge(queue: "q"))
            broker.sync()
            publish(1...2, broker, client)
            client.send(QueuePurge(queue: "q"))
            broker.sync()
            client.disconnect()
            try broker.crash()
            #expect(broker.store.segments.keys.min() ?? 0 > 1)
            #expect(try StoreTests().bodies("old", broker) == ["kept", "also kept"])
            #expect(try StoreTests().bodies("older", broker) == [])
            #expect(try StoreTests().bodies("q", broker) == [])
        }
    }

    // MARK: Memory

    @Test func bodiesOverTheLimitAreReadBackWhenNeeded() throws {
        let broker = try StoreRig {
            $0.store.residentOctets = 500
            $0.store.segmentOctets = 2000
        }
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "e", type: "fanout"))
        client.send(QueueDeclare(queue: "q", durable: true))
        client.send(QueueDeclare(queue: "transient"))
        client.send(QueueBind(queue: "q", exchange: "e"))
        client.send(QueueBind(queue: "transient", exchange: "e"))
        var bodies: [String] = []
        for number in 1...50 {
            bodies.append("\(number) " + String(repeating: "x", count: 90))
            client.publish(bodies[number - 1], to: "", exchange: "e", properties: StoreTests.persistent)
            broker.sync()
        }
        let journal = try #require(broker.rig.core.journal)
        #expect(journal.absentOctets > 4000)
        #expect(broker.store.reads == 0)
        client.send(BasicConsume(queue: "q", consumerTag: "c", noAck: true))
        #expect(client.takeBodies() == bodies)
        #expect(broker.store.reads > 40)
        broker.sync()
        #expect(journal.absentOctets == 0)
        // The log does not need them any more, the transient queue still does.
        #expect(broker.store.segments.count == 1)
        client.send(BasicConsume(queue: "transient", consumerTag: "t", noAck: true))
        #expect(client.takeBodies() == bodies)
        #expect(broker.rig.core.load.octets == 0)
        #expect(broker.rig.core.load.messageCount == 0)
    }

    @Test func muchThatIsDeclaredIsDescribedLittleByLittleWhileClientsGoOn() throws {
        let broker = try StoreRig { $0.store.segmentOctets = 250_000 }
        let client = try broker.rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "direct", durable: true))
        client.send(QueueDeclare(queue: "q", durable: true))
        var keys = (0..<4000).map { ShortString(truncating: "k\($0)") }
        for key in keys { client.send(QueueBind(queue: "q", exchange: "x", routingKey: key, noWait: true)) }
        broker.sync()
        let (core, store, now) = (broker.rig.core, broker.store, broker.rig.now)
        func send(_ write: (inout FrameWriter) -> Void) -> BrokerEffects {
            var writer = FrameWriter()
            write(&writer)
            return core.step(.received(writer.take().span.bytes, from: client.id), now: now)
        }
        // It fills the segment, and the next one begins with all that is declared.
        var effects = send {
            $0.content(
                BasicPublish(routingKey: "q"), BasicProperties(deliveryMode: 2),
                body: Array(repeating: 1, count: 100_000),
                channel: 1, frameMax: 131_072)
        }
        var (turn, largest, inTheMiddle) = (0, 0, FakeStore())
        while effects.hasMoreToDo || effects.batch != nil {
            turn += 1
            if let batch = effects.batch {
                store.carryOut(batch)
                if turn > 1 { largest = max(largest, batch.octets.count) }
                effects = core.step(.stored(batch: batch.number), now: now)
            } else {
                effects = core.step(.time, now: now)
            }
            // One that was told already, one that was not, and one that is new.
            if turn == 4 {
                let batch = effects.batch
                effects = send {
                    for key in ["k1", "k3999"] as [ShortString] {
                        $0.method(QueueUnbind(queue: "q", exchange: "x", routingKey: key), channel: 1)
                    }
                    $0.method(QueueBind(queue: "q", exchange: "x", routingKey: "new", noWait: true), channel: 1)
                }
                effects.batch = effects.batch ?? batch
                inTheMiddle = FakeStore(store)
            }
        }
        #expect(turn > 4 && largest < 100_000, "\(turn) turns, \(largest) octets")
        func found(_ store: FakeStore) throws -> [ShortString] {
            let core = try StoreRig(on: store) { $0.store.segmentOctets = 250_000 }.rig.core
            let bindings = core.virtualHosts["/"]?.exchanges["x"]?.bindings ?? []
            return bindings.sorted { $0.order < $1.order }.map(\.key)
        }
        #expect(try found(inTheMiddle) == keys)
        keys.removeAll { $0 == "k1" || $0 == "k3999" }
        #expect(try found(FakeStore(store)) == keys + ["new"])
        #expect(store.segments.keys.sorted() == [1, 2])
    }
}
