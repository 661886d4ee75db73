// What chapter 6 asks of a log.
extension WireLog {
    /// It asks, and says where the answer should go.
    var isAsking: Bool { published.contains { $0.properties.replyTo != nil } }

    /// The first question; if none says where the answer should go, the first message.
    var question: Published? { published.first { $0.properties.replyTo != nil } ?? published.first }

    /// All that it consumes from comes and goes with it.
    var isBrief: Bool {
        !consumptions.isEmpty
            && consumptions.allSatisfy { isItsOwn($0.queue) || declaration(of: $0.queue)?.method.autoDelete == true }
    }

    /// A client asks; all else that consumes is a server, unless nobody could know the name of its queue.
    var rpcRole: Check.Role? {
        if isAsking { return .producer }
        guard let work else { return published.isEmpty ? nil : .producer }
        let isNamed = declaration(of: work.queue)?.method.queue.isEmpty == false
        return isBrief && !(isNamed && published.isEmpty) ? .producer : .consumer
    }

    /// The program was handed this question. An empty id: it has none.
    func isGiven(_ question: String, _ id: String, to run: Int) -> Bool {
        handed(to: run).contains { $0.body == question && ($0.properties.correlationID?.text ?? "") == id }
    }

    /// What was published as an answer to one of these: with its id, or with none to the queue for answers.
    ///
    /// - Parameter from: how many messages came before the questions
    func answers(to ids: [String], _ replies: String, from count: Int = 0) -> [Published] {
        published.dropFirst(count).filter { message in
            guard let id = message.properties.correlationID?.text else {
                return message.exchange.isEmpty && message.key == replies
            }
            return ids.contains(id)
        }
    }
}
