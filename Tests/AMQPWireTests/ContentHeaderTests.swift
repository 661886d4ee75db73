import AMQPWire
import Testing

struct ContentHeaderTests {
    @Test func `is class, weight, body size and properties`() throws {
        let header = ContentHeader(bodySize: 0x0102_0304_0506_0708, properties: BasicProperties(deliveryMode: 2))
        let payload = octets("003c 0000 0102030405060708 1000 02")
        #expect(written(header.write) == payload)
        #expect(try ContentHeader(payload[...]) == header)
    }

    @Test func `another class is the reader's to judge`() throws {
        #expect(try ContentHeader(octets("0032 0000 0000000000000000 0000")[...]).classID == 50)
    }

    @Test(arguments: [
        ("003c 00", ReplyCode.frameError),
        ("003c 0000 00000000000000", .frameError),
        ("003c 0001 0000000000000000 0000", .unexpectedFrame),
        ("003c 0000 0000000000000000", .unexpectedFrame),
        ("003c 0000 0000000000000000 8000", .unexpectedFrame),
        ("003c 0000 0000000000000000 0000 00", .unexpectedFrame),
        ("003c 0000 0000000000000000 2000 00000003 016e55", .unexpectedFrame),
    ])
    func `is refused when malformed`(_ hex: String, _ code: ReplyCode) {
        let error = #expect(throws: WireError.self) { try ContentHeader(octets(hex)[...]) }
        #expect(error?.code == code)
    }
}
