extension Chapter {
    /// The chapters in their order: a new one is a folder beside this file, and its name here.
    static let all = [hello, worker, pubsub, routing, topic, rpc, confirms, headers, retry]
}
