import AMQPWire
import Testing

/// What is sent and what comes back, octet by octet, of connections, channels, exchanges and queues.
///
/// `unique("octets")` is 20 octets long, which is 14 in hexadecimal.
@Suite("Octets of connections and declarations") struct OctetCases {
    @Test(
        "The handshake and the end of a connection, octet by octet",
        .proves("wire.connection", ["spec/4.2.4/method-octets", "spec/4.2.3/frame-end-octet"]))
    func connection() async throws {
        let login = try CaseRun.active().peer.login
        let client = try await OctetClient.raw()
        client.send("'AMQP' 00 00 09 01")
        let start = try await client.frame()
        // Behind the two ids and 0-9 stands a table, and behind the octets that it counts two long strings.
        #expect(Octets("01 0000 ........ 000a 000a 00 09 * 0c 'capabilities' 46 *").match(start[...]))
        #expect(Octets("* 12 'publisher_confirms' 74 01 *").match(start[...]))
        let behind = start.dropFirst(17 + Octets.number(start.dropFirst(13).prefix(4)))
        #expect(Octets("000000.. * 'PLAIN' * 000000.. * 'en_US' * ce").match(behind), "\(Octets.hexadecimal(start))")
        // A table of one boolean and one string for the client's properties.
        client.send(
            method: """
                000a 000b (start-ok) 0000001d 07 'product' 53 00000006 'octets' 07 'is-hand' 74 01
                05 'PLAIN' \(Octets.long("\0\(login.user)\0\(login.password)")) 05 'en_US'
                """, on: 0)
        try await client.open(login.virtualHost)
        client.send("01 0000 00000012 000a 0032 (close) 00c8 07 'goodbye' 0000 0000 ce")
        #expect(try await client.frame() == Octets("01 0000 00000004 000a 0033 (close-ok) ce").plain)
    }

    @Test(
        "A new secret is taken on channel 0, octet by octet",
        .proves("wire.update-secret", ["spec/4.2.4/method-octets", "rabbitmq/connection.update-secret/ok"]))
    func updateSecret() async throws {
        let client = try await OctetClient.open()
        let password = Octets.long(try CaseRun.active().peer.login.password)
        client.send(method: "000a 0046 (update-secret) \(password) 0a 'it expires'", on: 0)
        try await client.expect("000a 0047 (update-secret-ok)", on: 0)
        try await client.call("0014 0014 (flow) 01", "0014 0015 (flow-ok) 01")
    }

    @Test(
        "A heartbeat is a frame of eight octets, from either side",
        .proves(
            "wire.heartbeat", ["spec/4.2.7/heartbeat-sent", "spec/4.2.7/heartbeat-channel"], needs: [.quiet]))
    func heartbeat() async throws {
        let login = try CaseRun.active().peer.login
        let client = try await OctetClient.raw()
        try await client.authenticate(
            "0000 0000 05 'PLAIN' \(Octets.long("\0\(login.user)\0\(login.password)")) 05 'en_US'")
        try await client.open(login.virtualHost, heartbeat: "0001")
        let beat = Octets("08 0000 00000000 ce").plain
        // More than two intervals, in which this side says nothing else.
        for _ in 1...3 {
            try await elapse(milliseconds: 700)
            #expect(try await client.frame() == beat)
            client.send("08 0000 00000000 ce")
        }
        client.send(method: "0014 000a 00 (channel.open)")
        var answer = try await client.frame()
        while answer == beat { answer = try await client.frame() }
        #expect(answer == Octets("01 0001 00000008 0014 000b (open-ok) 00000000 ce").plain)
    }

    @Test(
        "AMQPLAIN's response is a table without its count",
        .proves("wire.amqplain", ["spec/4.2.4/method-octets"]))
    func amqplain() async throws {
        let login = try CaseRun.active().peer.login
        let client = try await OctetClient.raw()
        let response = """
            05 'LOGIN' 53 \(Octets.long(login.user)) 08 'PASSWORD' 53 \(Octets.long(login.password))
            """
        try await client.authenticate("0000 0000 08 'AMQPLAIN' \(Octets.counted(response)) 05 'en_US'")
        try await client.open(login.virtualHost)
    }

    @Test(
        "A channel is opened, asked to flow, and closed, octet by octet, by a number of two octets",
        .proves("wire.channel", ["spec/4.2.4/method-octets"]))
    func channel() async throws {
        let client = try await OctetClient.raw()
        try await client.logIn()
        client.send("01 0102 00000005 0014 000a 00 ce")
        #expect(try await client.frame() == Octets("01 0102 00000008 0014 000b 00000000 ce").plain)
        client.send(method: "0014 0014 (flow) 01", on: 0x0102)
        try await client.expect("0014 0015 (flow-ok) 01", on: 0x0102)
        client.send(method: "0014 0028 (close) 00c8 00 0000 0000", on: 0x0102)
        try await client.expect("0014 0029 (close-ok)", on: 0x0102)
        // The number is free again.
        client.send(method: "0014 000a (open) 00", on: 0x0102)
        try await client.expect("0014 000b (open-ok) 00000000", on: 0x0102)
    }

