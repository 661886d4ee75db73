import AMQPWire

/// The headers that the broker reads in a publish (RabbitMQ: "Sender-Selected Distribution").
enum CarbonCopies {
    /// The further routing keys that the `CC` and `BCC` headers name. Throws 406 when one of them is not a list.
    static func checkedKeys(in headers: FieldTable) throws(BrokerError) -> [ShortString] {
        if headers.isEmpty { return [] }
        for name in ["CC", "BCC"] as [ShortString] {
            if let value = headers[name], value.array == nil {
                throw BrokerError(
                    .preconditionFailed,
                    "invalid message: {unacceptable_type_in_header,\"\(name)\",\(value.erlangTypeName)}")
            }
        }
        return keys(in: headers)
    }

    /// The same of headers that were checked before.
    static func keys(in headers: FieldTable) -> [ShortString] {
        let names: [ShortString] =
            headers.fields.count > 1 && headers["CC"] != nil && quirk(.carbonCopiesHideBlindOnes)
            ? ["CC"] : ["CC", "BCC"]
        return names.flatMap { name -> [ShortString] in
            (headers[name]?.array ?? []).compactMap { element in
                let most = ShortString.maximumCount - (quirk(.longestCopiesArePassedOver) ? 1 : 0)
                guard case .longString(let octets) = element, octets.count <= most else { return nil }
                return ShortString(slice: octets[...])
            }
        }
    }
}

extension MessageContent {
    /// The properties as a client may see them: without the BCC header.
    func sentProperties() throws(BrokerError) -> BasicProperties {
        var properties = try properties()
        properties.headers?["BCC"] = nil
        return properties
    }
}

extension ShortString {
    /// Octets that are not too many, as those that came as a short string or were cut from one.
    init(slice: ArraySlice<UInt8>) {
        do throws(WireError) { try self.init(octets: Array(slice)) } catch {
            assertionFailure("a short string was made of too much: \(error)")
            self.init()
        }
    }
}
