import DataStructures

/// Connections that wait for an alarm to end, and what is done then.
struct HeldBack {
    /// Nothing is read from them. Some may have left since.
    private(set) var waiting: [ConnectionID] = []
    /// All connections are told that memory isn't full any more.
    var readingOn = SinglePass()

    mutating func append(_ id: ConnectionID, among connections: DividedDictionary<ConnectionID, BrokerConnection>) {
        // While an alarm lasts, clients may come, publish and leave as often as they like.
        if waiting.count > 64, waiting.count > 2 * connections.count {
            Steps.take(waiting.count)
            waiting = waiting.filter { connections[$0] != nil }
        }
        waiting.append(id)
    }

    mutating func takeAll() -> ArraySlice<ConnectionID> {
        defer { waiting = [] }
        return waiting[...]
    }
}