    @Test(
        "A refusal names code, class and method, octet by octet, on a channel and on the connection",
        .proves("wire.refusals", ["spec/4.2.4/method-octets"]))
    func refusals() async throws {
        let client = try await OctetClient.open()
        let queue = unique("octets")
        try await client.expectClose(
            "0194 (404)", "0032 000a (queue.declare)", of: "0032 000a 0000 14 '\(queue)' 01 (passive) 0000 0000")
        client.send(method: "0014 000a 00 (channel.open, of a channel that is open)")
        try await client.expect("000a 0032 (connection.close) 01f8 (504) * 0014 000a", on: 0)
        client.send(method: "000a 0033 (close-ok)", on: 0)
        #expect(try await client.probe.end() != nil)
    }

    @Test(
        "Exchanges are declared, bound, unbound and deleted, octet by octet",
        .proves("wire.exchange", ["spec/4.2.4/method-octets"]))
    func exchange() async throws {
        let client = try await OctetClient.open()
        let (from, to, queue) = (unique("octets"), unique("octets"), unique("octets"))
        let noArguments = "0000 0000"
        try await client.call("0028 000a 0000 14 '\(from)' 05 'topic' 00 \(noArguments)", "0028 000b (declare-ok)")
        try await client.call("0028 000a 0000 14 '\(to)' 06 'fanout' 00 \(noArguments)", "0028 000b (declare-ok)")
        try await client.call(
            "0028 001e (exchange.bind) 0000 14 '\(to)' 14 '\(from)' 03 'a.#' 00 \(noArguments)", "0028 001f (bind-ok)")
        try await client.call(
            "0032 000a (queue.declare) 0000 14 '\(queue)' 04 (exclusive) \(noArguments)",
            "0032 000b (declare-ok) 14 '\(queue)' 0000 0000 0000 0000")
        try await client.call(
            "0032 0014 (queue.bind) 0000 14 '\(queue)' 14 '\(to)' 00 00 \(noArguments)", "0032 0015 (bind-ok)")
        publish(client, to: from)
        try await client.call(
            "0028 0028 (exchange.unbind) 0000 14 '\(to)' 14 '\(from)' 03 'a.#' 00 \(noArguments)",
            "0028 0033 (unbind-ok)")
        publish(client, to: from)
        try await client.call(
            "0032 0028 (queue.delete) 0000 14 '\(queue)' 00", "0032 0029 (delete-ok) 0000 0001 (messages)")
        try await client.call("0028 0014 (exchange.delete) 0000 14 '\(to)' 00", "0028 0015 (delete-ok)")
        try await client.call("0028 0014 (exchange.delete) 0000 14 '\(from)' 00", "0028 0015 (delete-ok)")
    }

    private func publish(_ client: OctetClient, to exchange: ShortString) {
        client.send(method: "003c 0028 (publish) 0000 14 '\(exchange)' 05 'a.b.c' 00")
        client.send(header: "003c 0000 0000 0000 0000 0000 (no body) 0000 (no properties)")
    }

    @Test(
        "Each bit of exchange.declare and exchange.delete means what the specification says",
        .proves("wire.exchange-bits", ["spec/4.2.4/method-octets"]))
    func exchangeBits() async throws {
        let client = try await OctetClient.open()
        let (exchange, queue) = (unique("octets"), unique("octets"))
        func declare(_ bits: String) -> String { "0028 000a 0000 14 '\(exchange)' 06 'fanout' \(bits) 0000 0000" }
        func delete(_ bits: String) -> String { "0028 0014 0000 14 '\(exchange)' \(bits)" }
        let (declared, deleted) = ("0028 000b (declare-ok)", "0028 0015 (delete-ok)")
        try await client.expectClose("0194", "0028 000a", of: declare("01 (passive)"))
        try await client.call(declare("02 (durable)"), declared)
        try await client.expectClose("0196 (406)", "0028 000a", of: declare("00"))
        try await client.call(delete("00"), deleted)
        try await client.call(declare("08 (internal)"), declared)
        client.send(method: "003c 0028 (publish) 0000 14 '\(exchange)' 00 00")
        client.send(header: "003c 0000 0000000000000000 0000")
        try await client.expect("0014 0028 (channel.close) 0193 (403) * 003c 0028")
        client.send(method: "0014 0029 (close-ok)")
        try await client.call("0014 000a 00 (channel.open)", "0014 000b 00000000")
        // A delete that is not waited for is followed by the answer to what comes next.
        client.send(method: delete("02 (no-wait)"))
        try await client.expectClose("0194", "0028 000a", of: declare("01 (passive)"))
        client.send(method: declare("10 (no-wait)"))
        try await client.call(declare("01 (passive)"), declared)
        try await client.call(
            "0032 000a (queue.declare) 0000 14 '\(queue)' 04 (exclusive) 0000 0000",
            "0032 000b 14 '\(queue)' 0000 0000 0000 0000")
        let bind = "0032 0014 (queue.bind) 0000 14 '\(queue)' 14 '\(exchange)' 00 00 0000 0000"
        try await client.call(bind, "0032 0015 (bind-ok)")
        try await client.expectClose("0196 (406)", "0028 0014", of: delete("01 (if-unused)"))
        try await client.call(delete("00"), deleted)
        try await client.call(declare("04 (auto-delete)"), declared)
        try await client.call(bind, "0032 0015 (bind-ok)")
        try await client.call("0032 0028 (queue.delete) 0000 14 '\(queue)' 00", "0032 0029 0000 0000")
        try await client.expectClose("0194", "0028 000a", of: declare("01 (passive)"))
    }

