import TutorialKit

// Step 13: at least once, and still only once.
let crash = Option("--crash", "WHEN", "crash after the line that says so: committed, confirmed; shipped")
let folder = "ORDERS_FOLDER"

@Sendable func crashing(_ arguments: Arguments, at places: String...) throws -> String? {
    guard let place = arguments.text(crash) else { return nil }
    if !places.contains(place) { throw UsageError("--crash takes \(places.joined(separator: " or ")), not '\(place)'") }
    return place
}

await Step(
    "inbox",
    roles: [
        Role(
            "order", takes: "[MESSAGE]", options: [.count, crash],
            does: "takes an order, keeps it in orders.outbox, and publishes what is there"
        ) { broker, arguments in
            try await order(
                arguments.messages(or: "Hello World!"),
                outbox: LineFile("orders.outbox", in: Environment.folder(folder)),
                crash: crashing(arguments, at: "committed", "confirmed"), to: broker)
        },
        Role("ship", options: [crash], does: "ships each order once, and keeps its id in orders.inbox") {
            broker, arguments in
            try await ship(
                inbox: LineFile("orders.inbox", in: Environment.folder(folder)),
                crash: crashing(arguments, at: "shipped"), from: broker)
        },
    ],
    variables: [(folder, "where orders.outbox and orders.inbox are; if not set, the current folder")],
    play: { play in
        let (outbox, inbox) = (LineFile(), LineFile())
        try await play.start("ship") { try await ship(inbox: inbox, from: $0) }
        try await play.run("order", then: 3) { try await order(["A chair"], outbox: outbox, to: $0) }
        try await play.run("order", then: 3) {
            try await order(["A table"], outbox: outbox, crash: "confirmed", to: $0)
        }
        // It doesn't know that the table was confirmed.
        try await play.run("order", then: 6) { try await order(["A lamp"], outbox: outbox, to: $0) }
    }
).run()
