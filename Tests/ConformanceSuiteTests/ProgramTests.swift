import AMQPTransport
import BrokerCore
import BrokerServer
import Commands
import Foundation
import TestSupport
import Testing

@testable import ConformanceSuite
@testable import conformance

/// What stands between a run and its first case, in a sentence each.
@Suite(.watched) struct DoorTests {
    private func sentence(_ url: String, seconds: Double = 900, _ time: ManualTime? = nil) async -> String {
        do throws(Door.Closed) {
            _ = try await Door.open(url, seconds: seconds, time: time)
            return "open"
        } catch {
            return error.description
        }
    }

    /// A broker whose clock stands still, with a user who may only write.
    private func start() throws -> (broker: Broker, place: String) {
        var configuration = BrokerConfiguration()
        configuration.refusalDelay = 0
        var user = BrokerConfiguration.User.user("reader", password: "secret")
        user.permissions = ["/": try Permissions(configure: ".*", write: "^$", read: ".*")]
        configuration.users.append(user)
        let broker = Broker(configuration, time: ManualTime())
        return (broker, "localhost:\(try broker.listen(host: "127.0.0.1", port: 0))")
    }

    /// A port where something else answers.
    private func listen(_ answer: @escaping @Sendable (TCPStream) -> Void) throws -> (TCPListener, String) {
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: .shared, onAccept: answer)
        return (listener, "localhost:\(listener.port)")
    }

    @Test func addressesThatAreNone() async {
        for text in ["", "amqp:", "localhost", "http://localhost"] {
            #expect(await sentence(text) == "'\(text)' is not like amqp://user:password@host:port/vhost")
        }
        #expect(await sentence("amqps://localhost?verify=no").hasPrefix("verify is 'no'"))
    }

    @Test func nobodyIsThere() async throws {
        let unused = try UnusedPort()
        let place = "127.0.0.1:\(unused.number)"
        #expect(await sentence("amqp://\(place)").hasPrefix("Connection refused: no program listens on \(place)."))
        withExtendedLifetime(unused) {}
    }

    @Test func anotherProtocol() async throws {
        // As a port for TLS ends what does not begin with a handshake: with an alert, or without a word.
        let (mute, mutePlace) = try listen { $0.close() }
        let (alert, alertPlace) = try listen { stream in
            // Not before the client has spoken: what is unread at a close resets the connection, and the alert is lost.
            stream.start(
                Greeted {
                    let alert: [UInt8] = [21, 3, 1, 0, 2, 2, 70]
                    stream.send(alert.span.bytes)
                    stream.close()
                })
        }
        defer {
            mute.close()
            alert.close()
        }
        for place in [mutePlace, alertPlace] {
            let sentence = await sentence("amqp://\(place)")
            #expect(sentence.hasPrefix("\(place) does not speak AMQP 0-9-1 as it should: "))
            #expect(sentence.hasSuffix("Is that the broker's port for AMQP without TLS?"))
            #expect(sentence.contains("use amqps://") == (place == alertPlace), "\(sentence)")
        }
    }

    @Test(.enabled(if: Certificates.missing == nil, "needs the system's OpenSSL and the openssl command"))
    func throughTLS() async throws {
        let certificates = try await Certificates.made()
        let broker = Broker(.patient)
        let port = try broker.listen(host: "127.0.0.1", port: 0, tls: certificates.server())
        let plain = try broker.listen(host: "127.0.0.1", port: 0)
        let trust = "cacertfile=\(certificates.path("ca.pem"))"
        #expect(await sentence("amqps://127.0.0.1:\(port)?\(trust)") == "open")
        #expect(await sentence("amqps://127.0.0.1:\(port)").contains("a CA that is not trusted here"))
        #expect(await sentence("amqps://127.0.0.1:\(plain)?\(trust)").contains("speaks AMQP without TLS at this port"))
        let (mute, place) = try listen { $0.close() }
        defer { mute.close() }
        #expect(await sentence("amqps://\(place)").hasSuffix("Is that the broker's port for AMQP with TLS?"))
    }

    @Test func noAnswer() async throws {
        let time = ManualTime()
        let (listener, place) = try listen { $0.start(Greeted { time.advance(by: 10_000) }) }
        defer { listener.close() }
        #expect(await sentence("amqp://\(place)", seconds: 10, time).contains("No answer to the login within 10000 ms"))
    }

    @Test func notLetIn() async throws {
        let (broker, place) = try start()
        defer { broker.shutDown() }
        #expect(await sentence("amqp://guest:wrong@\(place)").hasPrefix("The broker refused the login (403)"))
        #expect(await sentence("amqp://\(place)/nowhere").contains("vhost nowhere not found"))
        let sentence = await sentence("amqp://reader:secret@\(place)")
        #expect(sentence.hasPrefix("User 'reader' lacks rights in virtual host '/': "))
        #expect(sentence.hasSuffix("grant '.*' '.*' '.*' there."))
        let exchanges = try #require(broker.snapshot(of: [.exchanges], in: nil)).exchanges
        #expect(!exchanges.contains { "\($0.name)".hasPrefix("door-") }, "what was tried is left there")
    }

    @Test func openWithItsLimits() async throws {
        let (broker, place) = try start()
        defer { broker.shutDown() }
        let limits = try await Door.open("amqp://\(place)", seconds: 900)
        #expect(
            limits
                == Door.Limits(channels: 2047, frame: 131_072, heartbeat: 60, message: Door.mostTried, name: 255))
        #expect(limits.text.contains("messages up to 16777216 bytes and perhaps more"))
    }
}

