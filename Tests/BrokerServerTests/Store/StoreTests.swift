import AMQPClient
import AMQPTransport
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BrokerCore
@testable import BrokerServer

/// The store on a real disk, and on one that fails.
@Suite(.watched) struct StoreTests {
    /// A directory of a test's own.
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    private func open(_ broker: Broker) async throws -> (Connection, Channel) {
        let connection = try await Connection.open(patientlyOver: broker.connect())
        return (connection, try await connection.openChannel())
    }

    @Test func whatIsDurableIsThereAfterAStop() async throws {
        try await withDirectory { directory in
            let nested = directory + "/a/b"
            let first = try Broker(.patient, data: nested)
            let (connection, channel) = try await open(first)
            _ = try await channel.declareQueue("q", durable: true)
            _ = try await channel.declareQueue("gone")
            for number in 1...3 {
                try await channel.publishAndConfirm(Message("\(number)", persistent: true), routingKey: "q")
            }
            try await connection.close()
            first.shutDown()

            let second = try Broker(.patient, data: nested)
            let (_, again) = try await open(second)
            #expect(try await again.declareQueue("q", passive: true).messageCount == 3)
            for number in 1...3 { #expect(try await again.get("q", noAck: true)?.text == "\(number)") }
            second.shutDown()

            let third = try Broker(.patient, data: nested)
            let (_, last) = try await open(third)
            #expect(try await last.get("q") == nil)
            await #expect(throws: AMQPError.self) { try await last.declareQueue("gone", passive: true) }
            third.shutDown()
        }
    }

    @Test func aSecondBrokerOnADirectoryIsRefused() async throws {
        try await withDirectory { directory in
            let first = try Broker(.patient, data: directory)
            let refusal = try #require(throws: StoreError.self) { try Broker(.patient, data: directory) }
            #expect(refusal == .inUse(directory: directory, by: " (process \(getpid()))"))
            #expect("\(refusal)".contains("--data"))
            first.shutDown()
            try Broker(.patient, data: directory).shutDown()
        }
    }

    @Test func aDirectoryThatCannotBeHadIsSaid() async throws {
        try await withDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let file = directory + "/file"
            try Data().write(to: URL(fileURLWithPath: file))
            let error = try #require(throws: StoreError.self) { try Broker(.patient, data: file) }
            #expect("\(error)" == "\(file) is not a directory")
        }
    }

