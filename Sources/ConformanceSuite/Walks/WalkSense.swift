extension WalkModel {
    /// The step makes sense here, and it is known what comes of it.
    func allows(_ step: WalkStep) -> Bool {
        let channel = channels[step.channel]
        switch step.deed {
        case .declareExchange, .deleteExchange, .declareQueue, .settleUnknown, .recover, .close: return true
        case .deleteQueue(let name, let ifUnused, let ifEmpty):
            // A quorum queue is never deleted under a condition.
            return queues[name].map { !$0.shape.isQuorum || !ifUnused && !ifEmpty } == true
        case .purge(let name), .get(let name, _), .read(let name): return queues[name] != nil
        case .bind(let binding): return exchanges[binding.source] == nil || isThere(binding.destination)
        case .unbind(let binding): return exchanges[binding.source] != nil && isThere(binding.destination)
        case .publish: return true
        case .settle(let place, _, _): return place < channel.open.count
        case .settleAll: return !channel.open.isEmpty
        case .consume(let name, let consumption):
            // Whose room is free when something is settled that an earlier consumer of that tag got, is told in several ways.
            let held = channel.open + channel.settled.map(\.delivery)
            if held.contains(where: { $0.consumer == consumption.tag }) { return false }
            // Of several consumers of a quorum queue releases choose in ways of their own.
            return queues[name].map { !$0.shape.isQuorum || $0.consumers.isEmpty } == true
                && !hasConsumer(consumption.tag, step.channel)
        case .cancel(let tag): return hasConsumer(tag, step.channel)
        case .commit:
            // What became of the queues in between, releases tell in ways of their own.
            return channel.mode == .transactional && (channel.published.isEmpty || channel.publishedAt == layout)
        case .rollback: return channel.mode == .transactional
        case .wait: return theme == .time
        case .restart: return theme == .restarts
        }
    }

    private func isThere(_ destination: WalkStep.Destination) -> Bool {
        switch destination {
        case .queue(let name): queues[name] != nil
        case .exchange(let name): exchanges[name] != nil
        }
    }

    private func hasConsumer(_ tag: String, _ channel: Int) -> Bool {
        queues.values.contains { $0.consumers.contains { $0.tag == tag && $0.channel == channel } }
    }
}
