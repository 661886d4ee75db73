import AMQPWire

/// Which messages of a stream a consumer wants (RabbitMQ: "Stream Filtering"). RabbitMQ looks at whole runs of messages, and
/// hands out some that nobody asked for; a client looks at each in any case.
struct StreamFilter {
    /// The values of the header that says what a message is.
    private let values: Set<String>
    /// Messages without it are wanted too.
    private let takesUnfiltered: Bool

    /// nil: everything is wanted.
    init?(_ arguments: FieldTable, in dialect: Dialect) {
        let value = arguments["x-stream-filter"]
        // A frame has room for twenty thousand, and each message is looked at.
        values = Set(value?.array?.compactMap(\.text) ?? value?.text.map { [$0] } ?? [])
        takesUnfiltered = arguments["x-stream-match-unfiltered"]?.bool ?? false
        if values.isEmpty || !dialect.knowsStreamFilters { return nil }
    }

    func wants(_ headers: FieldTable) -> Bool {
        headers["x-stream-filter-value"]?.text.map(values.contains) ?? takesUnfiltered
    }
}
