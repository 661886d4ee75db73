/// The consumers of one queue, and whose turn it is.
struct QueueConsumers {
    /// All of them, in the order they started.
    private(set) var all: [any DeliveryTarget] = []
    /// RabbitMQ: "Single Active Consumer". Then only ``active`` has turns, and the rotation stays empty.
    private let isSingleActive: Bool
    private(set) var active: (any DeliveryTarget)?
    /// Those that may have room, by falling priority; within one priority they take turns.
    private var rotation: [Level] = []

    private struct Level {
        var priority: Int64
        var consumers = Ring<any DeliveryTarget>()
    }

    init(isSingleActive: Bool) { self.isSingleActive = isSingleActive }

    var count: Int { all.count }
    var isEmpty: Bool { all.isEmpty }
    var hasExclusive: Bool { all.contains { $0.isExclusive } }

    mutating func add(_ consumer: any DeliveryTarget) {
        all.append(consumer)
        if active == nil { active = consumer }
        resume(consumer)
    }

    mutating func remove(_ consumer: any DeliveryTarget) {
        all.removeAll { $0 === consumer }
        if active === consumer { active = all.first }
        guard consumer.isInRotation else { return }
        consumer.isInRotation = false
        for level in rotation.indices where rotation[level].priority == consumer.priority {
            rotation[level].consumers.removeAll { $0 === consumer }
        }
        rotation.removeAll(where: \.consumers.isEmpty)
    }

    /// Puts a consumer that has room again at the end of its priority's rotation.
    mutating func resume(_ consumer: any DeliveryTarget) {
        guard !consumer.isInRotation, !consumer.isCancelled else { return }
        consumer.isInRotation = true
        if isSingleActive { return }
        var level = rotation.firstIndex { $0.priority <= consumer.priority } ?? rotation.endIndex
        if level == rotation.endIndex || rotation[level].priority != consumer.priority {
            rotation.insert(Level(priority: consumer.priority), at: level)
            level = rotation.firstIndex { $0.priority == consumer.priority } ?? level
        }
        rotation[level].consumers.append(consumer)
    }

    /// The consumer whose turn it is, of those with the highest priority that have room. It goes to the end of the
    /// rotation; those met on the way that have no room leave it.
    mutating func next() -> (any DeliveryTarget)? {
        if isSingleActive { return nextSingleActive() }
        for level in rotation.indices {
            while let consumer = rotation[level].consumers.popFirst() {
                if consumer.hasRoom {
                    rotation[level].consumers.append(consumer)
                    return consumer
                }
                consumer.isInRotation = false
            }
        }
        return nil
    }

    private func nextSingleActive() -> (any DeliveryTarget)? {
        guard let active else { return nil }
        active.isInRotation = active.hasRoom
        return active.isInRotation ? active : nil
    }
}
