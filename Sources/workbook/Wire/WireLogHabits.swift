// Habits of right programs that look like mistakes of others.
extension WireLog {
    // MARK: Several acknowledged at once

    /// How many messages one acknowledgement has settled, at most.
    func batch(of run: Int) -> Int {
        var counts: [Int: Int] = [:]
        for handed in handed(to: run) { for ack in handed.acks { counts[ack.place.index, default: 0] += 1 } }
        return counts.values.max() ?? 0
    }

    /// It acknowledges several at once, and has fewer than that in hand: it waits for the others.
    func awaitsMore(_ run: Int) -> Bool {
        let open = handed(to: run).count { !$0.isSettled }
        return life(run)?.status == nil && open > 0 && open < batch(of: run)
    }

    /// It has settled none of the messages that it got, and has room for others: more may have to come before it
    /// acknowledges all of them at once.
    func mayAwaitMore(_ run: Int) -> Bool {
        let handed = handed(to: run)
        guard !handed.isEmpty, !handed.contains(where: \.isSettled), !isRefused(run), life(run)?.status == nil else {
            return false
        }
        let limits = limits.filter { $0.place.run == run && $0.method.prefetchCount > 0 }
        return limits.map { Int($0.method.prefetchCount) }.max().map { handed.count < $0 } ?? true
    }

    // MARK: Asked for one at a time

    /// It asks for messages with basic.get, now and then, and may do so again: what it has not got yet, it may still get.
    func mayAskAgain(_ run: Int) -> Bool {
        guard life(run)?.status == nil, !isRefused(run), let asking = consumptions(of: run).last(where: \.isGet) else {
            return false
        }
        // Of one that has asked once only, nobody knows when it will ask again.
        guard let last = asking.lastAsked else { return true }
        // One that has asked several times since it got something has asked in vain.
        let taken = handed(to: run).last { $0.queue == asking.queue }?.place.time ?? asking.place.time
        return silence(since: last) <= asking.longestPause * 3 / 2 && now - taken <= asking.longestPause * 3
    }

    // MARK: Heard in a queue of its own

    /// It hears in a queue of its own, which nothing is bound to, what has become of what it sends.
    var isListeningForItself: Bool {
        !consumptions.isEmpty
            && consumptions.allSatisfy { consumption in
                isItsOwn(consumption.queue) && !bindings.contains { $0.queue == consumption.queue }
            }
    }

    /// It sends something to a queue that it has made for others.
    var isSending: Bool {
        published.contains { published in
            let queues = destinations(exchange: published.exchange, key: published.key) ?? []
            return queues.contains { declaration(of: $0) != nil && !isItsOwn($0) }
        }
    }
}
