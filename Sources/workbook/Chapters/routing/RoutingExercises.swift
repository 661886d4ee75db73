import AMQPWire

/// The exercises of chapter 4.
enum RoutingExercises {
    /// 4.1: one severity more, while it runs.
    @Sendable static func listensToMore(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        try await awaitConsumer(run, inspection)
        try await emit("too early", "debug", inspection)
        try await sendMore(run, inspection)
        try await emit("in time", "debug", inspection)
        try await emit("the end", "info", inspection)
        await awaitLine("the end", run, inspection)
        return [
            bindsFinding(inspection),
            Point(
                "gets what comes from then on", why: "A binding counts from the moment it is made.", see: .routingRead
            ).finding(run.lastLines().contains { $0.contains("in time") }, printed(run)),
            Point(
                "and not what came before", why: "The exchange kept nothing for it.", see: .routingRead
            ).finding(!run.lastLines().contains { $0.contains("too early") }, printed(run)),
        ]
    }

    /// 4.2: and one less.
    @Sendable static func listensToLess(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        try await awaitConsumer(run, inspection)
        try await sendMore(run, inspection)
        try await emit("less debug", "info", inspection)
        try await emit("one between", "info", inspection)
        await awaitLine("one between", run, inspection)
        let unbound = inspection.log.others.first { $0.method.id == QueueUnbind.id }
        try await emit("too late", "debug", inspection)
        try await emit("the end", "info", inspection)
        await awaitLine("the end", run, inspection)
        return [
            bindsFinding(inspection),
            Point(
                "unbinds on 'less debug'",
                why: "A message that you read and throw away still has to travel to the program.",
                see: .routingRead
            ).finding(
                unbound != nil, unbound.map { "queue.unbind at \($0.place.time) ms." } ?? "No queue.unbind was seen."),
            Point(
                "gets no more of it", why: "Remove the binding with the arguments that you made it with.",
                see: .routingRead
            ).finding(!run.lastLines().contains { $0.contains("too late") }, printed(run)),
        ]
    }

    /// 4.3: knows whether anybody got it. Nobody did.
    @Sendable static func findsOut(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { _ in run.hasEnded }
        let log = inspection.log
        guard let publish = log.published.first else { throw Inspection.CannotJudge.silent(run) }
        let point = Point(
            "finds out that nobody got it",
            why:
                "An exchange drops a message without a matching binding. Only mandatory, or an alternate exchange, shows it.",
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
            Point("and says so", why: "Otherwise nobody knows.", see: .routingPredict).finding(
                run.lastLines().contains { $0.contains("NO_ROUTE") }, printed(run)),
        ]
    }

    // MARK: Scenes

    private static func awaitConsumer(_ run: Subject.Run, _ inspection: Inspection) async throws {
        await inspection.until(inspection.pace.begin) { log in
            log.consumptions.contains { $0.isGranted } || run.hasEnded
        }
        if run.hasEnded { throw Inspection.CannotJudge.silent(run) }
    }

    private static func emit(_ text: String, _ key: String, _ inspection: Inspection) async throws {
        try await inspection.publish(text, exchange: "direct_logs", key: key)
    }

    /// The program takes one message after the other: when it prints the second, it has done what the first asked for.
    private static func sendMore(_ run: Subject.Run, _ inspection: Inspection) async throws {
        try await emit("more debug", "info", inspection)
        try await emit("one behind", "info", inspection)
        await awaitLine("one behind", run, inspection)
    }

    private static func awaitLine(_ text: String, _ run: Subject.Run, _ inspection: Inspection) async {
        await inspection.until(inspection.pace.answer) { _ in
            run.lastLines().contains { $0.contains(text) } || run.hasEnded
        }
    }

    private static func bindsFinding(_ inspection: Inspection) -> Finding {
        let binding = inspection.log.bindings.first { $0.key == "debug" }
        return Point(
            "binds 'debug' on 'more debug'", why: "Without a binding none of them reaches the queue.",
            see: .routingRead
        ).finding(
            binding != nil,
            binding.map { "queue.bind at \($0.place.time) ms." } ?? "No queue.bind for 'debug' was seen.")
    }

    private static func printed(_ run: Subject.Run) -> String {
        "It printed: \(Subject.shown(run.lastLines()))"
    }
}
