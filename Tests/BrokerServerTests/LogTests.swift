import BrokerCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

@Suite(.watched) struct LogTests {
    @Test func linesAreStampedAndEscaped() {
        let event = LogEvent(.warning, at: 1_795_263_250_007, "a\nb \u{1B}[31m\u{202E}\u{2028}\u{9B}\u{0}ö'")
        #expect(
            LogWriter.line(event)
                == "2026-11-21 12:14:10.007+00:00 [warning] a\\u{A}b \\u{1B}[31m\\u{202E}\\u{2028}\\u{9B}\\u{0}ö'\n")
    }

    @Test func timestampsAreThoseOfFoundation() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss.SSS'+00:00'"
        // The ends of months and years, leap days of 2000 and 2024, none in 2100, and steps through two centuries.
        let days = [0, 58, 59, 364, 365, 789, 11_015, 11_016, 19_781, 19_782, 47_540, 47_541]
        let times = days.map { Int64($0) * 86_400_000 } + stride(from: 999, to: 7_000_000_000_000, by: 86_399_876_543)
        for time in times {
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(time) / 1000))
            #expect(LogWriter.timestamp(time) == expected)
        }
    }

    @Test func quotedNamesCannotLeaveTheirQuotes() {
        #expect(LogEvent.quoted("a") == "'a'")
        #expect(LogEvent.quoted("a' b\\\n") == "'a\\' b\\\\\\u{A}'")
        #expect(LogEvent.quoted(String(repeating: "x", count: 300)) == "'\(String(repeating: "x", count: 255))...'")
    }

    @Test func theWriterWritesInOrderAndWaitsForNobody() throws {
        let pipe = Pipe()
        let writer = LogWriter(to: pipe.fileHandleForWriting.fileDescriptor)
        // Far more than a pipe holds, and nobody reads yet.
        for number in 0..<5000 {
            writer.write(LogEvent(.info, at: 0, "line \(number) \(String(repeating: "-", count: 80))"))
        }
        let collected = Mutex(Data())
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            collected.withLock { $0 = data }
            done.signal()
        }
        writer.flush(milliseconds: 60_000)
        try pipe.fileHandleForWriting.close()
        done.wait()
        let lines = String(decoding: collected.withLock { $0 }, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 5000)
        #expect(lines.enumerated().allSatisfy { $0.element.contains("line \($0.offset) ") })
    }

    @Test func whatTheCoreLogs() async throws {
        let log = Lines()
        var configuration = BrokerConfiguration.patient
        configuration.logLevel = .debug
        let broker = Broker(configuration, log: { log.append($0) })
        let connection = try await broker.open()
        let channel = try await connection.openChannel()
        await #expect(throws: (any Error).self) { try await channel.deleteExchange("amq.direct") }
        try await connection.close()
        let evil = "x' [info] \n2026"
        await #expect(throws: (any Error).self) { try await broker.open(user: evil) }
        let texts = log.all.map { "[\($0.level.rawValue)] \($0.text)" }
        #expect(texts.contains { $0.contains("[info]") && $0.contains("opened by user 'guest' in vhost '/'") })
        #expect(texts.contains { $0.contains("[error]") && $0.contains("channel 1 closed with 403 ACCESS_REFUSED") })
        #expect(
            texts.contains { $0.contains("[info]") && $0.contains("closed by the client (user 'guest', vhost '/'") })
        #expect(
            texts.contains {
                $0.contains("[warning]") && $0.contains(#"user 'x\' [info] \u{A}2026' and password don't match"#)
            })
        // A password never gets there.
        #expect(!texts.contains { $0.contains("wrong-password") })
    }

    @Test func belowTheLevelNothingIsLogged() async throws {
        let log = Lines()
        var configuration = BrokerConfiguration.patient
        configuration.logLevel = .warning
        let broker = Broker(configuration, log: { log.append($0) })
        try await broker.open().close()
        #expect(log.all.isEmpty)
    }
}

final class Lines: Sendable {
    private let events = Mutex<[LogEvent]>([])
    func append(_ event: LogEvent) { events.withLock { $0.append(event) } }
    var all: [LogEvent] { events.withLock { $0 } }
}
