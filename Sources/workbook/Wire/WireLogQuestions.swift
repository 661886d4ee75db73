import AMQPWire

// Questions that several checks ask of a log.
extension WireLog {
    /// The program's own declaration of a queue; not one that only asks whether it is there.
    func declaration(of queue: String) -> DeclaredQueue? { queues.first { $0.name == queue && !$0.method.passive } }

    func declaration(ofExchange name: String) -> DeclaredExchange? {
        exchanges.first { $0.name == name && !$0.method.passive }
    }

    /// Such a queue is for one program alone, and it comes and goes with it.
    func isItsOwn(_ queue: String) -> Bool {
        guard let declared = declaration(of: queue)?.method else { return queue == "amq.rabbitmq.reply-to" }
        return declared.exclusive || declared.queue.isEmpty
    }

    var hasOwnQueue: Bool { consumptions.contains { isItsOwn($0.queue) } }

    /// What it consumes as its work: not from a queue of its own, where it hears what it is to do, unless it has no other.
    var work: Consumption? { consumptions.first { !isItsOwn($0.queue) } ?? consumptions.first }

    /// What its publishing is about: the first message that goes to a queue of its own making, or else the first. A word about
    /// itself may come before it.
    var errand: Published? { published.first(where: isErrand) ?? published.first }

    private func isErrand(_ published: Published) -> Bool {
        let queues = destinations(exchange: published.exchange, key: published.key) ?? []
        return queues.contains { declaration(of: $0) != nil }
    }

    /// The first message that a run publishes to an exchange of this type, or to any, or else the first: it may have another
    /// exchange for words about itself.
    func emission(to type: String, of run: Int? = nil) -> Published? {
        let published = run.map { self.published(by: $0) } ?? self.published
        return published.first { self.type(ofExchange: $0.exchange) == type }
            ?? published.first { !$0.exchange.isEmpty } ?? published.first
    }

    /// As the program has declared it, or the broker before it.
    func type(ofExchange name: String) -> String? {
        declaration(ofExchange: name)?.method.type.text ?? Self.standardType(name)
    }

    /// All that its publishing is about.
    var errands: [Published] {
        let errands = published.filter(isErrand)
        return errands.isEmpty ? published : errands
    }

    /// The bindings by which it listens: to the exchange, of this type if there is one, that the queue it reads is bound to. It
    /// may have others, for what it gives up, say, or for what it is told.
    func subscriptions(to type: String) -> [Binding] {
        let (bound, read) = (bindings(of: 1), Set(consumptions(of: 1).map(\.queue)))
        let exchanges = bound.filter { read.contains($0.queue) }.map(\.exchange)
        guard let exchange = exchanges.first(where: { self.type(ofExchange: $0) == type }) ?? exchanges.first else {
            return bound
        }
        return bound.filter { $0.exchange == exchange }
    }

    /// What it consumes from a queue that is bound, or else the first.
    func listening(to type: String) -> Consumption? {
        let bound = Set(subscriptions(to: type).map(\.queue))
        return consumptions.first { $0.place.run == 1 && bound.contains($0.queue) } ?? consumptions.first
    }

    /// It has closed the channel that the message came through, and got the message again.
    func isBack(_ handed: Handed) -> Bool {
        isClosed(behind: handed)
            && self.handed.contains { $0.redelivered && $0.body == handed.body && handed.place < $0.place }
    }

    /// The queue that it works on; if it reads several, not the one with what was given up.
    var workQueue: String? { (consumptions.first { !RetryJudge.isDead($0.queue) } ?? consumptions.first)?.queue }

    func handed(to run: Int) -> [Handed] { handed.filter { $0.place.run == run } }
    func published(by run: Int) -> [Published] { published.filter { $0.place.run == run } }
    func consumptions(of run: Int) -> [Consumption] { consumptions.filter { $0.place.run == run } }
    func bindings(of run: Int) -> [Binding] { bindings.filter { $0.place.run == run } }

    /// Whether the broker has closed a channel, or a connection, of this program.
    func isRefused(_ run: Int) -> Bool { refusals.contains { $0.place.run == run } }

    /// All connections that this program has made have ended.
    func isAway(_ run: Int) -> Bool {
        let made = connected.filter { $0.run == run }
        return made.allSatisfy { isDisconnected($0.connection) }
    }

    func life(_ run: Int) -> Life? { lives.first { $0.run == run } }

    /// The program has ended by itself, and every connection that it made.
    func isOver(_ run: Int) -> Bool { life(run)?.status != nil && isAway(run) }

    /// Where the program itself has thrown away what a queue held.
    func empties(_ queue: String) -> (place: Place, verb: String)? {
        for (place, method) in others {
            switch method {
            case .queuePurge(let purge) where purge.queue.text == queue: return (place, "queue.purge")
            case .queueDelete(let delete) where delete.queue.text == queue: return (place, "queue.delete")
            default: continue
            }
        }
        return nil
    }

    // MARK: Is there more to come?

    /// How much the programs have done so far: messages published, and messages settled.
    var deeds: Int { published.count + handed.reduce(0) { $0 + $1.settlements.count } }

