import AMQPWire
import Testing

/// What is sent and what comes back, octet by octet, of messages and what settles them.
///
/// `unique("octets")` is 20 octets long, which is 14 in hexadecimal.
@Suite("Octets of messages") struct OctetMessageCases {
    /// A channel with an exclusive queue.
    private func openQueue(_ arguments: String = "0000 0000") async throws -> (OctetClient, ShortString) {
        let client = try await OctetClient.open()
        let queue = unique("octets")
        try await client.call(
            "0032 000a (queue.declare) 0000 14 '\(queue)' 04 (exclusive) \(arguments)",
            "0032 000b (declare-ok) 14 '\(queue)' 0000 0000 0000 0000")
        return (client, queue)
    }

    /// Gets the message, with that tag, those bits of get-ok and so many left.
    private func get(
        _ client: OctetClient, _ queue: ShortString, tag: String, redelivered: String = "00",
        left: String = "0000 0000",
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        try await client.call(
            "003c 0046 (get) 0000 14 '\(queue)' 00",
            "003c 0047 (get-ok) 0000 0000 0000 00\(tag) \(redelivered) 00 14 '\(queue)' \(left)", at: place)
        try await client.expectHello("0000", at: place)
    }

    private func expectEmpty(
        _ client: OctetClient, _ queue: ShortString, at place: SourceLocation = #_sourceLocation
    ) async throws {
        try await client.call("003c 0046 (get) 0000 14 '\(queue)' 01 (no-ack)", "003c 0048 (get-empty) 00", at: place)
    }

    @Test(
        "A message is consumed within a window of one, octet by octet",
        .proves("wire.consume", ["spec/4.2.4/method-octets"]))
    func consume() async throws {
        let (client, queue) = try await openQueue()
        try await client.call("003c 000a (qos) 0000 0000 0001 00", "003c 000b (qos-ok)")
        try await client.call(
            "003c 0014 (consume) 0000 14 '\(queue)' 03 'tag' 00 0000 0000", "003c 0015 (consume-ok) 03 'tag'")
        client.publish(to: queue)
        client.publish(to: queue)
        for tag in ["01", "02"] {
            try await client.expect("003c 003c (deliver) 03 'tag' 0000 0000 0000 00\(tag) 00 00 14 '\(queue)'")
            try await client.expectHello("0000")
            // One is outstanding, so the next waits for the ack.
            try await client.call("003c 000a (qos) 0000 0000 0001 00", "003c 000b (qos-ok)")
            client.send(method: "003c 0050 (ack) 0000 0000 0000 00\(tag) 00")
        }
        try await client.call("003c 001e (cancel) 03 'tag' 00", "003c 001f (cancel-ok) 03 'tag'")
    }

    @Test(
        "Each bit of basic.consume means what the specification says",
        .proves("wire.consume-bits", ["spec/4.2.4/method-octets"]))
    func consumeBits() async throws {
        let (client, queue) = try await openQueue()
        func consume(_ bits: String) -> String { "003c 0014 0000 14 '\(queue)' 01 'c' \(bits) 0000 0000" }
        try await client.call(consume("02 (no-ack)"), "003c 0015 (consume-ok) 01 'c'")
        client.publish(to: queue)
        try await client.expect("003c 003c (deliver) 01 'c' 0000 0000 0000 0001 00 00 14 '\(queue)'")
        try await client.expectHello("0000")
        // There is nothing to be acknowledged.
        try await client.expectClose("0196 (406)", "003c 0050", of: "003c 0050 (ack) 0000 0000 0000 0001 00")
        try await client.call(consume("04 (exclusive)"), "003c 0015 (consume-ok) 01 'c'")
        try await client.expectClose(
            "0193 (403)", "003c 0014", of: "003c 0014 0000 14 '\(queue)' 01 'd' 00 0000 0000")
        client.publish(to: queue)
        // No consume-ok before the delivery, and no cancel-ok behind it.
        client.send(method: consume("08 (no-wait)"))
        try await client.expect("003c 003c (deliver) 01 'c' 0000 0000 0000 0001 00 00 14 '\(queue)'")
        try await client.expectHello("0000")
        client.send(method: "003c 001e (cancel) 01 'c' 01 (no-wait)")
        client.send(method: "003c 0050 (ack) 0000 0000 0000 0001 00")
        try await expectEmpty(client, queue)
    }

