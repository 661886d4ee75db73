/// A durable queue's side of the log.
final class QueueJournal {
    /// The queue's number in the log. A queue that is deleted and declared again has another.
    let number: UInt64
    /// No message from this position on has been handed out.
    private(set) var deliveredBelow: UInt64
    /// The queue is gone, and the log knows.
    private(set) var isDeleted = false
    private unowned let journal: Journal
    /// Every message is kept, and what became of each that was handed out.
    private let keepsAll: Bool
    /// Messages that became dead letters, which are not in the log yet.
    private var letterCount = 0
    /// The log will be told with its next batch how far the queue got.
    private var isDeliveryNoted = false

    init(_ journal: Journal, number: UInt64, keepsAll: Bool, deliveredBelow: UInt64 = 0) {
        self.journal = journal
        self.keepsAll = keepsAll
        self.number = number
        self.deliveredBelow = deliveredBelow
        journal.queueNumbers.add(number)
    }

    /// A message has got a place in the queue. To be followed by ``Journal/write(_:)`` when all queues have taken it.
    func enter(_ message: Message, position: UInt64, expiresAt: Int64) {
        guard message.traits.isPersistent || keepsAll || quirk(.transientMessagesAreKept) else { return }
        let isOwn = message.traits.expiration != nil || expiresAt == .max
        journal.add(
            message,
            .init(
                queue: number, position: position,
                expiresAt: isOwn || !quirk(.timesToLiveOfQueuesAreNotWritten) ? expiresAt : .max))
    }

    /// A message has given up its place for good.
    func leave(_ message: Message, position: UInt64) {
        guard message.storeEntry != 0 else { return }
        if keepsAll { journal.deliveries.remove(copy(at: position)) }
        journal.settle(message, copy(at: position), isQueueDeleted: isDeleted)
    }

    // MARK: Runs

    /// See ``StoreLimits/streamBlockCount``.
    var blockCount: Int { journal.limits.streamBlockCount }

    /// Makes runs of messages that are on disk, whose positions follow each other; nil: one is not.
    func release(_ found: [(message: Message, time: Int64)], from first: UInt64) -> [StoredRun]? {
        journal.release(found, from: first, of: number)
    }

    /// Makes several runs of one, with so many messages each, while the log is read back.
    func split(_ run: StoredRun, into counts: [Int]) -> [StoredRun] {
        journal.split(run, into: counts)
    }

    func read(_ run: StoredRun) -> [(message: Message, time: Int64)] { journal.read(run) }

    /// The messages of a run have given up their places for good.
    func leave(_ run: StoredRun) { journal.settle(run, isQueueDeleted: isDeleted) }

    /// Does something, once, when what is written now is on disk.
    func whenStored(_ body: @escaping () -> Void) { journal.whenStored(body) }

    // MARK: Deaths and deliveries

    /// A message that has given up its place stays in the log until its dead letter is there too.
    func awaitLetter() { letterCount += 1 }

    /// It is, or has nowhere to go.
    func letterLeft(of message: Message, position: UInt64) {
        if !quirk(.lettersAreNotCountedDown) { letterCount -= 1 }
        leave(message, position: position)
    }

    var isAwaitingLetters: Bool { letterCount > 0 }

    /// The message at this position was handed out, and will be marked as redelivered if that is ever repeated.
    func noteDelivery(of message: Message, position: UInt64, _ state: DeliveryState) {
        if keepsAll {
            if message.storeEntry != 0 { journal.deliveries.handOut(copy(at: position), state) }
            return
        }
        guard position >= deliveredBelow else { return }
        deliveredBelow = quirk(.lastDeliveryIsNotCounted) ? position : position + 1
        if !isDeliveryNoted { journal.noteDeliveries(of: self) }
        isDeliveryNoted = true
    }

    /// The message at this position is back.
    func noteReturn(of message: Message, position: UInt64, _ state: DeliveryState) {
        if keepsAll, message.storeEntry != 0 { journal.deliveries.takeBack(copy(at: position), state) }
    }

    /// The log said this of the message at this position. `isToldBefore`: and not again where the message stands now.
    func restore(_ state: DeliveryState, at position: UInt64, isToldBefore: Bool) {
        journal.deliveries.restore(StoredDelivery(copy: copy(at: position), state: state))
        if isToldBefore { journal.deliveries.noteChange(of: copy(at: position)) }
    }

    private func copy(at position: UInt64) -> StoredMessages.Copy { .init(queue: number, position: position) }

    /// How far the queue got in handing out, for the log.
    func takeDeliveredBelow() -> UInt64 {
        if !quirk(.onlyFirstDeliveriesAreNoted) { isDeliveryNoted = false }
        return deliveredBelow
    }

    func delete() {
        isDeleted = true
        journal.queueNumbers.remove(number)
    }
}
