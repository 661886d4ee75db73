extension WalkModel {
    /// The step makes sense here, and it is known what comes of it.
    func allows(_ step: WalkStep) -> Bool {
        let channel = channels[step.channel]
        switch step.deed {
        case .declareExchange, .deleteExchange, .declareQueue, .settleUnknown, .recover, .close: return true
        case .deleteQueue(let name, _, _), .purge(let name), .get(let name, _), .read(let name):
            return queues[name] != nil
        case .bind(let binding): return exchanges[binding.source] == nil || isThere(binding.destination)
        case .unbind(let binding): return exchanges[binding.source] != nil && isThere(binding.destination)
        case .publish: return true
        case .settle(let place, _, _): return place < channel.open.count
        case .settleAll: return !channel.open.isEmpty
        case .consume(let name, let tag, _, _):
            return queues[name].map { $0.consumer == nil } == true && consumer(tag) == nil
        case .cancel(let tag): return consumer(tag)?.channel == step.channel
        case .commit:
            // What became of the queues in between, releases tell in ways of their own.
            return channel.mode == .transactional && (channel.published.isEmpty || channel.publishedAt == layout)
        case .rollback: return channel.mode == .transactional
        }
    }

    private func isThere(_ destination: WalkStep.Destination) -> Bool {
        switch destination {
        case .queue(let name): queues[name] != nil
        case .exchange(let name): exchanges[name] != nil
        }
    }

    private func consumer(_ tag: String) -> WalkQueue.Consumer? {
        queues.values.lazy.compactMap(\.consumer).first { $0.tag == tag }
    }
}
