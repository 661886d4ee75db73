import AMQPWire
import Testing

/// Properties, headers and arguments, octet by octet.
@Suite("Octets of tables and properties") struct OctetTableCases {
    /// Publishes with these properties, flags first, and expects the same octets from a get and from a delivery.
    private func returnUnchanged(_ all: [String], at place: SourceLocation = #_sourceLocation) async throws {
        let client = try await OctetClient.open()
        let queue = unique("octets")
        try await client.call(
            "0032 000a (queue.declare) 0000 14 '\(queue)' 04 (exclusive) 0000 0000",
            "0032 000b 14 '\(queue)' 0000 0000 0000 0000")
        for properties in all {
            client.publish(to: queue, properties)
            try await client.call("003c 0046 (get) 0000 14 '\(queue)' 00", "003c 0047 * 00 00 14 '\(queue)' 0000 0000")
            try await client.expectHello(properties, at: place)
            client.send(method: "003c 0078 (nack) 0000 0000 0000 0000 03 (all of them, requeue)")
            try await client.call(
                "003c 0014 (consume) 0000 14 '\(queue)' 01 'c' 02 (no-ack) 0000 0000", "003c 0015 01 'c'", at: place)
            try await client.expect("003c 003c (deliver) 01 'c' .... .... .... .... 01 00 14 '\(queue)'", at: place)
            try await client.expectHello(properties, at: place)
            try await client.call("003c 001e (cancel) 01 'c' 00", "003c 001f 01 'c'", at: place)
        }
    }

    @Test(
        "Each property comes back as the octets that were sent, alone and with all others",
        .proves("wire.properties", ["spec/4.2.6.1/properties"]))
    func properties() async throws {
        let user = Octets.short(try CaseRun.active().peer.login.user)
        // The first property has the highest bit, and the last two bits are none (4.2.6.1).
        try await returnUnchanged([
            "8000 0a 'text/plain' (content-type)", "4000 04 'gzip' (content-encoding)",
            "2000 00000008 01 'k' 53 00000001 'v' (headers)", "1000 02 (delivery-mode)", "0800 05 (priority)",
            "0400 04 'corr' (correlation-id)", "0200 05 'reply' (reply-to)", "0100 05 '60000' (expiration)",
            "0080 04 'id-1' (message-id)", "0040 0000 0000 6553 f100 (timestamp)", "0020 04 'kind' (type)",
            "0010 \(user) (user-id)", "0008 03 'app' (app-id)", "0004 07 'cluster' (cluster-id)", "0000",
            """
            fffc 0a 'text/plain' 04 'gzip' 00000008 01 'k' 53 00000001 'v' 01 09 04 'corr' 05 'reply' 05 '60000'
            04 'id-1' 0102 0304 0506 0708 04 'kind' \(user) 03 'app' 07 'cluster'
            """,
        ])
    }

    @Test(
        "Each type of field comes back as the octets that were sent, from a get and to a consumer",
        .proves("wire.fields", ["spec/4.2.5.5/field-types"]))
    func fields() async throws {
        try await returnUnchanged(Self.fields.map { "2000 " + Octets.counted("01 'h' " + $0) })
    }

    @Test(
        "Fields of every type stay the octets that were sent, side by side in one table",
        .proves("wire.all-fields", ["spec/4.2.5.5/field-types"]))
    func allFields() async throws {
        let fields = Self.fields.enumerated().map { "01 \(Octets.hexadecimal([UInt8(65 + $0)])) \($1)" }
        try await returnUnchanged(["2000 " + Octets.counted(fields.joined(separator: " "))])
    }

    /// A value of every type that RabbitMQ takes, behind its letter (4.2.5.5, with RabbitMQ's letters).
    private static let fields = [
        "74 ('t') 00", "74 01", "62 ('b') 80 (-128)", "62 7f", "42 ('B') 80 (128)", "42 ff", "73 ('s') 8000 (-32,768)",
        "73 7ffe", "75 ('u') 8000 (32,768)", "75 fffe", "49 ('I') 8000 0001", "49 0102 0304", "69 ('i') 8000 0001",
        "69 ffff fffe", "6c ('l') 8000 0000 0000 0001", "6c 0102 0304 0506 0708", "66 ('f') 3fc0 0001 (1.5)",
        "66 c000 0000 (-2.0)", "64 ('d') 3ff8 0000 0000 0001 (1.5)", "64 8000 0000 0000 0000 (-0.0)",
        "44 ('D') 02 0000 013a (3.14)", "53 ('S') 00000000", "53 00000005 'a' 00ff c328",
        "54 ('T') 0000 0000 6553 f100",
        "54 0102 0304 0506 0708", "56 ('V')", "78 ('x') 00000003 00ff 01", "41 ('A') 00000000",
        "41 0000000d 74 01 73 0102 41 00000003 (in it) 62 ff 56", "46 ('F') 00000000",
        "46 00000013 01 'a' 42 ff 01 'b' 46 00000005 (in it) 01 'c' 75 fffe 01 'd' 56",
    ]

