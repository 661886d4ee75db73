import Synchronization

/// What was promised to whom.
final class Model: Sendable {
    enum Fate {
        /// Sent, and nobody knows whether it arrived.
        case published
        case confirmed
        /// Acknowledged; the broker may or may not have written that down.
        case acknowledged
        /// Acknowledged, and something that was sent later on the same connection has been confirmed: the log is one
        /// sequence, so the acknowledgement is in it.
        case gone
    }

    private struct State {
        var fates: [String: Fate] = [:]
        /// How often messages of a quorum queue have come back at least.
        var counts: [String: Int64] = [:]
        var confirmed = 0
        var synced = 0
        var found = 0
    }

    private let state = Mutex(State())

    func published(_ id: String) { state.withLock { $0.fates[id] = .published } }

    func confirmed(_ id: String) {
        state.withLock { state in
            state.confirmed += 1
            // It may have been consumed before its publisher heard that it arrived.
            if state.fates[id] == .published { state.fates[id] = .confirmed }
        }
    }

    func acknowledged(_ id: String) { state.withLock { $0.fates[id] = .acknowledged } }

    func synced(_ ids: [String]) {
        state.withLock { state in
            state.synced += ids.count
            for id in ids { state.fates[id] = .gone }
        }
    }

    /// Something that was sent later on the same connection has been confirmed, so the log has what came back.
    func counted(_ returned: [(id: String, count: Int64)]) {
        state.withLock { state in
            for message in returned { state.counts[message.id] = max(state.counts[message.id] ?? 0, message.count) }
        }
    }

    struct Broken: Error, CustomStringConvertible {
        var description: String
    }

    /// Compares with what is in a queue after a restart, in order, and takes it as the truth where nothing was promised.
    func compare(queue: String, found: [(id: String, count: Int64)]) throws {
        try state.withLock { state in
            state.found += found.count
            var last: [Substring: Int] = [:]
            var present: Set<String> = []
            for (id, count) in found {
                if !present.insert(id).inserted { throw Broken(description: "\(id) is there twice") }
                if count < state.counts[id] ?? 0 {
                    throw Broken(description: "\(id) came back \(state.counts[id] ?? 0) times, and says \(count)")
                }
                let parts = id.split(separator: "/")
                guard parts.count == 3, let number = Int(parts[2]) else { throw Broken(description: "strange: \(id)") }
                guard parts[0] == queue else { throw Broken(description: "\(id) is in \(queue)") }
                guard let fate = state.fates[id] else { throw Broken(description: "\(id) was never published") }
                if fate == .gone { throw Broken(description: "\(id) is back, though acknowledged and synced") }
                // What came back to a quorum queue stands in the order in which it did.
                if queue != Names.quorum, let before = last[parts[1]], before >= number {
                    throw Broken(description: "\(id) stands behind number \(before), or twice")
                }
                last[parts[1]] = number
            }
            for (id, fate) in state.fates where id.hasPrefix(queue + "/") {
                if present.contains(id) {
                    state.fates[id] = .confirmed
                } else if fate == .confirmed {
                    throw Broken(description: "\(id) is lost, though confirmed")
                } else {
                    state.fates[id] = .gone
                }
            }
        }
    }

    var summary: String {
        state.withLock { "\($0.confirmed) confirmed, \($0.synced) acknowledged and synced, \($0.found) found again" }
    }
}
