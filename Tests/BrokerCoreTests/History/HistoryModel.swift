import AMQPWire

/// What a broker may do, in a few dictionaries: told of everything that clients send and receive, it says what is wrong.
///
/// In the manner of Jepsen it knows nothing of how the broker works, only what it promised: every copy of a message is in
/// one place at a time, in order, within the windows, marked when it was out before, and none goes missing.
struct HistoryModel {
    struct Path: Hashable {
        var client: Int
        var channel: UInt16
    }

    struct Consumer {
        var queue: String
        var path: Path
        var noAck: Bool
        /// 0: none.
        var window: Int
        var out = 0
        var lastFresh = -1
    }

    struct Delivery {
        var message: Int
        var queue: String
        var consumer: String?
    }

    /// What is in a queue and not out: message numbers, which grow with the time of publishing.
    private(set) var ready: [String: Set<Int>] = [:]
    private var deliveredBefore: [String: Set<Int>] = [:]
    private(set) var consumers: [String: Consumer] = [:]
    private(set) var out: [Path: [UInt64: Delivery]] = [:]
    private var lastTag: [Path: UInt64] = [:]
    private var sharedWindows: [Path: Int] = [:]
    private var unconfirmed: [Path: Set<UInt64>] = [:]
    private var published: [Path: UInt64] = [:]
    private(set) var violations: [String] = []

    /// What this step returned in one go, so that its deliveries are the lowest of all; nil: several returns.
    private var isOrderKnown = true
    private var step: [String: [Int]] = [:]
    private var before: [String: Set<Int>] = [:]

    init(queues: [String]) {
        for queue in queues { (ready[queue], deliveredBefore[queue]) = ([], []) }
    }

    private mutating func complain(_ text: String) { violations.append(text) }

    // MARK: What clients do

    mutating func publish(_ message: Int, to queues: [String], on path: Path) {
        for queue in queues { ready[queue]?.insert(message) }
        guard unconfirmed[path] != nil else { return }
        published[path, default: 0] += 1
        unconfirmed[path]?.insert(published[path] ?? 0)
    }

    mutating func selectConfirms(on path: Path) { unconfirmed[path] = unconfirmed[path] ?? [] }

    mutating func consume(_ queue: String, tag: String, on path: Path, noAck: Bool, window: Int) {
        consumers[tag] = Consumer(queue: queue, path: path, noAck: noAck, window: window)
    }

    mutating func share(_ window: Int, on path: Path) { sharedWindows[path] = window }

    mutating func cancel(_ tag: String) { consumers[tag] = nil }

    /// The deliveries of a channel up to a tag, or one.
    func deliveries(_ tag: UInt64, multiple: Bool, on path: Path) -> [UInt64] {
        (out[path] ?? [:]).keys.filter { multiple ? $0 <= tag : $0 == tag }.sorted()
    }

    mutating func settle(_ tags: [UInt64], on path: Path, requeue: Bool) {
        for tag in tags {
            guard let delivery = out[path]?.removeValue(forKey: tag) else { continue }
            if let consumer = delivery.consumer { consumers[consumer]?.out -= 1 }
            if requeue { ready[delivery.queue]?.insert(delivery.message) }
        }
    }

    mutating func purge(_ queue: String) { ready[queue] = [] }

    mutating func lose(_ path: Path, withConnection: Bool) {
        for (tag, consumer) in consumers where consumer.path == path { consumers[tag] = nil }
        settle(deliveries(.max, multiple: true, on: path), on: path, requeue: true)
        (out[path], lastTag[path], sharedWindows[path], unconfirmed[path], published[path]) = (nil, nil, nil, nil, nil)
        // Channels go one after the other, so others may be handed what the second returns after what is behind it.
        if withConnection { isOrderKnown = false }
    }

    // MARK: What the broker does

    mutating func begin() { (isOrderKnown, step) = (true, [:]) }

