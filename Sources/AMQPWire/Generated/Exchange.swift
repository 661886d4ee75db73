// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class exchange (40), with the specification's field names.

/// Creates an exchange, or checks that one exists: as declared here, or (passive) at all.
public struct ExchangeDeclare: MethodFields {
    public static let id = MethodID(40, 10)
    public var exchange: ShortString
    public var type: ShortString
    public var passive: Bool
    public var durable: Bool
    public var autoDelete: Bool
    public var `internal`: Bool
    public var noWait: Bool
    public var arguments: FieldTable

    public init(
        exchange: ShortString, type: ShortString = "direct", passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, `internal`: Bool = false, noWait: Bool = false, arguments: FieldTable = [:]
    ) {
        self.exchange = exchange
        self.type = type
        self.passive = passive
        self.durable = durable
        self.autoDelete = autoDelete
        self.internal = `internal`
        self.noWait = noWait
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        exchange = try reader.shortString()
        type = try reader.shortString()
        let bits = try reader.bits()
        passive = bits[0]
        durable = bits[1]
        autoDelete = bits[2]
        `internal` = bits[3]
        noWait = bits[4]
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(exchange)
        writer.shortString(type)
        writer.bits(passive, durable, autoDelete, `internal`, noWait)
        writer.table(arguments)
    }
}

/// The exchange exists.
public struct ExchangeDeclareOk: MethodFields {
    public static let id = MethodID(40, 11)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// Deletes an exchange and its bindings.
public struct ExchangeDelete: MethodFields {
    public static let id = MethodID(40, 20)
    public var exchange: ShortString
    public var ifUnused: Bool
    public var noWait: Bool

    public init(exchange: ShortString, ifUnused: Bool = false, noWait: Bool = false) {
        self.exchange = exchange
        self.ifUnused = ifUnused
        self.noWait = noWait
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        exchange = try reader.shortString()
        let bits = try reader.bits()
        ifUnused = bits[0]
        noWait = bits[1]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(exchange)
        writer.bits(ifUnused, noWait)
    }
}

/// The exchange is gone.
public struct ExchangeDeleteOk: MethodFields {
    public static let id = MethodID(40, 21)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// RabbitMQ extension: binds exchange `destination` to exchange `source` (page "Exchange to Exchange Bindings").
public struct ExchangeBind: MethodFields {
    public static let id = MethodID(40, 30)
    public var destination: ShortString
    public var source: ShortString
    public var routingKey: ShortString
    public var noWait: Bool
    public var arguments: FieldTable

    public init(
        destination: ShortString, source: ShortString, routingKey: ShortString = "", noWait: Bool = false,
        arguments: FieldTable = [:]
    ) {
        self.destination = destination
        self.source = source
        self.routingKey = routingKey
        self.noWait = noWait
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        destination = try reader.shortString()
        source = try reader.shortString()
        routingKey = try reader.shortString()
        noWait = try reader.bits()[0]
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(destination)
        writer.shortString(source)
        writer.shortString(routingKey)
        writer.bits(noWait)
        writer.table(arguments)
    }
}

/// The binding exists.
public struct ExchangeBindOk: MethodFields {
    public static let id = MethodID(40, 31)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// RabbitMQ extension: removes a binding between exchanges.
public struct ExchangeUnbind: MethodFields {
    public static let id = MethodID(40, 40)
    public var destination: ShortString
    public var source: ShortString
    public var routingKey: ShortString
    public var noWait: Bool
    public var arguments: FieldTable

    public init(
        destination: ShortString, source: ShortString, routingKey: ShortString = "", noWait: Bool = false,
        arguments: FieldTable = [:]
    ) {
        self.destination = destination
        self.source = source
        self.routingKey = routingKey
        self.noWait = noWait
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        destination = try reader.shortString()
        source = try reader.shortString()
        routingKey = try reader.shortString()
        noWait = try reader.bits()[0]
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(destination)
        writer.shortString(source)
        writer.shortString(routingKey)
        writer.bits(noWait)
        writer.table(arguments)
    }
}

/// The binding is gone.
public struct ExchangeUnbindOk: MethodFields {
    public static let id = MethodID(40, 51)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}
