import AMQPWire
import Commands

/// The way of a message in lines of at most 90 characters: what was seen on the wire, where our code does it, and which
/// rules are about it.
struct TraceReport {
    private(set) var lines: [String] = []
    private var number = 0

    init(_ path: MessagePath, _ leg: TraceScene.Leg) {
        let method = path.method
        let name = "'\(String(decoding: path.publish.body, as: UTF8.self).prefix(40))'"
        heading("The program publishes \(leg.name), \(name)")
        place("in the step", leg.sender)

        heading("The client turns it into frames, which leave as these bytes")
        show(path.publish)
        stop(.framing)

        heading("The broker turns the bytes into frames, and the frames into a message")
        stop(.reading)

        let exchange = method.exchange.text.isEmpty ? "The default exchange" : "The exchange '\(method.exchange.text)'"
        let type = path.exchangeType.map { ", of type \($0)," } ?? ""
        heading("\(exchange)\(type) looks for queues: key '\(method.routingKey.text)'")
        route(path)
        stop(.routing(path.exchangeType))

        heading("Each queue keeps it, or hands it to a consumer at once")
        stop(.queueing(path.queueType))

        for delivery in path.deliveries {
            heading("The broker delivers it from '\(delivery.queue)' over connection \(delivery.event.connection)")
            show(delivery.event)
        }
        stop(.delivering, then: leg.receiver)

        acknowledgements(path, leg)
        if let confirm = path.confirm {
            heading("The broker confirms it to the program that published it")
            show(confirm)
            stop(.confirming)
        }
    }

    private mutating func acknowledgements(_ path: MessagePath, _ leg: TraceScene.Leg) {
        let acks = path.deliveries.compactMap(\.ack)
        guard let first = acks.first else {
            heading("There is no acknowledgement: with no-ack, the message was done when it was sent")
            stop(.unacknowledged)
            return
        }
        heading(
            path.queueType == "stream"
                ? "The program acknowledges it, and the broker has room for one more on the way"
                : "The program acknowledges it, and the broker forgets it")
        show(first)
        if let place = leg.acknowledgement { self.place("in the step", place) }
        stop(.acknowledging(path.queueType))
    }

    private mutating func heading(_ text: String) {
        number += 1
        let lead = (number < 10 ? " " : "") + "\(number)  "
        let text = wrapped(text, indent: 4, width: 90)
        lines += ["", lead + (text.first ?? "").dropFirst(4)] + text.dropFirst()
    }

    private mutating func place(_ what: String, _ place: CodePlace) {
        lines.append("    | \(what.padded(to: 22)) \(place.shown)")
    }

    private mutating func stop(_ stop: TraceStop, then step: CodePlace? = nil) {
        for (what, place) in stop.places { self.place(what, place) }
        if let step { place("in the step", step) }
        if !stop.rules.isEmpty {
            lines += wrapped("rules: " + stop.rules.joined(separator: ", "), indent: 4, width: 90)
        }
    }

    private mutating func route(_ path: MessagePath) {
        let reached = path.deliveries.map(\.queue)
        if path.exchangeType == nil {
            lines.append("      queue '\(path.method.routingKey.text)' is named after the routing key: it gets it")
            return
        }
        for queue in Set(path.bindings.map(\.queue)).sorted(by: { order($0, path) < order($1, path) }) {
            let keys = path.bindings.filter { $0.queue == queue }.map { binding in
                let arguments = binding.arguments.isEmpty ? "" : " \(binding.arguments)"
                return "'\(binding.key)'\(arguments)"
            }
            let verdict = reached.contains(queue) ? "gets it" : "does not get it"
            lines += wrapped(
                "queue '\(queue)', bound with \(enumerated(keys)): \(verdict)", indent: 6, width: 90)
        }
    }

    private func order(_ queue: String, _ path: MessagePath) -> Int {
        path.bindings.firstIndex { $0.queue == queue } ?? 0
    }

    /// The frames of a method: what they say, and their octets.
    private mutating func show(_ event: Observation) {
        for frame in event.frames {
            lines += wrapped("channel \(frame)", indent: 4, width: 90)
            lines += Self.dump(Self.octets(of: frame)).map { "      " + $0 }
        }
    }

    /// As on the wire: kind, channel, size, payload, end octet.
    static func octets(of frame: Frame) -> [UInt8] {
        var writer = FrameWriter()
        writer.frame(frame.kind, channel: frame.channel) { $0.raw(frame.payload) }
        return writer.octets
    }

    /// Sixteen octets in a line, in hexadecimal and as letters; at most eight lines.
    static func dump(_ octets: [UInt8]) -> [String] {
        var lines = stride(from: 0, to: min(octets.count, 128), by: 16).map { start in
            let row = octets[start..<min(start + 16, octets.count)]
            let hex = row.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            let letters = row.map { (0x20...0x7E).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
            return hex.padded(to: 49) + letters
        }
        if octets.count > 128 { lines.append("and \(octets.count - 128) more") }
        return lines
    }
}
