extension Chapter {
    /// The chapters in their order. A new one is a folder beside this file and its name here, a program and its name in
    /// Package.swift, and a folder under `Tutorials`: then it is built and played (`Scripts/tenth-chapter` does so in a
    /// copy). What `swift test` asks for besides is in Sources/README.md, under "A chapter".
    static let all = [
        hello, worker, pubsub, routing, topic, rpc, confirms, headers, retry, quorum, stream, order, inbox,
    ]
}
