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

    struct Broken: Error, CustomStringConvertible {
        var description: String
    }

    /// Compares with what is in a queue after a restart, in order, and takes it as the truth where nothing was promised.
    func compare(queue: String, found: [String]) throws {
        try state.withLock { state in
            state.found += found.count
            var last: [Substring: Int] = [:]
            for id in found {
                let parts = id.split(separator: "/")
                guard parts.count == 3, let number = Int(parts[2]) else { throw Broken(description: "strange: \(id)") }
                guard parts[0] == queue else { throw Broken(description: "\(id) is in \(queue)") }
                guard let fate = state.fates[id] else { throw Broken(description: "\(id) was never published") }
                if fate == .gone { throw Broken(description: "\(id) is back, though acknowledged and synced") }
                if let before = last[parts[1]], before >= number {
                    throw Broken(description: "\(id) stands behind number \(before), or twice")
                }
                last[parts[1]] = number
            }
            let present = Set(found)
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
