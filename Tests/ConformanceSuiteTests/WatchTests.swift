import AMQPWire
import Interceptor
import Testing

@testable import ConformanceSuite

/// A conversation written by hand, judged as it goes.
struct WatchedScene {
    private var watcher = Watcher(name: "c")
    private(set) var findings = WatchFindings()
    var time: Int64 = 0

    /// A connection with channel 1 open on it, or one that has not begun.
    init(opened: Bool = true, capabilities: FieldTable = ["consumer_cancel_notify": true]) {
        guard opened else { return }
        raw(ProtocolHeader.amqp091)
        broker(ConnectionStart(mechanisms: Array("PLAIN AMQPLAIN".utf8), locales: Array("en_US".utf8)), on: 0)
        let properties: FieldTable = [
            "product": "p", "version": "1", "platform": "Swift", "copyright": "c", "information": "i",
            "capabilities": .table(capabilities),
        ]
        client(
            ConnectionStartOk(clientProperties: properties, mechanism: "PLAIN", response: Array("\0me\0word".utf8)),
            on: 0)
        broker(ConnectionTune(channelMax: 100, frameMax: 4096, heartbeat: 10), on: 0)
        client(ConnectionTuneOk(channelMax: 100, frameMax: 4096, heartbeat: 10), on: 0)
        client(ConnectionOpen(), on: 0)
        broker(ConnectionOpenOk(), on: 0)
        open(1)
    }

    var broken: Set<String> { Set(findings.rules.filter { $0.value.broken > 0 }.keys) }
    func isExercised(_ id: String) -> Bool { (findings.rules[id]?.exercised ?? 0) > 0 }

    mutating func raw(_ octets: [UInt8], _ direction: Direction = .toBroker) {
        watcher.read(octets, direction, at: time, into: &findings)
    }

    mutating func client(_ method: some MethodFields, on channel: UInt16 = 1) {
        frames { $0.method(method, channel: channel) }
    }

    mutating func broker(_ method: some MethodFields, on channel: UInt16 = 1) {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        if method.id.hasContent {
            writer.header(propertyOctets: [0, 0], bodySize: 0, channel: channel)
        }
        raw(writer.octets, .toClient)
    }

    mutating func frames(_ write: (inout FrameWriter) -> Void) {
        var writer = FrameWriter()
        write(&writer)
        raw(writer.octets)
    }

    mutating func open(_ channel: UInt16) {
        client(ChannelOpen(), on: channel)
        broker(ChannelOpenOk(), on: channel)
    }

    mutating func publish(
        _ method: BasicPublish = BasicPublish(), _ properties: BasicProperties = BasicProperties(), bytes: Int = 2,
        on channel: UInt16 = 1
    ) {
        let body = [UInt8](repeating: 7, count: bytes)
        frames { $0.content(method, properties, body: body, channel: channel, frameMax: 4096) }
    }

    /// Subscribes, and gets that many messages.
    mutating func consume(_ count: UInt64, noAck: Bool = false, on channel: UInt16 = 1) {
        client(BasicConsume(queue: "q", consumerTag: "t", noAck: noAck), on: channel)
        broker(BasicConsumeOk(consumerTag: "t"), on: channel)
        for tag in 1...count {
            broker(BasicDeliver(consumerTag: "t", deliveryTag: tag, exchange: "", routingKey: "q"), on: channel)
        }
    }

    mutating func declare(_ arguments: FieldTable) {
        client(QueueDeclare(queue: "q", arguments: arguments))
        broker(QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0))
    }

    mutating func close(code: ReplyCode, _ text: ShortString, cause: MethodID) {
        broker(ChannelClose(replyCode: code, replyText: text, cause: cause))
        client(ChannelCloseOk())
    }

    /// As a client leaves that knows what to do.
    mutating func leave() {
        client(ConnectionClose(replyCode: .replySuccess), on: 0)
        broker(ConnectionCloseOk(), on: 0)
        end()
    }

    mutating func end() { watcher.end(.toBroker, .finished, at: time, into: &findings) }
}

/// What a client does wrong, and the rules that it breaks by that: these and no others.
struct Breach: Sendable, CustomTestStringConvertible {
    var rules: Set<String>
    var isOpened = true
    var play: @Sendable (inout WatchedScene) -> Void

    init(_ rules: String..., isOpened: Bool = true, _ play: @escaping @Sendable (inout WatchedScene) -> Void) {
        (self.rules, self.isOpened, self.play) = (Set(rules), isOpened, play)
    }

