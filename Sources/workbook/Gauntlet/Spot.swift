import AMQPWire
import Interceptor

/// A frame of a conversation, by what it is: the second basic.ack that a program sends on its first connection. Several runs
/// of one program have the same.
struct Spot: Hashable, Sendable {
    var connection: Int
    var direction: Direction
    /// The method, as `basic.ack`, or a part of its content, as `basic.publish's body`.
    var name: String
    /// Of this name, connection and direction, from 1.
    var number: Int

    /// `basic.ack 2, which it sends`.
    var text: String {
        let which = number == 1 ? name : "\(name) \(number)"
        let place = connection == 1 ? "" : " on connection \(connection)"
        return "\(which)\(place), which \(direction == .toBroker ? "it sends" : "it is sent")"
    }

    /// Behind it the broker's state is another, or what the program knows of it.
    var changesState: Bool { Self.weight(of: name) != nil }

    /// Where to look first.
    var weight: Int { Self.weight(of: name) ?? Self.order.count }

    private static func weight(of name: String) -> Int? {
        order.firstIndex { name == $0 || name.hasPrefix($0 + "'") }
    }

    private static let order = [
        "basic.deliver", "basic.ack", "basic.publish", "basic.nack", "basic.reject", "basic.get-ok", "basic.return",
        "connection.close", "basic.consume-ok", "confirm.select-ok", "basic.consume", "queue.declare", "queue.bind",
        "exchange.declare", "queue.declare-ok", "queue.bind-ok", "exchange.declare-ok", "connection.close-ok",
    ]
}

/// Names the frames of one connection as they pass.
struct SpotReader: Sendable {
    private struct Key: Hashable {
        var direction: Direction
        var name: String
    }

    private struct Side: Hashable {
        var direction: Direction
        var channel: UInt16
    }

    private let connection: Int
    private var counts: [Key: Int] = [:]
    /// The method whose content is on its way.
    private var contents: [Side: String] = [:]

    init(connection: Int) { self.connection = connection }

    /// nil: a sign of life, which comes whenever it likes, or no frame that makes sense.
    mutating func read(_ frame: Frame, _ direction: Direction) -> (spot: Spot, method: Method?)? {
        let side = Side(direction: direction, channel: frame.channel)
        let name: String
        var method: Method?
        switch frame.kind {
        case .method:
            guard let read = try? Method(frame.payload) else { return nil }
            method = read
            name = read.id.description
            contents[side] = name
        case .header, .body:
            name = "\(contents[side] ?? "content")'s \(frame.kind == .header ? "header" : "body")"
        case .heartbeat: return nil
        }
        counts[Key(direction: direction, name: name), default: 0] += 1
        let number = counts[Key(direction: direction, name: name)] ?? 1
        return (Spot(connection: connection, direction: direction, name: name, number: number), method)
    }
}
