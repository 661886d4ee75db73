import AMQPWire
import Testing

@testable import BrokerCore

@Suite("Firehose")
struct FirehoseTests {
    private static let trace: ShortString = "amq.rabbitmq.trace"

    private let rig = Rig {
        $0.virtualHosts = ["/", "other"]
        $0.tracedVirtualHosts = ["/"]
        $0.logLevel = .info
    }

    /// A client, and a watcher's queue `traced`.
    private func open() throws -> RigClient {
        let client = try rig.open()
        client.send(QueueDeclare(queue: "traced"))
        client.send(QueueBind(queue: "traced", exchange: Self.trace, routingKey: "#"))
        client.received = []
        return client
    }

    private func copies(_ client: RigClient) -> [(key: String, body: String, headers: FieldTable)] {
        client.received = []
        var copies: [(key: String, body: String, headers: FieldTable)] = []
        while true {
            client.send(BasicGet(queue: "traced", noAck: true))
            guard let copy = client.take().last, case .basicGetOk(let ok) = copy.method else { return copies }
            copies.append((ok.routingKey.text, copy.body ?? "", copy.properties?.headers ?? [:]))
        }
    }

    @Test("A publish and its delivery are copied, in this order, with all that RabbitMQ tells about them")
    func both() throws {
        let client = try open()
        client.send(QueueDeclare(queue: "q"))
        client.send(BasicConsume(queue: "q", consumerTag: "t", noAck: true))
        client.publish(
            "body", to: "q",
            properties: .init(
                contentType: "text/plain", headers: ["BCC": ["x"], "a": 1], deliveryMode: 2, priority: 3,
                timestamp: 1234))
        let copies = copies(client)
        #expect(copies.map(\.key) == ["publish.", "deliver.q"])
        #expect(copies.map(\.body) == ["body", "body"])
        let properties: FieldTable = [
            "timestamp": 1234, "priority": 3, "delivery_mode": 2, "headers": ["a": 1], "content_type": "text/plain",
        ]
        let first: [FieldTable.Field] = [
            .init("exchange_name", ""), .init("routing_keys", ["q", "x"]), .init("properties", .table(properties)),
            .init("node", .string(BrokerProduct.node)),
        ]
        let last: [FieldTable.Field] = [
            .init("vhost", "/"), .init("connection", "test"), .init("channel", 1), .init("user", "guest"),
        ]
        #expect(copies[0].headers.fields == first + last + [.init("routed_queues", ["q"])])
        #expect(copies[1].headers.fields == first + [.init("redelivered", 0)] + last)
    }

    @Test("Fetching, redelivery and direct replies are copied; unroutable, refused and rolled back publishes too")
    func others() throws {
        let client = try open()
        client.send(QueueDeclare(queue: "q", arguments: ["x-max-length": 1, "x-overflow": "reject-publish"]))
        client.publish("1", to: "q")
        client.publish("2", to: "q")
        client.publish("3", to: "nowhere")
        client.send(BasicGet(queue: "q"))
        client.send(BasicReject(deliveryTag: 1, requeue: true))
        client.send(BasicGet(queue: "q"))
        client.send(TxSelect())
        client.publish("4", to: "q")
        client.send(TxRollback())
        let copies = copies(client)
        #expect(copies.map(\.key) == ["publish.", "publish.", "publish.", "deliver.q", "deliver.q", "publish."])
        #expect(copies.map(\.body) == ["1", "2", "3", "1", "1", "4"])
        #expect(copies.compactMap { $0.headers["redelivered"]?.integer } == [0, 1])
        #expect(copies[2].headers["routed_queues"] == [])
    }

    @Test("Whoever watches is not watched, and no dead-letter exchange turns that into a circle")
    func noCircle() throws {
        let client = try open()
        // Copies die at once, their dead letters are consumed: each delivery would make another copy.
        client.send(
            QueueDeclare(queue: "circle", arguments: ["x-max-length": 0, "x-dead-letter-exchange": "amq.fanout"]))
        client.send(QueueBind(queue: "circle", exchange: Self.trace, routingKey: "#"))
        client.send(QueueDeclare(queue: "dead"))
        client.send(QueueBind(queue: "dead", exchange: "amq.fanout"))
        client.send(BasicConsume(queue: "dead", consumerTag: "t", noAck: true))
        client.publish("once", to: "nowhere")
        #expect(client.takeBodies() == ["once"])
        #expect(copies(client).map(\.key) == ["publish."])
        // Still on for everybody else.
        client.publish("again", to: "nowhere")
        #expect(copies(client).map(\.key) == ["publish."])
    }

    @Test("Tracing is off unless it is switched on, for the one virtual host, and says so in the log")
    func switching() throws {
        rig.step(.setTracing(false, virtualHost: "/"))
        let client = try open()
        client.publish("off", to: "nowhere")
        #expect(copies(client).isEmpty)
        rig.step(.setTracing(true, virtualHost: "other"))
        client.publish("elsewhere", to: "nowhere")
        #expect(copies(client).isEmpty)
        _ = rig.takeLog()
        for _ in 1...2 { rig.step(.setTracing(true, virtualHost: "/")) }
        #expect(rig.takeLog().map(\.text) == ["tracing is on in vhost '/'"])
        #expect(rig.core.listTracedVirtualHosts() == ["/", "other"])
        client.publish("on", to: "nowhere")
        #expect(copies(client).map(\.body) == ["on"])
        rig.step(.setTracing(false, virtualHost: "/"))
        client.publish("off again", to: "nowhere")
        #expect(copies(client).isEmpty)
        rig.step(.setTracing(true, virtualHost: "nope"))
        #expect(rig.core.listTracedVirtualHosts() == ["other"])
    }

    @Test("Headers that would be nested too deep to be read are left out of a copy", arguments: [62, 63, 64])
    func deepHeaders(depth: Int) throws {
        let client = try open()
        let headers = (0..<depth).reduce(FieldTable()) { nested, _ in ["": .table(nested)] }
        client.publish("deep", to: "nowhere", properties: BasicProperties(headers: headers))
        let properties = copies(client).map { $0.headers["properties"]?.table }
        #expect(properties.count == 1 && properties[0]?["headers"] == (depth == 62 ? .table(headers) : nil))
    }

    @Test("A name that fills a key is cut, not refused")
    func longName() throws {
        let client = try open()
        let name = ShortString(truncating: String(repeating: "x", count: 255))
        client.send(ExchangeDeclare(exchange: name, type: "fanout"))
        client.publish("long", to: "", exchange: name)
        #expect(copies(client).map(\.key) == ["publish." + String(repeating: "x", count: 247)])
    }
}
