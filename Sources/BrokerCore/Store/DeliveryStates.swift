import AMQPWire

/// What became of a message that a quorum queue handed out, or keeps as a dead letter.
struct DeliveryState: Equatable {
    /// How often it came back, and how often that was a failure.
    var returnCount: UInt32
    var failureCount: UInt32
    /// Messages that came back are served by rising turn; nil: it is still handed out.
    var turn: UInt64?
    /// It was put to the end of the queue, before the message that would have this position; nil: to the front.
    var before: UInt64?
    /// It has died, and its dead letter has not arrived; the letters go by rising turn. Why it died, by number.
    var letter: UInt8?
}

/// The same of one copy, for the log.
struct StoredDelivery: Equatable {
    var copy: StoredMessages.Copy
    var state: DeliveryState
}

/// What the log has to know of messages that quorum queues handed out, as long as these are not done with.
///
/// Of what happens to a message between two batches the log is told how it ended.
final class DeliveryStates {
    private var states: [StoredMessages.Copy: DeliveryState] = [:]
    /// Those that the log knows otherwise, or not yet.
    private var changed: [StoredMessages.Copy] = []
    private var isChanged: Set<StoredMessages.Copy> = []
    private var nextTurn: UInt64 = 1

    var hasChanges: Bool { !changed.isEmpty && !quirk(quorum: .countsAloneAreNotWritten) }

    subscript(copy: StoredMessages.Copy) -> DeliveryState? { states[copy] }

    func handOut(_ copy: StoredMessages.Copy, _ state: DeliveryState) {
        states[copy] = state
        noteChange(of: copy)
    }

    /// Gives it the next turn.
    func takeBack(_ copy: StoredMessages.Copy, _ state: DeliveryState) {
        var state = state
        state.turn = nextTurn
        nextTurn += 1
        states[copy] = state
        noteChange(of: copy)
    }

    /// Takes over what the log says.
    func restore(_ delivery: StoredDelivery) {
        states[delivery.copy] = delivery.state
        if let turn = delivery.state.turn, !quirk(quorum: .turnsStartAnew) { nextTurn = max(nextTurn, turn + 1) }
    }

    func remove(_ copy: StoredMessages.Copy) { states[copy] = nil }

    /// The log is to be told, once more if it knows.
    func noteChange(of copy: StoredMessages.Copy) {
        if states[copy] != nil, isChanged.insert(copy).inserted { changed.append(copy) }
    }

    func takeChanges() -> [StoredDelivery]? {
        defer {
            changed.removeAll(keepingCapacity: true)
            if !quirk(quorum: .changesAreToldOnce) { isChanged.removeAll(keepingCapacity: true) }
        }
        let told = changed.compactMap { copy in states[copy].map { StoredDelivery(copy: copy, state: $0) } }
        return told.isEmpty ? nil : told
    }
}

extension StoredDelivery {
    func write(to writer: inout ByteWriter) {
        writer.uint64(copy.queue)
        writer.uint64(copy.position)
        func cut(_ count: UInt32) -> UInt32 {
            count > 255 && quirk(quorum: .storedCountsAreOctets) ? count & 255 : count
        }
        writer.uint32(cut(state.returnCount))
        writer.uint32(cut(state.failureCount))
        writer.uint64(state.turn ?? 0)
        // No queue gets to the last positions: they stand for the numbers.
        writer.uint64(state.letter.map { .max - 1 - UInt64($0) } ?? state.before ?? .max)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        copy = .init(queue: try reader.uint64(), position: try reader.uint64())
        state = DeliveryState(returnCount: try reader.uint32(), failureCount: try reader.uint32())
        let (turn, before) = (try reader.uint64(), try reader.uint64())
        state.turn = turn == 0 ? nil : turn
        switch before {
        case .max: break
        case (UInt64.max - 256)...: state.letter = UInt8(truncatingIfNeeded: UInt64.max - 1 - before)
        default: state.before = before
        }
    }
}

extension [StoredDelivery] {
    func write(to writer: inout ByteWriter) {
        writer.uint32(UInt32(clamping: count))
        for delivery in self { delivery.write(to: &writer) }
    }
}
