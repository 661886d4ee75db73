import AMQPWire
import Testing

struct MethodTests {
    @Test(arguments: MethodVector.all)
    func `is read and written as pika has it`(_ vector: MethodVector) throws {
        let method = try Method(vector.payload[...])
        #expect(method.id.name == vector.name)
        #expect("\(method.fields)" == "\(vector.fields)")

        var writer = FrameWriter()
        writer.method(vector.fields, channel: 0x0102)
        let size = UInt32(vector.payload.count)
        #expect(writer.octets == octets("01 0102") + written { $0.uint32(size) } + vector.payload + [0xCE])
        writer.removeAll()
        writer.method(method, channel: 0x0102)
        #expect(try Method(frames(writer.octets)[0].payload) == method)
    }

    @Test(arguments: MethodVector.all)
    func `is refused with 501 or 502 when cut short, and when something follows`(_ vector: MethodVector) {
        for count in 0..<vector.payload.count {
            let error = #expect(throws: WireError.self) { try Method(vector.payload[..<count]) }
            #expect(error?.code == .frameError || error?.code == .syntaxError)
        }
        let error = #expect(throws: WireError.self) { try Method((vector.payload + [0])[...]) }
        #expect(error?.code == .frameError)
        #expect(error?.offset == vector.payload.count)
    }

    @Test func `the vectors show every method there is`() {
        let shown = Set(MethodVector.all.map(\.fields.id))
        let defined = (0...UInt16(130)).flatMap { classID in (0...UInt16(130)).map { MethodID(classID, $0) } }
            .filter { $0.name != nil }
        #expect(shown == Set(defined))
        #expect(shown.count == 66)
    }

    @Test func `an id that nobody defined is command-invalid`() {
        for payload in ["0032 0063", "0063 000a", "0000 0000", "ffff ffff"] {
            let error = #expect(throws: WireError.self) { try Method(octets(payload)[...]) }
            #expect(error?.code == .commandInvalid)
        }
    }

    @Test func `bits without a meaning are ignored`() throws {
        // As RabbitMQ 3.10.8 does.
        let declare = try Method(octets("0032 000a 0000 00 e8 00000000")[...])
        #expect(declare == .queueDeclare(QueueDeclare(autoDelete: true)))
    }

    @Test func `a reserved field may hold anything`() throws {
        #expect(try Method(octets("003c 0028 ffff 00 00 00")[...]) == .basicPublish(BasicPublish()))
        #expect(try Method(octets("0014 000a 03 616263")[...]) == .channelOpen(ChannelOpen()))
    }
}
