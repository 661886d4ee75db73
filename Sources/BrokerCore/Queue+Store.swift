/// A queue's side of the store: nothing happens here for a queue that is not durable, or a broker without a store.
struct QueueStore {
    var journal: Journal?
    /// The queue's number in the log.
    var number: UInt64 = 0
    /// No message from this position on has been handed out.
    var deliveredBelow: UInt64 = 0
    /// The log will be told with its next batch.
    var isDeliveryNoted = false
}

extension Queue {
    var isStored: Bool { store.journal != nil }

    /// A message has got its place here.
    func entered(_ queued: QueuedMessage) {
        load.added(queued.message)
        if let journal = store.journal, let stored = queued.message.stored {
            journal.add(stored, queue: store.number, position: queued.position, expiresAt: queued.expiresAt)
        }
    }

    /// A message has given up its place here for good.
    func left(_ queued: QueuedMessage) {
        load.removed(queued.message)
        if let journal = store.journal, let stored = queued.message.stored {
            journal.settle(stored, queue: store.number, position: queued.position, isQueueDeleted: isDeleted)
        }
    }

    /// A message was handed out, and will be marked as redelivered if that is ever repeated, restart or not.
    func noteDelivery(of queued: QueuedMessage) {
        guard let journal = store.journal, queued.position >= store.deliveredBelow else { return }
        store.deliveredBelow = queued.position + 1
        if !store.isDeliveryNoted { journal.handsOut(self) }
        store.isDeliveryNoted = true
    }

    /// How far the queue got in handing out, for the log.
    func takeDeliveredBelow() -> UInt64 {
        store.isDeliveryNoted = false
        return store.deliveredBelow
    }

    /// The queue as the log describes it.
    var description: StoredQueue {
        StoredQueue(
            number: store.number, virtualHost: virtualHost.name, name: name, autoDelete: declaration.autoDelete,
            arguments: declaration.arguments, nextPosition: nextPosition, deliveredBelow: store.deliveredBelow)
    }
}
