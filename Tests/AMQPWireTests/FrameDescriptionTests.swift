import AMQPWire
import Testing

struct FrameDescriptionTests {
    private func line(_ method: some MethodFields) throws -> String {
        var writer = FrameWriter()
        writer.method(method, channel: 1)
        return "\(try frames(writer.octets)[0])"
    }

    @Test func `a method shows its name and its fields`() throws {
        #expect(
            try line(BasicPublish(exchange: "logs", mandatory: true))
                == "1 basic.publish exchange='logs' routing-key='' mandatory")
        #expect(
            try line(QueueDeclare(queue: "q", durable: true, noWait: true, arguments: ["x-max-length": 5]))
                == "1 queue.declare queue='q' durable no-wait arguments={'x-max-length': 5}")
        #expect(
            try line(ChannelClose(replyCode: .notFound, replyText: "no queue 'q'", cause: QueueBind.id))
                == #"1 channel.close reply-code=404 reply-text='no queue \'q\'' cause=queue.bind"#)
        #expect(
            try line(ConnectionTune(channelMax: 2047, frameMax: 131072, heartbeat: 60))
                == "1 connection.tune channel-max=2047 frame-max=131072 heartbeat=60")
        #expect(try line(TxSelect()) == "1 tx.select")
    }

    @Test(arguments: MethodVector.all)
    func `every field that is set is in the line`(_ vector: MethodVector) throws {
        let line = try line(vector.fields)
        #expect(line.hasPrefix("1 \(vector.name)"))
        let fields = Mirror(reflecting: vector.fields).children
            .filter { $0.value as? Bool != false }
        #expect(line.split(separator: " ").filter { !$0.hasPrefix("(") && $0 != "octets)" }.count >= 2 + fields.count)
    }

    @Test func `the secrets of a login do not show`() throws {
        let start = ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0secret".utf8))
        #expect(try line(start) == "1 connection.start-ok mechanism='PLAIN' response=(13 octets) locale='en_US'")
        #expect(!(try line(ConnectionSecureOk(response: Array("secret".utf8))).contains("secret'")))
        #expect(!(try line(ConnectionUpdateSecret(newSecret: Array("hidden".utf8))).contains("hidden")))
    }

    @Test func `content shows its size, its properties and the beginning of its body`() throws {
        var writer = FrameWriter()
        let properties = BasicProperties(headers: ["a": 1], deliveryMode: 2, correlationID: "7", appID: "test")
        writer.content(BasicPublish(), properties, body: Array("Hello World!".utf8), channel: 3, frameMax: 0)
        writer.body(Array(repeating: 0x61, count: 100)[...], channel: 3, frameMax: 0)
        writer.frame(.body, channel: 3) { _ in }
        writer.heartbeat()
        let lines = try frames(writer.octets).map { "\($0)" }
        #expect(lines[1] == "3 header body-size=12 headers={'a': 1} delivery-mode=2 correlation-id='7' app-id='test'")
        #expect(lines[2] == "3 body 12 bytes 'Hello World!'")
        #expect(lines[3] == "3 body 100 bytes '\(String(repeating: "a", count: 64))'…")
        #expect(lines[4] == "3 body 0 bytes ''")
        #expect(lines[5] == "0 heartbeat")
    }

    @Test func `what does not parse shows as the error`() {
        let method = Frame(.method, channel: 1, payload: octets("0032 0063")[...])
        #expect("\(method)" == "1 method malformed: 503 COMMAND_INVALID: no method is class 50, method 99 (at octet 4)")
        let header = Frame(.header, channel: 1, payload: [])
        #expect("\(header)".hasPrefix("1 header malformed: 501 FRAME_ERROR: "))
    }

    @Test func `a line stays a line, and short`() throws {
        let forged: ShortString = "a\r\n2 basic.ack\u{1B}[2J\u{2028}"
        let name: [FieldTable.Field] = [FieldTable.Field(forged, .longString(forged.octets))]
        let long = FieldTable(Array(repeating: name[0], count: 500))
        for line in [
            try line(BasicPublish(exchange: forged)), try line(QueueDeclare(arguments: FieldTable(name))),
            try line(QueueDeclare(arguments: long)), "\(Frame(.body, channel: 1, payload: forged.octets[...]))",
        ] {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 })
            #expect(line.contains(#"a\r\n2 basic.ack\u{1B}[2J\u{2028}"#))
            #expect(line.count <= Frame.longestDescription)
        }
    }
}
