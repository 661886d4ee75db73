import AMQPWire
import DataStructures

/// Consumers in the order of their tags, into which they are put little by little: a client may have a hundred thousand.
struct ConsumersByTag {
    private var table = DividedDictionary<ShortString, Consumer>()
    private var unsorted: [Consumer] = []
    private var sorted = Heap<Entry>()

    private struct Entry: HeapElement {
        let consumer: Consumer

        func comes(before other: Entry) -> Bool { consumer.tag < other.consumer.tag }
    }

    init(_ consumers: [Consumer]) { unsorted = consumers }

    init(_ consumers: DividedDictionary<ShortString, Consumer>) { table = consumers }

    var isEmpty: Bool { table.isEmpty && unsorted.isEmpty && sorted.isEmpty }

    /// The next one; nil: there are no more, or `left` units do not reach. What it takes is taken off them.
    mutating func next(_ left: inout Int) -> Consumer? {
        while left > 0, let consumer = popUnsorted() {
            sorted.insert(Entry(consumer: consumer))
            left -= 1
        }
        return left > 0 ? sorted.popFirst()?.consumer : nil
    }

    private mutating func popUnsorted() -> Consumer? {
        if unsorted.isEmpty { unsorted = table.popSome() }
        return unsorted.popLast()
    }
}

/// The consumers of a channel that ends.
struct LeavingConsumers {
    private var consumers: ConsumersByTag

    init(_ consumers: DividedDictionary<ShortString, Consumer>) { self.consumers = ConsumersByTag(consumers) }

    var areGone: Bool { consumers.isEmpty }

    /// Some leave their queues, of so many units or a little more. Returns of how many, without what the host has counted: a
    /// queue may hand out what they leave, or go with its last consumer.
    mutating func go(_ most: Int, by host: any SessionHost) -> Int {
        let before = host.budget
        var left = most
        while before - host.budget < left, let consumer = consumers.next(&left) {
            consumer.queue.remove(consumer)
            if consumer.queue.declaration.autoDelete, !consumer.queue.isDeleted, quirk(.endsTakeQueuesAlong) {
                _ = consumer.channel.virtualHost.delete(consumer.queue) {}(.max)
            }
            left -= 4
        }
        return most - left
    }
}