    @Test(
        "Messages are fetched, acknowledged, rejected and recovered, octet by octet",
        .proves("wire.settle", ["spec/4.2.4/method-octets"]))
    func settle() async throws {
        let (client, queue) = try await openQueue()
        try await expectEmpty(client, queue)
        client.publish(to: queue)
        client.publish(to: queue)
        try await get(client, queue, tag: "01", left: "0000 0001")
        client.send(method: "003c 0050 (ack) 0000 0000 0000 0001 00")
        try await get(client, queue, tag: "02")
        client.send(method: "003c 005a (reject) 0000 0000 0000 0002 01 (requeue)")
        try await get(client, queue, tag: "03", redelivered: "01")
        client.send(method: "003c 0078 (nack) 0000 0000 0000 0003 02 (requeue)")
        try await get(client, queue, tag: "04", redelivered: "01")
        try await client.call("003c 006e (recover) 01 (requeue)", "003c 006f (recover-ok)")
        try await get(client, queue, tag: "05", redelivered: "01")
        client.send(method: "003c 0064 (recover-async) 01 (requeue)")
        try await get(client, queue, tag: "06", redelivered: "01")
        client.send(method: "003c 005a (reject) 0000 0000 0000 0006 00")
        try await expectEmpty(client, queue)
        client.publish(to: queue)
        client.publish(to: queue)
        try await get(client, queue, tag: "07", left: "0000 0001")
        try await get(client, queue, tag: "08")
        client.send(method: "003c 0078 (nack) 0000 0000 0000 0008 01 (multiple)")
        try await expectEmpty(client, queue)
        // The others are settled as well, and known no more.
        try await client.expectClose("0196 (406)", "003c 0050", of: "003c 0050 (ack) 0000 0000 0000 0007 01 (multiple)")
    }

    @Test(
        "A mandatory message comes back with code, exchange, key, properties and body, octet by octet",
        .proves("wire.return", ["spec/4.2.4/method-octets"]))
    func returned() async throws {
        let client = try await OctetClient.open()
        let key = unique("octets")
        client.send(method: "003c 0028 (publish) 0000 0a 'amq.direct' 14 '\(key)' 01 (mandatory)")
        client.send(header: "003c 0000 0000000000000005 8008 04 'text' 03 'app'")
        client.send(body: "'hello'")
        try await client.expect("003c 0032 (return) 0138 (312) * (text) 0a 'amq.direct' 14 '\(key)'")
        try await client.expectHello("8008 04 'text' 03 'app'")
    }

    @Test(
        "Confirms count up as acks and nacks, octet by octet",
        .proves("wire.confirms", ["spec/4.2.4/method-octets"]))
    func confirms() async throws {
        let (client, queue) = try await openQueue(
            "00000030 0c 'x-max-length' 49 0000 0001 0a 'x-overflow' 53 0000000e 'reject-publish'")
        try await client.call("0055 000a (confirm.select) 00", "0055 000b (select-ok)")
        client.publish(to: queue)
        try await client.expect("003c 0050 (ack) 0000 0000 0000 0001 00")
        client.publish(to: queue)
        // Its bits are free: everything up to 2 is settled, and nobody asks a broker's nack about requeue.
        try await client.expect("003c 0078 (nack) 0000 0000 0000 0002 ..")
        // Once more, and not waited for, changes nothing.
        client.send(method: "0055 000a (confirm.select) 01 (no-wait)")
        try await client.call("0032 001e (queue.purge) 0000 14 '\(queue)' 00", "0032 001f 0000 0001")
        client.publish(to: queue)
        try await client.expect("003c 0050 (ack) 0000 0000 0000 0003 ..")
    }

    @Test(
        "Transactions are begun, rolled back and committed, octet by octet",
        .proves("wire.tx", ["spec/4.2.4/method-octets"]))
    func transactions() async throws {
        let (client, queue) = try await openQueue()
        try await client.call("005a 000a (tx.select)", "005a 000b (select-ok)")
        client.publish(to: queue)
        try await client.call("005a 001e (tx.rollback)", "005a 001f (rollback-ok)")
        try await expectEmpty(client, queue)
        client.publish(to: queue)
        try await expectEmpty(client, queue)
        try await client.call("005a 0014 (tx.commit)", "005a 0015 (commit-ok)")
        try await get(client, queue, tag: "01")
    }

    @Test(
        "The broker's cancel names the consumer, and wants no answer",
        .proves("wire.broker-cancel", ["spec/4.2.4/method-octets"]))
    func brokerCancel() async throws {
        let login = try CaseRun.active().peer.login
        let client = try await OctetClient.raw()
        // A table in a table: capabilities, which has one boolean.
        try await client.authenticate(
            """
            0000002b 0c 'capabilities' 46 00000019 16 'consumer_cancel_notify' 74 01
            05 'PLAIN' \(Octets.long("\0\(login.user)\0\(login.password)")) 05 'en_US'
            """)
        try await client.open(login.virtualHost)
        try await client.call("0014 000a 00 (channel.open)", "0014 000b 00000000")
        let queue = unique("octets")
        try await client.call(
            "0032 000a 0000 14 '\(queue)' 08 (auto-delete) 0000 0000", "0032 000b 14 '\(queue)' 0000 0000 0000 0000")
        try await client.call(
            "003c 0014 (consume) 0000 14 '\(queue)' 07 'sleeper' 00 0000 0000", "003c 0015 (consume-ok) 07 'sleeper'")
        try await OctetClient.open().call("0032 0028 (queue.delete) 0000 14 '\(queue)' 00", "0032 0029 0000 0000")
        try await client.expect("003c 001e (cancel) 07 'sleeper' 01 (no-wait)")
    }
}
