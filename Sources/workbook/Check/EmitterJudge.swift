import AMQPClient

/// What chapters 3, 4, 5 and 8 ask of the program that emits: publish to an exchange, of the right type, that is there.
struct EmitterJudge {
    let type: String
    let see: Paragraph
    let log: WireLog

    var findings: [Finding] {
        guard let first = log.emission(to: type) else { return [] }
        return [
            log.declares(exchange: first.exchange, type: type, before: first.place, see),
            Point(
                "publishes to the exchange, not to a queue",
                why: "The default exchange puts a message into one queue, by its name. With its own exchange, the "
                    + "program needn't know how many receivers there are.", see: see
            ).finding(
                !first.exchange.isEmpty,
                "basic.publish at \(first.place.time) ms to "
                    + (first.exchange.isEmpty
                        ? "the default exchange, routing key '\(first.key)'." : "exchange '\(first.exchange)'.")),
            log.saysGoodbye(first.place.run),
        ] + [log.fails(first.place.run)].compactMap(\.self)
    }
}
