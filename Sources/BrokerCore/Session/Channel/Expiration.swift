import AMQPWire

/// The `expiration` property: milliseconds in decimal (RabbitMQ: "Per-Message TTL in Publishers").
enum Expiration {
    static func parse(_ text: ShortString) throws(BrokerError) -> Int64 {
        func invalid(_ reason: String) -> BrokerError {
            BrokerError(.preconditionFailed, "invalid expiration '\(text)': \(reason)")
        }
        let digits = text.text.drop { $0 == "+" || $0 == "-" }
        let number = digits.prefix { ("0"..."9").contains($0) }
        guard !number.isEmpty, text.text.count - digits.count <= 1 else { throw invalid("no_integer") }
        let rest = digits.dropFirst(number.count)
        guard rest.isEmpty else { throw invalid("{leftover_string,\"\(rest)\"}") }
        let value = Int64(number) ?? .max
        if text.hasPrefix("-"), value > 0 { throw invalid("{value_negative,-\(value)}") }
        if value > QueueArguments.longestTime
            || value == QueueArguments.longestTime && quirk(.longestExpirationIsRefused)
        {
            if value > QueueArguments.longestTime, quirk(.tooLongExpirationsAreCut) {
                return QueueArguments.longestTime
            }
            throw invalid("{value_too_large,\(number)}")
        }
        if value > 0xFFFF, quirk(.expirationIsCutToSixteenBits) { return value & 0xFFFF }
        if value == 0, quirk(.expirationZeroIsNone) { return QueueArguments.longestTime }
        return value
    }
}
