import AMQPWire

/// The exercises of chapter 4.
enum RoutingExercises {
    /// 4.1: one severity more, while it runs.
    @Sendable static func listensToMore(_ stage: Rehearsal) async throws -> [Finding] {
        let run = try await stage.start()
        defer { run.kill() }
        try await listens(run, stage)
        try await emit("too early", "debug", stage)
        try await more(run, stage)
        try await emit("in time", "debug", stage)
        try await emit("the end", "info", stage)
        await prints("the end", run, stage)
        return [
            bindsFinding(stage),
            Point(
                "gets what comes from then on", why: "A binding counts from the moment it is made.", see: .routingRead
            ).finding(run.lastLines().contains { $0.contains("in time") }, printed(run)),
            Point(
                "and not what came before", why: "The exchange kept nothing for it.", see: .routingRead
            ).finding(!run.lastLines().contains { $0.contains("too early") }, printed(run)),
        ]
    }

    /// 4.2: and one less.
    @Sendable static func listensToLess(_ stage: Rehearsal) async throws -> [Finding] {
        let run = try await stage.start()
        defer { run.kill() }
        try await listens(run, stage)
        try await more(run, stage)
        try await emit("less debug", "info", stage)
        try await emit("one between", "info", stage)
        await prints("one between", run, stage)
        let unbound = stage.watch.observations.first { if case .method(.queueUnbind) = $0.what { true } else { false } }
        try await emit("too late", "debug", stage)
        try await emit("the end", "info", stage)
        await prints("the end", run, stage)
        return [
            bindsFinding(stage),
            Point(
                "unbinds on 'less debug'", why: "Reading and throwing away costs the way to the program.",
                see: .routingRead
            ).finding(
                unbound != nil, unbound.map { "queue.unbind at \($0.time) ms." } ?? "No queue.unbind was seen."),
            Point(
                "gets no more of it", why: "Take the binding away with the arguments it was made with.",
                see: .routingRead
            ).finding(!run.lastLines().contains { $0.contains("too late") }, printed(run)),
        ]
    }

    /// 4.3: knows whether anybody got it. Nobody did.
    @Sendable static func findsOut(_ stage: Rehearsal) async throws -> [Finding] {
        let run = try await stage.start()
        defer { run.kill() }
        await stage.until(stage.pace.begin) { _ in run.hasEnded }
        let log = stage.log
        guard let publish = log.published.first else { throw Rehearsal.CannotJudge.silent(run) }
        let point = Point(
            "finds out that nobody got it",
            why: "An exchange drops what fits no binding: only mandatory, or an alternate exchange, makes it say so.",
            see: .routingPredict)
        if let exchange = log.exchanges.first(where: { $0.method.arguments["alternate-exchange"] != nil }) {
            return [
                point.finding(true, "exchange.declare with an alternate exchange at \(exchange.place.time) ms.")
            ]
        }
        guard publish.method.mandatory else {
            return [
                point.finding(
                    false,
                    "basic.publish at \(publish.place.time) ms without mandatory, to an exchange without an alternate one."
                )
            ]
        }
        return [
            point.finding(true, "basic.publish at \(publish.place.time) ms, with mandatory."),
            Point("and says so", why: "Else nobody knows.", see: .routingPredict).finding(
                run.lastLines().contains { $0.contains("NO_ROUTE") }, printed(run)),
        ]
    }

    // MARK: Scenes

    private static func listens(_ run: Subject.Run, _ stage: Rehearsal) async throws {
        await stage.until(stage.pace.begin) { log in log.consumptions.contains { $0.isGranted } || run.hasEnded }
        if run.hasEnded { throw Rehearsal.CannotJudge.silent(run) }
    }

    private static func emit(_ text: String, _ key: String, _ stage: Rehearsal) async throws {
        try await stage.publish(text, exchange: "direct_logs", key: key)
    }

    /// The program takes one message after the other: when it prints the second, it has done what the first asked for.
    private static func more(_ run: Subject.Run, _ stage: Rehearsal) async throws {
        try await emit("more debug", "info", stage)
        try await emit("one behind", "info", stage)
        await prints("one behind", run, stage)
    }

    private static func prints(_ text: String, _ run: Subject.Run, _ stage: Rehearsal) async {
        await stage.until(stage.pace.answer) { _ in run.lastLines().contains { $0.contains(text) } || run.hasEnded }
    }

    private static func bindsFinding(_ stage: Rehearsal) -> Finding {
        let binding = stage.log.bindings.first { $0.key == "debug" }
        return Point(
            "binds 'debug' on 'more debug'", why: "Without a binding nothing of it comes into the queue.",
            see: .routingRead
        ).finding(
            binding != nil,
            binding.map { "queue.bind at \($0.place.time) ms." } ?? "No queue.bind for 'debug' was seen.")
    }

    private static func printed(_ run: Subject.Run) -> String {
        "It printed: \(run.lastLines().joined(separator: " | "))"
    }
}
