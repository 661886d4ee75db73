extension Chapter {
    /// The chapters in their order. A new one is a folder beside this file and its name here, a program and its name in
    /// Package.swift, and a folder under `Tutorials` (`Scripts/tenth-chapter` does so in a copy). `ChapterTests` then says
    /// what else it needs: a row in two tables, solutions of its exercises, programs in Python.
    static let all = [hello, worker, pubsub, routing, topic, rpc, confirms, headers, retry]
}
