import AMQPWire
import DataStructures

/// A message on its way through exchanges. What several of them look at is decoded once.
struct RoutedMessage {
    let message: Message
    private var decoded: FieldTable?
    /// The first value of each name, where there are so many that searching them for each argument of a binding would cost
    /// their product.
    private var index: [ShortString: FieldValue]?

    private static let mostSearched = 16

    init(_ message: Message) { self.message = message }

    mutating func headers() throws(BrokerError) -> FieldTable {
        if let decoded { return decoded }
        let headers = try message.headers()
        decoded = headers
        return headers
    }

    /// The headers, to be asked by name for many of them.
    mutating func lookUp() throws(BrokerError) -> HeaderLookUp {
        let headers = try headers()
        if index == nil, headers.count > Self.mostSearched {
            Steps.take(headers.count)
            index = Dictionary(headers.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        return HeaderLookUp(headers: headers, index: index)
    }
}

/// A message's headers, to be asked by name.
struct HeaderLookUp {
    fileprivate let headers: FieldTable
    fileprivate let index: [ShortString: FieldValue]?

    func callAsFunction(_ name: ShortString) -> FieldValue? {
        Steps.take(index == nil ? headers.count : 1)
        return index.map { $0[name] } ?? headers[name]
    }
}
