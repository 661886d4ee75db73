import AMQPWire

// What a queue needs of others, as protocols: it knows no channel, no connection, no virtual host and no file.

/// Where a queue lives: what time it is, and where the things go that it can't do itself.
protocol QueueHost: AnyObject {
    /// Milliseconds since the Unix epoch.
    var now: Int64 { get }
    var load: Load { get }
    var work: WorkLimits { get }
    /// Has the queue's ``Queue/handleTimer()`` called at this time, and not for the timer that this one replaces (0: none).
    /// Returns the timer's number.
    func setTimer(_ time: Int64, for queue: any Queue, replacing timer: UInt64) -> UInt64
    func cancelTimer(_ timer: UInt64)
    /// Takes a dead letter, to publish it when the current method is done: one death may cause the next, and a long
    /// chain of them would use up the stack.
    func take(_ letter: DeadLetter)
    /// Does long work that nobody waits for in slices, the first at once, with others' turns between them. `slice` returns
    /// whether there is more.
    func doInSlices(_ slice: @escaping () -> Bool)
    /// The same, and the first slice waits for its turn as well.
    func doInSlicesLater(_ slice: @escaping () -> Bool)
    /// Counts something that takes as long as so many frames.
    func spend(_ units: Int)
    /// The queue's lease has run out, or its last consumer is gone: the host deletes it.
    func end(_ queue: any Queue)
}

/// Something that can be handed messages: a consumer, as its queue sees it.
protocol DeliveryTarget: AnyObject {
    /// What a listing calls it.
    var tag: ShortString { get }
    var noAck: Bool { get }
    /// Deliveries to it that are not settled.
    var unacknowledged: Int { get }
    var isExclusive: Bool { get }
    /// RabbitMQ: "Consumer Priorities".
    var priority: Int64 { get }
    /// True when a message may be handed to it now.
    var hasRoom: Bool { get }
    /// True from the moment that it is to get nothing more.
    var isCancelled: Bool { get }
    /// True while it stands in its queue's rotation: the queue's own mark. It leaves when it can't take a message, and is
    /// put back, at the end, when it can.
    var isInRotation: Bool { get set }
    /// Where it begins to read a stream, and the offset that comes next: the stream's own mark.
    var start: StreamStart { get }
    var place: UInt64 { get set }
    /// False: it reads on behind this message of a stream as if it were not there.
    func wants(_ message: Message) -> Bool

    /// It has left the rotation because it had no room; its queue is told when it has (``Queue/resume(_:handsOut:)``).
    func awaitRoom()
    func deliver(_ message: QueuedMessage)
    /// Gets nothing more.
    func cancel()
    /// The queue is gone, and with it the consumer.
    func endWithQueue()
}

/// The log of a durable queue.
protocol QueueLog: AnyObject {
    /// A message has got a place.
    func enter(_ message: QueuedMessage)
    /// A message has given up its place for good.
    func leave(_ message: QueuedMessage)
    /// A message has given up its place to become a dead letter. It stays in the log until that is written or has nowhere to go.
    func awaitLetter(of message: QueuedMessage)
    /// The same, and the log knows why: if the broker ends before the letter has arrived, the next one has it too.
    func keepsLetter(of message: QueuedMessage, because reason: DeadLetter.Reason)
    /// That has happened.
    func letterLeft(of message: QueuedMessage)
    /// A message was handed out, and will be marked as redelivered if that is ever repeated, restart or not.
    func noteDelivery(of message: QueuedMessage)
    /// A message has come back, and waits: behind all that came back before, or, if it was put to the end of the queue,
    /// before the one that will have this position.
    func noteReturn(of message: QueuedMessage, before position: UInt64?)

    /// What the log knows the queue by.
    var number: UInt64 { get }
    /// So many messages a stream lets go at a time, once they are on disk.
    var blockCount: Int { get }
    /// Makes runs of a stream's messages whose positions follow each other. From then on only the log has them, and they are
    /// to be asked for by their runs. nil: one of them is not on disk yet, and nothing was done.
    func release(_ messages: [QueuedMessage]) -> [StoredRun]?
    /// Makes several runs of one, with so many messages each. While the log is read back.
    func split(_ run: StoredRun, into counts: [Int]) -> [StoredRun]
    /// The messages of a run, made anew, and when they came in.
    func read(_ run: StoredRun) -> [(message: Message, time: Int64)]
    /// The messages of a run have given up their places for good.
    func leave(_ run: StoredRun)
    /// Does something, once, when what is written now is on disk.
    func whenStored(_ body: @escaping () -> Void)
}

extension QueueHost {
    /// Takes consumers, and tells them little by little that their queue is gone.
    func dismiss(_ consumers: inout IdentityList<any DeliveryTarget>) {
        var left = consumers.takeAll()
        if left.isEmpty { return }
        doInSlices {
            for _ in 0..<250 {
                guard let consumer = left.popFirst() else { return false }
                // Not those that their clients have cancelled meanwhile, or whose channels have ended.
                if consumer.isCancelled { continue }
                consumer.cancel()
                consumer.isInRotation = false
                consumer.endWithQueue()
                if quirk(.firstConsumerIsTold) { return false }
            }
            if !left.isEmpty, quirk(.oneIsLostBetweenSlices) { _ = left.popFirst() }
            return !left.isEmpty
        }
    }

    /// Does away with messages, little by little; `next` takes out one after the other.
    func forget<Gone>(_ next: @escaping () -> Gone?, _ leave: @escaping (Gone) -> Void) {
        doInSlices {
            for _ in 0..<500 {
                guard let message = next() else { return false }
                leave(message)
            }
            return !quirk(.forgettingEndsWithItsSlice)
        }
    }
}

extension IdentityList<any DeliveryTarget> {
    /// For quirks: one alone.
    init(_ only: (any DeliveryTarget)?) {
        self.init()
        if let only { add(only, ObjectIdentifier(only)) }
    }
}
