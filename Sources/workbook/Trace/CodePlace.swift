import Foundation
import Platform

/// A place in this repository's code, named by what stands there and not by a number, so that it can't go stale: the
/// line is looked up when it is shown, and a test fails when a marker is gone or no longer the only one.
struct CodePlace: Equatable, Sendable {
    /// From the repository's top.
    let file: String
    /// Part of one line of the file: a declaration as far as it is needed to tell it from others.
    let marker: String

    init(_ file: String, _ marker: String) { (self.file, self.marker) = ("Sources/\(file).swift", marker) }

    /// `Sources/AMQPClient/Channel/Delivery.swift:35`; without the number when the file can't be read.
    var shown: String {
        let lines = (try? linesOfMarker()) ?? []
        return lines.count == 1 ? "\(file):\(lines[0])" : file
    }

    /// The lines with the marker, from 1.
    func linesOfMarker() throws -> [Int] {
        let text = try String(contentsOfFile: SourceTree.path(file), encoding: .utf8)
        return text.components(separatedBy: "\n").enumerated().filter { $0.element.contains(marker) }.map {
            $0.offset + 1
        }
    }
}

/// What a trace points to: what is done, where it is done in our code, and the rules of the conformance suite about it.
struct TraceStop: Sendable {
    var places: [(what: String, place: CodePlace)]
    var rules: [String] = []

    /// The client puts a publish into frames.
    static let framing = TraceStop(
        places: [
            ("the client's call", CodePlace("AMQPClient/Channel/Publishing", "public func publish(")),
            ("is it allowed now?", CodePlace("AMQPClient/State/ChannelState", "mutating func publish(")),
            ("method frame", CodePlace("AMQPWire/FrameWriter", "func method(_ method: some MethodFields")),
            ("body frames", CodePlace("AMQPWire/FrameWriter", "public mutating func body(")),
            ("kind, size, end byte", CodePlace("AMQPWire/FrameWriter", "public mutating func frame(")),
            ("to the socket", CodePlace("AMQPTransport/TCPStream", "public func send(_ bytes: RawSpan)")),
        ], rules: ["spec/4.2.3/frame-end-octet", "spec/2.3.5.2/body-chunks"])

    /// The broker makes a message of frames.
    static let reading = TraceStop(
        places: [
            (
                "bytes come in",
                CodePlace("BrokerCore/Session/Connection/BrokerConnection", "func take(_ octets: RawSpan)")
            ),
            ("bytes to frames", CodePlace("AMQPWire/FrameReader", "public mutating func next()")),
            ("frame to method", CodePlace("AMQPWire/Generated/Method", "public init(_ payload: ArraySlice<UInt8>)")),
            ("frames to a message", CodePlace("AMQPWire/Content/ContentReader", "public mutating func body(")),
            (
                "it is published",
                CodePlace("BrokerCore/Session/Channel/Publishing", "func publish(_ publish: PublishFields")
            ),
        ], rules: ["spec/4.2.6.2/reassembly", "spec/4.2.3/oversized-frame"])

