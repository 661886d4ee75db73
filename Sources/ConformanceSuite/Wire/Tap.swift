import AMQPTransport
import AMQPWire
import Synchronization

/// A stream with everything that passes it written down. Probes and clients of the suite talk through one.
final class Tap: ByteStream, ByteStreamReceiver {
    private let stream: any ByteStream
    private let receiver = Mutex<(any ByteStreamReceiver)?>(nil)
    let transcript: Transcript

    init(_ stream: any ByteStream, name: String) {
        self.stream = stream
        transcript = Transcript(name: name)
    }

    var name: String { stream.name }
    var isLoopback: Bool { stream.isLoopback }
    var unsent: Int { stream.unsent }

    func start(_ receiver: any ByteStreamReceiver) {
        self.receiver.withLock { $0 = receiver }
        stream.start(self)
    }

    @discardableResult func send(_ bytes: RawSpan) -> Int {
        bytes.withUnsafeBytes { transcript.append($0, from: .client) }
        return stream.send(bytes)
    }

    func setReading(_ on: Bool) { stream.setReading(on) }

    func close() {
        transcript.append("end of stream", from: .client)
        stream.close()
    }

    func abort() { stream.abort() }

    func streamReceived(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { transcript.append($0, from: .broker) }
        receiver.withLock { $0 }?.streamReceived(bytes)
    }

    func streamDrained() { receiver.withLock { $0 }?.streamDrained() }

    func streamEnded(_ end: StreamEnd) {
        switch end {
        case .finished: transcript.append("end of stream", from: .broker)
        case .reset(let text): transcript.append("reset: \(text)", from: .broker)
        case .closedHere: break
        }
        let receiver = receiver.withLock { receiver in
            defer { receiver = nil }
            return receiver
        }
        receiver?.streamEnded(end)
    }
}