    mutating func delivered(
        _ message: Int, consumer tag: String, deliveryTag: UInt64, redelivered: Bool, on path: Path
    ) {
        guard let consumer = consumers[tag] else {
            return complain("\(message) was delivered to '\(tag)', which is gone")
        }
        take(message, from: consumer.queue, deliveryTag, redelivered, on: path)
        if !redelivered {
            if message < consumer.lastFresh { complain("'\(tag)' got \(message) after \(consumer.lastFresh)") }
            consumers[tag]?.lastFresh = message
        }
        if consumer.noAck { return }
        out[path, default: [:]][deliveryTag] = Delivery(message: message, queue: consumer.queue, consumer: tag)
        consumers[tag]?.out += 1
        if consumer.window > 0, consumer.out + 1 > consumer.window {
            complain("'\(tag)' has \(consumer.out + 1) out, with a window of \(consumer.window)")
        }
        if let window = sharedWindows[path], window > 0, shared(path) > window {
            complain("\(path) has \(shared(path)) out, with a shared window of \(window)")
        }
    }

    mutating func got(
        _ message: Int, from queue: String, deliveryTag: UInt64, redelivered: Bool, left: Int, on path: Path,
        noAck: Bool
    ) {
        take(message, from: queue, deliveryTag, redelivered, on: path)
        if left != ready[queue]?.count {
            complain("get-ok says that \(left) are left, not \(ready[queue]?.count ?? 0)")
        }
        if !noAck { out[path, default: [:]][deliveryTag] = Delivery(message: message, queue: queue) }
    }

    mutating func gotEmpty(_ queue: String) {
        if ready[queue]?.isEmpty == false { complain("get-empty, and \(queue) has \(ready[queue]?.count ?? 0)") }
    }

    mutating func confirmed(_ tag: UInt64, multiple: Bool, on path: Path) {
        let tags = (unconfirmed[path] ?? []).filter { multiple ? $0 <= tag : $0 == tag }
        if tags.isEmpty { complain("\(path): \(tag) is confirmed, and was not waiting for it") }
        unconfirmed[path]?.subtract(tags)
    }

    mutating func purged(_ count: Int, expected: Int) {
        if count != expected { complain("purge-ok says \(count), and there were \(expected)") }
    }

    /// What consumers of a channel have out, those that were cancelled since included.
    private func shared(_ path: Path) -> Int { out[path]?.values.count { $0.consumer != nil } ?? 0 }

    private mutating func take(
        _ message: Int, from queue: String, _ deliveryTag: UInt64, _ redelivered: Bool, on path: Path
    ) {
        let expected = (lastTag[path] ?? 0) + 1
        if deliveryTag != expected { complain("\(path): delivery tag \(deliveryTag), not \(expected)") }
        lastTag[path] = deliveryTag
        if ready[queue]?.contains(message) != true {
            complain("\(message) came from \(queue), where it is not: it is out, settled, or was never published there")
        }
        if before[queue] == nil { before[queue] = ready[queue] }
        step[queue, default: []].append(message)
        ready[queue]?.remove(message)
        let wasOut = deliveredBefore[queue]?.insert(message).inserted == false
        if wasOut, !redelivered { complain("\(message) was out before, and is not marked as redelivered") }
        if !wasOut, redelivered { complain("\(message) is marked as redelivered, and was never out") }
    }

    /// Everything that came of a step has been told.
    mutating func end() {
        for (queue, messages) in step where isOrderKnown {
            let expected = (before[queue] ?? []).sorted().prefix(messages.count)
            if messages.sorted() != Array(expected) {
                complain("\(queue) handed out \(messages.sorted()), and the first in line were \(Array(expected))")
            }
        }
        before = [:]
        for (tag, consumer) in consumers where ready[consumer.queue]?.isEmpty == false {
            let sharedWindow = sharedWindows[consumer.path] ?? 0
            let hasRoom =
                consumer.noAck
                || (consumer.window == 0 || consumer.out < consumer.window)
                    && (sharedWindow == 0 || shared(consumer.path) < sharedWindow)
            if hasRoom {
                complain("'\(tag)' has room, and \(consumer.queue) keeps \(ready[consumer.queue]?.sorted() ?? [])")
            }
        }
        // Nothing is written to a disk here, so nothing keeps a confirm waiting.
        for (path, tags) in unconfirmed where !tags.isEmpty { complain("\(path): \(tags.sorted()) are not confirmed") }
    }
}
