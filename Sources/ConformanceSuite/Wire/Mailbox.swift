import AMQPTransport
import AMQPWire

/// What has arrived on one connection and nobody has asked for yet, by channel.
struct Mailbox: Sendable {
    private var reader = WireReader()
    private var methods = MethodReader()
    private var events: [UInt16: Queue] = [:]
    /// False: what arrives stays the octets that it is, in ``octets``, and makes no events.
    var readsFrames = true
    var octets: [UInt8] = []
    /// How the stream ended.
    var end: StreamEnd?

    mutating func receive(_ octets: [UInt8]) {
        guard readsFrames else { return self.octets += octets }
        for piece in reader.read(octets) {
            switch piece {
            case .header(let octets): events[0, default: Queue()].append(.header(octets))
            case .octets(let octets): events[0, default: Queue()].append(.junk(octets))
            case .frame(let frame):
                guard let item = methods.read(frame) else { continue }
                events[frame.channel, default: Queue()].append(Event(item))
            }
        }
    }

    /// Takes the first event on a channel that is wanted; those before it stay.
    mutating func take(on channel: UInt16, where isWanted: (Event) -> Bool) -> Event? {
        events[channel]?.take(where: isWanted)
    }

    /// Forgets what a channel was told before it was closed.
    mutating func clear(_ channel: UInt16) { events[channel] = nil }

    /// An array that gives up its front cheaply: one case has ten thousand messages wait here.
    private struct Queue: Sendable {
        private var events: [Event] = []
        private var start = 0

        mutating func append(_ event: Event) { events.append(event) }

        mutating func take(where isWanted: (Event) -> Bool) -> Event? {
            guard let index = events[start...].firstIndex(where: isWanted) else { return nil }
            let event = events[index]
            if index == start {
                start += 1
                if start == events.count { (events, start) = ([], 0) }
            } else {
                events.remove(at: index)
            }
            return event
        }
    }
}