    @Test(
        "A dead letter keeps the octets of its headers, and x-death and x-first-death follow octet by octet",
        .proves(
            "wire.dead-letter",
            ["rabbitmq/dead-letter/header-kept", "rabbitmq/dead-letter/x-death-entry", "spec/4.2.5.5/field-types"]))
    func deadLetter() async throws {
        let client = try await OctetClient.open()
        let (queue, dead) = (unique("octets"), unique("octets"))
        let arguments = """
            16 'x-dead-letter-exchange' 53 00000000 19 'x-dead-letter-routing-key' 53 00000014 '\(dead)'
            """
        for (name, arguments) in [(dead, ""), (queue, arguments)] {
            try await client.call(
                "0032 000a 0000 14 '\(name)' 04 (exclusive) \(Octets.counted(arguments))",
                "0032 000b 14 '\(name)' 0000 0000 0000 0000")
        }
        let fields = Self.fields.enumerated().map { "01 \(Octets.hexadecimal([UInt8(65 + $0)])) \($1)" }
            .joined(separator: " ")
        client.publish(to: queue, "2000 " + Octets.counted(fields))
        try await client.call(
            "003c 0046 (get) 0000 14 '\(queue)' 00", "003c 0047 0000 0000 0000 0001 00 00 14 '\(queue)' 0000 0000")
        try await client.expectHello("2000 " + Octets.counted(fields))
        try await client.call(
            "003c 0014 (consume) 0000 14 '\(dead)' 01 'c' 02 (no-ack) 0000 0000", "003c 0015 01 'c'")
        client.send(method: "003c 005a (reject) 0000 0000 0000 0001 00")
        try await client.expect("003c 003c (deliver) 01 'c' 0000 0000 0000 0002 .. 00 14 '\(dead)'")
        let death = """
            05 'count' 6c 0000 0000 0000 0001 06 'reason' 53 00000008 'rejected' 05 'queue' 53 00000014 '\(queue)'
            04 'time' 54 0000 0000 .... .... 08 'exchange' 53 00000000
            0c 'routing-keys' 41 00000019 53 00000014 '\(queue)'
            """
        // Later releases have x-last-death as well, behind it.
        try await client.expectHello(
            """
            2000 ........ \(fields) 07 'x-death' 41 \(Octets.counted("46 " + Octets.counted(death)))
            16 'x-first-death-exchange' 53 00000000 13 'x-first-death-queue' 53 00000014 '\(queue)'
            14 'x-first-death-reason' 53 00000008 'rejected' *
            """)
    }

    @Test(
        "An argument of a queue may be an integer of any width",
        .proves("wire.integer-arguments", ["spec/4.2.5.5/field-types", "rabbitmq/max-length/drop-head"]))
    func integerArguments() async throws {
        let client = try await OctetClient.open()
        for one in [
            "62 01", "42 01", "73 0001", "75 0001", "49 0000 0001", "69 0000 0001", "6c 0000 0000 0000 0001",
        ] {
            let queue = unique("octets")
            try await client.call(
                "0032 000a 0000 14 '\(queue)' 04 (exclusive) \(Octets.counted("0c 'x-max-length' \(one)"))",
                "0032 000b 14 '\(queue)' 0000 0000 0000 0000")
            client.publish(to: queue)
            client.publish(to: queue)
            try await client.call("0032 001e (queue.purge) 0000 14 '\(queue)' 00", "0032 001f 0000 0001")
        }
    }

    @Test(
        "A number with its highest bit set is negative under the letters of signed integers, and only there",
        .proves("wire.signs", ["spec/4.2.5.5/field-types", "rabbitmq/max-length/invalid"]))
    func signs() async throws {
        let client = try await OctetClient.open()
        func declare(_ queue: ShortString, _ number: String) -> String {
            "0032 000a 0000 14 '\(queue)' 04 (exclusive) \(Octets.counted("0c 'x-max-length' \(number)"))"
        }
        for unsigned in ["42 ff", "75 ffff", "69 ffff ffff"] {
            let queue = unique("octets")
            try await client.call(declare(queue, unsigned), "0032 000b 14 '\(queue)' 0000 0000 0000 0000")
        }
        for signed in ["62 ff", "73 ffff", "49 ffff ffff", "6c ffff ffff ffff ffff"] {
            try await client.expectClose("0196 (406)", "0032 000a", of: declare(unique("octets"), signed))
        }
    }
}
