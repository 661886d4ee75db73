import AMQPWire

/// Publishes that were turned into octets beforehand, many to a system call, so that sending costs next to nothing.
struct PublishBatch {
    /// Complete messages, all of the same length.
    private let octets: [UInt8]
    /// Octets of one message with its frames.
    let messageLength: Int
    let count: Int

    init(_ workload: Workload, frameMax: UInt32) throws(BenchError) {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: workload.size)
        let properties = BasicProperties(deliveryMode: workload.isDurable ? 2 : 1)
        var writer = FrameWriter()
        for key in workload.keys {
            writer.content(
                BasicPublish(exchange: workload.exchange, routingKey: key), properties, body: body, channel: 1,
                frameMax: frameMax)
        }
        let cycle = writer.octets
        let length = cycle.count / workload.keys.count
        guard length * workload.keys.count == cycle.count else { throw BenchError("the keys differ in length") }
        let repeats = max(1, 65_536 / cycle.count)
        octets = Array(repeatElement(cycle, count: repeats).joined())
        messageLength = length
        count = repeats * workload.keys.count
    }

    /// Sends this many messages.
    func send(_ messages: Int, over connection: RawConnection) throws(BenchError) {
        // `withUnsafeBytes` hands on untyped errors only, so the error leaves by a result.
        let outcome = octets.withUnsafeBytes { bytes in
            Result { () throws(BenchError) in
                var left = messages
                while left > 0 {
                    let part = min(left, count)
                    try connection.send(UnsafeRawBufferPointer(rebasing: bytes[..<(part * messageLength)]))
                    left -= part
                }
            }
        }
        try outcome.get()
    }
}
