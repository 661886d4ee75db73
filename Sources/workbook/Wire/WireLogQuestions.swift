import AMQPWire

// Questions that several checks ask of a log.
extension WireLog {
    /// The program's own declaration of a queue; not one that only asks whether it is there.
    func declaration(of queue: String) -> DeclaredQueue? { queues.first { $0.name == queue && !$0.method.passive } }

    func declaration(ofExchange name: String) -> DeclaredExchange? {
        exchanges.first { $0.name == name && !$0.method.passive }
    }

    /// It consumes from a queue that nobody else reads, or from the way back that needs none.
    var hasOwnQueue: Bool {
        consumptions.contains { consumption in
            let declared = declaration(of: consumption.queue)?.method
            return consumption.queue == "amq.rabbitmq.reply-to" || declared?.exclusive == true
                || declared?.queue.text.isEmpty == true
        }
    }

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

    /// The queues that a message goes to by what the program itself has declared and bound. nil: that does not tell, for
    /// the message takes a way through other exchanges, or is chosen by its headers.
    func destinations(exchange: String, key: String) -> Set<String>? {
        if exchange.isEmpty { return [key] }
        let isIndirect = others.contains {
            if case .exchangeBind = $0.method { true } else { false }
        }
        let declared = declaration(ofExchange: exchange)
        if isIndirect || declared?.method.arguments["alternate-exchange"] != nil { return nil }
        let type = declared?.method.type.text ?? Self.standardType(exchange)
        let bound = bindings.filter { $0.exchange == exchange }
        switch type {
        case "fanout": return Set(bound.map(\.queue))
        case "direct": return Set(bound.filter { $0.key == key }.map(\.queue))
        case "topic": return Set(bound.filter { TopicPattern.matches($0.key, key) }.map(\.queue))
        default: return nil
        }
    }

    private static func standardType(_ exchange: String) -> String? {
        switch exchange {
        case "amq.direct", "amq.topic", "amq.fanout": String(exchange.dropFirst(4))
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
