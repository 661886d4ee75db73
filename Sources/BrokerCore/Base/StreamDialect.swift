// What releases of RabbitMQ do differently with streams, as it was seen on the versions in Dialect.swift.

extension Dialect {
    /// A segment of a stream has at most so many octets.
    static let mostSegmentOctets: Int64 = 3_000_000_000

    /// `basic.nack` and `basic.reject` make room for a stream's consumer as `basic.ack` does; before, they are refused.
    var takesRefusalsOfStreams: Bool { self >= .v4_0 }
    /// There are filters, and arguments for them.
    var knowsStreamFilters: Bool { self >= .v4_0 }
    /// The arguments of filters are checked like those of anything else.
    var checksFilterTypes: Bool { self >= .v4_3 }
    /// Two texts for the same `x-max-age` are the same; before, only the same text is.
    var comparesAges: Bool { self >= .v4_3 }

    /// How a stream is named where something is refused.
    func streamWithoutPrefetch(_ label: String) -> String { self < .v4_0 ? "'\(label)'" : "stream \(label)" }
    var streamsInWords: String { self < .v4_0 ? "stream queues" : "stream" }
}
