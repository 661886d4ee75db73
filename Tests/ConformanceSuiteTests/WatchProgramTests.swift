import AMQPClient
import AMQPTransport
import AMQPWire
import BrokerCore
import BrokerServer
import Commands
import TestSupport
import Testing

@testable import ConformanceSuite
@testable import conformance

/// `conformance watch` between real clients and a broker.
@Suite(.watched, .ownThread) struct WatchProgramTests {
    private let programs = Programs()

    private func start(_ words: [String]) throws -> TestSupport.Program {
        let inherited = Executables.environment.filter { $0.key != "AMQP_URL" }
        return try programs.start(Executables.path("conformance"), ["watch"] + words, environment: inherited)
    }

    /// Starts the program in front of a broker, lets a client at its port, and returns what it says when that has gone.
    private func watch(
        _ words: [String] = [], status: Int, _ client: (_ port: Int) async throws -> Void
    ) async throws -> [String] {
        let broker = Broker(BrokerConfiguration(), time: ManualTime())
        defer { broker.shutDown() }
        let url = "amqp://localhost:\(try broker.listen(host: "127.0.0.1", port: 0))"
        let program = try start(["--listen", "0", "--to", url, "--once"] + words)
        try await programs.wait("its port") { !program.output.errors.isEmpty || program.hasEnded }
        let greeting = try #require(program.output.errors.first?.firstMatch(of: /localhost:(\d+);/))
        try await client(try #require(Int(greeting.1)))
        return try await programs.finish(program, status: status).lines
    }

    @Test("Our client breaks nothing")
    func ourClient() async throws {
        let lines = try await watch(status: 0) { port in
            let connection = try await Connection.open(patiently: "amqp://guest:guest@localhost:\(port)")
            let channel = try await connection.openChannel()
            let queue = try await channel.declareQueue(exclusive: true)
            try await channel.qos(prefetchCount: 5)
            try await channel.publishAndConfirm(Message("hello"), routingKey: queue.name)
            try await queue.get()?.ack()
            try await connection.close()
        }
        #expect(lines.first?.hasPrefix("1 connection, ") == true)
        #expect(lines.dropFirst().first?.hasSuffix("and broke none.") == true, "\(lines)")
        #expect(lines.contains("    rabbitmq/publisher-confirms/numbering 1x"))
        #expect(lines.contains("    basic.ack.multiple/exists 1x"))
    }

    @Test("Frames written by hand break what they break")
    func byHand() async throws {
        let lines = try await watch(status: 1) { port in
            let probe = Probe(Tap(try await TCPStream.connect(host: "127.0.0.1", port: port), name: "A"))
            try await probe.logIn(Handshake(Login()))
            let channel = try await probe.openChannel()
            channel.send(BasicAck(deliveryTag: 7))
            _ = try await probe.receive(ChannelClose.self, on: 1)
            channel.send(ChannelCloseOk())
            channel.send(QueuePurge(queue: "q"))
            probe.finish()
        }
        let broken = lines.filter { $0.hasPrefix("broken, ") }
        #expect(
            Set(broken) == [
                "broken, 1 time: basic.ack.multiple/exists", "broken, 1 time: watch/channel-open",
                "broken, 1 time: spec/2.3.7/close-handshake",
                "broken, 1 time: connection.start-ok.client-properties/required-fields",
            ])
        #expect(lines.contains { $0.hasSuffix("ms: tag 7 was not delivered on this channel") })
    }

    @Test("As JSON it has every rule, the others too")
    func json() async throws {
        let lines = try await watch(["--format", "json"], status: 0) { port in
            try await Connection.open(patiently: "amqp://guest:guest@localhost:\(port)").close()
        }
        #expect(lines.contains(#"  "broken" : 0,"#) && lines.contains(#"      "id" : "tx.commit/transacted","#))
    }

    @Test("Ctrl-C ends it; without a client the status is 2")
    func noClient() async throws {
        let program = try start(["--listen", "0", "--to", "amqp://localhost:1"])
        try await programs.wait("its port") { !program.output.errors.isEmpty || program.hasEnded }
        program.signal(2)
        #expect(
            try await programs.finish(program, status: 2).lines.first == "0 connections, 0 methods from the client.")
    }

    @Test func wordsThatMakeNoSense() {
        func complaint(_ words: String...) -> String {
            do throws(UsageError) {
                _ = try WatchCommand.Request(WatchCommand.command.read(words))
                return ""
            } catch { return error.reason }
        }
        #expect(complaint("--listen", "0", "--to", "amqp://h", "--format", "json") == "")
        #expect(complaint("--format", "html") == "--format is text or json, not 'html'")
        #expect(complaint("--listen", "70000").hasPrefix("--listen takes a whole number"))
    }
}