    /// - Parameter type: of the exchange; nil for the default one
    static func routing(_ type: String?) -> TraceStop {
        let route = ("finds the queues", CodePlace("BrokerCore/Core/VirtualHost", "    func route("))
        let matches = "func matches("
        return switch type {
        case "direct":
            TraceStop(
                places: [route, ("are key and key equal?", CodePlace("BrokerCore/Routing/DirectRouter", matches))],
                rules: ["queue.bind.routing-key/direct-exchange-key-matching"])
        case "fanout":
            TraceStop(
                places: [route, ("all of them", CodePlace("BrokerCore/Routing/FanoutRouter", matches))],
                rules: ["spec/3.1.3.2/fanout-ignores-key"])
        case "topic":
            TraceStop(
                places: [route, ("word by word", CodePlace("BrokerCore/Routing/TopicRouter", matches))],
                rules: ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words"])
        case "headers":
            TraceStop(
                places: [
                    route,
                    ("field by field", CodePlace("BrokerCore/Routing/HeadersRouter", "func matches(_ condition")),
                ],
                rules: ["spec/3.1.3.4/key-ignored"])
        case "x-consistent-hash":
            TraceStop(
                places: [
                    route,
                    (
                        "whose score is best?",
                        CodePlace("BrokerCore/Routing/ConsistentHashRouter", "if best.map({ score < $0.score })")
                    ),
                ],
                rules: ["rabbitmq/consistent-hash/same-key", "rabbitmq/consistent-hash/one-destination"])
        case "x-local-random":
            TraceStop(
                places: [route, ("whichever", CodePlace("BrokerCore/Routing/LocalRandomRouter", matches))],
                rules: ["rabbitmq/local-random/one-queue"])
        case "x-modulus-hash":
            TraceStop(
                places: [
                    route, ("which in the row?", CodePlace("BrokerCore/Routing/ModulusHashRouter", "hash.value % ")),
                ],
                rules: ["rabbitmq/modulus-hash/same-key", "rabbitmq/modulus-hash/one-destination"])
        default:
            TraceStop(
                places: [
                    route,
                    ("a queue of that name?", CodePlace("BrokerCore/Core/VirtualHost", "exchange === defaultExchange")),
                ], rules: ["queue.declare/default-binding", "basic.publish.exchange/default-exchange"])
        }
    }

    /// - Parameter type: of the queue; nil for a classic one
    static func queueing(_ type: String?) -> TraceStop {
        let file = "BrokerCore/Queues/\(source(type))"
        let takes = ("the queue takes it", CodePlace(file, "func publish(_ message: Message,"))
        if type == "stream" {
            return TraceStop(
                places: [takes, ("who reads on from here?", CodePlace(file, "private func readSlice() -> Bool"))],
                rules: ["rabbitmq/stream/kept", "rabbitmq/stream/own-place"])
        }
        return TraceStop(
            places: [
                takes,
                (
                    "whose turn is it?",
                    CodePlace("BrokerCore/Queues/QueueConsumers", "mutating func next() -> (any DeliveryTarget)?")
                ),
                ("hands it over", CodePlace(file, "private func hand(_ message: QueuedMessage")),
            ], rules: ["spec/3.1.1/body-untouched"])
    }

    /// The file of a queue's type.
    private static func source(_ type: String?) -> String {
        switch type {
        case "quorum": "QuorumQueue"
        case "stream": "StreamQueue"
        default: "ClassicQueue"
        }
    }

    static let delivering = TraceStop(
        places: [
            (
                "the broker numbers it",
                CodePlace("BrokerCore/Session/Channel/Consumer", "func deliver(_ queued: QueuedMessage")
            ),
            ("the client reads it", CodePlace("AMQPClient/State/ConnectionState", "mutating func received(_ octets")),
            ("whose is it?", CodePlace("AMQPClient/State/ChannelReceiving", "mutating func deliver(_ delivery")),
            ("into the loop", CodePlace("AMQPClient/Channel/Consumer", "public mutating func next(isolation")),
        ], rules: ["domain.delivery-tag/non-zero", "basic.qos.prefetch-count/01"])

    /// - Parameter type: of the queue; nil for a classic one
    static func acknowledging(_ type: String?) -> TraceStop {
        let file = "BrokerCore/Queues/\(source(type))"
        let isStream = type == "stream"
        return TraceStop(
            places: [
                ("the client's call", CodePlace("AMQPClient/Channel/Delivery", "public func ack(")),
                ("the broker's part", CodePlace("BrokerCore/Session/Channel/Settling", "func settle(_ tag: UInt64")),
                isStream
                    ? ("the reader gets more", CodePlace(file, "func resume(_ consumer: any DeliveryTarget,"))
                    : ("the queue forgets it", CodePlace(file, "func settle(_ message: QueuedMessage")),
            ],
            rules: ["domain.delivery-tag/channel-local"]
                + [isStream ? "rabbitmq/stream/credit" : "rabbitmq/consumer-prefetch/settle-frees"])
    }

    static let unacknowledged = TraceStop(
        places: [
            ("it is not kept", CodePlace("BrokerCore/Queues/ClassicQueue", "if consumer.noAck, "))
        ],
        rules: ["basic/09"])

    static let confirming = TraceStop(
        places: [
            ("the broker notes it", CodePlace("BrokerCore/Session/Channel/Confirms", "mutating func resolve(")),
            ("and says so", CodePlace("BrokerCore/Session/Connection/BrokerConnection", "func flushAnswers()")),
        ], rules: ["rabbitmq/publisher-confirms/numbering", "rabbitmq/publisher-confirms/exactly-one-answer"])

    static let all =
        [framing, reading, delivering, unacknowledged, confirming]
        + [nil, "direct", "fanout", "topic", "headers", "x-consistent-hash", "x-local-random", "x-modulus-hash"].map(
            routing)
        + [nil, "quorum", "stream"].flatMap { [queueing($0), acknowledging($0)] }
}