/// The program, as somebody runs it who points it at a broker.
@Suite(.watched, .ownThread) struct ConformanceProgramTests {
    private let programs = Programs()

    private func run(_ words: [String], _ status: Int) async throws -> (lines: [String], errors: [String]) {
        let inherited = Executables.environment.filter { !$0.key.hasPrefix("CONFORMANCE_") && $0.key != "AMQP_URL" }
        let program = try programs.start(Executables.path("conformance"), words, environment: inherited)
        let output = try await programs.finish(program, status: status)
        return (output.lines, output.errors)
    }

    @Test func wordsThatMakeNoSense() throws {
        func complaint(_ words: String...) -> String {
            do throws(UsageError) {
                _ = try ConformanceProgram.Request(ConformanceProgram.itself.read(words))
                return ""
            } catch { return error.reason }
        }
        #expect(complaint("amqp://h", "--skip", "tx.", "--why", "not offered", "--format", "junit") == "")
        #expect(complaint("localhost") == "'localhost' is not an amqp:// address")
        #expect(complaint("me:secret@localhost") == "'…@localhost' is not an amqp:// address")
        #expect(complaint("--skip", "tx.").hasPrefix("1 --skip and 0 --why"))
        #expect(complaint("--format", "xml").hasPrefix("--format is text, json, junit, html, badge, known"))
    }

    @Test func aRunAndItsEnds() async throws {
        let broker = Broker(BrokerConfiguration(), time: ManualTime())
        defer { broker.shutDown() }
        let url = "amqp://localhost:\(try broker.listen(host: "127.0.0.1", port: 0))"
        let only = ["--only", "hello."]

        let listed = try await run(["--list"] + only, 0).lines
        #expect(listed.count > 5 && listed.allSatisfy { $0.hasPrefix("hello.") && $0.contains("\t") })

        let good = try await run([url, "--skip", "hello.large", "--why", "too long", "--timeout", "900"] + only, 0)
        #expect(good.errors.isEmpty)
        #expect(good.lines.first?.contains("\(listed.count) conforms") == false)
        #expect(good.lines.first?.hasSuffix("1 skipped") == true)
        #expect(good.lines.last?.hasPrefix("limits: channel-max 2047") == true)

        let none = try await run([url, "--only", "hullo."], 2)
        #expect(none.errors == ["conformance: no case was run: no id begins with 'hullo.'; see --list"])
        #expect(try await run(["amqp://guest:wrong@" + url.dropFirst(7)], 2).errors.count == 1)

        // A record that expects a failure: an unexpected pass is a change, too.
        let known = FileManager.default.temporaryDirectory.appending(path: "known-\(UUID().uuidString).tsv")
        defer { try? FileManager.default.removeItem(at: known) }
        try "hello.empty-body\tfailed\tit did, once\n".write(to: known, atomically: true, encoding: .utf8)
        let changed = try await run([url, "--known", known.path, "--timeout", "900"] + only, 1)
        #expect(changed.lines.contains { $0.hasPrefix("hello.empty-body on ") && $0.hasSuffix("(baseline: failed)") })
    }

