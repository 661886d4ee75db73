import AMQPWire

/// A queue of any kind: what a channel, a virtual host and a listing ask of it.
///
/// A new kind is a type that does this, and a line in ``QueueKinds``.
protocol Queue: AnyObject {
    var name: ShortString { get }
    var kind: QueueKind { get }
    /// As reply texts name it.
    var label: String { get }
    var declaration: QueueDeclaration { get }
    /// The declaration's, as far as a policy leaves them.
    var arguments: QueueArguments { get }
    var isDeleted: Bool { get }
    var counts: QueueCounts { get }
    /// Those that consume from it, in the order they started.
    var consumerList: IdentityList<any DeliveryTarget> { get }
    /// The consumer that alone is served by its queue's declaration (RabbitMQ: "Single Active Consumer").
    var singleActiveConsumer: (any DeliveryTarget)? { get }
    /// The position of its next message.
    var nextPosition: UInt64 { get }

    /// Those that would be handed out last, the very last at the end; at most so many. Nothing is taken.
    func latest(_ most: Int) -> [QueuedMessage]
    /// Drops some of what has expired or is too much. True: there is more of it than may be dropped at once. What the queue
    /// counts, fetches and forgets is right when that has gone: until then nobody gets anything of it.
    func catchUp() -> Bool
    /// Takes in a message, and hands it on when a consumer has room. False: the queue is full, and refuses it. `isAnswered`:
    /// somebody hears of that, a client, or a queue that keeps its dead letters until they have arrived.
    func publish(_ message: Message, isAnswered: Bool) -> Bool
    /// Takes out the first message; it is to be settled or put back unless `noAck`.
    func get(noAck: Bool) -> QueuedMessage?
    /// A message that was handed out is done with.
    func settle(_ message: QueuedMessage, as settlement: Settlement)
    /// Puts messages back, marked as redelivered.
    func requeue(_ returned: [QueuedMessage], because reason: ReturnReason)
    /// Drops what is ready; what is handed out is not touched. Returns how many.
    func purge() -> Int

    /// Throws 403 when a consumer would break somebody's exclusive use.
    func admit(exclusive: Bool) throws(BrokerError)
    func add(_ consumer: any DeliveryTarget)
    /// Removes a consumer; an auto-delete queue goes with its last.
    func remove(_ consumer: any DeliveryTarget)
    /// A consumer may have room again. Unless the queue `handsOut`, it is served when something else is handed out.
    func resume(_ consumer: any DeliveryTarget, handsOut: Bool)

    /// A policy has changed: these are its arguments now. What is too much by them goes at once.
    func follow(_ arguments: QueueArguments)
    /// The queue was used: its lease begins anew (RabbitMQ: "Queue TTL").
    func renewLease()
    /// A time that it had set has come.
    func handleTimer()
    /// It is to be deleted, as soon as its dead letters are out: it waits for nothing else.
    func prepareForDeletion()
    /// Forgets its messages, and hands out nothing more. Only its host calls it.
    func delete()
    /// Tells its consumers that it was deleted, little by little.
    func dismissConsumers()
    /// Takes over messages that were found in the store, in the order of the positions.
    func restore(_ messages: [QueuedMessage], nextPosition: UInt64)
    /// Lets go of what holds it, without a word to anybody.
    func dissolve()
}

extension Queue {
    /// Takes time in proportion to them.
    var consumers: [any DeliveryTarget] { consumerList.all }
    var consumerCount: Int { consumerList.count }

    func prepareForDeletion() {}

    /// Nobody has a quorum queue or a stream to itself: who asks for it gets it shared.
    func admit(exclusive: Bool) throws(BrokerError) {}

    /// Its messages have a dead-letter exchange to go to. A queue that was deleted has none: what was handed out by it and is
    /// rejected now is gone, as in RabbitMQ.
    private var hasDeadLetters: Bool {
        arguments.deadLetterExchange != nil && (!isDeleted || quirk(.deletedQueuesDeadLetter))
    }

    /// Gives a message up that had no place here.
    func deadLetter(_ message: Message, _ reason: DeadLetter.Reason, to host: any QueueHost) {
        guard hasDeadLetters else { return }
        host.take(
            DeadLetter(message: message, queue: self, reason: reason, failureCount: message.traits.failureCount))
    }

    /// Gives a message up that has a place here. The log keeps it until its dead letter is in the log too.
    func bury(_ queued: QueuedMessage, _ reason: DeadLetter.Reason, _ log: (any QueueLog)?, _ host: any QueueHost) {
        host.load.remove(queued.message)
        guard hasDeadLetters else {
            log?.leave(queued)
            return
        }
        log?.awaitLetter(of: queued)
        host.take(
            DeadLetter(
                message: queued.message, queue: self, reason: reason, failureCount: queued.failuresInAll,
                place: log.map { ($0, queued) }))
    }

    /// Throws 405 when another connection owns the queue.
    func checkAccess(by connection: ConnectionID) throws(BrokerError) {
        if let owner = declaration.owner, owner != connection { throw .locked(label) }
    }
}

/// What a declare fixes for a queue's life.
struct QueueDeclaration {
    var durable = false
    /// The connection that alone may use the queue; nil: everybody.
    var owner: ConnectionID?
    var autoDelete = false
    var arguments: FieldTable = [:]
    /// The queue's own octets in the account.
    var held: Holding?
}

struct QueueCounts {
    var ready: Int
    /// Deliveries that wait for their acknowledgement, on all channels.
    var unacknowledged: Int
    /// Octets of the bodies of the ready messages.
    var readyOctets: Int
}

/// How a delivery ends for good.
enum Settlement {
    case acknowledged
    /// Refused, and dead-lettered where its queue says so.
    case rejected
}