    var testDescription: String { rules.sorted().joined(separator: ", ") }
}

@Suite("What a watch says of a client") struct WatchTests {
    @Test("An orderly session breaks nothing, and exercises what it does")
    func orderly() {
        var scene = WatchedScene()
        scene.declare(["x-max-length": 10, "x-overflow": "reject-publish"])
        scene.client(ConfirmSelect())
        scene.broker(ConfirmSelectOk())
        scene.publish(BasicPublish(routingKey: "q", mandatory: true), BasicProperties(deliveryMode: 2), bytes: 9000)
        scene.broker(BasicAck(deliveryTag: 1))
        scene.client(BasicQos(prefetchCount: 1))
        scene.broker(BasicQosOk())
        scene.consume(2)
        scene.client(BasicAck(deliveryTag: 1))
        scene.client(BasicReject(deliveryTag: 2))
        scene.frames { $0.heartbeat() }
        scene.client(ChannelClose(replyCode: .replySuccess))
        scene.broker(ChannelCloseOk())
        scene.open(1)
        scene.leave()
        #expect(scene.broken == [])
        for id in [
            "spec/4.2.2/header-first", "rabbitmq/publisher-confirms/numbering", "spec/2.3.5.2/body-chunks",
            "basic.publish.mandatory/01", "basic/01", "basic/10", "rabbitmq/max-length/reject-publish-nack",
            "basic.ack.multiple/exists", "watch/reject-tag", "spec/4.2.7/heartbeat-sent", "channel.close/stability",
            "spec/2.3.7/close-handshake", "rabbitmq/consumer-prefetch/settle-frees",
        ] {
            #expect(scene.isExercised(id), "\(id)")
        }
        #expect(!scene.isExercised("tx.commit/transacted") && !scene.isExercised("basic/09"))
        #expect(scene.findings.methods == 14)
    }

    @Test("Each breach is told, and nothing else", arguments: Breach.all)
    func breaches(breach: Breach) {
        var scene = WatchedScene(opened: breach.isOpened)
        breach.play(&scene)
        #expect(scene.broken == breach.rules, "\(scene.findings.rules.compactMap { $0.value.accounts.first })")
    }

    @Test("What looks like a breach and is none", arguments: 0..<Breach.innocent.count)
    func innocent(index: Int) {
        var scene = WatchedScene()
        Breach.innocent[index](&scene)
        scene.leave()
        #expect(scene.broken == [], "\(scene.findings.rules.compactMap { $0.value.accounts.first })")
    }

    @Test("Octets may come in any pieces")
    func pieces() {
        var (writer, scene) = (FrameWriter(), WatchedScene())
        writer.method(BasicAck(deliveryTag: 9), channel: 1)
        for octet in writer.octets { scene.raw([octet]) }
        #expect(scene.broken == ["basic.ack.multiple/exists"])
    }

    @Test("Every rule is one of the catalogue's, or has its own words")
    func ids() throws {
        let catalogue = try Catalogue.current.get()
        #expect(ClientRule.ids.filter { catalogue[$0] == nil && ClientRule.own[$0] == nil } == [])
        #expect(Set(ClientRule.own.keys).subtracting(ClientRule.ids) == [])
        #expect(ClientRule.ids.count > 250)
    }

    @Test("The report counts, gives accounts of what was broken, and has a status")
    func report() throws {
        let catalogue = try Catalogue.current.get()
        #expect(WatchReport(WatchFindings(), catalogue).status == 2)
        var scene = WatchedScene()
        for tag: UInt64 in 3...9 { scene.client(BasicAck(deliveryTag: tag)) }
        scene.consume(1)
        var findings = scene.findings
        findings.connections = 1
        let report = WatchReport(findings, catalogue)
        #expect(report.status == 1)
        let lines = report.text.split(separator: "\n")
        #expect(lines[0] == "1 connection, 12 methods from p 1.")
        #expect(lines[1].hasSuffix("of the \(ClientRule.ids.count) rules that a client can exercise, and broke 1."))
        #expect(lines[2] == "broken, 7 times: basic.ack.multiple/exists")
        #expect(lines[3].hasPrefix("    MUST Acking an unknown"))
        #expect(lines.count { $0.contains("was not delivered on this channel") } == WatchFindings.most)
        #expect(report.text.contains("all of it is sent at once [rabbitmq/consumer-prefetch/zero]"))
        #expect(try report.json.contains(#""id" : "tx.commit/transacted""#))
    }
}
