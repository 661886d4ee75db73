import AMQPTransport

/// Hands on what two streams send, each to the other, and the end of one to the other.
///
/// When one side takes nothing, the other is not read: what waits between them is bounded.
public enum Relay {
    /// Octets that wait for one side before the other is held back.
    private static let most = 1 << 20

    /// Joins a client's stream with one to a broker; both begin with this.
    public static func join(_ client: any ByteStream, _ broker: any ByteStream) {
        broker.start(Half(from: broker, to: client))
        client.start(Half(from: client, to: broker))
    }

    private final class Half: ByteStreamReceiver {
        private let source: any ByteStream
        private let target: any ByteStream

        init(from source: any ByteStream, to target: any ByteStream) {
            (self.source, self.target) = (source, target)
        }

        func streamReceived(_ bytes: RawSpan) {
            guard target.send(bytes) > Relay.most else { return }
            source.setReading(false)
            // It may have drained in between, and nobody would say so again.
            if target.unsent == 0 { source.setReading(true) }
        }

        /// The source has taken all that the target sent.
        func streamDrained() { target.setReading(true) }

        func streamEnded(_ end: StreamEnd) {
            switch end {
            case .finished, .closedHere: target.close()
            case .reset: target.abort()
            }
        }
    }
}
