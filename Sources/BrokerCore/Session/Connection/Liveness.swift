/// When a connection must send something, and when its peer has been silent for too long (AMQP 0-9-1, 4.2.7;
/// RabbitMQ: "Heartbeats"). Times are milliseconds since the Unix epoch.
struct Liveness {
    private var lastReceived: Int64
    private var lastSent: Int64
    /// The agreed interval in milliseconds; 0: no heartbeats.
    private var interval: Int64 = 0
    /// By when the current phase (handshake, close) must be over; `Int64.max`: it may last.
    var deadline: Int64
    /// False while nothing is read: then silence means nothing.
    var isListening = true
    private var timerAt = Int64.max

    enum Verdict {
        case nothing, sendHeartbeat, peerIsSilent, deadlinePassed
    }

    init(now: Int64, deadline: Int64) {
        lastReceived = now
        lastSent = now
        self.deadline = deadline
    }

    /// Anything has come from the peer.
    mutating func noteReceived(at now: Int64) {
        if interval == 0 || !quirk(.onlyHeartbeatsAreLife) { lastReceived = now }
    }

    mutating func noteHeartbeat(at now: Int64) {
        lastReceived = now
        if interval > 0, quirk(.trafficIsTraffic) { lastSent = now }
    }

    mutating func noteSent(at now: Int64) { lastSent = now }

    mutating func beginHeartbeats(seconds: UInt16, now: Int64) {
        interval = Int64(seconds > 255 && quirk(.heartbeatIsAnOctet) ? seconds & 0xFF : seconds) * 1000
        lastReceived = now
        lastSent = now
    }

    /// Heartbeats go out every half interval without other traffic; two intervals of silence end the connection.
    mutating func check(at now: Int64) -> Verdict {
        timerAt = .max
        if now >= deadline { return .deadlinePassed }
        guard interval > 0 else { return .nothing }
        let isSilent = now >= lastReceived + interval && quirk(.oneSilentIntervalIsEnough)
        let isOver = isSilent || now >= lastReceived + 2 * interval
        if isOver, isListening || quirk(.silenceOfTheHeldBackCounts) { return .peerIsSilent }
        return now >= lastSent + interval / 2 ? .sendHeartbeat : .nothing
    }

    /// The next time to ``check(at:)``, when no timer is set for it or before it yet.
    mutating func takeTimer() -> Int64? {
        var next = deadline
        if interval > 0 { next = min(next, lastSent + interval / 2) }
        if interval > 0, isListening { next = min(next, lastReceived + 2 * interval) }
        guard next < timerAt else { return nil }
        timerAt = next
        return next
    }
}
