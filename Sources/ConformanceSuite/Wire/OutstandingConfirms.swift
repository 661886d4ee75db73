import Testing

/// The messages that a publisher still waits to hear of.
struct OutstandingConfirms {
    private var tags: Set<UInt64>
    private(set) var nacked: Set<UInt64> = []

    init(published count: UInt64) { self.init(1...count) }

    init(_ numbers: ClosedRange<UInt64>) { tags = Set(numbers) }

    var isEmpty: Bool { tags.isEmpty }

    mutating func publish(_ tag: UInt64) { tags.insert(tag) }

    /// Takes an answer. False when there is nothing that it could answer.
    mutating func settle(_ confirm: Confirm) -> Bool {
        // Each answer takes away at least its own tag, which has to be outstanding still.
        guard tags.contains(confirm.tag) else { return false }
        let answered = confirm.multiple ? tags.filter { $0 <= confirm.tag } : [confirm.tag]
        tags.subtract(answered)
        if !confirm.isAck { nacked.formUnion(answered) }
        return true
    }
}

extension Confirm {
    // A broker may say "and all before it" even when there is none before it; RabbitMQ does so in every nack.
    func acks(_ tag: UInt64) -> Bool { isAck && self.tag == tag }
    func nacks(_ tag: UInt64) -> Bool { !isAck && self.tag == tag }
}

extension ProbeChannel {
    /// Waits until the messages with these numbers are confirmed, before which none is open. The acks may come in any
    /// order, so that neither how many came nor the highest tag tells whether all are there.
    func awaitConfirms(_ numbers: ClosedRange<UInt64>, at place: SourceLocation = #_sourceLocation) async throws {
        var open = OutstandingConfirms(numbers)
        while !open.isEmpty {
            let confirm = try await self.confirm(at: place)
            guard confirm.isAck, open.settle(confirm) else {
                throw SuiteError(
                    expected: "an ack, one for each message", "\(confirm.isAck ? "ack" : "nack") \(confirm.tag)",
                    at: place)
            }
        }
    }
}
