import AMQPWire
import Testing

/// A frame that somebody else's program sent, and what it says.
struct Capture: Sendable, CustomTestStringConvertible {
    enum Value: Sendable {
        case method(any MethodFields)
        case header(ContentHeader)
    }

    let sender: String
    let channel: UInt16
    let value: Value
    /// It has something in a reserved field, where we send nothing.
    let isReadOnly: Bool
    let frame: [UInt8]

    init(_ sender: String, _ channel: UInt16, _ fields: any MethodFields, isReadOnly: Bool = false, _ frame: String) {
        (self.sender, self.channel, self.isReadOnly) = (sender, channel, isReadOnly)
        value = .method(fields)
        self.frame = octets(frame)
    }

    init(_ sender: String, _ channel: UInt16, size: UInt64, _ properties: BasicProperties, _ frame: String) {
        (self.sender, self.channel, isReadOnly) = (sender, channel, false)
        value = .header(ContentHeader(bodySize: size, properties: properties))
        self.frame = octets(frame)
    }

    static let all = clients + rabbitMQ

    var testDescription: String {
        switch value {
        case .method(let fields): "\(fields.id) of \(sender)"
        case .header: "a content header of \(sender)"
        }
    }
}

struct CaptureTests {
    @Test(arguments: Capture.all)
    func `is read as what it says, and written as it came`(_ capture: Capture) throws {
        let all = try frames(capture.frame)
        let frame = try #require(all.first)
        #expect(all.count == 1)
        #expect(frame.channel == capture.channel)
        var writer = FrameWriter()
        switch capture.value {
        case .method(let fields):
            #expect(frame.kind == .method)
            let method = try Method(frame.payload)
            #expect(method.id == fields.id)
            #expect("\(method.fields)" == "\(fields)")
            writer.method(fields, channel: capture.channel)
        case .header(let header):
            #expect(frame.kind == .header)
            #expect(try ContentHeader(frame.payload) == header)
            writer.frame(.header, channel: capture.channel) { header.write(to: &$0) }
        }
        #expect(writer.octets == capture.frame || capture.isReadOnly)
    }

    @Test func `eight clients and RabbitMQ are among them`() {
        let senders: Set = [
            "pika", "aio-pika", "py-amqp", "bunny", "php-amqplib", "amqp091-go", "librabbitmq", "Java", "RabbitMQ",
        ]
        #expect(Set(Capture.all.map(\.sender)) == senders)
    }
}
