import AMQPWire
import Testing

@Suite("Requests and replies by way of a queue") struct RpcCases {
    /// A server that waits for requests, and their queue.
    private func startServer() async throws -> (channel: ProbeChannel, requests: ShortString) {
        let server = try await Probe.openChannel()
        let requests = try await server.declareQueue(exclusive: false)
        try await server.consume(requests, noAck: true)
        return (server, requests)
    }

    /// Answers one request: to where it says, with its correlation id.
    private func answer(_ request: Received, on server: ProbeChannel) throws {
        let replyTo = try #require(request.properties.replyTo)
        let properties = BasicProperties(correlationID: request.properties.correlationID)
        server.publish("answer to \(request.text)", to: "", replyTo, properties)
    }

    @Test(
        "reply-to and correlation-id reach the server, and the reply reaches the client's own queue",
        .proves("rpc.round-trip", ["spec/4.2.6.1/properties", "queue.declare/default-binding"]))
    func roundTrip() async throws {
        let (server, requests) = try await startServer()
        let client = try await Probe.openChannel()
        let replies = try await client.declareQueue("")
        try await client.consume(replies, noAck: true)
        client.publish("30", to: "", requests, BasicProperties(correlationID: "7", replyTo: replies))
        let request = try await server.delivery()
        #expect(request.properties == BasicProperties(correlationID: "7", replyTo: replies))
        try answer(request, on: server)
        let reply = try await client.delivery()
        #expect(reply.text == "answer to 30")
        #expect(reply.properties.correlationID == "7")
    }

    @Test(
        "Correlation ids tell replies apart that come in another order",
        .proves("rpc.many-in-flight", ["spec/4.2.6.1/properties"]))
    func manyInFlight() async throws {
        let (server, requests) = try await startServer()
        let client = try await Probe.openChannel()
        let replies = try await client.declareQueue("")
        try await client.consume(replies, noAck: true)
        let ids: [ShortString] = ["a", "b", "c", "d", "e"]
        for id in ids {
            client.publish(id.text, to: "", requests, BasicProperties(correlationID: id, replyTo: replies))
        }
        for request in try await server.deliveries(5).reversed() { try answer(request, on: server) }
        let answers = try await client.deliveries(5)
        #expect(answers.map(\.properties.correlationID) == ids.reversed())
        #expect(answers.allSatisfy { "answer to \($0.properties.correlationID ?? "")" == $0.text })
    }

    @Test(
        "Two clients get their own replies only",
        .proves("rpc.two-clients", ["queue.declare.queue/default-name", "queue.declare/default-binding"]))
    func twoClients() async throws {
        let (server, requests) = try await startServer()
        let clients = [try await Probe.openChannel(), try await Probe.openChannel()]
        for (number, client) in clients.enumerated() {
            let replies = try await client.declareQueue("")
            try await client.consume(replies, noAck: true)
            client.publish("\(number)", to: "", requests, BasicProperties(replyTo: replies))
        }
        for request in try await server.deliveries(2) { try answer(request, on: server) }
        for (number, client) in clients.enumerated() {
            #expect(try await client.delivery().text == "answer to \(number)")
            try await client.barrier()
            #expect(client.deliveriesSoFar().isEmpty)
        }
    }

    @Test(
        "A reply to a client that has gone is dropped without a word",
        .proves("rpc.client-gone", ["rabbitmq/queue.declare/exclusive-dies-with-connection"]))
    func clientGone() async throws {
        let server = try await Probe.openChannel()
        let client = try await Probe.openChannel()
        let replies = try await client.declareQueue("")
        try await client.probe.close()
        server.publish("too late", to: "", replies)
        expect(try await server.outcome(), .ok)
    }

    @Test(
        "A request whose server dies is given to the next, marked",
        .proves("rpc.server-dies", ["basic/10", "domain.redelivered/implementation"]))
    func serverDies() async throws {
        let client = try await Probe.openChannel()
        let requests = try await client.declareQueue(exclusive: false)
        let replies = try await client.declareQueue("")
        try await client.consume(replies, noAck: true)
        let dying = try await Probe.openChannel()
        try await dying.consume(requests)
        client.publish("30", to: "", requests, BasicProperties(replyTo: replies))
        _ = try await dying.delivery()
        dying.probe.abort()
        let next = try await Probe.openChannel()
        try await next.consume(requests)
        let request = try await next.delivery()
        #expect(request.redelivered)
        try answer(request, on: next)
        #expect(try await client.delivery().text == "answer to 30")
    }
}