    @Test(
        "Queues are declared, bound, unbound, purged and deleted, octet by octet",
        .proves("wire.queue", ["spec/4.2.4/method-octets"]))
    func queue() async throws {
        let client = try await OctetClient.open()
        let queue = unique("octets")
        try await client.call(
            "0032 000a (queue.declare) 0000 14 '\(queue)' 04 (exclusive) 0000 0000",
            "0032 000b (declare-ok) 14 '\(queue)' 0000 0000 0000 0000")
        try await client.call(
            "0032 0014 (queue.bind) 0000 14 '\(queue)' 0a 'amq.direct' 14 '\(queue)' 00 0000 0000",
            "0032 0015 (bind-ok)")
        for _ in 1...3 {
            client.send(method: "003c 0028 (publish) 0000 0a 'amq.direct' 14 '\(queue)' 00")
            client.send(header: "003c 0000 0000 0000 0000 0000 0000")
        }
        try await client.call(
            "0032 0032 (queue.unbind) 0000 14 '\(queue)' 0a 'amq.direct' 14 '\(queue)' 0000 0000",
            "0032 0033 (unbind-ok)")
        client.send(method: "003c 0028 (publish) 0000 0a 'amq.direct' 14 '\(queue)' 00")
        client.send(header: "003c 0000 0000 0000 0000 0000 0000")
        try await client.call("0032 001e (queue.purge) 0000 14 '\(queue)' 00", "0032 001f (purge-ok) 0000 0003")
        client.publish(to: queue)
        try await client.call("0032 0028 (queue.delete) 0000 14 '\(queue)' 00", "0032 0029 (delete-ok) 0000 0001")
    }

    @Test(
        "Each bit of queue.declare, purge and delete means what the specification says",
        .proves("wire.queue-bits", ["spec/4.2.4/method-octets"]))
    func queueBits() async throws {
        let client = try await OctetClient.open()
        let other = try await OctetClient.open()
        let queue = unique("octets")
        func declare(_ bits: String) -> String { "0032 000a 0000 14 '\(queue)' \(bits) 0000 0000" }
        func delete(_ bits: String) -> String { "0032 0028 0000 14 '\(queue)' \(bits)" }
        func declared(_ counts: String) -> String { "0032 000b (declare-ok) 14 '\(queue)' \(counts)" }
        let consume = "003c 0014 (basic.consume) 0000 14 '\(queue)' 01 'c' 00 0000 0000"
        try await client.expectClose("0194", "0032 000a", of: declare("01 (passive)"))
        try await client.call(declare("02 (durable)"), declared("0000 0000 0000 0000"))
        try await client.expectClose("0196 (406)", "0032 000a", of: declare("00"))
        client.publish(to: queue)
        try await client.expectClose("0196 (406)", "0032 0028", of: delete("02 (if-empty)"))
        client.send(method: "0032 001e (queue.purge) 0000 14 '\(queue)' 01 (no-wait)")
        try await client.call(delete("02 (if-empty)"), "0032 0029 0000 0000")
        try await client.call(declare("04 (exclusive)"), declared("0000 0000 0000 0000"))
        try await other.expectClose("0195 (405)", "0032 000a", of: declare("01 (passive)"))
        try await client.call(consume, "003c 0015 (consume-ok) 01 'c'")
        try await client.call(declare("01 (passive)"), declared("0000 0000 0000 0001 (consumers)"))
        try await client.expectClose("0196 (406)", "0032 0028", of: delete("01 (if-unused)"))
        // The consumer went with the channel.
        client.send(method: delete("04 (no-wait)"))
        try await client.expectClose("0194", "0032 000a", of: declare("01 (passive)"))
        client.send(method: declare("18 (auto-delete, no-wait)"))
        try await client.call(consume, "003c 0015 (consume-ok) 01 'c'")
        try await client.call("003c 001e (cancel) 01 'c' 00", "003c 001f (cancel-ok) 01 'c'")
        try await client.expectClose("0194", "0032 000a", of: declare("01 (passive)"))
    }
}
