import AMQPWire

// What the log says of what is declared, and of what an operator has set.

/// A durable exchange.
struct StoredExchange {
    var virtualHost: String
    var name: ShortString
    var type: String
    var autoDelete: Bool
    var isInternal: Bool
    var arguments: FieldTable
}

struct StoredQueue {
    /// A queue that is deleted and declared again has another number.
    var number: UInt64
    var virtualHost: String
    var name: ShortString
    var autoDelete: Bool
    var arguments: FieldTable
    /// The position of its next message.
    var nextPosition: UInt64
    var deliveredBelow: UInt64
}

struct StoredBinding {
    var virtualHost: String
    var source: ShortString
    var destination: End
    var key: ShortString
    var arguments: FieldTable

    enum End: Equatable {
        case queue(number: UInt64)
        case exchange(ShortString)
    }
}

/// A policy as it was set. Whether it makes sense is looked at when it acts again.
struct StoredPolicy {
    var virtualHost: String
    var name: String
    var pattern: String
    /// One of ``Policy/Target``.
    var target: String
    var priority: Int64
    var definition: FieldTable
}

// MARK: - Octets

extension StoredExchange {
    func write(to writer: inout ByteWriter) {
        writer.name(virtualHost)
        writer.shortString(name)
        writer.name(type)
        writer.bits(
            autoDelete && !quirk(.autoDeleteOfExchangesIsNotWritten), isInternal && !quirk(.internalIsNotWritten))
        writer.table(quirk(.argumentsOfExchangesAreNotWritten) ? [:] : arguments)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        (virtualHost, name) = (try reader.name(), try reader.shortString())
        type = try reader.name()
        let bits = try reader.bits()
        (autoDelete, isInternal) = (bits[0], bits[1])
        arguments = try reader.table()
    }
}

extension StoredQueue {
    func write(to writer: inout ByteWriter) {
        writer.uint64(number)
        writer.name(virtualHost)
        writer.shortString(name)
        writer.bits(autoDelete && !quirk(.autoDeleteOfQueuesIsNotWritten))
        writer.table(quirk(.argumentsOfQueuesAreNotWritten) ? [:] : arguments)
        writer.uint64(nextPosition)
        writer.uint64(deliveredBelow)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        number = try reader.uint64()
        (virtualHost, name) = (try reader.name(), try reader.shortString())
        autoDelete = try reader.bits()[0]
        arguments = try reader.table()
        (nextPosition, deliveredBelow) = (try reader.uint64(), try reader.uint64())
    }
}

extension StoredBinding {
    func write(to writer: inout ByteWriter) {
        writer.name(virtualHost)
        writer.shortString(source)
        switch destination {
        case .queue(let number):
            writer.bits(true)
            writer.uint64(number)
        case .exchange(let name):
            writer.bits(false)
            writer.shortString(name)
        }
        writer.shortString(key)
        writer.table(quirk(.argumentsOfBindingsAreNotWritten) ? [:] : arguments)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        virtualHost = try reader.name()
        source = try reader.shortString()
        if try reader.bits()[0] {
            destination = .queue(number: try reader.uint64())
        } else {
            destination = .exchange(try reader.shortString())
        }
        key = try reader.shortString()
        arguments = try reader.table()
    }
}

extension StoredPolicy {
    func write(to writer: inout ByteWriter) {
        for text in [virtualHost, name, pattern, target] { writer.name(text) }
        writer.uint64(UInt64(bitPattern: quirk(.prioritiesOfPoliciesAreNotWritten) ? 0 : priority))
        writer.table(definition)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        (virtualHost, name) = (try reader.name(), try reader.name())
        (pattern, target) = (try reader.name(), try reader.name())
        priority = Int64(bitPattern: try reader.uint64())
        definition = try reader.table()
    }
}

extension VirtualHostDefinition {
    func write(to writer: inout ByteWriter) {
        writer.name(name)
        writer.bits(defaultQueueType != nil)
        writer.name(defaultQueueType ?? "")
    }

    init(from reader: inout ByteReader) throws(WireError) {
        let name = try reader.name()
        let hasType = try reader.bits()[0]
        let type = try reader.name()
        self.init(name, defaultQueueType: hasType ? type : nil)
    }
}

extension ByteWriter {
    /// The name of a virtual host or an exchange type, or the like, of any length.
    mutating func name(_ text: String) { longString(Array(text.utf8)) }
}

extension ByteReader {
    mutating func name() throws(WireError) -> String { String(decoding: try longString(), as: UTF8.self) }
}