    /// A case that waits for ever, because the broker's clock stands still: what it has declared goes with it.
    @Test(arguments: [SIGINT, SIGTERM]) func interrupted(by signal: Int32) async throws {
        let broker = Broker(.patient, time: ManualTime())
        defer { broker.shutDown() }
        let url = "amqp://localhost:\(try broker.listen(host: "127.0.0.1", port: 0))"
        let words = [url, "--only", "heartbeat.silent-peers-messages", "--timeout", "900"]
        let inherited = Executables.environment.filter { !$0.key.hasPrefix("CONFORMANCE_") && $0.key != "AMQP_URL" }
        let program = try programs.start(Executables.path("conformance"), words, environment: inherited)
        func isDeclared() -> Bool {
            broker.snapshot(of: [.queues], in: nil)?.queues.contains { "\($0.name)".hasPrefix("queue-") } ?? false
        }
        try await until { program.hasEnded || isDeclared() }
        try #require(!program.hasEnded, "\(program.account)")
        program.signal(signal)
        let errors = try await programs.finish(program, status: 128 + Int(signal)).errors
        #expect(errors.last?.hasPrefix("conformance: interrupted: 1 more case was not run") == true, "\(errors)")
        #expect(!isDeclared())
    }

    #if DEBUG
        /// One fault of a broker: its case is named with what was expected and seen, and is known once it is on record.
        @Test func aBrokerThatIsWrongOnce() async throws {
            let words = ["--port", "0", "--management-port", "off", "--quirk", "routing.second-hash-takes-a-word"]
            let broker = try programs.start(Executables.path("broker"), words, environment: Executables.environment)
            let first = try #require(try await programs.lines(1, of: broker).first, "\(broker.account)")
            let place = try #require(first.firstMatch(of: /amqp:\/\/(127\.0\.0\.1:[0-9]+)\//)).1
            let asked = ["amqp://guest:guest@\(place)", "--only", "topic.hash", "--timeout", "900"]

            let failed = try await run(asked, 1).lines
            #expect(failed.contains { $0.contains(" 0 known, ") }, "\(failed)")
            #expect(failed.contains { $0.hasPrefix("topic.hash") && $0.hasSuffix("failed (baseline: conforms)") })
            #expect(failed.contains { $0.contains("expected ") && $0.contains("got ") }, "\(failed)")

            let draft = try await run(asked + ["--format", "known"], 1).lines
            let count = draft.count { !$0.hasPrefix("#") }
            try #require(count > 0, "\(draft)")
            let known = FileManager.default.temporaryDirectory.appending(path: "known-\(UUID().uuidString).tsv")
            defer { try? FileManager.default.removeItem(at: known) }
            try draft.map { $0 + "\n" }.joined().write(to: known, atomically: true, encoding: .utf8)
            let same = try await run(asked + ["--known", known.path], 0).lines
            #expect(same.contains { $0.hasSuffix(" \(count) known, 0 new") }, "\(same)")
            for (format, start) in [("json", "{"), ("junit", "<?xml"), ("html", "<!"), ("badge", "{")] {
                let lines = try await run(asked + ["--known", known.path, "--format", format, "--width", "4"], 0).lines
                #expect(lines.first?.hasPrefix(start) == true, "\(format): \(lines.prefix(2))")
            }
        }
    #endif

    /// What our own record says stays known where somebody gives one of theirs.
    @Test func twoRecords() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "known-\(UUID().uuidString).tsv")
        defer { try? FileManager.default.removeItem(at: file) }
        let own = try Baseline.of("messaging-patterns", "").entries
        let first = try #require(own.keys.sorted().first)
        let lines = "hello.empty-body\tfailed\tit did, once\n\(first)\tfailed\tas we have seen\n"
        try lines.write(to: file, atomically: true, encoding: .utf8)
        let environment = Environment(["CONFORMANCE_KNOWN": file.path])
        let both = try Baseline.inForce(for: "messaging-patterns", "", environment).entries
        #expect(Set(both.keys) == Set(own.keys).union(["hello.empty-body"]) && own.count > 1)
        #expect(both[first]?.reason == "as we have seen")
    }
}

/// Does something when a client has said its first words, and answers nothing.
private final class Greeted: ByteStreamReceiver {
    private let act: @Sendable () -> Void
    init(_ act: @escaping @Sendable () -> Void) { self.act = act }

    func streamReceived(_ bytes: RawSpan) { act() }
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) {}
}