    @Test func damageIsRefusedAndATornTailCutOff() async throws {
        try await withDirectory { directory in
            let first = try Broker(.patient, data: directory)
            let (_, channel) = try await open(first)
            _ = try await channel.declareQueue("q", durable: true)
            try await channel.publishAndConfirm(Message("1", persistent: true), routingKey: "q")
            first.shutDown()
            let file = URL(fileURLWithPath: directory + "/segment-0000000001.log")
            let good = try Data(contentsOf: file)

            var bad = good
            bad[60] ^= 1
            try bad.write(to: file)
            let error = try #require(throws: StoreError.self) { try Broker(.patient, data: directory) }
            guard case .damaged(file.path, let offset, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect((40...60).contains(offset))
            #expect(try Data(contentsOf: file) == bad)

            // A machine that stopped may have left anything behind what was forced to disk.
            var mark = SyncedMark(bootID: 1)
            (mark.segment, mark.salt, mark.offset) = (1, UInt64(0), 0)
            let saved = try #require(SyncedMark(Array(Data(contentsOf: URL(fileURLWithPath: directory + "/synced")))))
            mark.salt = saved.salt
            try Data(mark.octets).write(to: URL(fileURLWithPath: directory + "/synced"))
            try (good + [0, 0, 0]).write(to: file)
            let log = LogLines()
            var configuration = BrokerConfiguration.patient
            configuration.logLevel = .warning
            let second = try Broker(configuration, data: directory, log: { log.add($0.text) })
            #expect(try Data(contentsOf: file) == good)
            #expect(log.lines.contains { $0.hasPrefix("\(file.path): cut off 3 octets at offset \(good.count)") })
            #expect(log.lines.contains { $0.contains("may have been confirmed; they are kept in") })
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path + ".cut-at-\(good.count)")) == Data([0, 0, 0]))
            let (_, again) = try await open(second)
            #expect(try await again.get("q", noAck: true)?.text == "1")
            second.shutDown()
        }
    }

    @Test func salvageReadsADamagedDirectoryAndLeavesItAlone() async throws {
        try await withDirectory { directory in
            let broker = try Broker(.patient, data: directory)
            let (_, channel) = try await open(broker)
            _ = try await channel.declareQueue("q", durable: true)
            for number in 1...3 {
                try await channel.publishAndConfirm(Message("\(number)", persistent: true), routingKey: "q")
            }
            broker.shutDown()
            let file = URL(fileURLWithPath: directory + "/segment-0000000001.log")
            var octets = try Data(contentsOf: file)
            let second = try #require(octets.range(of: Data([0x10, 0, 2, 0x32]))).upperBound - 1
            octets[second] ^= 1
            try octets.write(to: file)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            let refusal = try #require(throws: StoreError.self) { try Broker(.patient, data: directory) }
            #expect("\(refusal)".contains("broker salvage \(directory)"))

            let (lines, new) = (LogLines(), directory + "/new")
            try Salvage.run(directory, to: new) { lines.add($0) }
            #expect(lines.lines.first?.contains("one message of queue 'q' at position 1") == true, "\(lines.lines)")
            #expect(lines.lines.contains { $0.contains("1 durable queue with 2 messages") })
            #expect(try Data(contentsOf: file) == octets)
            #expect(try Set(FileManager.default.contentsOfDirectory(atPath: directory)) == Set(names + ["new"]))
            #expect(throws: StoreError.self) { try Salvage.run(directory, to: new) { _ in } }

            let saved = try Broker(.patient, data: new)
            let (_, again) = try await open(saved)
            for number in [1, 3] { #expect(try await again.get("q", noAck: true)?.text == "\(number)") }
            #expect(try await again.get("q") == nil)
            saved.shutDown()
        }
    }

    @Test func withoutADescriptorLeftTheStoreGoesOn() async {
        await #expect(processExitsWith: .exitCode(7)) {
            endWithParent()
            let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
            let files = try DiskFiles(directory: directory)
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/null"))
            while dup(handle.fileDescriptor) >= 0 {}
            var status: Int32 = errno == EMFILE ? 7 : 1
            for number in 1...20 as ClosedRange<UInt32> {
                try files.create(number)
                _ = try files.write([1, 2, 3], at: 0, of: number)
                try files.replaceManifest([4])
                try files.writeMark([5], isForced: true)
                if try files.contents(of: number) != [1, 2, 3] { status = 2 }
                if try files.segments().count != number { status = 3 }
            }
            try FileManager.default.removeItem(atPath: directory)
            exit(status)
        }
    }

    @Test func aFileThatMayNotBeReadIsNotDamaged() async throws {
        try await withDirectory { directory in
            try Broker(.patient, data: directory).shutDown()
            // A directory can be opened and not be read, whoever asks.
            let file = directory + "/segment-0000000001.log"
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
            let error = try #require(throws: StoreError.self) { try Broker(.patient, data: directory) }
            #expect("\(error)" == "cannot read \(file): Is a directory")
        }
    }

    private static func stop(_ error: StoreError) -> Never { preconditionFailure("\(error)") }

    @Test func segmentsAreReadBesideEachOtherAndTakenInOrder() async throws {
        let files = FaultyFiles()
        var configuration = BrokerConfiguration.patient
        configuration.store.segmentOctets = 300_000
        let stop: @Sendable (StoreError) -> Never = { preconditionFailure("\($0)") }
        let broker = try Broker(configuration, time: SystemTime(), files: files, stop: stop)
        let (_, channel) = try await open(broker)
        _ = try await channel.declareQueue("q", durable: true)
        let body = String(repeating: ".", count: 100_000)
        for number in 1...40 {
            try await channel.publishAndConfirm(Message("\(number) \(body)", persistent: true), routingKey: "q")
        }
        for _ in 1...10 { _ = try await channel.get("q", noAck: true) }
        broker.shutDown()
        let segments = try files.segments()
        #expect(segments.count > 8)

        let again = try Broker(configuration, time: SystemTime(), files: files.copy(), stop: stop)
        let (_, other) = try await open(again)
        for number in 11...40 { #expect(try await other.get("q", noAck: true)?.text.hasPrefix("\(number) ") == true) }
        again.shutDown()

        for segment in segments.dropLast() {
            let damaged = files.copy()
            damaged.flip(150_000, of: segment)
            let error = try #require(throws: StoreError.self) {
                try StoreOpening(damaged, limits: configuration.store, stop: stop)
            }
            guard case .damaged("segment \(segment)", let offset, "a record is damaged") = error else {
                Issue.record("\(error)")
                continue
            }
            #expect((50_000...150_000).contains(offset))
        }
    }

    @Test func noConfirmLeavesBeforeTheSync() async throws {
        let files = FaultyFiles()
        let broker = try Broker(.patient, time: SystemTime(), files: files, stop: Self.stop)
        let (_, channel) = try await open(broker)
        _ = try await channel.declareQueue("q", durable: true)
        try await channel.publishAndConfirm(Message("before", persistent: true), routingKey: "q")
        files.holdSyncs(true)
        let order = LogLines()
        async let confirmed: Void = {
            try await channel.publishAndConfirm(Message("held", persistent: true), routingKey: "q")
            order.add("confirmed")
        }()
        // Everybody else is served meanwhile.
        let (_, other) = try await open(broker)
        _ = try await other.declareQueue("other", durable: true)
        try await other.publishAndConfirm(Message("transient"), routingKey: "other")
        #expect(try await other.get("other", noAck: true)?.text == "transient")
        order.add("released")
        files.holdSyncs(false)
        try await confirmed
        #expect(order.lines == ["released", "confirmed"])
        broker.shutDown()
    }

    @Test func aFailedSyncEndsTheBrokerAndConfirmsNothing() async {
        await #expect(processExitsWith: .exitCode(7)) {
            endWithParent()
            let files = FaultyFiles()
            let broker = try Broker(.patient, time: SystemTime(), files: files) { _ in exit(7) }
            let channel = try await Connection.open(patientlyOver: broker.connect()).openChannel()
            _ = try await channel.declareQueue("q", durable: true)
            try await channel.publishAndConfirm(Message("before", persistent: true), routingKey: "q")
            files.breakSyncs()
            try await channel.publishAndConfirm(Message("lost", persistent: true), routingKey: "q")
            exit(0)
        }
    }

    @Test func aFullDiskBlocksLosesNothingAndLiftsByItself() async throws {
        let files = FaultyFiles()
        let broker = try Broker(.patient, time: SystemTime(), files: files, stop: Self.stop)
        let (_, channel) = try await open(broker)
        _ = try await channel.declareQueue("q", durable: true)
        try await channel.publishAndConfirm(Message("1", persistent: true), routingKey: "q")
        files.room = 10
        async let confirmed: Void = channel.publishAndConfirm(Message("2", persistent: true), routingKey: "q")
        try await until { files.room == 0 }
        // Consumers go on, also with what could not be written yet.
        let (_, consumer) = try await open(broker)
        #expect(try await consumer.get("q", noAck: true)?.text == "1")
        try await until { try await consumer.declareQueue("q", passive: true).messageCount > 0 }
        files.room = .max
        try await confirmed
        broker.shutDown()
        let again = try Broker(.patient, time: SystemTime(), files: files.copy(), stop: Self.stop)
        let (_, last) = try await open(again)
        #expect(try await last.get("q", noAck: true)?.text == "2")
        #expect(try await last.get("q", noAck: true) == nil)
        again.shutDown()
    }

    @Test func littleRoomOnTheDiskBlocksPublishersUntilThereIsMore() async throws {
        let files = FaultyFiles()
        let broker = try Broker(.patient, time: SystemTime(), files: files, stop: Self.stop)
        // A publish that waits while it is blocked would wait for what this test does next.
        var configuration = ConnectionConfiguration()
        configuration.publishWaitsWhileBlocked = false
        let connection = try await Connection.open(patientlyOver: broker.connect(), configuration)
        let channel = try await connection.openChannel()
        _ = try await channel.declareQueue("q", durable: true)
        files.setFree(1000)
        // The disk is looked at after every write; who publishes then is told.
        try await channel.publishAndConfirm(Message("1", persistent: true), routingKey: "q")
        try await until { broker.state.withLock { $0.core.alarms.disk } }
        // Unless it has been told already.
        try? await channel.publish(Message("2"), routingKey: "nowhere")
        try await until { connection.blockedReason != nil }
        #expect(connection.blockedReason == "low on disk")
        files.setFree(.max)
        try await until { connection.blockedReason == nil }
        try await channel.publishAndConfirm(Message("3", persistent: true), routingKey: "q")
        broker.shutDown()
    }
}

/// Lines from any thread.
final class LogLines: Sendable {
    private let state = Mutex<[String]>([])
    func add(_ line: String) { state.withLock { $0.append(line) } }
    var lines: [String] { state.withLock { $0 } }
}
