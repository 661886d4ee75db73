import AMQPWire

// What salvage needs of a recovery: it takes what comes, and misses nothing.

extension StoreRecovery {
    /// Begins with nothing, and expects nothing.
    init(salvagingWith reader: any StoreReader) {
        journal = Journal(reader: reader, limits: StoreLimits())
        (manifest, end, findsRuns) = (nil, .unmarked, false)
    }

    /// The records that follow are of this segment.
    mutating func begin(_ header: SegmentFormat.Header, count: Int) {
        // The numbers of segments follow each other, also where one is missing.
        while newest != 0, newest + 1 < header.segment {
            newest += 1
            journal.addFound(SegmentFormat.Header(segment: newest, oldest: 0, salt: 0), count: 0)
        }
        newest = header.segment
        // A header that can't be read says nothing of it.
        if header.oldest > 0 { oldest = header.oldest }
        journal.addFound(header, count: count)
    }

    /// All that is declared, as records.
    func describe(to journal: Journal) {
        for host in sortedVirtualHosts { journal.append(.virtualHostDefined(host)) }
        for policy in sortedPolicies { journal.append(.policySet(policy.value)) }
        for exchange in sortedExchanges { journal.append(.exchangeDeclared(exchange.value)) }
        for queue in sortedQueues { journal.append(.queueDeclared(queue.description.value)) }
        for binding in sortedBindings {
            if case .queue(let number) = binding.value.destination, queues[number] == nil { continue }
            if case .exchange(let name) = binding.value.destination, !hasExchange(name, binding.value) { continue }
            if hasExchange(binding.value.source, binding.value) { journal.append(.bound(binding.value)) }
        }
    }

    private func hasExchange(_ name: ShortString, _ binding: StoredBinding) -> Bool {
        name.octets.isEmpty || name.octets.starts(with: Array("amq.".utf8))
            || exchanges[ExchangeKey(virtualHost: binding.virtualHost, name: name)] != nil
    }

    /// The messages, each with its places, in an order in which every queue's positions rise.
    var messagesInOrder: [(message: Message, copies: [StoredContent.Copy])] {
        var (all, index): ([(message: Message, copies: [StoredContent.Copy])], [ObjectIdentifier: Int]) = ([], [:])
        for queue in sortedQueues {
            queue.forEachRun { run in
                for found in run {
                    let copy = StoredContent.Copy(
                        queue: queue.description.value.number, position: found.position, expiresAt: found.expiresAt)
                    if let known = index[ObjectIdentifier(found.message)] {
                        all[known].copies.append(copy)
                    } else {
                        index[ObjectIdentifier(found.message)] = all.count
                        all.append((found.message, [copy]))
                    }
                }
            }
        }
        return all
    }
}