    /// It has nothing more to send, as far as can be told: it was silent for so long, and for much longer than between any
    /// two of its messages.
    func isQuiet(_ run: Int, for milliseconds: Int64) -> Bool {
        let quiet = silence(since: lastPublish ?? now)
        guard quiet > milliseconds else { return false }
        let published = published(by: run)
        let pauses = zip(published, published.dropFirst()).map { $1.place.time - $0.place.time }
        return quiet > 3 * (pauses.max() ?? 0)
    }

    /// It may still be at work on what it has in hand: it has settled others, and each took it about as long.
    func isAtWork(_ run: Int) -> Bool {
        let handed = handed(to: run)
        guard life(run)?.status == nil, let open = handed.first(where: { !$0.isSettled }) else { return false }
        let done = handed.compactMap { handed in
            handed.settlements.first.map { (from: handed.place.time, to: $0.place.time) }
        }.sorted { $0.to < $1.to }
        var (longest, before): (Int64, Int64) = (0, .min)
        for work in done {
            longest = max(longest, work.to - max(work.from, before))
            before = work.to
        }
        return silence(since: max(before, open.place.time)) <= longest * 3 / 2
    }

    /// For how long nothing has come since then; what the machine kept a program waiting is none of its silence.
    func silence(since time: Int64) -> Int64 { min(now - time, quietFor ?? .max) }

    /// What has not been settled: wrong, unless it may still come.
    func unsettled(by run: Int) -> Finding.Verdict { isAtWork(run) || awaitsMore(run) ? .notSeen : missing }

    /// How it ended by itself, or what it waits for, as the end of a sentence; mostly empty while it runs.
    func ending(of run: Int) -> String {
        if let status = life(run)?.status { return "; it had ended with status \(status)" }
        return awaitsMore(run) ? "; it acknowledges up to \(batch(of: run)) at once" : ""
    }

    /// Another copy of the program has the queue to itself, and this one waits for its turn.
    func isStandby(_ refusal: Refusal) -> Bool {
        refusal.code == ReplyCode.accessRefused.rawValue
            && consumptions.contains { $0.method.exclusive && $0.isGranted && $0.place.run != refusal.place.run }
    }

    /// What a program does: one that consumes is a consumer, unless it only listens for itself, and one that publishes and
    /// does not consume a producer. nil: it may still do the other.
    func role(isLate: Bool) -> Check.Role? {
        if isListeningForItself {
            return isSending || isLate && !published.isEmpty ? .producer : isLate ? .consumer : nil
        }
        if !consumptions.isEmpty { return .consumer }
        return published.isEmpty || farewells.isEmpty && !isLate ? nil : .producer
    }

    // MARK: The way of a message

    /// The queues that a message goes to by what the program itself has declared and bound. nil: that does not tell, for
    /// the message takes a way through other exchanges, or is chosen by its headers.
    func destinations(exchange: String, key: String) -> Set<String>? {
        if exchange.isEmpty { return [key] }
        let isIndirect = others.contains {
            if case .exchangeBind = $0.method { true } else { false }
        }
        let declared = declaration(ofExchange: exchange)
        if isIndirect || declared?.method.arguments["alternate-exchange"] != nil { return nil }
        let type = self.type(ofExchange: exchange)
        let bound = bindings.filter { $0.exchange == exchange }
        switch type {
        case "fanout": return Set(bound.map(\.queue))
        case "direct": return Set(bound.filter { $0.key == key }.map(\.queue))
        case "topic": return Set(bound.filter { TopicPattern.matches($0.key, key) }.map(\.queue))
        default: return nil
        }
    }

    /// Where a message went through an exchange, and its way is not known.
    func unknownWay(_ published: Published) -> String {
        "basic.publish at \(published.place.time) ms to exchange '\(published.exchange)': the program binds no queue to it, "
            + "so which one keeps its messages was not seen."
    }

    private static func standardType(_ exchange: String) -> String? {
        switch exchange {
        case "amq.direct", "amq.topic", "amq.fanout", "amq.headers": String(exchange.dropFirst(4))
        case "amq.match": "headers"
        default: nil
        }
    }
}

/// The patterns of a topic exchange.
enum TopicPattern {
    static func matches(_ pattern: String, _ key: String) -> Bool {
        matches(words(pattern)[...], words(key)[...])
    }

    static func words(_ key: String) -> [Substring] { key.split(separator: ".", omittingEmptySubsequences: false) }

    private static func matches(_ pattern: ArraySlice<Substring>, _ key: ArraySlice<Substring>) -> Bool {
        // Which prefixes of the key the pattern so far matches: no worse than the one length times the other.
        var reached = [Bool](repeating: false, count: key.count + 1)
        reached[0] = true
        for word in pattern {
            var next = [Bool](repeating: false, count: key.count + 1)
            for (index, isReached) in reached.enumerated() {
                if word == "#" {
                    next[index] = isReached || index > 0 && next[index - 1]
                } else if isReached, index < key.count,
                    word == "*" || word == key[key.startIndex + index]
                {
                    next[index + 1] = true
                }
            }
            reached = next
        }
        return reached[key.count]
    }
}
