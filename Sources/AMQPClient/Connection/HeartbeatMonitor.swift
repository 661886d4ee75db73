/// Decides when to send a heartbeat and when the peer counts as gone (AMQP 0-9-1, 4.2.7; RabbitMQ, page "Detecting Dead
/// TCP Connections with Heartbeats").
///
/// It is asked every half interval, and told of traffic by two flags: reading a clock for each read and write would cost
/// more than the whole rest of it.
struct HeartbeatMonitor: Sendable {
    enum Action: Sendable, Equatable {
        case none
        /// Nothing was sent for half an interval.
        case beat
        /// Nothing arrived for two intervals.
        case peerIsGone
    }

    /// Milliseconds from one ``tick(isReading:)`` to the next.
    let tickInterval: Int64
    private var hasSent = false
    private var hasHeard = false
    private var silentTicks = 0

    /// nil when heartbeats are off.
    init?(seconds: UInt16) {
        guard seconds > 0 else { return nil }
        tickInterval = Int64(seconds) * 500
    }

    mutating func sent() { hasSent = true }

    mutating func heard() { hasHeard = true }

    /// - Parameter isReading: false while this side has stopped reading: then silence says nothing about the peer.
    mutating func tick(isReading: Bool) -> Action {
        defer {
            hasSent = false
            hasHeard = false
        }
        silentTicks = hasHeard || !isReading ? 0 : silentTicks + 1
        if silentTicks >= 4 { return .peerIsGone }
        return hasSent ? .none : .beat
    }
}
